"""How many tasks there are, by town or village, by stage, and of what stands beside a stage: the numbers of the boards.

Of whole towns the database keeps the counts itself (`TaskCount`), by the day of the deadline; only what is due today is
counted, as neighbours in an index. Elsewhere each number is a count of neighbours in an index, asked for place by place
and stage by stage: no task is read for it. A plain GROUP BY over the same rows costs ten times as much.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from dispatch.deadlines import SOON
from dispatch.escalation import RAISE
from dispatch.models import MARKED_TASKS
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

    asked: int = 0
    supervised: int = 0
    raised: int = 0
    sweeping: int = 0


async def counts_by_stage(
    places: Iterable[str], units: Iterable[str] = (), *, by: str = "town", now: datetime | None = None
) -> dict[str, Counts]:
    """Counts per town or village code inside the places (6, 9 or 12 digits), and per unit of what lies with the units
    outside them; a query for each kind.

    `by` is "town" or "village". What has no tasks is left out.
    """
    moment, places, units = now or clock.now(), tuple(places), tuple(units)
    found: dict[str, Counts] = {}
    for row in await _of_places(places, by, moment) if places else []:
        if row["number"]:
            code = row["code"][:_TOWN] if by == "town" else row["code"]
            found.setdefault(code, Counts()).add(row["stage"], row["number"], row["late"], row["soon"])
    for row in await _of_units(units, places, moment) if units else []:
        if row["number"]:
            found.setdefault(row["code"], Counts()).add(row["stage"], row["number"], row["late"], row["soon"])
    return found


async def _of_places(places: Sequence[str], by: str, now: datetime) -> list[dict[str, Any]]:
    """From the kept counts where the places are whole towns and no village is asked for, else village by village."""
    if by == "town" and _whole(places):
        return await _kept(places, now)
    where, ends = _inside("code", places)
    return await _neighbours(f"SELECT code FROM village WHERE {where}", ends, "k.village = p.code", [], now)


async def _of_units(units: Sequence[str], places: Sequence[str], now: datetime) -> list[dict[str, Any]]:
    """What lies with the units outside the places; where there are places, the units' tasks are read for it."""
    inside, ends = _inside("k.village", places)
    listed = ", ".join(["(?)"] * len(units))
    these = f"k.unit = p.code AND NOT ({inside})" if places else "k.unit = p.code"
    return await _neighbours(f"VALUES {listed}", units, these, ends, now)


async def _neighbours(
    codes: str, given: Sequence[str], these: str, ends: Sequence[str], now: datetime
) -> list[dict[str, Any]]:
    """Of each code and stage how many tasks, late, due soon: `these` are a code's, neighbours in an index by stage."""
    count = f"SELECT COUNT(*) FROM task k WHERE {these} AND k.stage = s.stage"
    return await rows(
        f"WITH s (stage, runs) AS (VALUES {_STAGES}), p (code) AS ({codes})"
        f" SELECT p.code AS code, s.stage AS stage, ({count}) AS number,"
        f" CASE WHEN s.runs = 1 THEN ({count} AND k.deadline < ?) ELSE 0 END AS late,"
        f" CASE WHEN s.runs = 1 THEN ({count} AND k.deadline >= ? AND k.deadline <= ?) ELSE 0 END AS soon"
        " FROM p CROSS JOIN s",
        *given, *ends, *ends, stored(now), *ends, stored(now), stored(now + SOON),
    )  # fmt: skip


async def _kept(places: Sequence[str], now: datetime) -> list[dict[str, Any]]:
    """From the kept counts: late are all days before this one, and what of this day is over."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    these = "SELECT COUNT(*) FROM task k WHERE k.town = c.code AND k.stage = c.stage"
    where, ends = _inside("town", places)
    return await rows(
        f"WITH c AS (SELECT town AS code, stage, SUM(number) AS number, SUM(CASE WHEN day <> '' AND day < ?"
        f" THEN number ELSE 0 END) AS late FROM task_count WHERE {where} GROUP BY town, stage)"
        f" SELECT code, stage, number, CASE WHEN stage IN ({_IN_OPEN}) THEN"
        f" late + ({these} AND k.deadline >= ? AND k.deadline < ?) ELSE 0 END AS late,"
        f" CASE WHEN stage IN ({_IN_OPEN}) THEN"
        f" ({these} AND k.deadline >= ? AND k.deadline <= ?) ELSE 0 END AS soon FROM c",
        today.date().isoformat(), *ends, stored(today), stored(now), stored(now), stored(now + SOON),
    )  # fmt: skip


def _whole(places: Sequence[str]) -> bool:
    return all(len(place) <= _TOWN for place in places)


def _inside(column: str, places: Sequence[str]) -> tuple[str, list[str]]:
    """The condition for codes alike in length inside any of the places, as ranges of prefixes, and its values."""
    text = " OR ".join([f"{column} >= ? AND {column} < ?"] * len(places))
    return text, [end for place in places for end in (place, str(int(place) + 1))]


async def marks(places: Iterable[str], units: Iterable[str] = ()) -> Marks:
    """The marks inside the places or of the units; one query, over kept counts or over the tasks that have any."""
    places, units = tuple(places), tuple(units)
    if not places and not units:
        return Marks()
    runs = f"stage IN ({_IN_OPEN})"
    if not units and _whole(places):
        where, values = _inside("town", places)
        sums = ", ".join(
            f"COALESCE(SUM(CASE WHEN {runs} THEN {name} END), 0) AS {name}" for name in ("asked", "supervised", "raised")
        )  # fmt: skip
        found = await rows(
            f"SELECT {sums}, COALESCE(SUM(sweeping), 0) AS sweeping FROM task_count WHERE {where}", *values
        )
        return Marks(**found[0])
    inside, values = _inside("village", places)
    parts = [*([inside] if places else []), *["unit = ?"] * len(units)]
    found = await rows(
        f"SELECT COUNT(CASE WHEN {runs} AND asked_until IS NOT NULL THEN 1 END) AS asked,"
        f" COUNT(CASE WHEN {runs} AND supervised > 0 THEN 1 END) AS supervised,"
        f" COUNT(CASE WHEN {runs} AND rung >= {RAISE} AND rung_for = deadline THEN 1 END) AS raised,"
        f" COUNT(sweep_until) AS sweeping FROM task WHERE ({' OR '.join(parts)}) AND ({MARKED_TASKS})",
        *values, *units,
    )  # fmt: skip
    return Marks(**found[0])


async def proposals(district: str) -> int:
    """How many late tasks wait for a letter: the length of `letters.proposed`."""
    where, values = _inside("town", [district])
    found = await rows(
        f"SELECT COALESCE(SUM(proposed), 0) AS n FROM task_count WHERE ({where}) AND stage IN ({_IN_OPEN})",
        *values,
    )
    return int(found[0]["n"])
