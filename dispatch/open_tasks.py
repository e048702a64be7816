"""Opening tasks from an inspection's findings, and what becomes of them when the inspection falls.

On the way of every inspection that comes in: a few statements for all its tasks, steps, before-photos and notices.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol
from uuid import UUID

from dispatch import stages
from dispatch.deadlines import deadline_for
from dispatch.departments import village_for_department
from dispatch.models import Step, Task, TaskPhoto
from dispatch.moves import apply
from dispatch.notices import opened_question, tell_opened
from dispatch.open_number import number
from dispatch.registers import Act
from inspections.answers import FindingIn, Submission
from inspections.submit import MOST_DAYS, Taken
from villages.changes import SYSTEM, Line
from villages.ground import clock
from villages.ground.bulk import Question
from villages.ground.ids import new_id
from villages.models import Unit

GONE = "检查依据已撤销"
CHANGED = "检查已更正，不再有这一处问题"
NONE: frozenset[UUID] = frozenset()
CODE_MOST = 16  # characters of a unit's code


class ItemRule(Protocol):
    """What a checklist item says of the tasks that come from it."""

    @property
    def severity(self) -> str: ...
    @property
    def deadline_days(self) -> int: ...
    @property
    def deadline_kind(self) -> str: ...
    @property
    def text(self) -> str: ...


async def open_tasks(
    line: Line,
    inspection: Taken,
    submission: Submission,
    items: Mapping[str, ItemRule],
    standing: frozenset[UUID] = NONE,
) -> list[UUID]:
    """A task for each finding that is to be dispatched, in the change that takes the inspection in.

    What the inspector said of unit, severity and days stands (a heavy place has a shorter term); what he left
    open comes from the item, the unit being the village. A unit that the village's tasks cannot go to becomes
    the village, and the trail says so. `items` is the checklist's `by_code`; `standing` are findings whose tasks are
    there. Returns the new tasks' ids in the order of the findings.
    """
    found = [
        (answer.item, finding)
        for answer in submission.answers
        for finding in answer.findings
        if finding.action == "dispatch" and finding.id not in standing
    ]
    if not found:
        return []
    departments = await _departments(line, (finding for _, finding in found))
    pictures = {photo.id: photo for photo in submission.photos}
    tasks: list[dict[str, Any]] = []
    links: list[dict[str, Any]] = []
    for ordinal, (item, finding) in enumerate(found, 1):
        unit = _unit(line, finding, inspection.village, departments)
        task = _task(line, ordinal, inspection, item, finding, unit, items[item])
        tasks.append(task)
        links += [
            {"task_id": task["id"], "photo": photo, "sha256": pictures[photo].sha256, "role": "before"}
            for photo in dict.fromkeys(finding.photos)
            if photo in pictures
        ]
    line.add(Task, tasks)
    line.add(Step, [_first_step(line, task) for task in tasks])
    line.add(TaskPhoto, links)
    if any("-" in task["unit"] for task in tasks):
        village_for_department(line, inspection.village)
    await tell_opened(line, tasks)
    return [task["id"] for task in tasks]


def question(submission: Submission) -> Question:
    """Whom `open_tasks` will tell, as far as the sheet says; a caller who can asks it as the change begins."""
    village = submission.village
    opened = [
        {"unit": finding.unit or village, "village": village}
        for answer in submission.answers
        for finding in answer.findings
        if finding.action == "dispatch"
    ]
    return opened_question(clock.now(), opened)


def _task(
    line: Line, ordinal: int, inspection: Taken, item: str, finding: FindingIn, unit: str, rule: ItemRule
) -> dict[str, Any]:
    village = inspection.village
    days = min(finding.days or rule.deadline_days, MOST_DAYS)
    return dict(
        id=new_id(), number=number(line.heard_at, line.rev, ordinal), village=village, inspection=inspection.id,
        finding=finding.id, item=item, unit=unit, stage=stages.DISPATCHED,
        severity=finding.severity or rule.severity or "minor", days=days, deadline_kind=rule.deadline_kind, place=finding.place[:200],
        text=finding.text[:600], requirement=rule.text[:600], dispatched_at=line.heard_at,
        deadline=deadline_for(line.heard_at, days, rule.deadline_kind), moved_rev=line.rev, home=village, town=village[:9],
        rev=line.rev,
    )  # fmt: skip


def _first_step(line: Line, task: dict[str, Any]) -> dict[str, Any]:
    return dict(
        id=new_id(), task_id=task["id"], rev=line.rev, verb="dispatch", at=line.at, heard_at=line.heard_at,
        person=line.actor.person, post=line.actor.post, title=line.actor.title[:40], text="",
        from_stage="", to_stage=stages.DISPATCHED,
    )  # fmt: skip


async def _departments(line: Line, findings: Iterable[FindingIn]) -> set[str]:
    asked = {one.unit for one in findings if one.unit and "-" in one.unit and len(one.unit) <= CODE_MOST}
    if not asked:
        return set()
    known = Unit.filter(code__in=asked, district=line.district, active=True)
    return {unit.code for unit in await known}


def _unit(line: Line, finding: FindingIn, village: str, departments: set[str]) -> str:
    unit = finding.unit or village
    if stages.fits_unit(unit, village) and ("-" not in unit or unit in departments):
        return unit
    line.body.setdefault("units_replaced", {})[str(finding.id)] = unit
    return village


async def amended(
    line: Line, inspection: Taken, submission: Submission, items: Mapping[str, ItemRule]
) -> list[UUID]:
    """The inspection was put right: a new finding's task is opened, one that fell away loses its task as when voided.

    Tasks of findings that stand go on as they are. Returns the new tasks' ids.
    """
    sent = {
        finding.id
        for answer in submission.answers
        for finding in answer.findings
        if finding.action == "dispatch"
    }
    tasks = await Task.filter(inspection=inspection.id).exclude(stage=stages.CANCELLED)
    standing = frozenset(task.finding for task in tasks if task.finding)
    fallen = standing - sent
    if fallen:
        await basis_gone(line, inspection.id, fallen, CHANGED)
    return await open_tasks(line, inspection, submission, items, standing)


async def basis_gone(
    line: Line, inspection: UUID, findings: frozenset[UUID] | None = None, why: str = GONE
) -> dict[str, list[str]]:
    """The inspection, or these of its findings, fell: tasks not yet signed for are cancelled, later ones get the mark
    依据已撤.

    Returns {cancelled: task ids, marked: task ids}; finished tasks are left as they are.
    """
    told: dict[str, list[str]] = {"cancelled": [], "marked": []}
    tasks = await Task.filter(inspection=inspection).exclude(stage__in=sorted(stages.FINISHED))
    if findings is not None:
        tasks = [task for task in tasks if task.finding in findings]
    for task in tasks:
        if task.stage == stages.DISPATCHED:
            await apply(line, task, Act("cancel", SYSTEM, text=why))
            told["cancelled"].append(str(task.id))
        else:
            told["marked"].append(str(task.id))
    marked = [task for task in tasks if str(task.id) in told["marked"]]
    if marked:
        await Task.filter(id__in=[task.id for task in marked]).update(basis_gone=True, rev=line.rev)
        await Step.bulk_create([_mark(line, task, why) for task in marked])
    line.body["basis_gone"] = told
    return told


def _mark(line: Line, task: Task, why: str) -> Step:
    return Step(
        id=new_id(), task_id=task.id, rev=line.rev, verb="note", at=line.at, heard_at=line.heard_at, person=None,
        post=SYSTEM.post, title=SYSTEM.title, text=f"{why}，请镇街决定是否撤销任务。",
        from_stage=task.stage, to_stage=task.stage,
    )  # fmt: skip
