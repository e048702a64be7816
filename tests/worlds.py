"""Databases made once a run and copied for each test: migrating and founding anew took longer than most tests.

Worlds on either engine: `empty` (no tables), `migrated` (all tables, no rows), `founded` (Mentougou, nothing else), `demo` (people, checklists and a
round as well), `short` (the demo with the first two sections of its checklist RE: ten items to fill in instead of 41). A
copy on SQLite is a file's copy, on PostgreSQL a database made from a template.
"""

import asyncio
import fcntl
import shutil
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from dispatch.demo_district import load_demo
from inspections import checklists
from tests import postgres
from villages.districts import found_district
from villages.ground.database import open_database
from villages.ground.migrations import migrate
from villages.ground.settings import Settings

DISTRICT = "110109"

_shared: list[Path] = []


def share(folder: Path) -> None:
    """Say where all workers of this run may keep what they make once."""
    _shared[:] = [folder]


def migrated(folder: Path) -> Settings:
    """Settings of a database on SQLite with all tables and no rows, in a folder of one's own. Made by the first worker that
    asks, for all."""
    made = _shared[0] / "migrated.db"
    with (_shared[0] / "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            settings = Settings(_shared[0] / "migrating")
            _apart(migrate(settings))
            _close_log(settings)
            settings.sqlite_file.rename(made)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(made, folder / "xuncun.db")
    return Settings(folder)


def _apart(work: Coroutine[Any, Any, object]) -> None:
    """Runs it with an event loop of its own, in a thread of its own: a browser's driver may have one going here."""
    with ThreadPoolExecutor(1) as apart:
        apart.submit(asyncio.run, work).result()


def _close_log(settings: Settings) -> None:
    """Two that close at one moment each leave the log to the other: a copy of the file would lack it."""
    with closing(sqlite3.connect(settings.sqlite_file)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")


async def _nothing() -> None:
    """All tables, no rows."""


async def _found() -> None:
    await found_district(DISTRICT, "门头沟区", "demo")


async def _demo() -> None:
    await load_demo()


async def _short() -> None:
    whole = checklists.read_yaml

    def cut(path: Path) -> dict[str, Any]:
        document = whole(path)
        if document["checklist"]["code"] == "RE":
            document["sections"] = document["sections"][:2]
            document["checklist"] |= {
                "version": "1.0-short",
                "total": sum(one["weight"] for one in document["sections"]),
            }
        return document

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checklists, "read_yaml", cut)
        await load_demo()


_FILLED: dict[str, Callable[[], Awaitable[None]]] = {
    "migrated": _nothing,
    "founded": _found,
    "demo": _demo,
    "short": _short,
}


class Worlds:
    """The made databases of one worker."""

    def __init__(self, folder: Path, postgres_url: Callable[[], str]) -> None:
        self.folder = folder
        self.postgres_url = postgres_url
        self._made: dict[tuple[str, str], Settings] = {}

    def copy(self, engine: str, world: str, folder: Path) -> Settings:
        """Settings of a database of one's own in that folder; engine `sqlite` or `postgres`."""
        folder.mkdir(parents=True, exist_ok=True)
        if engine == "postgres":
            source = "" if world == "empty" else self.made(engine, world).database_url.rpartition("/")[2]
            url = postgres.make_database(self.postgres_url(), f"t{uuid4().hex}", source)
            return Settings(folder, database_url=url)
        if world == "migrated":
            return migrated(folder)
        if world != "empty":
            shutil.copy(self.made(engine, world).sqlite_file, folder / "xuncun.db")
        return Settings(folder)

    def made(self, engine: str, world: str) -> Settings:
        """The database that copies are taken from, closed and whole. Never opened by a test."""
        key = (engine, world)
        if key not in self._made:
            before = "empty" if world == "migrated" else "migrated"
            settings = self.copy(engine, before, self.folder / f"{engine}-{world}")
            _apart(_make(settings, _FILLED[world]))
            if engine == "sqlite":
                _close_log(settings)
            self._made[key] = settings
        return self._made[key]


async def _make(settings: Settings, fill: Callable[[], Awaitable[None]]) -> None:
    await migrate(settings)
    async with open_database(settings):
        await fill()
