"""带入台账 at the desk: upload, report, columns, the bringing itself, twice; through the pages' own forms."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from dispatch.models import Notice, Step, Task, TaskPhoto
from inspections.models import Photo
from tests.dispatch.bringing.books import book, in_cells, jpeg, row
from tests.dispatch.desk_house import VILLAGE, WATER, Desk, at_desk, form_in, house, said
from villages.ground import clock
from villages.models import Change, DistrictHead


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[Starlette]:
    async with house(tmp_path) as made:
        yield made


async def settled(desk: Desk, path: str) -> str:
    """The page once nothing is under way any more."""
    for _ in range(2400):
        html = await desk.get(path)
        if "http-equiv" not in html:
            return html
        await asyncio.sleep(0.05)
    raise AssertionError(said(html))


async def uploaded(desk: Desk, file: Path, name: str = "台账.xlsx") -> tuple[str, str]:
    """(address, page) of a file's dry run."""
    form = await desk.form("/ledger/bring", "/ledger/bring")
    files = {"file": (name, file.read_bytes(), "application/octet-stream")}
    answer = await desk.http.post(form.action, data=form.fields, files=files)
    assert answer.status_code == 303, said(answer.text)
    where = answer.headers["location"]
    return where, await settled(desk, where)


async def brought(desk: Desk, file: Path) -> str:
    """The result of bringing a file in whole."""
    where, html = await uploaded(desk, file)
    assert (await desk.send(form_in(html, "/start"))).status_code == 303
    return await settled(desk, where)


async def revision() -> int:
    return int((await DistrictHead.first()).rev)  # type: ignore[union-attr]


async def test_from_the_file_to_tasks(app: Starlette, tmp_path: Path) -> None:
    later = clock.local(clock.now()).date() + timedelta(days=20)
    rows = [
        row(编号="A-7", 问题描述="垃圾外溢", 整改期限=later, 责任人="张三", 轻重="较重"),
        row(
            问题描述="路灯不亮", 责任单位="水务局", 整改期限="2026.11.3", 检查日期="2026.10.20", 状态="整改中"
        ),
        row(问题描述="旧墙开裂", 状态="挂账", 整改期限=later),
        row(问题描述="早办完的", 状态="已销号"),
    ]
    shots = {(4, "整改前照片"): jpeg("a"), (5, "整改前照片"): jpeg("b"), (5, "整改后照片"): jpeg("c"), (7, "整改前照片"): jpeg("d")}  # fmt: skip
    file = book(tmp_path / "t.xlsx", rows, above=("整改台账", "单位：区农办"), photos=shots)
    before = await revision()
    async with at_desk(app, "office") as desk:
        where, html = await uploaded(desk, file)
        told = said(html)
        assert "可以带入 3 行，其中挂账 1 行，期限已过 1 行" in told and "已销号 1 行" in told, told
        assert await Task.all().count() == 0 and await revision() == before  # nothing before it was said
        assert (await desk.send(form_in(html, "/start"))).status_code == 303
        told = said(await settled(desk, where))
    assert "已带入 3 项任务" in told and "王平镇 3 项" in told
    one, two, three = await Task.all().order_by("number")
    assert (one.text, one.village, one.unit, one.severity, one.stage) == (
        "垃圾外溢",
        VILLAGE,
        VILLAGE,
        "major",
        "dispatched",
    )
    assert (one.origin, one.category, one.found_on) == ("ledger", "村庄保洁", date(2026, 11, 3))
    assert one.deadline == clock.end_of_day(later) and two.deadline == clock.end_of_day(date(2026, 11, 3))
    assert (two.unit, two.stage, three.stage) == (WATER, "dispatched", "deferred")
    assert clock.local(three.look_again).date() == clock.local(clock.now()).date() + timedelta(days=30)
    first = await Step.get(task_id=one.id)
    assert first.text == "由台账第 4 行带入：原编号 A-7，检查日期 2026-11-03，责任人 张三，原状态 未整改"
    links = await TaskPhoto.all().order_by("task_id", "id").values_list("task_id", "role")
    assert sorted(links) == sorted([(one.id, "before"), (two.id, "before"), (two.id, "after")])
    photos = await Photo.all()
    assert {(photo.state, photo.home) for photo in photos} == {("stored", VILLAGE)} and len(photos) == 3
    assert all(app.state.blobs.size(photo.sha256) == photo.size for photo in photos)
    line = await Change.filter(verb="ledger.bring").get()
    assert line.rev == one.rev == two.rev and await revision() == before + 1  # one whole change
    assert await Notice.filter(kind="accept").exists()


@pytest.mark.slow
async def test_twice_doubles_nothing_and_what_changed_is_told(app: Starlette, tmp_path: Path) -> None:
    rows = [row(), row(), row(位置="桥头"), row(编号="7", 问题描述="井盖缺失")]
    shots = {(2, "整改前照片"): jpeg("a"), (3, "整改前照片"): jpeg("b")}
    file = book(tmp_path / "t.xlsx", rows, photos=shots)
    async with at_desk(app, "office") as desk:
        assert "已带入 4 项任务" in said(await brought(desk, file))
        before = await revision()
        _, html = await uploaded(desk, file, "又一次.xlsx")
        assert "早已带入 4 行" in said(html) and "没有需要带入的行" in said(html)
        rows[3] = row(编号="7", 问题描述="井盖缺失两处")
        rows[2] = row(位置="桥头", 状态="已销号")
        _, html = await uploaded(desk, book(tmp_path / "u.xlsx", [*rows, row(位置="后街")], photos=shots))
        told = said(html)
        assert "可以带入 1 行" in told and "早已带入 4 行" in told
        assert "内容与带入时不同" in told and "台账里已销号，系统里还没有" in told
    assert await Task.all().count() == 4 and await revision() == before


