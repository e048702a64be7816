"""今日 by role: what calls for this person, every number opening the list it counts, in few queries however many tasks."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from starlette.applications import Starlette

from dispatch import daily
from dispatch.models import Task
from dispatch.pages.board import CARDS
from tests.dispatch.desk_house import (
    NEIGHBOUR,
    WATER,
    Desk,
    a_task,
    at_desk,
    counted,
    house,
    said,
    some_tasks,
)
from villages.ground import clock

FRAME = 12  # sign-in, posts, assignments, names, notices: what every page asks for before its own content
# A number that is all or the first of a link's text.
COUNT = re.compile(
    r'<a\b[^>]*\bhref="(/(?:tasks(?:\?[^"]*)?|letters|held))"[^>]*>\s*(?:<b>|挂账 )?([\d,]+)(?=[<\s])'
)
FIGURE = re.compile(r'<a href="(/tasks[^"]*)"[^>]*>\s*<b>([\d,]+)</b><span>([^<]+)</span>')


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[Starlette]:
    async with house(tmp_path) as made:
        yield made


async def figures(desk: Desk) -> dict[str, tuple[int, str]]:
    """The board's numbers by their words, each with its address."""
    page = await desk.get("/")
    return {word: (int(count.replace(",", "")), unescape(href)) for href, count, word in FIGURE.findall(page)}


async def listed(desk: Desk, href: str) -> int:
    """How many tasks a list says it has."""
    found = re.search(r'class="count">([\d,]+) 项', await desk.get(href))
    assert found, href
    return int(found[1].replace(",", ""))


async def one_of_each(app: Starlette) -> None:
    """A late task, one due soon, one asked for, pressed, on hold, returned, submitted."""
    late, soon, asked, pressed, held, back, sent = await some_tasks(7)
    now = clock.now()
    await Task.filter(id=late).update(deadline=now - timedelta(days=2))
    await Task.filter(id=soon).update(deadline=now + timedelta(hours=5))
    until = (clock.local(now).date() + timedelta(days=5)).isoformat()
    async with at_desk(app, "village") as village, at_desk(app, "office") as office:
        assert (await village.act(asked, "extend", until=until, text="等料")).status_code == 303
        assert (await office.act(pressed, "supervise", text="限期办结")).status_code == 303
        assert (await office.act(held, "defer", text="明年实施", interim="围挡")).status_code == 303
        assert (await village.act(back, "return", text="不是我村的")).status_code == 303
        assert (await village.act(sent, "submit", files=1)).status_code == 303


@pytest.mark.parametrize(
    ("name", "calls"),
    [
        ("town", {"逾期": 1, "临期（24 小时内）": 1, "待签收": 4, "待复核": 1, "退单": 1, "待答复延期": 1}),
        (
            "office",
            {"逾期": 1, "待复核": 1, "退单": 1, "待答复延期": 1, "督办中": 1, "挂账": 1, "待抽核销号": 0},
        ),
        ("inspector", {"逾期": 1, "待复核": 1}),
    ],
)
async def test_every_number_is_the_length_of_its_list(
    app: Starlette, name: str, calls: dict[str, int]
) -> None:
    await one_of_each(app)
    async with at_desk(app, name) as desk:
        found = await figures(desk)
        assert {word: found[word][0] for word in calls} == calls
        for word, (count, href) in found.items():
            assert await listed(desk, href) == count, word


async def test_a_department_has_its_numbers_and_a_committee_its_cards(app: Starlette) -> None:
    await one_of_each(app)
    late, _ = await some_tasks(2, unit=WATER)
    await Task.filter(id=late).update(deadline=clock.now() - timedelta(days=1))
    async with at_desk(app, "water") as water, at_desk(app, "village") as village:
        found = await figures(water)
        assert {word: count for word, (count, _) in found.items()} == {
            "未销号": 2, "逾期": 1, "临期（24 小时内）": 0, "督办中": 0, "延期待答复": 0, "提级": 0,
        }  # fmt: skip
        for word, (count, href) in found.items():
            assert await listed(water, href) == count, word
        assert "王平镇安家庄村 · 后街" in said(await water.get("/")), "a department's tasks may lie anywhere"
        page = said(await village.get("/"))
        assert "要整改的 4 项" in page and "挂账 1 项" in page and not await figures(village)
        cards = (await village.get("/")).split('class="card"')[1:]
        assert "逾期2天" in cards[0], "the most urgent first"


