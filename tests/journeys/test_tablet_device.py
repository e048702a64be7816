"""A tablet as a device: browsers it does not work in, photos that wait for Wi-Fi, a tablet taken out of service."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from tests.journeys.tablet_hand import WAIT, Hand, Tapped
from tests.journeys.test_tablet_day import Wire, fill

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.short_sheet]
SignIn = Callable[[str, int, int], Page]
ANDROID = "Mozilla/5.0 (Linux; Android 12; SCMR-W09) AppleWebKit/537.36 Chrome/114.0 Safari/537.36"
IPAD = "Mozilla/5.0 (iPad; CPU OS 17_4 like Mac OS X) AppleWebKit/605.1.15 Version/17.4 Mobile/15E148 Safari/604.1"
# A browser that says what link it has, as Android's do; the page itself is as it is served.
LINK = "Object.defineProperty(navigator, 'connection', { value: Object.assign(new EventTarget(), { type: 'cellular' }) })"


@pytest.mark.parametrize(
    ("agent", "heading", "words"),
    [
        (f"{ANDROID} MicroMessenger/8.0", "请用浏览器打开巡村", "现在是在微信里打开的"),
        (f"{ANDROID} wxwork/4.1 MicroMessenger/7.0", "请用浏览器打开巡村", "现在是在企业微信里打开的"),
        (f"{ANDROID} AliApp(DingTalk/7.5)", "请用浏览器打开巡村", "现在是在钉钉里打开的"),
        (f"{ANDROID} Lark/7.1", "请用浏览器打开巡村", "现在是在飞书里打开的"),
        (ANDROID.replace("SCMR-W09", "SCMR-W09; wv"), "请用浏览器打开巡村", "现在是在其他应用里打开的"),
        (IPAD, "先把巡村添加到主屏幕", "回到主屏幕，点巡村图标打开"),
        (ANDROID, "登录", "用户名"),
    ],
)
def test_where_work_could_not_be_kept_nobody_signs_in(
    server: str, browser: Browser, agent: str, heading: str, words: str
) -> None:
    with browser.new_context(
        user_agent=agent, locale="zh-CN", viewport={"width": 820, "height": 1180}
    ) as context:
        page = context.new_page()
        page.goto(f"{server}/tablet/")
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
        expect(page.locator("body")).to_contain_text(words)
        assert page.locator("input[name=password]").count() == (heading == "登录")


@pytest.fixture
def hand(server: str, playwright: Playwright, tmp_path: Path) -> Iterator[Hand]:
    """Signed in, everything here, on a link that is no Wi-Fi."""
    made = Hand(playwright, server, tmp_path / "profile").open()
    made.context.add_init_script(LINK)
    made.page.reload()
    made.sign_in("inspector")
    made.at_home()
    yield made
    made.close()
    assert not made.faults


def test_photos_wait_for_wifi_and_a_tablet_out_of_service_hands_in_and_forgets(
    hand: Hand, server: str, sign_in: SignIn, photo_folder: Path, tmp_path: Path
) -> None:
    page, tapped = hand.page, Tapped()
    page.goto(f"{server}/tablet/#/settings")
    page.get_by_role("switch", name="照片只用 Wi-Fi 传").click()
    hand.village("安家庄村")
    hand.begin()
    fill(hand, tapped, [photo_folder / "00.jpg"], {"RE-1.1": ("主街北口", 1, False)})
    hand.finish()
    wire = Wire(server)
    page.goto(f"{server}/tablet/#/outbox")
    waits = page.locator(".note", has_text="在等 Wi-Fi")
    expect(waits).to_contain_text("2 张照片", timeout=WAIT)
    expect(hand.mark("等 Wi-Fi")).to_be_visible()
    states = {row["state"] for (kind, _), row in wire.rows().items() if kind == "photo"}
    assert wire.visit("110109005201") and states == {"expected"}, "the words are there, the photos wait"
    for width, height in ((1180, 820), (820, 1180), (360, 740)):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.screenshot(path=tmp_path / f"waits-{width}.png")  # for people
    office = sign_in("office", 1440, 900)
    office.goto(f"{server}/devices?q=张志远")
    expect(office.locator("tbody tr", has_text="照片 2 张")).to_have_count(1)
    waits.get_by_role("button", name="用流量现在传照片").click()
    hand.drained()
    assert {row["state"] for (kind, _), row in wire.rows().items() if kind == "photo"} == {"stored"}

    hand.offline(True)
    hand.village("吕家坡村")
    hand.begin()
    fill(hand, Tapped(), [], {})
    hand.finish()
    hand.village("西王平村")
    hand.begin()
    hand.answer(Tapped(), fault="桥头", photos=[photo_folder / "01.jpg"])
    hand.saved()
    office.reload()
    row = office.locator("tbody tr", has_text="Linux").first
    office.on("dialog", lambda dialog: dialog.accept())
    row.get_by_role("button", name="停用").click()
    expect(office.locator(".flash")).to_be_visible()
    hand.offline(False)
    page.goto(f"{server}/tablet/#/")
    expect(page.get_by_role("heading", name="谁在用这台平板")).to_be_visible(timeout=WAIT)
    expect(page.get_by_text("安家庄村")).to_have_count(0)
    told = page.locator(".note-amber", has_text="已由办公室停用")
    expect(told).to_be_visible()
    expect(told).to_contain_text("还有 1 份留在本机")
    told.get_by_role("link", name="看没填完的检查").click()
    expect(page.get_by_text("已填 1 项，照片 1 张")).to_be_visible()
    expect(page.locator(".read-finding")).to_contain_text("桥头")
    expect(page.locator(".thumb img")).to_be_visible()
    for width, height in ((1180, 820), (820, 1180), (360, 740)):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.screenshot(path=tmp_path / f"left-{width}.png")  # for people
    page.get_by_role("button", name="返回").click()
    expect(told).to_be_visible()
    left = page.evaluate(LEFT)
    assert left["rows"] == 0, "nothing of the server's stays"
    assert left["drafts"] == 1, "what was begun is the person's own"
    page.wait_for_function(f"async () => (await ({LEFT})()).waiting === 0", timeout=WAIT)
    office.goto(f"{server}/held")
    expect(office.locator("tbody")).to_contain_text("吕家坡村")
    expect(office.locator("tbody")).to_contain_text("停用")


LEFT = """async () => {
  const out = { rows: 0, drafts: 0, waiting: 0 };
  for (const { name } of await indexedDB.databases()) {
    if (!/^(core|cache)-/.test(name)) continue;
    const db = await new Promise((done, fail) => {
      const ask = indexedDB.open(name); ask.onsuccess = () => done(ask.result); ask.onerror = () => fail(ask.error);
    });
    const all = (store) => new Promise((done, fail) => {
      const ask = db.transaction(store).objectStore(store).getAll();
      ask.onsuccess = () => done(ask.result); ask.onerror = () => fail(ask.error);
    });
    if (name.startsWith("cache-")) out.rows += (await all("rows")).length;
    else {
      out.drafts += (await all("drafts")).length;
      out.waiting += (await all("outbox")).filter((one) => !one.verdict).length;
    }
    db.close();
  }
  return out;
}"""
