"""What people send by mistake: each gets its sentence, and nothing else happens."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.applications import Starlette

from dispatch.models import Step, Task, TaskPhoto
from tests.dispatch.desk_house import NEIGHBOUR, a_task, at_desk, house, jpeg, said
from villages.ground import clock
from villages.models import DistrictHead


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[Starlette]:
    async with house(tmp_path) as running:
        yield running


async def rev() -> int:
    return (await DistrictHead.get(district="110109")).rev


async def test_a_double_tap_is_one_act(app: Starlette) -> None:
    task = await a_task()
    async with at_desk(app, "town") as town:
        form = await town.form(f"/tasks/{task}", "/urge")
        assert (await town.send(form)).status_code == 303
        number = await rev()
        assert (await town.send(form)).status_code == 303
        assert await rev() == number and await Step.filter(verb="urge").count() == 1
        form = await town.form(f"/tasks/{task}", "/split")
        before = await TaskPhoto.filter(task_id=task).values_list("photo", flat=True)
        for _ in range(2):
            sent = await town.http.post(
                form.action, data=form.fields | {"text": "井盖缺失", "shots[]": str(before[0])}
            )
            assert sent.status_code == 303, said(sent.text)
        assert await Task.all().count() == 2


async def test_a_stale_page_is_told_and_nothing_is_split(app: Starlette) -> None:
    task = await a_task()
    async with (
        at_desk(app, "town") as town,
        at_desk(app, "village") as village,
        at_desk(app, "office") as office,
    ):
        form = await town.form(f"/tasks/{task}", "/split")
        photo = await TaskPhoto.filter(task_id=task).first()
        await village.act(task, "submit", files=1)
        late = await town.http.post(
            form.action, data=form.fields | {"text": "井盖", "shots[]": str(photo and photo.photo)}
        )
        assert late.status_code == 409 and "在您办理“拆分”之前，任务已由他人办理，现为“待复核”" in said(
            late.text
        )
        assert "井盖" in late.text, "the words are kept"
        stale = await office.form(f"/tasks/{task}", "/pass")
        await town.act(task, "reject", phrase="仍有残留，未清理到位")
        answer = await office.send(stale)
        assert answer.status_code == 409 and "请看过最新情况后再办" in said(answer.text)
    assert await Task.all().count() == 1 and (await Task.get(id=task)).stage == "accepted"


async def test_more_time_after_the_deadline_is_too_late(
    app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = await a_task()
    async with at_desk(app, "village") as village:
        form = await village.form(f"/tasks/{task}", "/extend")
        later = (await Task.get(id=task)).deadline + timedelta(minutes=1)
        until = clock.local(later + timedelta(days=5)).date().isoformat()
        real = clock.now
        monkeypatch.setattr(clock, "now", lambda: max(real(), later))
    async with at_desk(app, "village") as village:
        token = (await village.form("/password", "/password")).fields["csrf"]
        answer = await village.send(form, until=until, text="来不及", csrf=token)
        assert answer.status_code in (409, 422) and "申请延期须至少提前一天" in said(answer.text)
        assert "来不及" in answer.text
    assert (await Task.get(id=task)).asked_until is None


async def test_a_photo_of_another_village_is_shown_to_the_reviewer(app: Starlette) -> None:
    mine, theirs = await a_task(), await a_task(village=NEIGHBOUR)
    picture = jpeg("one and the same")
    foreign = await TaskPhoto.get(task_id=theirs)
    async with (
        at_desk(app, "neighbour") as neighbour,
        at_desk(app, "village") as village,
        at_desk(app, "town") as town,
    ):
        form = await neighbour.form(f"/tasks/{theirs}", "/submit")
        assert (await neighbour.send(form, [(form.files[0], picture)])).status_code == 303
        form = await village.form(f"/tasks/{mine}", "/submit")
        sent = await village.send(form, [(f"after:{foreign.photo}[]", picture)])
        assert sent.status_code == 303, "evidence is taken"
        page = await town.get(f"/tasks/{mine}")
        assert "这张整改后照片与以前用过的照片相同" in page and "请到现场或请村里重拍核实" in page
        assert f'<a href="/tasks/{theirs}">另一项任务</a>' in page, "beside its twin"
        own = await village.get(f"/tasks/{mine}")
        assert "这张整改后照片与以前用过的照片相同" in own and str(theirs) not in own, (
            "of a village that is not theirs"
        )
        assert "这张整改后照片" not in said(await town.get(f"/tasks/{theirs}"))
    after = await TaskPhoto.get(task_id=mine, role="after")
    assert after.pairs is None, "it answers no before-photo of another village"


async def test_without_a_photo_nothing_is_submitted_or_reopened(app: Starlette) -> None:
    task = await a_task()
    async with (
        at_desk(app, "village") as village,
        at_desk(app, "town") as town,
        at_desk(app, "office") as office,
    ):
        answer = await village.act(task, "submit", text="改好了")
        assert answer.status_code in (409, 422) and "须附至少 1 张新拍的现场照片" in said(answer.text)
        assert (await Task.get(id=task)).stage == "dispatched"
        await village.act(task, "submit", files=1)
        await town.act(task, "pass")
        if (await Task.get(id=task)).stage == "checked":
            await office.act(task, "close")
        answer = await office.act(task, "reopen", text="又出现")
        assert answer.status_code in (409, 422) and "须附至少 1 张新拍的现场照片" in said(answer.text)
    assert (await Task.get(id=task)).stage == "closed"


async def test_a_date_that_is_none_and_an_answer_to_nothing(app: Starlette) -> None:
    task = await a_task()
    async with at_desk(app, "town") as town, at_desk(app, "village") as village:
        for wrong in ("", "昨天", "2020-01-01", "9999-12-31"):
            form = await town.form(f"/tasks/{task}", "/sweep")
            answer = await town.send(form, until=wrong, phrase="请在全村范围排查同类问题")
            assert answer.status_code in (409, 422) and "请选择一个有效的日期" in said(answer.text), wrong
        form = await town.form(f"/tasks/{task}", "/sweep")
        assert (await town.send(form, phrase="请在全村范围排查同类问题")).status_code == 303
        assert "要回复的举一反三 1 项" in said(await village.get("/"))
        sent = await village.form(f"/tasks/{task}", "/sweep_answer")
        assert (await village.send(sent, phrase="已全面排查，未发现同类问题")).status_code == 303
        late = await village.send(
            sent, phrase="已全面排查，未发现同类问题", act="00000000-0000-4000-8000-000000000001"
        )
        assert late.status_code in (409, 422) and "没有待回复的举一反三" in said(late.text)
    assert (await Task.get(id=task)).sweep_until is None
