"""The 台账 as Excel: opened again, every cell compared; formulas, pictures, print set-up, reach and the job's road."""

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import openpyxl
import pytest
from openpyxl.utils.escape import unescape
from openpyxl.worksheet.worksheet import Worksheet
from PIL import Image
from starlette.applications import Starlette

from dispatch import ledger_book
from dispatch.ledger_book import AFTER, BEFORE, COLUMNS, LISTS, Book, LedgerRow
from dispatch.models import Task, TaskPhoto
from inspections.models import Photo
from tests.dispatch.desk_house import (
    NEIGHBOUR,
    TOWN,
    VILLAGE,
    Desk,
    a_task,
    at_desk,
    form_in,
    house,
    jpeg,
    some_tasks,
)
from villages.ground import clock
from villages.ground.blobs import Blobs

TRICKY = ('=1+1', "+86 后街", "-3 处", "@cmd", "\t=x", "普通_x0041_文字", "带\n换行", "'单引号", "=HYPERLINK(\"http://x\")")  # fmt: skip


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[Starlette]:
    async with house(tmp_path) as made:
        yield made


async def fetched(desk: Desk, query: str = "") -> Any:
    """The workbook, through the page's own form."""
    page = await desk.get(f"/ledger{query}")
    form = form_in(page[page.index("panel narrow") :], f"/ledger{query}")
    assert (await desk.send(form)).status_code == 303
    for _ in range(2400):
        answer = await desk.http.get(f"/ledger.xlsx{query}")
        if answer.status_code == 200:
            return openpyxl.load_workbook(io.BytesIO(answer.content))
        await asyncio.sleep(0.05)
    raise AssertionError(await desk.get(f"/ledger{query}"))


def cells(sheet: Worksheet) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


async def shown(app: Starlette, task: Any) -> None:
    """Give the task's before-photos bytes."""
    for link in await TaskPhoto.filter(task_id=task, role="before"):
        sha256 = await asyncio.to_thread(app.state.blobs.put, jpeg(f"before {link.photo}", (1200, 900)))
        await Photo.create(
            id=link.photo, sha256=sha256, size=1, mime="image/jpeg", person=uuid4(), state="stored", home=VILLAGE,
            town=TOWN, rev=1,
        )  # fmt: skip
        await TaskPhoto.filter(id=link.id).update(sha256=sha256)


def day(moment: datetime) -> datetime:
    return datetime.combine(clock.local(moment).date(), time())


async def test_every_cell_of_a_ledger(app: Starlette) -> None:
    tasks = await some_tasks(2, severity="minor")
    await a_task(village=NEIGHBOUR, text="路面破损", place="村口")
    await shown(app, tasks[0])
    async with at_desk(app, "village") as village, at_desk(app, "town") as town:
        await village.act(tasks[0], "accept")
        await village.act(tasks[0], "submit", files=2, text="都清走了")
        await town.act(tasks[0], "pass")
    await Task.filter(id=tasks[0]).update(stage="closed", closed_at=clock.now())
    await Task.filter(id=tasks[1]).update(deadline=clock.now() - timedelta(days=400), supervised=2)
    async with at_desk(app, "office") as office:
        book = await fetched(office, "?stage=all")
    assert book.sheetnames == ["台账", *LISTS]
    sheet = book["台账"]
    found = cells(sheet)
    assert tuple(found[0]) == COLUMNS and len(found) == 4
    rows = await Task.all().order_by("deadline", "id")
    for place, (row, task) in enumerate(zip(found[1:], rows, strict=True), 1):
        mine = task.id == tasks[0]
        here = "安家庄村" if task.village != NEIGHBOUR else "吕家坡村"
        remarks = (
            "已销号；照片共3张" if mine else "待签收；逾期；督办2次" if task.id == tasks[1] else "待签收"
        )
        assert row == [
            place, task.number, "王平镇", here, day(task.dispatched_at), task.item, task.text, task.place,
            f"{here.removesuffix('村')}村委会", "安家庄村委会 王书记" if mine else None, day(task.deadline),
            "已按要求整改完毕；都清走了" if mine else task.requirement, day(task.submitted_at) if mine else None, None, None,
            "王平镇专管员 李敏" if mine else None, day(task.closed_at) if mine else None, remarks,
        ]  # fmt: skip
    for name, columns in LISTS.items():
        assert tuple(cells(book[name])[0]) == columns and len(cells(book[name])) == 4
        same = [one for one in columns if one in COLUMNS]
        for row, whole in zip(cells(book[name])[1:], found[1:], strict=True):
            said = dict(zip(columns, row, strict=True))
            assert [said[one] for one in same] == [whole[COLUMNS.index(one)] for one in same]
    line = [task.id for task in rows].index(tasks[0]) + 1
    places = {(image.anchor._from.row, image.anchor._from.col) for image in sheet._images}
    assert places == {(line, BEFORE), (line, AFTER)}


