"""An inspector's day in the valley: the built tablet app, by taps only; at the end the server has every answer and byte."""

import functools
import hashlib
import json
import urllib.request
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.tablet_hand import Hand, Tapped
from tests.journeys.test_the_line import mend, qr_of, stage_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]
TABLET, UPRIGHT, PHONE, DESK = (1180, 820), (820, 1180), (360, 740), (1440, 900)
VILLAGE = "110109005201"
SignIn = Callable[[str, int, int], Page]


class Wire:
    """What the server says over HTTP to a program that shares nothing with the tablet."""

    def __init__(self, url: str, name: str = "inspector") -> None:
        self.url, self.replica = url, str(uuid.uuid4())
        device = {"id": "journey", "label": "核对", "platform": "test", "build": "1"}
        told = self.post("/api/session", {"name": name, "password": "xuncun-demo", "device": device})
        self.token = str(told["session"])

    token = ""

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        head = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        ask = urllib.request.Request(self.url + path, json.dumps(body).encode(), head)
        with urllib.request.urlopen(ask, timeout=30) as answer:
            found: dict[str, Any] = json.loads(answer.read())
            return found

    def rows(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Everything this person may see, by kind and id."""
        found: dict[tuple[str, str], dict[str, Any]] = {}
        scopes: dict[str, int] = {}
        while True:
            asked = {"replica": self.replica, "epoch": None, "limit": 500, "scopes": scopes}
            page = self.post("/api/sync/pull", asked)
            found |= {(one["kind"], one["id"]): one["row"] for one in page["changes"]}
            scopes = page["scopes"]
            if not page["more"]:
                return found

    def blob(self, sha256: str) -> bytes:
        ask = urllib.request.Request(
            f"{self.url}/api/blobs/{sha256}", headers={"Authorization": f"Bearer {self.token}"}
        )
        with urllib.request.urlopen(ask, timeout=30) as answer:
            body: bytes = answer.read()
            return body

    def visit(self, village: str) -> dict[str, Any]:
        [found] = [
            row
            for (kind, _), row in self.rows().items()
            if kind == "inspection" and row["village"] == village
        ]
        return found


@functools.cache
def wire(url: str, name: str = "inspector") -> Wire:
    """One for many questions: signing in is dear."""
    return Wire(url, name)


def same_as_tapped(visit: dict[str, Any], tapped: Tapped) -> None:
    """Every answer on the server is what was tapped, and nothing was added."""
    given = {answer["item"]: answer for answer in visit["answers"]}
    for code, said in tapped.answers.items():
        answer = given[code]
        for key in ("counts", "level", "yes", "value", "points", "drawn", "failed"):
            if key in said:
                assert answer.get(key) == said[key], (code, key, answer)
        if "text" in said:
            [finding] = answer["findings"]
            assert (finding["text"], finding["place"]) == (said["text"], said["place"])
            assert finding["action"] == ("fixed" if said["fixed"] else "dispatch")
            assert len(finding["photos"]) + len(finding.get("after", [])) == said["shots"]
    extra = set(given) - set(tapped.answers)
    assert not [code for code in extra if given[code].get("counts") or given[code].get("findings")], extra


def same_bytes(wire: Wire, hand: Hand, visit: dict[str, Any]) -> None:
    """Each photo of the visit lies on the server with the very bytes that lie in the browser."""
    kept = hand.kept_bytes()
    hashes = {photo["sha256"] for photo in visit["photos"]}
    assert hashes and hashes <= set(kept)
    for sha256 in hashes:
        assert kept[sha256] == sha256 == hashlib.sha256(wire.blob(sha256)).hexdigest()


def fill(hand: Hand, tapped: Tapped, shots: list[Path], faults: dict[str, tuple[str, int, bool]]) -> None:
    """From the item in front of us to the last; `faults`: item → place, how many photos, mended on the spot."""
    while True:
        code, _, more = hand.look()
        place, count, fixed = faults.get(code, ("", 0, False))
        if code not in tapped.answers:
            hand.answer(tapped, fault=place, photos=[shots.pop() for _ in range(count)], fixed=fixed)
        if not more:
            return
        hand.next()


FAULTS = {
    "RE-1.1": ("村委会东侧", 2, False), "RE-1.2": ("后街", 1, False), "RE-1.4": ("沟边", 1, False),
    "RE-1.6": ("桥下", 2, True), "RE-2.1": ("村口桶站", 1, False), "RE-2.2": ("公厕旁", 1, False),
}  # fmt: skip


@pytest.mark.parametrize("size", [TABLET, UPRIGHT, PHONE], ids=["1180x820", "820x1180", "360x740"])
def test_a_visit_without_network_through_two_crashes(
    size: tuple[int, int],
    server: str,
    hand: Hand,
    sign_in: SignIn,
    photo_folder: Path,
    tmp_path: Path,
) -> None:
    shots = sorted(photo_folder.glob("*.jpg"))
    spare, village = shots[-1], {TABLET: "安家庄村", UPRIGHT: "吕家坡村", PHONE: "西王平村"}[size]
    tapped, hand.size = Tapped(), size
    hand.page.set_viewport_size({"width": size[0], "height": size[1]})
    hand.page.reload()
    hand.village(village)
    hand.begin()
    for _ in range(9):  # two sections, findings and photos among them
        code = hand.item()
        place, count, fixed = FAULTS.get(code, ("", 0, False))
        hand.answer(tapped, fault=place, photos=[shots.pop(0) for _ in range(count)], fixed=fixed)
        hand.next()
    hand.saved()
    here = hand.item()
    hand.kill()

    hand.open(offline=True)
    hand.go_on(village)
    assert hand.item() == here, "one goes on where one stood"
    back_to(hand, "RE-1.2")
    card = hand.page.locator("article.finding").first
    expect(card).to_contain_text("后街")
    hand.choose(card, "再拍一张", spare)
    hand.kill()  # while the photo is being made

    hand.open(offline=True)
    hand.go_on(village)
    back_to(hand, "RE-1.2")
    card = hand.page.locator("article.finding").first
    expect(card.locator(".thumb").first).to_be_visible()
    got = card.locator(".thumb").count()
    assert got in (1, 2), "whole or not at all"
    tapped.answers["RE-1.2"]["shots"] = got
    fill(hand, tapped, shots, FAULTS)
    assert len(tapped.answers) >= 38
    hand.finish()
    assert hand.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    hand.offline(False)
    hand.drained()

    wire = Wire(server)
    rows = wire.rows()
    [code] = [row["code"] for (kind, _), row in rows.items() if kind == "village" and row["name"] == village]
    visit = wire.visit(code)
    same_as_tapped(visit, tapped)
    same_bytes(wire, hand, visit)
    states = {row["state"] for (kind, _), row in rows.items() if kind == "photo"}
    assert states == {"stored"} and visit["stage"] == "submitted" and not visit["late"]
    if size == TABLET:
        closed_and_printed(server, sign_in, visit, rows, shots, tmp_path)


def back_to(hand: Hand, code: str) -> None:
    """By the numbers of the section, as a person does; the section first where it is another."""
    section, number = code.rsplit(".", 1)[0], code.split("-")[1]
    if not hand.item().startswith(f"{section}."):
        hand.page.locator("button.sec", has_text="村庄清洁").click()
    hand.page.locator("button.it", has_text=number).first.click()
    expect(hand.page.locator(".item-code")).to_have_text(code)


def closed_and_printed(
    server: str, sign_in: SignIn, visit: dict[str, Any], rows: dict[tuple[str, str], dict[str, Any]], shots: list[Path],
    tmp_path: Path,
) -> None:  # fmt: skip
    """The village mends on a phone, the town passes at the desk, the office prints, the QR leads to the same score."""
    tasks = [
        row["id"] for (kind, _), row in rows.items() if kind == "task" and row["inspection"] == visit["id"]
    ]
    assert len(tasks) == 5  # the sixth finding was mended on the spot
    village, town, office = sign_in("village", *PHONE), sign_in("town", *DESK), sign_in("office", *DESK)
    tasks = tasks[:2]  # the rest is done alike; the_line closes every task of a visit
    for place, task in enumerate(tasks):
        mend(village, server, task, shots[place : place + 2])
        town.goto(f"{server}/tasks/{task}")
        town.get_by_role("button", name="复核通过").click()
        town.wait_for_load_state()
        if stage_of(office, server, task) == "镇街已核":
            office.get_by_role("button", name="销号", exact=True).click()
            office.wait_for_load_state()
    assert {stage_of(office, server, task) for task in tasks} == {"已销号"}
    printed = office.request.get(f"{server}/inspections/{visit['id']}/scorecard.pdf", timeout=60_000)
    office.goto(qr_of(printed.body(), tmp_path))
    expect(office.locator("main")).to_contain_text(visit["score"])
