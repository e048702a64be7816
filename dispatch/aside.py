"""What some acts on a task rest on beside the task itself, and what they make beside it: 拆分, 催办, 撤回, 回头看.

Asked of by `moves` inside an open change.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from dispatch import stages
from dispatch.departments import touch_photos, village_for_department
from dispatch.models import LookBackTask, Notice, Step, Task, TaskPhoto
from dispatch.notices import tell_opened
from dispatch.open_number import number
from dispatch.registers import Act
from villages.changes import Line
from villages.ground import clock
from villages.ground.ids import new_id

TAKE_BACK = timedelta(minutes=10)
UNDONE = ("accept", "pass")  # what can be taken back
_DONE = ("applied", "merged")


async def facts(line: Line, task: Task, ask: Act) -> dict[str, Any]:
    """The fields of `stages.Facts` that ask for rows of their own; only those that the verb needs."""
    if ask.verb == "urge":
        today = clock.start_of_day(clock.local(line.heard_at).date())
        by_hand = Step.filter(task_id=task.id, verb="urge", person__isnull=False, verdict__in=_DONE)
        return {"urged": await by_hand.filter(heard_at__gte=today).exists()}
    if ask.verb == "split":
        own = await _before(task.id)
        chosen = set(ask.shots)
        return {"shots": chosen <= own and bool(chosen or ask.photos or not own)}
    if ask.verb == "look_back":
        mine = LookBackTask.filter(task_id=task.id, person=ask.actor.person, outcome="")
        return {"drawn": ask.actor.person is not None and await mine.exists()}
    return {"undo_to": await _undo_to(line, task, ask)} if ask.verb == "take_back" else {}


async def _before(task: UUID) -> set[UUID]:
    links = await TaskPhoto.filter(task_id=task, role="before").values_list("photo", flat=True)
    return {UUID(str(one)) for one in links}


async def _undo_to(line: Line, task: Task, ask: Act) -> str:
    """Where the person's own last move came from, while nobody else has acted on it or read of it."""
    steps = await Step.filter(task_id=task.id, verdict__in=_DONE).order_by("-rev", "-id").limit(20)
    last = last_move(steps)
    if last is None or not undoable(last, ask.actor.person, line.heard_at):
        return ""
    if any(step.rev > last.rev and step.person != ask.actor.person for step in steps):
        return ""
    read = Notice.filter(subject=str(task.id), rev__gte=last.rev, read_at__isnull=False)
    return "" if await read.exclude(person=ask.actor.person).exists() else last.from_stage


def last_move(newest_first: Sequence[Step]) -> Step | None:
    """The newest step that moved the task."""
    moved = (one for one in newest_first if one.from_stage != one.to_stage or one.verb == "reassign")
    return next(moved, None)


def undoable(step: Step, person: UUID | None, now: Any) -> bool:
    """Whether a person may still take this step back, as far as the step itself says."""
    mine = person is not None and step.person == person
    return mine and step.verb in UNDONE and now - step.heard_at <= TAKE_BACK


async def split(line: Line, task: Task, ask: Act) -> UUID:
    """The second problem of a finding becomes a task of its own: same finding, same term, its own photos and place."""
    unit = ask.unit or task.unit
    made = Task(
        id=new_id(), number=number(line.heard_at, line.rev, 1), village=task.village, inspection=task.inspection,
        finding=task.finding, item=task.item, unit=unit, stage=stages.DISPATCHED, severity=task.severity, days=task.days,
        deadline_kind=task.deadline_kind, place=(ask.place.strip() or task.place)[:200], text=ask.text.strip()[:600],
        requirement=task.requirement, dispatched_at=task.dispatched_at, deadline=task.deadline, split_from=task.id,
        origin=task.origin, category=task.category, found_on=task.found_on,
        moved_rev=line.rev, home=task.home, town=task.town, rev=line.rev,
    )  # fmt: skip
    await made.save(force_create=True)
    first = Step(
        id=new_id(), task_id=made.id, rev=line.rev, verb="dispatch", at=line.at, heard_at=line.heard_at,
        person=ask.actor.person, post=ask.actor.post, title=ask.actor.title[:40], text=f"由任务 {task.number} 拆分",
        from_stage="", to_stage=stages.DISPATCHED, until=task.deadline,
    )  # fmt: skip
    await first.save(force_create=True)
    chosen = [*ask.shots, *(photo.id for photo in ask.photos)]
    links = await TaskPhoto.filter(task_id=task.id, role="before", photo__in=chosen).order_by("id")
    await TaskPhoto.bulk_create(
        [TaskPhoto(task_id=made.id, photo=one.photo, sha256=one.sha256, role="before") for one in links]
    )
    if "-" in unit:
        village_for_department(line, task.village)
        touch_photos(line, made)
    await tell_opened(line, [{"id": made.id, "unit": unit, "village": task.village}])
    line.body["split"] = str(made.id)
    return made.id


async def looked_at(line: Line, task: Task, outcome: str) -> None:
    """A task that was drawn for looking back has been looked at: `fine` or `back`."""
    line.later(
        "UPDATE look_back_task SET outcome = ?, done_rev = ?, rev = ? WHERE task_id = ? AND outcome = ''",
        outcome, line.rev, line.rev, str(task.id),
    )  # fmt: skip
