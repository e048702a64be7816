"""SIGKILL to the browser at random moments of taps and photo saves on the built tablet, opened again without network.

What the screen had said was saved is there, what was under way is there whole or not at all, and in the end the server
holds what lies in the browser, byte for byte.
"""

import random
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Playwright, expect

from tests.faults.conftest import LONG, Tell
from tests.faults.house import House
from tests.journeys.conftest import playwright as playwright  # the fixture
from tests.journeys.tablet_hand import WAIT, Hand, Tapped
from tests.journeys.test_tablet_day import Wire, back_to, fill, same_bytes

pytestmark = [pytest.mark.slow, pytest.mark.browser]
VILLAGES = ["安家庄村", "吕家坡村", "西王平村", "南涧村", "西石古岩村"] if LONG else ["安家庄村"]
KILLS = 20 if LONG else 2  # in each village
ITEMS = ("RE-1.1", "RE-1.2", "RE-1.4", "RE-1.6")  # where things are found

READ_SHEETS = """async () => {
  const hex = (bytes) => [...new Uint8Array(bytes)].map((one) => one.toString(16).padStart(2, "0")).join("");
  const out = { answers: {}, photos: {}, faults: [] };
  for (const { name } of await indexedDB.databases()) {
    if (!name.startsWith("core-")) continue;
    const db = await new Promise((done, fail) => {
      const ask = indexedDB.open(name); ask.onsuccess = () => done(ask.result); ask.onerror = () => fail(ask.error);
    });
    const all = (store) => new Promise((done, fail) => {
      const ask = db.transaction(store).objectStore(store).getAll();
      ask.onsuccess = () => done(ask.result); ask.onerror = () => fail(ask.error);
    });
    const drafts = new Set((await all("drafts")).map((one) => one.inspection));
    for (const { inspection, item, answer } of await all("answers")) {
      if (drafts.has(inspection)) out.answers[item] = (answer.findings ?? []).length;
    }
    const bytes = new Map((await all("bytes")).map((one) => [one.sha256, one.bytes]));
    for (const photo of await all("photos")) {
      if (!drafts.has(photo.about.id)) continue;
      out.photos[photo.about.item] = (out.photos[photo.about.item] ?? 0) + 1;
      const there = bytes.get(photo.sha256);
      if (!there || hex(await crypto.subtle.digest("SHA-256", there)) !== photo.sha256) out.faults.push(photo.id);
    }
    db.close();
  }
  return out;
}"""


@dataclass
class Said:
    """What the screen has said is saved, by item; and the one thing that is under way."""

    found: Counter[str] = field(default_factory=Counter)
    shots: Counter[str] = field(default_factory=Counter)
    last: Counter[str] = field(default_factory=Counter)  # photos of what was found last
    doing: tuple[str, str] = ("", "")  # tap or photo, item
    struck: Counter[str] = field(default_factory=Counter)
    finished: Counter[str] = field(default_factory=Counter)  # what was under way and was there all the same


def ride(hand: Hand, said: Said, shots: list[Path], dice: random.Random) -> None:
    """Tap and photograph until the browser is gone."""
    while True:
        item = dice.choice(ITEMS)
        said.doing = ("", "")
        back_to(hand, item)
        cards = hand.page.locator("article.finding")
        expect(cards).to_have_count(said.found[item])  # all that lay there is shown before anything is added
        if said.found[item]:
            expect(cards.last.locator(".thumb")).to_have_count(said.last[item])
        if said.found[item] and dice.random() < 0.55 and sum(said.shots.values()) < 90:
            said.doing = ("photo", item)
            hand.shoot(cards.last, "拍", dice.choice(shots))
            said.shots[item] += 1
            said.last[item] += 1
        else:
            said.doing = ("tap", item)
            hand.page.get_by_role("group", name="常用语").locator("button.chip").first.click()
            expect(cards).to_have_count(said.found[item] + 1)
            hand.saved()
            said.found[item] += 1
            said.last[item] = 0


def compare(hand: Hand, said: Said) -> None:
    """What lies in the browser now against what the screen had said."""
    held: dict[str, Any] = hand.page.evaluate(READ_SHEETS)
    assert not held["faults"], "a photo without its bytes, or with others"
    what, at = said.doing
    for kind, counted, there in (("tap", said.found, held["answers"]), ("photo", said.shots, held["photos"])):
        for item in ITEMS:
            more = there.get(item, 0) - counted[item]
            assert more in ((0, 1) if (what, at) == (kind, item) else (0,)), (kind, item, more, said)
            said.finished[kind] += more
            counted[item] += more
            said.last[item] = said.last[item] + more if kind == "photo" else said.last[item] * (not more)


def test_a_browser_killed_at_any_moment(
    house: House, playwright: Playwright, dice: random.Random, tell: Tell, tmp_path: Path
) -> None:
    house.start()
    shots = []
    for nth in range(6):
        shots.append(tmp_path / f"{nth}.jpg")
        Image.effect_noise((1600, 1200), 30 + nth).convert("RGB").save(shots[-1], quality=80)
    hand = Hand(playwright, house.url, tmp_path / "profile").open()
    hand.sign_in("inspector")
    hand.at_home()
    hand.offline(True)
    totals: Counter[str] = Counter()
    for village in VILLAGES:
        said = Said()
        hand.village(village)
        hand.begin()
        for _ in range(KILLS):
            over = threading.Event()

            def strike(hand: Hand = hand, over: threading.Event = over) -> None:
                over.set()
                hand.strike()

            timer = threading.Timer(dice.uniform(0.05, 2.5), strike)
            timer.start()
            try:
                ride(hand, said, shots, dice)
            except BaseException:
                if not over.wait(0.1):  # it was not the blow
                    raise
            timer.join()
            said.struck[said.doing[0] or "between"] += 1
            hand.kill()
            hand.open(offline=True)
            expect(hand.page.get_by_text("接着检查", exact=True).first).to_be_visible(timeout=WAIT)
            compare(hand, said)
            hand.go_on(village)
        if LONG:  # what follows is walked by the journeys in every run
            hand_in(hand, said)
        totals += said.struck + Counter({f"{key} kept": count for key, count in said.finished.items()})
        totals += Counter(taps=sum(said.found.values()), photos=sum(said.shots.values()))
    assert not hand.faults
    if LONG:
        arrived(hand, house)
    with suppress(Exception):
        hand.close()
    tell(kills=KILLS * len(VILLAGES), lost=0, **totals)


def hand_in(hand: Hand, said: Said) -> None:
    """The rest of the sheet, signed and handed in, still without network."""
    back_to(hand, ITEMS[0])
    tapped = Tapped(answers={item: {} for item in ITEMS if said.found[item]})
    fill(hand, tapped, [], {})
    hand.finish()


def arrived(hand: Hand, house: House) -> None:
    """With a network again: every visit is there, and every byte that lies in the browser."""
    hand.offline(False)
    hand.drained(300)
    wire = Wire(house.url)
    visits = [row for (kind, _), row in wire.rows().items() if kind == "inspection"]
    assert len(visits) == len(VILLAGES)
    for row in visits:
        same_bytes(wire, hand, row)
    house.verify()
