"""Tasks read one by one, and their figures told from them alone: what the database's own counting is held to."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from dispatch.rates import COUNTED, Figures, TaskRecord, counted, median_days
from dispatch.rates_asked import DONE, KEPT, LINKED, REVIEWS, Asking, moment
from villages.ground.database import rows


async def records(asking: Asking) -> list[TaskRecord]:
    """The tasks asked for, by deadline and id."""
    where, values = asking.where()
    tasks = await rows(
        "SELECT k.id, k.village, k.item, k.unit, k.stage, k.dispatched_at, k.deadline, k.closed_at, k.basis_gone,"
        f" k.reopened FROM task k WHERE {where} ORDER BY k.deadline, k.id",
        *values,
    )
    reviews = await rows(
        "SELECT r.task, r.verb FROM (SELECT s.task_id AS task, s.verb AS verb, ROW_NUMBER() OVER"
        " (PARTITION BY s.task_id ORDER BY s.rev, s.id) AS place FROM step s JOIN task k ON k.id = s.task_id"
        f" WHERE {DONE} AND {REVIEWS} AND {KEPT} AND {where}) r WHERE r.place = 1",
        *values,
    )
    links = await rows(f"SELECT k.id AS task FROM task k WHERE k.id IN ({LINKED}) AND {where}", *values)
    first = {str(row["task"]): row["verb"] != "reject" for row in reviews}
    linked = {str(row["task"]) for row in links}
    return [_record(row, first, linked) for row in tasks]


def _record(row: dict[str, Any], first: dict[str, bool], linked: set[str]) -> TaskRecord:
    key = str(row["id"])
    return TaskRecord(
        village=row["village"], item=row["item"], unit=row["unit"], stage=row["stage"],
        dispatched_at=moment(row["dispatched_at"]), deadline=moment(row["deadline"]),
        closed_at=moment(row["closed_at"]) if row["closed_at"] else None, basis_gone=bool(row["basis_gone"]),
        reopened=row["reopened"], linked=key in linked, first_pass=first.get(key), id=key,
    )  # fmt: skip


def figures(tasks: Iterable[TaskRecord], now: datetime) -> Figures:
    """The figures of these tasks at a moment."""
    listed = list(tasks)
    spans = [
        task.closed_at - task.dispatched_at
        for task in listed
        if COUNTED["closed"](task, now) and task.closed_at is not None
    ]
    return Figures(counted(((task, 1) for task in listed), now), median_days(spans))


def grouped(
    tasks: Iterable[TaskRecord], key: Callable[[TaskRecord], str], now: datetime
) -> dict[str, Figures]:
    """The figures of each group, in the order of their keys; a group without tasks is not there."""
    parts: dict[str, list[TaskRecord]] = {}
    for task in tasks:
        parts.setdefault(key(task), []).append(task)
    return {name: figures(part, now) for name, part in sorted(parts.items())}
