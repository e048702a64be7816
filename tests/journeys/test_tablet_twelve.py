"""Villages in a row without network, every item of each, then everything goes out at once."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, expect

from tests.journeys.tablet_hand import Hand, Tapped
from tests.journeys.test_tablet_day import Wire, fill, same_as_tapped, same_bytes

LONG = bool(os.environ.get("XUNCUN_LONG"))
pytestmark = [pytest.mark.browser, pytest.mark.slow, *[pytest.mark.short_sheet] * (not LONG)]
# A whole day is twelve; every run of the suite walks three of them on short sheets, `XUNCUN_LONG=1` the day on whole ones.
VILLAGES = 12 if LONG else 3
FAULTS = {"RE-1.1": ("主街北口", 1, False), "RE-2.1": ("村口桶站", 1, False)}


def test_villages_in_a_row(server: str, playwright: Playwright, photo_folder: Path, tmp_path: Path) -> None:
    """A mobile day of visits: every item of each, two findings with a photo each, one signature each."""
    hand = Hand(playwright, server, tmp_path / "profile").open()
    hand.sign_in("inspector")
    hand.at_home()
    wire = Wire(server)
    rows = wire.rows()
    places = sorted(row["code"] for (kind, _), row in rows.items() if kind == "village")[:VILLAGES]
    names = {code: rows["village", code]["name"] for code in places}
    hand.offline(True)
    done: dict[str, Tapped] = {}
    for number, code in enumerate(places):
        shots = sorted(photo_folder.glob("*.jpg"))[number % 10 : number % 10 + 2]
        tapped = done[code] = Tapped()
        hand.village(names[code])
        hand.begin()
        fill(hand, tapped, shots, FAULTS)
        hand.finish(f"负责人{number}")
    expect(hand.mark(f"待传 {VILLAGES}")).to_be_visible()
    hand.offline(False)
    hand.drained(240)
    for code, tapped in done.items():
        visit = wire.visit(code)
        same_as_tapped(visit, tapped)
        same_bytes(wire, hand, visit)
    states = [row["state"] for (kind, _), row in wire.rows().items() if kind == "photo"]
    assert len(states) == VILLAGES * 3 and set(states) == {"stored"} and not hand.faults
    hand.close()
