"""The tablet app as a program that is installed, used without network and replaced by newer and older builds."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page

from tests.journeys.builder import Builder, serving
from tests.journeys.undebugged import Driver, driving

pytestmark = [pytest.mark.browser, pytest.mark.slow]
IN_HAND = """await new Promise((taken) => tabs.two.navigator.locks.request("xuncun-in-hand", { mode: "shared" },
    () => new Promise((done) => { tabs.two.putDown = done; taken(); })));"""
TYPED = "const field = Object.assign(tabs.two.document.createElement('textarea'), { value: '墙角' });"


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    return Builder(tmp_path_factory.mktemp("builds"))


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def driver(builder: Builder, tmp_path: Path) -> Iterator[Driver]:
    """A browser that nobody watches, over build "a"."""
    builder.publish("a")
    made = Driver()
    with serving(builder.served, [], made.routes) as address, driving(made, address, tmp_path / "profile"):
        yield made


@pytest.fixture
def address(builder: Builder, asked: list[str]) -> Iterator[str]:
    builder.publish("a")
    with serving(builder.served, asked) as url:
        yield url


@pytest.fixture
def tablet(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(locale="zh-CN") as context:
        context.set_default_timeout(60_000)
        yield context


def until(page: Page, true: str) -> None:
    """Waits for what Playwright's own waiting may not ask: the page's policy forbids its eval."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        with contextlib.suppress(Error):  # asked in the middle of a reload
            if page.evaluate(true):
                return
        time.sleep(0.05)
    raise AssertionError(f"never true: {true}")


def installed(context: BrowserContext, address: str) -> Page:
    """A page under its worker."""
    page = context.new_page()
    page.goto(f"{address}/tablet/")
    until(page, "navigator.serviceWorker.controller !== null")
    return page


def build_of(page: Page) -> str:
    return str(page.locator("meta[name=build]").get_attribute("content"))


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
    assert build_of(page) == build and page.evaluate("caches.keys()") == [f"xuncun-{build}"]
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
    assert [url for url in failed if "/tablet/assets/" in url] == []


def test_three_builds_in_a_row_and_back(builder: Builder, driver: Driver) -> None:
    driver.open("one")
    first = driver.build("one")
    # As the first builds named theirs, and what no build of ours ever did.
    driver.run(
        "for (const name of ['xuncun-0a1b2c3d', 'xuncun-0.0.9-0a1b2c3d', 'xuncun-words']) await caches.open(name);"
    )
    for number, mark in enumerate(["b", "c", "a"]):
        before, build = driver.build("one"), builder.publish(mark)
        assert build != before
        assert driver.look() == "installed"
        time.sleep(0.5)
        assert driver.build("one") == before, "never under somebody's fingers"
        driver.way("one", f"#/screen/{number}")
        driver.becomes("one", build)
        assert driver.run("return tabs.one.location.hash") == f"#/screen/{number}"
        assert sorted(driver.run("return caches.keys()")) == [f"xuncun-{build}", "xuncun-words"]
    assert driver.build("one") == first


def test_a_start_brings_the_newer_build(builder: Builder, driver: Driver) -> None:
    driver.open("one")
    old, build = driver.build("one"), builder.publish("b")
    assert driver.look() == "installed"
    driver.run("tabs.one.close(); await pause(500);")
    driver.open("two")
    driver.becomes("two", build)
    assert old != build


def test_nothing_changes_while_any_tab_has_something_in_hand(builder: Builder, driver: Driver) -> None:
    driver.open("one")
    driver.open("two")
    old = driver.build("one")
    driver.run(IN_HAND)
    new = builder.publish("b")
    assert driver.look() == "installed"
    driver.way("one", "#/other")
    time.sleep(1)
    assert driver.build("one") == driver.build("two") == old
    driver.run("tabs.two.putDown();")
    driver.way("two", "#/other")
    driver.becomes("two", new)
    time.sleep(0.5)
    assert driver.build("one") == old, "never under somebody's fingers"
    driver.way("one", "#/further")
    driver.becomes("one", new)


def test_typed_words_are_not_reloaded_away(builder: Builder, driver: Driver) -> None:
    driver.open("one")
    driver.open("two")
    old = driver.build("two")
    driver.run(f"{TYPED} tabs.two.document.body.append(field);")
    new = builder.publish("b")
    assert driver.look() == "installed"
    driver.way("one", "#/other")
    driver.becomes("one", new)
    driver.way("two", "#/other")
    time.sleep(0.5)
    assert driver.build("two") == old
    assert driver.run("return tabs.two.document.querySelector('textarea').value") == "墙角"
    driver.run("tabs.two.document.querySelector('textarea').value = '';")
    driver.way("two", "#/further")
    driver.becomes("two", new)


def test_half_a_build_never_takes_over(builder: Builder, driver: Driver) -> None:
    driver.open("one")
    old, new = driver.build("one"), builder.publish("b")
    style = next((builder.served / "assets").glob("style-*.css"))
    content = style.read_bytes()
    style.unlink()
    assert driver.look() == "redundant"
    driver.way("one", "#/other")
    time.sleep(0.5)
    assert driver.build("one") == old
    style.write_bytes(content)
    assert driver.look() == "installed"
    driver.way("one", "#/again")
    driver.becomes("one", new)


def test_the_worker_leaves_the_wire_alone(address: str, tablet: BrowserContext, asked: list[str]) -> None:
    page = installed(tablet, address)
    for method in ("GET", "GET", "POST"):
        assert page.evaluate(f"fetch('/api/time', {{method: '{method}'}}).then(r => r.text())") == "fresh"
    assert asked == ["GET", "GET", "POST"]
    tablet.set_offline(True)
    assert page.evaluate("fetch('/api/time').then(() => 'answered', () => 'no network')") == "no network"


def test_the_same_sources_give_the_same_bytes(builder: Builder, tmp_path: Path) -> None:
    names = {
        builder.publish("a"),
        builder.build("a", tmp_path),
    }  # made by the first test that asked for it, and now
    one, two = (
        {file.relative_to(out): file.read_bytes() for file in out.rglob("*") if file.is_file()}
        for out in (builder.folder / "made/a", tmp_path)
    )
    assert len(names) == 1 and len(one) > 8 and one == two
