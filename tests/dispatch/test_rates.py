"""The rates: by hand on plain records, equal in SQL and in Python, and told again from the trail alone."""

import random
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dispatch import deadlines
from dispatch.figures import AUTO_SOURCES, auto_values
from dispatch.models import Step, Task
from dispatch.rates import COUNTED, RATES, Figures, Rate, TaskRecord
from dispatch.rates_asked import Asking
from dispatch.rates_count import figures_by
from dispatch.stages import STAGES
from tests.dispatch.cast import DISTRICT, NOON, TOWN, VILLAGE, Cast, cast, do, one_task, photo
from tests.dispatch.records import figures, grouped, records
from tests.dispatch.test_moves import set_share
from villages.ground import clock
from villages.ground.settings import Settings
from villages.models import Change, ChangeBody

DAY = timedelta(days=1)
DUE = NOON - 2 * DAY


def record(**more: Any) -> TaskRecord:
    fields: dict[str, Any] = {
        "village": VILLAGE, "item": "RE-1.1", "unit": VILLAGE, "stage": "accepted",
        "dispatched_at": NOON - 10 * DAY, "deadline": DUE,
    } | more  # fmt: skip
    return TaskRecord(**fields)


def closed(**more: Any) -> TaskRecord:
    return record(**({"stage": "closed", "closed_at": DUE, "first_pass": True} | more))


def told(tasks: list[TaskRecord]) -> dict[str, str]:
    found = figures(tasks, NOON)
    return {name: f"{found.rate(name).part}/{found.rate(name).whole}" for name in RATES}


def test_each_rate_by_hand() -> None:
    tasks = [
        closed(),  # in time to the second
        closed(closed_at=DUE + timedelta(milliseconds=1), first_pass=False, reopened=1),
        closed(linked=True, deadline=NOON + DAY),  # before it was due: not yet in the rate of what was due
        record(),  # late and open
        record(stage="submitted", deadline=NOON + DAY),
        record(stage="checked", first_pass=True, deadline=NOON),
        record(stage="accepted", first_pass=False),
        record(stage="accepted", reopened=1, first_pass=True, deadline=NOON + DAY),
    ]
    assert told(tasks) == {
        "completion_rate": "5/8", "on_time_rate": "1/5", "closure_rate": "3/8", "first_pass_rate": "4/6",
        "recurrence_rate": "3/4",
    }  # fmt: skip
    left_out = [
        record(stage="cancelled", first_pass=False, reopened=1),
        closed(basis_gone=True, linked=True),
        record(stage="deferred"),
    ]
    assert told([*tasks, *left_out]) == told(tasks)
    assert told([record(stage="deferred", reopened=1)])["recurrence_rate"] == "1/1"


def test_nothing_of_nothing_and_the_days_in_the_middle() -> None:
    none = figures([], NOON)
    assert all(none.rate(name).per_cent is None for name in RATES) and none.median_days is None
    assert Rate(1, 3).per_cent == Decimal("33.33") and Rate(0, 3).per_cent == 0
    spans = [closed(dispatched_at=DUE - days * DAY) for days in (1, 2, 9)]
    assert figures(spans, NOON).median_days == Decimal("2.0")
    assert figures(spans[1:], NOON).median_days == Decimal("5.5")


def test_groups_add_up() -> None:
    tasks = [closed(), record(village="x"), record(village="x", stage="submitted")]
    parts = grouped(tasks, lambda task: task.village, NOON)
    whole = figures(tasks, NOON)
    assert list(parts) == [VILLAGE, "x"]
    for name in COUNTED:
        assert sum(part.counts[name] for part in parts.values()) == whole.counts[name]


NEAR = st.integers(-400, 30).map(lambda hours: NOON + timedelta(days=hours, milliseconds=hours))
ROWS = st.lists(
    st.builds(
        dict, stage=st.sampled_from(STAGES), deadline=NEAR | st.just(NOON), closed_at=st.none() | NEAR | st.just(NOON),
        basis_gone=st.booleans(), reopened=st.integers(0, 2),
    ),
    max_size=12,
)  # fmt: skip


async def keep(row: dict[str, Any], village: str) -> TaskRecord:
    made = await Task.create(
        id=uuid4(), number="n", inspection=uuid4(), finding=uuid4(), item="RE-1.1", unit=village, severity="minor",
        days=3, place="", text="", dispatched_at=row["deadline"] - 3 * DAY, moved_rev=1, home=village, town=TOWN,
        rev=1, village=village, **row,
    )  # fmt: skip
    return record(village=village, unit=village, dispatched_at=made.dispatched_at, id=str(made.id), **row)


@given(ROWS)
@hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_the_checklists_value_is_the_same_rate(any_open: None, rows: list[dict[str, Any]]) -> None:
    village = f"{TOWN}{random.randrange(10**3):03d}"
    await Task.filter(village=village).delete()
    made = [await keep(row, village) for row in rows]
    assert sorted(await records(Asking((village,))), key=lambda one: one.id) == sorted(
        made, key=lambda one: one.id
    )
    year = [task for task in made if task.deadline > NOON - timedelta(days=365)]
    value = await auto_values(village, uuid4(), {"X": AUTO_SOURCES[1]}, checklist="RE", now=NOON)
    assert value["X"] == figures(year, NOON).rate("on_time_rate").per_cent


@pytest.fixture
async def any_open(any_district: Settings) -> None:
    """Either engine."""


# Told again from the trail.


