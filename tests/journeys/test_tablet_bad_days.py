"""Bad days on the built tablet: what is missing is said in words, what was done stays, and it arrives in the end."""

import hashlib
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Playwright, expect

from offline_sync.demo.link import Link
from offline_sync.demo.office import PASSWORD, Office
from tests.journeys.gateway import Gateway, gateway
from tests.journeys.tablet_hand import WAIT, Hand, Tapped
from tests.journeys.test_tablet_day import Wire, back_to, fill, same_as_tapped, same_bytes

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.short_sheet]
FAULT = {"RE-1.1": ("主街北口", 1, False)}
# What the browser says of its free space, and nothing else; the page's storage itself is as it is.
FREE = """(() => {
  const ask = navigator.storage.estimate.bind(navigator.storage);
  navigator.storage.estimate = async () =>
    "free" in window ? { quota: 10e9, usage: 10e9 - window.free * 1048576 } : ask();
})()"""


@pytest.fixture(scope="module")
def gate(server: str) -> Iterator[Gateway]:
    with gateway(server) as made:
        yield made


@pytest.fixture(autouse=True)
def road(gate: Gateway) -> Gateway:
    """The gateway, well."""
    gate.ill, gate.where = 0, "/api/"
    return gate


@pytest.fixture(scope="module")
def tablet(gate: Gateway, playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hand]:
    """The one that `hand` is, for the tests that end as they began."""
    made = Hand(playwright, gate.url, tmp_path_factory.mktemp("tablet") / "profile").open()
    made.sign_in("inspector")
    made.at_home()
    yield made
    made.close()


@pytest.fixture(scope="module")
def villages(server: str) -> Iterator[tuple[str, str]]:
    """Villages of the inspector's, one after the other: (code, name). Each test takes its own."""
    rows = Wire(server).rows()
    return iter(sorted((row["code"], row["name"]) for (kind, _), row in rows.items() if kind == "village"))


@pytest.fixture
def fresh(road: Gateway, playwright: Playwright, tmp_path: Path) -> Iterator[Hand]:
    """A tablet on which nobody has signed in yet. Whatever happens, the app itself must not break."""
    made = Hand(playwright, road.url, tmp_path / "profile").open()
    yield made
    made.close()
    assert not made.faults


def look(hand: Hand, folder: Path, name: str) -> None:
    """A picture of the screen, for people."""
    hand.page.screenshot(path=folder / f"{name}.png")


def set_out(hand: Hand, name: str = "inspector") -> None:
    """Signed in, everything here, and off into the valley."""
    hand.sign_in(name)
    hand.at_home()
    hand.offline(True)


def visit(hand: Hand, village: str, shot: Path | None = None) -> Tapped:
    """A whole visit up to the village head's word; with one finding where there is a photo for it."""
    tapped = Tapped()
    hand.village(village)
    hand.begin()
    fill(hand, tapped, [shot] if shot else [], FAULT if shot else {})
    return tapped


def arrived(server: str, hand: Hand, code: str, tapped: Tapped) -> dict[str, Any]:
    """The visit as the server has it: what was tapped, and every byte of its photos."""
    wire = Wire(server)
    found = wire.visit(code)
    same_as_tapped(found, tapped)
    same_bytes(wire, hand, found)
    return found


def test_a_tablet_that_may_not_say_where_it_is(
    fresh: Hand, road: Gateway, server: str, villages: Iterator[tuple[str, str]], photo_folder: Path, tmp_path: Path
) -> None:  # fmt: skip
    denied = {"permission": {"name": "geolocation"}, "setting": "denied"}
    fresh.context.new_cdp_session(fresh.page).send("Browser.setPermission", denied)
    code, name = next(villages)
    set_out(fresh)
    fresh.page.get_by_role("button", name="按远近排").click()
    expect(
        fresh.page.get_by_text("现在取不到定位")
    ).to_be_in_viewport()  # told beside the button, not below all villages
    tapped = visit(fresh, name, photo_folder / "00.jpg")
    fresh.finish()
    fresh.offline(False)
    fresh.drained()
    found = arrived(server, fresh, code, tapped)
    sent = road.pushed[-1]["commands"][0]["args"]
    assert sent["position"] is None and {photo["position"] for photo in sent["photos"]} == {None}
    wire = Wire(server)
    for photo in found["photos"]:
        (tmp_path / f"{photo['sha256'][:8]}.jpg").write_bytes(wire.blob(photo["sha256"]))


