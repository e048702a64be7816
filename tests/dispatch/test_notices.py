"""Who is told of what, and when not: read off real rows after real acts."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from starlette.applications import Starlette

from dispatch import notices
from dispatch.models import Notice, Task
from tests.dispatch.cast import (
    DISTRICT,
    TOWN,
    VILLAGE,
    WATER,
    Cast,
    actor,
    cast,
    do,
    one_task,
    open_for,
    photo,
    visit,
)
from tests.dispatch.cast import finding as spot
from tests.dispatch.desk_house import NEIGHBOUR, at_desk, counted, house, said, some_tasks
from tests.dispatch.test_moves import set_share
from villages.changes import Line, change
from villages.ground import clock
from villages.ground.ids import new_id
from villages.ground.settings import Settings
from villages.models import Person, Post
from villages.permissions import Who


async def seat(*people: Who) -> None:
    """Give the cast the accounts and posts that they act by."""
    for one in people:
        await Person.create(
            id=one.person, district=DISTRICT, name=str(one.person), title=one.title, password="-", rev=1
        )
        for post in one.posts:
            await Post.create(
                id=new_id(), person_id=one.person, role=post.role, place=post.place,
                since=clock.local(clock.now()).date(), rev=1,
            )  # fmt: skip


async def _seated() -> Cast:
    await set_share(0)
    people = cast()

    async def work(_line: Line) -> None:
        await seat(*vars(people).values())

    await change(work, district=DISTRICT, actor=actor(people.admin), verb="person.create")
    return people


@pytest.fixture
async def people(district: Settings) -> AsyncIterator[Cast]:
    yield await _seated()


async def told(people: Cast) -> set[tuple[str, str]]:
    """(who, kind) of all that is new and not dealt with."""
    names = {who.person: key for key, who in vars(people).items()}
    found = await Notice.filter(over__isnull=True, read_at__isnull=True)
    return {(names[one.person], one.kind) for one in found}


async def test_the_circle_tells_whoever_is_next(people: Cast) -> None:
    task = await one_task(people.inspector)
    assert await told(people) == {("village", "accept"), ("village_too", "accept")}
    await do(people.village, "accept", task)
    assert await told(people) == set(), "somebody has signed: nobody else needs to"
    await do(people.village, "submit", task, photos=[photo()])
    assert await told(people) == {("town", "review"), ("town_too", "review")}
    await do(people.town, "reject", task, text="没改到位")
    assert await told(people) == {("village", "rejected"), ("village_too", "rejected")}
    await do(people.town_too, "submit", task, photos=[photo()], text="镇里代交")
    assert await told(people) == {("town", "review")}, "whoever submitted may not review"
    await do(people.town, "pass", task)
    assert await told(people) == {("village", "closed"), ("town_too", "closed")}
    await do(people.inspector, "reopen", task, photos=[photo()], text="又堆上了")
    assert await told(people) == {("village", "reopened"), ("village_too", "reopened")}


async def test_returning_and_sending_elsewhere(people: Cast) -> None:
    task = await one_task(people.inspector)
    await do(people.village, "return", task, text="不是我村的")
    assert await told(people) == {("town", "returned"), ("town_too", "returned")}
    await do(people.office, "reassign", task, unit=WATER, text="按产权")
    assert await told(people) == {("water", "accept")}
    await do(people.water, "return", task, text="不是水管")
    assert await told(people) == {("office", "returned"), ("office_too", "returned")}
    await do(people.office, "cancel", task, text="重复")
    assert await told(people) == {("water", "cancelled")}


async def test_more_time_is_the_towns_or_the_offices_to_answer(people: Cast) -> None:
    task = await one_task(people.inspector)
    row = await Task.get(id=task)
    await do(people.village, "extend", task, until=row.deadline + timedelta(days=2))
    assert await told(people) >= {("town", "extend"), ("town_too", "extend"), ("village", "accept")}
    await do(people.town, "extend_refuse", task, text="当天能清完")
    assert await told(people) == {
        ("village", "accept"),
        ("village_too", "accept"),
        ("village", "not_extended"),
    }
    await do(people.village, "extend", task, until=row.deadline + timedelta(days=30))
    assert {one for one in await told(people) if one[1] == "extend"} == {
        ("office", "extend"),
        ("office_too", "extend"),
    }
    await do(people.office, "extend_grant", task)
    assert ("village", "extended") in await told(people) and ("office_too", "extend") not in await told(
        people
    )


async def test_a_critical_one_goes_to_the_office(people: Cast) -> None:
    await set_share(100)
    task = await one_task(people.inspector)
    await do(people.village, "submit", task, photos=[photo()])
    await do(people.town, "pass", task)
    assert await told(people) == {("office", "close"), ("office_too", "close")}
    assert {one.place for one in await Notice.filter(kind="close")} == {TOWN}
    await do(people.office, "close", task)
    assert await told(people) == {("village", "closed")}


async def test_where_nobody_holds_the_post_the_next_one_is_told(district: Settings) -> None:
    people = cast()
    await seat(people.town, people.office)
    await one_task(people.inspector)
    assert await told(people) == {("town", "accept")}
    await Person.filter(id=people.town.person).update(disabled=True)
    await one_task(people.inspector)
    assert ("office", "accept") in await told(people)
    await Post.filter(person_id=people.office.person).update(ended=True)
    await one_task(people.inspector)
    assert await Notice.all().count() == 2, "nobody is there to be told"


async def test_the_actor_is_not_told_of_their_own_act(people: Cast) -> None:
    task = await one_task(people.inspector)
    await do(people.town, "reassign", task, unit=TOWN, text="镇里来办")
    assert await told(people) == {("town_too", "accept")}


async def test_a_move_that_is_rolled_back_tells_nobody(people: Cast) -> None:
    task = await one_task(people.inspector)
    before = await told(people)

    class Cut(Exception):
        pass

    async def work(line: Line) -> None:
        from dispatch.moves import act

        await act(line, people.village, "submit", task, text="好了", photos=[photo()])
        await line.flush()
        assert await Notice.filter(kind="review").count() == 2, "it was written, in the change"
        raise Cut

    with pytest.raises(Cut):
        await change(work, district=DISTRICT, actor=actor(people.village), verb="task.submit")
    assert await told(people) == before and not await Notice.filter(kind="review").exists()


async def test_a_repeat_or_a_refusal_doubles_none(people: Cast) -> None:
    task = await one_task(people.inspector)
    await do(people.village, "submit", task, photos=[photo()])
    await Notice.filter(kind="review").update(read_at="2026-11-22T00:00:00.000Z")
    rows = await Notice.all().values()
    assert (await do(people.village_too, "submit", task, photos=[photo()])).status == "noop"
    assert (await do(people.power, "accept", task)).status == "rejected"
    assert (await do(people.village, "note", task, text="补充")).status == "applied"
    assert await Notice.all().values() == rows, "what was read stays read"


async def test_what_happens_again_is_told_again_in_the_same_row(people: Cast) -> None:
    task = await one_task(people.inspector)
    for _ in range(2):
        await do(people.village, "submit", task, photos=[photo()])
        await Notice.filter(kind="review").update(read_at="2026-11-22T00:00:00.000Z")
        await do(people.town, "reject", task, text="还差一点")
        assert ("village", "rejected") in await told(people)
        await notices.mark_read(people.village, 10**9)
    assert (
        await Notice.filter(kind="rejected").count() == 2 and await Notice.filter(kind="review").count() == 2
    )


async def test_reading_goes_as_far_as_the_page_showed(people: Cast) -> None:
    first = await one_task(people.inspector)
    shown = (await notices.waiting(people.village))[0]
    assert (shown.kind, shown.place, shown.count, shown.subject) == ("accept", VILLAGE, 1, str(first))
    await one_task(people.inspector)
    await notices.mark_read(people.village, shown.rev, kind="accept", place=VILLAGE)
    left = await notices.waiting(people.village)
    assert [one.count for one in left] == [1] and left[0].subject != str(first)
    assert (await notices.badges(people.village), await notices.badges(people.village_too)) == (
        {"/notices": 1},
        {"/notices": 2},
    )


@pytest.mark.postgres
async def test_either_engine_writes_and_groups_them(any_district: Settings) -> None:
    people = await _seated()
    await open_for(people.inspector, visit(spot(), spot(), spot()))
    task: UUID = await one_task(people.inspector)
    await do(people.village, "return", task, text="不是我村的")
    assert [(one.kind, one.count) for one in await notices.waiting(people.village)] == [("accept", 3)]
    assert [(one.kind, one.place, one.count) for one in await notices.waiting(people.town)] == [
        ("returned", VILLAGE, 1)
    ]
    assert await notices.badges(people.village) == {"/notices": 3}
    assert await notices.mark_read(people.village, 10**9) == 4


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[Starlette]:
    async with house(tmp_path) as running:
        yield running


async def test_the_page_groups_counts_and_forgets(app: Starlette) -> None:
    await some_tasks(3)
    async with at_desk(app, "village") as village:
        page = await village.get("/notices")
        assert "安家庄村 3 项任务待签收" in said(page) and 'title="未读">3<' in page
        assert "/tasks?stage=dispatched&amp;village=110109005201" in page
        form = await village.form("/notices", "/readings")
        assert (await village.send(form)).status_code == 303
        page = await village.get("/notices")
        assert "没有新的消息" in said(page) and 'title="未读"' not in page and "此前的消息" in page
        forged = await village.http.post("/notices/readings", data={"up_to": "9", "csrf": "x"})
        assert forged.status_code == 403
        assert (await village.send(form, up_to="1e9")).status_code == 303


async def test_as_many_queries_for_thirty_as_for_one(app: Starlette) -> None:
    await some_tasks(1)
    async with at_desk(app, "village") as village, at_desk(app, "office") as office:
        await village.get("/notices")
        with counted() as one:
            await village.get("/notices")
        await some_tasks(15)
        await some_tasks(14, village=NEIGHBOUR)
        with counted() as thirty:
            await village.get("/notices")
        assert 0 < len(thirty) == len(one) <= 12, "\n".join(thirty)
        assert "没有新的消息" in said(await office.get("/notices"))


async def test_whoever_ever_submitted_is_not_called_to_review(people: Cast) -> None:
    task = await one_task(people.inspector)
    await do(people.town_too, "submit", task, photos=[photo()], text="镇里代交")
    await do(people.town, "reject", task, text="没改到位")
    await do(people.village, "submit", task, photos=[photo()])
    assert await told(people) == {("town", "review")}
