"""What was finished long ago leaves the tablets, whatever they held and however long they slept (sync.md §3, `floor`)."""

import pytest

from tests.hostile import invariants
from tests.hostile.tablet import Tablet, sync
from tests.hostile.test_scenarios import ended, locate
from tests.hostile.world import HOME, VILLAGES, World
from villages.ground.database import rows

pytestmark = pytest.mark.slow


async def office(world: World) -> Tablet:
    """The office's tablet, with the town of all tasks on it."""
    white = world.tablets[3]
    world.carry(white, HOME)
    assert await sync(white, world.road)
    return white


async def all_complete(world: World) -> None:
    for tablet in world.tablets:
        assert await sync(tablet, world.road)
        await invariants.complete(tablet.mine)
        await invariants.sums(world, tablet.mine)


async def test_old_photos_stay_while_what_they_prove_is_told(world: World) -> None:
    """I7, I23: a visit published and tasks ended after the floor, their photos long before it; then all of it leaves."""
    white = await office(world)
    await world.months()
    assert await invariants.floor_now()
    world.on_task(white, "cancel", 0)
    await all_complete(world)
    assert await world.publish()
    await all_complete(world)
    for name in [name for tablet in world.tablets for name in tablet.stores]:
        tablet = next(one for one in world.tablets if name in one.stores)
        tablet.current = name
        tablet.mine.drop_cache()
        if name == "office2":
            world.carry(tablet, HOME)
        assert await sync(tablet, world.road)
        await invariants.complete(tablet.mine)
        await invariants.sums(world, tablet.mine)
    white.current = "office2"
    assert white.mine.of("photo") and white.mine.of("inspection")
    for place in range(len(white.mine.of("task"))):
        world.on_task(white, "cancel", place)
    assert await sync(white, world.road)
    world.weeks += 29
    for tablet in world.tablets:
        tablet.die()
    await ended(world)
    assert not white.mine.of("task") and not white.mine.of("photo")


async def test_a_department_keeps_photos_for_tasks_of_its_own_only(world: World) -> None:
    """I7, I23: the visit goes on elsewhere, the department's tasks of it have ended long ago."""
    green, white = world.tablets[2], await office(world)
    for place, task in enumerate(white.mine.of("task")):
        if ("task", task["id"]) in green.mine.rows:
            world.on_task(white, "cancel", place)
    assert await sync(white, world.road)
    await world.months()
    await all_complete(world)
    assert not green.mine.of("task") and not green.mine.of("photo")
    assert white.mine.of("photo"), "whose visits are not published yet"
    await ended(world)


async def test_a_tablet_that_slept_past_the_floor_begins_its_scopes_anew(world: World) -> None:
    """I7: what ended meanwhile is told to nobody any more, so it must not be waited for."""
    blue, white = world.tablets[1], await office(world)
    open_before = {key for key in blue.mine.rows if key[0] == "task"}
    assert open_before
    for place in range(len(white.mine.of("task"))):
        world.on_task(white, "cancel", place)
    assert await sync(white, world.road)
    await world.months()
    await all_complete(world)
    assert not open_before & blue.mine.rows.keys()
    assert blue.mine.of("inspection"), "not published yet"
    await ended(world)


async def test_cursors_of_a_future_that_never_was_begin_anew(world: World) -> None:
    """I7: reset `ahead`; and rows that were lost with their cursors come again, what waits stays."""
    red, blue = world.tablets[:2]
    for nth, how in enumerate(("ahead", "all", "one", "one", "one")):
        waits = locate(world, red, 39 + nth / 10)
        locate(world, blue, 38 + nth / 10)
        assert await sync(blue, world.road)
        world.lose(red, how, nth)
        assert await sync(red, world.road)
        await invariants.complete(red.mine)
        await invariants.sums(world, red.mine)
        assert len(await rows("SELECT id FROM command WHERE id = ?", waits)) == 1
    await ended(world)


async def test_what_waited_past_the_floor_is_told_with_its_photos(world: World) -> None:
    """I7, I10: a visit is held for months, its photos in the village meanwhile; then the office takes it."""
    red, blue = world.tablets[:2]
    world.visit(red, VILLAGES[0], 1)
    assert await sync(red, world.road)
    waits = (await rows("SELECT sha256 FROM photo ORDER BY rev DESC LIMIT 1"))[0]["sha256"]
    await world.months()
    await all_complete(world)
    assert waits not in {photo["sha256"] for photo in blue.mine.of("photo")}, "nothing shows it"
    assert await world.decide(-1, "approve") == ["approve"]
    await all_complete(world)
    assert waits in {photo["sha256"] for photo in blue.mine.of("photo")}
    await ended(world)
