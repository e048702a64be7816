"""The boards' numbers, held against the tasks themselves: any places and units, any moment, on either engine."""

import random
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from tortoise import connections
from tortoise.expressions import F

from dispatch.counting import counts_by_stage, marks, proposals
from dispatch.deadlines import SOON
from dispatch.letters import proposed, proposed_to
from dispatch.models import Letter, LetterTask, Task, TaskCount
from dispatch.queries import MARKED, seen_by, within
from dispatch.stages import OPEN, STAGES
from inspections.models import Inspection
from inspections.queries import within as visits_within
from tests.dispatch.cast import DISTRICT, NEIGHBOUR, NOON, OTHER_TOWN, POWER, TOWN, VILLAGE, WATER, cast
from tests.dispatch.kept import counts_hold, counts_hold_in
from villages.changes import SYSTEM, Line, change
from villages.ground.database import open_database
from villages.ground.migrations import migrate
from villages.ground.settings import Settings

CHANGED = (
    "stage", "deadline", "supervised", "rung", "rung_for", "supervised_for", "asked_until", "sweep_until", "unit", "rev",
    "town",
)  # fmt: skip
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
        rung_for=chance.choice((None, deadline, moved)), supervised_for=chance.choice((None, deadline, moved)), asked_until=chance.choice((None, None, moved)),
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


def _plain(
    tasks: Sequence[Task], places: Sequence[str], by: str, now: datetime
) -> dict[str, tuple[dict[str, int], int, int, int]]:
    """By the place inside the places, else by the unit."""

    def code_of(task: Task) -> str:
        return str(getattr(task, by) if task.village.startswith(tuple(places)) else task.unit)

    found = {}
    for code in {code_of(task) for task in tasks}:
        here = [task for task in tasks if code_of(task) == code]
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
                assert told == _plain(mine, places, by, now), (places, units, by, now)


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


async def test_proposals_are_as_many_as_the_list_shows(tasks: list[Task]) -> None:
    listed = await proposed(DISTRICT)
    plain = [
        task for task in tasks
        if task.stage in OPEN and task.rung >= 3 and task.rung_for == task.deadline and task.supervised_for != task.deadline
    ]  # fmt: skip
    assert await proposals(DISTRICT) == sum(one.number for one in listed) == len(plain) > 9
    assert await proposals("110108") == 0
    shown = []
    for one in listed:
        found = await proposed_to(DISTRICT, one.unit)
        assert len(found) == one.number and found[0].deadline == one.oldest
        assert {task.unit if "-" in task.unit else task.town for task in found} == {one.unit}
        shown += [task.id for task in found]
    assert sorted(shown) == sorted(task.id for task in plain)
    assert [one.oldest for one in listed] == sorted(one.oldest for one in listed)


async def test_kept_counts_follow_the_tasks_whatever_is_written(tasks: list[Task]) -> None:
    """The fixture looks at the end as well; here after each way of writing, by the ORM and without it."""
    chance = random.Random(31)
    await counts_hold()
    for _ in range(40):
        some = chance.sample(tasks, 20)
        changed = _any_task(chance, 1)
        names = chance.sample(CHANGED, chance.randrange(1, 4))
        await Task.filter(id__in=[task.id for task in some]).update(**{name: changed[name] for name in names})
        await counts_hold()
    some[0].stage, some[0].asked_until = "closed", None
    await some[0].save()
    await Task.filter(id__in=[task.id for task in some]).delete()
    await counts_hold()
    assert await TaskCount.all().count() > 9
    await change(
        lambda line: line.run("DELETE FROM task"), district=DISTRICT, actor=SYSTEM, verb="ladder.run"
    )
    assert await TaskCount.all().count() == 0


async def test_a_district_that_is_there_is_counted_when_it_is_brought_up_to_date(settings: Settings) -> None:
    chance = random.Random(37)
    async with open_database(settings):
        await Task.bulk_create([Task(**_any_task(chance, 1)) for _ in range(200)])
        pressed = await Task.filter(stage__in=sorted(OPEN), rung__gte=3, rung_for=F("deadline")).limit(2)
        letter = await Letter.create(
            id=uuid4(), district=DISTRICT, year=2026, ordinal=1, unit=TOWN, note="抓紧", deadline=NOON, issued_at=NOON,
            data_rev=1, chain_hash="0" * 64, pdf_sha256="0" * 64, rev=1,
        )  # fmt: skip
        for task, deadline in zip(pressed, (pressed[0].deadline, NOON - SOON * 30), strict=True):
            await LetterTask.create(letter_id=letter.id, task_id=task.id, deadline=deadline)
    with closing(sqlite3.connect(settings.sqlite_file)) as raw:
        for name in ("insert", "update", "delete"):
            raw.execute(f"DROP TRIGGER task_count_{name}")
        raw.execute("DROP TABLE task_count")
        raw.execute("ALTER TABLE task DROP COLUMN supervised_for")
        raw.execute("DROP INDEX step_review")
        raw.execute("DELETE FROM tortoise_migrations WHERE name IN ('0008_kept_counts', '0009_reviews')")
        raw.commit()
    assert await migrate(settings) == ["dispatch.0008_kept_counts", "dispatch.0009_reviews"]
    counts_hold_in(settings.sqlite_file)
    async with open_database(settings):
        assert [(await Task.get(id=task.id)).supervised_for for task in pressed] == [
            pressed[0].deadline,
            None,
        ]
        await Task.bulk_create([Task(**_any_task(chance, 1)) for _ in range(20)])
    counts_hold_in(settings.sqlite_file)


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
