"""What an impatient hand does to the tablet: leaves a photo behind, opens the sheet twice, has the wrong year."""

import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.journeys.tablet_hand import Hand, Tapped
from tests.journeys.test_tablet_day import fill

# The browser's own opening of pictures, begun when the test says so: how long it takes is nobody's guess then.
SLOWLY = """() => {
  const begin = new Promise((go) => { window.goOn = go; }), open = window.createImageBitmap.bind(window);
  window.createImageBitmap = async (...picture) => { await begin; return open(...picture); };
}"""
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.short_sheet]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo that takes the tablet seconds to make."""
    path = tmp_path_factory.mktemp("large") / "large.jpg"
    Image.effect_noise((8000, 6000), 60).convert("RGB").save(path, quality=85)
    return path


def found(page: Page) -> None:
    page.get_by_role("group", name="常用语").locator("button.chip").first.click()


def on_the_disk(hand: Hand, words: str) -> None:
    """The browser brings what a page leaves beside the stores to the disk when it likes, the sooner the less there was before."""
    halves = [part.encode("utf-16-le") for part in (words[: len(words) // 2], words[len(words) // 2 :])]
    until = time.monotonic() + 120
    while time.monotonic() < until:
        logs = (hand.profile / "Default/Local Storage/leveldb").glob("*.log")
        if any(half in log.read_bytes() for log in logs for half in halves):  # a block may end between them
            return
        hand.page.wait_for_timeout(200)
    raise AssertionError("never brought to the disk")


def test_words_half_written_in_a_dialog_outlive_a_slip_of_the_hand_and_a_crash(hand: Hand) -> None:
    words = "河道内发现大量倾倒的建筑垃圾"

    def veto() -> Locator:
        hand.page.locator("button.sec", has_text="生活垃圾").click()
        hand.page.locator("button.it", has_text="2.4").first.click()
        hand.page.get_by_role("button", name="提出一票否决…").click()
        return hand.page.get_by_role("dialog")

    hand.village("南涧村")
    hand.begin()
    veto().locator("textarea").fill(words)
    hand.page.mouse.click(20, 400)  # beside the dialog
    expect(hand.page.get_by_role("dialog")).to_have_count(0)
    hand.page.get_by_role("button", name="提出一票否决…").click()
    expect(hand.page.get_by_role("dialog").locator("textarea")).to_have_value(words)
    on_the_disk(hand, words)
    hand.kill()
    hand.open(offline=True)
    hand.go_on("南涧村")
    expect(veto().locator("textarea")).to_have_value(words)
    hand.page.get_by_role("dialog").get_by_role("button", name="提出一票否决", exact=True).click()
    clean = hand.page.get_by_role("button", name="没有发现问题")
    expect(clean).to_have_attribute("aria-pressed", "false")
    hand.page.get_by_role("button", name="撤回").click()
    expect(hand.page.locator(".earned")).to_have_text("未填")
    expect(clean).to_be_enabled()
    hand.page.get_by_role("button", name="提出一票否决…").click()
    expect(hand.page.get_by_role("dialog").locator("textarea")).to_have_value("")


def test_a_photo_that_fails_after_its_item_was_left_is_told_until_read(
    hand: Hand, large: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff" + b"nonsense" * 500)
    hand.village("安家庄村")
    hand.begin()
    found(hand.page)
    card = hand.page.locator("article.finding").last
    hand.choose(card, "拍照", large)
    phrase = hand.page.get_by_role("group", name="常用语")
    hand.choose(phrase, "先拍照", broken)  # waits for the large one, then cannot be read
    hand.next()
    told = hand.page.locator(".missed")
    expect(told).to_contain_text("RE-1.1：这张照片读不出来", timeout=120_000)
    hand.page.get_by_role("button", name="返回").click()
    expect(told).to_be_visible()
    told.get_by_role("button", name="知道了").click()
    expect(told).to_have_count(0)


def test_a_photo_still_being_made_goes_along_when_the_visit_is_handed_in(hand: Hand, large: Path) -> None:
    page, tapped = hand.page, Tapped()
    page.reload()
    page.evaluate(SLOWLY)
    hand.village("吕家坡村")
    hand.begin()
    found(page)
    hand.next()
    fill(hand, tapped, [], {})
    page.get_by_role("button", name="签字完成").first.click()
    page.get_by_role("button", name="拒签").click()
    expect(page.get_by_role("button", name="提交检查结果")).to_be_disabled()
    page.get_by_role("button", name="村负责人不在场").click()
    page.get_by_role("button", name="提交检查结果").click()
    page.locator(".read-line", has_text="RE-1.1").click()
    hand.choose(page.locator("article.finding").last, "拍照", large)
    mark = page.locator("a.marks .mark").first
    expect(mark).to_have_text("正在存照片 1")
    page.get_by_role("button", name="签字完成").first.click()
    expect(mark).to_have_text("正在存照片 1")
    page.get_by_role("button", name="提交检查结果").click()
    page.get_by_role("button", name="确定提交").dblclick()
    expect(page.get_by_text("还有 1 张照片正在存，存好就提交。")).to_be_visible()
    page.evaluate("window.goOn()")
    expect(page.locator(".done")).to_contain_text("照片 1 张", timeout=120_000)
    page.goto(f"{hand.url}/tablet/#/outbox")
    expect(page.get_by_text("等待上传 1 项")).to_be_visible()


def test_a_sheet_opened_in_two_windows_is_taken_back_with_all_that_the_other_wrote(hand: Hand) -> None:
    hand.village("西王平村")
    hand.begin()
    found(hand.page)
    hand.saved()
    other = hand.context.new_page()
    other.goto(hand.page.url)
    found(other)
    expect(other.locator("article.finding")).to_have_count(2)
    expect(hand.page.locator(".trouble")).to_contain_text("已在另一个窗口打开")
    expect(hand.page.locator("a.marks .mark").first).to_have_text("已在别处打开")  # nothing is lost
    hand.page.get_by_role("button", name="在这里接着填").click()
    expect(hand.page.locator("article.finding")).to_have_count(2)
    expect(other.locator(".trouble")).to_contain_text("已在另一个窗口打开")
    found(hand.page)
    hand.saved()
    hand.page.reload()
    expect(hand.page.locator("article.finding")).to_have_count(3)
    other.close()


def test_on_a_phone_a_figure_is_typed_in_sight_of_what_it_comes_to(hand: Hand) -> None:
    page = hand.page
    page.set_viewport_size({"width": 360, "height": 740})
    hand.village("河北村")
    hand.begin()
    while hand.item() != "RE-2.3":
        hand.next()
    keys = page.get_by_role("group", name="数字键")
    ladder, foot = page.get_by_label("得分档").bounding_box(), page.locator(".item-steps").bounding_box()
    below = [
        one.bounding_box() for one in keys.locator("button:enabled").all()
    ]  # before a tap scrolls anything
    assert ladder and foot and len(below) == 12
    for box in below:
        assert box and min(box["width"], box["height"]) >= 48
        assert ladder["y"] + ladder["height"] <= box["y"] and box["y"] + box["height"] <= foot["y"]
    for key in ("9", "5", "退格", "0"):
        keys.get_by_role("button", name=key, exact=True).click()
    expect(page.locator(".pad-figure")).to_contain_text("90")
    expect(page.locator(".ladder-on")).to_contain_text("≥ 90%")
    page.set_viewport_size({"width": 1180, "height": 820})


@pytest.mark.parametrize(("years", "village"), [(10, "西石古岩村"), (-10, "西马各庄村")])
def test_a_clock_ten_years_off_hides_nothing_and_judges_nothing(hand: Hand, years: int, village: str) -> None:
    page = hand.page
    page.goto(f"{hand.url}/tablet/#/tasks")
    hand.offline(False)
    page.clock.install(time=datetime.now(UTC) + timedelta(days=3652 if years > 0 else -3652))
    page.reload()
    expect(hand.mark("已全传")).to_be_visible()
    hand.page.goto(f"{hand.url}/tablet/#/settings")
    expect(page.get_by_text("平板的时钟比服务器")).to_contain_text("快 365" if years > 0 else "慢 365")
    hand.offline(True)
    page.goto(f"{hand.url}/tablet/#/")
    page.reload()
    expect(page.locator(".round-left").first).to_contain_text(re.compile("还剩|今天截止"))
    hand.village(village)
    hand.begin()
    hand.close()
    hand.open(offline=True)  # by the right time again


# Whether the card was still taking no taps when the second of two came: on a machine that stalled it no longer is.
TAPS = """() => {
  window.taps = [];
  addEventListener("click", () => window.taps.push(document.querySelector(".finding-calm") !== null), true);
}"""


def test_a_double_tap_makes_one_finding_and_opens_nothing(hand: Hand) -> None:
    page = hand.page
    hand.village("东石古岩村")
    hand.begin()
    cards, dialog = page.locator("article.finding"), page.get_by_role("dialog")
    for made in range(10):
        page.evaluate(TAPS)
        page.get_by_role("group", name="常用语").locator("button.chip").first.dblclick()
        expect(cards).to_have_count(made + 1)
        if page.evaluate("() => window.taps[1]"):
            break
        hand.saved()
        page.reload()
    else:
        raise AssertionError("the card took the second tap of every double tap")
    expect(dialog).to_have_count(0)
    cards.last.locator("button.finding-head").click()
    expect(dialog).to_have_count(1)


def test_a_finding_backed_out_of_is_none_and_a_figure_backed_out_of_stays(hand: Hand) -> None:
    page = hand.page
    hand.village("东王平村")
    hand.begin()
    cards, dialog = page.locator("article.finding"), page.get_by_role("dialog")
    other = page.get_by_role("group", name="常用语").get_by_role("button", name="其他…")
    other.click()
    expect(dialog).to_be_visible()
    page.go_back()
    expect(dialog).to_have_count(0)
    expect(cards).to_have_count(0)
    expect(page.locator(".earned")).to_have_text("未填")
    other.click()
    dialog.get_by_placeholder("如：村委会东侧 30 米").fill("桥头")
    page.go_back()
    expect(cards).to_have_count(1)  # a word was said
    expect(page.locator(".phrases-name")).to_have_text("这一处是什么问题？")
    page.locator(".step-figure").first.click()
    for key in ("1", "2"):
        dialog.get_by_role("button", name=key, exact=True).click()
    page.go_back()
    expect(dialog).to_have_count(0)
    expect(page.locator(".step-figure").first).to_have_text("12")


def test_on_a_phone_what_is_asked_before_handing_in_comes_into_sight(hand: Hand) -> None:
    page = hand.page
    page.set_viewport_size({"width": 360, "height": 740})
    hand.village("色树坟村")
    hand.begin()
    fill(hand, Tapped(), [], {})
    page.get_by_role("button", name="签字完成").first.click()
    page.get_by_role("button", name="拒签").click()
    page.get_by_role("button", name="村负责人不在场").click()
    send = page.get_by_role("button", name="提交检查结果")
    send.evaluate("button => button.scrollIntoView({ block: 'end' })")  # as far as one scrolls to reach it
    send.click()
    expect(page.get_by_role("button", name="确定提交")).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("button", name="再看看")).to_be_in_viewport(ratio=1)
    page.set_viewport_size({"width": 1180, "height": 820})
