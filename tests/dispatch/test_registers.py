"""Deadline, extension, 挂账, merging and 反弹 on real rows: what each verb writes, and what it leaves alone."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from dispatch import deadlines
from dispatch.models import Step, Task, TaskPhoto
from tests.dispatch.cast import VILLAGE, Cast, Rule, cast, do, one_task, photo, stage_of
from tests.dispatch.test_moves import set_share
from villages.ground import clock
from villages.ground.settings import Settings
from villages.models import Change, ChangeBody


@pytest.fixture
async def people(district: Settings) -> AsyncIterator[Cast]:
    await set_share(0)
    yield cast()


def days_on(task: Task, days: int) -> datetime:
    return task.deadline + timedelta(days=days)


async def _closed(people: Cast, **more: object) -> UUID:
    task = await one_task(people.inspector, **more)
    await do(people.village, "submit", task, photos=[photo()], text="已清理")
    assert (await do(people.town, "pass", task)).stage == "closed"
    return task


async def test_more_time_is_asked_for_and_given_once(people: Cast) -> None:
    task = await one_task(people.inspector)
    before = await Task.get(id=task)
    until = days_on(before, 3)
    asked = await do(people.village, "extend", task, text="挖掘机周三才到", until=until)
    assert (asked.status, asked.stage) == ("applied", "dispatched")
    row = await Task.get(id=task)
    assert (row.asked_until, row.asked_by, row.deadline) == (until, people.village.person, before.deadline)
    assert (await do(people.village_too, "extend", task, text="再问", until=until)).reason == "invalid"
    given = await do(people.town, "extend_grant", task, text="同意")
    assert given.status == "applied"
    row = await Task.get(id=task)
    assert (row.deadline, row.extended, row.asked_until, row.asked_by) == (until, 1, None, None)
    again = await do(people.village, "extend", task, text="还要", until=days_on(row, 2))
    assert again.status == "conflict" and "已经延期过一次" in again.message
    step = await Step.get(task_id=task, verb="extend")
    assert (step.until, step.from_stage, step.to_stage) == (until, "dispatched", "dispatched")


async def test_refused_more_time_leaves_the_deadline_and_the_way_to_ask_again(people: Cast) -> None:
    task = await one_task(people.inspector)
    before = await Task.get(id=task)
    await do(people.village, "extend", task, text="等料", until=days_on(before, 2))
    assert (await do(people.town, "extend_refuse", task, text="当天就能清完")).status == "applied"
    row = await Task.get(id=task)
    assert (row.deadline, row.extended, row.asked_until) == (before.deadline, 0, None)
    assert (
        await do(people.village, "extend", task, text="仍需", until=days_on(before, 1))
    ).status == "applied"


async def test_the_town_gives_up_to_the_items_term_and_the_office_beyond(people: Cast) -> None:
    task = await one_task(people.inspector, Rule(deadline_days=3))
    row = await Task.get(id=task)
    await do(people.village, "extend", task, text="等料", until=days_on(row, 4))
    refused = await do(people.town, "extend_grant", task)
    assert refused.status == "rejected" and "区级办公室批准" in refused.message
    shorter = await do(people.town, "extend_grant", task, until=days_on(row, 3))
    assert shorter.status == "applied" and (await Task.get(id=task)).deadline == days_on(row, 3)
    other = await one_task(people.inspector, Rule(deadline_days=3))
    await do(people.village, "extend", other, text="等料", until=days_on(row, 40))
    assert (await do(people.office, "extend_grant", other)).status == "applied"


async def test_whoever_asked_does_not_answer_and_a_longer_grant_is_cut_to_what_was_asked(
    people: Cast,
) -> None:
    task = await one_task(people.inspector)
    row = await Task.get(id=task)
    await do(people.town, "extend", task, text="代村申请", until=days_on(row, 2))
    assert "另一位" in (await do(people.town, "extend_grant", task)).message
    assert (await do(people.town_too, "extend_grant", task, until=days_on(row, 3))).status == "applied"
    assert (await Task.get(id=task)).deadline == days_on(row, 2)


async def test_the_last_day_is_too_late_to_ask(people: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    task = await one_task(people.inspector, Rule(deadline_days=3))
    row = await Task.get(id=task)
    at_last = row.deadline - timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: at_last + timedelta(seconds=1))
    late = await do(people.village, "extend", task, text="来不及", until=days_on(row, 2))
    assert late.status == "conflict" and "提前一天" in late.message
    monkeypatch.setattr(clock, "now", lambda: at_last)
    assert (
        await do(people.village, "extend", task, text="来不及", until=days_on(row, 2))
    ).status == "applied"


async def test_a_date_that_is_none(people: Cast) -> None:
    task = await one_task(people.inspector)
    row = await Task.get(id=task)
    for until in (None, row.deadline, row.deadline - timedelta(hours=1), datetime(2090, 1, 1, tzinfo=UTC)):
        got = await do(people.village, "extend", task, text="等料", until=until)
        assert got.status == "conflict" and "有效的日期" in got.message, until
    assert (await Task.get(id=task)).asked_until is None


async def test_on_hold_the_clock_stands(people: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two days were left when it was put on hold, two days are left when it goes on a month later."""
    task = await one_task(people.inspector, Rule(deadline_days=15))
    row = await Task.get(id=task)
    stopped = row.deadline - timedelta(days=2)
    monkeypatch.setattr(clock, "now", lambda: stopped)
    done = await do(
        people.office,
        "defer",
        task,
        text="列入明年改造",
        until=stopped + timedelta(days=30),
        interim="先围挡警示",
    )
    assert (done.status, done.stage) == ("applied", "deferred")
    held = await Task.get(id=task)
    assert (held.deferred_at, held.look_again) == (stopped, stopped + timedelta(days=30))
    assert held.interim == "先围挡警示" and not deadlines.overdue(held.deadline, held.stage, row.deadline)
    body = json.loads((await ChangeBody.get(id=(await Change.filter(verb="task.act").first() or
                                                await Change.all().order_by("-rev").first()).id)).body or "")  # type: ignore[union-attr]  # fmt: skip
    assert body["interim"] == "先围挡警示" and body["until"]
    on = stopped + timedelta(days=30)
    monkeypatch.setattr(clock, "now", lambda: on)
    assert (await do(people.office, "resume", task, text="开春动工")).stage == "accepted"
    back = await Task.get(id=task)
    assert deadlines.days_left(back.deadline, on) == deadlines.days_left(row.deadline, stopped) == 2
    assert (back.deferred_at, back.look_again) == (None, None)