async def test_a_bad_cell_keeps_everything_out_until_it_is_said_otherwise(
    app: Starlette, tmp_path: Path
) -> None:
    rows = [row(), row(村="安加庄村"), row(整改期限="下周三")]
    async with at_desk(app, "office") as desk:
        where, html = await uploaded(desk, book(tmp_path / "t.xlsx", rows))
        told = said(html)
        assert (
            "D3 本区没有叫“安加庄村”的村，是不是“安家庄村”？" in told and "K4 “下周三”不是能认的日期" in told
        )
        form = form_in(html, "/start")
        assert (await desk.send(form, without="")).status_code == 422
        assert await Task.all().count() == 0
        assert (await desk.send(form)).status_code == 303
        assert "已带入 1 项任务" in said(await settled(desk, where))


@pytest.mark.slow
async def test_the_office_says_which_column_is_which(app: Starlette, tmp_path: Path) -> None:
    head = ("甲", "乙", "丙", "丁")
    rows: Sequence[Sequence[Any]] = [("安家庄村", "污水横流", "2027年1月5日", None)]
    file = book(tmp_path / "t.xlsx", rows, head=head, photos={(2, "丁"): jpeg("a")}, sheet="表一")
    async with at_desk(app, "office") as desk:
        where, html = await uploaded(desk, file)
        assert "没有认出“村”“问题描述”这一栏" in said(html) and "/start" not in html
        chosen = {"column:village": "1", "column:text": "2", "column:deadline": "3", "column:before": "4"}
        assert (await desk.send(form_in(html, "/columns"), head="1", sheet="0", **chosen)).status_code == 303
        html = await settled(desk, where)
        assert "可以带入 1 行" in said(html) and "1 张" in said(html)
        assert (await desk.send(form_in(html, "/start"))).status_code == 303
        assert "已带入 1 项任务" in said(await settled(desk, where))
    task = await Task.get()
    assert (task.village, task.text, task.deadline) == (
        VILLAGE,
        "污水横流",
        clock.end_of_day(date(2027, 1, 5)),
    )


async def test_pictures_that_no_column_has_are_told(app: Starlette, tmp_path: Path) -> None:
    head = ("村名", "存在的问题", "限期", "附件")
    rows: Sequence[Sequence[Any]] = [("安家庄村", "污水横流", "2027年1月5日", None)]
    file = book(tmp_path / "t.xlsx", rows, head=head, photos={(2, "附件"): jpeg("a")})
    async with at_desk(app, "office") as desk:
        _, html = await uploaded(desk, file)
    assert "D 列有 1 张图片，没有对应的栏目" in said(html)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "文件是空的"),
        (b"hello", "这不是 Excel 工作簿"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "这是旧版格式（.xls 或 .et）"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "文件设了打开密码"),
    ],
)  # fmt: skip
async def test_what_is_no_ledger_is_said_plainly(
    app: Starlette, tmp_path: Path, data: bytes, told: str
) -> None:
    (tmp_path / "x.xlsx").write_bytes(data)
    async with at_desk(app, "office") as desk:
        _, html = await uploaded(desk, tmp_path / "x.xlsx")
    assert told in said(html) and "没有读成" in said(html)


async def test_whose_it_is(app: Starlette, tmp_path: Path) -> None:
    file = book(tmp_path / "t.xlsx", [row()])
    async with at_desk(app, "office") as desk, at_desk(app, "town") as town, at_desk(app, "admin") as admin:
        where, _ = await uploaded(desk, file)
        assert "带入台账" in await desk.get("/ledger") and "/ledger/bring" not in await town.get("/ledger")
        for one in (town, admin):
            for path in ("/ledger/bring", where):
                assert (await one.http.get(path)).status_code in (403, 404)
            assert (await one.http.post("/ledger/bring", data={})).status_code in (403, 404)
        assert (await desk.http.post(f"{where}/start", data={})).status_code == 403  # no token
    assert await Task.all().count() == 0


@pytest.mark.slow
async def test_a_task_of_a_ledger_goes_the_same_way_as_any(app: Starlette, tmp_path: Path) -> None:
    file = in_cells(
        tmp_path / "t.xlsx", [row()], {(2, "整改前照片"): jpeg("a"), (2, "整改后照片"): jpeg("b")}
    )
    async with at_desk(app, "office") as desk, at_desk(app, "village") as village:
        await brought(desk, file)
        task = await Task.get()
        page = said(await village.get(f"/tasks/{task.id}"))
        assert "垃圾外溢" in page and "台账中已有的整改后照片" in page
        assert "带入的台账，问题类别 村庄保洁" in said(await desk.get(f"/tasks/{task.id}"))
        await village.act(task.id, "accept")
        await village.act(task.id, "submit", files=1, text="清运了")
    assert (await Task.get()).stage == "submitted"
