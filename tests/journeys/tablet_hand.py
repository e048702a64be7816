"""A hand on the tablet: real Chromium with a profile of its own, driven by taps, keys and the camera's file input only.

It keeps a note of everything it tapped, so that a test can hold the server to it. The browser can be killed at any
moment and opened again on the same profile, with or without network.
"""

import os
import re
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import BrowserContext, Locator, Page, Playwright, expect

from tests.journeys.flags import FLAGS

WAIT = 60_000
HERE = {"latitude": 39.97, "longitude": 116.01, "accuracy": 9}
GROUP = '[role="group"][aria-label="{}"]'
LOOK = """(code) => {
  const there = (css) => document.querySelector(css) !== null, words = document.querySelector(".item").innerText;
  const named = ["等级", "是否"].find((name) => there(`[role="group"][aria-label="${name}"]`));
  const control = words.includes("本项由系统计算") ? "auto" : there(".deduct") ? "counts" : named ?? "";
  return [code.innerText.trim(), control, words.includes("下一项")];
}"""


class Shown(NamedTuple):
    """An item's code, what it is filled in with (`auto`, `counts`, 等级, 是否; empty: a figure), whether another follows."""

    item: str
    control: str
    more: bool


@dataclass
class Tapped:
    """What the hand did on one sheet, item by item, in the words of the wire."""

    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    photos: int = 0


