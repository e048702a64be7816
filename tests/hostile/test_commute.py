"""I12: acts that have nothing to do with each other come to the same end whichever the server hears first."""

from pathlib import Path
from typing import Any

import pytest

from tests.hostile.tablet import Tablet, sync
from tests.hostile.world import VILLAGES, Template, World
from villages.ground.database import rows

# What tells when and under which number something came is another each time, and so is what the server itself names.
OWN = {"id", "rev", "moved_rev", "deadline", "number", "rank", "step", "step_id", "task_id", "inspection_id"}
TABLES = (
    "inspection",
    "finding",
    "answer_row",
    "task",
    "step",
    "photo",
    "photo_use",
    "task_photo",
    "village",
    "assignment",
    "card",
)


def _acts(world: World) -> list[Tablet]:
    """The same three acts in either world, each on its own tablet."""
    _, blue, green, white = world.tablets
    white.current = "inspector"
    place = {"lat": 39.9, "lng": 116.0, "accuracy": 5}
    world.act(white, "village.locate", {"village": VILLAGES[6], "position": place, "photo": None})
    village_task = next(n for n, one in enumerate(blue.mine.of("task")) if one["unit"] == VILLAGES[0])
    world.on_task(blue, "submit", village_task, 1)
    world.on_task(green, "accept", 0)
    return world.tablets


async def _told(world: World, order: list[Tablet]) -> dict[str, list[str]]:
    for tablet in order:
        assert await sync(tablet, world.road)
    found: dict[str, list[str]] = {}
    for table in TABLES:
        if await rows("SELECT name FROM sqlite_master WHERE name = ?", table):
            found[table] = sorted(str(_bare(row)) for row in await rows(f"SELECT * FROM {table}"))
    return found


def _bare(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in OWN and not key.endswith("_at")}


@pytest.mark.slow
async def test_independent_acts_commute(hostile_template: Template, tmp_path: Path) -> None:
    ends: list[dict[str, list[str]]] = []
    made: list[tuple[str, str, Any]] = []
    for nth, turn in enumerate((1, -1)):
        world = await World.begin(hostile_template, tmp_path / f"house{nth}")
        try:
            acted = _acts(world) if nth == 0 else world.tablets
            if nth == 0:
                made = [(tablet.name, tablet.current, tablet.mine.copy()) for tablet in acted]
            for tablet, (_, current, store) in zip(acted, made, strict=True):
                tablet.current, tablet.stores[current] = current, store.copy()
            ends.append(await _told(world, acted[::turn]))
        finally:
            await world.stop()
    for table in TABLES:
        assert ends[0].get(table) == ends[1].get(table), table
    assert len(ends[0]["step"]) >= 2
