"""消息: what a change tells people, written in that very change and read from the step it has just made.

Told are those who must act next, or wait for the answer; never whoever acted. A move makes what was told of the task
before it needless (`over`): somebody has acted. What happens again is told again in the same row.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from dispatch import deadlines
from dispatch.hands import (
    Directory,
    Hand,
    directory,
    directory_of,
    next_hands,
    question,
    town_hands,
    unit_hands,
)
from dispatch.models import Notice, Task
from dispatch.registers import Act
from dispatch.stages import CLOSED, OFFICE, SUBMITTED
from villages.changes import Line, shielded
from villages.ground import clock
from villages.ground.bulk import Question
from villages.ground.database import look, rows
from villages.permissions import Who

A_STATEMENT = 100  # rows
MOST = 99  # the badge does not count on
GROUPS = 200

# What an act tells, by verb; passing and striking off depend on where it led.
KINDS: dict[str, str] = {
    "dispatch": "accept", "reassign": "accept", "submit": "review", "return": "returned", "reject": "rejected",
    "extend": "extend", "extend_grant": "extended", "extend_refuse": "not_extended", "defer": "deferred",
    "resume": "resumed", "reopen": "reopened", "cancel": "cancelled", "merge": "cancelled", "supervise": "supervised",
    "close": "closed", "close_on_site": "closed", "urge": "urged", "sweep": "sweep", "sweep_answer": "swept",
}  # fmt: skip
_ANSWERED = ("extend_grant", "extend_refuse")
_STAYING = (
    *_ANSWERED, "extend", "supervise", "note", "link", "urge", "split", "sweep", "sweep_answer",
)  # fmt: skip


@dataclass(frozen=True)
class Told:
    """One notice. `place`: what it is grouped by."""

    person: UUID
    kind: str
    subject: str
    place: str
    day: date | None = None


def place_for(hand: Hand, village: str) -> str:
    """A village's tasks are grouped by village; the office has too many of them and reads by town."""
    return village[:9] if hand.role == OFFICE else village


async def tell_move(line: Line, task: Task, ask: Act, stage: str) -> None:
    """Tell what an act has done to a task (given as it was before); part of the same change."""
    if ask.verb not in _STAYING:
        settle(line, task.id)
    elif ask.verb in _ANSWERED:
        settle(line, task.id, "extend")
    elif ask.verb == "sweep_answer":
        settle(line, task.id, "sweep")
    if ask.verb == "look_back":
        return
    kind = KINDS.get(ask.verb, "")
    if ask.verb not in _STAYING:
        kind = "closed" if stage == CLOSED else "close" if ask.verb == "pass" else kind
    if ask.verb == "take_back":
        kind = "review" if stage == SUBMITTED else "accept"
    if not kind:
        return
    unit = ask.unit if ask.verb == "reassign" else task.unit
    places = (unit, task.unit, task.village, task.village[:9], task.village[:6])
    known = await directory(clock.local(line.heard_at).date(), places)
    told = _told_people(known, task, ask, kind, unit)
    write(
        line,
        [Told(person, kind, str(task.id), place) for person, place in told if person != ask.actor.person],
    )


def _told_people(known: Directory, task: Task, ask: Act, kind: str, unit: str) -> list[tuple[UUID, str]]:
    village, mine = task.village, {ask.actor.person}
    if kind in ("extended", "not_extended"):
        return [(task.asked_by, village)] if task.asked_by else []
    if kind == "swept":
        return [(task.sweep_by, village)] if task.sweep_by else []
    authors = [(UUID(one), village) for one in task.submitters]
    if kind == "closed" and authors:
        return authors
    if kind == "review":
        hands, mine = next_hands("submitted", unit, village), mine | {person for person, _ in authors}
    elif kind == "close":
        hands = next_hands("checked", unit, village)
    elif kind == "urged":
        hands = next_hands(task.stage, unit, village)
    elif kind == "returned":
        hands = town_hands(unit, village)
    elif kind == "extend":
        hands = town_hands(unit, village)
        if ask.until and deadlines.beyond(task.deadline, ask.until, task.days, task.deadline_kind):
            hands = hands[-1:]  # longer than the town can give
    else:
        hands = unit_hands(unit, village)
    found = [(person, place_for(hand, village)) for person, hand in known.first(hands, without=mine)]
    return found + authors if kind == "rejected" else found


