"""回头看 at the desk: the seed before the draw, a draw anybody can make again, somebody else to go, the way back."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import httpx2
import pytest
from starlette.applications import Starlette

from dispatch import daily
from dispatch.look_backs import posts_lent, within_reach
from dispatch.models import LookBack, LookBackTask, Notice, Step, Task
from tests.dispatch.desk_house import DISTRICT, NEIGHBOUR, TOWN, Desk, at_desk, house, said, some_tasks
from villages.changes import SYSTEM, Line, change
from villages.districts import the_district
from villages.ground import clock
from villages.models import Change, ChangeBody, Person
from villages.people import create_person, who_is
from villages.permissions import PostHeld


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[Starlette]:
    async with house(tmp_path) as running:
        yield running


async def closed(count: int, days: int = 40, village: str = "110109005201") -> list[UUID]:
    """Tasks of one village that were closed so many days ago."""
    tasks = await some_tasks(count, village=village)
    at = clock.now() - timedelta(days=days)

    async def work(line: Line) -> None:
        await Task.filter(id__in=tasks).update(stage="closed", closed_at=at, rev=line.rev)

    await change(work, district=DISTRICT, actor=SYSTEM, verb="test")
    return tasks


async def account(name: str, role: str, place: str) -> Person:
    known = await Person.get(name="inspector")

    async def work(line: Line) -> Person:
        return await create_person(
            line, name=name, title=f"检查员 {name}", phone="", password_hash=known.password, must_change=False,
            posts=[(role, place)],
        )  # fmt: skip

    return await change(work, district=DISTRICT, actor=SYSTEM, verb="person.create")


async def fixed(office: Desk, share: str = "20") -> LookBack:
    form = await office.form("/look-backs", "/look-backs")
    for _ in range(2):  # pressed twice
        answer = await office.send(form, share=share)
        assert answer.status_code == 303, said(answer.text)
    return await LookBack.get()


async def drawn(office: Desk, one: LookBack) -> httpx2.Response:
    return await office.send(await office.form(f"/look-backs/{one.id}", "/draw"))


async def test_the_seed_is_fixed_and_shown_before_the_draw(app: Starlette) -> None:
    await closed(12)
    async with at_desk(app, "office") as office, at_desk(app, "town") as town:
        before = await the_district()
        one = await fixed(office)
        assert one.seed == before.chain_hash and one.drawn_at is None, "the trail's hash before the change"
        page = said(await town.get(f"/look-backs/{one.id}"))
        assert one.seed in page and "尚未抽取" in page and "现有 12 项，将抽 3 项" in page
        assert "/draw" not in await town.get(f"/look-backs/{one.id}")
        theirs = (await town.form("/password", "/password")).fields["csrf"]
        assert (await town.http.post(f"/look-backs/{one.id}/draw", data={"csrf": theirs})).status_code == 404
        assert (await drawn(office, one)).status_code == 303
        assert await LookBackTask.all().count() == 3
        mine = (await office.form("/password", "/password")).fields["csrf"]
        assert (await office.http.post(f"/look-backs/{one.id}/draw", data={"csrf": mine})).status_code == 409
        page = said(await office.get(f"/look-backs/{one.id}"))
        assert "从 12 项中抽出 3 项" in page and "按种子重新抽取，结果一致" in page
        told = json.loads(await office.get(f"/look-backs/{one.id}.json"))
        assert told["seed"] == one.seed and len(told["picks"]) == 3 and len(told["drawn_from"]["tasks"]) == 12
    line = await Change.get(verb="look_back.draw")
    body = json.loads((await ChangeBody.get(id=line.id)).body or "{}")
    assert body["seed"] == one.seed and sorted(body["picks"]) == sorted(told["picks"]), "on record"
    touched = {entry.task_id for entry in await LookBackTask.all()}  # type: ignore[attr-defined]
    assert {row.id for row in await Task.filter(rev=line.rev)} == touched, "told anew to the tablets"
    assert await Notice.filter(kind="look_back").count() == 3


async def test_a_list_that_was_tampered_with_is_told(app: Starlette) -> None:
    await closed(12)
    async with at_desk(app, "office") as office:
        one = await fixed(office)
        await drawn(office, one)
        entry = await LookBackTask.first()
        assert entry is not None
        other = await Task.exclude(id__in=[row.task_id for row in await LookBackTask.all()]).first()  # type: ignore[attr-defined]
        assert other is not None

        async def work(line: Line) -> None:
            await LookBackTask.filter(id=entry.id).update(task_id=other.id, rev=line.rev)

        await change(work, district=DISTRICT, actor=SYSTEM, verb="test")
        assert "结果与名单不一致" in said(await office.get(f"/look-backs/{one.id}"))


async def test_only_what_was_closed_a_month_to_three_ago_and_nobody_has_looked_at(app: Starlette) -> None:
    await closed(3, days=29)
    await closed(3, days=91)
    mine = await closed(5, days=31)
    assert await within_reach(DISTRICT) == 5 and await within_reach("110108") == 0
    async with at_desk(app, "office") as office:
        one = await fixed(office)
        await drawn(office, one)
        kept = (await LookBack.get(id=one.id)).drawn_from
        assert {UUID(task) for task, _, _ in kept["tasks"]} == set(mine)
        taken = {entry.task_id for entry in await LookBackTask.all()}  # type: ignore[attr-defined]
        form = await office.form("/look-backs", "/look-backs")
        await office.send(form, share="20")
        two = await LookBack.get(ordinal=2)
        assert await within_reach(DISTRICT) == 5 - len(taken) == 4
        assert f"现有 {5 - len(taken)} 项" in said(await office.get(f"/look-backs/{two.id}"))


def knows(task: UUID, person: Person, line: Line) -> Step:
    """Somebody had a hand in a task."""
    return Step(
        id=uuid4(), task_id=task, rev=line.rev, verb="note", at=line.at, heard_at=line.heard_at, person=person.id,
        post="inspector", title=person.title, from_stage="closed", to_stage="closed",
    )  # fmt: skip


async def test_whoever_knows_the_task_is_not_sent_and_the_village_is_lent(app: Starlette) -> None:
    tasks = await closed(4)
    first = await Person.get(name="inspector")
    second = await Person.get(name="inspector2")

    async def work(line: Line) -> None:
        for person in (first, second):
            await Step.bulk_create([knows(task, person, line) for task in tasks])

    await change(work, district=DISTRICT, actor=SYSTEM, verb="test")
    guest = await account("guest", "inspector", "110109104")
    async with at_desk(app, "office") as office, at_desk(app, "guest") as away:
        assert (await away.http.get(f"/tasks/{tasks[0]}")).status_code == 404
        found = await fixed(office)
        await drawn(office, found)
        [entry] = await LookBackTask.all()
        assert entry.person == guest.id
        assert (await away.get(f"/tasks/{entry.task_id}")) and "待看" in await away.get(
            f"/look-backs/{found.id}"
        )  # type: ignore[attr-defined]
        assert await posts_lent(await who_is(guest)) == [PostHeld("inspector", "110109005201")]
        assert "名单里没有您的任务" in await one_page(app, "inspector", found)
        page = await office.get(f"/look-backs/{found.id}?replace={entry.task_id}")  # type: ignore[attr-defined]
        assert "其他检查员都经手过这项任务" in page
        await account("more", "inspector", "110109101")
        form = await office.form(f"/look-backs/{found.id}?replace={entry.task_id}", f"/{entry.task_id}")  # type: ignore[attr-defined]
        more = await Person.get(name="more")
        again = await office.send(form, person=str(more.id), reason=" ")
        assert again.status_code == 422 and "请写明为什么换人" in said(again.text)
        assert f'<option value="{more.id}" selected>' in again.text, "what was chosen stays"
        again = await office.send(form, person=str(first.id), reason="离得近")
        assert again.status_code == 422 and 'value="离得近"' in again.text, "knows it; what was typed stays"
        assert (await office.send(form, person=str(more.id), reason="请假")).status_code == 303
        assert await posts_lent(await who_is(guest)) == []
        page = said(await office.get(f"/look-backs/{found.id}"))
        assert "检查员 more 替换检查员 guest：请假" in page and "结果一致" in page, (
            "a substitution is no tampering"
        )
    assert await Notice.filter(kind="look_back", over__isnull=True).values_list("person", flat=True) == [
        more.id
    ]


async def one_page(app: Starlette, name: str, found: LookBack) -> str:
    async with at_desk(app, name) as desk:
        return await desk.get(f"/look-backs/{found.id}")


async def test_a_town_sees_its_own_and_others_nothing(app: Starlette) -> None:
    await closed(5, village="110109104201")
    async with at_desk(app, "office") as office, at_desk(app, "town") as town, at_desk(app, "town3") as far:
        found = await fixed(office)
        await drawn(office, found)
        assert "名单里没有您的任务" in await town.get(f"/look-backs/{found.id}")
        assert "待看" in await far.get(f"/look-backs/{found.id}")
        assert "/look-backs" in await far.get("/")
    async with at_desk(app, "village") as village:
        assert (await village.http.get("/look-backs")).status_code == 403
        assert (await village.http.get(f"/look-backs/{found.id}")).status_code == 403


@pytest.mark.parametrize("share", ["9", "21", "x", ""])
async def test_a_share_beyond_the_rule_is_refused(app: Starlette, share: str) -> None:
    await closed(1)
    async with at_desk(app, "office") as office:
        form = await office.form("/look-backs", "/look-backs")
        refused = await office.send(form, share=share, due="2099-02-03")
        assert refused.status_code == 422 and 'role="alert"' in refused.text
        assert (
            'value="2099-02-03"' in refused.text
            and f'name="share" type="number" value="{share}"' in refused.text
        )
        assert (await office.send(form, due="2026-01-01")).status_code == 422
    assert not await LookBack.exists()


async def test_nothing_closed_is_said_and_nothing_drawn(app: Starlette) -> None:
    async with at_desk(app, "office") as office:
        page = await office.get("/look-backs")
        assert "范围内没有已销号" in page and "定种子</button>" not in page
        token = (await office.form("/password", "/password")).fields["csrf"]
        asked = {"csrf": token, "act": str(uuid4()), "share": "20", "due": "2099-01-01"}
        assert (await office.http.post("/look-backs", data=asked)).status_code == 422
        assert not await LookBack.exists(), "no number is used up"
        [only] = await closed(1)
        assert "现在范围内有 1 项任务" in await office.get("/look-backs")
        one = await fixed(office)
        await change(
            lambda line: line.run("UPDATE task SET basis_gone = ? WHERE id = ?", True, str(only)),
            district=DISTRICT,
            actor=SYSTEM,
            verb="task.cancel",
        )
        page = await office.get(f"/look-backs/{one.id}")
        assert "范围内没有已销号" in page and "/draw" not in page
        assert (await office.http.post(f"/look-backs/{one.id}/draw", data={"csrf": token})).status_code == 422
    assert (await LookBack.get()).drawn_at is None


async def test_the_weeks_list_of_a_town_shows_what_is_raised(
    app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    await some_tasks(1, text="陈年堆物")
    later = clock.now() + timedelta(days=12)
    monkeypatch.setattr(clock, "now", lambda: later)
    await daily.run()
    await some_tasks(1, village=NEIGHBOUR, text="新派散落")
    async with at_desk(app, "town") as town, at_desk(app, "town3") as far, at_desk(app, "village") as village:
        page = said(await town.get(f"/towns/{TOWN}/week"))
        assert "王平镇本周整改清单" in page and page.index("陈年堆物") < page.index("新派散落")
        assert "提级 1" in page and "未销号 2 项" in page
        assert "陈年堆物" in await town.get("/tasks?mark=raised") and "新派散落" not in await town.get(
            "/tasks?mark=raised"
        )
        assert f"/towns/{TOWN}/week" in await town.get("/notices")
        assert (await far.http.get(f"/towns/{TOWN}/week")).status_code == 404
        assert (await village.http.get(f"/towns/{TOWN}/week")).status_code in (403, 404)
