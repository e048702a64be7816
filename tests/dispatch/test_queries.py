"""Who sees which tasks, lists and their filters, and the counts of a board; on either engine."""

import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from dispatch import queries
from dispatch.counting import counts_by_stage
from dispatch.models import Task
from inspections.models import Photo
from tests.dispatch.cast import (
    DISTRICT,
    FAR,
    NEIGHBOUR,
    OTHER_TOWN,
    TOWN,
    VILLAGE,
    WATER,
    Cast,
    cast,
    do,
    finding,
    open_for,
    photo,
    visit,
    who,
)
from villages.ground import clock
from villages.ground.settings import Settings


class World:
    """Four tasks: two of VILLAGE (one with the water office), one next door, one in another town."""

    def __init__(self, people: Cast, ids: list[UUID]) -> None:
        self.people = people
        self.mine, self.water, self.next_door, self.far = ids


@pytest.fixture
async def world(any_district: Settings) -> AsyncIterator[World]:
    people = cast()
    ids = await open_for(people.inspector, visit(finding(), finding(unit=WATER)))
    for village in (NEIGHBOUR, FAR):
        ids += await open_for(people.office, visit(finding(), village=village))
    yield World(people, ids)


async def test_each_sees_their_own(world: World) -> None:
    people = world.people
    everything = {world.mine, world.water, world.next_door, world.far}
    for person, sees in (
        (people.village, {world.mine, world.water}),
        (people.neighbour, {world.next_door}),
        (people.town, everything - {world.far}),
        (people.far_town, {world.far}),
        (people.water, {world.water}),
        (people.power, set()),
        (people.inspector, {world.mine, world.water}),
        (people.office, everything),
        (people.admin, everything),
        (who("邻区", ("district_office", "110108")), set()),
        (
            who("兼职", ("village_committee", NEIGHBOUR), ("line_department", WATER)),
            {world.next_door, world.water},
        ),
        (who("无岗位"), set()),
    ):
        assert {task.id for task in await queries.task_list(person)} == sees, person.title
        for task in everything:
            assert (await queries.visible_task(person, task) is not None) == (task in sees), person.title


async def test_filters_and_order(world: World) -> None:
    office = world.people.office
    now = clock.now()
    await do(world.people.village, "accept", world.mine)
    await do(office, "cancel", world.water)
    for task, hours in ((world.mine, -1), (world.water, -1), (world.next_door, 5), (world.far, 50)):
        await Task.filter(id=task).update(deadline=now + timedelta(hours=hours))

    async def ids(**asked: object) -> list[UUID]:
        return [task.id for task in await queries.task_list(office, **asked)]  # type: ignore[arg-type]

    assert await ids(stage="accepted") == [world.mine]
    assert await ids(stage="open") == [world.mine, world.next_door, world.far]
    assert await ids(overdue=True) == [world.mine]
    assert set(await ids(overdue=False)) == {world.water, world.next_door, world.far}
    assert await ids(due_soon=True) == [world.next_door]
    assert set(await ids(due_soon=False)) == {world.mine, world.water, world.far}
    assert await ids(village=FAR) == await ids(town=OTHER_TOWN) == [world.far]
    assert await ids(unit=WATER) == [world.water]
    assert await ids(unit=WATER, stage="open") == []
    assert await ids(order="deadline", stage="open", limit=1, offset=1) == [world.next_door]
    assert (await ids(order="newest"))[0] == world.far
    assert (await ids(order="changed"))[0] == world.water
    assert (await ids(order="village"))[0] == world.far
    assert await queries.filtered(office, stage="open").count() == 3


async def test_history_and_photos_in_few_queries(world: World, caplog: pytest.LogCaptureFixture) -> None:
    people = world.people
    first, second = photo(), photo()
    await do(people.village, "submit", world.mine, photos=[first, second])
    await Photo.filter(id=first.id).update(state="stored", has_preview=True)
    for some in ([world.mine], [world.mine, world.water, world.far]):
        caplog.clear()
        with caplog.at_level(logging.DEBUG, logger="tortoise.db_client"):
            steps, photos = await queries.steps_of(some), await queries.photos_of(some)
        assert sum("SELECT" in record.getMessage() for record in caplog.records) == 3
        assert set(steps) == set(photos) == set(some)
    assert [step.verb for step in steps[world.mine]] == ["dispatch", "submit"]
    assert [(p.id, p.role, p.state, p.has_preview) for p in photos[world.mine]] == [
        (first.id, "after", "stored", True), (second.id, "after", "expected", False),
    ]  # fmt: skip
    assert photos[world.far] == []
    assert await queries.steps_of([]) == await queries.photos_of([]) == {}


async def test_the_board_counts(world: World) -> None:
    now = clock.now()
    await do(world.people.village, "accept", world.mine)
    await do(world.people.office, "cancel", world.water)
    for task, hours in ((world.mine, -1), (world.water, -1), (world.next_door, 5), (world.far, 50)):
        await Task.filter(id=task).update(deadline=now + timedelta(hours=hours))
    board = await counts_by_stage([DISTRICT], now=now)
    assert set(board) == {TOWN, OTHER_TOWN}
    here = board[TOWN]
    assert here.stages == {"accepted": 1, "cancelled": 1, "dispatched": 1}
    assert (here.open, here.overdue, here.due_soon) == (2, 1, 1)
    assert (board[OTHER_TOWN].open, board[OTHER_TOWN].overdue, board[OTHER_TOWN].due_soon) == (1, 0, 0)
    assert set(await counts_by_stage([VILLAGE], now=now)) == {TOWN}
    assert (await counts_by_stage([], [WATER], now=now))[WATER].stages == {"cancelled": 1}
    assert await counts_by_stage([]) == {}
