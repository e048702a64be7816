"""What is held for five days is told to the office, once a command, whoever runs the day and however often."""

from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from starlette.applications import Starlette

from dispatch.models import Notice
from offline_sync import held_days, nightly
from offline_sync.models import Command
from tests.dispatch.desk_house import at_desk, form_in, said
from tests.offline_sync.carried_out import carried_out
from tests.offline_sync.tablet import Tablet, visit
from tests.worlds import Worlds
from villages.ground import clock
from villages.ground.database import open_database
from villages.ground.settings import Settings
from villages.models import Change, DistrictHead, Person


async def held(tablet: Tablet, days: int) -> str:
    """A command that was held so many Beijing days ago."""
    args = visit(tablet, faults=1)
    args["checklist"]["sha256"] = "0" * 64
    command = tablet.command("inspection.submit", args)
    [verdict] = await tablet.push(command)
    assert verdict["status"] == "held", verdict
    moment = clock.start_of_day(clock.local(clock.now()).date() - timedelta(days=days)) + timedelta(
        hours=23, minutes=59
    )
    await Command.filter(id=command["id"]).update(heard_at=moment)
    return str(command["id"])


async def told() -> set[str]:
    return {one.subject for one in await Notice.filter(kind="held", over=None)}


async def test_the_office_is_told_on_the_fifth_day(app: Starlette, inspector: Tablet) -> None:
    old, young = await held(inspector, 5), await held(inspector, 4)
    assert await held_days.tell_old() == 1 and await told() == {old}
    [notice] = await Notice.filter(kind="held")
    assert notice.person == (await Person.get(name="office")).id
    async with at_desk(app, "office") as office:
        page = await office.get("/notices")
        assert "全区 1 份待批内容已等满 5 天" in page and f"/held/{old}" in page and young not in page
    line = await Change.get(verb="held.remind")
    assert (line.post, line.person) == ("system", None)


async def test_each_is_told_once(app: Starlette, inspector: Tablet, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = await held(inspector, 9), await held(inspector, 4)
    assert await held_days.tell_old() == 1
    async with at_desk(app, "office") as office:
        page = await office.get("/notices")
        await office.send(form_in(page, "/notices/readings"))
    head, there = await DistrictHead.first(), await Notice.all().values()
    assert await held_days.tell_old() == 0
    assert await DistrictHead.first() == head and await Notice.all().values() == there, "read stays read"
    tomorrow = clock.now() + timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: tomorrow)
    assert await held_days.tell_old() == 1 and await told() == {first, second}


async def test_a_decision_makes_it_needless(app: Starlette, inspector: Tablet) -> None:
    old, other = await held(inspector, 6), await held(inspector, 6)
    assert await held_days.tell_old() == 2
    async with at_desk(app, "office") as office:
        assert "全区 2 份待批内容" in await office.get("/notices")
        answer = await office.send(form_in(await office.get(f"/held/{old}"), "/note"))
        assert answer.status_code == 303, said(answer.text)
    assert await told() == {other}
    assert await held_days.tell_old() == 0, "what was decided is not told again"


async def test_what_was_decided_in_time_is_never_told(app: Starlette, inspector: Tablet) -> None:
    old = await held(inspector, 5)
    async with at_desk(app, "office") as office:
        await office.send(form_in(await office.get(f"/held/{old}"), "/note"))
    assert await held_days.tell_old() == 0 and not await Notice.filter(kind="held").exists()


async def test_more_than_a_batch(app: Starlette, inspector: Tablet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_days, "_UNTOLD", held_days._UNTOLD.replace("LIMIT 500", "LIMIT 1"))
    wanted = {await held(inspector, days) for days in (5, 6, 7)}
    assert await held_days.tell_old() == 3 and await told() == wanted
    assert await Change.filter(verb="held.remind").count() == 3


async def test_a_district_without_an_office_waits_for_one(app: Starlette, inspector: Tablet) -> None:
    old = await held(inspector, 8)
    await Person.filter(name="office").update(disabled=True)
    assert await held_days.tell_old() == 0 and not await told()
    await Person.filter(name="office").update(disabled=False)
    assert await held_days.tell_old() == 1 and await told() == {old}


async def test_the_servers_own_day_tells_it(app: Starlette, inspector: Tablet) -> None:
    """The daily job of the server is the ladder and this; `manage.py daily` is the same by hand."""
    old = await held(inspector, 5)
    day = await carried_out(await nightly.ask_for_today())
    assert day.state == "done" and "待批满 5 天 1" in day.result
    assert await told() == {old}


@pytest.mark.parametrize(("ago", "number"), [(3, 0), (2, 1), (None, 1)])
async def test_by_hand_up_to_a_day(demo_settings: Settings, ago: int | None, number: int) -> None:
    today = clock.local(clock.now()).date()
    async with open_database(demo_settings):
        await _held_at(clock.end_of_day(today - timedelta(days=7)))
    day = "" if ago is None else str(today - timedelta(days=ago))
    assert f"待批满 5 天 {number}" in await held_days.at_command(demo_settings, day)


@pytest.mark.postgres
async def test_on_postgresql(tmp_path: Path, worlds: Worlds) -> None:
    async with open_database(worlds.copy("postgres", "demo", tmp_path)):
        await _held_at(clock.now() - timedelta(days=6))
        assert (await held_days.tell_old(), await held_days.tell_old()) == (1, 0)


async def _held_at(moment: datetime) -> None:
    """As the wire stores it; nothing else of it is asked."""
    person = await Person.get(name="inspector")
    await Command.create(
        id=uuid4(), replica=uuid4(), seq=1, person=person.id, verb="inspection.submit", v=1, body_hash="0" * 64,
        payload="{}", status="held", reason="checklist_unknown", heard_at=moment, rev=1,
    )  # fmt: skip
