"""The counts that the database keeps, held against the tasks themselves, reckoned in plain Python."""

import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dispatch.stages import OPEN
from villages.ground.database import rows

MARKS = ("asked", "supervised", "raised", "proposed", "sweeping")
_TASKS = "SELECT town, stage, deadline, asked_until, supervised, rung, rung_for, supervised_for, sweep_until FROM task"
_COUNTS = f"SELECT town, stage, day, number, {', '.join(MARKS)} FROM task_count"


def _marks(task: dict[str, Any]) -> dict[str, bool]:
    told = task["rung"] if task["rung_for"] == task["deadline"] else 0
    return {
        "asked": task["asked_until"] is not None,
        "supervised": task["supervised"] > 0,
        "raised": told >= 4,
        "proposed": told >= 3 and task["supervised_for"] != task["deadline"],
        "sweeping": task["sweep_until"] is not None,
    }


def _same(tasks: list[dict[str, Any]], counts: list[dict[str, Any]]) -> None:
    found: Counter[tuple[str, ...]] = Counter()
    for task in tasks:
        at = task["deadline"]
        day = (datetime.fromisoformat(at) if isinstance(at, str) else at).astimezone(UTC).date().isoformat()
        key = (task["town"], task["stage"], day if task["stage"] in OPEN else "")
        found[*key, "number"] += 1
        found.update((*key, name) for name, stands in _marks(task).items() if stands)
    kept = Counter(
        {(c["town"], c["stage"], c["day"], name): c[name] for c in counts for name in ("number", *MARKS)}
    )
    assert +kept == found and min(kept.values(), default=0) >= 0, (+kept - found, found - kept)
    assert all(count["number"] for count in counts), "a row that counts nothing stays for ever"


async def counts_hold() -> None:
    """Raises AssertionError where a kept count of the open database is not that of its tasks."""
    _same(await rows(_TASKS), await rows(_COUNTS))


def counts_hold_in(file: Path) -> None:
    """The same of a database file, whoever has it open."""
    with closing(sqlite3.connect(file)) as raw:
        raw.row_factory = sqlite3.Row
        _same(*([dict(row) for row in raw.execute(text)] for text in (_TASKS, _COUNTS)))
