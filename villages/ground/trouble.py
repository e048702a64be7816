"""The machine's own trouble: no room on its disk, its database away. Nobody who asked did anything wrong.

It is told by name, so that a tablet keeps what it sent, comes again, and no command is blamed for it.
"""

import errno
import sqlite3
from collections.abc import Iterator

from villages.ground.problems import Problem

AGAIN_SECONDS = 5
_FULL = (errno.ENOSPC, errno.EDQUOT)
# What SQLite says when its file, its log or the log's index cannot grow; and when another writer holds on too long.
_SQLITE_FULL = ("SQLITE_FULL", "SQLITE_IOERR_SHMSIZE")
_SQLITE_AWAY = ("SQLITE_BUSY", "SQLITE_LOCKED")
# PostgreSQL's SQLSTATE: no room; and lost connections, too many of them, a server that goes down or comes up, a lock
# or a statement that took too long, a deadlock.
_PG_FULL = ("53100",)
_PG_AWAY = ("08", "53300", "57P01", "57P02", "57P03", "55P03", "57014", "40")


def named(error: BaseException) -> Problem | None:
    """disk_full or database_away when that lies behind the error, else None."""
    for cause in _causes(error):
        if isinstance(cause, Problem):
            return None  # it has a name already
        if _is_full(cause):
            return Problem("disk_full")
        if _is_away(cause):
            return Problem("database_away", {"retry_after": AGAIN_SECONDS})
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    now: BaseException | None = error
    while now is not None and id(now) not in seen:
        seen.add(id(now))
        yield now
        now = now.__cause__ or now.__context__


def _is_full(error: BaseException) -> bool:
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorname", "").startswith(_SQLITE_FULL)
    if isinstance(error, OSError):
        return error.errno in _FULL
    return _state(error) in _PG_FULL


def _is_away(error: BaseException) -> bool:
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorname", "").startswith(_SQLITE_AWAY)
    if isinstance(error, ConnectionError):
        return True
    # asyncpg's own errors about a connection have no SQLSTATE; it is not imported where SQLite alone is used.
    gone = type(error).__module__.startswith("asyncpg") and type(error).__name__ in (
        "InterfaceError", "InternalClientError",
    )  # fmt: skip
    return gone or _state(error).startswith(_PG_AWAY)


def _state(error: BaseException) -> str:
    return str(getattr(error, "sqlstate", None) or "-")
