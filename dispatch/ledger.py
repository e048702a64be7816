"""台账: the tasks of a list as the Excel everyone knows, made as a job. What a cell says is decided here.

Tasks are read a few hundred at a time and written as they come; nothing of them stays in memory.
"""

import asyncio
import contextlib
import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from tortoise.queryset import QuerySet

from dispatch.ledger_book import Book, LedgerRow
from dispatch.models import Step, Task
from dispatch.queries import ShownPhoto, filtered, photos_of, steps_of
from inspections.checklists import checklist_by_sha
from inspections.models import Inspection
from templates import words
from templates.filters import committee
from villages.districts import the_district
from villages.ground import clock
from villages.ground.problems import Problem
from villages.ground.settings import Settings
from villages.models import Job, Person, Town, Unit, Village
from villages.people import who_is
from villages.permissions import Who, departments, prefixes

KIND = "ledger"
BATCH = 200
KEPT = 24 * 3600.0  # seconds that another ledger of the same person stays
_DONE = ("applied", "merged")
_REVIEWS = ("pass", "close", "close_on_site")
FILTERS = ("stage", "due", "severity", "town", "village", "unit")


@dataclass(frozen=True)
class Around:
    """What codes are called, for one ledger."""

    towns: Mapping[str, str]
    villages: Mapping[str, str]
    departments: Mapping[str, str]

    def unit(self, code: str) -> str:
        """Who a task lies with, as the lists of tasks say it."""
        if "-" in code:
            return self.departments.get(code, code)
        if len(code) == 9:
            return self.towns.get(code, code)
        return committee(self.villages.get(code, code))


async def around() -> Around:
    """Three queries."""
    return Around(
        dict(await Town.all().values_list("code", "name")),
        dict(await Village.all().values_list("code", "name")),
        dict(await Unit.filter(kind="department").values_list("code", "name")),
    )


def listed(who: Who, asked: Mapping[str, str]) -> QuerySet[Task]:
    """The tasks of a list that this person may see; `asked` has keys of FILTERS, as the list's link says them."""
    stage, due = asked.get("stage", "open"), asked.get("due", "")
    found = filtered(
        who, stage=None if stage == "all" else stage, overdue=True if due == "overdue" else None,
        due_soon=True if due == "soon" else None, village=asked.get("village") or None,
        town=asked.get("town") or None, unit=asked.get("unit") or None,
    )  # fmt: skip
    return found.filter(severity=asked["severity"]) if asked.get("severity") else found


async def job_key(who: Who, asked: Mapping[str, str]) -> tuple[str, str]:
    """(beginning, whole key) of the ledger's job: whose, which list, then the record's number and the day."""
    said = [f"{name}={asked.get(name, '')}" for name in FILTERS]
    reach = hashlib.sha256("|".join([*said, *prefixes(who), *departments(who)]).encode()).hexdigest()[:12]
    head = await the_district()
    beginning = f"{KIND}:{who.person}:{reach}:"
    return beginning, f"{beginning}{head.rev}-{clock.local(clock.now()):%Y%m%d}"


def file_of(settings: Settings, job: Job) -> Path:
    """Where a finished ledger lies (it may be gone: then the job is done again)."""
    return settings.data / "paper" / Path(job.result or "-").name


async def make(state: Any, job: Job, tell: Callable[[int, int], Awaitable[None]]) -> str:
    """The job. Returns the file's name. Raises a Problem when there is nothing to write."""
    who = await _who(state, job)
    ids = await listed(who, job.args["asked"]).order_by("deadline", "id").values_list("id", flat=True)
    if not ids:
        raise Problem("invalid", what="没有符合条件的任务，台账是空的。请放宽条件后再生成。")
    now = clock.now()
    folder = state.settings.data / "paper"
    folder.mkdir(exist_ok=True)
    target = folder / f"{KIND}-{job.person}-{job.id}.xlsx"
    aside = target.with_suffix(".tmp")
    names = await around()
    told = f"{clock.local(now):%Y-%m-%d %H:%M}"
    demo = (await the_district()).kind == "demo"
    book = await asyncio.to_thread(Book, aside, state.blobs, told, demo=demo)
    try:
        await tell(0, len(ids))
        for start in range(0, len(ids), BATCH):
            lines = await lines_of([UUID(str(one)) for one in ids[start : start + BATCH]], names, now, start)
            await asyncio.to_thread(book.add, lines)
            await tell(min(start + BATCH, len(ids)), len(ids))
        await asyncio.to_thread(book.close)
    finally:
        await asyncio.to_thread(book.forget)
    await asyncio.to_thread(_put_away, aside, target, job)
    return str(target.name)


