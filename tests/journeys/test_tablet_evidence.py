"""协助取证: a second inspector's tablet scans the code on the first one's screen and adds photos to the same visit."""

import hashlib
import io
import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Playwright, expect

from tests.journeys.tablet_hand import Hand, Tapped
from tests.journeys.test_tablet_day import SignIn, Wire, fill, same_as_tapped
from tests.journeys.test_tablet_forms import drain, look

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.short_sheet]


def filmed(hand: Hand, folder: Path) -> tuple[Path, str]:
    """The code on this tablet's screen as another one's camera films it; what the other one is told to tap."""
    hand.page.get_by_role("button", name="协助取证").first.click()
    dialog = hand.page.get_by_role("dialog")
    expect(dialog.get_by_role("img", name="协助取证二维码")).to_be_visible()
    screen = Image.open(io.BytesIO(hand.page.screenshot())).convert("RGB").resize((1280, 888))
    tap = re.findall("“(.+?)”", dialog.inner_text())[0]
    dialog.get_by_role("button", name="好了").click()
    film = folder / "code.mjpeg"
    screen.save(film, "JPEG", quality=95)
    return film, tap


def partner(playwright: Playwright, server: str, folder: Path, film: Path) -> Hand:
    """The second inspector's tablet, with everything received and off the network, whose camera sees the film."""
    eye = ["--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={film}"]
    made = Hand(playwright, server, folder / "partner", args=eye).open()
    made.context.grant_permissions(["camera", "geolocation"])
    made.sign_in("inspector2")
    made.at_home()
    made.offline(True)
    return made


def strip(hand: Hand, title: str) -> Locator:
    return hand.page.locator(".part", has=hand.page.get_by_role("heading", name=title)).locator(".thumb")


@pytest.mark.parametrize(
    ("village", "partner_first"),
    [("南涧村", True), ("吕家坡村", False)],
    ids=["photos-first", "visit-first"],
)
def test_a_second_tablet_adds_photos_to_the_visit(
    hand: Hand, server: str, playwright: Playwright, sign_in: SignIn, photo_folder: Path, tmp_path: Path, village: str,
    partner_first: bool,
) -> None:  # fmt: skip
    shots, broken = sorted(photo_folder.glob("*.jpg")), tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff" + b"nonsense" * 500)
    tapped = Tapped()
    hand.village(village)
    hand.begin()
    film, tap = filmed(hand, tmp_path)
    other = partner(playwright, server, tmp_path, film)
    page = other.page
    page.get_by_role("link", name=tap).click()
    expect(page.locator("h1")).to_have_text("补充照片")
    expect(page.locator(".head-title p")).to_contain_text(village)
    body = page.locator("body")

    other.choose(body, "拍照（全村）", shots[0])
    expect(strip(other, "还没交")).to_have_count(1)
    page.get_by_role("button", name="村庄清洁").click()
    page.locator(".evidence-items .row").first.click()
    for place, shot in enumerate(shots[1:3]):
        other.choose(body, "拍照（RE-1.1）", shot)
        expect(strip(other, "还没交")).to_have_count(2 + place)
    page.locator(".evidence-items .row").nth(1).click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="从相册选").click()
    chooser.value.set_files([shots[3], broken, shots[4]])
    expect(strip(other, "还没交")).to_have_count(5)
    expect(page.locator(".trouble")).to_contain_text("选的 3 张里有 1 张没有收下。RE-1.2：")
    expect(page.locator(".trouble")).to_be_in_viewport()
    page.get_by_role("button", name="删掉最后一张").click()
    expect(strip(other, "还没交")).to_have_count(4)
    look(other, tmp_path, "taken")

    other.kill()  # before anything was handed in
    other.open(offline=True)
    left = page_note(other, village)
    expect(left).to_contain_text("还有 4 张没有交")
    look(other, tmp_path, "left")
    other.page.get_by_role("link", name="待传").last.click()
    expect(page_note(other, village)).to_be_visible()
    page_note(other, village).get_by_role("link", name="去交照片").click()
    expect(strip(other, "还没交")).to_have_count(4)
    other.page.get_by_role("button", name="交照片 4 张").click()
    expect(other.page.get_by_text("等待上传 3 项")).to_be_visible()
    expect(other.page.locator(".note", has_text="没有交")).to_have_count(0)
    look(other, tmp_path, "waiting")

    fill(hand, tapped, shots[10:12], {"RE-1.1": ("主街北口", 1, False)})
    hand.finish()
    for tablet in (other, hand) if partner_first else (hand, other):
        drain(tablet)
    wire = Wire(server)
    rows = wire.rows()
    [code] = [row["code"] for (kind, _), row in rows.items() if kind == "village" and row["name"] == village]
    visit = wire.visit(code)
    same_as_tapped(visit, tapped)
    added = {photo["sha256"] for photo in visit["photos"] if photo["role"] == "scene"}
    kept = other.kept_bytes()
    assert len(added) == 4 and added == set(kept)
    for sha256 in added:
        assert kept[sha256] == sha256 == hashlib.sha256(wire.blob(sha256)).hexdigest()
    own = {photo["sha256"] for photo in visit["photos"]} - set(kept)
    assert len(own) == 2 and own <= set(hand.kept_bytes()), (
        "the finding's and the signature are the first tablet's"
    )
    office = sign_in("office", 1440, 900)
    office.goto(f"{server}/inspections/{visit['id']}")
    scene = office.locator("section", has=office.get_by_role("heading", name="现场照片")).locator(
        "figcaption"
    )
    assert sorted(scene.all_inner_texts()) == ["现场", "现场 RE-1.1", "现场 RE-1.1", "现场 RE-1.2"]
    states = {row["state"] for (kind, _), row in rows.items() if kind == "photo"}
    assert states == {"stored"}
    other.close()
    assert not other.faults


def page_note(hand: Hand, village: str) -> Locator:
    return hand.page.locator(".note", has_text="补充照片").filter(has_text=village)
