"""催办, 拆分, 举一反三, 撤回: what each leaves behind, and when it is not done."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from dispatch import look_backs
from dispatch.models import LookBackTask, Notice, Step, Task, TaskPhoto
from dispatch.queries import MARKED, seen_by
from dispatch.rates_asked import Asking
from dispatch.stages import drawn
from tests.dispatch.cast import (
    DISTRICT,
    TOWN,
    VILLAGE,
    WATER,
    Cast,
    cast,
    do,
    finding,
    one_task,
    open_for,
    photo,
    rev_of,
    stage_of,
    visit,
)
from tests.dispatch.records import records
from tests.dispatch.test_moves import set_share
from villages.ground import clock
from villages.ground.settings import Settings
from villages.models import Change, ChangeBody, Person, Post, Unit


@pytest.fixture
async def people(district: Settings) -> Cast:
    """The cast; the village's and the town's people hold their posts on record, so that notices find them."""
    made = cast()
    today = clock.local(clock.now()).date()
    for who in (made.village, made.town, made.town_too, made.office, made.water):
        person = await Person.create(
            id=who.person, name=str(who.person), title=who.title, phone="", password="x", district=DISTRICT, rev=1
        )  # fmt: skip
        for post in who.posts:
            await Post.create(
                id=UUID(int=who.person.int ^ 1),
                person_id=person.id,
                role=post.role,
                place=post.place,
                since=today,
                rev=1,
            )
    await set_share(0)
    return made


async def told(kind: str) -> set[UUID]:
    return {one.person for one in await Notice.filter(kind=kind, over__isnull=True)}


async def test_urging_by_hand_tells_the_unit_once_a_day(
    people: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = await one_task(people.inspector)
    assert (await do(people.town, "urge", task)).status == "applied"
    assert await told("urged") == {people.village.person} and await stage_of(task) == "dispatched"
    again = await do(people.office, "urge", task)
    assert again.reason == "invalid" and "今天已经有人催办过" in again.message
    assert await Step.filter(verb="urge").count() == 1
    later = clock.now() + timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert (await do(people.office, "urge", task)).status == "applied"


async def test_urging_what_waits_for_review_tells_the_reviewers(people: Cast) -> None:
    task = await one_task(people.inspector)
    await do(people.village, "submit", task, photos=[photo()])
    await do(people.office, "urge", task)
    assert await told("urged") == {people.town.person, people.town_too.person}


async def two_shots(people: Cast) -> tuple[UUID, list[UUID]]:
    shots = [photo(), photo()]
    spot = finding(photos=tuple(one.id for one in shots), place="后街")
    [task] = await open_for(people.inspector, visit(spot, photos=shots))
    return task, [one.id for one in shots]


async def test_a_finding_that_is_two_problems_is_split(people: Cast) -> None:
    task, shots = await two_shots(people)
    await Unit.get_or_create(
        code=WATER, defaults={"name": "水务部门", "kind": "department", "district": DISTRICT, "rev": 1}
    )
    done = await do(
        people.office, "split", task, text="井盖缺失", place="后街口", shots=[shots[1]], unit=WATER
    )
    assert done.status == "applied"
    made, old = await Task.get(id=done.data["task"]), await Task.get(id=task)
    assert (made.split_from, made.village, made.finding, made.item) == (task, VILLAGE, old.finding, old.item)
    assert (made.text, made.place, made.unit, made.stage) == ("井盖缺失", "后街口", WATER, "dispatched")
    assert (made.deadline, made.dispatched_at, made.days) == (old.deadline, old.dispatched_at, old.days)
    assert made.number != old.number and made.rev == old.rev, "one change"
    assert await TaskPhoto.filter(task_id=made.id).values_list("photo", "role") == [(shots[1], "before")]
    assert await TaskPhoto.filter(task_id=task).count() == 2, "evidence is never taken away"
    [first] = await Step.filter(task_id=made.id)
    assert (first.verb, first.text, first.until) == ("dispatch", f"由任务 {old.number} 拆分", old.deadline)
    assert await Step.filter(task_id=task, verb="split", text="井盖缺失").count() == 1
    assert people.water.person in await told("accept")


async def test_a_split_needs_photos_of_its_own(people: Cast) -> None:
    task, shots = await two_shots(people)
    other, foreign = await two_shots(people)
    for wrong in ([], [foreign[0]], [shots[0], foreign[0]]):
        got = await do(people.town, "split", task, shots=wrong)
        assert got.reason == "invalid" and "整改前照片" in got.message, wrong
    assert await Task.all().count() == 2
    assert (await do(people.town, "split", task, photos=[photo()])).status == "applied", "a new photo will do"
    assert (await do(people.town, "split", other, unit="110109104200", shots=foreign[:1])).reason == "invalid"


async def test_looking_elsewhere_is_asked_and_answered(people: Cast) -> None:
    task = await one_task(people.inspector)
    until = clock.now() + timedelta(days=5)
    assert (await do(people.town, "sweep", task)).message.startswith("请选择一个有效的日期")
    assert (await do(people.town, "sweep", task, until=until)).status == "applied"
    assert await told("sweep") == {people.village.person}
    assert "已有一份举一反三" in (await do(people.office, "sweep", task, until=until)).message
    assert (await do(people.village, "sweep_answer", task, text=" ")).reason == "invalid"
    shown = photo()
    assert (
        await do(people.village, "sweep_answer", task, text="后街又查出一处", photos=[shown])
    ).status == "applied"
    row = await Task.get(id=task)
    assert row.sweep_until is None and row.stage == "dispatched"
    assert await TaskPhoto.filter(task_id=task, photo=shown.id).values_list("role", flat=True) == ["similar"]
    assert await told("sweep") == set() and await told("swept") == {people.town.person}
    assert "没有待回复" in (await do(people.village, "sweep_answer", task)).message
    await do(people.village, "submit", task, photos=[photo()])
    assert (await do(people.town, "pass", task)).stage == "closed"
    assert (await do(people.town, "sweep", task, until=until)).status == "applied", "a closed task too"


async def passed(people: Cast) -> UUID:
    task = await one_task(people.inspector)
    await do(people.village, "submit", task, photos=[photo()])
    assert (await do(people.town, "pass", task, base_rev=await rev_of(task))).stage == "closed"
    return task


async def test_a_pass_is_taken_back_while_nothing_came_of_it(people: Cast) -> None:
    task = await passed(people)
    assert "已不能撤回" in (await do(people.town_too, "take_back", task)).message, "only one's own"
    assert (await do(people.town, "take_back", task)).stage == "submitted"
    row = await Task.get(id=task)
    assert row.closed_at is None and await told("closed") == set()
    assert await told("review") == {people.town_too.person}
    [record] = await records(Asking((TOWN,)))
    assert record.first_pass is None, "a pass that was taken back was no review"
    assert (await do(people.town, "take_back", task)).status == "noop", "the button pressed twice"
    await do(people.town_too, "reject", task)
    [record] = await records(Asking((TOWN,)))
    assert record.first_pass is False


async def test_signing_is_taken_back(people: Cast) -> None:
    task = await one_task(people.inspector)
    await do(people.village, "accept", task)
    assert (await do(people.village, "take_back", task)).stage == "dispatched"
    await do(people.village, "submit", task, photos=[photo()])
    await do(people.village, "take_back", task)
    assert await stage_of(task) == "submitted", "a submission is not taken back"


@pytest.mark.parametrize("why", ["late", "read", "acted"])
async def test_too_late_to_take_back(people: Cast, monkeypatch: pytest.MonkeyPatch, why: str) -> None:
    task = await passed(people)
    if why == "late":
        later = clock.now() + timedelta(minutes=10, seconds=1)
        monkeypatch.setattr(clock, "now", lambda: later)
    elif why == "read":
        assert await Notice.filter(kind="closed", person=people.village.person).update(read_at="2026") == 1
    else:
        await do(people.village, "note", task, text="谢谢")
    got = await do(people.town, "take_back", task)
    assert got.reason == "invalid" and "已不能撤回" in got.message and await stage_of(task) == "closed"


async def test_the_seed_of_the_offices_check_stands_in_the_trail(people: Cast) -> None:
    await set_share(50)
    task = await one_task(people.inspector)
    await do(people.village, "submit", task, photos=[photo()])
    stage = (await do(people.town, "pass", task)).stage
    line = await Change.get(verb="task.pass")
    body = await ChangeBody.get(id=line.id)
    assert f'"seed":"{line.prev_hash}"' in (body.body or "") and '"share":50' in (body.body or "")
    assert drawn(line.prev_hash, str(task), 50) == (stage == "checked"), (
        "whoever holds the trail can draw again"
    )


async def test_drawn_looked_at_and_taken_back_on_either_engine(any_district: Settings) -> None:
    """The statements of their own that these acts make: columns, times and ids of both engines."""
    people = cast()
    today = clock.local(clock.now()).date()
    for who in (people.inspector, people.inspector_too, people.office):
        await Person.create(
            id=who.person, name=str(who.person), title=who.title, phone="", password="x", district=DISTRICT, rev=1
        )  # fmt: skip
        for post in who.posts:
            key = UUID(int=who.person.int ^ 1)
            await Post.create(
                id=key, person_id=who.person, role=post.role, place=post.place, since=today, rev=1
            )
    await set_share(0)
    task = await passed(people)
    assert (await do(people.town, "take_back", task)).stage == "submitted"
    assert [one.first_pass for one in await records(Asking((TOWN,)))] == [None]
    assert (await do(people.inspector, "pass", task)).stage == "closed"
    await Task.filter(id=task).update(closed_at=clock.now() - timedelta(days=40))
    one = await look_backs.fix(people.office, act=uuid4(), share=20, due=clock.now() + timedelta(days=9))
    await look_backs.draw_now(people.office, one)
    [entry] = await LookBackTask.all()
    assert entry.person == people.inspector_too.person, "the other one found it and passed it"
    assert [post.place for post in await look_backs.posts_lent(people.inspector_too)] == [VILLAGE]
    assert (await do(people.inspector_too, "look_back", task, photos=[photo()])).status == "applied"
    assert (await LookBackTask.get()).outcome == "fine" and await look_backs.posts_lent(
        people.inspector_too
    ) == []
    assert await seen_by(people.office).filter(MARKED["raised"]).count() == 0
