"""The very first opening over a line on which a file does not come through: the shell is kept all the same, later."""

import time
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, expect

from tests.journeys.gateway import gateway
from tests.journeys.tablet_hand import Hand

pytestmark = [pytest.mark.browser, pytest.mark.slow]
KEPT = "navigator.serviceWorker.controller !== null"


def test_a_shell_that_came_only_in_part_is_fetched_again_without_being_asked(
    server: str, playwright: Playwright, tmp_path: Path
) -> None:
    with gateway(server) as road:
        road.where, road.ill = "/tablet/assets/rescue-", 503  # a screen that comes when it is wanted
        hand = Hand(playwright, road.url, tmp_path / "profile").open()
        hand.sign_in("inspector")
        expect(hand.page.get_by_text("安家庄村").first).to_be_visible(timeout=60_000)
        until = time.monotonic() + 120
        while not road.refused:
            assert time.monotonic() < until, "never asked for"
            hand.page.wait_for_timeout(100)
        hand.page.wait_for_timeout(1_500)
        assert not hand.page.evaluate(KEPT)
        road.ill = 0
        until = time.monotonic() + 120
        while not hand.page.evaluate(KEPT):
            assert time.monotonic() < until, "never kept"
            hand.page.wait_for_timeout(200)
        hand.offline(True)
        hand.page.goto(f"{road.url}/tablet/#/rescue")
        hand.page.reload()
        expect(hand.page.get_by_role("heading", name="导出未上传的内容")).to_be_visible()
        assert not hand.faults
        hand.close()
