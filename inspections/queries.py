"""Rounds and inspections as a person may see them: only through the places of their posts, never by bare id."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from inspections.models import Assignment, Finding, Inspection, Photo, PhotoUse, Round
from inspections.vetoes import settled
from villages.ground.database import rows
from villages.ground.problems import Problem
from villages.models import Person, Town, Village
from villages.permissions import INSPECTOR, Who, prefixes

NOBODY = UUID(int=0)
_SHOWN = (
    "id", "village", "checklist_code", "stage", "score", "grade", "late", "vetoed", "na_over", "district_rank",
    "town_rank", "finished_at", "author", "inspectors",
)  # fmt: skip


@dataclass
class Visit:
    """One village with one checklist in a round: assigned, and perhaps in. Without `inspection` it is missing."""

    village: str
    name: str
    town: str
    town_name: str
    checklist: str
    people: list[str]  # titles of those who were there, the author first; before that, of those assigned
    inspection: UUID | None = None
    stage: str = ""
    score: Decimal | None = None
    grade: str = ""
    late: bool = False
    vetoed: bool = False
    na_over: bool = False
    district_rank: int | None = None
    town_rank: int | None = None
    finished_at: datetime | None = None
    missing_photos: int = 0
    undecided: bool = False  # a veto that was claimed and that the office has not decided

    @property
    def doubtful(self) -> bool:
        """True when the office has to look before publishing."""
        return self.undecided or self.na_over


@dataclass(frozen=True)
class UsedPhoto:
    """A photo and what it proves. `role`: before, after, signature, scene; `state`: expected, stored, waived."""

    photo: Photo
    item: str
    finding: UUID | None
    role: str


@dataclass(frozen=True)
class WholeInspection:
    """An inspection with all that hangs on it; its answers are in `inspection.answers`."""

    inspection: Inspection
    round: Round
    findings: list[Finding]
    photos: list[UsedPhoto]
    people: dict[UUID, str]  # titles of author and inspectors


def within(places: Iterable[str]) -> Q:
    """The condition for inspections of villages inside any of the places (6, 9 or 12 digits)."""
    # Nothing stands in front of the first condition: an OR with one that never holds keeps SQLite from every index.
    parts = [_inside(place) for place in places]
    return Q(*parts, join_type="OR") if parts else Q(id__isnull=True)  # nobody sees nothing


def _inside(place: str) -> Q:
    if len(place) == 12:
        return Q(village=place)
    if len(place) == 9:
        return Q(town=place)
    # Digits order alike in every collation, so this range is the prefix, and can use an index.
    return Q(town__gte=place, town__lt=str(int(place) + 1))


def seen_inspections(who: Who) -> QuerySet[Inspection]:
    """Every inspection this person may see, void ones too."""
    return Inspection.filter(within(prefixes(who)))


async def seen_rounds(who: Who, round_id: UUID | None = None, limit: int = 60) -> list[Round]:
    """The rounds this person may see, newest first: their own place's, and those that reach a village of theirs.

    A planned round tells a village nothing before it begins: only its owner and its inspectors see it.
    `round_id`: only this one, to learn whether it is among them.
    """
    reach = prefixes(who)
    if not reach:
        return []
    ranges = [bound for place in reach for bound in (place, str(int(place) + 1))]
    inside = " OR ".join(["(a.village >= ? AND a.village < ?)"] * len(reach))
    owned = " OR ".join(["(r.owner >= ? AND r.owner < ?)"] * len(reach))
    one = " AND r.id = ?" if round_id else ""
    found = await rows(
        f"SELECT r.id FROM round r WHERE ({owned} OR EXISTS (SELECT 1 FROM assignment a"
        f" WHERE a.round_id = r.id AND a.stage <> 'withdrawn'"
        f" AND (a.person = ? OR (r.stage <> 'planned' AND ({inside}))))){one}"
        " ORDER BY r.opens DESC, r.id DESC LIMIT ?",
        *ranges, str(who.person if who.holds(INSPECTOR) else NOBODY), *ranges, *([str(round_id)] if round_id else []), limit,
    )  # fmt: skip
    return await Round.filter(id__in=[row["id"] for row in found]).order_by("-opens", "-id") if found else []


async def seen_round(who: Who, round_id: UUID) -> Round:
    """One round this person may see. Raises not_found for any other."""
    found = await seen_rounds(who, round_id)
    if not found:
        raise Problem("not_found")
    return found[0]


async def visits_of(found: Round, places: Sequence[str]) -> list[Visit]:
    """Every visit of a round inside the places, by town and village; a void one counts as not made. Eight queries."""
    known = await _villages(places)
    people: dict[tuple[str, str], list[UUID]] = {}
    for row in await Assignment.filter(round_id=found.id).exclude(stage="withdrawn").order_by("id").values():
        people.setdefault((row["village"], row["checklist"]), []).append(row["person"])
    done = {
        (row["village"], row["checklist_code"]): row
        for row in await Inspection.filter(round_id=found.id)
        .exclude(stage="void")
        .order_by("heard_at")
        .values(*_SHOWN)
    }
    there = {key: _there(row) for key, row in done.items()}
    titles = await person_titles({one for team in (*people.values(), *there.values()) for one in team})
    photos = await missing_photos([row["id"] for row in done.values()])
    decided = await settled(found.id)
    visits = []
    for village, checklist in sorted(people.keys() | done.keys()):
        if village not in known:
            continue
        name, town_name = known[village]
        going = there.get((village, checklist)) or people.get((village, checklist), [])
        team = [titles[person] for person in going if person in titles]
        visit = Visit(village, name, village[:9], town_name, checklist, team)
        if made := done.get((village, checklist)):
            _fill(visit, made, photos)
            visit.undecided = not decided.get(made["id"], True)
        visits.append(visit)
    return visits


def _there(row: Mapping[str, Any]) -> list[UUID]:
    """Who made the visit: the author, then the others on the sheet."""
    return list(dict.fromkeys([row["author"], *(UUID(str(one)) for one in row["inspectors"])]))


def _fill(visit: Visit, row: Mapping[str, Any], photos: Mapping[UUID, int]) -> None:
    visit.inspection = row["id"]
    visit.missing_photos = photos.get(row["id"], 0)
    for key in _SHOWN[3:-2]:
        setattr(visit, key, row[key])


async def _villages(places: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Name and town's name of every village inside the places."""
    towns = {town["code"]: town["name"] for town in await Town.all().values("code", "name")}
    return {
        row["code"]: (row["name"], towns[row["town"]])
        for row in await Village.all().values("code", "name", "town")
        if row["code"].startswith(tuple(places))
    }


