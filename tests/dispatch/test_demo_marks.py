"""演示数据 stands on every paper of a demo district, and on none of a real one."""

from collections.abc import AsyncIterator
from pathlib import Path

import openpyxl
import pytest
from starlette.applications import Starlette

from dispatch.card_data import compose
from dispatch.card_read import read_card
from dispatch.ledger_book import Book
from dispatch.notice_sheet_data import figures_of, read_sheet
from dispatch.scorecards import fingerprint, issue
from tests.dispatch.desk_house import VILLAGE, at_desk, some_tasks
from tests.dispatch.desk_house import house as desk_house
from tests.dispatch.press_house import House, house
from tests.dispatch.test_ledger import fetched
from tests.dispatch.test_scorecards import a_visit, bytes_of, text_of
from villages.ground.blobs import Blobs
from villages.models import DistrictHead

MARK = "演示数据"


@pytest.fixture
async def press(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as made:
        yield made


async def real() -> None:
    await DistrictHead.filter(kind="demo").update(kind="real")


async def test_a_card_says_so_on_every_page_and_its_code_too(press: House, tmp_path: Path) -> None:
    visit = await a_visit(press)
    made = await issue(press.press, await press.who("office"), visit.id)
    pages = text_of(await bytes_of(press, made), tmp_path)
    assert pages.count(MARK) >= pages.count("校验" + made.chain_hash[:12]) > 1
    assert MARK in (await press.http.get(f"/verify/{made.code}")).text
    await real()
    own = await issue(press.press, await press.who("office"), visit.id)
    assert own.id != made.id, "another sheet"
    assert MARK not in text_of(await bytes_of(press, own), tmp_path)
    assert MARK not in (await press.http.get(f"/verify/{own.code}")).text


async def test_a_real_districts_card_stays_the_edition_it_is(press: House) -> None:
    """Not being a demonstration is nothing that is printed, so it makes no new edition of what was issued before."""
    await real()
    card = compose(await read_card((await a_visit(press)).id))
    before = {key: value for key, value in card.items() if key != "demo"}
    assert fingerprint(card) == fingerprint(before) != fingerprint(card | {"demo": True})


async def test_a_notices_code_and_a_ledger_say_so(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as app:
        assert isinstance(app, Starlette)
        await some_tasks(1)
        assert figures_of(await read_sheet(VILLAGE))["demo"] is True
        async with at_desk(app, "office") as office:
            for sheet in await fetched(office):
                assert sheet.oddHeader.right.text == MARK and MARK in sheet.oddFooter.left.text
            file = await office.http.get("/ledger.xlsx")
            assert "%E6%BC%94%E7%A4%BA-" in file.headers["content-disposition"], "演示-"
            await real()
            assert "demo" not in figures_of(await read_sheet(VILLAGE))
            file = await office.http.get("/ledger.xlsx")
            assert "%E6%BC%94%E7%A4%BA" not in file.headers["content-disposition"]


def test_a_real_ledger_says_nothing(tmp_path: Path) -> None:
    for demo in (False, True):
        book = Book(tmp_path / f"{demo}.xlsx", Blobs(tmp_path / "blobs"), "2026-11-22", demo=demo)
        book.close()
        book.forget()
        for sheet in openpyxl.load_workbook(tmp_path / f"{demo}.xlsx"):
            told = f"{sheet.oddHeader.right.text}{sheet.oddFooter.left.text}"
            assert (MARK in told) == demo
