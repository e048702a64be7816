"""The desk's pages as their people reach them: from the board by links, at three sizes; none wider than the screen, no
word too pale, nothing too small for a finger; with names as long as a place can have, and by keyboard alone."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.test_tablet_screens import PALE
from tests.journeys.test_the_line import hand_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SignIn = Callable[[str, int, int], Page]
PEOPLE = ["office", "town", "village"]
DESK, TOUCHED = (1440, 900), [(360, 740), (1180, 820)]
LONG = "北京市门头沟区王平镇东马各庄村第二生产合作社原址搬迁安置新村居民点筹备组所在村"

# How far up and down from its first letter a finger still hits a control, where that is less than asked for.
# Left out: links within sentences and what only a keyboard brings up.
SMALL = """least => {
  const hit = (one, x, y) => { const at = document.elementFromPoint(x, y);
    return !!at && (one === at || one.contains(at) || [...(one.labels ?? [])].some(label => label.contains(at))); };
  const found = [];
  for (const one of document.querySelectorAll("main a, main button, main input:not([type=hidden]), main select, main textarea, main summary, nav a")) {
    if (one.closest("p, .skip, small, [disabled]") || !one.checkVisibility()) continue;
    one.scrollIntoView({ block: "center" });
    const box = one.getBoundingClientRect(), x = box.left + Math.min(box.width / 2, 10), y = box.top + box.height / 2;
    if (!box.width || !hit(one, x, y)) continue;
    let up = 0, down = 0;
    while (up < least && hit(one, x, y - up - 1)) up++;
    while (up + down + 1 < least && hit(one, x, y + down + 1)) down++;
    if (up + down + 1 < least) found.push(`${one.tagName} ${up + down + 1} px: ${one.textContent.trim().slice(0, 20)}`);
  }
  return found; }"""
# Of the window as it is drawn, and of what is drawn in it.
WIDTH = "new Promise(done => requestAnimationFrame(() => done([innerWidth, document.documentElement.scrollWidth])))"
# Pages of a kind differ by these only.
IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\b\d{6,12}\b|(?<=/trail/)\d+|(?<=/verify/).+|(?<=/p/).+")
NO_PAGES = re.compile(r"\.(pdf|xlsx|json)$|^/(api|tablet|static|p)/")


@pytest.fixture(scope="module")
def full(server: str, photo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A house with a visit, six tasks and photos; the village's name is as long as names can be."""
    hand_in(server, photo_folder)
    data = max(tmp_path_factory.getbasetemp().glob("served*/xuncun.db"), key=lambda one: one.stat().st_mtime)
    with sqlite3.connect(data, timeout=30) as rows:
        rows.execute("UPDATE village SET name = ? WHERE code = '110109005201'", (LONG,))
        rows.execute("UPDATE unit SET name = ? WHERE code = '110109-d03'", (LONG,))
    rows.close()
    return server


def kind_of(href: str) -> str:
    """What a link's page has in common with others of its kind: the path, and which filters are set."""
    path, _, query = href.partition("#")[0].partition("?")
    return IDS.sub("*", path) + "?" + "&".join(sorted(part.partition("=")[0] for part in query.split("&")))


def walk(page: Page, server: str, most: int = 40) -> Iterator[str]:
    """One address of every kind of page that links lead to from the board; the page stands there while it is told."""
    found: set[str] = set()
    queue = ["/"]
    while queue and len(found) < most:
        href = queue.pop(0)
        if kind_of(href) in found or NO_PAGES.search(href.partition("?")[0]):
            continue
        answer = page.goto(server + href)
        assert answer is not None and answer.status == 200, href
        found.add(kind_of(href))
        links = page.evaluate("[...document.querySelectorAll('nav a, main a')].map(a => a.href)")
        queue += [link.removeprefix(server) for link in links if link.startswith(server + "/")]
        yield href


def fits(page: Page, width: int, href: str) -> None:
    """Not wider than the screen, and nothing on it too pale."""
    assert page.evaluate(WIDTH) == [width, width], (href, width)
    assert page.evaluate(PALE, 4.5) == [], (href, width)


@pytest.mark.parametrize("person", PEOPLE)
def test_every_page_fits_the_screen_can_be_read_and_be_hit(full: str, sign_in: SignIn, person: str) -> None:
    desk = sign_in(person, *DESK)
    pages = []
    for href in walk(desk, full):
        fits(desk, DESK[0], href)
        pages.append(href)
    assert len(pages) > 4
    with desk.context.browser.new_context(  # type: ignore[union-attr]
        has_touch=True, is_mobile=True, locale="zh-CN", storage_state=desk.context.storage_state()
    ) as touched:  # fmt: skip
        page = touched.new_page()
        for href in pages:
            for (
                width,
                height,
            ) in TOUCHED:  # opened on a phone; a tablet's width is what the same page turns into
                page.set_viewport_size({"width": width, "height": height})
                if (width, height) == TOUCHED[0]:
                    page.goto(full + href)
                fits(page, width, href)
                assert page.evaluate("getComputedStyle(document.body).fontSize") == "17px", (href, width)
                assert page.evaluate(SMALL, 40) == [], (href, width)


def test_the_desk_by_keyboard_alone(full: str, sign_in: SignIn) -> None:
    page = sign_in("town", 1440, 900)
    page.goto(full + "/tasks")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null"), "the link leads into the page"
    seen = []
    for _ in range(60):
        seen.append(
            page.evaluate(
                "[document.activeElement.tagName, getComputedStyle(document.activeElement).outlineStyle]"
            )
        )
        page.keyboard.press("Tab")
    tags = {tag for tag, _ in seen}
    assert {"SELECT", "A", "INPUT", "BUTTON"} <= tags, tags
    assert all(ring == "solid" for tag, ring in seen if tag != "BODY"), "the focus is always seen"
