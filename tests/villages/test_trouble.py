"""The machine's own trouble is told by its name, whatever wraps it."""

import errno
import sqlite3
from pathlib import Path

import asyncpg
import pytest
from tortoise.exceptions import OperationalError

from villages.ground.problems import Problem
from villages.ground.trouble import named


def sqlite_error(name: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(name)
    error.sqlite_errorname = name
    return error


def wrapped(error: BaseException) -> BaseException:
    """As Tortoise hands it on."""
    try:
        try:
            raise error
        except BaseException as inner:
            raise OperationalError(inner) from inner
    except OperationalError as outer:
        return outer


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "disk_full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "disk_full"),
        (sqlite_error("SQLITE_FULL"), "disk_full"),
        (asyncpg.exceptions.DiskFullError("could not extend file"), "disk_full"),
        (sqlite_error("SQLITE_BUSY"), "database_away"),
        (ConnectionRefusedError(111, "refused"), "database_away"),
        (asyncpg.exceptions.CannotConnectNowError("the database system is starting up"), "database_away"),
        (asyncpg.exceptions.AdminShutdownError("terminating connection"), "database_away"),
        (asyncpg.exceptions.ConnectionDoesNotExistError("connection was closed"), "database_away"),
        (asyncpg.exceptions.InterfaceError("connection is closed"), "database_away"),
        (asyncpg.exceptions.LockNotAvailableError("lock timeout"), "database_away"),
        (sqlite_error("SQLITE_CONSTRAINT_UNIQUE"), None),
        (asyncpg.exceptions.UniqueViolationError("duplicate key"), None),
        (OSError(errno.EACCES, "Permission denied"), None),
        (ValueError("a mistake of ours"), None),
        (Problem("invalid", what="已有名字"), None),
    ],
)
def test_what_lies_behind_an_error(error: BaseException, code: str | None) -> None:
    for one in (error, wrapped(error)):
        found = named(one)
        assert (found.code if found else None) == code


def test_a_real_disk_without_room(tmp_path: Path) -> None:
    """SQLite's own word for it, from a database that may not grow."""
    line = sqlite3.connect(tmp_path / "small.db")
    line.execute("CREATE TABLE t (x)")
    line.execute("PRAGMA max_page_count = 2")
    with pytest.raises(sqlite3.OperationalError) as full:
        line.execute("INSERT INTO t VALUES (zeroblob(100000))")
    found = named(wrapped(full.value))
    assert found and (found.code, found.status) == ("disk_full", 507)
