"""Whose turn it is: the posts that must act next on a task, and the people who hold them today."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from dispatch.stages import (
    ACCEPTED,
    CHECKED,
    COMMITTEE,
    DEPARTMENT,
    DISPATCHED,
    OFFICE,
    RETURNED,
    SUBMITTED,
    TOWN,
)
from villages.ground.bulk import Question
from villages.ground.database import rows


class Hand(NamedTuple):
    """A post at exactly one place."""

    role: str
    place: str


def unit_hands(unit: str, village: str) -> list[Hand]:
    """Whoever mends, first choice first: a village without anybody is its town's, a department the office's."""
    if "-" in unit:
        return [Hand(DEPARTMENT, unit), Hand(OFFICE, village[:6])]
    if len(unit) == 9:
        return [Hand(TOWN, unit), Hand(OFFICE, village[:6])]
    return [Hand(COMMITTEE, unit), Hand(TOWN, village[:9]), Hand(OFFICE, village[:6])]


def town_hands(unit: str, village: str) -> list[Hand]:
    """Whoever decides about a village's task; one that is not the town's to move is the office's."""
    office = Hand(OFFICE, village[:6])
    return [Hand(TOWN, village[:9]), office] if len(unit) == 12 else [office]


def next_hands(stage: str, unit: str, village: str) -> list[Hand]:
    """Who must act on a task at this stage, first choice first; nobody on one that is finished or 挂账."""
    if stage in (DISPATCHED, ACCEPTED):
        return unit_hands(unit, village)
    if stage == SUBMITTED:
        return [Hand(TOWN, village[:9]), Hand(OFFICE, village[:6])]
    if stage == RETURNED:
        return town_hands(unit, village)
    return [Hand(OFFICE, village[:6])] if stage == CHECKED else []


@dataclass(frozen=True)
class Directory:
    """Who holds what today, accounts in use only."""

    people: dict[Hand, list[UUID]] = field(default_factory=dict)

    def first(self, hands: Sequence[Hand], *, without: Iterable[UUID | None] = ()) -> list[tuple[UUID, Hand]]:
        """The people of the first hand that anybody holds (`without` these), each with the post that makes it theirs."""
        left_out = set(without)
        for hand in hands:
            found = [person for person in self.people.get(hand, ()) if person not in left_out]
            if found:
                return [(person, hand) for person in found]
        return []


_HOLDERS = (
    "SELECT DISTINCT p.role, p.place, p.person_id FROM post p JOIN person a ON a.id = p.person_id"
    " WHERE NOT p.ended AND NOT a.disabled AND p.since <= ? AND (p.until IS NULL OR p.until >= ?)"
    f" AND p.role IN ('{COMMITTEE}', '{DEPARTMENT}', '{TOWN}', '{OFFICE}')"
)


async def directory(today: date, places: Iterable[str] | None = None) -> Directory:
    """The holders of the posts at these places, or everywhere; one query.

    By hand: the ORM takes ten times as long to write this statement as SQLite to answer it, in every visit's change.
    """
    text, values = question(today, places)
    return directory_of(await rows(text, *values))


def question(today: date, places: Iterable[str] | None = None) -> Question:
    """What `directory` asks."""
    if places is None:
        return f"{_HOLDERS} ORDER BY p.person_id", [today, today]
    asked = sorted(set(places))
    where = f" AND p.place IN ({', '.join('?' * len(asked)) or 'NULL'})"
    return f"{_HOLDERS}{where} ORDER BY p.person_id", [today, today, *asked]


def directory_of(holders: Iterable[Mapping[str, Any]]) -> Directory:
    """The answer to `question`, as a directory."""
    found: dict[Hand, list[UUID]] = {}
    for row in holders:
        found.setdefault(Hand(row["role"], row["place"]), []).append(_uuid(row["person_id"]))
    return Directory(found)


def _uuid(value: object) -> UUID:
    return value if isinstance(value, UUID) else UUID(str(value))
