"""The tablet app as a program that is installed, used without network and replaced by newer and older builds."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page

from tests.journeys.builder import Builder, serving

pytestmark = [pytest.mark.browser]
IN_HAND = """() => new Promise(taken => navigator.locks.request("xuncun-in-hand", {mode: "shared"},
    () => new Promise(done => { window.putDown = done; taken(); })))"""
UPDATE = """async () => { const there = await navigator.serviceWorker.ready; await there.update();
    const coming = there.installing ?? there.waiting;
    if (coming && coming.state === "installing") await new Promise(done => coming.onstatechange = done);
    return coming ? coming.state : null; }"""


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    return Builder(tmp_path_factory.mktemp("builds"))


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def address(builder: Builder, asked: list[str]) -> Iterator[str]:
    with serving(builder.served, asked) as url:
        yield url


@pytest.fixture
def tablet(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(locale="zh-CN") as context:
        context.set_default_timeout(15_000)
        yield context


def installed(context: BrowserContext, address: str, screen: str = "") -> Page:
    """A page under its worker."""
    page = context.new_page()
    page.goto(f"{address}/tablet/{screen}")
    until(page, "navigator.serviceWorker.controller !== null")
    return page


def until(page: Page, true: str) -> None:
    """Waits for what Playwright's own waiting may not ask: the page's policy forbids its eval."""
    end, told = time.monotonic() + 15, None
    while time.monotonic() < end:
        with contextlib.suppress(Error):  # asked in the middle of a reload
            told = page.evaluate(true)
            if told:
                return
        time.sleep(0.05)
    raise AssertionError(f"never true: {true} ({told})")


def build_of(page: Page) -> str:
    return str(page.locator("meta[name=build]").get_attribute("content"))


def caches_of(page: Page) -> list[str]:
    return list(page.evaluate("caches.keys()"))


def becomes(page: Page, build: str) -> None:
    until(
        page,
        f"document.querySelector('meta[name=build]').content === '{build}'"
        " && navigator.serviceWorker.controller?.state === 'activated'",
    )


def test_opens_without_network(builder: Builder, address: str, tablet: BrowserContext) -> None:
    build = builder.publish("a")
    page = installed(tablet, address)
    wanted = page.evaluate(
        "[...document.querySelectorAll('[src],link[href]')].map(e => e.src || e.href).sort()"
    )
    tablet.set_offline(True)
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.reload()
    assert build_of(page) == build and caches_of(page) == [f"xuncun-{build}"]
    assert (
        page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--mark')").strip() == "a"
    )
    assert (
        page.evaluate("[...document.querySelectorAll('[src],link[href]')].map(e => e.src || e.href).sort()")
        == wanted
    )
    other = tablet.new_page()
    other.goto(f"{address}/tablet/anything#/village/110109105210")
    assert build_of(other) == build
    assert [url for url in failed if "manifest" not in url and "sw.js" not in url] == []


def test_three_builds_in_a_row_and_back(builder: Builder, address: str, tablet: BrowserContext) -> None:
    first = builder.publish("a")
    page = installed(tablet, address)
    for number, mark in enumerate(["b", "c", "a"]):
        before, build = build_of(page), builder.publish(mark)
        assert build != before
        assert page.evaluate(UPDATE) == "installed"
        page.wait_for_timeout(300)
        assert build_of(page) == before, "never under somebody's fingers"
        page.evaluate(f"location.hash = '#/screen/{number}'")
        becomes(page, build)
        assert page.url.endswith(f"#/screen/{number}") and caches_of(page) == [f"xuncun-{build}"]
        tablet.set_offline(True)
        page.reload()
        assert build_of(page) == build
        tablet.set_offline(False)
    assert build_of(page) == first


def test_a_start_brings_the_newer_build(builder: Builder, address: str, tablet: BrowserContext) -> None:
    builder.publish("a")
    page = installed(tablet, address)
    build = builder.publish("b")
    assert page.evaluate(UPDATE) == "installed"
    page.reload()
    becomes(page, build)


def test_nothing_changes_while_any_tab_has_something_in_hand(
    builder: Builder, address: str, tablet: BrowserContext
) -> None:
    old = builder.publish("a")
    one, two = installed(tablet, address), installed(tablet, address)
    two.evaluate(IN_HAND)
    new = builder.publish("b")
    assert one.evaluate(UPDATE) == "installed"
    one.evaluate("location.hash = '#/other'")
    one.reload()
    one.wait_for_timeout(500)
    assert build_of(one) == build_of(two) == old
    two.evaluate("putDown()")
    two.evaluate("location.hash = '#/other'")
    becomes(one, new)
    becomes(two, new)


def test_typed_words_are_not_reloaded_away(builder: Builder, address: str, tablet: BrowserContext) -> None:
    old = builder.publish("a")
    one, two = installed(tablet, address), installed(tablet, address)
    two.evaluate("document.body.append(Object.assign(document.createElement('textarea'), {value: '墙角'}))")
    new = builder.publish("b")
    assert one.evaluate(UPDATE) == "installed"
    one.evaluate("location.hash = '#/other'")
    becomes(one, new)
    two.wait_for_timeout(300)
    assert build_of(two) == old and two.locator("textarea").input_value() == "墙角"
    two.evaluate("document.querySelector('textarea').value = ''; location.hash = '#/other'")
    becomes(two, new)


def test_half_a_build_never_takes_over(builder: Builder, address: str, tablet: BrowserContext) -> None:
    old = builder.publish("a")
    page = installed(tablet, address)
    new = builder.publish("b")
    style = next((builder.served / "assets").glob("style-*.css"))
    content = style.read_bytes()
    style.unlink()
    assert page.evaluate(UPDATE) == "redundant"
    page.evaluate("location.hash = '#/other'")
    page.reload()
    assert build_of(page) == old
    style.write_bytes(content)
    assert page.evaluate(UPDATE) == "installed"
    page.evaluate("location.hash = '#/again'")
    becomes(page, new)


def test_the_worker_leaves_the_wire_alone(
    builder: Builder, address: str, tablet: BrowserContext, asked: list[str]
) -> None:
    builder.publish("a")
    page = installed(tablet, address)
    for method in ("GET", "GET", "POST"):
        assert page.evaluate(f"fetch('/api/time', {{method: '{method}'}}).then(r => r.text())") == "fresh"
    assert asked == ["GET", "GET", "POST"]
    tablet.set_offline(True)
    assert page.evaluate("fetch('/api/time').then(() => 'answered', () => 'no network')") == "no network"


def test_the_same_sources_give_the_same_bytes(builder: Builder, tmp_path: Path) -> None:
    made = [tmp_path / "one", tmp_path / "two"]
    names = {builder.build("same", out) for out in made}
    one, two = (
        {file.relative_to(out): file.read_bytes() for file in out.rglob("*") if file.is_file()}
        for out in made
    )
    assert len(names) == 1 and len(one) > 8 and one == two
