"""Tasks as a person may see them: by the places of their posts, or as the unit of a line department."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise.expressions import F, Q
from tortoise.queryset import QuerySet

from dispatch.deadlines import SOON
from dispatch.escalation import RAISE
from dispatch.models import Step, Task, TaskPhoto
from dispatch.stages import OPEN
from inspections.models import Photo
from villages.ground import clock
from villages.permissions import Who, departments, prefixes

ORDERS = {
    "deadline": ("deadline", "id"),
    "newest": ("-dispatched_at", "-id"),
    "village": ("village", "deadline", "id"),
    "changed": ("-rev", "id"),
}

# What stands beside a stage, as a list can be asked for it.
MARKED = {
    "asked": Q(asked_until__isnull=False),
    "supervised": Q(supervised__gt=0),
    "reopened": Q(reopened__gt=0),
    "rejected": Q(rejected__gt=0),
    "basis_gone": Q(basis_gone=True),
    "raised": Q(rung__gte=RAISE, rung_for=F("deadline")),
    "sweeping": Q(sweep_until__isnull=False),
}


@dataclass(frozen=True)
class ShownPhoto:
    """A task's photo with what is known of its bytes. `state`: expected, stored, waived."""

    id: UUID
    sha256: str
    role: str  # before, after, similar
    pairs: UUID | None
    step: UUID | None
    state: str
    has_preview: bool
    taken_at: datetime | None = None
    position: tuple[float, float] | None = None  # latitude, longitude in WGS-84 degrees
    seen_before: bool = (
        False  # the same bytes were shown before, on another task or a visit (`shown_before.mark_reused`)
    )
    twin: UUID | None = None  # that other task, where whoever looks may see it


def within(places: Iterable[str], units: Iterable[str] = ()) -> Q:
    """The condition for tasks of villages inside any of the places (6, 9 or 12 digits), or of any of the units."""
    # Nothing stands in front of the first condition: an OR with one that never holds keeps SQLite from every index.
    parts = [_inside(place) for place in places]
    units = tuple(units)
    if units:
        parts.append(Q(unit__in=units))
    return Q(*parts, join_type="OR") if parts else Q(id__isnull=True)  # nobody sees nothing


def _inside(place: str) -> Q:
    if len(place) == 12:
        return Q(village=place)
    if len(place) == 9:
        return Q(town=place)
    # Digits order alike in every collation, so this range is the prefix, and can use an index.
    return Q(town__gte=place, town__lt=str(int(place) + 1))


def seen_by(who: Who) -> QuerySet[Task]:
    """Every task this person may see."""
    return Task.filter(within(prefixes(who), departments(who)))


async def visible_task(who: Who, task_id: UUID) -> Task | None:
    """The task, if this person may see it."""
    return await seen_by(who).get_or_none(id=task_id)


async def task_list(
    who: Who, *, stage: str | None = None, overdue: bool | None = None, due_soon: bool | None = None,
    village: str | None = None, town: str | None = None, unit: str | None = None,
    order: str = "deadline", limit: int = 50, offset: int = 0,
) -> list[Task]:  # fmt: skip
    """A page of what this person may see. `stage` may be "open"; `order` is a key of ORDERS."""
    query = filtered(
        who, stage=stage, overdue=overdue, due_soon=due_soon, village=village, town=town, unit=unit
    )
    return await query.order_by(*ORDERS[order]).offset(offset).limit(limit)


def filtered(
    who: Who, *, stage: str | None = None, overdue: bool | None = None, due_soon: bool | None = None,
    village: str | None = None, town: str | None = None, unit: str | None = None, mark: str | None = None,
    item: str | None = None,
) -> QuerySet[Task]:  # fmt: skip
    """The query behind `task_list`, to count or to page through. `mark` is a key of MARKED."""
    query = seen_by(who)
    now = clock.now()
    if stage == "open":
        query = query.filter(stage__in=sorted(OPEN))
    elif stage:
        query = query.filter(stage=stage)
    if overdue is not None:
        late = Q(stage__in=sorted(OPEN), deadline__lt=now)
        query = query.filter(late if overdue else ~late)
    if due_soon is not None:
        soon = Q(stage__in=sorted(OPEN), deadline__gte=now, deadline__lte=now + SOON)
        query = query.filter(soon if due_soon else ~soon)
    if mark:
        query = query.filter(MARKED[mark])
    for column, value in (("village", village), ("town", town), ("unit", unit), ("item", item)):
        if value:
            query = query.filter(**{column: value})
    return query


async def steps_of(task_ids: Iterable[UUID]) -> dict[UUID, list[Step]]:
    """The history of each task, oldest first; tasks of the caller's own reach only."""
    wanted = list(task_ids)
    found: dict[UUID, list[Step]] = {task: [] for task in wanted}
    for step in await Step.filter(task_id__in=wanted).order_by("rev", "id") if wanted else []:
        found[step.task_id].append(step)  # type: ignore[attr-defined]
    return found


async def photos_of(task_ids: Iterable[UUID]) -> dict[UUID, list[ShownPhoto]]:
    """The photos of each task in the order they came, with the state of their bytes; two queries."""
    wanted = list(task_ids)
    found: dict[UUID, list[ShownPhoto]] = {task: [] for task in wanted}
    links = await TaskPhoto.filter(task_id__in=wanted).order_by("id") if wanted else []
    rows = await Photo.filter(id__in={link.photo for link in links}).values(
        "id", "state", "has_preview", "taken_at", "position"
    )
    known = {row["id"]: row for row in rows}
    for link in links:
        photo = known.get(link.photo, {"state": "expected"})
        shown = ShownPhoto(
            link.photo,
            link.sha256,
            link.role,
            link.pairs,
            link.step,
            photo["state"],
            bool(photo.get("has_preview")),
            photo.get("taken_at"),
            _point(photo.get("position")),
        )
        found[link.task_id].append(shown)  # type: ignore[attr-defined]
    return found


def _point(position: Any) -> tuple[float, float] | None:
    if not isinstance(position, dict) or "lat" not in position or "lng" not in position:
        return None
    return float(position["lat"]), float(position["lng"])
