"""Dialogs that ask before something is given up, and the camera with the photo before faint over it: by taps alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.journeys.tablet_hand import WAIT, Hand
from tests.journeys.test_tablet_day import wire
from tests.journeys.test_tablet_forms import drain, look
from tests.journeys.test_the_line import hand_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]
CAMERA = ["--use-fake-device-for-media-stream"]  # it films a moving ball


@pytest.fixture(scope="module")
def tasks(server: str, photo_folder: Path) -> list[str]:
    return [str(task) for task in hand_in(server, photo_folder)["tasks"]]  # type: ignore[attr-defined]


def at_item(page: Page, section: str, number: str) -> None:
    page.locator("button.sec", has_text=section).click()
    page.locator("button.it", has_text=number).first.click()


def test_what_does_not_apply_asks_before_a_veto_is_withdrawn_and_keeps_its_words(
    hand: Hand, tmp_path: Path
) -> None:
    words, page = "古戏台后墙被整面拆除", hand.page
    hand.village("吕家坡村")
    hand.begin("诗画乡村")
    at_item(page, "生态文化与乡土传承", "7.1")  # the one item with a veto that need not apply
    page.get_by_role("button", name="提出一票否决…").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("textarea").fill(words)
    dialog.get_by_role("button", name="提出一票否决", exact=True).click()

    page.get_by_role("button", name="不适用…").click()
    expect(dialog.locator(".note-amber")).to_contain_text(f"本项已提出一票否决：“{words}”")
    expect(dialog.get_by_role("button", name="撤回一票否决，记为不适用")).to_be_disabled()
    look(hand, tmp_path, "asks")
    dialog.get_by_role("button", name="关闭").click()
    expect(page.locator(".veto-on")).to_contain_text(words)  # closed, nothing was given up

    page.get_by_role("button", name="不适用…").click()
    dialog.get_by_role("button", name="村内没有此类情况").click()
    dialog.get_by_role("button", name="撤回一票否决，记为不适用").click()
    expect(page.locator(".veto")).to_have_count(0)
    hand.saved()
    hand.page.reload()
    expect(page.locator(".note", has_text="不适用")).to_contain_text("村内没有此类情况")
    page.get_by_role("button", name="改为适用").click()
    expect(page.locator(".veto-on")).to_have_count(0)
    page.get_by_role("button", name="提出一票否决…").click()
    expect(dialog.locator("textarea")).to_have_value(words)
    dialog.get_by_role("button", name="提出一票否决", exact=True).click()
    expect(page.locator(".veto-on")).to_contain_text(words)
    page.get_by_role("button", name="不适用…").click()
    expect(dialog.get_by_role("button", name="撤回一票否决，记为不适用")).to_be_visible()


def test_the_code_held_out_to_a_partner_outlives_a_turn_of_the_tablet(hand: Hand) -> None:
    hand.village("西王平村")
    hand.begin()
    hand.page.get_by_role("button", name="协助取证").click()
    code = hand.page.get_by_role("img", name="协助取证二维码")
    for width, height in ((1180, 820), (820, 1180), (360, 740)):
        hand.page.set_viewport_size({"width": width, "height": height})
        hand.page.wait_for_timeout(300)
        expect(code).to_be_visible()
    hand.page.get_by_role("dialog").get_by_role("button", name="好了").click()
    expect(code).to_have_count(0)


@pytest.fixture(scope="module")
def village(
    server: str, playwright: Playwright, tasks: list[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hand]:
    """The committee's tablet with a camera; the app may use it from when a test says so."""
    made = Hand(playwright, server, tmp_path_factory.mktemp("village") / "profile", args=CAMERA).open()
    made.sign_in("village")
    expect(made.mark("已全传")).to_be_visible(timeout=60_000)
    expect(made.page.get_by_text("安家庄村").first).to_be_visible(timeout=60_000)
    yield made
    made.close()
    assert not made.faults


def ask_for_camera(hand: Hand, task: str) -> None:
    hand.page.goto(f"{hand.url}/tablet/#/task/{task}")
    # Its previews are here: the photo before can be laid over.
    expect(hand.page.locator(".thumb img").first).to_be_visible(timeout=60_000)
    hand.offline(True)
    hand.page.get_by_role("button", name="提交整改", exact=True).click()