async def test_only_the_office_puts_on_hold(people: Cast) -> None:
    task = await one_task(people.inspector)
    for one in (people.village, people.town, people.inspector, people.admin):
        got = await do(one, "defer", task, text="挂账", until=clock.now() + timedelta(days=9))
        assert got.reason == "forbidden"
    assert await stage_of(task) == "dispatched"


async def test_a_look_back_that_reopens(people: Cast) -> None:
    """反弹重开: a new term, counted; the old submitters still may not review."""
    task = await _closed(people)
    bare = await do(people.inspector, "reopen", task, text="又堆上了")
    assert bare.status == "conflict" and "新拍的现场照片" in bare.message
    got = await do(people.inspector, "reopen", task, text="又堆上了", photos=[photo()])
    assert (got.status, got.stage) == ("applied", "accepted")
    row = await Task.get(id=task)
    assert (row.reopened, row.closed_at, row.submitted_at) == (1, None, None)
    assert row.deadline > clock.now() and row.submitters == [str(people.village.person)]
    assert (await do(people.village, "reopen", task, text="我来", photos=[photo()])).reason == "forbidden"


async def test_pressing_counts_and_moves_nothing(people: Cast) -> None:
    task = await one_task(people.inspector)
    for _ in range(2):
        assert (await do(people.office, "supervise", task, text="限三日内办结")).stage == "dispatched"
    assert (await Task.get(id=task)).supervised == 2
    assert (await do(people.town, "supervise", task, text="快")).reason == "forbidden"


async def test_two_tasks_of_one_spot_become_one(people: Cast) -> None:
    stays, goes = await one_task(people.inspector), await one_task(people.inspector)
    got = await do(people.town, "merge", goes, text="同一处", into=stays)
    assert (got.status, got.stage) == ("applied", "cancelled")
    row = await Task.get(id=goes)
    assert row.merged_into == stays
    befores = {link.photo for link in await TaskPhoto.filter(task_id=stays, role="before")}
    assert (
        befores >= {link.photo for link in await TaskPhoto.filter(task_id=goes, role="before")}
        and len(befores) == 2
    )
    step = await Step.get(task_id=stays, verb="merge")
    assert row.number in step.text and (await Task.get(id=stays)).rev == row.rev
    for into in (goes, stays):
        assert (await do(people.town, "merge", stays, text="同一处", into=into)).reason == "invalid"


async def test_merging_stays_in_the_village_and_takes_one_under_way(people: Cast) -> None:
    here = await one_task(people.inspector)
    done = await _closed(people)
    got = await do(people.town, "merge", here, text="同一处", into=done)
    assert got.status == "conflict" and "同一个村" in got.message
    assert await stage_of(here) == "dispatched" and (await Task.get(id=here)).village == VILLAGE


async def test_the_same_again_is_linked_to_the_earlier_one(people: Cast) -> None:
    earlier = await _closed(people)
    later = await one_task(people.inspector)
    assert (await do(people.inspector, "link", later, into=earlier)).status == "applied"
    assert (await Task.get(id=later)).again_of == earlier
    assert (await do(people.town, "link", earlier, into=later)).reason == "invalid", "not the other way round"


def test_resuming_keeps_what_was_left_to_the_end_of_the_day() -> None:
    end = datetime(2026, 11, 24, 15, 59, 59, tzinfo=UTC)
    stopped, now = datetime(2026, 11, 22, 3, tzinfo=UTC), datetime(2026, 12, 22, 8, tzinfo=UTC)
    assert deadlines.resumed(end, stopped, now) == datetime(2026, 12, 25, 15, 59, 59, tzinfo=UTC)
