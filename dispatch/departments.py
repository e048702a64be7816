"""What a line department's tablets are told as tasks come to it and leave it.

A department sees no place but through its tasks: with a task come its village and its photos, and with it they go.
"""

from dispatch.models import Task
from villages.changes import Line
from villages.leavings import leave, leave_found

PHOTOS = "SELECT photo AS id FROM task_photo WHERE task_id = ?"


def village_for_department(line: Line, village: str) -> None:
    """A task goes to a department: its tablets are told the village."""
    line.later("UPDATE village SET rev = ? WHERE code = ?", line.rev, village)


def touch_photos(line: Line, task: Task) -> None:
    """Tell the task's photos anew: they lie below the cursors of tablets that need them now."""
    line.later(f"UPDATE photo SET rev = ? WHERE id IN ({PHOTOS})", line.rev, str(task.id))


def hand_over(line: Line, task: Task, unit: str) -> None:
    """The task goes from its unit to `unit`: one department is told all that it needs, the other lets go of it."""
    if unit == task.unit:
        return
    if "-" in task.unit:
        scope = f"d:{task.unit}"
        leave(line, scope, "task", [task.id])
        leave(line, scope, "village", [task.village])
        leave_found(line, scope, "photo", PHOTOS, str(task.id))
    if "-" in unit:
        village_for_department(line, task.village)
        touch_photos(line, task)
