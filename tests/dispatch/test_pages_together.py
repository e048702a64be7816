"""Many tasks at once from the list: what was done and what was not is told one by one, and nothing happens twice."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
from starlette.applications import Starlette

from dispatch.models import Step, Task
from tests.dispatch.desk_house import Desk, a_task, at_desk, form_in, house, said, some_tasks
from villages.models import DistrictHead


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[Starlette]:
    async with house(tmp_path) as made:
        yield made


async def choose(desk: Desk, path: str, do: str, tasks: list[UUID]) -> tuple[str, dict[str, object]]:
    """Tick these in the list and press a button: what the page says, and what was sent."""
    form = await desk.form(path, "/together")
    assert ("do", do) in form.buttons, form.buttons
    form.fields.pop("task[]", None)
    rows = {task.id: task.rev for task in await Task.filter(id__in=tasks)}
    sent = {**form.fields, "do": do, "task[]": [f"{one}:{rows[one]}" for one in tasks]}
    answer = await desk.http.post(form.action, data=sent)
    assert answer.status_code == 200, answer.text[:500]
    return said(answer.text), sent


async def rev() -> int:
    return (await DistrictHead.get(district="110109")).rev


async def test_a_town_signs_for_many_and_is_told_of_each(app: Starlette) -> None:
    tasks = await some_tasks(3)
    async with at_desk(app, "town") as town, at_desk(app, "village") as village:
        form = await town.form("/tasks?stage=dispatched", "/together")
        chosen = [f"{task}:{(await Task.get(id=task)).rev}" for task in tasks]
        await village.act(tasks[0], "return", text="不是我村的")
        fields = {**form.fields, "do": "accept", "task[]": chosen}
        page = said((await town.http.post(form.action, data=fields)).text)
        assert "签收 2 项，1 项未办" in page and "已由他人办理" in page and "现为“整改中”" in page
        before = await rev()
        again = said((await town.http.post(form.action, data=fields)).text)
        assert "签收 2 项" in again and await Step.filter(verb="accept").count() == 2
        assert await rev() <= before + 1, (
            "what was done is not done again; the refused one may be judged anew"
        )
    assert [(await Task.get(id=task)).stage for task in tasks] == ["returned", "accepted", "accepted"]


async def test_only_minor_ones_are_passed_together_and_never_ones_own(app: Starlette) -> None:
    minor = await some_tasks(2)
    major = await a_task("major")
    async with at_desk(app, "village") as village, at_desk(app, "town") as town:
        for task in (minor[0], major):
            await village.act(task, "submit", files=1)
        await town.act(minor[1], "submit", files=1)
        listed = await town.get("/tasks?stage=submitted")
        assert f'value="{minor[0]}:' in listed
        assert f'value="{major}:' not in listed and f'value="{minor[1]}:' not in listed
        page, _ = await choose(town, "/tasks?stage=submitted", "pass", [*minor, major])
    assert "复核通过 1 项，2 项未办" in page and "须逐项看过照片" in page and "同一人不能" in page
    stages = [(await Task.get(id=task)).stage for task in (*minor, major)]
    assert stages[0] in ("checked", "closed") and stages[1:] == ["submitted", "submitted"]


async def test_a_reminder_is_in_the_history_once_and_moves_nothing(app: Starlette) -> None:
    tasks = await some_tasks(2)
    async with at_desk(app, "town") as town, at_desk(app, "village") as village:
        page, sent = await choose(town, "/tasks", "urge", tasks)
        assert "催办 2 项" in page
        number = await rev()
        assert (await town.http.post("/tasks/together", data=sent)).status_code == 200
        assert await rev() == number
        assert "请按期整改" in await village.get(f"/tasks/{tasks[0]}")
        assert "2 项任务被催办" in said(await village.get("/notices")), "the unit is told"
        assert ("do", "urge") not in (await village.form("/tasks", "/together")).buttons
        page, _ = await choose(town, "/tasks", "urge", tasks[:1])
        assert "催办 0 项，1 项未办" in page and "今天已经有人催办过" in page
    assert await Step.filter(verb="urge").count() == 2
    assert {(await Task.get(id=task)).stage for task in tasks} == {"dispatched"}


async def test_a_pass_in_one_go_is_taken_back_in_one_go(app: Starlette) -> None:
    tasks = await some_tasks(2)
    async with at_desk(app, "village") as village, at_desk(app, "town") as town:
        for task in tasks:
            await village.act(task, "submit", files=1)
        form = await town.form("/tasks?stage=submitted", "/together")
        chosen = [f"{task}:{(await Task.get(id=task)).rev}" for task in tasks]
        page = (await town.http.post(form.action, data={**form.fields, "do": "pass", "task[]": chosen})).text
        assert "复核通过 2 项" in said(page) and "全部撤回" in page
        assert (
            "已销号" in said(await village.get("/notices"))
            or (await Task.get(id=tasks[0])).stage == "checked"
        )
        undo = form_in(page, "/together")
        done = [f"{task}:{(await Task.get(id=task)).rev}" for task in tasks]
        page = said(
            (await town.http.post(undo.action, data={**undo.fields, "do": "take_back", "task[]": done})).text
        )
        assert "撤回 2 项" in page and "现为“待复核”" in page, page
    assert {(await Task.get(id=task)).stage for task in tasks} == {"submitted"}


async def test_nothing_chosen_or_nothing_known(app: Starlette) -> None:
    task = await a_task()
    async with at_desk(app, "town") as town, at_desk(app, "town3") as far:
        form = await town.form("/tasks", "/together")
        bare = {key: value for key, value in form.fields.items() if key != "task[]"}
        assert "没有选择任务" in (await town.http.post(form.action, data={**bare, "do": "accept"})).text
        assert (await town.http.post(form.action, data={**bare, "do": "close"})).status_code == 403
        theirs = (await far.form("/password", "/password")).fields["csrf"]
        fields = {**bare, "csrf": theirs, "do": "accept", "task[]": [f"{task}:1"]}
        assert "没有选择任务" in (await far.http.post(form.action, data=fields)).text
    assert (await Task.get(id=task)).stage == "dispatched"
