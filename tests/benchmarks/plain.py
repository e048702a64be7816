"""What SQLite alone would take: the rows of submissions that are in, inserted again without any of our code."""

import sqlite3
import time
from pathlib import Path
from typing import Any

# Table → which of its rows belong to the inspection `?` (parents first).
_ROWS = {
    "inspection": "id = :inspection",
    "finding": "inspection_id = :inspection",
    "photo": "id IN (SELECT photo_id FROM photo_use WHERE inspection = :inspection)",
    "photo_use": "inspection = :inspection",
    "task": "inspection = :inspection",
    "step": "task_id IN (SELECT id FROM task WHERE inspection = :inspection)",
    "task_photo": "task_id IN (SELECT id FROM task WHERE inspection = :inspection)",
    "command": "rev = :rev",
    "change": "rev = :rev",
    "change_body": "id = (SELECT id FROM change WHERE rev = :rev)",
}
_Statements = list[tuple[str, list[tuple[Any, ...]]]]


def rate(filled: Path, empty: Path, *, blocks: int) -> tuple[float, list[float]]:
    """Submissions a second, and CPU seconds of one in each of some blocks: a transaction each, WAL, synchronous=FULL,
    foreign keys on, one thread."""
    work = _submissions(filled)
    base = sqlite3.connect(empty / "xuncun.db", isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-16000"):
        base.execute(f"PRAGMA {pragma}")
    spent: list[float] = []
    begun, size = time.perf_counter(), -(-len(work) // blocks)
    for start in range(0, len(work), size):
        block, cpu = work[start : start + size], time.process_time()
        for statements in block:
            base.execute("BEGIN IMMEDIATE")
            for text, values in statements:
                base.executemany(text, values)
            base.execute("COMMIT")
        spent.append((time.process_time() - cpu) / len(block))
    took = time.perf_counter() - begun
    base.close()
    return len(work) / took, spent


def _submissions(filled: Path) -> list[_Statements]:
    base = sqlite3.connect(filled / "xuncun.db")
    found = base.execute("SELECT id, rev FROM inspection ORDER BY rev").fetchall()
    work = [_rows(base, {"inspection": inspection, "rev": rev}) for inspection, rev in found]
    base.close()
    return work


def _rows(base: sqlite3.Connection, which: dict[str, Any]) -> _Statements:
    made: _Statements = []
    for table, where in _ROWS.items():
        rows = base.execute(f'SELECT * FROM "{table}" WHERE {where}', which).fetchall()
        if rows:
            made.append((f'INSERT INTO "{table}" VALUES ({", ".join("?" * len(rows[0]))})', rows))
    return made
