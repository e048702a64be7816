"""Opening the tasks of a ledger's rows inside a change: the tasks, their first steps, their photos, who is told.

The bytes of the photos are in the store already, so their slots are opened and filled in the same change. A row whose
task is there is passed over: whoever comes twice, or after a crash, doubles nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from dispatch import deadlines, stages
from dispatch.departments import village_for_department
from dispatch.models import Step, Task, TaskPhoto
from dispatch.moves import TEXT, apply
from dispatch.notices import tell_opened
from dispatch.open_number import number
from dispatch.registers import Act
from inspections.answers import PhotoIn
from inspections.evidence import open_slots, slots_question
from inspections.models import Photo
from inspections.submit import MOST_DAYS
from villages.changes import Line
from villages.ground import clock
from villages.ground.ids import new_id

Draft = Mapping[str, Any]  # a row understood (rows.py)


@dataclass(frozen=True)
class Source:
    """Where rows come from: the bringing-in's id, the file's name and hash."""

    id: UUID
    name: str
    sha256: str


async def open_brought(line: Line, source: Source, drafts: Sequence[Draft]) -> list[dict[str, Any]]:
    """Open the tasks that are not there yet and make the batch the change's subject; returns their rows."""
    ids = [UUID(draft["id"]) for draft in drafts]
    there = set(await Task.filter(id__in=ids).values_list("id", flat=True))
    fresh = [draft for draft in drafts if UUID(draft["id"]) not in there]
    tasks = [_task(line, source, ordinal, draft) for ordinal, draft in enumerate(fresh, 1)]
    line.about("ledger", source.id, line.district)
    line.body.update(
        file=source.name, sha256=source.sha256,
        tasks=[[draft["row"], draft["id"], task["number"]] for draft, task in zip(fresh, tasks, strict=True)],
    )  # fmt: skip
    line.add(Task, tasks)
    for village in {task["village"] for task in tasks if "-" in task["unit"]}:
        village_for_department(line, village)
    line.add(Step, [_first_step(line, draft) for draft in fresh])
    await _photos(line, fresh)
    await tell_opened(line, tasks)
    await line.flush()
    for draft in fresh:
        if draft["deferred"]:
            await _defer(line, draft)
    return tasks


def _task(line: Line, source: Source, ordinal: int, draft: Draft) -> dict[str, Any]:
    village, found_on = draft["village"], draft["found_on"]
    deadline, days = _deadline(line, draft)
    return dict(
        id=draft["id"], number=number(line.heard_at, line.rev, ordinal), village=village, inspection=source.id,
        finding=draft["content"], item=draft["item"], unit=draft["unit"], stage=stages.DISPATCHED,
        severity=draft["severity"], days=days, deadline_kind=draft["kind"], place=draft["place"], text=draft["text"],
        requirement=draft["requirement"], dispatched_at=line.heard_at, deadline=deadline, moved_rev=line.rev,
        home=village, town=village[:9], rev=line.rev, origin="ledger", category=draft["category"],
        found_on=date.fromisoformat(found_on) if found_on else None,
    )  # fmt: skip


def _deadline(line: Line, draft: Draft) -> tuple[datetime, int]:
    """The deadline as the ledger gives it (late already where it is), or counted from now; and the term in days."""
    if not draft["deadline"]:
        return deadlines.deadline_for(line.heard_at, draft["days"], draft["kind"]), draft["days"]
    deadline = datetime.fromisoformat(draft["deadline"])
    since = date.fromisoformat(draft["found_on"]) if draft["found_on"] else clock.local(line.heard_at).date()
    return deadline, min(max((clock.local(deadline).date() - since).days, 1), MOST_DAYS)


def _first_step(line: Line, draft: Draft) -> dict[str, Any]:
    return _step(line, draft, new_id(), "dispatch", told_of(draft), "")


def told_of(draft: Draft) -> str:
    """What the task's history says of where it comes from."""
    said = (
        ("原编号", draft["number"]), ("检查日期", draft["found_on"]), ("责任人", draft["person"]),
        ("原状态", draft["stage"]), ("原记完成时间", draft["done_on"]),
    )  # fmt: skip
    told = "，".join(f"{word} {value}" for word, value in said if value)
    return f"由台账第 {draft['row']} 行带入{'：' if told else ''}{told}"[:TEXT]


def _step(line: Line, draft: Draft, key: UUID, verb: str, text: str, before: str) -> dict[str, Any]:
    return dict(
        id=key, task_id=draft["id"], rev=line.rev, verb=verb, at=line.at, heard_at=line.heard_at,
        person=line.actor.person, post=line.actor.post, title=line.actor.title[:40], text=text, from_stage=before,
        to_stage=stages.DISPATCHED,
    )  # fmt: skip


async def _photos(line: Line, drafts: Sequence[Draft]) -> None:
    """Slots and links; what the ledger shows as mended stays a note until the unit submits it."""
    if line.actor.person is None:
        return
    slots: dict[str, list[PhotoIn]] = {}
    links: list[dict[str, Any]] = []
    steps: list[dict[str, Any]] = []
    for draft in drafts:
        note = new_id()
        for role in ("before", "after"):
            for shot in draft[role]:
                photo = _slot(draft, role, shot)
                slots.setdefault(draft["village"], []).append(photo)
                links.append(
                    dict(
                        task_id=draft["id"], photo=photo.id, sha256=photo.sha256, role=role,
                        step=note if role == "after" else None,
                    )
                )  # fmt: skip
        if draft["after"]:
            steps.append(_step(line, draft, note, "note", "台账中已有的整改后照片。", stages.DISPATCHED))
    every = [photo for photos in slots.values() for photo in photos]
    if not every:
        return
    (there,) = await line.ask(slots_question(every))
    for village, photos in slots.items():
        open_slots(line, photos, there, home=village, person=line.actor.person)
    line.add(Step, steps)
    line.add(TaskPhoto, links)
    await line.flush()
    waiting = Photo.filter(id__in=[photo.id for photo in every], state="expected")
    await waiting.update(state="stored", stored_at=line.heard_at, fault="", rev=line.rev)


def _slot(draft: Draft, role: str, shot: Mapping[str, Any]) -> PhotoIn:
    return PhotoIn(
        id=uuid5(UUID(draft["id"]), f"{role}|{shot['sha256']}"), sha256=shot["sha256"], size=shot["size"],
        mime=shot["mime"], width=shot["width"], height=shot["height"],
    )  # fmt: skip


async def _defer(line: Line, draft: Draft) -> None:
    """挂账 in the ledger is 挂账 here, by the table's own move."""
    task = await Task.get(id=draft["id"])
    until = clock.end_of_day(date.fromisoformat(draft["deferred"]))
    await apply(line, task, Act("defer", line.actor, text="台账记载为挂账。", until=until))
