"""Thirty days away: visits on the built tablet without network, its clock and then the server's going on meanwhile, until
the session has long ended; then everything goes out by deposit over a narrow line that cuts.

In the end every answer on the server is what was tapped, and every photo there is what lies in the browser, byte for byte.
The long form is 60 visits of 41 items with 600 photos.
"""

import hashlib
import os
import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Playwright, expect

from offline_sync.demo.link import Link
from offline_sync.demo.office import PASSWORD, Office
from tests.faults.conftest import LONG, Tell
from tests.faults.house import House
from tests.faults.line import BadLine
from tests.journeys.conftest import playwright as playwright  # the fixture
from tests.journeys.tablet_hand import WAIT, Hand, Tapped
from tests.journeys.test_tablet_day import Wire, fill, same_as_tapped

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.short_sheet]
VISITS = int(os.environ.get("FAULTS_VISITS") or (60 if LONG else 2))
SHOTS = 9 if LONG else 3  # photos of a visit; its signature is one more
RATE = 600_000  # bytes a second
AWAY, KNOWN_FOR, BEGUN_BY = 30, 14, 12  # days: away, what a sign-in is good for, when the last visit is begun
HOME = "110109005"  # the inspector's own town, where the demo's round is
PLACES = ("主街北口", "后街", "村口桶站")
ITEMS = ("RE-1.1", "RE-1.2", "RE-2.1")


def drawn(folder: Path, dice: random.Random) -> Iterator[Path]:
    """Photos that shrink to some 300 kB, no two alike."""
    grounds = [Image.effect_noise((400, 300), 20).resize((1600, 1200)).convert("RGB") for _ in range(4)]
    for nth in range(VISITS * SHOTS):
        image = dice.choice(grounds).copy()
        pen = ImageDraw.Draw(image)
        for _ in range(40):
            x, y = dice.randrange(1600), dice.randrange(1200)
            pen.ellipse((x, y, x + 90, y + 60), fill=tuple(dice.randrange(256) for _ in range(3)))
        path = folder / f"{nth:03}.jpg"
        image.save(path, quality=88)
        yield path


def round_of(house: House) -> dict[str, str]:
    """A round of a month for one inspector, opened by the office; villages of it by name, no two called alike."""
    office = Office(Link(house.url, Event()), "1", "office")
    office.sign_in(PASSWORD)
    person = office.account("inspector", "", "inspector", HOME)
    others = [town["code"] for town in office.towns() if town["code"] != HOME]
    today = datetime.now(UTC).date()
    office.desk.post(
        office.desk.form("/rounds/new", "/rounds/new"), name="一个月的检查", number="M-1", type="monthly",
        opens=today.isoformat(), closes=(today + timedelta(days=AWAY + 5)).isoformat(), checklists_=["RE"], scope="towns",
        towns_=others, names="", inspectors_=[person], mode="own", later=[],
    )  # fmt: skip
    rows = Wire(house.url).rows()
    called = {
        row["code"]: row["name"]
        for (kind, _), row in rows.items()
        if kind == "village" and row["town"] != HOME
    }
    often = Counter(called.values())
    return dict(
        sorted((name, code) for code, name in called.items() if often[name] == 1 and "社区" not in name)[
            :VISITS
        ]
    )


class Away:
    """One tablet, out there."""

    def __init__(self, hand: Hand, shots: Iterator[Path]) -> None:
        self.hand, self.shots = hand, shots
        self.day = 0.0
        self.done: dict[str, Tapped] = {}
        self.died = 0

    def on(self, day: float) -> None:
        """It is this day now, by the tablet's clock; a screen that stood open learns of it as it is opened again."""
        self.day = max(day, self.day)
        self.hand.page.clock.set_system_time(datetime.now(UTC) + timedelta(days=self.day))
        self.hand.page.goto(f"{self.hand.url}/tablet/#/")
        self.hand.page.reload()

    def dies(self) -> None:
        """No power: the browser is gone at once, and opened again without network."""
        self.hand.kill()
        self.hand.open(offline=True)
        self.died += 1
        self.on(self.day)

    def begin(self, village: str) -> None:
        """The sheet is opened and its first item filled in, with its photos."""
        tapped = self.done[village] = Tapped()
        self.hand.village(village)
        self.hand.begin()
        self.hand.answer(tapped, fault=PLACES[0], photos=self.photos(0))
        self.hand.saved()

    def go_on(self, village: str) -> None:
        """From the page that shows no villages any more, only what was begun."""
        page = self.hand.page
        expect(page.get_by_role("heading", level=1)).to_have_text("请联网登录一次")
        page.locator("main").get_by_text(village, exact=True).click()
        expect(page.locator("h1")).to_have_text(village)
        expect(page.locator(".item-code")).to_be_visible()

    def finish(self, village: str) -> None:
        tapped = self.done[village]
        if self.hand.item() in tapped.answers:  # one comes back to where one was
            self.hand.next()
        wanted = {item: (PLACES[at], len(SHARE[at]), False) for at, item in enumerate(ITEMS)}
        shots = [shot for at in (2, 1) for shot in reversed(self.photos(at))]
        fill(self.hand, tapped, shots, wanted)
        self.hand.finish(f"{village}负责人")

    def photos(self, place: int) -> list[Path]:
        return [next(self.shots) for _ in SHARE[place]]


