"""The tablet in real Chromium on the built app: how soon it stands, answers a finger, keeps what was tapped."""

import gzip
import re
import urllib.request
from collections.abc import Collection, Iterator
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import Playwright, expect, sync_playwright

from tests.benchmarks.figures import Figure
from tests.benchmarks.server import Server
from tests.benchmarks.tablet_hand import Slow, plain_site, pulled, renderer_mib, with_faces
from tests.benchmarks.tablet_sheet import GO_ON, Runs, sheet, start, taps
from tests.benchmarks.tablet_world import NAME, WORD, prepare
from tests.journeys.tablet_hand import Hand

PARTS = ("load", "pull", "start", "sheet", "taps", "photos")
ROWS = 5_000  # the least that the cache holds where starts and taps are measured
COUNT_ROWS = """async () => {
  const { name } = (await indexedDB.databases()).find((one) => one.name.startsWith("cache-"));
  const db = await new Promise((done) => { const ask = indexedDB.open(name); ask.onsuccess = () => done(ask.result); });
  const count = await new Promise((done) => { const ask = db.transaction("rows").objectStore("rows").count(); ask.onsuccess = () => done(ask.result); });
  db.close();
  return count;
}"""


def measure(folder: Path, quick: bool, parts: Collection[str] = PARTS) -> Iterator[Figure]:
    """A town of 32 villages: its first pull after three rounds, then 5,000 rows, a sheet of 42 items, 60 photos."""
    town = prepare(folder / "world", 9)
    town.visit(3)
    with sync_playwright() as playwright, plain_site(folder / "plain") as (plain, script):
        if {"load", "pull"} & set(parts):
            with Server(town.world.data) as server:
                url = f"http://127.0.0.1:{server.port}"
                if "load" in parts:
                    yield from _first_load(url, script)
                if "pull" in parts:
                    yield from _first_pull(playwright, url, folder)
        if not set(parts) - {"load", "pull"}:
            return
        town.visit(6)
        with Server(town.world.data) as server:
            hand, rows = _in_hand(playwright, f"http://127.0.0.1:{server.port}", folder)
            runs = Runs(hand, f"http://127.0.0.1:{server.port}/tablet/", plain, rows, 3 if quick else 9)
            for part, run in (("start", start), ("sheet", sheet), ("taps", taps)):
                if part in parts:
                    yield from run(runs)
            if "photos" in parts:
                yield from _sixty_photos(hand, runs.url, folder, quick)
            hand.close()


def _first_load(url: str, script: bytes) -> Iterator[Figure]:
    page = urllib.request.urlopen(f"{url}/tablet/", timeout=30).read().decode()
    named = sorted(set(re.findall(r'(?:href|src)="(/tablet/[^"]+\.(?:js|css))"', page)))
    if len(named) < 2:
        raise RuntimeError(f"the page names only {named}")
    weight = sum(len(_zipped(urllib.request.urlopen(url + name, timeout=30).read())) for name in named)
    yield Figure(
        "tablet", "first load, script and style, packed", weight / 1000, "kB", len(_zipped(script)) / 1000,
        bar="value <= 90",
    )  # fmt: skip


def _zipped(body: bytes) -> bytes:
    return gzip.compress(body, 9, mtime=0)


def _first_pull(playwright: Playwright, url: str, folder: Path) -> Iterator[Figure]:
    hand = Hand(playwright, url, folder / "profile-pull").open()
    told = pulled(hand, NAME, WORD)
    rows = hand.page.evaluate(COUNT_ROWS)
    hand.close()
    yield Figure("tablet", f"first pull, {rows} rows, on the wire", told["wire"] / 1000, "kB", told["plain"] / 1000, bar="value <= 350")  # fmt: skip


def _in_hand(playwright: Playwright, url: str, folder: Path) -> tuple[Hand, int]:
    """A tablet without network that holds the town's rows, and one sheet begun. Its windows are closed."""
    hand = Hand(playwright, url, folder / "profile", env=with_faces(folder)).open()
    pulled(hand, NAME, WORD)
    rows = hand.page.evaluate(COUNT_ROWS)
    if rows < ROWS:
        raise RuntimeError(f"only {rows} rows")
    hand.offline(True)
    hand.page.locator(".town .row").first.click()
    hand.begin()
    hand.next()
    hand.page.get_by_role("button", name="上一项").click()  # from now on the sheet opens here
    hand.saved()
    hand.page.goto("about:blank")  # one window, as people have it
    return hand, rows


def _sixty_photos(hand: Hand, url: str, folder: Path, quick: bool) -> Iterator[Figure]:
    """Sixty photos of twelve megapixels into one visit: memory after the twentieth and after the last."""
    few, many = (4, 8) if quick else (20, 60)
    page = hand.page
    page.goto(f"{url}#/")
    hand.page.get_by_text(GO_ON, exact=True).first.click()
    expect(page.get_by_role("button", name="一般加一")).to_be_visible()
    slow = Slow(page, 1)
    page.get_by_role("group", name="常用语").locator("button.chip").first.click()
    card = page.locator("article.finding").last
    held: dict[int, tuple[float, float]] = {}
    for number in range(1, many + 1):
        hand.shoot(card, "拍", _picture(folder / "shot.jpg", number))
        if number in (few, many):
            page.wait_for_timeout(3_000)
            held[number] = (slow.heap(), renderer_mib(hand.profile))
    hand.saved()
    yield Figure("tablet", f"script memory, {many} photos against {few}", held[many][0], "MiB", held[few][0], bar="ratio <= 1.25")  # fmt: skip
    yield Figure("tablet", f"page's memory, {many} photos against {few}", held[many][1], "MiB", held[few][1], bar="ratio <= 1.25")  # fmt: skip


def _picture(path: Path, number: int) -> Path:
    image = Image.new("RGB", (4000, 3000), (190, 200 - number, 180))
    pen = ImageDraw.Draw(image)
    for spot in range(40):
        x, y = (spot * 613 + number * 97) % 3700, (spot * 431 + number * 59) % 2800
        pen.rectangle(
            (x, y, x + 250, y + 160), fill=((spot * 37) % 255, (number * 53) % 255, (spot * 91) % 255)
        )
    image.save(path, quality=85)
    return path
