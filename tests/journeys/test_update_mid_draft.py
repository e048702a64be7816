"""A new build arrives while a sheet is being filled in: nothing moves until it is left, and then nothing is lost."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.builder import ROOT, Builder
from tests.journeys.conftest import free_port
from tests.journeys.test_builds import UPDATE, becomes, build_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WITH_FOLDER = (
    "import sys, pathlib; from offline_sync import shell; shell.FOLDER = pathlib.Path(sys.argv.pop(1));"
    " import manage; manage.cli()"
)


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    made = Builder(tmp_path_factory.mktemp("builds"))
    made.publish("a")
    return made


@pytest.fixture(scope="module")
def address(builder: Builder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The whole server over a demo district, giving out the builder's newest build."""
    port, data = free_port(), tmp_path_factory.mktemp("served")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("XUNCUN_")}
    line = [
        sys.executable,
        "-c",
        WITH_FOLDER,
        str(builder.served),
        "serve",
        "--port",
        str(port),
        "--data",
        str(data),
    ]
    process = subprocess.Popen(line, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{url}/healthz", timeout=2)
                break
            except OSError:
                assert process.poll() is None
                time.sleep(0.1)
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def at_the_sheet(page: Page, address: str) -> None:
    """Signed in, and the first sheet of 安家庄村 begun by taps."""
    page.goto(f"{address}/tablet/")
    page.locator("input").nth(0).fill("inspector")
    page.locator("input[type=password]").fill("xuncun-demo")
    page.get_by_role("button", name="登录", exact=True).click()
    page.get_by_text("安家庄村").first.click()
    page.get_by_role("button", name="开始检查").first.click()
    expect(page.get_by_role("button", name="一般加一")).to_be_visible()


def test_a_sheet_in_hand_outlasts_a_new_build(builder: Builder, address: str, browser: Browser) -> None:
    with browser.new_context(locale="zh-CN", viewport={"width": 1180, "height": 820}) as context:
        context.set_default_timeout(20_000)
        page = context.new_page()
        at_the_sheet(page, address)
        old, sheet = build_of(page), page.url
        page.get_by_role("button", name="一般加一").click()
        new = builder.publish("b")
        assert page.evaluate(UPDATE) == "installed"
        page.get_by_role("button", name="下一项").click()
        page.get_by_role("button", name="上一项").click()
        page.get_by_role("button", name="一般加一").click()
        page.wait_for_timeout(500)
        assert build_of(page) == old != new
        page.get_by_role("button", name="返回").click()
        becomes(page, new)
        assert "/visit/" not in page.url
        page.goto(sheet)
        expect(page.get_by_role("button", name="一般 2")).to_be_visible()
        assert build_of(page) == new
