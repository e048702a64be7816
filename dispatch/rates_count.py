"""Figures of any number of tasks, counted where the rows are: two statements, and no task is brought here.

The rules stay in `rates.py`: the database says only how many tasks are alike in all that a figure asks, and one record
stands for each lot. A test holds the result equal to the figures of the same tasks read one by one.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tortoise import connections

from dispatch.rates import Figures, TaskRecord, counted, median_days
from dispatch.rates_read import DONE, KEPT, LINKED, REVIEWS, Asking, moment
from dispatch.stages import CLOSED
from villages.ground.database import rows, stored

# What the tasks may be grouped by, in SQL: (SQLite, PostgreSQL) where the two differ.
_KEYS: dict[str, str | tuple[str, str]] = {
    "town": "k.town", "village": "k.village", "item": "k.item", "unit": "k.unit",
    "month": (
        "strftime('%Y-%m', k.dispatched_at, '+8 hours')",
        "to_char(k.dispatched_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM')",
    ),
}  # fmt: skip
_SPAN = ("julianday(k.closed_at) - julianday(k.dispatched_at)", "k.closed_at - k.dispatched_at")
_FIRST = (
    f"(SELECT CASE WHEN s.verb = 'reject' THEN 0 ELSE 1 END FROM step s WHERE s.task_id = k.id AND {DONE} AND {REVIEWS}"
    f" AND {KEPT} ORDER BY s.rev, s.id LIMIT 1)"
)
_ALL = 1_000_000_000  # a LIMIT keeps SQLite from reckoning a column again for each place that names it


async def figures_by(asking: Asking, by: str, now: datetime) -> tuple[dict[str, Figures], Figures, int]:
    """The figures by town, village, item, unit or month (`by`), in the order of their keys; of all; how many tasks."""
    where, values = asking.where()
    lots = await rows(
        "SELECT key, stage, gone, due, ended, again, linked, first, COUNT(*) AS number FROM ("
        f"SELECT {_said(_KEYS[by])} AS key, k.stage AS stage, k.basis_gone AS gone, k.deadline <= ? AS due,"
        " CASE WHEN k.closed_at IS NULL THEN 0 WHEN k.closed_at <= k.deadline THEN 1 ELSE 2 END AS ended,"
        f" k.reopened > 0 AS again, k.id IN ({LINKED}) AS linked, {_FIRST} AS first FROM task k WHERE {where}"
        f" LIMIT {_ALL}) t GROUP BY key, stage, gone, due, ended, again, linked, first",
        stored(now), *values,
    )  # fmt: skip
    parts: dict[str, list[tuple[TaskRecord, int]]] = {}
    for lot in lots:
        parts.setdefault(lot["key"], []).append((_one_of(lot, now), lot["number"]))
    spans, of_all = await _middles(where, values, _said(_KEYS[by]))
    found = {
        key: Figures(counted(part, now), median_days(spans.get(key, [])))
        for key, part in sorted(parts.items())
    }
    whole = counted((one for part in parts.values() for one in part), now)
    return found, Figures(whole, median_days(of_all)), sum(lot["number"] for lot in lots)


def _said(both: str | tuple[str, str]) -> str:
    if isinstance(both, str):
        return both
    return both[0 if connections.get("reader").capabilities.dialect == "sqlite" else 1]


def _one_of(lot: dict[str, Any], now: datetime) -> TaskRecord:
    """A task that is like all of its lot in whatever a figure asks."""
    deadline = now if lot["due"] else now + timedelta(days=1)
    one = TaskRecord(
        village="", item="", unit="", stage=lot["stage"], dispatched_at=now, deadline=deadline,
        basis_gone=bool(lot["gone"]), reopened=int(lot["again"]), linked=bool(lot["linked"]),
        first_pass=None if lot["first"] is None else bool(lot["first"]),
    )  # fmt: skip
    late = timedelta(seconds=lot["ended"] - 1)
    return replace(one, closed_at=deadline + late) if lot["ended"] else one


async def _middles(
    where: str, values: list[Any], key: str
) -> tuple[dict[str, list[timedelta]], list[timedelta]]:
    """From dispatch to closing of the one or two tasks in the middle, by key and of all."""
    span = _said(_SPAN)
    found = await rows(
        "SELECT key, begun, ended, place, number, place_all, number_all FROM ("
        f"SELECT {key} AS key, k.dispatched_at AS begun, k.closed_at AS ended,"
        f" ROW_NUMBER() OVER (PARTITION BY {key} ORDER BY {span}) AS place, COUNT(*) OVER (PARTITION BY {key}) AS number,"
        f" ROW_NUMBER() OVER (ORDER BY {span}) AS place_all, COUNT(*) OVER () AS number_all"
        f" FROM task k WHERE {where} AND k.stage = '{CLOSED}' AND k.closed_at IS NOT NULL AND NOT k.basis_gone) m"
        " WHERE place IN ((number + 1) / 2, (number + 2) / 2)"
        " OR place_all IN ((number_all + 1) / 2, (number_all + 2) / 2)",
        *values,
    )
    spans: dict[str, list[timedelta]] = {}
    of_all: list[timedelta] = []
    for row in found:
        took = moment(row["ended"]) - moment(row["begun"])
        if row["place"] in _middle(row["number"]):
            spans.setdefault(row["key"], []).append(took)
        if row["place_all"] in _middle(row["number_all"]):
            of_all.append(took)
    return spans, of_all


def _middle(number: int) -> tuple[int, int]:
    return (number + 1) // 2, (number + 2) // 2
