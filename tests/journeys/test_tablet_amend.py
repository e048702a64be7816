"""A visit put right on the tablet that handed it in or on another, and one that the office makes void: by taps, offline."""

import re
from copy import deepcopy
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, expect

from tests.journeys.tablet_hand import Hand, Tapped
from tests.journeys.test_tablet_day import Wire, back_to, fill, same_as_tapped, same_bytes
from tests.journeys.test_tablet_forms import drain, look

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.short_sheet]


def handed_in(hand: Hand, village: str, shots: list[Path]) -> Tapped:
    tapped = Tapped()
    hand.village(village)
    hand.begin()
    fill(hand, tapped, shots, {"RE-1.1": ("主街北口", 1, False), "RE-1.2": ("后街", 1, False)})
    hand.finish()
    return tapped


def reopen(hand: Hand, village: str) -> None:
    hand.village(village)
    hand.card("农村人居环境").get_by_role("button", name="更正", exact=True).click()
    expect(hand.page.locator(".item-code")).to_be_visible()
    expect(hand.page.locator(".head-title p")).to_contain_text("更正")


def put_right(hand: Hand, tapped: Tapped, shot: Path) -> None:
    """RE-1.1 was nothing; RE-1.2 gets another photo; RE-1.4 was forgotten."""
    page = hand.page
    back_to(hand, "RE-1.1")
    page.locator("article.finding").first.locator("button.finding-head").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="删除这条问题").click()
    dialog.get_by_role("button", name="确定删除").click()
    expect(page.locator("article.finding")).to_have_count(0)
    tapped.answers["RE-1.1"] = {"counts": {}}
    page.get_by_role("button", name="没有发现问题").click()
    back_to(hand, "RE-1.2")
    card = page.locator("article.finding").first
    # What was sent comes a frame after its item; counted before that, it would pass for the new one.
    expect(card.locator(".thumb")).to_have_count(tapped.answers["RE-1.2"]["shots"])
    hand.shoot(card, "再拍一张", shot)
    tapped.answers["RE-1.2"]["shots"] += 1


def hand_in_again(hand: Hand, reason: str) -> None:
    page = hand.page
    page.get_by_role("button", name="签字完成").first.click()
    expect(page.locator("img.signed")).to_be_visible()
    send = page.get_by_role("button", name="提交更正")
    expect(send).to_be_disabled()
    expect(page.get_by_text("请先写明为什么更正")).to_be_visible()
    page.get_by_role("button", name=reason).click()
    send.click()
    page.get_by_role("button", name="确定提交").click()
    expect(page.locator(".done-mark")).to_be_visible()
    expect(page.locator(".done")).to_contain_text("更正后：")


def test_a_visit_is_put_right_behind_itself_and_again_after_its_receipt(
    hand: Hand, server: str, photo_folder: Path, tmp_path: Path
) -> None:
    shots = sorted(photo_folder.glob("*.jpg"))
    tapped = handed_in(hand, "吕家坡村", [shots[0], shots[1]])
    reopen(hand, "吕家坡村")
    put_right(hand, tapped, shots[2])
    hand.saved()
    hand.kill()
    hand.open(offline=True)
    hand.village("吕家坡村")
    expect(hand.card("农村人居环境").get_by_role("link", name="接着更正")).to_be_visible()
    look(hand, tmp_path, "amending")
    hand.card("农村人居环境").get_by_role("link", name="接着更正").click()
    expect(hand.page.locator(".item-code")).to_be_visible()
    hand.page.get_by_role("button", name="签字完成").first.click()
    look(hand, tmp_path, "finish")
    hand.page.get_by_role("button", name="返回").click()
    hand_in_again(hand, "问题或处数填错")
    look(hand, tmp_path, "done")
    expect(hand.mark("待传 2")).to_be_visible()
    hand.village("吕家坡村")
    expect(hand.card("农村人居环境")).to_contain_text("更正已填完，等待上传")
    look(hand, tmp_path, "waiting")
    drain(hand)

    wire = Wire(server)
    found = wire.visit("110109005202")
    same_as_tapped(found, tapped)
    same_bytes(wire, hand, found)
    assert len(found["photos"]) == 3, "two of RE-1.2 and the signature; what was wrong is no photo of it"
    tasks = [
        row for (kind, _), row in wire.rows().items() if kind == "task" and row["inspection"] == found["id"]
    ]
    assert sorted((row["item"], row["stage"]) for row in tasks) == [
        ("RE-1.1", "cancelled"),
        ("RE-1.2", "dispatched"),
    ]

    first = found["score"]
    hand.offline(True)
    reopen(hand, "吕家坡村")
    back_to(hand, "RE-1.4")
    hand.answer(tapped, fault="沟边", photos=[shots[3]])
    hand_in_again(hand, "漏记了问题")
    hand.village("吕家坡村")
    expect(hand.page.locator(".past").first).to_contain_text("更正待传")
    look(hand, tmp_path, "past")
    drain(hand)
    found = wire.visit("110109005202")
    same_as_tapped(found, tapped)
    same_bytes(wire, hand, found)
    assert float(found["score"]) < float(first)
    hand.village("吕家坡村")
    expect(hand.card("农村人居环境")).to_contain_text("更正过，原来的内容系统留底")
    expect(hand.page.locator(".past").first).not_to_contain_text("待传")
    look(hand, tmp_path, "amended")