def test_a_camera_that_may_not_be_used_leaves_the_systems_own_and_the_photo_before(
    village: Hand, server: str, tasks: list[str], photo_folder: Path, tmp_path: Path
) -> None:
    page = village.page  # playwright grants geolocation and nothing else: the camera is denied
    ask_for_camera(village, tasks[1])
    form = page.get_by_role("dialog", name="提交整改")
    form.get_by_role("button", name="对照整改前拍").click()
    camera = page.get_by_role("dialog", name="对照整改前拍")
    expect(camera.get_by_text("没有使用相机的权限")).to_be_visible()
    expect(camera.get_by_alt_text("整改前")).to_be_visible()
    look(village, tmp_path, "denied")
    with page.expect_file_chooser() as chooser:
        camera.locator("button.btn", has_text="打开系统相机").click()
    chooser.value.set_files(photo_folder / "15.jpg")
    expect(camera).to_have_count(0)
    expect(form.locator(".thumb")).to_have_count(1)
    page.go_back()  # called away: the photo must not be forgotten
    expect(page.get_by_text("拍了 1 张照片还没有交。点“提交整改”接着办")).to_be_visible()
    page.goto(f"{server}/tablet/#/outbox")
    left = page.locator(".note", has_text="的照片还有 1 张没有交")
    expect(left).to_contain_text("安家庄村")
    look(village, tmp_path, "left")
    left.get_by_role("link", name="去交照片").click()
    page.get_by_role("button", name="提交整改", exact=True).click()
    expect(form.locator(".thumb")).to_have_count(1)
    form.get_by_role("button", name="已清理干净").click()
    form.get_by_role("button", name="提交整改", exact=True).click()
    drain(village)
    expect(left).to_have_count(0)
    told = wire(server).rows()[("task", tasks[1])]
    [before] = [one["id"] for one in told["photos"] if one["role"] == "before"]
    [after] = [one for one in told["photos"] if one["role"] == "after"]
    assert (told["stage"], after["pairs"]) == ("submitted", before)


def test_the_after_photo_is_shot_through_the_photo_before(
    village: Hand, server: str, tasks: list[str], tmp_path: Path
) -> None:
    page = village.page
    village.context.grant_permissions(["camera", "geolocation"])
    ask_for_camera(village, tasks[0])
    form = page.get_by_role("dialog", name="提交整改")
    before = [one["id"] for one in wire(server).rows()[("task", tasks[0])]["photos"]]
    assert len(before) == 2
    for place in (1, 2):  # each of the two spots from where it was
        form.get_by_role("button", name=f"对照第 {place} 张拍").click()
        camera = page.get_by_role("dialog", name="对照整改前拍")
        shoot = camera.get_by_role("button", name="拍照", exact=True)
        expect(shoot).to_be_enabled()
        faint = camera.get_by_alt_text("整改前，半透明")
        expect(faint).to_have_css("opacity", "0.35")
        assert page.evaluate("() => document.querySelector('.ghost video').videoWidth") > 0
        camera.get_by_label("整改前照片的浓淡").fill("60")
        expect(faint).to_have_css("opacity", "0.6")
        if place == 1:
            look(village, tmp_path, "ghost")
            expect(shoot).to_be_enabled()
        shoot.click()
        expect(camera).to_have_count(0, timeout=WAIT)  # the photo is made and kept first
        expect(form.locator(".thumb")).to_have_count(place, timeout=WAIT)
    assert page.evaluate("() => !document.querySelector('video')")
    form.get_by_role("button", name="已清理干净").click()
    form.get_by_role("button", name="提交整改", exact=True).click()
    expect(page.locator(".task-stage b")).to_have_text("提交整改，待上传")
    drain(village)
    told = wire(server).rows()[("task", tasks[0])]
    after = [one for one in told["photos"] if one["role"] == "after"]
    assert told["stage"] == "submitted" and [one["pairs"] for one in after] == before
    kept = village.kept_bytes()
    for one in after:
        assert kept[one["sha256"]] == one["sha256"] and wire(server).blob(one["sha256"])