async def _who(state: Any, job: Job) -> Who:
    """The person who asked, as far as they reach now."""
    person = await Person.get_or_none(id=job.person)
    if person is None or person.disabled:
        raise Problem("not_found")
    who = await who_is(person)
    more = getattr(state, "more_posts", None)
    return who.plus(await more(who)) if more else who


def _put_away(aside: Path, target: Path, job: Job) -> None:
    """Give the file its name, and let this person's older ledgers go."""
    aside.replace(target)
    before = time.time() - KEPT
    for old in target.parent.glob(f"{KIND}-{job.person}-*"):
        with contextlib.suppress(FileNotFoundError):
            if old != target and old.stat().st_mtime < before:
                old.unlink()


async def lines_of(ids: Sequence[UUID], names: Around, now: Any, start: int = 0) -> list[LedgerRow]:
    """The rows of these tasks in this order, numbered from `start` + 1; five queries."""
    tasks = {task.id: task for task in await Task.filter(id__in=ids)}
    steps, photos = await steps_of(ids), await photos_of(ids)
    visits = Inspection.filter(id__in={task.inspection for task in tasks.values()})
    seen = {
        row["id"]: (row["finished_at"], row["checklist_sha256"])
        for row in await visits.values("id", "finished_at", "checklist_sha256")
    }
    sections = {sha256: await _sections(sha256) for sha256 in {sha256 for _, sha256 in seen.values()}}
    lines = []
    for place, key in enumerate((key for key in ids if key in tasks), start + 1):
        task = tasks[key]
        visit = seen.get(task.inspection)
        kind = sections[visit[1]].get(task.item, task.item) if visit else task.category or task.item
        found_on = task.found_on or clock.local(visit[0] if visit else task.dispatched_at).date()
        lines.append(line_of(place, task, steps[key], photos[key], names, kind, found_on, now))
    return lines


async def _sections(sha256: str) -> dict[str, str]:
    """问题类别 by item: the name of the checklist's section it stands in."""
    try:
        checklist = await checklist_by_sha(sha256)
    except LookupError:
        return {}
    return {item.code: section.name for section in checklist.sections for item in section.items}


def line_of(
    place: int, task: Task, steps: Sequence[Step], photos: Sequence[ShownPhoto], names: Around, kind: str, day: date,
    now: Any,
) -> LedgerRow:  # fmt: skip
    """One row: eighteen cells (dates as dates), severity, and the hashes of the photos that stand in it."""
    done = [step for step in steps if step.verdict in _DONE]
    signed = _last(done, ("accept", "submit"))
    fixed = _last(done, ("submit", "close_on_site"))
    # Sent back or begun again, what was reported before is not what it is now.
    handed = task.submitted_at or (task.closed_at if task.stage == "closed" else None)
    judged = _last(done, _REVIEWS) if task.stage in ("closed", "checked") else None
    here = [photo for photo in photos if photo.state == "stored" or photo.has_preview]
    before = [photo.sha256 for photo in here if photo.role == "before"]
    after = [photo.sha256 for photo in here if photo.role == "after"]
    cells = (
        place, task.number, names.towns.get(task.town, task.town), names.villages.get(task.village, task.village),
        day, kind, task.text, task.place, names.unit(task.unit), signed.title if signed else "",
        clock.local(task.deadline).date(), fixed.text if fixed and fixed.text else task.requirement,
        clock.local(handed).date() if handed and task.stage != "accepted" else None, None, None,
        judged.title if judged else "", clock.local(task.closed_at).date() if task.closed_at else None,
        _remarks(task, len(before), len(after), now),
    )  # fmt: skip
    return LedgerRow(
        cells, words.SEVERITY[task.severity], before[0] if before else "", after[-1] if after else ""
    )


def _last(steps: Sequence[Step], verbs: Sequence[str]) -> Step | None:
    return next((step for step in reversed(steps) if step.verb in verbs), None)


def _remarks(task: Task, before: int, after: int, now: Any) -> str:
    """备注: the stage, then what is out of the ordinary."""
    late = (
        task.stage in ("dispatched", "accepted", "submitted", "checked", "returned") and task.deadline < now
    )
    until = (
        f"至{clock.local(task.look_again):%Y-%m-%d}" if task.look_again and task.stage == "deferred" else ""
    )
    said = [
        words.STAGE[task.stage] + until, words.SEVERITY[task.severity] if task.severity != "minor" else "",
        "逾期" if late else "", "延期一次" if task.extended else "",
        f"督办{task.supervised}次" if task.supervised else "", f"退回{task.rejected}次" if task.rejected else "",
        f"反弹{task.reopened}次" if task.reopened else "", "检查依据已撤" if task.basis_gone else "",
        f"照片共{before + after}张" if before > 1 or after > 1 else "",
    ]  # fmt: skip
    return "；".join(one for one in said if one)