def test_a_visit_is_put_right_on_another_tablet(
    hand: Hand, server: str, playwright: Playwright, photo_folder: Path, tmp_path: Path
) -> None:
    """The tablet that handed it in was exchanged: what the server has is opened again, its photos stay where they are."""
    shots = sorted(photo_folder.glob("*.jpg"))
    tapped = handed_in(hand, "南涧村", [shots[9], shots[10]])
    drain(hand)
    wire = Wire(server)
    [code] = [
        row["code"] for (kind, _), row in wire.rows().items() if kind == "village" and row["name"] == "南涧村"
    ]
    before = wire.visit(code)
    other = Hand(playwright, server, tmp_path / "other").open()
    other.sign_in("inspector")
    other.at_home()
    other.offline(True)
    other.village("南涧村")
    other.card("农村人居环境").get_by_role("button", name="更正", exact=True).click()
    expect(other.page.locator(".trouble")).to_contain_text("要连上服务器取回才能更正")
    other.offline(False)
    other.village("吕家坡村")
    reopen(other, "南涧村")
    other.offline(True)
    put_right(other, tapped, shots[11])
    look(other, tmp_path, "elsewhere")
    hand_in_again(other, "问题或处数填错")
    other.village("南涧村")
    expect(other.card("农村人居环境").get_by_role("button", name="更正", exact=True)).to_be_visible()
    drain(other)
    found = wire.visit(code)
    same_as_tapped(found, tapped)
    assert found["id"] == before["id"]
    sheet = other.page.request.get(
        f"{server}/api/inspections/{found['id']}", headers={"Authorization": f"Bearer {wire.token}"}
    ).json()["args"]
    assert sheet["signature"]["name"] == "王书记" and sheet["signature"]["photo"]
    assert all(photo["position"] and photo["taken_at"] for photo in sheet["photos"])
    hashes = {photo["sha256"] for photo in found["photos"]}
    assert len(hashes) == 3 and hashes <= set(hand.kept_bytes()) | set(other.kept_bytes())
    states = {row["state"] for (kind, _), row in wire.rows().items() if kind == "photo"}
    assert states == {"stored"}
    other.close()
    assert not other.faults


def test_a_correction_can_be_left(hand: Hand, server: str, photo_folder: Path) -> None:
    shots = sorted(photo_folder.glob("*.jpg"))
    tapped = handed_in(hand, "西王平村", [shots[4], shots[5]])
    reopen(hand, "西王平村")
    put_right(hand, deepcopy(tapped), shots[6])
    hand.page.get_by_role("button", name="签字完成").first.click()
    hand.page.get_by_role("button", name="放弃更正").click()
    hand.page.get_by_role("button", name="确定放弃").click()
    expect(hand.card("农村人居环境")).to_contain_text("已填完，等待上传")
    drain(hand)
    wire = Wire(server)
    [code] = [
        row["code"]
        for (kind, _), row in wire.rows().items()
        if kind == "village" and row["name"] == "西王平村"
    ]
    found = wire.visit(code)
    same_as_tapped(found, tapped)
    same_bytes(wire, hand, found)
    assert len(found["photos"]) == 3


def test_the_office_makes_a_visit_void(
    hand: Hand, server: str, playwright: Playwright, photo_folder: Path, tmp_path: Path
) -> None:
    shots = sorted(photo_folder.glob("*.jpg"))
    handed_in(hand, "安家庄村", [shots[7], shots[8]])
    drain(hand)
    found = Wire(server).visit("110109005201")
    office = Hand(playwright, server, tmp_path / "office").open()
    office.sign_in("office")
    expect(office.mark("已全传")).to_be_visible(timeout=60_000)
    expect(office.page.locator("main .row")).to_have_count(0)
    look(office, tmp_path, "office-home")
    for town in ("王平镇", "军庄镇"):
        office.page.get_by_role("group", name="看哪个镇街").get_by_role("button", name=town).click()
    expect(office.page.locator("main .row", has_text="安家庄村")).to_be_visible(timeout=60_000)
    expect(office.page.get_by_role("button", name="潭柘寺镇")).to_be_disabled()
    look(office, tmp_path, "office-towns")
    office.page.get_by_role("button", name="军庄镇").click()
    expect(office.page.get_by_role("button", name="潭柘寺镇")).to_be_enabled()
    expect(office.page.locator(".town-name")).to_have_text(re.compile("王平镇"))
    office.page.goto(f"{server}/tablet/#/village/110109005201")
    expect(office.page.locator(".past")).to_have_count(1, timeout=60_000)
    office.offline(True)
    office.page.get_by_role("button", name="作废这次检查…").click()
    dialog = office.page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="作废", exact=True)).to_be_disabled()
    dialog.locator("textarea").fill("走错了村")
    look(office, tmp_path, "void")
    dialog.get_by_role("button", name="作废", exact=True).click()
    expect(office.page.locator(".past")).to_contain_text("作废待传")
    expect(office.page.get_by_role("button", name="作废这次检查…")).to_have_count(0)
    look(office, tmp_path, "voided")
    assert Wire(server).visit("110109005201")["stage"] == "submitted"
    drain(office)
    rows = Wire(server).rows()
    assert rows[("inspection", found["id"])]["stage"] == "void"
    stages = {
        row["stage"] for (kind, _), row in rows.items() if kind == "task" and row["inspection"] == found["id"]
    }
    assert stages == {"cancelled"}
    hand.page.get_by_role("button", name="立即上传").click()
    hand.village("安家庄村")
    expect(hand.card("农村人居环境").get_by_role("button", name="开始检查")).to_be_visible()
    office.close()
    assert not office.faults
