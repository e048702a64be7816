"""The migrations say what the models say, and a populated database survives them row for row."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dispatch.demo_district import load_demo
from villages.ground.database import APPS, open_database, rows
from villages.ground.migrations import migrate
from villages.ground.problems import Problem
from villages.ground.settings import Settings

ROOT = Path(__file__).parents[2]


def test_no_model_waits_for_a_migration(tmp_path: Path) -> None:
    before = sorted(path for app in APPS for path in (ROOT / app / "migrations").glob("*.py"))
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tortoise", "-c", "manage.TORTOISE_ORM", "makemigrations"],
            cwd=ROOT, env=os.environ | {"XUNCUN_DATA": str(tmp_path)}, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert "No changes detected" in done.stdout, done.stdout + done.stderr
    finally:
        after = {path for app in APPS for path in (ROOT / app / "migrations").glob("*.py")}
        for made in after - set(before):
            made.unlink()


async def test_the_demo_loads_on_either_engine_only_once_and_migrating_again_changes_nothing(
    engine_settings: Settings,
) -> None:
    assert len(await migrate(engine_settings)) >= len(APPS)
    async with open_database(engine_settings):
        await load_demo()
        with pytest.raises(Problem) as refused:
            await load_demo()
        assert refused.value.code == "real_district"
        before = await _counts(engine_settings)
    assert before["village"] == 178 and before["assignment"] == 64
    assert await migrate(engine_settings) == []
    async with open_database(engine_settings):
        assert await _counts(engine_settings) == before


async def _counts(settings: Settings) -> dict[str, int]:
    """How many rows each table has, those that no model knows too."""
    lite, large = "sqlite_master WHERE type = 'table'", "pg_tables WHERE schemaname = 'public'"
    named = f"tablename AS name FROM {large}" if settings.database_url else f"name FROM {lite}"
    tables = [str(row["name"]) for row in await rows(f"SELECT {named}")]
    return {table: int((await rows(f"SELECT COUNT(*) AS n FROM {table}"))[0]["n"]) for table in tables}
