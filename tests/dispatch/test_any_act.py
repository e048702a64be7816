"""Acts by chance: every verb, by everybody, on anything they can name. Whatever comes, the table holds."""

import asyncio
import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from dispatch.models import LookBack, LookBackTask, Step, Task, TaskPhoto
from dispatch.moves import Outcome
from dispatch.pages.clock_line import WIDE, clock_line
from dispatch.stages import ROWS
from tests.dispatch.cast import (
    FAR,
    NEIGHBOUR,
    OTHER_TOWN,
    TOWN,
    VILLAGE,
    WATER,
    Cast,
    cast,
    do,
    one_task,
    photo,
)
from tests.dispatch.kept import counts_hold
from tests.dispatch.test_moves import set_share
from villages.ground import clock
from villages.ground.database import open_database
from villages.ground.settings import Settings
from villages.permissions import Who

pytestmark = pytest.mark.slow

# The ordinary life more often than the rest, so that runs get as far as 销号 and back.
VERBS = (
    *sorted(set(ROWS) - {"dispatch"}),
    "submit",
    "submit",
    "accept",
    "pass",
    "pass",
    "close",
    "extend",
    "reopen",
)
DONE = ("applied", "merged")
REVIEWS = ("pass", "reject", "close", "close_on_site")
TASKS = 3


@dataclass(frozen=True)
class Drawn:
    """One act: who (of the cast), verb, which task, what they carry; `seen` how many acts ago they looked."""

    who: str
    verb: str
    task: int
    other: int
    unit: str
    photos: int
    again: bool
    text: str
    days: int | None
    seen: int
    shots: bool = True


ACTS = st.builds(
    Drawn, who=st.sampled_from(sorted(vars(cast()))), verb=st.sampled_from(VERBS), task=st.integers(0, TASKS - 1),
    other=st.integers(0, TASKS), unit=st.sampled_from(("", VILLAGE, TOWN, WATER, NEIGHBOUR, FAR, OTHER_TOWN, "110109-d99")),
    photos=st.integers(0, 2), again=st.booleans(), text=st.sampled_from(("", "情况说明", "说明", "原因")),
    days=st.sampled_from((None, -1, 2, 5, 40, 4000)), seen=st.integers(0, 4),
    shots=st.booleans(),
)  # fmt: skip


def act(who: str, verb: str, **more: Any) -> Drawn:
    """One act of the life below, on the first task."""
    plain = {
        "task": 0,
        "other": 1,
        "unit": "",
        "photos": 1,
        "again": False,
        "text": "说明",
        "days": 5,
        "seen": 0,
    }
    return Drawn(who, verb, **(plain | more))


# Every verb once, and a town that would review its own mending: chance alone comes there too seldom.
LIFE = [
    act("village", "note"),
    act("village", "accept"), act("village", "take_back"), act("village", "accept"), act("town", "urge"),
    act("town", "split", photos=0), act("office", "sweep"), act("village", "sweep_answer"), act("village", "extend"), act("town", "extend_grant", days=None), act("office", "supervise"),
    act("office", "defer", days=40), act("office", "resume"), act("town", "submit"), act("town", "pass"),
    act("town", "reject"), act("town_too", "reject"), act("village", "submit"), act("town", "pass"),
    act("town_too", "pass"), act("town_too", "take_back"), act("town_too", "pass"), act("office", "close"),
    act("inspector_too", "look_back"), act("inspector", "reopen"), act("village", "return"),
    act("office", "reassign", unit=WATER), act("water", "extend"), act("water", "submit"), act("inspector_too", "close_on_site"),
    act("town", "link", task=1, other=0), act("village", "extend", task=2), act("town", "extend_refuse", task=2),
    act("town", "merge", task=2), act("office", "cancel", task=1),
]  # fmt: skip


