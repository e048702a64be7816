"""What is done every day by the clock alone: the ladder, 挂账 to be looked at again, the towns' weekly lists.

Each rung is told once a task and deadline, by what stands on the task's own row, inside the change: a second run, or a
second process, finds nothing left to tell. Days on which nobody ran are caught up with, each rung under its own date.
Urging is a step by the system; it never moves a task.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from tortoise.expressions import F, Q

from dispatch.escalation import LOOK_AGAIN, Rung, latest_deadline, monday_of, owed
from dispatch.hands import Directory, Hand, directory, next_hands
from dispatch.models import Step, Task
from dispatch.notices import Told, place_for, write
from dispatch.stages import DEFERRED, OFFICE, OPEN, TOWN
from villages.changes import SYSTEM, Line, change
from villages.districts import the_district
from villages.ground import clock
from villages.ground.database import rows
from villages.ground.ids import new_id
from villages.ground.problems import Problem
from villages.models import Job

BATCH = 500  # tasks a change: other writers wait no longer than that takes
SAID = {
    "urge": "逾期 1 天，系统催办（{day}）。",
    "propose": "逾期满 3 天，系统提请区级办公室督办（{day}）。",
    "raise": "逾期满 7 天，系统提级报区级办公室负责人（{day}）。",
}
_COLUMNS = ("id", "unit", "village", "stage", "deadline", "rung", "rung_for", "look_again")


@dataclass
class Run:
    """What a day's run has told: tasks by rung, 挂账 to be looked at, towns with a list."""

    day: date
    soon: int = 0
    urge: int = 0
    propose: int = 0
    raise_: int = 0
    look_again: int = 0
    towns: int = 0

    def add(self, kind: str, number: int) -> None:
        """Count what was told."""
        name = {"raise": "raise_"}.get(kind, kind)
        setattr(self, name, getattr(self, name) + number)

    def __str__(self) -> str:
        return (
            f"{self.day} 临期 {self.soon}，催办 {self.urge}，提请督办 {self.propose}，提级 {self.raise_}，"
            f"挂账待看 {self.look_again}，镇街清单 {self.towns}"
        )


class _Nothing(Exception):
    """Somebody else has told all of it meanwhile: no number is taken."""


async def run(day: date | None = None) -> Run:
    """Do what is owed up to a Beijing day (today). Raises Problem invalid for a day to come."""
    now = clock.now()
    today = clock.local(now).date()
    if day is not None and day > today:
        raise Problem("invalid", what=f"{day} 还没有到，不能提前催办。")
    at = now if day in (None, today) else min(now, clock.end_of_day(day))
    done = Run(clock.local(at).date())
    head = await the_district()
    known = await directory(today)
    last: UUID | None = None
    while ids := await _candidates(head.district, at, last):
        await _batch(head.district, ids, at, known, done)
        last = ids[-1]
    await _weekly(head.district, known, done)
    return done


async def run_up_to(text: str) -> Run:
    """As `run`, of a day as it is typed. Raises Problem invalid."""
    try:
        return await run(date.fromisoformat(text) if text else None)
    except ValueError as error:
        raise Problem("invalid", what=f"日期应写成 2026-11-20 的样子（写的是 {text}）。") from error


async def job(_state: Any, _job: Job, _tell: Any) -> str:
    """The night's job; see offline_sync/held_days.py. It always runs up to the present: what was missed is caught up with."""
    return str(await run())


async def _candidates(district: str, at: datetime, after: UUID | None) -> list[UUID]:
    """The next tasks, in the order of their ids, that may stand on a rung; a page at a time keeps memory steady."""
    pressed = Q(stage__in=sorted(OPEN), deadline__lte=latest_deadline(at), rung__lt=4)
    renewed = Q(stage__in=sorted(OPEN), deadline__lte=latest_deadline(at), rung=4) & ~Q(
        rung_for=F("deadline")
    )
    query = Task.filter(
        pressed | renewed | Q(stage=DEFERRED, look_again__lte=at), village__startswith=district
    )
    if after is not None:
        query = query.filter(id__gt=after)
    found = await query.order_by("id").limit(BATCH).values_list("id", flat=True)
    return [UUID(str(one)) for one in found]


