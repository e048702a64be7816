"""/held/rescue: the office brings in what a tablet could not hand in; first looked at, then imported, each with its verdict."""

import asyncio
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from dispatch.pages.naming import names_for
from offline_sync.receipts import moment
from offline_sync.rescue.archive import Archive
from offline_sync.rescue.bring_in import bring_in
from offline_sync.rescue.look import Act, look_over
from offline_sync.rescue.waiting import folder_of, open_file, sweep, waiting
from templates import words
from villages.changes import Actor
from villages.ground.blobs import Blobs
from villages.ground.problems import Problem
from villages.permissions import Who, post_for
from villages.shell import desk, desk_page, done
from villages.web import form

VERB = "rescue.import"
MOST = 2 * 1024**3  # bytes of an uploaded file; larger ones come by `manage.py import-rescue`


def _need(who: Who) -> Actor:
    post = post_for(who, VERB, who.district)
    if post is None:
        raise Problem("forbidden", act=words.VERB[VERB], who="区级办公室")
    return Actor(who.person, post.role, post.place, who.title, who.device)


@desk_page
async def upload(request: Request, who: Who) -> Response:
    """GET /held/rescue: the form. POST: open the file; on to what it holds, or the form again with what is wrong."""
    _need(who)
    if request.method == "GET":
        return desk(request, who, "offline_sync/rescue.html", wrong="")
    blobs: Blobs = request.app.state.blobs
    await asyncio.to_thread(sweep, blobs)
    try:
        length = request.headers.get("content-length", "")
        if not length.isdecimal() or int(length) > MOST:
            raise Problem("too_large", what="网页导入的救援包", limit=f"{MOST >> 30} GB")
        data = await form(request, who, max_fields=4, max_files=1)
        file = data.get("file")
        if not isinstance(file, UploadFile) or not file.size:
            raise Problem("invalid", what="请先选择救援包文件。")
        sha256, _ = await open_file(file.file, folder_of(blobs), str(data.get("passphrase", ""))[:200])
    except Problem as problem:
        if problem.code == "csrf":
            raise
        return desk(request, who, "offline_sync/rescue.html", status=problem.status, wrong=problem.sentence)
    return RedirectResponse(f"/held/rescue/{sha256}", 303)


@desk_page
async def one(request: Request, who: Who) -> Response:
    """GET /held/rescue/{file}: whose, how much, what of it is here already; after an import, each verdict."""
    _need(who)
    return await _show(request, who)


async def _show(request: Request, who: Who, faults: list[str] | None = None) -> Response:
    blobs: Blobs = request.app.state.blobs
    file = request.path_params["file"]
    try:
        with await asyncio.to_thread(Archive, waiting(blobs, file)) as archive:
            view = await look_over(archive, blobs, file, who.person)
    except Problem as problem:
        if problem.code == "not_found":
            raise
        await asyncio.to_thread(waiting(blobs, file).unlink, True)
        return desk(request, who, "offline_sync/rescue.html", status=problem.status, wrong=problem.sentence)
    lines = [_line(act) for act in view.acts]
    names = await names_for({line["village"] for line in lines})
    counts = {
        state: list(view.photos.values()).count(state)
        for state in ("here", "coming", "refused", "broken", "stray")
    }
    return desk(
        request, who, "offline_sync/rescue_one.html", view=view, lines=lines, names=names, counts=counts, made=moment(view.archive.manifest.made_at),
        drafts=list(view.drafts.values()), faults=[*(faults or []), *view.faults], new=sum(act.new for act in view.acts),
    )  # fmt: skip


def _line(act: Act) -> dict[str, Any]:
    village, checklist = act.args.get("village"), act.args.get("checklist")
    code = checklist.get("code") if isinstance(checklist, dict) else ""
    kept = act.kept
    href = ""
    if kept and kept.status == "held":
        href = f"/held/{kept.id}"
    elif (
        kept and kept.status == "applied" and act.arrived and act.arrived.command.verb == "inspection.submit"
    ):
        href = f"/inspections/{act.args.get('inspection', '')}"
    return {
        "verb": act.arrived.command.verb if act.arrived else "", "at": act.arrived.at if act.arrived else None,
        "village": village if isinstance(village, str) and village.isdigit() else "",
        "checklist": code if isinstance(code, str) else "", "kept": kept, "fault": act.fault, "href": href,
        "file": act.listed.file,
    }  # fmt: skip


@desk_page
async def bring(request: Request, who: Who) -> Response:
    """POST /held/rescue/{file}/import: safe to press twice."""
    actor = _need(who)
    await form(request, who, max_fields=4)
    blobs: Blobs = request.app.state.blobs
    file = request.path_params["file"]
    with await asyncio.to_thread(Archive, waiting(blobs, file)) as archive:
        report = await bring_in(await look_over(archive, blobs, file, who.person), blobs, actor)
    if report.faults:
        return await _show(request, who, report.faults)
    return done(f"/held/rescue/{file}", VERB)


@desk_page
async def away(request: Request, who: Who) -> Response:
    """POST /held/rescue/{file}/removal: the uploaded copy goes; what was imported stays."""
    _need(who)
    await form(request, who, max_fields=4)
    await asyncio.to_thread(waiting(request.app.state.blobs, request.path_params["file"]).unlink, True)
    return RedirectResponse("/held/rescue", 303)


routes: list[Route] = [
    Route("/held/rescue", upload, methods=["GET", "POST"]),
    Route("/held/rescue/{file:str}", one, methods=["GET"]),
    Route("/held/rescue/{file:str}/import", bring, methods=["POST"]),
    Route("/held/rescue/{file:str}/removal", away, methods=["POST"]),
]
