"""Two connections: `default` writes, `reader` only reads. Reads outside a change never wait for a writer.

On SQLite the reader is a second, query-only connection to the same file (WAL); on PostgreSQL a second pool.
The router sends a query to the writer only while the current task is inside a write transaction.
"""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tortoise import Tortoise, connections
from tortoise.backends.base.client import BaseDBAsyncClient, TransactionalDBClient
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.transactions import in_transaction

from villages.ground.settings import Settings
from villages.ground.sqlite_engine import Client, Question

APPS = ("villages", "inspections", "dispatch", "offline_sync")  # stair order: migrations run in it
inside_change: ContextVar[bool] = ContextVar("inside_change", default=False)
_inside_snapshot: ContextVar[bool] = ContextVar("inside_snapshot", default=False)
_eye: sqlite3.Connection | None = None  # for `look`: belongs to the event loop's own thread


class Router:
    """Which connection a model's query takes."""

    def db_for_read(self, _model: type) -> str:
        return "default" if inside_change.get() else "reader"

    def db_for_write(self, _model: type) -> str:
        return "default"


def _sqlite(settings: Settings, **pragmas: str | int) -> dict[str, Any]:
    return {
        "engine": "villages.ground.sqlite_engine",
        "credentials": {
            "file_path": str(settings.sqlite_file),
            "busy_timeout": 5000,
            "cache_size": -16000,
            # The log file keeps its blocks after a checkpoint: cutting it and growing it anew made each of
            # the following commits flush twice as long.
            "journal_size_limit": 32 * 1024 * 1024,
            "wal_autocheckpoint": 4000,  # pages of 4 kB: the same few are written again and again, copy them seldom
            **pragmas,
        },
    }


def _postgres(url: str, **server: str) -> dict[str, Any]:
    parts = urlsplit(url)
    return {
        "engine": "tortoise.backends.asyncpg",
        "credentials": {
            "host": parts.hostname or "127.0.0.1",
            "port": parts.port or 5432,
            "user": parts.username or "postgres",
            "password": parts.password or "",
            "database": parts.path.lstrip("/"),
            "minsize": 1,
            "maxsize": int(dict(parse_qsl(parts.query)).get("maxsize", "8")),
            "server_settings": {"lock_timeout": "10s", "statement_timeout": "30s", **server},
        },
    }


def tortoise_config(settings: Settings, *, apps: tuple[str, ...] = APPS) -> dict[str, Any]:
    """Tortoise's configuration for serving."""
    if settings.database_url:
        writer = _postgres(settings.database_url, synchronous_commit="on")
        reader = _postgres(settings.database_url, default_transaction_read_only="on")
    else:
        writer = _sqlite(settings, synchronous="FULL")
        reader = _sqlite(settings, query_only="ON")
    return {
        "connections": {"default": writer, "reader": reader},
        "apps": {
            app: {
                "models": [f"{app}.models"],
                "default_connection": "default",
                "migrations": f"{app}.migrations",
            }
            for app in apps
        },
        "routers": [Router],
        "use_tz": True,
        "timezone": "UTC",
    }


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[None]:
    """Open the connections for the life of the server, of a command or of a test."""
    global _eye
    settings.data.mkdir(parents=True, exist_ok=True)
    EXECUTOR_CACHE.clear()  # Tortoise keeps statements by connection name, whatever engine it had before
    await Tortoise.init(config=tortoise_config(settings), _enable_global_fallback=True)
    try:
        if not settings.database_url:
            # The writer makes the file before those that only read open it.
            await connections.get("default").execute_query("SELECT 1")
            _eye = _open_eye(settings)
        yield
    finally:
        if _eye:
            _eye.close()
            _eye = None
        await Tortoise.close_connections()


def _open_eye(settings: Settings) -> sqlite3.Connection:
    eye = sqlite3.connect(settings.sqlite_file, timeout=1, isolation_level=None)
    eye.row_factory = sqlite3.Row
    eye.execute("PRAGMA query_only=ON")
    return eye


def sql(client: BaseDBAsyncClient, text: str) -> str:
    """The statement with this engine's placeholders; write it with `?`."""
    if client.capabilities.dialect == "sqlite":
        return text
    pieces = text.split("?")
    return pieces[0] + "".join(f"${n}{piece}" for n, piece in enumerate(pieces[1:], 1))


def stored(moment: datetime) -> Any:
    """A time as `rows` and `look` compare it with a column: SQLite keeps times as UTC text."""
    text = connections.get("reader").capabilities.dialect == "sqlite"
    return moment.astimezone(UTC).isoformat(" ") if text else moment


async def rows(text: str, *values: Any) -> list[dict[str, Any]]:
    """Run one statement (with `?`) on the right connection; returns rows as dicts."""
    client = connections.get("default" if inside_change.get() else "reader")
    found: list[dict[str, Any]] = await client.execute_query_dict(sql(client, text), list(values))
    return found


async def look(text: str, *values: Any) -> list[dict[str, Any]]:
    """As `rows`, for a look by key that takes microseconds: on SQLite it is read right here.

    Waking the reader's thread and being woken by it costs several times what such a look does. Whatever walks over
    many rows goes through `rows`: here it would hold up every request.
    """
    if _eye is None or inside_change.get() or _inside_snapshot.get():
        return await rows(text, *values)
    return [dict(row) for row in _eye.execute(text, values)]


@asynccontextmanager
async def write_transaction(
    *first: Question,
) -> AsyncIterator[tuple[BaseDBAsyncClient, list[list[dict[str, Any]]]]]:
    """A write transaction that begins with these statements (with `?`); yields its client and their rows."""
    default = connections.get("default")
    if isinstance(default, Client) and not isinstance(default, TransactionalDBClient):
        async with default.change(first) as part:
            yield part, part.answers
        return
    async with in_transaction("default") as client:
        yield client, [await client.execute_query_dict(sql(client, text), values) for text, values in first]


@asynccontextmanager
async def snapshot() -> AsyncIterator[BaseDBAsyncClient]:
    """One read-only transaction that sees one moment of the whole database."""
    async with in_transaction("reader") as client:
        if client.capabilities.dialect != "sqlite":
            await client.execute_query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        token = _inside_snapshot.set(True)
        try:
            yield client
        finally:
            _inside_snapshot.reset(token)