async def _batch(district: str, ids: Sequence[UUID], at: datetime, known: Directory, done: Run) -> None:
    found: dict[str, list[str]] = {}

    async def work(line: Line) -> None:
        tasks = await Task.filter(id__in=list(ids)).order_by("id").values(*_COLUMNS)
        found.clear()
        told: list[Told] = []
        steps: list[dict[str, Any]] = []
        for task in tasks:
            if task["stage"] == DEFERRED:
                told += _look_again(line, task, at, known, found)
            elif task["stage"] in OPEN:
                for rung in owed(task["deadline"], task["rung"], task["rung_for"], at):
                    found.setdefault(rung.kind, []).append(str(task["id"]))
                    told += _told(task, rung, known)
                    steps += _step(line, task, rung)
                    _climb(line, task, rung.number, task["deadline"])
        if not found:
            raise _Nothing
        line.add(Step, steps)
        write(line, told)
        line.about("district", district, district)
        line.body.update(day=done.day.isoformat(), **found)

    try:
        await change(work, district=district, actor=SYSTEM, verb="ladder.run")
    except _Nothing:
        return
    for kind, tasks in found.items():
        done.add(kind, len(tasks))


def _climb(line: Line, task: dict[str, Any], number: int, since: datetime) -> None:
    """The task's row remembers how far it was told, and for which date."""
    column = "look_again" if task["stage"] == DEFERRED else "deadline"
    task["rung"], task["rung_for"] = number, since
    line.later(
        f"UPDATE task SET rung = ?, rung_for = {column}, rev = ? WHERE id = ?",
        number,
        line.rev,
        str(task["id"]),
    )


def _told(task: dict[str, Any], rung: Rung, known: Directory) -> list[Told]:
    """Due soon and urging go to whoever must act; a proposal and a raised task to the office."""
    village = task["village"]
    if rung.kind in ("propose", "raise"):
        people = known.first([Hand(OFFICE, village[:6])])
    else:
        people = known.first(next_hands(task["stage"], task["unit"], village))
    return [
        Told(person, rung.kind, str(task["id"]), place_for(hand, village), rung.day)
        for person, hand in people
    ]


def _step(line: Line, task: dict[str, Any], rung: Rung) -> list[dict[str, Any]]:
    """Urging is part of the task's history; that it is due soon is not."""
    if rung.kind not in SAID:
        return []
    day = f"{rung.day.year}年{rung.day.month}月{rung.day.day}日"
    return [
        dict(
            id=new_id(), task_id=task["id"], rev=line.rev, verb=rung.kind, at=line.at, heard_at=line.heard_at,
            person=None, post=SYSTEM.post, title=SYSTEM.title, text=SAID[rung.kind].format(day=day),
            from_stage=task["stage"], to_stage=task["stage"],
        )
    ]  # fmt: skip


def _look_again(
    line: Line, task: dict[str, Any], at: datetime, known: Directory, found: dict[str, list[str]]
) -> list[Told]:
    """挂账: the office is told once for each date."""
    when = task["look_again"]
    if when is None or when > at or task["rung_for"] == when:
        return []
    found.setdefault("look_again", []).append(str(task["id"]))
    _climb(line, task, LOOK_AGAIN, when)
    village = task["village"]
    return [
        Told(person, "look_again", str(task["id"]), place_for(hand, village), clock.local(when).date())
        for person, hand in known.first([Hand(OFFICE, village[:6])])
    ]


async def _weekly(district: str, known: Directory, done: Run) -> None:
    """Each town with open tasks is told of its list once a week, dated Monday, also when Monday was missed."""
    monday = monday_of(done.day)
    marks = ", ".join("?" * len(OPEN))
    found = await rows(
        f"SELECT DISTINCT town FROM task WHERE stage IN ({marks}) ORDER BY town", *sorted(OPEN)
    )
    towns = [one["town"] for one in found if one["town"].startswith(district)]
    subjects = {f"{town}:{monday}": town for town in towns if known.people.get(Hand(TOWN, town))}
    asked = ", ".join("?" * len(subjects))

    async def work(line: Line) -> int:
        there = (
            await line.run(
                f"SELECT DISTINCT subject FROM notice WHERE kind = 'weekly' AND subject IN ({asked})",
                *subjects,
            )
            if subjects
            else []
        )
        left = {key: town for key, town in subjects.items() if key not in {one["subject"] for one in there}}
        if not left:
            raise _Nothing
        told = [
            Told(person, "weekly", key, town, monday)
            for key, town in left.items()
            for person in known.people[Hand(TOWN, town)]
        ]
        write(line, told, again=False)
        line.about("district", district, district)
        line.body.update(day=done.day.isoformat(), weekly=sorted(left.values()))
        return len(left)

    try:
        done.towns = await change(work, district=district, actor=SYSTEM, verb="ladder.run")
    except _Nothing:
        done.towns = 0
