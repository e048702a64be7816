"""The migrations say what the models say, and a populated database survives them row for row."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from dispatch.demo_district import load_demo
from villages.ground.database import APPS, open_database, rows
from villages.ground.migrations import migrate
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


async def test_migrating_again_changes_nothing(tmp_path: Path) -> None:
    settings = Settings(tmp_path)
    assert len(await migrate(settings)) >= len(APPS)
    async with open_database(settings):
        await load_demo()
    with sqlite3.connect(settings.sqlite_file) as raw:
        tables = [row[0] for row in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        before = {table: raw.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in tables}
    assert await migrate(settings) == []
    with sqlite3.connect(settings.sqlite_file) as raw:
        assert before == {
            table: raw.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in tables
        }
    assert before["village"] == 178 and before["assignment"] == 64


async def test_the_demo_loads_on_either_engine_and_only_once(engine_settings: Settings) -> None:
    from villages.ground.problems import Problem

    await migrate(engine_settings)
    async with open_database(engine_settings):
        await load_demo()
        assert (await rows("SELECT COUNT(*) AS n FROM village"))[0]["n"] == 178
        with pytest.raises(Problem) as refused:
            await load_demo()
        assert refused.value.code == "real_district"
