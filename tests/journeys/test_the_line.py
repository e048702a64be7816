"""The whole line as people walk it: a visit comes in by HTTP, two people close its tasks in a browser, the office
prints, and the QR on the printed page leads to the same figures."""

import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]
HERE = Path(__file__).parent
PHONE, DESK = (360, 740), (1440, 900)
SignIn = Callable[[str, int, int], Page]


def hand_in(url: str, photos: Path) -> dict[str, object]:
    """The visit, pushed by a program that imports nothing of ours."""
    done = subprocess.run(
        [sys.executable, "-I", str(HERE / "http_visit.py"), url, str(photos)],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    told: dict[str, object] = json.loads(done.stdout)
    return told


def mend(page: Page, server: str, task: str, shots: list[Path]) -> None:
    """The committee's three taps: open, photograph, send."""
    page.goto(f"{server}/tasks/{task}")
    cameras = page.locator("form#submit input[type=file][capture]")
    for place in range(cameras.count()):
        cameras.nth(place).set_input_files(shots[place % len(shots)])
    page.locator("form#submit button.primary").click()
    page.wait_for_load_state()
    expect(page.locator("main")).to_contain_text("待复核")


def stage_of(page: Page, server: str, task: str) -> str:
    page.goto(f"{server}/tasks/{task}")
    return page.locator("main .badge").first.inner_text().strip()


def test_from_finding_to_paper(server: str, sign_in: SignIn, photo_folder: Path, tmp_path: Path) -> None:
    told = hand_in(server, photo_folder)
    tasks = [str(task) for task in told["tasks"]]  # type: ignore[attr-defined]
    assert told["score"] == "95.4" and len(tasks) == 6 and told["states"] == ["stored"]
    shots = sorted(photo_folder.glob("*.jpg"))[10:]

    village, town = sign_in("village", *PHONE), sign_in("town", *DESK)
    assert village.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for place, task in enumerate(tasks):
        mend(village, server, task, shots[place : place + 2])
    for place, task in enumerate(tasks):
        town.goto(f"{server}/tasks/{task}")
        expect(town.locator("main img").first).to_be_visible()
        if place == 0:
            town.locator("textarea").first.fill("墙角还有一袋")
            town.get_by_role("button", name="按所写原因退回").click()
        else:
            town.get_by_role("button", name="复核通过").click()
        town.wait_for_load_state()
    assert stage_of(village, server, tasks[0]) == "整改中"
    expect(village.locator("main")).to_contain_text("墙角还有一袋")
    mend(village, server, tasks[0], shots[7:9])
    town.goto(f"{server}/tasks/{tasks[0]}")
    town.get_by_role("button", name="复核通过").click()
    town.wait_for_load_state()

    office = sign_in("office", *DESK)
    stages = [stage_of(office, server, task) for task in tasks]
    assert set(stages) <= {"已销号", "镇街已核"} and stages.count("镇街已核") >= 2  # two were critical
    for task, stage in zip(tasks, stages, strict=True):
        if stage == "镇街已核":
            office.goto(f"{server}/tasks/{task}")
            office.get_by_role("button", name="销号", exact=True).click()
            office.wait_for_load_state()
    assert {stage_of(office, server, task) for task in tasks} == {"已销号"}

    inspection = told["inspection"]
    printed = office.request.get(f"{server}/inspections/{inspection}/scorecard.pdf", timeout=60_000)
    assert printed.status == 200 and printed.headers["content-type"] == "application/pdf"
    again = office.request.get(f"{server}/inspections/{inspection}/scorecard.pdf", timeout=60_000)
    assert again.body() == printed.body(), "a reprint serves the edition's bytes"
    link = qr_of(printed.body(), tmp_path)
    assert re.fullmatch(re.escape(server) + r"/verify/\w+", link), link
    stranger = sign_in("village", *PHONE).context.browser.new_context().new_page()  # type: ignore[union-attr]
    stranger.set_viewport_size({"width": 360, "height": 740})
    stranger.goto(link)
    expect(stranger.locator("main")).to_contain_text("95.4")
    expect(stranger.locator("main")).to_contain_text("安家庄村")
    assert "王书记" not in stranger.content()


def qr_of(pdf: bytes, folder: Path) -> str:
    """The text of the QR code as a phone would see it on the paper."""
    (folder / "card.pdf").write_bytes(pdf)
    subprocess.run(["pdftoppm", "-r", "150", "-png", "card.pdf", "page"], cwd=folder, check=True, timeout=60)
    for picture in sorted(folder.glob("page*.png")):
        for found in zxingcpp.read_barcodes(Image.open(io.BytesIO(picture.read_bytes()))):
            return str(found.text)
    raise AssertionError("no QR code on any page")