async def person_titles(people: Iterable[UUID]) -> dict[UUID, str]:
    """What screens and paper call these people."""
    wanted = list(set(people))
    return {one.id: one.title for one in await Person.filter(id__in=wanted)} if wanted else {}


async def missing_photos(inspections: Iterable[UUID]) -> dict[UUID, int]:
    """How many announced photos of each inspection have not arrived; those with none are left out."""
    wanted = [str(one) for one in inspections]
    if not wanted:
        return {}
    found = await rows(
        "SELECT u.inspection, COUNT(DISTINCT p.id) AS n FROM photo_use u"
        " JOIN photo p ON p.id = u.photo_id"
        f" WHERE p.state = 'expected' AND u.inspection IN ({', '.join('?' * len(wanted))}) GROUP BY u.inspection",
        *wanted,
    )
    return {UUID(str(row["inspection"])): int(row["n"]) for row in found}


async def seen_inspection(who: Who, inspection_id: UUID) -> Inspection:
    """One inspection this person may see, its round with it. Raises not_found for any other."""
    found = await seen_inspections(who).select_related("round").get_or_none(id=inspection_id)
    if found is None:
        raise Problem("not_found")
    return found


async def whole_inspection(who: Who, inspection_id: UUID) -> WholeInspection:
    """One inspection with findings, photos and people; four queries. Raises not_found."""
    found = await seen_inspection(who, inspection_id)
    findings = await Finding.filter(inspection_id=found.id).order_by("item", "id")
    uses = await PhotoUse.filter(inspection=found.id).select_related("photo").order_by("id")
    people = {found.author, *(UUID(one) for one in found.inspectors)}
    return WholeInspection(
        found,
        found.round,
        findings,
        [UsedPhoto(use.photo, use.item, use.finding, use.role) for use in uses],
        await person_titles(people),
    )


async def previous_inspection(found: Inspection) -> Inspection | None:
    """The village's last visit by the same checklist before this one, in a round of the same owner, not void."""
    owner = (await Round.get(id=found.round_id)).owner  # type: ignore[attr-defined]
    return (
        await Inspection.filter(
            village=found.village, checklist_code=found.checklist_code, round__owner=owner,
            finished_at__lt=found.finished_at, stage__in=("submitted", "published"),
        )
        .exclude(round_id=found.round_id)  # type: ignore[attr-defined]
        .order_by("-finished_at")
        .first()
    )  # fmt: skip