@pytest.fixture
async def people(district: Settings) -> AsyncIterator[Cast]:
    await set_share(50)
    yield cast()


async def play(people: Cast, task: UUID, dice: random.Random) -> None:
    """One random act; what the table refuses is part of the play."""
    verb = dice.choice(
        ["accept", "submit", "submit", "submit", "pass", "pass", "pass", "reject", "close", "close", "reopen",
         "extend", "extend_grant", "defer", "resume", "cancel", "merge", "link", "close_on_site", "note"]
    )  # fmt: skip
    if verb in ("cancel", "merge", "defer") and dice.random() < 0.9:
        return
    by = {
        "accept": people.village, "submit": people.village, "extend": people.village, "pass": people.town,
        "reject": people.town, "extend_grant": people.town, "cancel": people.town, "merge": people.town,
        "link": people.town, "note": people.village, "reopen": people.inspector, "close_on_site": people.inspector,
    }.get(verb, people.office)  # fmt: skip
    row = await Task.get(id=task)
    more: dict[str, Any] = {}
    if verb in ("submit", "reopen", "close_on_site"):
        more["photos"] = [photo()]
    if verb in ("extend", "defer"):
        more["until"] = max(row.deadline, clock.now()) + dice.randint(1, 3) * DAY
    if verb in ("merge", "link"):
        others = await Task.exclude(id=task).order_by("dispatched_at").values_list("id", flat=True)
        more["into"] = dice.choice(list(others))
    await do(by, verb, task, **more)


async def from_the_trail() -> list[TaskRecord]:
    """Every task as its steps and the trail's bodies tell it: no column of the task is looked at."""
    tasks: dict[UUID, dict[str, Any]] = {}
    links: dict[UUID, UUID] = {}
    for step in await Step.all().order_by("rev", "id"):
        key, at = step.task_id, step.heard_at  # type: ignore[attr-defined]
        if step.verdict not in ("applied", "merged"):
            continue
        line = await Change.get(district=DISTRICT, rev=step.rev)
        body = msgspec.json.decode((await ChangeBody.get(id=line.id)).body or "{}")
        if step.verb == "dispatch":
            tasks[key] = {
                "id": str(key), "stage": "dispatched", "dispatched_at": at,
                "deadline": deadlines.deadline_for(at, 3), "reopened": 0, "closed_at": None, "first_pass": None,
            }  # fmt: skip
            continue
        one = tasks[key]
        if step.verb in ("pass", "reject") or (
            step.verb == "close_on_site" and step.from_stage == "submitted"
        ):
            one["first_pass"] = step.verb != "reject" if one["first_pass"] is None else one["first_pass"]
        if step.to_stage == "closed" and step.from_stage != "closed":
            one["closed_at"] = at
        if step.verb == "extend":
            one["asked"] = step.until
        if step.verb == "extend_grant":
            one["deadline"] = one["asked"]
        if step.verb == "defer":
            one["since"] = at
        if step.verb == "resume":
            one["deadline"] = deadlines.resumed(one["deadline"], one["since"], at)
        if step.verb == "reopen":
            one |= {
                "deadline": deadlines.deadline_for(at, 3),
                "closed_at": None,
                "reopened": one["reopened"] + 1,
            }
        if step.verb == "link":
            links[key] = UUID(body["into"])
        one["stage"] = step.to_stage
    for task, earlier in links.items():
        if tasks[task]["stage"] != "cancelled":
            tasks[earlier]["linked"] = True
    wanted = TaskRecord.__slots__
    return [record(**{key: one[key] for key in one if key in wanted}) for one in tasks.values()]


def shown(found: Figures) -> dict[str, Any]:
    return {name: (found.rate(name), found.rate(name).per_cent) for name in RATES} | {
        "days": found.median_days,
        "counts": found.counts,
    }


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_every_rate_again_from_the_trail_alone(
    people: Cast, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    dice = random.Random(seed)
    now = [NOON]
    monkeypatch.setattr(clock, "now", lambda: now[0])
    tasks = []
    for _ in range(14):
        now[0] += timedelta(hours=dice.randint(1, 9), milliseconds=dice.randint(0, 999))
        tasks.append(await one_task(people.inspector))
    for _ in range(200):
        now[0] += timedelta(minutes=dice.randint(1, 300), milliseconds=dice.randint(0, 999))
        await play(people, dice.choice(tasks), dice)
    again = figures(await from_the_trail(), now[0])
    read = figures(await records(Asking((DISTRICT,))), now[0])
    assert shown(again) == shown(read)
    for by in ("town", "item"):
        assert shown((await figures_by(Asking((DISTRICT,)), by, now[0]))[1]) == shown(again)
    assert all(read.counts[name] for name in ("reviewed", "due", "missed", "was_closed")), read.counts


def _since(task: TaskRecord) -> datetime:
    return task.dispatched_at


async def test_narrower_questions(people: Cast) -> None:
    await one_task(people.inspector)
    [one] = await records(Asking((DISTRICT,)))
    at = _since(one)
    for same in (
        Asking((TOWN,)),
        Asking((VILLAGE,), village=VILLAGE, unit=VILLAGE, item="RE-1.1", town=TOWN),
        Asking((DISTRICT,), since=at),
    ):
        assert await records(same) == [one]
    for other in (
        Asking(()),
        Asking(("110109104",)),
        Asking((DISTRICT,), item="RE-1.2"),
        Asking((DISTRICT,), until=at),
        Asking((DISTRICT,), since=at + timedelta(milliseconds=1)),
    ):
        assert await records(other) == []
