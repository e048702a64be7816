"""Figures counted by the database are those of the same tasks read one by one, by every key, on either engine."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dispatch.models import Step, Task
from dispatch.rates import COUNTED, Figures, TaskRecord
from dispatch.rates_asked import Asking
from dispatch.rates_count import figures_by, listed
from dispatch.stages import STAGES
from tests.dispatch.cast import NOON
from tests.dispatch.records import figures, grouped, records
from tests.dispatch.test_rates import NEAR, any_open, shown
from villages.ground import clock

__all__ = ["any_open"]
ONE, OTHER = "110109005", "110109104"
KEYS: dict[str, Callable[[TaskRecord], str]] = {
    "town": lambda task: task.village[:9],
    "village": lambda task: task.village,
    "item": lambda task: task.item,
    "unit": lambda task: task.unit,
    "month": lambda task: clock.local(task.dispatched_at).strftime("%Y-%m"),
}
# A step of a task: (verb, from, to, verdict). Whatever stands there, also what no table of moves would let happen.
STEPS = st.tuples(
    st.sampled_from(["pass", "reject", "close_on_site", "take_back", "submit", "note"]),
    st.sampled_from(["accepted", "submitted", "checked"]), st.sampled_from(["submitted", "checked", "closed"]),
    st.sampled_from(["applied", "applied", "merged", "noop", "conflict"]),
)  # fmt: skip
TASKS = st.lists(
    st.builds(
        dict, village=st.sampled_from([f"{ONE}201", f"{ONE}202", f"{OTHER}201"]), item=st.sampled_from(["RE-1.1", "RE-2.3"]),
        stage=st.sampled_from(STAGES), deadline=NEAR | st.just(NOON), closed_at=st.none() | NEAR | st.just(NOON),
        basis_gone=st.booleans(), reopened=st.integers(0, 2), steps=st.lists(STEPS, max_size=5), again=st.booleans(),
        took=st.timedeltas(timedelta(0), timedelta(days=40)).map(lambda t: timedelta(milliseconds=t // timedelta(milliseconds=1))),
    ),
    max_size=12,
)  # fmt: skip


def task(**more: Any) -> dict[str, Any]:
    return {
        "village": f"{ONE}201", "item": "RE-1.1", "stage": "closed", "deadline": NOON, "closed_at": NOON, "basis_gone": False,
        "reopened": 0, "steps": [], "again": False, "took": timedelta(days=1),
    } | more  # fmt: skip


PASS, BACK = ("pass", "submitted", "checked", "applied"), ("take_back", "checked", "submitted", "applied")
# What chance hardly finds: closed in the very last moment, two in the middle, a pass that was taken back at once, later or
# without effect, and tasks that came back as one that stands and as one that was withdrawn.
CASES = [
    task(steps=[PASS, BACK]), task(steps=[PASS, BACK, PASS], took=timedelta(days=3)), task(steps=[PASS, (*BACK[:3], "noop")]),
    task(steps=[PASS, ("note", "checked", "checked", "applied"), BACK, ("reject", "submitted", "accepted", "applied")]),
    task(steps=[PASS, ("reject", "checked", "accepted", "applied"), BACK]), task(took=timedelta(days=9)),
    task(stage="cancelled", again=True), task(stage="accepted", closed_at=None, again=True), task(deadline=NOON - timedelta(days=2)),
]  # fmt: skip


@example(CASES, random.Random(1))
@example(
    [
        task(took=timedelta(days=days), village=code)
        for days, code in ((1, f"{ONE}201"), (9, f"{ONE}201"), (4, f"{OTHER}201"))
    ],
    random.Random(1),
)
@given(TASKS, st.randoms(use_true_random=False))
@hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_counted_where_they_are_as_read_one_by_one(
    any_open: None, tasks: list[dict[str, Any]], chance: random.Random
) -> None:
    number = uuid4().int % 10**8 + 10**8  # towns of this example alone: steps are never deleted
    towns = {ONE: f"{number}", OTHER: f"{number + 10**8}"}
    before: UUID | None = None
    firsts: dict[str, bool | None] = {}
    linked: set[str] = set()
    for given_task in tasks:
        village = towns[given_task["village"][:9]] + given_task["village"][9:]
        if before and given_task["again"] and given_task["stage"] != "cancelled":
            linked.add(str(before))
        before = await _keep(given_task | {"village": village}, before)
        firsts[str(before)] = _first(given_task["steps"])
    asking = Asking(tuple(towns.values()))
    read = await records(asking)
    assert {one.id: one.first_pass for one in read} == firsts
    assert {one.id for one in read if one.linked} == linked
    for by, key in KEYS.items():
        parts, whole, total = await figures_by(asking, by, NOON)
        assert _told(parts) == _told(grouped(read, key, NOON)), by
        assert (shown(whole), total) == (shown(figures(read, NOON)), len(tasks))
        for part in chance.sample(sorted(COUNTED), 3):
            of = chance.choice(["", *parts])
            inside = [one for one in read if COUNTED[part](one, NOON) and (not of or key(one) == of)]
            pages = [await listed(asking, by, of, part, NOON, page, 3) for page in (1, 2, 99)]
            assert {one.total for one in pages} == {len(inside)}
            plain = [one.id for one in inside]
            assert pages[0].ids == plain[:3] and pages[2].page == pages[0].pages == max(
                1, -(-len(plain) // 3)
            )
            assert pages[1].ids == (plain[3:6] if len(plain) > 3 else plain[:3])
            assert pages[2].ids == plain[(pages[2].page - 1) * 3 :]


def _told(parts: dict[str, Figures]) -> list[tuple[str, dict[str, Any]]]:
    return [(key, shown(part)) for key, part in parts.items()]


async def _keep(given: dict[str, Any], before: UUID | None) -> UUID:
    row = {key: given[key] for key in given if key not in ("steps", "again", "took")}
    task, steps = uuid4(), given["steps"]
    dispatched = (row["closed_at"] or row["deadline"]) - given["took"]
    await Task.create(
        id=task, number="n", inspection=uuid4(), finding=uuid4(), unit=row["village"], severity="minor", days=3, place="",
        text="", dispatched_at=dispatched, moved_rev=1, home=row["village"], town=row["village"][:9], rev=1,
        again_of=before if given["again"] else None, **row,
    )  # fmt: skip
    for rev, (verb, came, went, verdict) in enumerate(steps, 1):
        await Step.create(
            id=uuid4(), task_id=task, rev=rev, verb=verb, at=NOON, heard_at=NOON, post="town_operator", title="",
            from_stage=came, to_stage=went, verdict=verdict,
        )  # fmt: skip
    return task


def _first(steps: list[tuple[str, str, str, str]]) -> bool | None:
    """How the first review ended, said again: a pass whose next move is 撤回 was none."""
    done = [step for step in steps if step[3] in ("applied", "merged")]
    for place, (verb, came, _, _) in enumerate(done):
        moves = [later[0] for later in done[place + 1 :] if later[1] != later[2]]
        if verb == "reject":
            return False
        if (verb == "pass" and moves[:1] != ["take_back"]) or (
            verb == "close_on_site" and came == "submitted"
        ):
            return True
    return None
