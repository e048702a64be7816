"""One task through everything: objection, more time, 挂账, the ladder over weeks, a town that acts for its village, a return,
two reviewers at once, 销号, and a look-back that opens it again. Everybody at their own desk, the clock moved by hand."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.applications import Starlette

from dispatch import daily
from dispatch.editions import anchors
from dispatch.models import LookBack, LookBackTask, Notice, Step, Task
from dispatch.pages.clock_line import clock_line
from dispatch.rates_asked import Asking
from tests.dispatch.desk_house import TOWN, VILLAGE, Desk, a_task, at_desk, house, jpeg, said
from tests.dispatch.records import records
from tests.dispatch.test_any_act import explained
from villages.ground import clock
from villages.verify import verify

Go = Callable[[timedelta], None]
DAY = timedelta(days=1)


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[Starlette]:
    async with house(tmp_path) as running:
        yield running


@pytest.fixture
def go(monkeypatch: pytest.MonkeyPatch) -> Go:
    """Let time pass."""
    real, ahead = clock.now, [timedelta()]
    monkeypatch.setattr(clock, "now", lambda: real() + ahead[0])

    def pass_by(span: timedelta) -> None:
        ahead[0] += span

    return pass_by


async def told(kind: str) -> int:
    return await Notice.filter(kind=kind, over__isnull=True).count()


@pytest.mark.slow
async def test_one_task_through_everything(app: Starlette, go: Go) -> None:
    task = await a_task(text="沟渠淤堵")

    def desk(name: str) -> AbstractAsyncContextManager[Desk]:
        return at_desk(app, name)

    # The village objects, the town sends it back to it; it asks for more time and gets it.
    async with desk("village") as village, desk("town") as town:
        assert (await village.act(task, "return", phrase="不属于本村职责")).status_code == 303
        assert (await town.act(task, "reassign", unit=TOWN, text="先由镇里核实")).status_code == 303
        assert (await town.act(task, "reassign", unit=VILLAGE, text="核实属村里职责")).status_code == 303
        assert (await village.act(task, "accept")).status_code == 303
        before = (await Task.get(id=task)).deadline
        until = clock.local(before + 2 * DAY).date().isoformat()
        assert (await village.act(task, "extend", until=until, text="等机械进场")).status_code == 303
        assert (await town.act(task, "extend_grant")).status_code == 303
    assert (await Task.get(id=task)).deadline > before

    # Works-type after all: the office puts it on hold for a month, is reminded, lets it run on.
    go(2 * DAY)
    async with desk("office") as office:
        assert (await office.act(task, "defer", text="列入清淤工程", interim="设围挡")).status_code == 303
    go(31 * DAY)
    assert (await daily.run()).look_again == 1 and await told("look_again") == 1
    async with desk("office") as office:
        assert (await office.act(task, "resume", text="工程已完工")).status_code == 303
    left = (await Task.get(id=task)).deadline - clock.now()
    assert timedelta() < left < 5 * DAY, "what was left is left again"

    # Nobody does anything for two weeks: rung by rung, each once, also when nobody ran for days.
    go(left + DAY)
    assert (await daily.run()).urge == 1 and await told("urge") == 1
    go(10 * DAY)
    run = await daily.run()
    assert (run.urge, run.propose, run.raise_) == (0, 1, 1)
    assert str(await daily.run()).count(" 0") == 6, "a second run finds nothing"
    async with desk("office") as office, desk("town") as town:
        assert "沟渠淤堵" in await office.get("/tasks?mark=raised")
        assert (await office.act(task, "supervise", text="本周内办结")).status_code == 303
        assert (await town.act(task, "urge")).status_code == 303

    # The town mends it for its village, so somebody else must review, and does not pass it.
    async with desk("town") as town, desk("town2") as second:
        assert (await town.act(task, "submit", files=1)).status_code == 303
        assert "须由本镇其他专管员" in said(await town.get(f"/tasks/{task}"))
        assert (await second.act(task, "reject", phrase="仍有残留，未清理到位")).status_code == 303
    async with desk("village") as village:
        assert (await village.act(task, "submit", files=1, text="已清到底")).status_code == 303

    # Two reviewers at once: both hold the form, one of them passes.
    async with desk("town2") as second, desk("inspector") as inspector, desk("office") as office:
        forms = [await one.form(f"/tasks/{task}", "/pass") for one in (second, inspector)]
        answers = await asyncio.gather(second.send(forms[0]), inspector.send(forms[1]))
        assert [one.status_code for one in answers] == [303, 303], "the later one is told it is so already"
        passes = (
            await Step.filter(task_id=task, verb="pass").order_by("rev").values_list("verdict", flat=True)
        )
        assert passes[0] == "applied" and set(passes[1:]) <= {"noop"}
        if (await Task.get(id=task)).stage == "checked":
            assert (await office.act(task, "close")).status_code == 303
    assert (await Task.get(id=task)).stage == "closed"

    # Forty days on it is drawn, looked at, and has come back.
    go(40 * DAY)
    async with desk("office") as office:
        await office.send(await office.form("/look-backs", "/look-backs"))
        found = await LookBack.get()
        await office.send(await office.form(f"/look-backs/{found.id}", "/draw"))
        [entry] = await LookBackTask.all()
    name = "inspector2"  # the other one passed it
    async with (
        desk(name) as inspector,
        desk("village") as village,
        desk("town2") as second,
        desk("office") as office,
    ):
        assert "沟渠淤堵" in await inspector.get(f"/look-backs/{found.id}")
        form = await inspector.form(f"/tasks/{task}", "/reopen")
        again = await inspector.send(form, [(form.files[0], jpeg("again"))], text="雨后又淤了")
        assert again.status_code == 303
        assert (await LookBackTask.get(id=entry.id)).outcome == "back"
        assert (await village.act(task, "submit", files=1, text="加装格栅")).status_code == 303
        assert (await second.act(task, "pass")).status_code == 303
        if (await Task.get(id=task)).stage == "checked":
            assert (await office.act(task, "close")).status_code == 303

    # What is on record explains all of it.
    await explained(task)
    row = await Task.get(id=task)
    assert (row.stage, row.reopened, row.rejected, row.supervised, row.extended) == ("closed", 1, 1, 1, 1)
    [record] = await records(Asking((VILLAGE,)))
    assert record.first_pass is False and record.reopened == 1
    steps = await Step.filter(task_id=task).order_by("rev", "id")
    words = [mark.word for mark in clock_line(row, steps, clock.now()).marks]
    assert {"派单", "延期至", "挂账，停表", "恢复", "退回", "反弹重开", "销号"} <= set(words)
    assert not any(report.faults for report in await verify(await anchors()))
