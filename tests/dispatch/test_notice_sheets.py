"""整改通知单: what a village gets on paper, edition by edition, and what its code tells later."""

import asyncio
import io
import re
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import httpx2
import pikepdf
import pytest
from starlette.applications import Starlette

from dispatch.editions import anchors
from dispatch.models import Edition, NoticeSheet, Task, TaskPhoto
from dispatch.stages import OPEN
from dispatch.town_sheets import AT_ONCE
from inspections.models import Photo
from tests.dispatch.desk_house import NEIGHBOUR, TOWN, VILLAGE, at_desk, house, jpeg, said, some_tasks
from villages.changes import SYSTEM, Line, change
from villages.models import Change, Job


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[Starlette]:
    async with house(tmp_path) as running:
        yield running


def text_of(answer: httpx2.Response) -> str:
    """The words of a PDF without its line breaks."""
    assert answer.status_code == 200 and answer.content.startswith(b"%PDF"), answer.text[:500]
    done = subprocess.run(
        ["pdftotext", "-raw", "-", "-"], input=answer.content, capture_output=True, check=True
    )
    return re.sub(r"\s+", "", done.stdout.decode())


def fonts_embedded(data: bytes) -> set[bool]:
    """Whether each font of a PDF is embedded."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        inside = [font for page in pdf.pages for font in page.Resources.Font.values()]
        return {
            any(key in font.DescendantFonts[0].FontDescriptor for key in ("/FontFile2", "/FontFile3"))
            for font in inside
        }


async def ended(kind: str) -> tuple[str, str]:
    """How the newest job of the kind ended, and with what: the application's own hands do it."""
    for _ in range(900):
        job = await Job.filter(kind=kind).order_by("-created").first()
        if job and job.state in ("done", "failed"):
            return job.state, job.result or job.error
        await asyncio.sleep(0.1)
    raise AssertionError("never ended")


async def with_previews(app: Starlette) -> None:
    """A small preview of every photo that a task shows."""
    shots = await TaskPhoto.all().values("photo", "sha256")

    async def work(line: Line) -> None:
        known = {"size": 9, "mime": "image/jpeg", "state": "expected", "has_preview": True, "rev": line.rev}
        where = {"home": VILLAGE, "town": TOWN, "person": uuid4()}
        line.add(Photo, [{"id": one["photo"], "sha256": one["sha256"], **known, **where} for one in shots])

    for one in shots:
        app.state.blobs.preview_path(one["sha256"]).write_bytes(jpeg(one["sha256"]))
    await change(work, district="110109", actor=SYSTEM, verb="photo.stored")


async def test_a_village_without_open_tasks_is_told_so_in_a_sentence(app: Starlette) -> None:
    async with at_desk(app, "village") as village:
        told = text_of(await village.http.get(f"/villages/{VILLAGE}/notice.pdf"))
    assert "你村没有尚未销号的整改任务，本期不需要整改。" in told and "王平镇安家庄村村民委员会：" in told
    assert "第1页/共1页" in told and "数据截至" in told and "第1版" in told


async def test_the_same_tasks_are_the_same_edition_and_a_change_a_new_one(app: Starlette) -> None:
    tasks = await some_tasks(2, text="成堆垃圾未清运", place="村委会东侧")
    path = f"/villages/{VILLAGE}/notice.pdf"
    async with at_desk(app, "village") as village, at_desk(app, "town") as town:
        first = await village.http.get(path)
        told = text_of(first)
        assert "现有2项问题" in told and told.count("成堆垃圾未清运") == 2 and "待签收" in told
        number = (await Task.get(id=tasks[0])).number
        assert number in told and "清理干净，恢复原貌。" in told and "安家庄村委会" in told
        assert fonts_embedded(first.content) == {True}
        assert (await town.http.get(path)).content == first.content, "a reprint serves the bytes"
        assert await Change.filter(verb="sheet.issue").count() == 1
        await village.act(tasks[0], "accept")
        second = await town.http.get(path)
        assert second.headers["x-xuncun-edition"] == "2" and "整改中" in text_of(second)
        again = await village.http.get(f"{path}?edition=1")
        assert again.content == first.content
        assert (await village.http.get(f"{path}?edition=7")).status_code == 404
        kept = await village.http.get(path, headers={"if-none-match": second.headers["etag"]})
        assert kept.status_code == 304
    printed = [(one.data_rev, one.chain_hash) for one in await NoticeSheet.all()]
    assert set(printed) <= set(await anchors()), "verify holds the trail to what was printed"


async def test_who_may_not_see_the_village_gets_no_sheet(app: Starlette) -> None:
    async with at_desk(app, "neighbour") as neighbour, at_desk(app, "town3") as far:
        for desk in (neighbour, far):
            assert (await desk.http.get(f"/villages/{VILLAGE}/notice.pdf")).status_code == 404
        assert (await far.http.get(f"/towns/{TOWN}/notices")).status_code == 404
        assert (await far.http.get(f"/towns/{TOWN}/notices.pdf")).status_code == 404
        assert (await neighbour.http.get("/villages/110109005999/notice.pdf")).status_code == 404
    async with at_desk(app, "water") as water:
        assert (await water.http.get(f"/villages/{VILLAGE}/notice.pdf")).status_code == 404
    assert not await NoticeSheet.exists()


