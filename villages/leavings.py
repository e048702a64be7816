"""Rows that leave a scope of the feed while its holders stay in it.

A synced row is never deleted, but what a scope is made of can change: a task goes to another department, a round
moves from its inspectors to everybody, a photo comes home to its village. The tablets of those who lose sight of it
are told by its `Leaving`, with the number of the change that did it. Whoever writes one need not know whether
something else keeps the row in the scope: the feed tells only of what is no longer there.
"""

from collections.abc import Iterable

from villages.changes import Line
from villages.models import Leaving


def leave(line: Line, scope: str, kind: str, ids: Iterable[object]) -> None:
    """Say that rows of a kind may have left a scope (`u:<person>`, `d:<unit>`) in this change."""
    line.add(
        Leaving,
        [dict(scope=scope, kind=kind, row_id=one, rev=line.rev) for one in dict.fromkeys(map(str, ids))],
    )


def leave_found(line: Line, scope: str, kind: str, query: str, *values: object) -> None:
    """As `leave`, for the ids that a query (with `?`) finds when the change's queue is written."""
    line.later(
        "INSERT INTO leaving (scope, kind, row_id, rev)"
        f" SELECT DISTINCT CAST(? AS VARCHAR(40)), CAST(? AS VARCHAR(12)), CAST(f.id AS VARCHAR(64)), CAST(? AS BIGINT)"
        f" FROM ({query}) f",
        scope, kind, line.rev, *values,
    )  # fmt: skip
