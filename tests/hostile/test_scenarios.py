"""The attacks that chance finds seldom, each played once: one for every guard that keeps tablets and server together."""

import pytest

from tests.hostile import invariants
from tests.hostile.machine import drain
from tests.hostile.network import (
    CUT,
    FLIPPED,
    GOOD,
    KILLED_AFTER,
    KILLED_BEFORE,
    LATE_ANSWER,
    LATE_REQUEST,
    TWICE,
    UNHEARD,
)
from tests.hostile.tablet import Tablet, sync
from tests.hostile.world import HOME, NEXT, VILLAGES, WATER, World
from villages.ground.database import rows

pytestmark = pytest.mark.slow


def locate(world: World, tablet: Tablet, lat: float = 39.9) -> str:
    """A small act, as its id."""
    place = {"lat": lat, "lng": 116.0, "accuracy": 5}
    return world.act(tablet, "village.locate", {"village": VILLAGES[0], "position": place, "photo": None}).id


async def ended(world: World) -> None:
    await drain(world)
    await invariants.every_step(world)
    await invariants.at_the_end(world)


async def test_answers_lost_and_servers_killed_at_every_commit(world: World) -> None:
    """I1 to I4, I15: a visit with photos, a cut and a flipped byte, the server dying round each of its commits."""
    red = world.tablets[0]
    for nth, fault in enumerate((UNHEARD, TWICE, KILLED_BEFORE, KILLED_AFTER)):
        world.visit(red, VILLAGES[nth + 2], 1)
        for skipped in range(4):  # the push, the question for what is missing, the preview, the photo
            world.road.faults = [*[GOOD] * skipped, fault]
            await sync(red, world.road)
            await invariants.every_step(world)
    world.visit(red, VILLAGES[6], 2)
    world.road.faults = [GOOD, GOOD, GOOD, GOOD, FLIPPED, GOOD, CUT]
    await sync(red, world.road)
    await sync(red, world.road)
    await ended(world)


async def test_what_was_delayed_arrives_when_nobody_waits_for_it(world: World) -> None:
    """I2 to I5: an old request after a newer one, and after another replica has taken over."""
    red = world.tablets[0]
    first = locate(world, red)
    world.road.faults = [GOOD, LATE_REQUEST]
    red.die()
    await sync(red, world.road)
    world.tablets.append(Tablet("red again", {red.current: red.mine.copy()}, red.current))
    locate(world, red, 39.8)
    assert await sync(red, world.road)
    await world.road.deliver(0)
    locate(world, world.tablets[-1], 39.7)
    assert await sync(world.tablets[-1], world.road)
    assert world.verdicts[first][0] == "applied"
    assert red.mine.replica != world.tablets[-1].mine.replica, "the copy counts under a name of its own"
    await ended(world)


async def test_another_body_under_a_taken_id_is_kept_apart(world: World) -> None:
    """I1: neither the first nor the second is lost, and what follows passes."""
    red = world.tablets[0]
    locate(world, red)
    assert await sync(red, world.road)
    world.reuse(red)
    locate(world, red, 39.8)
    assert await sync(red, world.road)
    assert len(await rows("SELECT * FROM stranger")) == 1
    await ended(world)


async def test_what_was_kept_apart_is_told_again_to_a_server_brought_back(world: World) -> None:
    """I1, I17: its number was never counted, so the count does not say that it is missing."""
    red = world.tablets[0]
    locate(world, red)
    assert await sync(red, world.road)
    await world.backup()
    world.reuse(red)
    assert await sync(red, world.road)
    await world.restore()
    locate(world, red, 39.8)  # goes before the tablet has heard of it, under the number that the stranger had
    assert await sync(red, world.road)
    await ended(world)