@dataclass
class World:
    """A small district: its people, its tasks, and everything that was ever written, to see it stay."""

    people: Cast
    tasks: list[UUID]
    revs: dict[UUID, list[int]]
    kept: set[Any]
    done: set[str]

    async def act(self, drawn: Drawn) -> None:
        person = getattr(self.people, drawn.who)
        before = await Task.get(id=self.tasks[drawn.task])
        seen = self.revs[before.id]
        carried = [photo("shown before" if drawn.again else "") for _ in range(drawn.photos)]
        into = [*self.tasks, uuid4()][drawn.other]
        own = await TaskPhoto.filter(task_id=before.id, role="before").values_list("photo", flat=True)
        until = clock.now() + timedelta(days=drawn.days) if drawn.days is not None else None
        outcome = await do(
            person, drawn.verb, before.id, text=drawn.text, photos=carried, unit=drawn.unit, until=until, into=into,
            shots=list(own) if drawn.shots else [uuid4()],
            base_rev=seen[max(0, len(seen) - 1 - drawn.seen)],
        )  # fmt: skip
        after = await Task.get(id=before.id)
        seen.append(after.rev)
        await self.by_the_table(person.person, drawn.verb, before, after, outcome)
        await self.nothing_lost()
        await counts_hold()
        for task in await Task.all().values_list("id", flat=True):
            await explained(task)

    async def by_the_table(
        self, person: UUID, verb: str, before: Task, after: Task, outcome: Outcome
    ) -> None:
        if outcome.status not in DONE:
            same = (
                "stage",
                "unit",
                "deadline",
                "extended",
                "supervised",
                "reopened",
                "merged_into",
                "sweep_until",
                "again_of",
            )
            assert all(getattr(before, name) == getattr(after, name) for name in same), (verb, outcome)
            return
        self.done.add(verb)
        row = ROWS[verb]
        assert before.stage in row.froms and after.stage in (row.to or (before.stage,)), (verb, outcome)
        assert outcome.stage == after.stage
        step = await Step.filter(task_id=after.id, rev=after.rev, verb=verb).first()
        assert step is not None and step.post in row.roles and step.person == person
        if verb in REVIEWS:
            assert str(person) not in before.submitters, "whoever submitted reviewed it"
        assert set(before.submitters) <= set(after.submitters)
        assert after.unit == before.unit or verb == "reassign"
        assert after.extended <= 1 and (verb != "extend_grant" or after.deadline > before.deadline)

    async def nothing_lost(self) -> None:
        now = {("task", one) for one in await Task.all().values_list("id", flat=True)}
        now |= {("step", one) for one in await Step.all().values_list("id", flat=True)}
        now |= {("photo", one) for one in await TaskPhoto.all().values_list("id", flat=True)}
        assert self.kept <= now
        self.kept = now


async def explained(task_id: UUID) -> None:
    """The steps lead, one from where the other led to, from nothing to the stage; the clock can be told of them."""
    task = await Task.get(id=task_id)
    stage, steps = "", await Step.filter(task_id=task_id).order_by("rev", "id")
    for step in steps:
        if step.verdict in DONE:
            assert step.from_stage == stage, (step.verb, step.from_stage, stage)
            stage = step.to_stage
    assert stage == task.stage
    line = clock_line(task, steps, clock.now())
    assert all(0 <= span.x <= WIDE and span.width > 0 for span in line.spans)
    if task.stage in ("dispatched", "accepted", "submitted", "checked", "returned"):
        assert task.deadline in {mark.at for mark in line.marks}, "the deadline that holds is on the line"


async def played(template: Path, acts: list[Drawn]) -> set[str]:
    with TemporaryDirectory() as folder:
        shutil.copy(template, Path(folder) / "xuncun.db")
        async with open_database(Settings(Path(folder))):
            await set_share(100)
            people = cast()
            tasks = [await one_task(people.inspector) for _ in range(TASKS)]
            await drawn_for(people.inspector_too, tasks)
            revs = {task.id: [task.rev] for task in await Task.all()}
            world = World(people, tasks, revs, set(), set())
            for drawn in acts:
                await world.act(drawn)
            return world.done


async def drawn_for(person: Who, tasks: list[UUID]) -> None:
    """A look-back of these tasks, drawn for one person."""
    now = clock.now()
    made = await LookBack.create(
        id=uuid4(), district="110109", year=2026, ordinal=1, seed="0" * 64, share=15, since=now, until=now, due=now,
        fixed_at=now, drawn_at=now, rev=1,
    )  # fmt: skip
    for task in tasks:
        await LookBackTask.create(
            id=uuid4(), look_back_id=made.id, task_id=task, village=VILLAGE, person=person.person, rev=1
        )


def test_whatever_is_done_the_table_holds(sqlite_template: Path) -> None:
    done: set[str] = set()

    @settings(
        max_examples=5, deadline=None, database=None, derandomize=True, phases=(Phase.explicit, Phase.generate),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example, HealthCheck.data_too_large],
    )  # fmt: skip
    @example(LIFE)
    @given(st.lists(ACTS, min_size=20, max_size=25))
    def play(acts: list[Drawn]) -> None:
        done.update(asyncio.run(played(sqlite_template, acts)))

    play()
    assert done == set(ROWS) - {"dispatch"}, "a verb that never came off was not tried"
