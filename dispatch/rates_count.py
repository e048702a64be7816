"""Figures of any number of tasks, and the lists behind them, where the rows are: two statements each.

The rules stay in `rates.py`: the database says only how many tasks are alike in all that a figure asks, and one record
stands for each lot. A test holds the result equal to the figures of the same tasks read one by one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tortoise import connections

from dispatch.rates import COUNTED, Figures, TaskRecord, counted, median_days
from dispatch.rates_asked import DONE, KEPT, LINKED, REVIEWS, Asking, moment
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


@dataclass(frozen=True)
class Listed:
    """A page of tasks by their ids; `page` is the nearest there is to the one that was asked for."""

    total: int
    page: int
    pages: int
    ids: list[str]


async def figures_by(asking: Asking, by: str, now: datetime) -> tuple[dict[str, Figures], Figures, int]:
    """The figures by town, village, item, unit or month (`by`), in the order of their keys; of all; how many tasks."""
    where, values = asking.where()
    lots = await _lots(asking, by, now)
    parts: dict[str, list[tuple[TaskRecord, int]]] = {}
    for key, lot, number in lots:
        parts.setdefault(key, []).append((_one_of(lot, now), number))
    spans, of_all = await _middles(where, values, _said(_KEYS[by]))
    found = {
        key: Figures(counted(part, now), median_days(spans.get(key, [])))
        for key, part in sorted(parts.items())
    }
    whole = counted((one for part in parts.values() for one in part), now)
    return found, Figures(whole, median_days(of_all)), sum(number for _, _, number in lots)


async def listed(asking: Asking, by: str, of: str, part: str, now: datetime, page: int, most: int) -> Listed:
    """One page of the tasks that a figure counts (`part`, of COUNTED), of the group `of` or of all, by deadline."""
    narrow = asking.inside(by, of)
    inside = COUNTED[part]
    lots = [
        (lot, number)
        for key, lot, number in await _lots(narrow, by, now)
        if (not of or key == of) and inside(_one_of(lot, now), now)
    ]
    total = sum(number for _, number in lots)
    pages = max(1, -(-total // most))
    page = min(max(1, page), pages)
    wanted = sorted({lot for lot, _ in lots})
    text, values = _by_lot(narrow, by, now)
    found = await rows(
        f"SELECT id FROM ({text}) t WHERE lot IN ({', '.join('?' * len(wanted)) or 'NULL'})"
        f"{' AND key = ?' if of else ''} ORDER BY deadline, id LIMIT ? OFFSET ?",
        *values, *wanted, *([of] if of else []), most, (page - 1) * most,
    )  # fmt: skip
    return Listed(total, page, pages, [str(row["id"]) for row in found])


async def _lots(asking: Asking, by: str, now: datetime) -> list[tuple[str, str, int]]:
    """(group, lot, how many)"""
    text, values = _by_lot(asking, by, now)
    found = await rows(f"SELECT key, lot, COUNT(*) AS number FROM ({text}) t GROUP BY key, lot", *values)
    return [(row["key"], row["lot"], row["number"]) for row in found]


def _by_lot(asking: Asking, by: str, now: datetime) -> tuple[str, list[Any]]:
    """Each task with its group and its lot: the stage, then a digit for whatever else a figure asks (`_one_of`)."""
    where, values = asking.where()
    digits = (
        "CASE WHEN k.basis_gone THEN 1 ELSE 0 END", "CASE WHEN k.deadline <= ? THEN 1 ELSE 0 END",
        "CASE WHEN k.closed_at IS NULL THEN 0 WHEN k.closed_at <= k.deadline THEN 1 ELSE 2 END",
        "CASE WHEN k.reopened > 0 THEN 1 ELSE 0 END", f"CASE WHEN k.id IN ({LINKED}) THEN 1 ELSE 0 END",
        f"COALESCE({_FIRST}, 2)",
    )  # fmt: skip
    text = (
        f"SELECT k.id AS id, k.deadline AS deadline, {_said(_KEYS[by])} AS key, k.stage || ':' || {' || '.join(digits)} AS lot"
        f" FROM task k WHERE {where} LIMIT {_ALL}"
    )
    return text, [stored(now), *values]


def _said(both: str | tuple[str, str]) -> str:
    if isinstance(both, str):
        return both
    return both[0 if connections.get("reader").capabilities.dialect == "sqlite" else 1]


def _one_of(lot: str, now: datetime) -> TaskRecord:
    """A task that is like all of its lot in whatever a figure asks."""
    stage, _, digits = lot.partition(":")
    gone, due, ended, again, linked, first = (int(digit) for digit in digits)
    deadline = now if due else now + timedelta(days=1)
    return TaskRecord(
        village="", item="", unit="", stage=stage, dispatched_at=now, deadline=deadline,
        closed_at=deadline + timedelta(seconds=ended - 1) if ended else None, basis_gone=bool(gone), reopened=again,
        linked=bool(linked), first_pass=None if first == 2 else bool(first),
    )  # fmt: skip


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
