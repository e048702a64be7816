"""延期, 挂账, 反弹, 督办, 合并 through the desk's own forms: offered to whom they are for, refused in words, kept."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from html import unescape
from pathlib import Path
from uuid import UUID

import pytest
from starlette.applications import Starlette

from dispatch.models import Step, Task, TaskPhoto
from tests.dispatch.desk_house import (
    WATER,
    Desk,
    a_task,
    at_desk,
    form_in,
    house,
    said,
    some_tasks,
    verbs_in,
)
from villages.ground import clock

PAGE = "/tasks/{}"


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[Starlette]:
    async with house(tmp_path) as made:
        yield made


async def due(task: UUID, more: int = 0) -> date:
    return clock.local((await Task.get(id=task)).deadline).date() + timedelta(days=more)


async def closed(app: Starlette, task: UUID) -> None:
    async with (
        at_desk(app, "village") as village,
        at_desk(app, "town") as town,
        at_desk(app, "office") as office,
    ):
        await village.act(task, "submit", files=1)
        await town.act(task, "pass")
        if (await Task.get(id=task)).stage == "checked":
            await office.act(task, "close")
    assert (await Task.get(id=task)).stage == "closed"


async def ask(desk: Desk, task: UUID, days: int) -> None:
    answer = await desk.act(task, "extend", until=(await due(task, days)).isoformat(), text="挖掘机周三才到")
    assert answer.status_code == 303, said(answer.text)[:800]


async def test_why_no_more_time_can_be_asked_for_is_said(app: Starlette) -> None:
    task = await a_task()
    async with at_desk(app, "village") as village, at_desk(app, "town") as town:
        assert "需要延期" in await village.get(PAGE.format(task))
        await ask(village, task, 3)
        await town.act(task, "extend_grant")
        page = said(await village.get(PAGE.format(task)))
        assert (
            "需要延期" not in page
            and "已经延期一次，不能再申请延期。确实来不及的，请尽快与王平镇联系" in page
        )
    late = await a_task()
    await Task.filter(id=late).update(deadline=clock.now() - timedelta(hours=1))
    async with at_desk(app, "village") as village:
        page = said(await village.get(PAGE.format(late)))
        assert "需要延期" not in page and "申请延期的时限已过。确实来不及的，请尽快与王平镇联系" in page


async def test_a_departments_refusal_goes_to_the_office_and_says_so(app: Starlette) -> None:
    """A department's task is not the town's to move (dispatch/stages.py)."""
    task = await a_task(unit=WATER)
    async with at_desk(app, "water") as water, at_desk(app, "town") as town:
        page = said(await water.get(PAGE.format(task)))
        assert "退给区级办公室，由区里转派" in page and "由镇里或区里转派" not in page
        assert (await water.act(task, "return", text="不属于本部门职责")).status_code == 303
        assert "已退单，等待区级办公室转派。" in said(await water.get(PAGE.format(task)))
        assert "reassign" not in verbs_in(await town.get(PAGE.format(task)))
    own = await a_task()
    async with at_desk(app, "village") as village:
        await village.act(own, "return", text="不属于本村")
        assert "已退单，等待王平镇或区级办公室转派。" in said(await village.get(PAGE.format(own)))


async def test_more_time_is_asked_for_on_the_phone_and_given_at_the_town(app: Starlette) -> None:
    task = await a_task()
    first = await due(task)
    async with at_desk(app, "village") as village, at_desk(app, "town") as town:
        await ask(village, task, 2)
        page = await village.get(PAGE.format(task))
        assert "答复以前仍按原期限" in page and "extend" not in verbs_in(page)
        page = await town.get(PAGE.format(task))
        assert "挖掘机周三才到" in page and "镇街可以批准" in page and "申请延期" in said(page)
        form = form_in(page, "/extend_grant")
        assert form.fields["until"] == (await due(task, 2)).isoformat(), "what was asked is filled in"
        assert (await town.send(form)).status_code == 303
        assert await due(task) == first + timedelta(days=2)
        page = said(await village.get(PAGE.format(task)))
        assert "延期至" in page and "extend" not in verbs_in(await village.get(PAGE.format(task)))


async def test_beyond_the_items_term_the_town_gives_the_term_and_the_office_all(app: Starlette) -> None:
    task, other = await some_tasks(2)
    async with (
        at_desk(app, "village") as village,
        at_desk(app, "town") as town,
        at_desk(app, "office") as office,
    ):
        for one in (task, other):
            await ask(village, one, 20)
        page = await town.get(PAGE.format(task))
        assert "须由区级办公室批准" in page and "镇街可批到" in page
        whole = await town.act(task, "extend_grant", until=(await due(task, 20)).isoformat(), text="")
        assert whole.status_code == 422 and "须由区级办公室批准" in said(whole.text)
        assert (await due(task, 20)).isoformat() == form_in(whole.text, "/extend_grant").fields["until"], (
            "kept"
        )
        assert (await town.act(task, "extend_grant")).status_code == 303
        form = await office.form(PAGE.format(other), "/extend_grant")
        assert form.fields["until"] == (await due(other, 20)).isoformat()
        less = await office.send(form, until=(await due(other, -1)).isoformat())
        assert less.status_code == 422 and "有效的日期" in less.text, "a grant never takes time away"
        assert (await office.send(form)).status_code == 303
    assert (await Task.get(id=task)).extended == (await Task.get(id=other)).extended == 1


async def test_a_refusal_of_more_time_needs_its_reason_and_says_it(app: Starlette) -> None:
    task = await a_task()
    async with at_desk(app, "village") as village, at_desk(app, "town") as town:
        await ask(village, task, 2)
        assert (await town.act(task, "extend_refuse", text="")).status_code == 422
        assert (await town.act(task, "extend_refuse", text="当天就能清完")).status_code == 303
        assert "当天就能清完" in await village.get(PAGE.format(task))
        late = await town.act(task, "note", text="已电话说明")
        assert late.status_code == 303


async def test_what_cannot_be_asked_is_not_offered_and_a_wrong_date_keeps_the_words(app: Starlette) -> None:
    task = await a_task()
    async with at_desk(app, "village") as village:
        form = await village.form(PAGE.format(task), "/extend")
        for wrong in ("", "昨天", (await due(task, -1)).isoformat(), "9999-12-31"):
            answer = await village.send(form, until=wrong, text="等料")
            assert answer.status_code in (409, 422) and "请选择一个有效的日期" in answer.text
            assert form_in(answer.text, "/extend").fields["text"] == "等料"
            form = form_in(answer.text, "/extend")
        await Task.filter(id=task).update(deadline=clock.now() + timedelta(hours=23))
        assert "extend" not in verbs_in(await village.get(PAGE.format(task)))


async def test_on_hold_and_on_again(app: Starlette) -> None:
    task = await a_task()
    async with at_desk(app, "office") as office, at_desk(app, "village") as village:
        form = await office.form(PAGE.format(task), "/defer")
        assert date.fromisoformat(form.fields["until"]) == clock.local(clock.now()).date() + timedelta(
            days=30
        )
        assert (await office.send(form, text="", interim="先围挡")).status_code == 422
        done = await office.act(task, "defer", text="列入明年管网工程", interim="先围挡警示，每日清掏")
        assert done.status_code == 303
        page = said(await village.get(PAGE.format(task)))
        assert "挂账，停表" in page and "先围挡警示，每日清掏" in page
        assert verbs_in(await village.get(PAGE.format(task))) == {"note"}
        assert verbs_in(await office.get(PAGE.format(task))) == {"resume", "note", "sweep"}
        assert (await office.act(task, "resume", text="工程已完工")).status_code == 303
        assert "恢复后期限" in said(await office.get(PAGE.format(task)))
    assert (await Task.get(id=task)).stage == "accepted"


async def test_reopened_with_a_photo_that_is_the_next_before(app: Starlette) -> None:
    task = await a_task()
    await closed(app, task)
    async with at_desk(app, "office") as office, at_desk(app, "town") as town:
        assert verbs_in(await town.get(PAGE.format(task))) <= {"sweep", "take_back"}
        bare = await office.act(task, "reopen", text="又堆上了")
        assert bare.status_code == 409 and "新拍的现场照片" in bare.text
        assert form_in(bare.text, "/reopen").fields["text"] == "又堆上了"
        assert (await office.act(task, "reopen", files=1, text="又堆上了")).status_code == 303
        page = said(await office.get(PAGE.format(task)))
        assert "重开后期限" in page and "反弹" in page
    step = await Step.get(task_id=task, verb="reopen")
    assert (await TaskPhoto.get(step=step.id)).role == "before"


async def test_pressed_by_the_office(app: Starlette) -> None:
    task = await a_task()
    async with at_desk(app, "office") as office, at_desk(app, "village") as village:
        assert (await office.act(task, "supervise", text="限三日内办结")).status_code == 303
        page = await village.get(PAGE.format(task))
        assert "限三日内办结" in page and "supervise" not in verbs_in(page)
        assert "督办" in said(await village.get("/tasks"))


async def test_merged_into_one_that_was_chosen(app: Starlette) -> None:
    stays, goes = await some_tasks(2)
    number = (await Task.get(id=stays)).number
    async with at_desk(app, "town") as town:
        page = await town.get(PAGE.format(goes))
        assert number in page and f'value="{stays}"' in page and f'value="{goes}"' not in page
        none = await town.act(goes, "merge", text="同一处")
        assert none.status_code == 409 and "请选择同一个村的另一项任务" in none.text
        assert (await town.act(goes, "merge", text="同一处", into=str(stays))).status_code == 303
        assert f'href="/tasks/{stays}"' in await town.get(PAGE.format(goes))
        assert f'href="/tasks/{goes}"' in await town.get(PAGE.format(stays))
    assert (await Task.get(id=goes)).stage == "cancelled"


async def test_the_same_again_is_offered_the_earlier_one(app: Starlette) -> None:
    earlier = await a_task()
    async with at_desk(app, "town") as town:
        assert "link" not in verbs_in(await town.get(PAGE.format(earlier))), "nothing to link with"
    await closed(app, earlier)
    later = await a_task()
    async with at_desk(app, "town") as town:
        form = await town.form(PAGE.format(later), "/link")
        kept = await town.send(form, into=str(later), text="同一位置")
        assert kept.status_code == 409 and "同一位置" in kept.text
        assert (await town.act(later, "link", into=str(earlier))).status_code == 303
        assert "反弹自" in unescape(said(await town.get(PAGE.format(later))))
        assert "后又反弹" in said(await town.get(PAGE.format(earlier)))


async def test_a_department_asks_and_its_task_is_the_offices_to_answer(app: Starlette) -> None:
    task = await a_task(unit=WATER)
    async with (
        at_desk(app, "water") as water,
        at_desk(app, "town") as town,
        at_desk(app, "office") as office,
    ):
        await ask(water, task, 3)
        page = await town.get(PAGE.format(task))
        assert not {"extend_grant", "extend_refuse"} & verbs_in(page) and "等待镇街或区级办公室答复" in page
        assert (await office.act(task, "extend_grant")).status_code == 303


async def test_a_form_of_more_time_sent_twice_asks_once(app: Starlette) -> None:
    task = await a_task()
    async with at_desk(app, "village") as village:
        form = await village.form(PAGE.format(task), "/extend")
        for _ in range(2):
            answer = await village.send(form, until=(await due(task, 2)).isoformat(), text="等料")
            assert answer.status_code == 303
    assert await Step.filter(task_id=task, verb="extend").count() == 1
