"""Exporting from a tablet that is in a bad way: its share sheet, a store without room, a photo that cannot be read."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, expect

from tests.journeys.tablet_hand import WAIT, Hand, Tapped
from tests.journeys.test_rescue import export

pytestmark = [pytest.mark.browser, pytest.mark.slow]
# The platform's share sheet, which a desktop's Chromium lacks: it takes the file, or is put away, or fails.
SHARE = """
window.shared = []; window.sheet = "takes";
navigator.canShare = (what) => Array.isArray(what.files) && what.files.every((one) => one instanceof File);
navigator.share = async ({ files, title }) => {
  if (!navigator.userActivation.isActive) throw new DOMException("no gesture", "NotAllowedError");
  if (window.sheet === "put away") throw new DOMException("", "AbortError");
  if (window.sheet === "fails") throw new DOMException("", "DataError");
  for (const file of files) window.shared.push({ name: file.name, title, type: file.type, bytes: [...new Uint8Array(await file.arrayBuffer())] });
};
"""


@pytest.fixture
def hand(server: str, playwright: Playwright, tmp_path: Path) -> Iterator[Hand]:
    """Signed in, everything received, without network."""
    made = Hand(playwright, server, tmp_path / "profile").open()
    made.context.add_init_script(SHARE)
    made.page.reload()
    made.sign_in("inspector")
    made.at_home()
    made.offline(True)
    yield made
    made.close()
    assert made.faults == []


def begin(hand: Hand, village: str, shots: list[Path]) -> None:
    hand.village(village)
    hand.begin()
    hand.answer(Tapped(), fault="主街北口", photos=shots)
    hand.saved()


def to_rescue(hand: Hand) -> None:
    hand.page.goto(f"{hand.url}/tablet/#/rescue")
    expect(hand.page.get_by_text("草稿 1 份").first).to_be_visible(timeout=WAIT)


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as found:
        assert found.testzip() is None
        return {name: found.read(name) for name in found.namelist()}


def test_the_share_sheet_takes_the_very_file_and_saving_stays_beside_it(
    hand: Hand, photo_folder: Path, tmp_path: Path
) -> None:
    page = hand.page
    begin(hand, "安家庄村", [photo_folder / "00.jpg"])
    to_rescue(hand)
    saved = export(hand, tmp_path / "saved.zip")
    share = page.get_by_role("button", name="分享给办公室")
    for way, told in (("put away", 0), ("fails", 1), ("takes", 0)):
        page.evaluate("way => { window.sheet = way }", way)
        share.click()
        expect(share).to_be_enabled()
        expect(page.locator("main .trouble, main [role=alert]")).to_have_count(told)
        expect(page.get_by_role("link", name="保存到这台平板")).to_be_visible()
    [shared] = page.evaluate("window.shared")
    assert bytes(shared["bytes"]) == saved.read_bytes()
    assert shared["name"].startswith("巡村救援-") and shared["name"] == shared["title"]
    assert set(hand.kept_bytes()) == {
        name.removeprefix("photos/") for name in contents(saved) if name.startswith("photos/")
    }


def test_of_a_store_without_room_what_is_only_on_the_screen_goes_along(hand: Hand, tmp_path: Path) -> None:
    begin(hand, "吕家坡村", [])
    hand.kill()
    hand.open(path="/healthz")  # the browser reckons the room once, before the first that asks for some
    page = hand.page
    line = hand.context.new_cdp_session(page)
    line.send("Storage.overrideQuotaForOrigin", {"origin": hand.url, "quotaSize": 1})
    hand.offline(True)
    page.goto(f"{hand.url}/tablet/")
    hand.go_on("吕家坡村")
    page.get_by_role("group", name="常用语").locator("button.chip").nth(1).click()
    expect(page.locator("article.finding")).to_have_count(2)
    expect(page.locator("a.marks .mark").first).not_to_contain_text("已存", timeout=WAIT)
    page.screenshot(path=tmp_path / "no-room.png")  # for people
    to_rescue(hand)
    found = contents(export(hand, tmp_path / "full.zip"))
    [draft] = [json.loads(body) for name, body in found.items() if name.startswith("drafts/")]
    [answer] = [one for one in draft["answers"] if one["item"] == "RE-1.1"]
    assert len(answer["findings"]) == 2, "the tap that found no room"


def test_a_photo_that_cannot_be_read_any_more_costs_only_itself(
    hand: Hand, photo_folder: Path, tmp_path: Path
) -> None:
    begin(hand, "西王平村", [photo_folder / "01.jpg", photo_folder / "02.jpg", photo_folder / "03.jpg"])
    kept = set(hand.kept_bytes())
    assert len(kept) == 3
    hand.kill()
    large = [
        one for one in (hand.profile / "Default/IndexedDB").rglob("*.indexeddb.blob/**/*") if one.is_file()
    ]
    by_hash = {hashlib.sha256(one.read_bytes()).hexdigest(): one for one in large}
    large.sort(key=lambda one: one.stat().st_size)
    assert large, by_hash
    large[-1].unlink()
    hand.open(offline=True)
    page = hand.page
    to_rescue(hand)
    found = contents(export(hand, tmp_path / "broken.zip"))
    expect(page.get_by_text("张照片在本机读不出来，没有放进文件")).to_be_visible()
    page.screenshot(path=tmp_path / "lacking.png")  # for people
    there = {name.removeprefix("photos/") for name in found if name.startswith("photos/")}
    manifest = json.load(io.BytesIO(found["manifest.json"]))
    assert len(there) == 2 and there < kept and set(manifest["lacking"]) == kept - there
    assert all(hashlib.sha256(found[f"photos/{one}"]).hexdigest() == one for one in there)
    assert [name for name in found if name.startswith("drafts/")]
