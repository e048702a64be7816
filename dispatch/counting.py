"""How many tasks there are, by town or village, by stage, and of what stands beside a stage: the numbers of the boards.

Each number is a count of neighbours in an index, asked for place by place and stage by stage: no task is read for it. A
plain GROUP BY over the same rows costs ten times as much, and every look at a board would pay it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tortoise.expressions import Q
from tortoise.functions import Count

from dispatch.deadlines import SOON
from dispatch.escalation import RAISE
from dispatch.models import MARKED_TASKS, Task
from dispatch.queries import within
from dispatch.stages import OPEN, STAGES
from villages.ground import clock
from villages.ground.database import rows, stored

_TOWN = 9  # digits
# Of each stage whether its tasks can be late: what is closed is counted and no more.
_STAGES = ", ".join(f"('{stage}', {int(stage in OPEN)})" for stage in STAGES)
_IN_OPEN = ", ".join(f"'{stage}'" for stage in sorted(OPEN))


@dataclass
class Counts:
    """Tasks of one place: how many at each stage, how many open, overdue, due within 24 hours."""

    stages: dict[str, int] = field(default_factory=dict)
    open: int = 0
    overdue: int = 0
    due_soon: int = 0

    def add(self, stage: str, number: int, late: int, soon: int) -> None:
        """Add tasks of one stage."""
        self.stages[stage] = self.stages.get(stage, 0) + number
        if stage in OPEN:
            self.open += number
            self.overdue += late
            self.due_soon += soon


@dataclass(frozen=True)
class Marks:
    """Of the open tasks: with an extension asked, pressed, raised; of all tasks those whose 举一反三 waits for an answer."""

    asked: int
    supervised: int
    raised: int
    sweeping: int


async def counts_by_stage(
    places: Iterable[str], units: Iterable[str] = (), *, by: str = "town", now: datetime | None = None
) -> dict[str, Counts]:
    """Counts per town or village code inside the places (6, 9 or 12 digits) or of the units; a query for each kind.

    `by` is "town" or "village". Places without tasks are left out.
    """
    moment, places, units = now or clock.now(), tuple(places), tuple(units)
    found: dict[str, Counts] = {}
    for row in await _of_places(places, by, moment) if places else []:
        if row["number"]:
            code = row["code"][:_TOWN] if by == "town" else row["code"]
            found.setdefault(code, Counts()).add(row["stage"], row["number"], row["late"], row["soon"])
    for row in await _of_units(units, places, by, moment) if units else []:
        found.setdefault(row[by], Counts()).add(row["stage"], row["number"], row["late"], row["soon"])
    return found


async def _of_places(places: Sequence[str], by: str, now: datetime) -> list[dict[str, Any]]:
    """By towns where the places are whole towns and no village is asked for, else by villages."""
    table = "village" if by == "village" or any(len(place) > _TOWN for place in places) else "town"
    these = f"SELECT COUNT(*) FROM task k WHERE k.{table} = p.code AND k.stage = s.stage"
    where = " OR ".join(["p.code >= ? AND p.code < ?"] * len(places))
    moments = [stored(now), stored(now), stored(now + SOON)]
    return await rows(
        f"WITH s (stage, runs) AS (VALUES {_STAGES})"
        f" SELECT p.code AS code, s.stage AS stage, ({these}) AS number,"
        f" CASE WHEN s.runs = 1 THEN ({these} AND k.deadline < ?) ELSE 0 END AS late,"
        f" CASE WHEN s.runs = 1 THEN ({these} AND k.deadline >= ? AND k.deadline <= ?) ELSE 0 END AS soon"
        f" FROM {table} p CROSS JOIN s WHERE {where}",
        *moments, *(end for place in places for end in (place, str(int(place) + 1))),
    )  # fmt: skip


async def _of_units(
    units: Sequence[str], places: Sequence[str], by: str, now: datetime
) -> list[dict[str, Any]]:
    """What lies with the units outside the places. A department has few beside a district's: these are read."""
    query = Task.filter(unit__in=units)
    found: list[dict[str, Any]] = await (
        (query.exclude(within(places)) if places else query)
        .annotate(
            number=Count("deadline"),
            late=Count("deadline", _filter=Q(deadline__lt=now)),
            soon=Count("deadline", _filter=Q(deadline__gte=now, deadline__lte=now + SOON)),
        )
        .group_by(by, "stage")
        .values(by, "stage", "number", "late", "soon")
    )
    return found


async def marks(places: Iterable[str], units: Iterable[str] = ()) -> Marks:
    """The marks inside the places or of the units; one query over the tasks that have any."""
    parts, values = [], []
    for place in places:
        parts.append("village >= ? AND village < ?")  # of codes alike in length, so this is the prefix
        values += [place, str(int(place) + 1)]
    for unit in units:
        parts.append("unit = ?")
        values.append(unit)
    if not parts:
        return Marks(0, 0, 0, 0)
    runs = f"stage IN ({_IN_OPEN})"
    found = await rows(
        f"SELECT COUNT(CASE WHEN {runs} AND asked_until IS NOT NULL THEN 1 END) AS asked,"
        f" COUNT(CASE WHEN {runs} AND supervised > 0 THEN 1 END) AS supervised,"
        f" COUNT(CASE WHEN {runs} AND rung >= {RAISE} AND rung_for = deadline THEN 1 END) AS raised,"
        f" COUNT(sweep_until) AS sweeping FROM task WHERE ({' OR '.join(parts)}) AND ({MARKED_TASKS})",
        *values,
    )
    return Marks(**found[0])