SHARE = [range(SHOTS)[place::3] for place in range(3)]  # of a visit's photos, those of each item


def test_thirty_days_away(
    house: House, playwright: Playwright, dice: random.Random, tell: Tell, tmp_path: Path
) -> None:
    house.start()
    villages = round_of(house)
    assert len(villages) == VISITS
    (tmp_path / "shots").mkdir()
    with BadLine(
        house.port, dice.randrange(9**9), well=True, cut=0.3, delay=0.15, repeat=0.05, rate=RATE
    ) as line:
        hand = Hand(playwright, line.url, tmp_path / "profile").open()
        hand.sign_in("inspector")
        hand.at_home()
        hand.offline(True)
        away = Away(hand, drawn(tmp_path / "shots", dice))
        month(away, list(villages))

        house.stop()
        house.days = AWAY
        house.start()
        away.on(AWAY)
        line.turn_bad()
        hand.offline(False)
        took = datetime.now(UTC)
        hand.drained(5400 if LONG else 120)
        minutes = (datetime.now(UTC) - took).total_seconds() / 60
        assert {row["status"] for row in house.rows("SELECT status FROM command")} == {"applied"}
        page = hand.page
        expect(page.get_by_role("heading", level=1)).to_have_text("请联网登录一次")
        line.turn_good()  # whether a sign-in comes through is not the question here
        page.get_by_role("link", name="去登录").click()
        hand.sign_in("inspector")
        expect(page.locator(".round-card", has_text="一个月的检查").locator(".round-line b")).to_have_text(
            str(VISITS), timeout=3 * WAIT
        )
        did = line.end()
    figures = compare(house, hand, away, villages)
    assert did["cut"]
    assert not hand.faults
    hand.close()
    house.verify()
    tell(**figures, drained_minutes=f"{minutes:.1f}", died=away.died, line=did)


def month(away: Away, villages: list[str]) -> None:
    """Half of the villages from beginning to end while the rows may be shown; the others begun meanwhile, finished later."""
    half = VISITS // 2
    for nth, village in enumerate(villages):
        away.on(1 + nth * (BEGUN_BY - 1) / VISITS)
        away.begin(village)
        if nth < half:
            away.finish(village)
        if nth % 10 == 1:
            away.dies()
    for nth, village in enumerate(villages[half:]):
        away.on(KNOWN_FOR + 1 + nth * (AWAY - KNOWN_FOR - 1) / half)
        away.go_on(village)
        away.finish(village)
        if nth % 10 == 0:
            away.dies()
    expect(away.hand.mark(f"待传 {VISITS}")).to_be_visible()


def compare(house: House, hand: Hand, away: Away, villages: dict[str, str]) -> dict[str, object]:
    """Answers and photos on the server against what was tapped and what lies in the browser."""
    wire = Wire(house.url)
    rows = wire.rows()
    visits = {row["village"]: row for (kind, _), row in rows.items() if kind == "inspection"}
    assert set(visits) == set(villages.values())
    answers = 0
    for name, code in villages.items():
        same_as_tapped(visits[code], away.done[name])
        answers += len(away.done[name].answers)
    kept = hand.kept_bytes()
    told = [photo["sha256"] for visit in visits.values() for photo in visit["photos"]]
    assert len(told) == VISITS * (SHOTS + 1) and set(told) == set(kept)
    assert len(kept) > VISITS * SHOTS, "only signatures may be alike, all drawn by the same hand"
    for sha256 in kept:
        assert kept[sha256] == sha256 == hashlib.sha256(house.blob(sha256)).hexdigest()
        assert wire.blob(sha256) == house.blob(sha256)
    photos = [row for (kind, _), row in rows.items() if kind == "photo"]
    assert len(photos) == len(told) and {row["state"] for row in photos} == {"stored"}
    large = sorted(row["size"] for row in photos)[len(photos) // 2]
    return {"visits": VISITS, "answers": answers, "photos": len(told), "lost": 0, "median_kB": large // 1000,
            "megabytes": sum(row["size"] for row in photos) // 1_000_000}  # fmt: skip
