"""The same circle on PostgreSQL: dump, trial in a database of its own, restore into an empty one."""

from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from dispatch.models import Task, TaskCount
from offline_sync import nightly, restore
from tests import postgres
from tests.dispatch.desk_house import some_tasks
from tests.dispatch.kept import counts_hold
from tests.worlds import Worlds
from villages.districts import found_district
from villages.ground.database import open_database, rows
from villages.ground.problems import Problem
from villages.ground.settings import Settings
from villages.verify import verify

pytestmark = pytest.mark.postgres


async def test_the_circle_on_postgresql(tmp_path: Path, postgres_url: str, worlds: Worlds) -> None:
    settings = worlds.copy("postgres", "migrated", tmp_path / "data")
    async with open_database(settings):
        await found_district("110109", "门头沟区", "real")
        tasks = await some_tasks(3)
        made = await nightly.back_up(settings, tmp_path / "backups")
        assert made.whole, made.findings
        with pytest.raises(Problem, match="已有数据"):
            await restore.restore(tmp_path / "backups", replace(settings, data=tmp_path / "other"))
    there = Settings(tmp_path / "new", database_url=postgres.make_database(postgres_url, f"t{uuid4().hex}"))
    back = await restore.restore(tmp_path / "backups", there)
    async with open_database(there):
        [head] = await rows("SELECT rev, epoch FROM district_head")
        assert (head["rev"], str(head["epoch"])) == (back.rev, str(back.epoch))
        assert (await verify())[0].faults == []
        await counts_hold()
        await Task.filter(id=tasks[0]).update(stage="closed")
        await counts_hold()  # what keeps them came along
        assert await TaskCount.all().count() == 2
    databases = await _databases(there)
    assert not [name for name in databases if "trial" in name], "the trial's database was left behind"


async def _databases(settings: Settings) -> list[str]:
    async with open_database(settings):
        return [row["datname"] for row in await rows("SELECT datname FROM pg_database")]
