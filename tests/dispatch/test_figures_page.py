"""统计: every number of the table is the length of the list it leads to; few queries; nobody looks beyond their reach."""

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest
from starlette.applications import Starlette

from dispatch.models import Task
from dispatch.pages.figures import BY, PERIODS, Sentence
from tests.dispatch.desk_house import (
    NEIGHBOUR,
    VILLAGE,
    Desk,
    a_task,
    at_desk,
    counted,
    house,
    said,
    some_tasks,
)
from villages.ground import clock


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[Starlette]:
    async with house(tmp_path) as made:
        yield made


NUMBER = re.compile(r'<a href="(/figures/tasks\?[^"]+)">([\d,]+)</a>')


async def world(app: Starlette) -> None:
    tasks = await some_tasks(3)
    await a_task(village=NEIGHBOUR)
    async with at_desk(app, "village") as village, at_desk(app, "town") as town:
        for task in tasks[:2]:
            await village.act(task, "submit", files=1, text="好了")
        await town.act(tasks[0], "pass")
        await town.act(tasks[1], "reject", text="没好")
    await Task.filter(id=tasks[2]).update(deadline=clock.now() - clock.timedelta(days=1))


async def numbers(desk: Desk, page: str) -> list[tuple[str, int]]:
    html = await desk.get(page)
    return [(unescape(href), int(value.replace(",", ""))) for href, value in NUMBER.findall(html)]


@pytest.mark.parametrize("by", list(BY))
async def test_each_number_leads_to_its_list(app: Starlette, by: str) -> None:
    await world(app)
    async with at_desk(app, "office") as desk:
        found = await numbers(desk, f"/figures?by={by}")
        assert len(found) >= 2 * 9
        assert {value for _, value in found} >= {1, 2, 4 if by != "village" else 3}
        for href, value in found:
            page = await desk.get(href)
            assert page.count('<th scope="row"><a href="/tasks/') == value, href
            assert f"{value} 项" in said(page)


async def test_what_the_total_says(app: Starlette) -> None:
    await world(app)
    async with at_desk(app, "office") as desk:
        page = said(await desk.get("/figures?by=village"))
        assert "合计 4 50.0% 2 / 4" in page or "合计 4 25.0% 1 / 4" in page
        closed = await Task.filter(stage="closed").count()
        checked = await Task.filter(stage="checked").count()
        handed = closed + checked
        assert f"合计 4 {handed / 4:.1%} {handed} / 4 0.0% 0 / 1" in page
        assert "50.0% 1 / 2" in page  # of two reviews one passed at once


@pytest.mark.parametrize(("name", "most"), [("office", 12), ("town", 12)])
async def test_few_queries_however_many_tasks(app: Starlette, name: str, most: int) -> None:
    await a_task()
    async with at_desk(app, name) as desk:
        await desk.get("/figures?by=village")
        with counted() as one:
            await desk.get("/figures?by=village")
        await some_tasks(20)
        await some_tasks(20, village=NEIGHBOUR)
        with counted() as many:
            await desk.get("/figures?by=village")
    mine = [text for text in one if " task " in text or "FROM task" in text]
    assert len(one) == len(many), "\n".join(many)
    assert len(mine) == 2
    assert len(many) <= most, "\n".join(many)


async def test_reach(app: Starlette) -> None:
    await world(app)
    async with at_desk(app, "town3") as desk:
        assert "没有派出的任务" in await desk.get("/figures")
        assert "没有派出的任务" in await desk.get(f"/figures?town={VILLAGE[:9]}")
        assert "没有这样的任务" in await desk.get("/figures/tasks?part=asked")
        await desk.get("/figures/tasks?part=everything", 404)
    for name in ("village", "inspector", "water"):
        async with at_desk(app, name) as desk:
            assert 'href="/figures"' not in await desk.get("/tasks")
            await desk.get("/figures", 403)


async def test_words_nobody_knows(app: Starlette) -> None:
    await world(app)
    async with at_desk(app, "office") as desk:
        for query in (
            "by=x&period=2026-13", "period=9999-99", "town=%27&unit=a%20b&item=%3Cb%3E", "order=x", "period=0001-01",
            "of=%27&part=asked&page=-1",
        ):  # fmt: skip
            await desk.get(f"/figures?{query}")
            await desk.get(f"/figures/tasks?part=asked&{query}")


def test_periods_meet_without_gap() -> None:
    for today in (clock.local(clock.now()).date().replace(month=month, day=1) for month in range(1, 13)):
        spans = {name: Sentence(period=name).span(today) for name in PERIODS}
        assert spans["last_month"][1] == spans["month"][0] and spans["last_year"][1] == spans["year"][0]
        assert spans["all"] == (None, None)
        month = Sentence(period=f"{today:%Y-%m}").span(today)
        assert month[0] == spans["month"][0] and month[1] is not None and month[1] > month[0]
