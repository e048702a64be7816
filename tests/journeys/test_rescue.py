"""A visit that never met a network: exported from the built tablet, brought in by the office, then met again by itself."""

import hashlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.journeys.gateway import Gateway, gateway
from tests.journeys.tablet_hand import WAIT, Hand, Tapped
from tests.journeys.test_tablet_day import Wire, fill, same_as_tapped, same_bytes

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.short_sheet]
SignIn = Callable[[str, int, int], Page]
CODE, NAME = "110109005201", "安家庄村"
WORDS = "山路漫漫八个字"


@pytest.fixture
def road(server: str) -> Iterator[Gateway]:
    with gateway(server) as made:
        yield made


def export(hand: Hand, to: Path, words: str = "") -> Path:
    """By taps: make the file, save it."""
    page = hand.page
    if words:
        page.get_by_label("口令（可不设）").fill(words)
    page.get_by_role("button", name="生成文件").click()
    expect(page.get_by_text("文件已生成")).to_be_visible(timeout=60_000)
    with page.expect_download() as coming:
        page.get_by_role("link", name="保存到这台平板").click()
    assert coming.value.suggested_filename.startswith("巡村救援-")
    coming.value.save_as(to)
    return to


def bring(office: Page, server: str, file: Path, words: str = "") -> str:
    """The office's taps; what the page says before importing."""
    office.goto(f"{server}/held")
    office.get_by_role("link", name="导入救援包").first.click()
    office.set_input_files("input[name=file]", file)
    office.fill("input[name=passphrase]", words)
    office.get_by_role("button", name="打开查看").click()
    expect(office.locator("h1")).to_contain_text("的救援包")
    seen = office.locator("main").inner_text()
    if office.get_by_role("button", name="导入", exact=True).count():
        office.get_by_role("button", name="导入", exact=True).click()
        expect(office.locator("main")).to_contain_text("不用再导入")
    return seen


def test_carried_by_hand_it_counts_once(
    road: Gateway, server: str, playwright: Playwright, sign_in: SignIn, photo_folder: Path, tmp_path: Path
) -> None:
    hand = Hand(playwright, road.url, tmp_path / "profile").open()
    try:
        hand.sign_in("inspector")
        hand.at_home()
        hand.offline(True)
        tapped = Tapped()
        hand.village(NAME)
        hand.begin()
        fill(
            hand, tapped, [photo_folder / f"{n:02}.jpg" for n in range(3)], {"RE-1.1": ("主街北口", 3, False)}
        )
        hand.finish()
        # Signed out meanwhile: the work is still in reach, locked to the server.
        page = hand.page
        page.goto(f"{hand.url}/tablet/#/settings")
        page.get_by_role("button", name="退出登录").click()
        page.get_by_role("dialog").get_by_role("button", name="退出登录").click()
        page.get_by_role("link", name="导出留在本机的内容").click()
        expect(page.get_by_text("只有本区的服务器能打开")).to_be_visible(timeout=WAIT)
        file = export(hand, tmp_path / "rescue.xuncun")
        kept = hand.kept_bytes()
        assert file.read_bytes()[:8] == b"XUNCUNR1" and all(
            sha256.encode() not in file.read_bytes() for sha256 in kept
        )

        office = sign_in("office", 1440, 900)
        assert "操作 1 条、照片 4 张" in bring(office, server, file)
        wire = Wire(server)
        visit = wire.visit(CODE)
        same_as_tapped(visit, tapped)
        same_bytes(wire, hand, visit)

        hand.offline(False)  # the tablet comes back: its deposit hands in what is here already
        until = time.monotonic() + 60
        while not road.pushed and time.monotonic() < until:
            page.wait_for_timeout(100)
        expect(page.get_by_text("待传").first).not_to_be_visible(timeout=60_000)
        assert len(road.pushed) == 1 and [v for v in Wire(server).rows() if v[0] == "inspection"] == [
            ("inspection", visit["id"])
        ]
        assert "不用再导入" in bring(office, server, file)
        assert hand.kept_bytes() == kept, "a rescue deletes nothing"
        assert not hand.faults
    finally:
        hand.close()


def test_of_a_wiped_tablet_the_file_is_enough(
    road: Gateway, server: str, playwright: Playwright, sign_in: SignIn, photo_folder: Path, tmp_path: Path
) -> None:
    hand = Hand(playwright, road.url, tmp_path / "lost").open()
    hand.sign_in("inspector2")
    hand.at_home(1)
    hand.offline(True)
    tapped = Tapped()
    hand.village("吕家坡村")
    hand.begin()
    hand.answer(tapped, fault="桥头", photos=[photo_folder / "07.jpg"])
    hand.page.goto(f"{hand.url}/tablet/#/outbox")
    hand.page.get_by_role("link", name="导出未上传的内容").click()
    expect(hand.page.get_by_text("草稿 1 份")).to_be_visible(timeout=WAIT)
    file = export(hand, tmp_path / "draft.xuncun", WORDS)
    kept = hand.kept_bytes()
    hand.close()  # and never opened again

    office = sign_in("office", 1440, 900)
    assert "草稿 1 份" in bring(office, server, file, WORDS)
    wire = Wire(server, "inspector2")
    for sha256 in kept:
        assert hashlib.sha256(wire.blob(sha256)).hexdigest() == sha256
