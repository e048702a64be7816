"""Whatever anybody tries, in whatever order and however late: only the table's moves happen, all is kept."""

from dataclasses import fields
from uuid import UUID

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from dispatch.models import Step, Task, TaskPhoto
from dispatch.stages import ROWS
from tests.dispatch.cast import DISTRICT, TOWN, VILLAGE, WATER, Cast, Rule, cast, do, one_task, photo, who
from villages.ground.settings import Settings
from villages.models import Change
from villages.permissions import AUTHORITY, Who

pytestmark = pytest.mark.slow

Tried = tuple[str, str, int, str, int, str]
VERBS = [verb for verb in ROWS if verb != "dispatch"]
NAMES = [field.name for field in fields(Cast)]
HOLDER = who(
    "一人多岗", ("village_committee", VILLAGE), ("town_operator", TOWN), ("inspector", VILLAGE),
    ("district_office", DISTRICT),
)  # fmt: skip

ACT = st.tuples(
    st.sampled_from(VERBS),
    st.sampled_from([*NAMES, "holder"]),
    st.integers(0, 3),  # how many revisions old the view is that they act on
    st.sampled_from(["", "原因"]),
    st.integers(0, 2),  # photos
    st.sampled_from(["", VILLAGE, TOWN, WATER]),
)
# Random acts alone seldom get far: half of the time somebody does the next sensible thing.
SENSIBLE = st.sampled_from(
    [
        ("accept", "village", 0, "", 0, ""), ("submit", "village", 0, "已清理", 1, ""),
        ("submit", "town", 0, "代交", 1, ""), ("submit", "holder", 0, "代交", 1, ""),
        ("pass", "town_too", 0, "", 0, ""), ("close", "office", 0, "", 0, ""),
        ("reject", "inspector", 0, "未清净", 0, ""), ("return", "village", 0, "不归我", 0, ""),
        ("reassign", "office", 0, "归水务", 0, WATER), ("reassign", "town", 0, "归镇里", 0, TOWN),
        ("submit", "water", 0, "已修", 1, ""),
    ]
)  # fmt: skip
SUBMITTED = [("submit", "village", 0, "已清理", 1, "")]
BEGINNINGS = st.sampled_from([[], SUBMITTED, [*SUBMITTED, ("pass", "town", 0, "", 0, "")]])
MOVED = ("applied", "merged")


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(BEGINNINGS, st.lists(ACT | SENSIBLE, min_size=4, max_size=12), st.sampled_from(["minor", "critical"]))
async def test_only_the_table_moves_a_task(
    district: Settings, beginning: list[Tried], acts: list[Tried], severity: str
) -> None:
    people = cast()
    task = await one_task(people.inspector, Rule(severity=severity))
    revs = [(await Task.get(id=task)).rev]
    tried = kept_photos = 0
    for verb, name, age, text, photos, unit in beginning + acts:
        person = HOLDER if name == "holder" else getattr(people, name)
        before = await Task.get(id=task)
        steps = await Step.filter(task_id=task).count()
        base = None if not age else revs[max(0, len(revs) - 1 - age)]
        pictures = [photo() for _ in range(photos)]
        got = await do(person, verb, task, text=text, photos=pictures, unit=unit, base_rev=base)
        after = await Task.get(id=task)
        event(f"{verb}: {got.status}")
        tried += 1
        if got.status in ("rejected", "held"):
            assert (after.rev, after.stage) == (before.rev, before.stage)
            assert not pictures or got.status == "held", "evidence is never rejected"
            assert await Step.filter(task_id=task).count() == steps
            continue
        revs.append(after.rev)
        kept_photos += photos
        last = await Step.filter(task_id=task).order_by("-rev").first()
        assert await Step.filter(task_id=task).count() == steps + 1
        assert last is not None
        assert (last.person, last.rev, last.verdict) == (person.person, after.rev, got.status)
        assert await TaskPhoto.filter(task_id=task).count() == 1 + kept_photos
        if got.status in MOVED:
            await _was_lawful(before, after, last, person, base)
        else:
            assert (after.stage, after.unit, after.moved_rev) == (before.stage, before.unit, before.moved_rev)
    await _history_explains(task)
    assert await Change.filter(subject_id=str(task)).count() == tried


async def _was_lawful(before: Task, after: Task, step: Step, person: Who, base: int | None) -> None:
    row = ROWS[step.verb]
    assert before.stage in row.froms
    assert after.stage in (row.to or (before.stage,))
    assert step.post in row.roles
    assert any(post.role == step.post for post in person.posts)
    assert (step.from_stage, step.to_stage) == (before.stage, after.stage)
    assert (after.unit != before.unit) <= (step.verb == "reassign")
    if row.by_other:
        assert str(person.person) not in before.submitters
        assert not await Step.exists(task_id=after.id, verb="submit", person=person.person)
    if row.photo:
        assert await TaskPhoto.exists(task_id=after.id, step=step.id)
    if row.text:
        assert step.text
    if base is not None and row.to:
        for other in await Step.filter(task_id=after.id, rev__gt=base, rev__lt=step.rev, verdict__in=MOVED):
            moved = other.from_stage != other.to_stage or other.verb == "reassign"
            mine = other.person == person.person
            assert not moved or mine or AUTHORITY[other.post] <= AUTHORITY[step.post]


async def _history_explains(task: UUID) -> None:
    """Walking the steps leads to the stage, and every submitter is on record."""
    stage = ""
    for step in await Step.filter(task_id=task).order_by("rev"):
        assert step.from_stage == stage
        if step.verdict in ("noop", "conflict"):
            assert step.to_stage == stage
        stage = step.to_stage
    row = await Task.get(id=task)
    assert row.stage == stage
    assert (row.closed_at is not None) == (stage == "closed")
    submitted = await Step.filter(task_id=task, verb="submit")
    assert set(row.submitters) == {str(step.person) for step in submitted}
