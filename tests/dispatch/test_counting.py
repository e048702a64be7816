"""The boards' numbers, held against the tasks themselves: any places and units, any moment, on either engine."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from tortoise import connections

from dispatch.counting import counts_by_stage, marks
from dispatch.deadlines import SOON
from dispatch.models import Task
from dispatch.queries import MARKED, seen_by, within
from dispatch.stages import OPEN, STAGES
from inspections.models import Inspection
from inspections.queries import within as visits_within
from tests.dispatch.cast import DISTRICT, NEIGHBOUR, NOON, OTHER_TOWN, POWER, TOWN, VILLAGE, WATER, cast
from villages.changes import SYSTEM, Line, change
from villages.ground.settings import Settings

FAR = "110109104201"  # of another town, and on record
SCOPES: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    ((DISTRICT,), ()),
    ((TOWN,), ()),
    ((TOWN, OTHER_TOWN), (WATER,)),
    ((VILLAGE,), ()),
    ((NEIGHBOUR, FAR), (WATER, POWER)),
    ((OTHER_TOWN, VILLAGE), (VILLAGE,)),
    ((), (WATER,)),
    (("110108",), ()),
    ((), ()),
)
MOMENTS = (
    NOON - timedelta(days=2),
    NOON,
    NOON + timedelta(milliseconds=1),
    NOON + SOON,
    NOON + timedelta(days=30),
)


def _any_task(chance: random.Random, rev: int) -> dict[str, Any]:
    village = chance.choice((VILLAGE, NEIGHBOUR, FAR))
    deadline = NOON + timedelta(
        hours=chance.choice((-48, -24, 0, 1, 24, 25, 48)), milliseconds=chance.randrange(-1, 2)
    )
    moved = deadline + timedelta(days=1)
    return dict(
        id=uuid4(), number=f"2026-{uuid4().hex[:8]}", village=village, inspection=uuid4(), finding=uuid4(), item="RE-1.1",
        unit=chance.choice((village, village[:9], WATER, POWER)), stage=chance.choice(STAGES), severity="minor", days=3,
        place="后街", text="散落垃圾", dispatched_at=NOON, deadline=deadline, moved_rev=rev, home=village, town=village[:9],
        rev=rev, supervised=chance.choice((0, 0, 1, 2)), rung=chance.randrange(6),
        rung_for=chance.choice((None, deadline, moved)), asked_until=chance.choice((None, None, moved)),
        sweep_until=chance.choice((None, None, None, moved)),
    )  # fmt: skip


@pytest.fixture
async def tasks(any_district: Settings) -> list[Task]:
    chance = random.Random(29)

    async def work(line: Line) -> None:
        line.add(Task, [_any_task(chance, line.rev) for _ in range(600)])

    await change(work, district=DISTRICT, actor=SYSTEM, verb="ladder.run")
    return await Task.all()


def _mine(tasks: Sequence[Task], places: Sequence[str], units: Sequence[str]) -> list[Task]:
    return [task for task in tasks if task.village.startswith(tuple(places)) or task.unit in units]


def _plain(tasks: Sequence[Task], by: str, now: datetime) -> dict[str, tuple[dict[str, int], int, int, int]]:
    found = {}
    for code in {getattr(task, by) for task in tasks}:
        here = [task for task in tasks if getattr(task, by) == code]
        runs = [task for task in here if task.stage in OPEN]
        late = sum(task.deadline < now for task in runs)
        soon = sum(now <= task.deadline <= now + SOON for task in runs)
        found[code] = (dict(Counter(task.stage for task in here)), len(runs), late, soon)
    return found


async def test_counts_are_those_of_the_tasks_at_any_moment(tasks: list[Task]) -> None:
    for places, units in SCOPES:
        mine = _mine(tasks, places, units)
        for now in MOMENTS:
            for by in ("town", "village"):
                found = await counts_by_stage(places, units, by=by, now=now)
                told = {
                    code: (one.stages, one.open, one.overdue, one.due_soon) for code, one in found.items()
                }
                assert told == _plain(mine, by, now), (places, units, by, now)


async def test_marks_are_those_of_the_tasks_and_of_the_lists(tasks: list[Task]) -> None:
    for places, units in SCOPES:
        mine = _mine(tasks, places, units)
        found = await marks(places, units)
        for name in ("asked", "supervised", "raised", "sweeping"):
            listed = {task.id for task in await Task.filter(within(places, units)).filter(MARKED[name])}
            plain = [
                task for task in mine if task.id in listed and (name == "sweeping" or task.stage in OPEN)
            ]
            assert getattr(found, name) == len(plain) and (plain or not mine), (places, units, name)


async def test_nobody_walks_over_the_tasks_of_others(district: Settings) -> None:
    people = cast()
    asked = [
        seen_by(who).filter(stage__in=sorted(OPEN)).sql(params_inline=True)
        for who in (people.town, people.village, people.water)
    ]
    asked.append(Task.filter(within([TOWN, FAR], [WATER])).sql(params_inline=True))
    asked.append(Inspection.filter(visits_within([VILLAGE, OTHER_TOWN])).sql(params_inline=True))
    for statement in asked:
        plan = await connections.get("reader").execute_query_dict(f"EXPLAIN QUERY PLAN {statement}")
        assert not [step for step in plan if step["detail"].startswith("SCAN")], statement