class Hand:
    """One person's tablet. `size` in CSS pixels."""

    def __init__(
        self,
        playwright: Playwright,
        url: str,
        profile: Path,
        size: tuple[int, int] = (1180, 820),
        **more: Any,
    ) -> None:
        self.playwright, self.url, self.profile, self.size, self.more = playwright, url, profile, size, more
        self.faults: list[str] = []
        self.gone = False  # without network
        self.context: BrowserContext
        self.page: Page

    def open(self, *, offline: bool = False, path: str = "/tablet/") -> "Hand":
        """Start the browser on this profile and open the app."""
        width, height = self.size
        more = dict(self.more)
        flags = [*FLAGS, *more.pop("args", [])]
        self.context = self.playwright.chromium.launch_persistent_context(
            str(self.profile), executable_path="/usr/bin/chromium", args=flags,
            viewport={"width": width, "height": height}, has_touch=True, locale="zh-CN", timezone_id="Asia/Shanghai",
            geolocation=HERE, permissions=["geolocation"], **more,
        )  # fmt: skip
        self.offline(offline)
        self.page = self.context.pages[0] if self.context.pages else self.context.new_page()
        self.page.set_default_timeout(WAIT)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.goto(self.url + path)
        return self

    def strike(self) -> None:
        """SIGKILL to every process of this browser: nothing is flushed, nothing is said. From any thread."""
        mark = f"--user-data-dir={self.profile}".encode()
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with suppress(OSError):
                    if mark in (entry / "cmdline").read_bytes():
                        os.kill(int(entry.name), signal.SIGKILL)

    def kill(self) -> None:
        """Strike, and clear away what the dead browser left, so that it can be opened again."""
        self.strike()
        with suppress(Exception):
            self.context.close()
        for lock in self.profile.glob("Singleton*"):
            lock.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the browser as a person does."""
        self.context.close()

    def offline(self, gone: bool) -> None:
        self.gone = gone
        self.context.set_offline(gone)

    # ---- signing in and finding one's way

    def sign_in(self, name: str, password: str = "xuncun-demo") -> None:
        self.page.locator("input[name=username]").fill(name)
        self.page.locator("input[name=password]").fill(password)
        self.page.get_by_role("button", name="登录", exact=True).click()
        expect(self.page.locator("nav.places")).to_be_visible(timeout=WAIT)

    def at_home(self, at_least: int = 16) -> None:
        """The first sync has come to its end and the shell is kept for days without network."""
        expect(self.page.get_by_text("安家庄村").first).to_be_visible(timeout=60_000)
        self.page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
        expect(self.mark("已全传")).to_be_visible(timeout=60_000)
        expect(self.page.locator(".village-row, a.row, .row").nth(at_least - 1)).to_be_attached()

    def mark(self, words: str) -> Locator:
        """The sending mark, when it says this."""
        return self.page.locator("a.marks", has_text=words)

    def village(self, name: str) -> None:
        """From wherever one is to the village's page, by name."""
        self.page.goto(f"{self.url}/tablet/#/")
        self.page.get_by_role("searchbox").or_(self.page.locator("input[type=search]")).first.fill(name)
        self.page.locator("main").get_by_text(name, exact=True).last.click()
        expect(self.page.locator("h1")).to_have_text(name)

    def begin(self, checklist: str = "农村人居环境") -> None:
        self.card(checklist).get_by_role("button", name="开始检查").click()
        expect(self.page.locator(".item-code")).to_be_visible()

    def go_on(self, village: str) -> None:
        """Back to the sheet that was being filled in, by the way the home page offers first."""
        self.page.get_by_text("接着检查", exact=True).first.click()
        expect(self.page.locator(".item-code")).to_be_visible()
        expect(self.page.locator("h1")).to_have_text(village)

    def card(self, checklist: str) -> Locator:
        return self.page.locator(".visit-card", has_text=checklist)

    # ---- the sheet

    def item(self) -> str:
        return self.page.locator(".item-code").inner_text().strip()

    def look(self) -> Shown:
        """The item in front of us, read in one go: a sheet has forty of them."""
        return Shown(*self.page.locator(".item-code").evaluate(LOOK))

    def next(self) -> None:
        now = self.item()
        self.page.locator(".item-steps button", has_text="下一项").click()
        expect(self.page.locator(".item-code")).not_to_have_text(now)

    def saved(self) -> None:
        """The frame says 已存, not 正在存."""
        expect(self.page.locator("a.marks .mark").first).to_contain_text("已存")

    def answer(
        self, tapped: Tapped, *, fault: str = "", photos: list[Path] | None = None, fixed: bool = False
    ) -> None:
        """Fill the item in front of us. `fault`: tap the first quick phrase, photograph it, name this place."""
        page, shown = self.page, self.look()
        code = shown.item
        if shown.control == "auto":
            return
        if shown.control == "counts":
            if not fault:
                page.locator(".deduct button", has_text="没有发现问题").click()
                tapped.answers[code] = {"counts": {}}
                return
            self._fault(tapped, code, fault, photos or [], fixed)
        elif shown.control == "等级":
            page.locator(GROUP.format("等级")).locator("button").first.click()
            tapped.answers[code] = {"level": "A"}
        elif shown.control == "是否":
            page.locator(GROUP.format("是否")).locator("button", has_text=re.compile("^是")).click()
            tapped.answers[code] = {"yes": True}
        elif page.get_by_label("全村总数").count():
            self._homes(tapped, code)
        elif page.get_by_label("数值").count():
            self._digits("9", "5")
            tapped.answers[code] = {"value": "95"}
        elif "加分项" in page.locator(".item-weight").inner_text():
            return
        elif page.get_by_label("给分").count():
            self._digits("2")
            tapped.answers[code] = {"points": "2"}
        else:
            raise AssertionError(f"no control for {code}")

    def _digits(self, *keys: str) -> None:
        pad = self.page.get_by_role("group", name="数字键").first
        for key in keys:
            pad.get_by_role("button", name=key, exact=True).click()

    def _homes(self, tapped: Tapped, code: str) -> None:
        self._digits("4", "0")
        self.page.get_by_role("button", name=re.compile("^抽取")).click()
        drawn = [int(re.sub(r"\D", "", text)) for text in self.page.locator(".home b").all_inner_texts()]
        self.page.get_by_role("button", name="全部合格").click()
        tapped.answers[code] = {"drawn": drawn, "failed": []}

    def _fault(self, tapped: Tapped, code: str, place: str, photos: list[Path], fixed: bool) -> None:
        phrase = self.page.get_by_role("group", name="常用语").locator("button.chip").first
        words = phrase.inner_text().strip()
        phrase.click()
        card = self.page.locator("article.finding").last
        card.locator("button.finding-head").click()
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_placeholder("如：村委会东侧 30 米").fill(place)
        dialog.get_by_role("button", name="好了").click()
        if fixed:
            card.get_by_role("button", name="当场整改").click()
        for shot in photos:
            self.shoot(card, "整改后" if fixed and shot is not photos[0] else "拍", shot)
            tapped.photos += 1
        tapped.answers[code] = {
            "counts": {"each": 1},
            "text": words,
            "place": place,
            "fixed": fixed,
            "shots": len(photos),
        }

    def shoot(self, card: Locator, words: str, shot: Path) -> None:
        """Two taps to a photo; it is kept when its picture stands in the strip."""
        before = card.locator(".thumb").count()
        self.choose(card, words, shot)
        expect(card.locator(".thumb")).to_have_count(before + 1, timeout=WAIT)

    def choose(self, card: Locator, words: str, shot: Path) -> None:
        """The camera's own part of it: the file is handed to the page."""
        with self.page.expect_file_chooser() as chooser:
            card.get_by_role("button", name=re.compile(words)).first.click()
        chooser.value.set_files(shot)

    # ---- the end of a visit

    def finish(self, name: str = "王书记") -> None:
        """Read over, let the village head sign with a finger, hand in. Names of another length are signed otherwise."""
        page = self.page
        page.get_by_role("button", name="签字完成").first.click()
        page.get_by_label("签字人姓名").fill(name)
        pad = page.get_by_label("手写签名区")
        pad.scroll_into_view_if_needed()
        box = pad.bounding_box()
        assert box
        for row in (0.3, 0.5, 0.7):
            page.mouse.move(box["x"] + 30, box["y"] + box["height"] * row)
            page.mouse.down()
            for step in range(1, 8):
                up = 0.15 * (step % len(name)) / len(name)
                page.mouse.move(box["x"] + 30 + step * 25, box["y"] + box["height"] * (row + up))
            page.mouse.up()
        page.get_by_role("button", name="签好了").click()
        expect(page.locator("img.signed")).to_be_visible(timeout=WAIT)
        hand_in = page.get_by_role("button", name="提交检查结果")
        assert hand_in.is_enabled(), page.locator("main").inner_text()[:600]
        hand_in.click()
        page.get_by_role("button", name="确定提交").click()
        expect(page.locator(".done-mark")).to_be_visible(timeout=WAIT)
        self.waits()

    def waits(self) -> None:
        """Without network the mark says that something waits: from here on 已全传 is no word of before."""
        if self.gone:
            expect(self.mark("待传")).to_be_visible()

    def drained(self, seconds: int = 120) -> None:
        """Everything has the server's receipt, photos too."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.mark("已全传").count():
                return
            time.sleep(0.2)
        raise AssertionError(self.page.locator("body").inner_text()[:1500])

    def kept_bytes(self) -> dict[str, str]:
        """SHA-256 → SHA-256 again, of the photo bytes that lie in the browser's store: read, never written."""
        found: dict[str, str] = self.page.evaluate(READ_BYTES)
        return found


READ_BYTES = """async () => {
  const names = (await indexedDB.databases()).map((one) => one.name).filter((name) => name.startsWith("core-"));
  const out = {};
  for (const name of names) {
    const db = await new Promise((done, fail) => {
      const ask = indexedDB.open(name); ask.onsuccess = () => done(ask.result); ask.onerror = () => fail(ask.error);
    });
    const rows = await new Promise((done, fail) => {
      const ask = db.transaction("bytes").objectStore("bytes").getAll();
      ask.onsuccess = () => done(ask.result); ask.onerror = () => fail(ask.error);
    });
    for (const row of rows) {
      const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", row.bytes));
      out[row.sha256] = [...hash].map((one) => one.toString(16).padStart(2, "0")).join("");
    }
    db.close();
  }
  return out;
}"""
