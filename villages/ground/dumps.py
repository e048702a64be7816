"""The whole database as one file, and back: an online copy on SQLite, `pg_dump` and `pg_restore` on PostgreSQL.

Everything here waits for disks and other programs: callers use `asyncio.to_thread`. The file is one moment of the
whole database, whoever writes meanwhile.
"""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from villages.ground.problems import Problem
from villages.ground.settings import Settings

HOURS = 4 * 3600  # seconds that a dump of a district may take at most


def file_name(settings: Settings) -> str:
    """What the dump of this engine is called."""
    return "xuncun.dump" if settings.database_url else "xuncun.db"


def dump(settings: Settings, target: Path) -> None:
    """Write the database into `target`, flushed to disk. Raises Problem backup_failed."""
    if settings.database_url:
        _run(["pg_dump", "--format=custom", "--no-owner", f"--file={target}"], settings.database_url)
    else:
        if not settings.sqlite_file.exists():
            raise Problem("backup_failed", what=f"没有找到数据库：{settings.sqlite_file}")
        here = sqlite3.connect(settings.sqlite_file, timeout=30)
        with closing(here) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)  # in one step: one read transaction, writers go on beside it
            copy.execute("PRAGMA journal_mode=DELETE")  # a backup is one file, without a log beside it
    target.chmod(0o600)
    flush(target)


def load(source: Path, settings: Settings) -> None:
    """Fill an empty database from a dump. Raises Problem restore_failed when there is something in it already."""
    if not settings.database_url:
        settings.data.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, settings.sqlite_file)
        settings.sqlite_file.chmod(0o600)
        flush(settings.sqlite_file)
        return
    told = _run(
        ["psql", "-AtXc", "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"],
        settings.database_url,
    )
    if told.strip() != "0":
        raise Problem("restore_failed", what="目标数据库里已有数据。请新建一个空数据库，再恢复到那里。")
    _run(
        ["pg_restore", "--exit-on-error", "--no-owner", "--dbname={name}", str(source)], settings.database_url
    )


def beside(url: str, name: str) -> str:
    """The address of another database on the same server."""
    parts = urlsplit(url)
    return parts._replace(path=f"/{name}", query="").geturl()


def make_empty(url: str, name: str) -> str:
    """A new empty PostgreSQL database on the same server; returns its address."""
    _run(["psql", "-XqAtc", f'CREATE DATABASE "{name}"'], url)
    return beside(url, name)


def remove(url: str, name: str) -> None:
    """Drop a database that `make_empty` made."""
    _run(["psql", "-XqAtc", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'], url)


def flush(path: Path) -> None:
    """Make a file or a folder's entries outlive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _program(name: str) -> str:
    """PostgreSQL's client program: the newest installed one. Raises Problem backup_failed."""
    newest = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    found = str(newest[-1]) if newest else shutil.which(name)
    if not found:
        raise Problem("backup_failed", what=f"缺少程序 {name}，请安装 postgresql-client 后重试。")
    return found


def _run(command: list[str], url: str) -> str:
    """Run a PostgreSQL program against the database of `url`; its password travels in the environment only."""
    parts = urlsplit(url)
    name = parts.path.lstrip("/")
    there = {
        "PGHOST": parts.hostname or "127.0.0.1", "PGPORT": str(parts.port or 5432),
        "PGUSER": parts.username or "postgres", "PGPASSWORD": parts.password or "", "PGDATABASE": name,
    }  # fmt: skip
    words = [_program(command[0]), *(word.replace("{name}", name) for word in command[1:])]
    done = subprocess.run(  # noqa: S603
        words, env={**os.environ, **there}, capture_output=True, text=True, timeout=HOURS, check=False
    )
    if done.returncode:
        raise Problem("backup_failed", what=f"{command[0]} 未能完成：{done.stderr.strip()[-300:]}")
    return done.stdout