def test_a_photo_of_48_megapixels_and_one_that_cannot_be_opened(
    hand: Hand, villages: Iterator[tuple[str, str]], tmp_path: Path
) -> None:
    large, foreign = tmp_path / "large.jpg", tmp_path / "IMG_0001.HEIC"
    Image.effect_noise((1000, 750), 60).convert("RGB").resize((8000, 6000)).save(large, quality=88)
    foreign.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(400_000))
    _, name = next(villages)
    hand.village(name)
    hand.begin()
    tapped = Tapped()
    hand.answer(tapped, fault="主街北口")
    card = hand.page.locator("article.finding").first
    hand.choose(card, "拍照", foreign)
    told = card.get_by_role("alert").locator("p")
    expect(told).to_be_visible()
    expect(told).to_contain_text("兼容性最佳")
    look(hand, tmp_path, "heic")
    hand.shoot(card, "拍照", large)
    expect(told).to_have_count(0)
    card.locator(".thumb").click()
    picture = hand.page.get_by_role("dialog").locator("img")
    expect(picture).to_be_visible()
    assert picture.evaluate("one => [one.naturalWidth, one.naturalHeight]") == [1600, 1200]
    look(hand, tmp_path, "large")
    hand.kill()
    hand.open(offline=True)
    hand.go_on(name)
    back_to(hand, "RE-1.1")
    card = hand.page.locator("article.finding").first
    expect(card).to_contain_text("主街北口")
    expect(card.locator(".thumb")).to_have_count(1)


def test_a_photo_that_the_tablet_cannot_make_smaller_is_sent_as_it_came(
    hand: Hand, server: str, villages: Iterator[tuple[str, str]], photo_folder: Path, tmp_path: Path
) -> None:
    code, name = next(villages)
    shot = photo_folder / "06.jpg"
    hand.village(name)
    hand.begin()
    hand.page.evaluate(
        "() => { createImageBitmap = Image.prototype.decode = () => Promise.reject(new Error()); }"
    )
    tapped = Tapped()
    hand.answer(tapped, fault="主街北口", photos=[shot])
    expect(hand.page.locator("article.finding")).to_contain_text("按原图存下了")
    look(hand, tmp_path, "whole")
    hand.next()
    hand.page.reload()
    expect(hand.page.locator(".item-code")).to_be_visible()
    fill(hand, tapped, [], {})
    hand.finish()
    hand.offline(False)
    hand.drained()
    found = arrived(server, hand, code, tapped)
    assert hashlib.sha256(shot.read_bytes()).hexdigest() in {photo["sha256"] for photo in found["photos"]}


def test_a_tablet_that_is_nearly_full_takes_words_and_signature_but_no_photos(
    hand: Hand, server: str, villages: Iterator[tuple[str, str]], photo_folder: Path, tmp_path: Path
) -> None:
    hand.context.add_init_script(FREE)
    hand.page.reload()
    code, name = next(villages)
    hand.page.evaluate("window.free = 200")
    places = hand.page.locator("nav.places")
    for place in ("我的", "村庄"):
        places.get_by_text(place).click()
        expect(hand.page.get_by_text("平板存储只剩 200 MB")).to_be_visible()
        look(hand, tmp_path, f"warned-{place}")
    hand.village(name)
    hand.begin()
    tapped = Tapped()
    hand.answer(tapped, fault="主街北口", photos=[photo_folder / "00.jpg"])
    hand.page.evaluate("window.free = 40")
    hand.next()
    code_2 = hand.item()
    hand.answer(tapped, fault="后街")
    expect(hand.page.get_by_text("存储空间不足")).to_be_visible()
    expect(hand.page.get_by_role("button", name="先拍照")).to_be_disabled()
    look(hand, tmp_path, "full")
    hand.next()
    fill(hand, tapped, [], {})
    assert tapped.answers[code_2]["shots"] == 0
    hand.finish()
    look(hand, tmp_path, "handed-in")
    hand.offline(False)
    hand.drained()
    found = arrived(server, hand, code, tapped)
    assert len(found["photos"]) == 2  # the one that was taken in time, and the signature
    hand.page.reload()  # with all the room there is


def test_a_server_that_fails_at_everything(
    hand: Hand, road: Gateway, server: str, villages: Iterator[tuple[str, str]], photo_folder: Path, tmp_path: Path
) -> None:  # fmt: skip
    code, name = next(villages)
    tapped = visit(hand, name, photo_folder / "01.jpg")
    road.ill = 500
    hand.finish()
    hand.offline(False)
    hand.page.goto(f"{road.url}/tablet/#/outbox")
    entry = hand.page.locator(".entry", has_text=name)
    expect(entry).to_contain_text("待传")
    now = hand.page.get_by_role("button", name="立即上传")
    for _ in range(3):
        before = road.refused
        expect(now).to_be_enabled(timeout=WAIT)
        now.click()
        until = time.monotonic() + WAIT / 1000
        while road.refused == before and time.monotonic() < until:
            hand.page.wait_for_timeout(50)
        assert road.refused > before
    expect(hand.page.locator(".note-amber").first).to_be_visible()
    look(hand, tmp_path, "failing")
    hand.page.reload()
    expect(entry).to_contain_text("待传")
    expect(hand.mark("待传 1")).to_be_visible()
    road.ill = 0
    expect(now).to_be_enabled(timeout=WAIT)
    now.click()
    hand.drained()
    arrived(server, hand, code, tapped)


