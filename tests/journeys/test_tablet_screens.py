"""The tablet's screens as they are served: found, opened and left by taps; large enough, dark enough, never too wide."""

import re
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Geolocation, Page, expect

pytestmark = [pytest.mark.browser]
VILLAGE, CODE = "安家庄村", "110109005201"
SIZES = [(1180, 820), (820, 1180), (360, 740)]
# Each screen, and what stands on it when it has come whole.
PLACES = {
    "": VILLAGE, f"village/{CODE}": "村代码", "tasks": "未销号 0 件", "outbox": "没有待传的内容", "cards": "没有需要您处理的事",
    "settings": "阳光模式", "scan": re.compile("相机的权限|可用的相机"), "password": "新密码", "sign-in": "用其他账号登录",
}  # fmt: skip
# What begins to move in the next frame has come to its end, colours that pass into each other too.
STILL = """async () => {
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const moving = () => document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime !== Infinity);
  for (let quiet = 0; quiet < 2; quiet += 1) {
    await frame();
    if (moving().length) { await Promise.allSettled(moving().map((one) => one.finished)); quiet = -1; }
  }
}"""

# Controls that a gloved finger could miss; links within a sentence are read, not hit.
SMALL = """() => [...document.querySelectorAll("a, button, input:not(.unseen), select, textarea")]
    .filter(one => !one.closest("p") && one.getBoundingClientRect().width)
    .map(one => [one.getBoundingClientRect(), one])
    .filter(([box]) => box.width < 47.5 || box.height < 47.5)
    .map(([box, one]) => `${one.className || one.tagName} ${box.width}x${box.height} ${one.textContent}`)"""
# Words too pale for what they stand on, by WCAG's ratio; what is switched off may be pale.
PALE = """least => {
    const light = rgb => rgb.map(c => c / 255).map(c => c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
        .reduce((sum, c, at) => sum + c * [.2126, .7152, .0722][at], 0);
    const read = text => text.match(/[\\d.]+/g).map(Number);
    const ground = one => { for (; one; one = one.parentElement) {
        const c = read(getComputedStyle(one).backgroundColor); if (c.length < 4 || c[3] > .9) return c.slice(0, 3); }
        return [255, 255, 255]; };
    return [...document.querySelectorAll("body *")]
        .filter(one => [...one.childNodes].some(node => node.nodeType === 3 && node.textContent.trim()))
        .filter(one => one.getBoundingClientRect().width && !one.closest("[disabled]"))
        .map(one => { const [a, b] = [light(read(getComputedStyle(one).color).slice(0, 3)), light(ground(one))];
            return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), one.textContent.trim().slice(0, 20)]; })
        .filter(([ratio]) => ratio < least); }"""


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    here: Geolocation = {"latitude": 39.97, "longitude": 116.01, "accuracy": 12}
    with browser.new_context(
        locale="zh-CN", has_touch=True, viewport={"width": 360, "height": 740}, geolocation=here,
        permissions=["geolocation"],
    ) as opened:  # fmt: skip
        opened.set_default_timeout(60_000)
        yield opened


@pytest.fixture(scope="module")
def page(context: BrowserContext, server: str) -> Page:
    """Signed in, with everything of the first sync here."""
    page = context.new_page()
    page.goto(f"{server}/tablet/")
    page.fill("input[name=username]", "inspector")
    page.fill("input[name=password]", "xuncun-demo")
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.locator(".row", has_text=VILLAGE)).to_be_visible()
    return page


@pytest.fixture(autouse=True)
def at_home(page: Page) -> None:
    page.evaluate("location.hash = '#/'")
    expect(page.get_by_role("heading", level=1, name="巡村")).to_be_visible()


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_every_screen_can_be_hit_and_read_and_is_not_too_wide(page: Page, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    for place, words in PLACES.items():
        page.evaluate("place => location.hash = '#/' + place", place)
        expect(page.locator("#app").get_by_text(words).first).to_be_visible()
        expect(page.locator(".loading")).to_have_count(0)
        page.evaluate(STILL)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, place
        assert page.evaluate(SMALL) == [], place
        assert page.evaluate(PALE, 4.5) == [], place
        page.evaluate("document.documentElement.dataset.theme = 'sun'")
        page.evaluate(STILL)
        assert page.evaluate(PALE, 7) == [], place
        page.evaluate("delete document.documentElement.dataset.theme")


def test_a_village_is_found_by_initials_and_left_where_the_list_stood(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.get_by_placeholder("村名、别名或拼音首字母").fill("ajz")
    expect(page.locator(".row-title")).to_have_text([VILLAGE])
    page.get_by_placeholder("村名、别名或拼音首字母").fill("")
    page.evaluate("scrollTo(0, 600)")
    page.wait_for_timeout(200)
    stood = page.evaluate("scrollY")
    assert stood > 300
    page.evaluate(
        "[...document.querySelectorAll('.row')].find(one => one.getBoundingClientRect().top > 100).click()"
    )
    expect(page.get_by_role("heading", level=1)).not_to_have_text("巡村")
    assert page.evaluate("scrollY") == 0
    page.get_by_role("button", name="返回").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("巡村")
    until = time.monotonic() + 30
    while abs(page.evaluate("scrollY") - stood) >= 80:  # the list is put where it stood once it is drawn
        assert time.monotonic() < until, page.evaluate("scrollY")
        page.wait_for_timeout(50)


def test_a_plate_without_network_and_an_act_that_waits_for_its_receipt(
    page: Page, context: BrowserContext
) -> None:
    context.set_offline(True)
    page.get_by_role("link", name="扫村牌").click()
    page.get_by_label("扫不了就输入村代码").fill("123")
    page.get_by_role("button", name="打开").click()
    expect(page.get_by_text("这不是 12 位村代码")).to_be_visible()
    page.get_by_label("扫不了就输入村代码").fill(CODE)
    page.get_by_role("button", name="打开").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(VILLAGE)

    locate = page.get_by_role("button", name="用现在站的地方标定")
    ways: list[Callable[[], object]] = [lambda: page.keyboard.press("Escape"), page.go_back]
    for leave in ways:
        locate.click()
        expect(page.get_by_role("dialog")).to_be_visible()
        assert page.evaluate("document.activeElement.closest('dialog') !== null")
        leave()
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.get_by_role("heading", level=1)).to_have_text(VILLAGE)
    locate.click()
    page.get_by_role("button", name="就是这里").click()
    expect(page.get_by_text("新位置待传")).to_be_visible()
    expect(page.locator(".marks")).to_contain_text("待传 1")

    page.locator(".marks").click()
    expect(page.locator(".entry")).to_contain_text("标定位置")
    page.reload()
    expect(page.locator(".entry")).to_contain_text("待传")
    context.set_offline(False)
    page.get_by_role("button", name="立即上传").click()
    expect(page.locator(".entry")).to_contain_text("已办理")
    expect(page.locator(".marks")).to_contain_text("已全传")


def test_the_sun_stays_and_leaving_keeps_what_is_here(page: Page) -> None:
    page.evaluate("location.hash = '#/settings'")
    page.get_by_role("switch", name="阳光模式").click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "sun")
    page.get_by_role("switch", name="阳光模式").click()
    page.get_by_role("button", name="退出登录").click()
    page.get_by_role("dialog").get_by_role("button", name="退出登录", exact=True).click()
    expect(page.get_by_role("heading", name="谁在用这台平板")).to_be_visible()
    expect(page.locator(".row")).to_have_count(1)
    page.fill("input[name=username]", "inspector")
    page.fill("input[name=password]", "xuncun-demo")
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.locator(".row", has_text=VILLAGE)).to_be_visible()
