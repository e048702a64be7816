"""Two reviewers without network and the village on its phone do something to one task; they come back in either order.

By sync.md §4: order of arrival decides who gets the card, never whether somebody's words are there; and what a town has
sent back is not passed by an older look at it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.journeys.tablet_hand import WAIT, Hand
from tests.journeys.test_tablet_day import wire
from tests.journeys.test_the_line import hand_in, mend

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SignIn = Callable[[str, int, int], Page]
STAGES = {"submitted": "待复核", "accepted": "整改中", "checked": "镇街已核", "closed": "已销号"}
GOOD, BAD, MORE = "看过了，路边是干净的", "墙角还有一袋垃圾", "傍晚又补扫了一遍"


@dataclass
class Meanwhile:
    """One task on which all three did something before anybody came back; and the words that must not be lost."""

    task: str
    village: Page
    photos: int
    words: set[str]


@pytest.fixture(scope="module")
def tasks(server: str, photo_folder: Path, sign_in: SignIn) -> list[str]:
    """Two tasks of 安家庄村, both mended by the village."""
    told = hand_in(server, photo_folder)
    found = [str(task) for task in told["tasks"]][:2]  # type: ignore[attr-defined]
    village, shots = sign_in("village", 360, 740), sorted(photo_folder.glob("*.jpg"))[10:]
    for place, task in enumerate(found):
        mend(village, server, task, shots[place : place + 2])
    village.context.close()
    return found


@pytest.fixture(scope="module")
def tablets(
    server: str, playwright: Playwright, tasks: list[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Hand]]:
    """The inspector's and the town's, with both tasks. The app itself must not break."""
    assert tasks
    made = {}
    for name in ("inspector", "town"):
        folder = tmp_path_factory.mktemp(name)
        made[name] = hand = Hand(playwright, server, folder / "profile", (820, 1180)).open()
        hand.sign_in(name)
        hand.at_home()
    yield made
    for hand in made.values():
        hand.close()
        assert not hand.faults


def act(hand: Hand, task: str, move: str, words: str) -> None:
    """By taps: open the task, do it, write something."""
    page = hand.page
    page.goto(f"{hand.url}/tablet/#/task/{task}")
    page.get_by_role("button", name=move, exact=True).click()
    page.get_by_role("dialog").locator("textarea").fill(words)
    page.get_by_role("dialog").get_by_role("button", name=move, exact=True).click()
    expect(page.locator(".note-amber")).to_contain_text("已记在本机")


def add(village: Page, server: str, task: str, words: str, shot: Path) -> None:
    """The village's phone: some more words and a picture."""
    village.goto(f"{server}/tasks/{task}")
    village.get_by_text("补充说明", exact=True).first.click()
    form = village.locator("form", has=village.get_by_role("button", name="保存说明"))
    form.locator("textarea").fill(words)
    form.locator("input[type=file]").set_input_files(shot)
    form.get_by_role("button", name="保存说明").click()
    village.wait_for_load_state()
    expect(village.locator("main")).to_contain_text(words)


def task_row(server: str, task: str) -> dict[str, Any]:
    return wire(server).rows()["task", task]


def same_everywhere(server: str, tablets: dict[str, Hand], given: Meanwhile) -> str:
    """All three screens show the server's stage and everybody's words, each once. Returns the stage."""
    task, village, words = given.task, given.village, given.words
    row = task_row(server, task)
    assert len(row["photos"]) == given.photos
    said = [step["text"] for step in row["steps"] if step["text"]]
    for word in words:
        assert sum(word in text for text in said) == 1, (word, said)
    village.goto(f"{server}/tasks/{task}")
    expect(village.locator("main .badge").first).to_have_text(STAGES[row["stage"]])
    for word in words:
        expect(village.locator("main")).to_contain_text(word)
    for hand in tablets.values():
        hand.page.goto(f"{hand.url}/tablet/#/task/{task}")
        expect(hand.page.locator(".task-stage b")).to_have_text(STAGES[row["stage"]], timeout=WAIT)
        for word in words:
            expect(hand.page.locator(".history")).to_contain_text(word)
    return str(row["stage"])


