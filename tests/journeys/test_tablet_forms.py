"""Acts beside the plain life of a task, by taps on the tablet without network: 催办, 举一反三 and its answer, 拆分, 撤回.

At the end the server is asked, by a program of its own, what became of each.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Playwright, expect

from tests.journeys.tablet_hand import Hand
from tests.journeys.test_tablet_day import wire
from tests.journeys.test_the_line import hand_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Row = dict[str, Any]


@pytest.fixture(scope="module")
def tasks(server: str, photo_folder: Path) -> list[str]:
    """The tasks of a visit that came in before anybody's tablet was signed in."""
    return [str(task) for task in hand_in(server, photo_folder)["tasks"]]  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def tablets(
    server: str, playwright: Playwright, tasks: list[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Hand]]:
    """A tablet each for the town and for the village, signed in, with the tasks."""
    assert tasks
    made = {}
    for name in ("town", "village"):
        hand = Hand(playwright, server, tmp_path_factory.mktemp(name) / "profile").open()
        hand.sign_in(name)
        expect(hand.mark("已全传")).to_be_visible(timeout=60_000)
        expect(hand.page.get_by_text("安家庄村").first).to_be_visible(timeout=60_000)
        made[name] = hand
    yield made
    for hand in made.values():
        hand.close()
        assert not hand.faults


def task_of(server: str, task: str) -> Row:
    return wire(server, "town").rows()[("task", task)]


def act(hand: Hand, task: str, button: str) -> None:
    """Open the task and the form of this name."""
    hand.page.goto(f"{hand.url}/tablet/#/task/{task}")
    hand.page.get_by_role("button", name=button, exact=True).click()
    expect(hand.page.get_by_role("dialog")).to_be_visible()


def send(hand: Hand, button: str) -> None:
    hand.page.get_by_role("dialog").get_by_role("button", name=button, exact=True).last.click()
    expect(hand.page.get_by_role("dialog")).to_have_count(0)


def drain(hand: Hand) -> None:
    hand.waits()
    hand.offline(False)
    hand.page.goto(f"{hand.url}/tablet/#/outbox")
    hand.page.get_by_role("button", name="立即上传").click()
    hand.drained()


def look(hand: Hand, folder: Path, name: str) -> None:
    """Pictures of the screen, for people."""
    for width, height in ((1180, 820), (820, 1180), (360, 740)):
        hand.page.set_viewport_size({"width": width, "height": height})
        assert hand.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, width)
        hand.page.screenshot(path=folder / f"{name}-{width}.png")
    hand.page.set_viewport_size({"width": 1180, "height": 820})