async def test_what_others_must_do_hides_nothing_that_is_ones_own(app: Starlette) -> None:
    """More cards than fit, the most urgent of them in other hands: the committee's own stand first, and all are counted."""
    sent = await some_tasks(CARDS + 1)
    await Task.filter(id__in=sent).update(stage="submitted", deadline=clock.now() - timedelta(days=9))
    await some_tasks(CARDS + 2)
    async with at_desk(app, "village") as village:
        page = await village.get("/")
    assert (
        f"要整改的 {CARDS + 2} 项" in page and f"等别人办的 {CARDS + 1} 项" in page and "最急的部分" in page
    )
    assert page.count('class="card"') == CARDS


async def test_every_count_on_every_board_is_the_length_of_its_list(app: Starlette) -> None:
    """Whoever looks, on 今日 and a village's page: whatever number stands in a link to a list, the list has so many."""
    await one_of_each(app)
    await some_tasks(2, unit=WATER)
    await some_tasks(3, village=NEIGHBOUR, unit=NEIGHBOUR[:9])
    late = await some_tasks(4, village="110109104201")
    await Task.filter(id__in=late).update(deadline=clock.now() - timedelta(days=8))
    await daily.run()
    async with at_desk(app, "town") as town:
        until = (clock.local(clock.now()).date() + timedelta(days=5)).isoformat()
        assert (
            await town.act((await some_tasks(1))[0], "sweep", text="全村", until=until)
        ).status_code == 303
    followed: set[str] = set()
    for name in ("admin", "office", "town", "town2", "town3", "inspector", "village", "neighbour", "water"):
        async with at_desk(app, name) as desk:
            for path in ("/", "/villages/110109005201"):
                page = await desk.http.get(path)
                for link, number in COUNT.findall(page.text if page.status_code == 200 else ""):
                    href, told = unescape(link), int(number.replace(",", ""))
                    if href == "/letters":
                        shown = re.findall(r"(\d+) 项逾期满 3 天", said(await desk.get(href)))
                        assert sum(map(int, shown)) == told, (name, path, href)
                    elif href == "/held":
                        assert len(re.findall(r'href="/held/[0-9a-f-]{36}', await desk.get(href))) == told, (
                            name,
                            path,
                            href,
                        )
                    else:
                        assert await listed(desk, href) == told, (name, path, href)
                    followed.add(href.partition("&")[0].partition("=")[0])
    assert {
        "/letters",
        "/held",
        "/tasks?town",
        "/tasks?due",
        "/tasks?stage",
        "/tasks?mark",
        "/tasks?village",
    } <= followed


async def test_the_list_can_be_asked_for_an_item_and_a_mark_that_stay_in_the_link(app: Starlette) -> None:
    await one_of_each(app)
    async with at_desk(app, "office") as desk:
        assert await listed(desk, "/tasks?item=RE-1.1&stage=all") == 7
        assert await listed(desk, "/tasks?item=RE-9.9&stage=all") == 0
        page = await desk.get("/tasks?item=RE-1.1&mark=supervised")
        assert 'name="item" value="RE-1.1"' in page and "看全部检查项" in page
        assert await listed(desk, "/tasks?mark=nobody-knows&item=%3Cb%3E&page=zero") == 6


@pytest.mark.parametrize("name", ["village", "town", "office", "inspector", "water"])
async def test_a_board_asks_little_however_many_tasks(app: Starlette, name: str) -> None:
    await a_task(unit=WATER)
    await a_task()
    async with at_desk(app, name) as desk:
        await desk.get("/")
        with counted() as few:
            await desk.get("/")
        await some_tasks(20)
        await some_tasks(20, village=NEIGHBOUR)
        await some_tasks(5, unit=WATER)
        with counted() as many:
            await desk.get("/")
        with counted() as frame:
            await desk.get("/password")
    own = len(many) - len(frame)
    assert len(few) == len(many) and len(frame) <= FRAME, "\n".join(frame)
    assert 0 < own <= 12, "\n".join(many)