async def tell_opened(line: Line, tasks: Sequence[Mapping[str, Any]]) -> None:
    """Tell whoever must sign for new tasks (with id, unit, village); one query and one statement for all."""
    known = directory_of(await line.asked(opened_question(line.heard_at, tasks)))
    hands: dict[tuple[str, str], list[tuple[UUID, str]]] = {}  # a visit's tasks mostly go to one unit
    told: list[Told] = []
    for task in tasks:
        unit, village = task["unit"], task["village"]
        if (unit, village) not in hands:
            found = known.first(unit_hands(unit, village), without=[line.actor.person])
            hands[unit, village] = [(person, place_for(hand, village)) for person, hand in found]
        told += [Told(person, "accept", str(task["id"]), place) for person, place in hands[unit, village]]
    write(line, told)


def opened_question(moment: datetime, tasks: Iterable[Mapping[str, Any]]) -> Question:
    """Who may have to sign for these new tasks."""
    places = {code for task in tasks for code in (task["unit"], task["village"][:9], task["village"][:6])}
    return question(clock.local(moment).date(), places)


def settle(line: Line, subject: object, kind: str = "") -> None:
    """Nobody needs to act any more on what was told of this (of one kind)."""
    text = "UPDATE notice SET over = ? WHERE subject = ? AND over IS NULL"
    line.later(text + (" AND kind = ?" if kind else ""), line.rev, str(subject), *([kind] if kind else []))


def write(line: Line, told: Iterable[Told], *, again: bool = True) -> None:
    """Queue notices. One that is there is told anew; `again` False: it stays as it is."""
    sqlite = line.client.capabilities.dialect == "sqlite"
    found = list({(one.person, one.subject, one.kind): one for one in told}.values())
    anew = "place = excluded.place, day = excluded.day, rev = excluded.rev, at = excluded.at, read_at = NULL, over = NULL"
    for start in range(0, len(found), A_STATEMENT):
        part = found[start : start + A_STATEMENT]
        values: list[Any] = []
        for one in part:
            day = one.day.isoformat() if one.day and sqlite else one.day
            values += [
                str(one.person),
                one.kind,
                one.subject,
                one.place,
                day,
                line.rev,
                clock.rfc3339(line.heard_at),
            ]
        line.later(
            "INSERT INTO notice (person, kind, subject, place, day, rev, at) VALUES "
            + ", ".join(["(?, ?, ?, ?, ?, ?, ?)"] * len(part))
            + f" ON CONFLICT (person, subject, kind) DO {f'UPDATE SET {anew}' if again else 'NOTHING'}",
            *values,
        )


# --- reading them ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Group:
    """「安家庄村 3 项任务待签收」: notices of one kind, place and day. `subject` is one of them, all of it when `count` is 1."""

    kind: str
    place: str
    count: int
    subject: str
    day: str  # 2026-11-20, or ""
    rev: int  # the newest of them
    at: str


_FIRST = "person = ? AND over IS NULL AND read_at IS NULL"


async def waiting(who: Who) -> list[Group]:
    """What this person has not read and nobody has dealt with, newest first; one query."""
    return await _groups(_FIRST, who, GROUPS)


async def earlier(who: Who) -> list[Group]:
    """What they have read, or others have dealt with, newest first; one query."""
    return await _groups("person = ? AND (over IS NOT NULL OR read_at IS NOT NULL)", who, 30)


async def _groups(where: str, who: Who, most: int) -> list[Group]:
    found = await rows(
        "SELECT kind, place, COUNT(*) AS n, MIN(subject) AS subject, day, MAX(rev) AS rev, MAX(at) AS at"
        f" FROM notice WHERE {where} GROUP BY kind, place, day ORDER BY MAX(rev) DESC, kind, place LIMIT {most}",
        str(who.person),
    )
    return [
        Group(
            one["kind"], one["place"], one["n"], one["subject"], str(one["day"] or ""), one["rev"], one["at"]
        )
        for one in found
    ]


async def badges(who: Who) -> dict[str, int]:
    """The count beside 消息 in the rail, at most MOST + 1."""
    text = f"SELECT COUNT(*) AS n FROM (SELECT 1 FROM notice WHERE {_FIRST} LIMIT {MOST + 1}) AS few"
    return {"/notices": (await look(text, str(who.person)))[0]["n"]}


async def mark_read(who: Who, up_to: int, *, kind: str = "", place: str = "") -> int:
    """Mark as read what the page showed: up to a revision, of one group or of all. No change: it is one's own business."""
    query = Notice.filter(person=who.person, read_at__isnull=True, rev__lte=up_to)
    if kind:
        query = query.filter(kind=kind, place=place)
    return await shielded(query.update(read_at=clock.rfc3339(clock.now())))
