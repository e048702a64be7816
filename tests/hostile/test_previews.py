"""Small pictures ahead of the photos: wrong ones, cut ones, too early, too late, twice, and of other people's photos."""

import pytest

from tests.hostile import previews
from tests.hostile.network import (
    CUT,
    FLIPPED,
    GOOD,
    KILLED_AFTER,
    KILLED_BEFORE,
    LATE_REQUEST,
    TWICE,
    UNHEARD,
)
from tests.hostile.tablet import preview_of, sync
from tests.hostile.test_scenarios import ended, locate
from tests.hostile.world import HOME, VILLAGES, World
from villages.ground.blobs import Blobs
from villages.ground.database import rows

pytestmark = pytest.mark.slow


async def words_only(world: World) -> list[str]:
    """A visit with two photos whose record the server has and nothing else; their hashes."""
    red = world.tablets[0]
    entry = world.visit(red, VILLAGES[2], 2)
    assert entry
    locate(world, red)
    world.road.faults = [*[GOOD] * len({"hello"} - red.greeted), GOOD]
    for fault in (UNHEARD, UNHEARD):
        world.road.faults = [GOOD, GOOD, fault] if not red.greeted else [GOOD, fault]
        await sync(red, world.road)
    assert not red.mine.waiting()
    world.road.faults = []
    return entry.photos


async def test_a_preview_is_its_authors_own_and_whole_or_none(world: World) -> None:
    """I8, I15: of every wrong body nothing is kept, a repeat takes no number, the first one stays."""
    red, blue, _, white = world.tablets
    blue.current = "town"
    early = world.visit(red, VILLAGES[3], 1)
    assert early
    assert await previews.send(world, red, early.photos[0], "good") == 404, "before its record"
    one, other = await words_only(world)
    assert await previews.look(world, white, one, False) == 404
    for how, status in {"cut": 422, "png": 422, "wide": 422, "heavy": 413, "nothing": 422}.items():
        assert await previews.send(world, red, one, how) == status, how
        await previews.on_disk(world)
    assert await previews.send(world, red, one, "good", method="POST") == 405
    assert await previews.send(world, red, "0" * 64, "good") == 404
    for tablet in (blue, white):
        assert await previews.send(world, tablet, one, "good") == 404, "who sees a photo has not taken it"
    kept = Blobs(world.settings.blobs).preview_path
    assert not kept(one).exists()
    assert await previews.send(world, red, one, "good", deposit=True) == 204
    for how in ("good", "another", "cut"):
        assert await previews.send(world, red, one, how) == 204, how
    assert kept(one).read_bytes() == preview_of(one)
    assert [row["state"] for row in await rows("SELECT state FROM photo WHERE sha256 = ?", one)] == [
        "expected"
    ]
    for tablet, status in ((white, 200), (red, 200), (blue, 200), (world.tablets[2], 404)):
        assert await previews.look(world, tablet, one, False) == status, tablet.name
    visit = next(row for row in world.made.values() if other in row.entry.photos).entry.args["inspection"]
    world.carry(white, HOME)
    world.act(white, "inspection.void", {"inspection": visit, "reason": "重复检查"})
    assert await sync(white, world.road)
    assert await previews.send(world, red, other, "good") == 204, (
        "what was taken can be seen though the visit is void"
    )
    assert await sync(red, world.road)
    kept(one).unlink()
    assert await previews.send(world, red, one, "good") == 204
    assert not kept(one).exists(), "nobody looks at it once the photo is here"
    await ended(world)


async def test_previews_over_a_bad_road(world: World) -> None:
    """I2, I16: cut, flipped, twice, late, and the server dying round the commit: the photo itself comes all the same."""
    red = world.tablets[0]
    for nth, fault in enumerate((CUT, FLIPPED, TWICE, LATE_REQUEST, KILLED_BEFORE, KILLED_AFTER, UNHEARD)):
        entry = world.visit(red, VILLAGES[nth], 1)
        assert entry
        name = entry.photos[0]
        world.road.faults = [
            *[GOOD] * (2 if red.greeted else 3),
            UNHEARD,
        ]  # hello, push, missing; the preview
        await sync(red, world.road)
        world.road.faults = [fault]
        await previews.send(world, red, name, "good")
        world.road.faults = []
        await previews.on_disk(world)
    await world.road.deliver(0)
    await ended(world)
