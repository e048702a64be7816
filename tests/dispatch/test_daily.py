"""The ladder over simulated weeks: each rung once, under its own date, to whom it concerns."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from dispatch import daily
from dispatch.escalation import Rung, owed, raised
from dispatch.models import Notice, Step, Task
from tests.dispatch.cast import DISTRICT, TOWN, VILLAGE, Cast, Rule, do, one_task, photo
from tests.dispatch.test_notices import _seated
from villages.ground import clock
from villages.ground.problems import Problem
from villages.ground.settings import Settings
from villages.models import Change, DistrictHead

DUE = datetime(2026, 11, 20, 15, 59, 59, tzinfo=UTC)  # the end of the 20th in Beijing


def noon(day: int, month: int = 11) -> datetime:
    return datetime(2026, month, day, 4, tzinfo=UTC)


@pytest.fixture
async def people(district: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Cast]:
    travel(monkeypatch, noon(17))
    yield await _seated()


def travel(monkeypatch: pytest.MonkeyPatch, to: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: to)


async def steps(task: UUID) -> list[tuple[str, str]]:
    found = await Step.filter(task_id=task, post="system").order_by("rev", "id")
    return [(one.verb, one.text.partition("（")[2].partition("）")[0]) for one in found]


async def told(kind: str) -> set[tuple[UUID, str, date | None]]:
    return {(one.person, one.place, one.day) for one in await Notice.filter(kind=kind)}


async def run_at(monkeypatch: pytest.MonkeyPatch, to: datetime) -> str:
    travel(monkeypatch, to)
    return str(await daily.run())


@pytest.mark.parametrize(
    ("now", "told", "told_for", "found"),
    [
        (noon(19), 0, None, []),
        (noon(20), 0, None, [(1, 20)]),
        (noon(20), 1, DUE, []),
        (noon(20), 4, DUE - timedelta(days=9), [(1, 20)]),  # of another deadline
        (datetime(2026, 11, 20, 16, tzinfo=UTC), 0, None, [(2, 21)]),  # a second late, and a Beijing day
        (noon(23), 0, None, [(2, 21), (3, 23)]),
        (noon(23), 2, DUE, [(3, 23)]),
        (noon(26), 3, DUE, []),
        (noon(30), 0, None, [(2, 21), (3, 23), (4, 27)]),
        (noon(30), 4, DUE, []),
    ],
)
def test_what_is_owed(
    now: datetime, told: int, told_for: datetime | None, found: list[tuple[int, int]]
) -> None:
    assert owed(DUE, told, told_for, now) == [Rung(number, date(2026, 11, day)) for number, day in found]


def test_a_new_deadline_takes_the_mark_away() -> None:
    assert raised(DUE, 4, DUE) and not raised(DUE, 3, DUE) and not raised(DUE + timedelta(days=9), 4, DUE)


async def test_three_weeks_of_a_late_task(people: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    task = await one_task(people.inspector, Rule(deadline_days=3))
    assert (await Task.get(id=task)).deadline == DUE
    for day in range(17, 31):
        await run_at(monkeypatch, noon(day))
        await daily.run()
    assert await steps(task) == [
        ("urge", "2026年11月21日"),
        ("propose", "2026年11月23日"),
        ("raise", "2026年11月27日"),
    ]
    village = {people.village.person, people.village_too.person}
    office = {people.office.person, people.office_too.person}
    assert await told("soon") == {(one, VILLAGE, date(2026, 11, 20)) for one in village}
    assert await told("urge") == {(one, VILLAGE, date(2026, 11, 21)) for one in village}
    assert await told("propose") == {(one, TOWN, date(2026, 11, 23)) for one in office}
    assert await told("raise") == {(one, TOWN, date(2026, 11, 27)) for one in office}
    row = await Task.get(id=task)
    assert (row.stage, row.rung, row.rung_for, row.supervised) == ("dispatched", 4, DUE, 0), (
        "a machine moves nothing"
    )


async def test_days_off_are_caught_up_with_each_under_its_date(
    people: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = await one_task(people.inspector, Rule(deadline_days=3))
    assert "催办 1，提请督办 1，提级 1" in await run_at(monkeypatch, noon(30))
    assert await steps(task) == [
        ("urge", "2026年11月21日"),
        ("propose", "2026年11月23日"),
        ("raise", "2026年11月27日"),
    ]
    assert await told("soon") == set()


async def test_a_second_run_takes_no_number_and_wakes_nobody(
    people: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    await one_task(people.inspector, Rule(deadline_days=3))
    await run_at(monkeypatch, noon(23))
    head, rows = await DistrictHead.get(district=DISTRICT), await Notice.all().order_by("id").values()
    again = await run_at(monkeypatch, noon(23) + timedelta(hours=3))
    assert "催办 0，提请督办 0，提级 0，挂账待看 0，镇街清单 0" in again
    assert (await DistrictHead.get(district=DISTRICT)).rev == head.rev
    assert await Notice.all().order_by("id").values() == rows


async def test_more_time_begins_the_ladder_anew(people: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    task = await one_task(people.inspector, Rule(deadline_days=3))
    await do(people.village, "extend", task, until=DUE + timedelta(days=3))
    await run_at(monkeypatch, noon(21))
    await do(people.town, "extend_grant", task)
    await run_at(monkeypatch, noon(22))
    await run_at(monkeypatch, noon(24))
    assert [day for verb, day in await steps(task) if verb == "urge"] == ["2026年11月21日", "2026年11月24日"]


async def test_whoever_must_act_is_urged(people: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    task = await one_task(people.inspector, Rule(deadline_days=3))
    await do(people.village, "submit", task, photos=[photo()])
    await run_at(monkeypatch, noon(21))
    assert {one[0] for one in await told("urge")} == {people.town.person, people.town_too.person}
    await do(people.town, "pass", task)
    await run_at(monkeypatch, noon(30))
    assert len(await steps(task)) == 1, "a closed task is left in peace"


async def test_on_hold_it_is_looked_at_again_once_a_date(
    people: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = await one_task(people.inspector, Rule(deadline_days=3))
    await do(people.office, "defer", task, text="列入计划", until=noon(25))
    await run_at(monkeypatch, noon(24))
    assert await told("look_again") == set() and await steps(task) == [], "the clock stands"
    for _ in range(2):
        await run_at(monkeypatch, noon(26))
    office = {people.office.person, people.office_too.person}
    assert await told("look_again") == {(one, TOWN, date(2026, 11, 25)) for one in office}
    await do(people.office, "resume", task, text="开工")
    row = await Task.get(id=task)
    await run_at(monkeypatch, row.deadline + timedelta(days=1))
    assert [verb for verb, _ in await steps(task)] == ["urge"]


async def test_each_town_has_its_list_once_a_week(people: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    await one_task(people.inspector, Rule(deadline_days=30))
    for day in (18, 19, 22):  # the week's Monday, the 16th, was missed
        await run_at(monkeypatch, noon(day))
    town = {people.town.person, people.town_too.person}
    assert await told("weekly") == {(one, TOWN, date(2026, 11, 16)) for one in town}
    await run_at(monkeypatch, noon(23))
    assert {day for _, _, day in await told("weekly")} == {date(2026, 11, 16), date(2026, 11, 23)}


async def test_up_to_a_day_that_was(people: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    task = await one_task(people.inspector, Rule(deadline_days=3))
    travel(monkeypatch, noon(30))
    await daily.run_up_to("2026-11-23")
    assert [verb for verb, _ in await steps(task)] == ["urge", "propose"]
    for wrong in ("2026-12-01", "morgen"):
        with pytest.raises(Problem):
            await daily.run_up_to(wrong)


async def test_many_go_in_batches_each_one_change(people: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daily, "BATCH", 2)
    for _ in range(5):
        await one_task(people.inspector, Rule(deadline_days=3))
    assert "催办 5" in await run_at(monkeypatch, noon(21))
    assert await Change.filter(verb="ladder.run").count() == 4, "three batches and the weekly list"


@pytest.mark.postgres
async def test_either_engine_climbs(any_district: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    travel(monkeypatch, noon(17))
    people = await _seated()
    task = await one_task(people.inspector, Rule(deadline_days=3))
    await run_at(monkeypatch, noon(30))
    assert [verb for verb, _ in await steps(task)] == ["urge", "propose", "raise"]
    rev = (await DistrictHead.get(district=DISTRICT)).rev
    await daily.run()
    assert (await DistrictHead.get(district=DISTRICT)).rev == rev
