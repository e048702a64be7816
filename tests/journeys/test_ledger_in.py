"""Today's ledger in a browser: a workbook with bad cells, the same put right, tasks with photos on the boards, and nothing
twice."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.dispatch.bringing.books import book, row

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PHONE, DESK = (360, 740), (1440, 900)
SignIn = Callable[[str, int, int], Page]
ROWS = (
    {"编号": "A-1", "问题描述": "垃圾外溢", "位置": "村口"},
    {"编号": "A-2", "问题描述": "路面堆料", "位置": "后街"},
    {"编号": "A-3", "村": "吕家坡村", "问题描述": "水沟淤堵", "位置": "桥头"},
)


def ledger(path: Path, photos: list[Path], *wrong: dict[str, object]) -> Path:
    """The ledger of ROWS, some cells wrong, with two photos in its first row and one in the others."""
    cells = [row(**{**said, **bad}) for said, bad in zip(ROWS, wrong or [{}] * 3, strict=True)]
    places = [(2, "整改前照片"), (2, "整改后照片"), (3, "整改前照片"), (4, "整改前照片")]
    shots = {place: shot.read_bytes() for place, shot in zip(places, photos, strict=False)}
    small = {"x_scale": 0.05, "y_scale": 0.05}
    return book(path, cells, above=("门头沟区农村人居环境问题整改台账",), photos={(at + 1, name): data for (at, name), data in shots.items()}, options=small)  # fmt: skip


def hand_in(page: Page, server: str, file: Path) -> None:
    """Upload a file and wait for its report."""
    page.goto(f"{server}/ledger/bring")
    page.set_input_files("input[type=file]", file)
    page.click("text=上传并检查")
    expect(page.locator("main")).to_contain_text("检查完毕，还没有带入任何内容", timeout=60_000)


def shown(page: Page) -> int:
    """How many of the page's pictures a person can see."""
    page.wait_for_load_state("networkidle")
    return int(
        page.evaluate("[...document.querySelectorAll('main img')].filter(one => one.naturalWidth).length")
    )


def test_from_the_workbook_to_the_boards(
    server: str, sign_in: SignIn, photo_folder: Path, tmp_path: Path
) -> None:
    shots = sorted(photo_folder.glob("*.jpg"))
    office = sign_in("office", *DESK)
    main = office.locator("main")
    bad = ledger(tmp_path / "bad.xlsx", shots, {"村": "没有的村"}, {"检查日期": "大前天"}, {})
    hand_in(office, server, bad)
    expect(main).to_contain_text("本区没有叫“没有的村”的村")
    assert {cell.inner_text() for cell in main.locator("th.nowrap").all()} >= {"D3", "E4"}, main.inner_text()
    expect(main.get_by_text("可以带入").locator("xpath=following-sibling::dd[1]")).to_contain_text("1 行")

    good = ledger(tmp_path / "good.xlsx", shots)
    hand_in(office, server, good)
    office.click("text=带入 3 行")
    expect(main).to_contain_text("已带入 3 项任务", timeout=60_000)
    office.click("text=垃圾外溢")
    expect(main).to_contain_text("由台账第 3 行带入：原编号 A-1")
    assert shown(office) >= 2, "one before, one after, beside each other"

    village = sign_in("village", *PHONE)
    expect(village.locator("main")).to_contain_text("要整改的 2 项")
    assert shown(village) == 2 and "水沟淤堵" not in village.inner_text("main")
    town = sign_in("town", *DESK)
    expect(town.locator("main")).to_contain_text("吕家坡村")

    hand_in(office, server, good)
    expect(main).to_contain_text("早已带入")
    expect(main).to_contain_text("没有需要带入的行")
    office.goto(f"{server}/tasks?stage=all")
    assert office.locator("main").inner_text().count("垃圾外溢") == 1