async def test_the_code_on_the_paper_tells_what_became_of_the_tasks(app: Starlette) -> None:
    tasks = await some_tasks(2, text="村民张三家门前堆物")
    async with at_desk(app, "office") as office:
        await office.http.get(f"/villages/{VILLAGE}/notice.pdf")
        sheet = await NoticeSheet.get()
        page = await office.get(f"/verify/{sheet.code[:4]}-{sheet.code[4:]}")
        assert "与系统记录一致" in said(page) and "张三" not in page, "nobody's name"
        await office.act(tasks[0], "cancel", text="重复派单")
        await some_tasks(1)
        page = said(await office.get(f"/verify/{sheet.code}"))
        assert "印发后有 1 项已办结、撤销或挂账，新派 1 项" in page and "现在还有 1 项未销号" in page
        await office.http.get(f"/villages/{VILLAGE}/notice.pdf")
        assert "最新为第 2 版" in said(await office.get(f"/verify/{sheet.code}"))
    assert not await Edition.exists()


async def test_a_towns_sheets_are_one_file_made_as_a_job(app: Starlette) -> None:
    await some_tasks(1)
    await some_tasks(1, village=NEIGHBOUR)
    async with at_desk(app, "town") as town:
        assert f"/towns/{TOWN}/notices" in await town.get("/")
        assert (await town.http.get(f"/towns/{TOWN}/notices.pdf")).status_code == 303
        form = await town.form(f"/towns/{TOWN}/notices", "/notices")
        assert (await town.http.post(form.action, data=form.fields | {"csrf": "x"})).status_code == 403
        for _ in range(2):
            assert (await town.send(form)).status_code == 303
        assert (await ended("town_sheets"))[0] == "done"
        page = await town.get(f"/towns/{TOWN}/notices")
        assert "2 个村的通知单已合成一个文件" in said(page), said(page)
        told = text_of(await town.http.get(f"/towns/{TOWN}/notices.pdf"))
        assert "安家庄村委会" in told and "吕家坡村委会" in told
        assert {one.village for one in await NoticeSheet.all()} == {VILLAGE, NEIGHBOUR}
        assert await Task.filter(stage__in=sorted(OPEN)).count() == 2
        far = await town.http.get("/towns/110109104/notices")
        assert far.status_code == 404


async def test_a_long_sheet_is_made_as_a_job_and_then_served_at_once(app: Starlette) -> None:
    tasks = await some_tasks(AT_ONCE + 1, text="成堆垃圾未清运")
    await with_previews(app)
    pdf, page = f"/villages/{VILLAGE}/notice.pdf", f"/villages/{VILLAGE}/notice"
    async with at_desk(app, "town") as town, at_desk(app, "neighbour") as neighbour:
        answer = await town.http.get(pdf)
        assert (answer.status_code, answer.headers["location"]) == (
            303,
            page,
        ) and not await NoticeSheet.exists()
        form = await town.form(page, "/notice")
        assert (await town.http.post(page, data=form.fields | {"csrf": "x"})).status_code == 403
        assert (await neighbour.http.get(page)).status_code == 404
        assert (await neighbour.http.post(page, data=form.fields)).status_code == 404
        for _ in range(2):
            assert (await town.send(form)).status_code == 303
        assert await ended("village_sheet") == ("done", "1")
        assert "通知单已生成" in await town.get(page)
        told = text_of(await town.http.get(pdf))
        assert f"现有{len(tasks)}项问题" in told and told.count("成堆垃圾未清运") == len(tasks)
        assert (await Job.get()).total == len(tasks) + 1, "each photo, and the print"

        await town.act(tasks[0], "accept")
        assert (await town.http.get(pdf)).status_code == 303, "what stands now is not printed yet"
        app.state.blobs.path((await NoticeSheet.get()).pdf_sha256).unlink()
        await town.send(await town.form(page, "/notice"))
        assert await ended("village_sheet") == ("done", "2")
        assert "整改中" in text_of(await town.http.get(pdf)) and await NoticeSheet.all().count() == 2
        for _ in range(2):  # cancelled down to a short one: printed while one waits
            await town.act(tasks.pop(), "cancel", text="重复派单")
        assert (await town.http.get(pdf)).headers["x-xuncun-edition"] == "3"


async def test_a_long_sheet_whose_bytes_are_gone_is_begun_again(app: Starlette) -> None:
    await some_tasks(AT_ONCE + 1)
    page = f"/villages/{VILLAGE}/notice"
    async with at_desk(app, "office") as office:
        await office.send(await office.form(page, "/notice"))
        assert await ended("village_sheet") == ("done", "1")
        app.state.blobs.path((await NoticeSheet.get()).pdf_sha256).unlink()
        await office.send(await office.form(page, "/notice"))
        assert await ended("village_sheet") == ("done", "2")
        assert text_of(await office.http.get(f"{page}.pdf"))