def test_the_town_urges_asks_to_look_elsewhere_and_splits_and_the_village_answers(
    tablets: dict[str, Hand], server: str, tasks: list[str], photo_folder: Path, tmp_path: Path
) -> None:
    town, village = tablets["town"], tablets["village"]
    town.offline(True)
    act(town, tasks[0], "催办")
    town.page.get_by_role("dialog").locator("textarea").fill("请今天办完")
    send(town, "催办")
    expect(town.page.locator(".task .note").first).to_contain_text("催办已记在本机")
    expect(town.page.locator(".task-stage b")).to_have_text("待签收")
    expect(town.page.get_by_role("button", name="催办", exact=True)).to_have_count(0)

    act(town, tasks[0], "要求举一反三")
    dialog = town.page.get_by_role("dialog")
    expect(dialog.get_by_text("还要写明要求")).to_be_visible()
    expect(dialog.get_by_role("button", name="要求举一反三").last).to_be_disabled()
    dialog.get_by_role("button", name="请在全村范围排查同类问题").click()
    dialog.get_by_role("button", name="3 天内").click()
    look(town, tmp_path, "sweep")
    send(town, "要求举一反三")
    expect(town.page.get_by_text("请排查别处有没有同类问题")).to_be_visible()

    before = [photo["id"] for photo in task_of(server, tasks[0])["photos"] if photo["role"] == "before"]
    act(town, tasks[0], "拆分")
    dialog.locator("textarea").fill("护栏断裂")
    expect(dialog.get_by_text("还要选出哪几张照片是它的")).to_be_visible()
    dialog.get_by_role("button", name="整改前第 1 张").click()
    dialog.get_by_label("在哪里").fill("桥下")
    dialog.get_by_role("button", name="王平镇", exact=True).click()
    look(town, tmp_path, "split")
    send(town, "拆分")
    look(town, tmp_path, "beside")
    expect(town.mark("待传 3")).to_be_visible()
    assert task_of(server, tasks[0])["sweep_until"] is None, "nothing has left the tablet yet"
    drain(town)
    told = task_of(server, tasks[0])
    said = {step["verb"]: step["text"] for step in told["steps"]}
    assert said["urge"] == "请今天办完" and said["sweep"] == "请在全村范围排查同类问题"
    assert told["stage"] == "dispatched" and told["sweep_until"]
    [made] = [
        row
        for (kind, _), row in wire(server, "town").rows().items()
        if kind == "task" and row["split_from"] == tasks[0]
    ]
    assert (made["text"], made["place"], made["unit"]) == ("护栏断裂", "桥下", told["village"][:9])
    assert [photo["id"] for photo in made["photos"]] == before[:1]
    town.page.goto(f"{server}/tablet/#/task/{made['id']}")
    expect(town.page.locator(".task-stage b")).to_have_text("待签收")

    drain(village)
    village.page.goto(f"{server}/tablet/#/task/{tasks[0]}")
    expect(village.page.get_by_text("要求：请在全村范围排查同类问题")).to_be_visible()
    village.offline(True)
    act(village, tasks[0], "回复举一反三")
    dialog = village.page.get_by_role("dialog")
    dialog.get_by_role("button", name="排查发现同类问题，已一并整改").click()
    with village.page.expect_file_chooser() as chooser:
        dialog.locator("button.btn", has_text="拍照").click()
    chooser.value.set_files(photo_folder / "12.jpg")
    expect(dialog.locator(".thumb")).to_have_count(1)
    look(village, tmp_path, "sweep-answer")
    send(village, "回复")
    expect(village.page.get_by_text("请排查别处有没有同类问题")).to_have_count(0)
    expect(village.page.locator(".task-stage b")).to_have_text("待签收")
    drain(village)
    told = task_of(server, tasks[0])
    assert told["sweep_until"] is None and told["stage"] == "dispatched"
    assert told["steps"][-1]["verb"] == "sweep_answer"
    states = {row["state"] for (kind, _), row in wire(server, "town").rows().items() if kind == "photo"}
    assert states == {"stored"}


def test_what_was_signed_for_by_mistake_is_taken_back_unsent_and_sent(
    tablets: dict[str, Hand], server: str, tasks: list[str], tmp_path: Path
) -> None:
    village = tablets["village"]
    village.offline(True)
    for task, sent in ((tasks[1], False), (tasks[2], True)):
        act(village, task, "签收")
        send(village, "签收")
        expect(village.page.locator(".task-stage b")).to_have_text("签收，待上传")
        if sent:
            drain(village)
            assert task_of(server, task)["stage"] == "accepted"
            village.offline(True)
        act(village, task, "撤回")
        look(village, tmp_path, "take-back")
        send(village, "撤回")
        expect(village.page.locator(".task-stage b")).to_have_text("撤回，待上传")
        expect(village.page.get_by_role("button", name="撤回", exact=True)).to_have_count(0)
    drain(village)
    for task in tasks[1:3]:
        told = task_of(server, task)
        assert told["stage"] == "dispatched"
        assert [step["verb"] for step in told["steps"]][-2:] == ["accept", "take_back"]
        assert {step["verdict"] for step in told["steps"]} <= {"applied", "merged"}
    village.page.goto(f"{server}/tablet/#/task/{tasks[1]}")
    expect(village.page.get_by_role("button", name="签收", exact=True)).to_be_visible()
