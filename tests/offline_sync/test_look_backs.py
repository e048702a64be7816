"""回头看 on the tablet: drawn, an old task comes back with its photos, in a village that is lent for it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2

from dispatch.look_backs import draw_now, fix, replace
from dispatch.models import LookBack, LookBackTask, Task
from dispatch.rates_asked import Asking
from tests.dispatch.records import records
from tests.offline_sync.tablet import VILLAGE, Tablet, photo, picture, visit
from tests.offline_sync.test_floor import long_ago, shots, stage
from tests.offline_sync.test_hostile_scopes import account
from tests.offline_sync.test_leaving import as_fresh
from villages.changes import SYSTEM, Line, change
from villages.ground import clock
from villages.ground.ids import new_id
from villages.models import Person
from villages.people import who_is


async def drawn(inspector: Tablet, tasks: int = 6) -> LookBack:
    """A visit whose tasks were closed forty days ago and have left every tablet; a fifth of them is drawn."""
    assert (await inspector.do("inspection.submit", visit(inspector, faults=tasks)))["status"] == "applied"
    await stage("task", "closed")
    await stage("inspection", "published")
    at = clock.now() - timedelta(days=40)

    async def work(line: Line) -> None:
        await Task.filter(village=VILLAGE).update(closed_at=at, rev=line.rev)

    await change(work, district="110109", actor=SYSTEM, verb="test")
    await long_ago()
    office = await who_is(await Person.get(name="office"))
    one = await fix(office, act=new_id(), share=20, due=clock.now() + timedelta(days=30))
    await draw_now(office, one)
    return one


async def guest_of(http: httpx2.AsyncClient) -> Tablet:
    """An inspector of another town, the only one who has nothing to do with the visit."""
    await account("guest", "inspector", "110109104")

    async def away(line: Line) -> None:
        await Person.filter(name="inspector2").update(disabled=True, rev=line.rev)

    await change(away, district="110109", actor=SYSTEM, verb="test")
    guest = await Tablet(http, "guest").sign_in()
    await guest.pull()
    return guest


async def test_still_fine(inspector: Tablet, http: httpx2.AsyncClient) -> None:
    guest = await guest_of(http)
    assert not guest.of("task") and VILLAGE not in guest.cursors
    await drawn(inspector)
    await guest.pull()
    rows = guest.of("look_back")
    assert len(rows) == 2 and {row["outcome"] for row in rows} == {""} and VILLAGE in guest.cursors
    assert {row["id"] for row in guest.of("task")} == {row["task"] for row in rows}, "and no other old task"
    assert len(shots(guest)) == 2, "with their photos"
    await as_fresh(guest)
    mine, other = (row["task"] for row in rows)
    refused = await inspector.do("task.look_back", {"task": mine, "photos": [photo(picture("我看"))]})
    assert (refused["status"], refused["reason"]) == (
        "conflict",
        "invalid",
    ) and "不在您的回头看名单里" in refused["message"]
    bare = await guest.do("task.look_back", {"task": mine, "text": "没有反弹"})
    assert bare["reason"] == "invalid" and "现场照片" in bare["message"]
    done = await guest.do(
        "task.look_back", {"task": mine, "text": "没有反弹", "photos": [photo(picture("又看"))]}
    )
    assert done["status"] == "applied" and done["data"]["stage"] == "closed"
    again = await guest.do("task.look_back", {"task": mine, "photos": [photo(picture("再看"))]})
    assert again["reason"] == "invalid", "once"
    await guest.pull()
    assert {row["task"]: row["outcome"] for row in guest.of("look_back")} == {mine: "fine", other: ""}
    last = next(row for row in guest.of("task") if row["id"] == mine)["steps"][-2]
    assert (last["verb"], last["text"], last["verdict"]) == ("look_back", "没有反弹", "applied")
    await as_fresh(guest)


async def test_come_back(inspector: Tablet, village: Tablet, http: httpx2.AsyncClient) -> None:
    guest = await guest_of(http)
    await drawn(inspector, tasks=5)
    await guest.pull()
    [row] = guest.of("look_back")
    args: dict[str, Any] = {"task": row["task"], "text": "又堆上了", "photos": [photo(picture("反弹"))]}
    told = await guest.do("task.reopen", args)
    assert told["status"] == "applied" and told["data"]["stage"] == "accepted"
    entry = await LookBackTask.get()
    assert (entry.outcome, entry.done_rev) == ("back", told["rev"])
    await guest.pull()
    assert not guest.of("task") and VILLAGE not in guest.cursors, "the village was lent for this only"
    assert guest.of("look_back")[0]["outcome"] == "back"
    await as_fresh(guest)
    await village.pull()
    mine = next(one for one in village.of("task") if one["id"] == row["task"])
    assert mine["stage"] == "accepted" and mine["marks"]["reopened"] == 1 and len(mine["photos"]) == 2
    found = await records(Asking((VILLAGE,)))
    assert [one.reopened for one in found if one.id == row["task"]] == [1], "the rate of recurrence takes it"


async def test_somebody_else_goes_and_the_first_tablet_lets_go(
    inspector: Tablet, http: httpx2.AsyncClient
) -> None:
    guest = await guest_of(http)
    one = await drawn(inspector, tasks=5)
    await guest.pull()
    [row] = guest.of("look_back")
    await account("more", "inspector", "110109101")
    office = await who_is(await Person.get(name="office"))
    more = await Tablet(http, "more").sign_in()
    await replace(office, await LookBack.get(id=one.id), UUID(row["task"]), UUID(more.me), "请假")
    await guest.pull()
    assert not guest.of("look_back") and not guest.of("task") and VILLAGE not in guest.cursors
    await as_fresh(guest)
    await more.pull()
    assert [found["task"] for found in more.of("look_back")] == [row["task"]] and len(shots(more)) == 1