def back(hand: Hand) -> None:
    hand.offline(False)
    hand.drained()


def news(hand: Hand) -> None:
    """What the others did meanwhile: by the button, as anybody would."""
    hand.page.goto(f"{hand.url}/tablet/#/outbox")
    button = hand.page.get_by_role("button", name="立即上传")
    expect(button).to_be_enabled(timeout=WAIT)
    button.click()
    expect(button).to_be_enabled(timeout=WAIT)


def open_cards(server: str, name: str) -> int:
    return sum(
        kind == "card" and not row["dismissed"] for (kind, _), row in wire(server, name).rows().items()
    )


def cards(hand: Hand, many: int) -> None:
    """So many cards are shown: their rows may come a page after the task's."""
    hand.page.goto(f"{hand.url}/tablet/#/cards")
    rows = hand.page.locator("main .row")
    expect(rows.or_(hand.page.get_by_text("没有需要您处理的事")).first).to_be_visible()
    expect(rows).to_have_count(many)


def meanwhile(server: str, tablets: dict[str, Hand], task: str, village: Page, shot: Path) -> Meanwhile:
    """Without network, the two tablets; nobody hears of the others."""
    for hand in tablets.values():
        hand.offline(True)
    act(tablets["inspector"], task, "复核通过", GOOD)
    act(tablets["town"], task, "退回整改", BAD)
    add(village, server, task, MORE, shot)
    return Meanwhile(task, village, len(task_row(server, task)["photos"]), {GOOD, BAD, MORE})


def test_the_inspector_comes_back_before_the_town(
    server: str,
    tablets: dict[str, Hand],
    tasks: list[str],
    sign_in: SignIn,
    photo_folder: Path,
    tmp_path: Path,
) -> None:
    shots = sorted(photo_folder.glob("*.jpg"))
    given = meanwhile(server, tablets, tasks[0], sign_in("village", 360, 740), shots[14])
    inspector, town = tablets["inspector"], tablets["town"]
    back(inspector)
    passed = task_row(server, given.task)["stage"]
    assert passed in ("checked", "closed"), "what the village added meanwhile is no reason against it"
    back(town)
    news(inspector)
    stage = same_everywhere(server, tablets, given)
    # What the system has not closed for good, the town's word still turns; else it stands there as a note.
    assert stage == ("accepted" if passed == "checked" else "closed")
    cards(inspector, 0)
    cards(town, int(passed == "closed"))
    town.page.screenshot(path=tmp_path / "town.png")  # for people


def test_the_town_comes_back_before_the_inspector(
    server: str,
    tablets: dict[str, Hand],
    tasks: list[str],
    sign_in: SignIn,
    photo_folder: Path,
    tmp_path: Path,
) -> None:
    """And the village has mended it once more by then: an older look passes nothing that it has not seen."""
    shots = sorted(photo_folder.glob("*.jpg"))
    given = meanwhile(server, tablets, tasks[1], sign_in("village", 360, 740), shots[15])
    inspector, town = tablets["inspector"], tablets["town"]
    earlier = open_cards(server, "town"), open_cards(server, "inspector")
    back(town)
    assert task_row(server, given.task)["stage"] == "accepted"
    mend(given.village, server, given.task, shots[16:18])
    given.photos = len(task_row(server, given.task)["photos"])
    back(inspector)
    news(town)
    assert same_everywhere(server, tablets, given) == "submitted"
    cards(town, earlier[0])
    cards(inspector, earlier[1] + 1)
    page = inspector.page
    page.locator("main .row").first.click()
    expect(page.get_by_text("已作为备注保存在这件任务里")).to_be_visible()
    now = page.get_by_text("最近一步是")
    expect(now).to_be_visible()
    expect(now).not_to_contain_text("补充说明")  # one's own words, kept, are not what came before one
    page.screenshot(path=tmp_path / "card.png")  # for people
