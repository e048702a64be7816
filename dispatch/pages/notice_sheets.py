"""Doors of the 整改通知单: a village's at once when it is short; a long one, and a town's, as a job that is begun,
watched and fetched."""

import asyncio
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Route

from dispatch import editions, jobs, notice_sheets, town_sheets
from dispatch.models import NoticeSheet
from dispatch.pages.naming import names_for
from dispatch.pages.paper import inline, press_of
from villages.ground.problems import Problem
from villages.models import Job, Town, Village
from villages.permissions import Who
from villages.shell import desk, desk_page
from villages.web import form, need

RETRY = 3  # seconds until it is worth asking again


@desk_page
async def village_sheet(request: Request, who: Who) -> Response:
    """GET /villages/{code}/notice.pdf[?edition=n]: the open tasks as they stand, or an earlier edition's own bytes."""
    code = _code(request, 12)
    village = await Village.get_or_none(code=code)
    if village is None:
        raise Problem("not_found")
    need(who, "sheet.print", code)
    asked = request.query_params.get("edition", "")
    if asked:
        number = int(asked) if asked.isdecimal() and len(asked) < 7 else 0
        sheet = await NoticeSheet.get_or_none(village=code, number=number)
        if sheet is None:
            raise Problem("not_found")
    elif await town_sheets.is_long(code):
        standing = await editions.standing(await press_of(request), notice_sheets.SHEET, code)
        if standing is None:
            return RedirectResponse(f"/villages/{code}/notice", 303)
        sheet = standing
    else:
        sheet = await notice_sheets.issue(await press_of(request), who, code)
    path = request.app.state.blobs.path(sheet.pdf_sha256)
    if not await asyncio.to_thread(path.is_file):
        raise Problem("not_found")
    name = f"{sheet.figures['town']}-{village.name}-整改通知单-第{sheet.number}版.pdf"
    headers = {
        "ETag": f'"{sheet.pdf_sha256}"',
        "Cache-Control": "private, no-cache",
        "Vary": "Authorization, Cookie",
        "X-Xuncun-Edition": str(sheet.number),
        "Content-Disposition": inline(name, f"{notice_sheets.sheet_number(sheet)}.pdf"),
    }
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return FileResponse(path, headers=headers, media_type="application/pdf")


def _code(request: Request, length: int) -> str:
    code = str(request.path_params["code"])
    if len(code) != length or not (code.isascii() and code.isdigit()):
        raise Problem("not_found")
    return code


async def _job(place: str) -> tuple[Job | None, str]:
    """The job that makes just this paper (or one of the place under way, which is finished first), and its key."""
    beginning, key = await town_sheets.job_key(place)
    kind = beginning.partition(":")[0]
    return await jobs.under_way(kind, beginning) or await Job.get_or_none(key=key), key


def _state(job: Job | None, ready: bool) -> str:
    if ready:
        return "done"
    return job.state if job and job.state in ("waiting", "running", "failed") else "none"


async def _file(request: Request, job: Job | None) -> Path | None:
    return await jobs.finished_file(job, lambda done: town_sheets.file_of(request.app.state.settings, done))


@desk_page
async def village_page(request: Request, who: Who) -> Response:
    """GET /villages/{code}/notice: begin a long sheet, watch it, fetch it."""
    village, ready, job, _key = await _village(request, who)
    return desk(
        request, who, "dispatch/village_sheet.html", village=village, job=job, state=_state(job, ready), retry=RETRY,
        count=await town_sheets.open_tasks(village.code),
    )  # fmt: skip


@desk_page
async def village_begin(request: Request, who: Who) -> Response:
    """POST /villages/{code}/notice: begin it (again)."""
    village, ready, job, key = await _village(request, who)
    await form(request, who, max_fields=5)
    if not ready:
        if job and job.state == "done":  # its edition is not what stands now, or its bytes are gone
            await jobs.again(job)
        elif job is None or job.state == "failed":
            args = {"village": village.code, "base": (await press_of(request)).base_url}
            await jobs.enqueue(town_sheets.ONE, key, args, who.person)
    return RedirectResponse(f"/villages/{village.code}/notice", 303)


async def _village(request: Request, who: Who) -> tuple[Village, bool, Job | None, str]:
    """The village, whether an edition prints what stands now, and the job that makes it with its key."""
    code = _code(request, 12)
    village = await Village.get_or_none(code=code)
    if village is None:
        raise Problem("not_found")
    need(who, "sheet.print", code)
    job, key = await _job(code)
    standing = await editions.standing(await press_of(request), notice_sheets.SHEET, code)
    return village, standing is not None, job, key


async def _town(request: Request, who: Who) -> str:
    code = _code(request, 9)
    if not await Town.exists(code=code):
        raise Problem("not_found")
    need(who, "sheet.print", code)
    return code


@desk_page
async def town_page(request: Request, who: Who) -> Response:
    """GET /towns/{code}/notices: begin the town's file, watch it, fetch it."""
    town = await _town(request, who)
    job, _key = await _job(town)
    state = _state(job, await _file(request, job) is not None)
    villages = await town_sheets.with_open_tasks(town)
    names = await names_for(())
    return desk(
        request, who, "dispatch/town_sheets.html", town=town, name=names.town(town), villages=villages, job=job,
        state=state, retry=RETRY,
    )  # fmt: skip


@desk_page
async def town_begin(request: Request, who: Who) -> Response:
    """POST /towns/{code}/notices: begin it (again)."""
    town = await _town(request, who)
    await form(request, who, max_fields=5)
    job, key = await _job(town)
    if job and job.state == "done" and await _file(request, job) is None:
        await jobs.again(job)
    elif job is None or job.state == "failed":
        args = {"town": town, "base": (await press_of(request)).base_url}
        await jobs.enqueue(town_sheets.KIND, key, args, who.person)
    return RedirectResponse(f"/towns/{town}/notices", 303)


@desk_page
async def town_pdf(request: Request, who: Who) -> Response:
    """GET /towns/{code}/notices.pdf: the file when it is ready, else the page that makes it."""
    town = await _town(request, who)
    job, _key = await _job(town)
    path = await _file(request, job)
    if path is None:
        return RedirectResponse(f"/towns/{town}/notices", 303)
    name = (await names_for(())).town(town)
    headers = {
        "Cache-Control": "private, no-cache",
        "Vary": "Authorization, Cookie",
        "Content-Disposition": inline(f"{name}-整改通知单.pdf", f"{town}-notices.pdf"),
    }
    return FileResponse(path, headers=headers, media_type="application/pdf")


routes: list[Route] = [
    Route("/villages/{code}/notice.pdf", village_sheet, methods=["GET"]),
    Route("/villages/{code}/notice", village_page, methods=["GET"]),
    Route("/villages/{code}/notice", village_begin, methods=["POST"]),
    Route("/towns/{code}/notices", town_page, methods=["GET"]),
    Route("/towns/{code}/notices", town_begin, methods=["POST"]),
    Route("/towns/{code}/notices.pdf", town_pdf, methods=["GET"]),
]