async def test_a_server_brought_back_is_told_again_what_it_lost(world: World) -> None:
    """I4, I17: one tablet acts before it has heard of it; one has nothing new to say, while the server has gone past its
    cursors; and of one person nobody works on the tablet any more."""
    red, blue, _, white = world.tablets
    white.current = "inspector"
    await world.backup()
    red.current = "inspector2"  # whose work leaves by deposit once another works here
    locate(world, red)
    world.visit(red, VILLAGES[3], 1)
    assert await sync(red, world.road)
    red.current = "inspector"
    early = [locate(world, white), locate(world, white, 39.8)]
    for tablet in (red, white):
        locate(world, tablet, 39.7)
        assert await sync(tablet, world.road)
    await world.restore()
    locate(world, white, 39.6)
    assert await sync(
        white, world.road
    )  # what is new goes first: only its number tells that something is missing
    assert set(early) <= {str(row["id"]) for row in await rows("SELECT id FROM command")}, "I4"
    blue.current = "town"
    for nth in range(12):
        locate(world, blue, 39 + nth / 100)
    assert await sync(blue, world.road)
    red.die()
    assert await sync(red, world.road)
    kept = {str(row["id"]) for row in await rows("SELECT id FROM command")}
    assert world.made.keys() <= kept, "one sync of the tablet is enough, whoever works on it"
    await ended(world)


async def test_a_server_that_was_given_up_is_served_again(world: World) -> None:
    """I17: an older epoch comes back, which lacks what was done since; one tablet never heard of the epoch between."""
    red, blue, _, white = world.tablets
    white.current = "inspector"
    await world.backup()
    first = world.folder
    world.visit(red, VILLAGES[3], 1)
    for tablet in (red, blue):
        locate(world, tablet)
        assert await sync(tablet, world.road)
    await world.restore()
    world.visit(white, VILLAGES[4], 1)
    for tablet in (red, white):
        locate(world, tablet, 39.8)
        assert await sync(tablet, world.road)
    assert red.mine.epoch == white.mine.epoch != blue.mine.epoch
    epoch = blue.mine.epoch
    await world.move_back(first)
    locate(world, blue, 39.7)
    for tablet in (blue, red, white):
        assert await sync(tablet, world.road) and tablet.mine.epoch == epoch
    assert len(world.made) >= 7
    await ended(world)


async def test_a_tablet_forgets_only_what_a_backup_has_held_for_a_week(world: World) -> None:
    """I16: what is covered and old goes; what came after the backup stays, and is sent again."""
    red = world.tablets[0]
    early = locate(world, red)
    world.visit(red, VILLAGES[2], 1)
    assert await sync(red, world.road)
    world.weeks += 2
    red.die()
    await drain(world)
    assert early in red.stores["inspector"].entries, "no backup has been told of yet"
    red.current = "inspector"
    await world.backup()
    late = locate(world, red, 39.8)
    world.visit(red, VILLAGES[3], 1)
    assert await sync(red, world.road)
    assert early not in red.mine.entries and not world.before, "covered for two weeks: gone"
    assert late in red.mine.entries
    world.weeks += 1
    red.die()
    assert await sync(red, world.road)
    await invariants.every_step(world)
    await world.restore()
    await ended(world)


async def test_what_is_taken_away_leaves_and_stays_away(world: World) -> None:
    """I8, I9: a post ends; a page from before arrives late and brings nothing back."""
    blue = world.tablets[1]
    blue.current = "town"
    locate(world, blue)
    world.road.faults = [GOOD, GOOD, LATE_ANSWER]  # hello, push, pull
    assert not await sync(blue, world.road) and world.road.late
    await world.post("town", "town_operator", HOME, give=False)
    await world.post("town", "town_operator", NEXT, give=True)
    before = {one.id: one.spoken() for one in blue.mine.entries.values()}
    assert await sync(blue, world.road)
    assert HOME not in blue.mine.cursors and NEXT in blue.mine.cursors
    await invariants.complete(blue.mine)
    await world.road.deliver(0)
    while world.road.late:
        world.road.hear(0)
    await invariants.complete(blue.mine)
    assert before == {one.id: one.spoken() for one in blue.mine.entries.values()}, "core is untouched"
    await ended(world)


async def test_a_page_of_before_comes_after_one_of_later(world: World) -> None:
    """I7: two windows; the slower one's page still tells of a task that has left meanwhile, and is let go."""
    green, white = world.tablets[2:4]
    white.mine.cursors.setdefault(HOME, 0)
    assert await sync(white, world.road)
    task = sorted(key for key in green.mine.rows if key[0] == "task")[0]
    place = [one["id"] for one in white.mine.of("task")].index(task[1])
    world.on_task(white, "note", place)
    assert await sync(white, world.road)
    locate(world, green)
    world.road.faults = [GOOD, GOOD, LATE_ANSWER]  # hello, push, pull
    assert not await sync(green, world.road) and world.road.late
    world.on_task(white, "reassign", place, unit=HOME)
    assert await sync(white, world.road)
    assert await sync(green, world.road)
    assert task not in green.mine.rows, "told by gone"
    world.road.hear(0)
    await invariants.complete(green.mine)
    await ended(world)