def test_work_left_behind_goes_while_another_is_signed_in(
    fresh: Hand, road: Gateway, server: str, villages: Iterator[tuple[str, str]], photo_folder: Path, tmp_path: Path
) -> None:  # fmt: skip
    code, name = next(villages)
    set_out(fresh)
    tapped = visit(fresh, name, photo_folder / "02.jpg")
    fresh.finish()
    page = fresh.page
    page.goto(f"{road.url}/tablet/#/settings")
    page.get_by_role("button", name="退出登录").click()
    look(fresh, tmp_path, "leaving")
    page.get_by_role("dialog").get_by_role("button", name="退出登录", exact=True).click()
    expect(page.get_by_role("heading", name="谁在用这台平板")).to_be_visible()
    expect(page.locator(".row", has_text="张志远")).to_contain_text("1")
    look(fresh, tmp_path, "whose")
    road.where, road.ill = "/api/sync/push", 500
    fresh.offline(False)
    fresh.sign_in("inspector2")
    expect(page.get_by_text("安家庄村").first).to_be_visible(timeout=60_000)
    page.goto(f"{road.url}/tablet/#/outbox")
    left = page.get_by_text("张志远 留在本机的还有")
    expect(left).to_contain_text("1 项、照片 2 张", timeout=WAIT)
    expect(page.locator(".entry")).to_have_count(0)
    expect(page.locator(".note-amber")).to_contain_text("服务器暂时出错")
    look(fresh, tmp_path, "anothers")
    road.ill = 0
    page.get_by_role("button", name="立即上传").click()
    expect(left).to_have_count(0, timeout=WAIT)
    assert not page.locator(".note-amber").count()
    found = arrived(server, fresh, code, tapped)
    people = {row["id"]: row for (kind, _), row in Wire(server).rows().items() if kind == "person"}
    assert not people or "张志远" in str(people.get(found["inspectors"][0]))


def test_weeks_without_network_and_a_session_that_ended(
    fresh: Hand, road: Gateway, server: str, villages: Iterator[tuple[str, str]], photo_folder: Path, tmp_path: Path
) -> None:  # fmt: skip
    code, name = next(villages)
    set_out(fresh)
    session = road.bearers[-1]
    tapped = Tapped()
    fresh.village(name)
    fresh.begin()
    fresh.answer(tapped, fault="主街北口", photos=[photo_folder / "03.jpg"])
    fresh.next()
    fresh.saved()
    asked = urllib.request.Request(
        f"{server}/api/session", headers={"Authorization": f"Bearer {session}"}, method="DELETE"
    )
    urllib.request.urlopen(asked, timeout=20).close()
    page = fresh.page
    page.clock.set_system_time(datetime.now(UTC) + timedelta(days=20))
    page.goto(f"{road.url}/tablet/#/")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("请联网登录一次")
    look(fresh, tmp_path, "weeks")
    page.locator("main .row").first.click()
    expect(page.locator(".item-code")).to_be_visible()
    fill(fresh, tapped, [], {})
    fresh.finish()
    fresh.offline(False)
    fresh.drained()
    look(fresh, tmp_path, "handed-in-by-deposit")
    expect(page.get_by_text("正式得分和整改任务，登录后可以看到")).to_be_visible()
    page.goto(f"{road.url}/tablet/#/outbox")
    expect(page.locator(".entry", has_text="农村人居环境")).to_contain_text("已办理")
    look(fresh, tmp_path, "outbox-by-deposit")
    arrived(server, fresh, code, tapped)


def test_a_round_that_closes_and_is_published_meanwhile(
    hand: Hand, server: str, villages: Iterator[tuple[str, str]], photo_folder: Path, tmp_path: Path
) -> None:
    """Closed: taken, and marked late. Published: received whole, waits for the office, and says so."""
    (code, name), (_, name_2), before = next(villages), next(villages), set(hand.kept_bytes())
    tapped = visit(hand, name, photo_folder / "04.jpg")
    hand.finish()
    office = Office(Link(server, Event()), "1", "office")
    office.sign_in(PASSWORD)
    [round_id] = {row["id"] for row in office.tablet.of("round")}
    assert office.close_round(round_id)
    hand.offline(False)
    hand.drained()
    assert arrived(server, hand, code, tapped)["late"]

    hand.offline(True)
    visit(hand, name_2, photo_folder / "05.jpg")
    hand.finish()
    assert office.publish(round_id)
    hand.offline(False)
    hand.drained()
    page = hand.page
    page.goto(f"{hand.url}/tablet/#/outbox")
    expect(page.locator(".entry", has_text=name_2)).to_contain_text("已收到，待批")
    look(hand, tmp_path, "held")
    page.goto(f"{hand.url}/tablet/#/cards")
    page.locator("main .row", has_text=name_2).click()
    expect(page.get_by_text("内容和照片已经完整收到，不用再传")).to_be_visible()
    look(hand, tmp_path, "card")
    page.goto(f"{hand.url}/tablet/#/")
    page.get_by_role("searchbox").fill(name_2)
    look(hand, tmp_path, "home")
    wire = Wire(server)
    for sha256 in set(hand.kept_bytes()) - before:
        assert hashlib.sha256(wire.blob(sha256)).hexdigest() == sha256
