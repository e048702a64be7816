"""A real server as a separate process, and a real browser."""

import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, Playwright

from tests.benchmarks.server import free_port, wait_for
from tests.journeys.tablet_hand import Hand
from tests.staying import STAYING

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[str]:
    """`manage.py serve` over a demo district of its own; yields its address. Its checklist is short where the module is
    marked so."""
    data, port = tmp_path_factory.mktemp("served"), free_port()
    world = "short_template" if request.node.get_closest_marker("short_sheet") else "demo_template"
    shutil.copy(request.getfixturevalue(world), data / "xuncun.db")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("XUNCUN_")}
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve", "--port", str(port), "--data", str(data)],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        try:
            wait_for(f"{url}/healthz", 120, process)
        except RuntimeError:
            raise AssertionError(process.stdout and process.stdout.read()) from None
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


@pytest.fixture(scope="module")
def playwright() -> Playwright:
    """The driver."""
    return STAYING.driver()


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Debian's Chromium, without a screen. What a file opened in it is closed at its end."""
    chromium = STAYING.browser()
    yield chromium
    for context in chromium.contexts:
        context.close()


@pytest.fixture(scope="module")
def sign_in(server: str, browser: Browser) -> Callable[[str, int, int], Page]:
    """A page of a fresh browser session, signed in as one of the demo people, at a size."""

    def enter(name: str, width: int, height: int) -> Page:
        page = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN").new_page()
        page.set_default_timeout(60_000)
        page.goto(f"{server}/sign-in")
        page.fill("input[name=name]", name)
        page.fill("input[name=password]", "xuncun-demo")
        page.click("main button")
        page.wait_for_url(lambda url: "/sign-in" not in url)
        return page

    return enter


@pytest.fixture(scope="module")
def tablet(server: str, playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hand]:
    """The inspector's tablet with everything received, and a camera. One for all of a file, whose tests each go to a
    village of their own."""
    camera = ["--use-fake-device-for-media-stream"]  # it films a moving ball, where the page may use it
    made = Hand(playwright, server, tmp_path_factory.mktemp("tablet") / "profile", args=camera).open()
    made.sign_in("inspector")
    made.at_home()
    yield made
    made.close()


@pytest.fixture
def hand(tablet: Hand) -> Iterator[Hand]:
    """That tablet at home, off the network. Whatever happens, the app itself must not break."""
    tablet.offline(True)
    tablet.page.goto(f"{tablet.url}/tablet/#/")
    yield tablet
    faults, tablet.faults = tablet.faults, []
    assert not faults


@pytest.fixture(scope="session")
def photo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos of real size, each different."""
    folder = tmp_path_factory.mktemp("photos")
    for number in range(20):
        dice = random.Random(number)
        image = Image.new("RGB", (1600, 1200), (210 - number * 4, 214, 196))
        pen = ImageDraw.Draw(image)
        for _ in range(60):
            x, y = dice.randrange(1600), dice.randrange(1200)
            pen.ellipse((x, y, x + 120, y + 80), fill=tuple(dice.randrange(256) for _ in range(3)))
        image.save(folder / f"{number:02}.jpg", quality=82)
    return folder
