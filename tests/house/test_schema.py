"""A database that was migrated step by step has what the models ask for: every column, key and index.

SQLite alters a table by making it anew, and what makes it anew has been seen to forget unique constraints.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from tortoise import Tortoise

from villages.ground.database import tortoise_config
from villages.ground.migrations import migrate
from villages.ground.settings import Settings

KEPT_BY_MIGRATIONS = "tortoise_migrations"


async def test_migrating_ends_where_the_models_stand(tmp_path: Path) -> None:
    migrated, fresh = Settings(tmp_path / "migrated"), Settings(tmp_path / "fresh")
    await migrate(migrated)
    fresh.data.mkdir()
    await Tortoise.init(config=tortoise_config(fresh))
    await Tortoise.generate_schemas()
    await Tortoise.close_connections()
    assert _shape(migrated.sqlite_file) == _shape(fresh.sqlite_file)


def _shape(file: Path) -> dict[str, dict[str, set[tuple[Any, ...]]]]:
    """Of each table: its columns, its foreign keys, and what its indexes hold, are unique in, and leave out."""
    with closing(sqlite3.connect(file)) as database:

        def all_of(text: str) -> list[tuple[Any, ...]]:
            return database.execute(text).fetchall()

        tables = [name for (name,) in all_of("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            table: {
                "columns": {tuple(row[1:]) for row in all_of(f"PRAGMA table_info('{table}')")},
                "keys": {row[2:] for row in all_of(f"PRAGMA foreign_key_list('{table}')")},
                "indexes": {
                    (unique, partial, *(column for _, _, column in all_of(f"PRAGMA index_info('{name}')")))
                    for _, name, unique, _, partial in all_of(f"PRAGMA index_list('{table}')")
                },
            }
            for table in tables
            if table != KEPT_BY_MIGRATIONS and not table.startswith("sqlite_")
        }
