"""Bad days of the ground itself: a browser that keeps nothing more, a checklist that the server no longer has, an app
that may not use the camera. By taps; what was done stays and arrives."""

import hashlib
import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import CDPSession, TimeoutError, expect

from tests.journeys.tablet_hand import WAIT, Hand, Tapped
from tests.journeys.test_tablet_bad_days import visit
from tests.journeys.test_tablet_day import Wire, fill, same_as_tapped, same_bytes

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.short_sheet]
FULL = 1  # byte: less than anything needs


def room(line: CDPSession, url: str, size: int | None) -> None:
    """The browser's own limit for this app's storage; None: as it was."""
    line.send(
        "Storage.overrideQuotaForOrigin", {"origin": url} | ({} if size is None else {"quotaSize": size})
    )


def test_a_browser_that_keeps_nothing_more_says_so_and_loses_no_tap(
    hand: Hand, server: str, photo_folder: Path, tmp_path: Path
) -> None:
    tapped = Tapped()
    hand.village("吕家坡村")
    hand.begin()
    hand.answer(tapped, fault="主街北口", photos=[photo_folder / "00.jpg"])
    hand.next()
    hand.saved()
    hand.kill()
    hand.open(path="/healthz")  # the browser reckons the room once, before the first that asks for some
    page = hand.page
    line = hand.context.new_cdp_session(page)
    room(line, server, FULL)
    hand.offline(True)
    page.goto(f"{server}/tablet/")
    hand.go_on("吕家坡村")
    hand.answer(tapped)
    trouble = page.locator(".sheet-trouble")
    expect(trouble).to_contain_text("平板存储空间已满，没能存下", timeout=WAIT)
    expect(trouble.get_by_role("link", name="把本机内容导出成文件")).to_be_visible()
    expect(page.locator("a.marks .mark").first).to_contain_text("没存上")
    page.screenshot(path=tmp_path / "refused.png")
    hand.next()  # one can go on: what was tapped is held in memory
    hand.answer(tapped)
    expect(trouble).to_be_visible()
    again = trouble.get_by_role("button", name="再试一次")
    again.click()
    expect(trouble).to_be_visible()
    room(line, server, None)
    with suppress(TimeoutError):  # it tries by itself every two seconds, and may have done so
        again.click(timeout=1_500)
    expect(trouble).to_have_count(0, timeout=WAIT)
    hand.saved()
    hand.kill()
    hand.open(offline=True)
    hand.go_on("吕家坡村")
    page = hand.page
    left = page.locator(".left-count", has_text="未填").locator("b")
    expect(left).to_have_text("7")  # of ten, the three that were filled in
    fill(hand, tapped, [], {})
    hand.finish()
    hand.offline(False)
    hand.drained()
    wire = Wire(server)
    found = wire.visit("110109005202")
    same_as_tapped(found, tapped)
    same_bytes(wire, hand, found)


def test_a_checklist_that_the_server_no_longer_has_holds_the_visit_whole(
    hand: Hand, server: str, photo_folder: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    before = set(hand.kept_bytes())
    visit(hand, "西王平村", photo_folder / "01.jpg")
    hand.finish("西王平村书记")
    folders = tmp_path_factory.getbasetemp().glob("served*/xuncun.db")
    with sqlite3.connect(max(folders, key=lambda one: one.stat().st_mtime), timeout=30) as database:
        changed = database.execute("UPDATE checklist_version SET stage = 'draft' WHERE code = 'RE'").rowcount
    assert changed == 1
    database.close()
    hand.offline(False)
    hand.drained()
    page = hand.page
    page.goto(f"{server}/tablet/#/outbox")
    expect(page.locator(".entry", has_text="西王平村")).to_contain_text("已收到，待批")
    page.get_by_role("link", name="看怎么办").click()
    page.locator("main .row", has_text="西王平村").click()
    expect(page.locator("main")).to_contain_text("不是本区发布的版本，结果已留存")
    expect(page.get_by_text("内容和照片已经完整收到，不用再传")).to_be_visible()
    page.screenshot(path=tmp_path / "held.png")
    wire = Wire(server)
    kept = set(hand.kept_bytes()) - before
    assert len(kept) == 2, "a photo and a signature"
    for sha256 in kept:
        assert hashlib.sha256(wire.blob(sha256)).hexdigest() == sha256


def test_a_plate_is_opened_by_its_number_where_the_camera_may_not_be_used(hand: Hand, server: str) -> None:
    page = hand.page  # playwright grants the position alone: the camera is denied
    page.goto(f"{server}/tablet/#/scan")
    expect(page.get_by_text("巡村没有使用相机的权限")).to_be_visible()
    page.get_by_label("扫不了就输入村代码").fill("110109005201")
    page.get_by_role("button", name="打开").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("安家庄村")
