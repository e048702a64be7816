"""Bringing a database up to date, without losing a row.

Tortoise rebuilds SQLite tables by dropping them; with foreign keys enforced that would take every child row
along in silence. So migrations run on a connection of their own with enforcement off, after a copy of the file
was put beside it, and every reference is checked before anybody is served.
"""

import gc
import sqlite3
from typing import Any

from tortoise import Tortoise
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.migrations.api.migrate import migrate as run_migrations
from tortoise.migrations.executor import MigrationExecutor

from villages.ground import clock
from villages.ground.database import APPS, tortoise_config
from villages.ground.settings import Settings


class MigrationError(RuntimeError):
    """The database could not be brought up to date; the copy made before is named in the message."""


def _own_config(settings: Settings) -> dict[str, Any]:
    config = tortoise_config(settings)
    config["connections"].pop("reader")
    config["routers"] = []
    if not settings.database_url:
        config["connections"]["default"]["credentials"]["foreign_keys"] = "OFF"
    return config


async def migrate(settings: Settings) -> list[str]:
    """Apply what is missing, in stair order; returns the names applied. Raises MigrationError."""
    settings.data.mkdir(parents=True, exist_ok=True)
    config = _own_config(settings)
    EXECUTOR_CACHE.clear()
    await Tortoise.init(config=config, init_connections=False)
    try:
        connection = Tortoise.get_connection("default")
        executor = MigrationExecutor(connection, config["apps"])
        pending = [f"{step.migration.app_label}.{step.migration.name}" for step in await executor.plan()]
    finally:
        await Tortoise.close_connections()
    if not pending:
        return []
    copy = _copy_first(settings)
    gc.freeze()  # each step makes every model anew; what was here before need not be looked through each time
    try:
        await run_migrations(config=config, app_labels=APPS)
    finally:
        gc.unfreeze()
        await Tortoise.close_connections()
    if not settings.database_url:
        with sqlite3.connect(settings.sqlite_file) as raw:
            broken = raw.execute("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise MigrationError(f"迁移后有 {len(broken)} 处引用断开，请停止使用并换回升级前的副本：{copy}")
    return pending


def _copy_first(settings: Settings) -> str:
    if settings.database_url or not settings.sqlite_file.exists() or not settings.sqlite_file.stat().st_size:
        return ""
    target = settings.data / f"before-migration-{clock.now():%Y%m%dT%H%M%S}.db"
    with sqlite3.connect(settings.sqlite_file) as source, sqlite3.connect(target) as copy:
        source.backup(copy)
    return str(target)
