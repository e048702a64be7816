"""What a task carries beside its stage: deadline, extension, 挂账, the task it was merged into or comes back from.

Asked of by `moves` inside an open change; nothing else writes these columns.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from dispatch import deadlines, stages
from dispatch.departments import touch_photos
from dispatch.models import Step, Task, TaskPhoto
from inspections.answers import PhotoIn
from villages.changes import Actor, Line
from villages.ground.ids import new_id

FARTHEST = timedelta(days=3 * 366)  # no date of a task lies further ahead: it is a slip of the finger


@dataclass(frozen=True)
class Act:
    """What somebody asks for. `base_rev`: the task's revision they looked at; None: the present one.

    `until`: the date asked for or set. `interim`: what keeps people safe while it is 挂账. `into`: the other task.
    `place`, `shots`: of the task that is split off, where it is and which before-photos are its own.
    """

    verb: str
    actor: Actor
    base_rev: int | None = None
    text: str = ""
    photos: Sequence[PhotoIn] = ()
    unit: str = ""
    at: datetime | None = None
    until: datetime | None = None
    interim: str = ""
    into: UUID | None = None
    place: str = ""
    shots: Sequence[UUID] = ()


async def facts(line: Line, task: Task, ask: Act) -> dict[str, Any]:
    """The fields of `stages.Facts` that rest on these columns."""
    now = line.heard_at
    least = max(now, task.deadline) if ask.verb in ("extend", "extend_grant") else now
    asked = ask.until or task.asked_until
    return {
        "until": ask.until is not None and least < ask.until < now + FARTHEST,
        "cut": ask.until is not None,
        "in_time": now <= deadlines.latest_to_ask(task.dispatched_at, task.deadline, task.days),
        "asked": task.asked_until is not None,
        "asked_by": str(task.asked_by or ""),
        "extended": task.extended > 0,
        "beyond": asked is not None and deadlines.beyond(task.deadline, asked, task.days, task.deadline_kind),
        "into": ask.into is not None and await _fits(line, task, ask),
        "sweeping": task.sweep_until is not None,
    }


def effects(line: Line, task: Task, ask: Act) -> dict[str, Any]:
    """The columns that an act which is done sets here."""
    now = line.heard_at
    settled: dict[str, Any] = {"asked_until": None, "asked_by": None}
    if ask.verb == "extend":
        return {"asked_until": ask.until, "asked_by": ask.actor.person}
    if ask.verb == "extend_grant":
        given = min(ask.until, task.asked_until) if ask.until and task.asked_until else task.asked_until
        return {"deadline": given, "extended": task.extended + 1, **settled}
    if ask.verb == "defer":
        return {"deferred_at": now, "look_again": ask.until, "interim": ask.interim[:600], **settled}
    if ask.verb == "resume":
        since = task.deferred_at or now
        return {
            "deadline": deadlines.resumed(task.deadline, since, now),
            "deferred_at": None,
            "look_again": None,
        }
    if ask.verb == "reopen":
        again = deadlines.deadline_for(now, task.days, task.deadline_kind)
        return {"deadline": again, "reopened": task.reopened + 1, "closed_at": None, "submitted_at": None}
    if ask.verb == "supervise":
        return {"supervised": task.supervised + 1}
    if ask.verb == "merge":
        return {"merged_into": ask.into, **settled}
    if ask.verb == "link":
        return {"again_of": ask.into}
    if ask.verb == "sweep":
        return {"sweep_until": ask.until, "sweep_by": ask.actor.person}
    if ask.verb == "sweep_answer":
        return {"sweep_until": None, "sweep_by": None}
    if ask.verb == "take_back":
        return {"closed_at": None}
    return settled if ask.verb in ("extend_refuse", "cancel", "return", "reassign") else {}


async def merge(line: Line, task: Task, ask: Act) -> None:
    """The task that stays learns of it: a step of its own, and the other's before-photos."""
    stays = await Task.get(id=ask.into)
    step = Step(
        id=new_id(), task_id=stays.id, rev=line.rev, verb="merge", at=line.at, heard_at=line.heard_at,
        person=ask.actor.person, post=ask.actor.post, title=ask.actor.title[:40],
        text=f"并入任务 {task.number}：{task.place} {task.text}"[:600], from_stage=stays.stage, to_stage=stays.stage,
    )  # fmt: skip
    await step.save(force_create=True)
    links = [
        TaskPhoto(task_id=stays.id, photo=one.photo, sha256=one.sha256, role="before", step=step.id)
        for one in await TaskPhoto.filter(task_id=task.id, role="before")
    ]
    if links:
        await TaskPhoto.bulk_create(links, ignore_conflicts=True)
        if "-" in stays.unit:
            touch_photos(line, stays)
    await Task.filter(id=stays.id).update(rev=line.rev)


async def _fits(line: Line, task: Task, ask: Act) -> bool:
    """Whether `into` is another task of the village: for a merge one that is under way, for 反弹 an earlier one."""
    other = await Task.get_or_none(id=ask.into)
    if other is None or other.id == task.id or other.village != task.village:
        return False
    if ask.verb == "merge":
        return other.stage in stages.OPEN
    return other.dispatched_at <= task.dispatched_at and other.again_of != task.id