async def test_print_set_up(app: Starlette) -> None:
    await a_task()
    async with at_desk(app, "town") as town:
        book = await fetched(town)
    for sheet in book:
        assert sheet.freeze_panes == "A2" and sheet.print_title_rows == "$1:$1"
        assert sheet.page_setup.orientation == "landscape" and sheet.page_setup.paperSize == 9
        assert sheet.sheet_properties.pageSetUpPr.fitToPage and sheet.page_setup.fitToHeight == 0
        assert "第 &P 页" in sheet.oddFooter.center.text


async def test_what_begins_like_a_formula_stays_text(tmp_path: Path) -> None:
    book = Book(tmp_path / "a.xlsx", Blobs(tmp_path / "blobs"), "2026-11-22")
    for start in range(0, len(TRICKY), 4):
        book.add([LedgerRow((text,) * len(COLUMNS), "一般") for text in TRICKY[start : start + 4]])
    book.close()
    book.forget()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("ledger-")] == []
    for sheet in openpyxl.load_workbook(tmp_path / "a.xlsx"):
        for row, text in zip(sheet.iter_rows(min_row=2), TRICKY, strict=True):
            for cell in row:
                if cell.column_letter == "I" and sheet.title == "问题清单":
                    continue
                assert (unescape(cell.value), cell.data_type) == (text, "s")
                assert bool(cell.quotePrefix) == (text[0] in "=+-@\t")


async def test_reach_and_whose_it_is(app: Starlette) -> None:
    await a_task()
    await a_task(village=NEIGHBOUR)
    async with at_desk(app, "neighbour") as desk, at_desk(app, "office") as office:
        assert len(cells((await fetched(desk))["台账"])) == 2
        assert len(cells((await fetched(office))["台账"])) == 3
        theirs = (await office.get("/ledger")).split("job=")[1].split('"')[0]
        assert (await office.http.get(f"/ledger.xlsx?job={theirs}")).status_code == 200
        assert (await desk.http.get(f"/ledger.xlsx?job={theirs}")).status_code == 404
        assert (await desk.http.get("/ledger.xlsx?job=1")).status_code == 404


async def test_a_browsers_asking_begins_nothing_and_nothing_is_told_of_nothing(app: Starlette) -> None:
    async with at_desk(app, "town3") as desk:
        assert (await desk.http.get("/ledger.xlsx")).headers["location"] == "/ledger"
        assert "没有符合条件的任务" in await desk.get("/ledger")
        answer = await desk.http.post("/ledger", data={})
        assert answer.status_code == 403


async def test_a_program_gets_the_same_file(app: Starlette) -> None:
    await a_task()
    async with at_desk(app, "office") as desk:
        token = desk.http.cookies["xuncun"]
        desk.http.cookies.clear()
        bearer = {"Authorization": f"Bearer {token}"}
        first = await desk.http.get("/ledger.xlsx?stage=all", headers=bearer)
        assert first.status_code == 202 and first.json()["state"] in ("waiting", "running")
        for _ in range(2400):
            answer = await desk.http.get(first.json()["url"], headers=bearer)
            if answer.status_code == 200:
                break
            await asyncio.sleep(0.05)
        assert len(cells(openpyxl.load_workbook(io.BytesIO(answer.content))["台账"])) == 2


def test_a_thumbnail_is_made_once_kept_and_mended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs = Blobs(tmp_path / "blobs")
    sha256 = blobs.put(jpeg("a", (800, 600)))
    made: list[Path] = []
    make = ledger_book.thumbnail

    def counted(path: Path, width: int) -> bytes:
        found = make(path, width)
        made.append(path)
        return found

    monkeypatch.setattr(ledger_book, "thumbnail", counted)

    def written(name: str) -> int:
        book = Book(tmp_path / name, blobs, "2026-11-22")
        book.add([LedgerRow(("x",) * len(COLUMNS), "一般", before=sha256)])
        book.close()
        book.forget()
        [image] = openpyxl.load_workbook(tmp_path / name)["台账"]._images
        with Image.open(image.ref) as shown:
            shown.load()
            return shown.width

    assert written("a.xlsx") == written("b.xlsx") == ledger_book.SMALL
    assert made == [blobs.path(sha256)]  # once
    kept = blobs.thumb_path(sha256, ledger_book.SMALL)
    kept.write_bytes(kept.read_bytes()[:-200])  # cut short by a power cut
    assert written("c.xlsx") == ledger_book.SMALL and len(made) == 2
    assert "ledger" not in "".join(path.name for path in tmp_path.iterdir() if path.is_dir())
