"""Figures that need tasks: the values a checklist takes from the system."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from dispatch.rates import HUNDREDTH, Rate
from dispatch.stages import CANCELLED, CLOSED, DEFERRED
from inspections.models import Inspection
from villages.ground import clock
from villages.ground.database import look, stored

YEAR = timedelta(days=365)
AUTO_SOURCES = ("task_on_time_rate_last_round", "task_on_time_rate_12m", "avg_re_score_12m")


async def auto_values(
    village: str, round_id: UUID, items: Mapping[str, str], *, checklist: str, now: datetime | None = None
) -> dict[str, Decimal | None]:
    """The value of each auto item, by its source: `{item: auto_source}` → per cent or points, to 0.01.

    None where there is no denominator. Raises ValueError for a source that nobody computes.
    `checklist` is the code of the checklist that asks, for "the last round".
    """
    moment = now or clock.now()
    unknown = set(items.values()) - set(AUTO_SOURCES)
    if unknown:
        raise ValueError(f"auto sources that nobody computes: {sorted(unknown)}")
    found: dict[str, Decimal | None] = {}
    for source in sorted(set(items.values())):
        if source == "avg_re_score_12m":
            found[source] = await _average_score(village, round_id, moment)
        elif source == "task_on_time_rate_12m":
            found[source] = await _on_time("deadline > ?", [stored(moment - YEAR)], village, moment)
        else:
            last = await _last_visits(village, round_id, checklist)
            which = f"inspection IN ({', '.join('?' * len(last))})"
            found[source] = await _on_time(which, last, village, moment) if last else None
    return {item: found[source] for item, source in items.items()}


async def _on_time(which: str, values: Sequence[Any], village: str, now: datetime) -> Decimal | None:
    """按期整改率 in per cent: `rates.RATES["on_time_rate"]`, counted where the rows are. A test holds the two equal."""
    found = await look(
        "SELECT COUNT(*) AS due, COUNT(CASE WHEN stage = ? AND closed_at <= deadline THEN 1 END) AS met FROM task"
        f" WHERE village = ? AND deadline <= ? AND NOT basis_gone AND stage NOT IN (?, ?) AND {which}",
        CLOSED, village, stored(now), DEFERRED, CANCELLED, *values,
    )  # fmt: skip
    return Rate(found[0]["met"], found[0]["due"]).per_cent


async def _last_visits(village: str, round_id: UUID, checklist: str) -> list[str]:
    """The village's inspections in the latest earlier round of the same checklist and the same owner."""
    # Rounds from the newest back, until one holds a visit: they are few, while a village's visits are many and each
    # lies on pages of its own. The inner LIMIT is what makes SQLite go in that order and stop.
    visit = "i.village = ? AND i.checklist_code = ? AND i.stage <> 'void'"
    found = await look(
        f"SELECT i.id FROM inspection i WHERE {visit} AND i.round_id = (SELECT e.id FROM"
        " (SELECT r.id FROM round r JOIN round p ON p.id = ? WHERE r.owner = p.owner AND r.opens < p.opens"
        " ORDER BY r.opens DESC, r.rev DESC LIMIT 1000) e"
        f" WHERE EXISTS (SELECT 1 FROM inspection i WHERE i.round_id = e.id AND {visit}) LIMIT 1)",
        village, checklist, str(round_id), village, checklist,
    )  # fmt: skip
    return [str(row["id"]) for row in found]


async def _average_score(village: str, round_id: UUID, now: datetime) -> Decimal | None:
    """Mean of the village's published RE scores of the last 12 months; towns' own rounds do not count."""
    owner = village[:6]
    visits = await (
        Inspection.filter(
            village=village, checklist_code="RE", stage="published", score__isnull=False,
            heard_at__gt=now - YEAR, round__owner=owner,
        )
        .exclude(round_id=round_id)
        .values("score")
    )  # fmt: skip
    if not visits:
        return None
    together: Decimal = sum((visit["score"] for visit in visits), Decimal(0))
    return (together / len(visits)).quantize(HUNDREDTH, ROUND_HALF_UP)