async def test_a_task_that_changes_hands_leaves_the_one_and_comes_to_the_other(world: World) -> None:
    """I7: by `gone`, with its photos and village; nothing of another village is told on the way (I8)."""
    green, white = world.tablets[2:4]
    white.mine.cursors.setdefault(HOME, 0)
    assert await sync(white, world.road)
    held = {key[1] for key in green.mine.rows if key[0] == "task"}
    assert held and any(key[0] == "photo" for key in green.mine.rows)
    tasks = [one["id"] for one in white.mine.of("task")]
    for place, task in enumerate(tasks):
        if task in held:
            world.on_task(white, "reassign", place, unit=HOME)
    assert await sync(white, world.road)
    assert await sync(green, world.road)
    assert not {key[0] for key in green.mine.rows} & {"task", "photo", "village"}
    await invariants.complete(green.mine)
    for place in range(len(tasks)):
        world.on_task(white, "reassign", place, unit=WATER)
    await ended(world)


async def test_two_of_the_office_decide_at_once(world: World) -> None:
    """I2, I3: one decision counts, the other is told so; a repeat is still told that it is held."""
    red = world.tablets[0]
    await world.post("inspector", "inspector", HOME, give=False)
    held = [locate(world, red, 39 + nth / 10) for nth in range(2)]
    world.visit(red, VILLAGES[3], 1)
    await sync(red, world.road)
    waiting = [row["id"] for row in await rows("SELECT id FROM command WHERE status = 'held' ORDER BY rev")]
    assert len(waiting) >= 1 and len(held) == 2
    assert len(await world.decide(0, "decline", "note")) == 1
    assert await world.decide(0, "decline") == []
    for entry in red.mine.entries.values():
        entry.verdict = None if str(entry.id) in {str(one) for one in waiting} else entry.verdict
    await ended(world)


async def test_a_device_out_of_service_hands_in_and_is_told_nothing(world: World) -> None:
    """I9: its rows go, what its people made waits for the office, whoever of them is at work."""
    red = world.tablets[0]
    locate(world, red)
    assert await sync(red, world.road)
    await world.revoke("inspector", True)
    late = locate(world, red, 39.8)
    world.visit(red, VILLAGES[4], 1)
    assert not await sync(red, world.road)
    assert not red.mine.rows and not red.mine.waiting()
    assert world.verdicts[late][:2] == ("held", "account_disabled")
    await ended(world)


async def test_a_visit_is_put_right_and_made_void_from_two_tablets(world: World) -> None:
    """I2, I13, I14: the author's correction and the office's word, in both orders, through lost answers."""
    red, white = world.tablets[0], world.tablets[3]
    white.mine.cursors.setdefault(HOME, 0)
    for nth in (2, 3):
        world.visit(red, VILLAGES[nth], 1)
    assert await sync(red, world.road) and await sync(white, world.road)
    visits = sorted(row["id"] for row in red.mine.of("inspection"))
    mine = [
        made.entry.args["inspection"]
        for made in world.made.values()
        if made.entry.verb == "inspection.submit"
    ]
    for nth, visit in enumerate(one for one in visits if one in mine):
        known = [row["id"] for row in red.mine.of("inspection") if row["id"] in mine]
        change = world.amend(red, known.index(visit))
        assert change
        void = world.act(white, "inspection.void", {"inspection": visit, "reason": "重复检查"})
        for tablet in (red, white) if nth % 2 else (white, red):
            world.road.faults = [GOOD, UNHEARD]
            await sync(tablet, world.road)
            await sync(tablet, world.road)
        told = world.verdicts[change.id][0], world.verdicts[void.id][0]
        assert told == (("applied", "applied") if nth % 2 else (told[0], "applied")) and told[0] != "noop"
    await ended(world)
