"""An inspector's post ends while a draft is open, a visit is unsent and a photo has half arrived: what the server gave
leaves the tablet, what the person made goes in, and every page says so."""

import hashlib
import time
import urllib.error
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, Playwright, expect

from tests.journeys.gateway import Gateway, gateway
from tests.journeys.tablet_hand import WAIT, Hand, Tapped
from tests.journeys.test_tablet_day import Wire, fill

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.short_sheet]
SignIn = Callable[[str, int, int], Page]
HOME, ELSEWHERE = "110109005", "雁翅镇"
OUT = "已不在提交人的管辖范围内"
FAULT = {"RE-1.1": ("主街北口", 1, False)}
ROWS = """async () => {
  const out = [];
  for (const { name } of await indexedDB.databases()) {
    if (!name.startsWith("cache-")) continue;
    const db = await new Promise((done, fail) => {
      const ask = indexedDB.open(name); ask.onsuccess = () => done(ask.result); ask.onerror = () => fail(ask.error);
    });
    const rows = await new Promise((done, fail) => {
      const ask = db.transaction("rows").objectStore("rows").getAll();
      ask.onsuccess = () => done(ask.result); ask.onerror = () => fail(ask.error);
    });
    for (const row of rows) out.push(`${row.kind} ${row.id}`);
    db.close();
  }
  return out;
}"""


@pytest.fixture
def road(server: str) -> Iterator[Gateway]:
    with gateway(server) as made:
        yield made


def post_ends(office: Page, server: str) -> None:
    """The office's taps on the person's page: another post, in another town, and the end of the old one."""
    office.goto(f"{server}/people?role=inspector")
    office.locator("tbody a", has_text="张志远").first.click()
    person = office.url
    office.goto(f"{person}/posts/new?role=town_operator")
    office.select_option("[name=place]", label=ELSEWHERE)
    office.locator("main form button.primary").click()
    expect(office.locator(".flash")).to_be_visible()
    office.on("dialog", lambda dialog: dialog.accept())
    office.locator("main li, main tr", has_text="王平镇").get_by_role("button", name="结束").first.click()
    expect(office.locator("main")).to_contain_text(ELSEWHERE)
    expect(office.get_by_role("button", name="结束")).to_have_count(1)


def held(server: str, office: Page) -> str:
    office.goto(f"{server}/held")
    return office.locator("main").inner_text()


def bytes_of(wires: list[Wire], sha256: str) -> str:
    for wire in wires:
        try:
            return hashlib.sha256(wire.blob(sha256)).hexdigest()
        except urllib.error.HTTPError:
            continue
    return "nowhere"


def of_home(page: Page) -> list[str]:
    """What lies on the tablet of the town that is no longer theirs: its villages and everything about them."""
    rows: list[str] = page.evaluate(ROWS)
    about = ("inspection", "task")
    return [row for row in rows if row.startswith(f"village {HOME}") or row.split()[0] in about]


def visit(hand: Hand, village: str, shot: Path) -> Tapped:
    tapped = Tapped()
    hand.village(village)
    hand.begin()
    fill(hand, tapped, [shot], FAULT)
    hand.finish()
    return tapped


def test_a_post_that_ends_meanwhile(
    road: Gateway, server: str, playwright: Playwright, sign_in: SignIn, tmp_path: Path
) -> None:
    shots = []
    for nth in range(3):
        shots.append(tmp_path / f"{nth}.jpg")
        Image.effect_noise((1600, 1200), 30 + nth).convert("RGB").save(shots[-1], quality=85)
    hand = Hand(playwright, road.url, tmp_path / "profile").open()
    page = hand.page
    hand.sign_in("inspector")
    hand.at_home()
    road.where, road.ill = "/api/tus/", 503  # the first piece of a photo passes, the others do not
    visit(hand, "安家庄村", shots[0])
    page.goto(f"{road.url}/tablet/#/outbox")
    expect(page.get_by_text("照片还缺")).to_be_visible(timeout=WAIT)
    until_refused(hand, road)
    hand.offline(True)
    road.ill = 0
    visit(hand, "吕家坡村", shots[1])
    hand.village("西王平村")
    hand.begin()
    draft = Tapped()
    hand.answer(draft, fault="后街", photos=[shots[2]])
    hand.saved()
    kept = hand.kept_bytes()
    assert len(of_home(page)) >= 16

    post_ends(office := sign_in("office", 1440, 900), server)
    hand.offline(False)
    page.goto(f"{road.url}/tablet/#/outbox")
    expect(page.locator(".entry", has_text="吕家坡村")).to_contain_text("已收到，待批", timeout=3 * WAIT)
    page.screenshot(path=tmp_path / "outbox.png")  # for people
    hand.drained()
    until = time.monotonic() + WAIT / 1000
    while of_home(page) and time.monotonic() < until:  # what is told comes after what was handed in
        page.wait_for_timeout(200)
    assert of_home(page) == []
    assert "吕家坡村" in held(server, office)
    assert OUT in held(server, office)

    page.goto(f"{road.url}/tablet/#/")
    expect(page.get_by_text("下面的检查已不在您的安排里")).to_be_visible()
    page.screenshot(path=tmp_path / "home.png")
    page.goto(f"{road.url}/tablet/#/cards")
    page.locator("main .row").first.click()
    expect(page.get_by_text("已不在您的检查范围内").first).to_be_visible()
    expect(page.get_by_text("内容和照片已经完整收到，不用再传")).to_be_visible()
    page.screenshot(path=tmp_path / "card.png")

    # The draft stayed open to its author, is finished, and goes the same way.
    page.goto(f"{road.url}/tablet/#/")
    page.locator("main .row", has_text="农村人居环境").click()
    expect(page.locator(".item-code")).to_be_visible()
    expect(page.locator(".thumb").first).to_be_visible()
    hand.next()
    fill(hand, draft, [], {})
    hand.finish()
    hand.drained()
    assert held(server, office).count(OUT) == 2
    assert set(kept) <= set(hand.kept_bytes())
    wires = [Wire(server), Wire(server, "office")]
    for sha256 in hand.kept_bytes():
        assert bytes_of(wires, sha256) == sha256
    assert not hand.faults
    hand.close()


def until_refused(hand: Hand, road: Gateway) -> None:
    for _ in range(600):
        if road.refused:
            return
        hand.page.wait_for_timeout(100)
    raise AssertionError("no second piece was asked for")
