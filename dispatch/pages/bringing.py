"""带入台账: the office's own Excel, uploaded, judged, its columns named, then carried out; nothing happens before that."""

import asyncio
import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from dispatch import jobs
from dispatch.bringing import shelf as shelves
from dispatch.bringing.check import VERB
from dispatch.bringing.columns import CALLED, NEEDED
from dispatch.bringing.limits import MOST_BYTES
from dispatch.bringing.run import BRING, CHECK, opened_by
from dispatch.bringing.shelf import Choice, Meta, Shelf
from dispatch.pages.naming import names_for
from villages.ground.problems import Problem
from villages.models import Job
from villages.permissions import Who
from villages.shell import desk, desk_page
from villages.web import form, need

RETRY = 2  # seconds
SHOWN = 200  # faults and tasks on the page
SPARE = 1 << 20  # of a form, beside its file
FORM_THINGS = tuple(name for name in CALLED if name != "reviewer")


@dataclass(frozen=True)
class Standing:
    """How far it is: checking, unread (the file could not be taken), checked, bringing, stopped, done."""

    at: str
    job: Job | None


@desk_page
async def begin_page(request: Request, who: Who) -> Response:
    """GET /ledger/bring: choose a file; those of the last days."""
    need(who, VERB, who.district)
    mine = await asyncio.to_thread(shelves.those_of, request.app.state.settings, who.person)
    return _begin(request, who, mine[:10])


def _begin(request: Request, who: Who, mine: list[Meta], wrong: str = "", status: int = 200) -> Response:
    return desk(
        request, who, "dispatch/bring.html", status=status, mine=mine, wrong=wrong, most=MOST_BYTES >> 20
    )


@desk_page
async def upload(request: Request, who: Who) -> Response:
    """POST /ledger/bring: keep the file, begin to judge it."""
    need(who, VERB, who.district)
    if int(request.headers.get("content-length", "0")) > MOST_BYTES + SPARE:
        raise Problem("too_large", what="台账文件", limit=f"{MOST_BYTES >> 20} MB")
    data = await form(request, who, max_files=1, max_fields=5)
    file = data.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        return _begin(request, who, [], "还没有选择文件；请选择一份 Excel 台账。", 422)
    shelf = await asyncio.to_thread(shelves.new, request.app.state.settings)
    sha256, size = await asyncio.to_thread(_keep, file, shelf.source)
    meta = await asyncio.to_thread(shelf.begin, who.person, file.filename, sha256, size)
    await _check(meta, who)
    return RedirectResponse(f"/ledger/bring/{shelf.id}", 303)


def _keep(file: UploadFile, target: Path) -> tuple[str, int]:
    with target.open("wb") as out:
        shutil.copyfileobj(file.file, out, 1 << 20)
    with target.open("rb") as kept:
        return hashlib.file_digest(kept, "sha256").hexdigest(), target.stat().st_size


async def _check(meta: Meta, who: Who) -> None:
    await jobs.enqueue(CHECK, f"{CHECK}:{meta.id}:{meta.checks}", {"bringing": meta.id}, who.person)


async def _shelf(request: Request, who: Who) -> tuple[Shelf, Meta]:
    """The bringing-in of this address, if it is this person's. Raises not_found."""
    need(who, VERB, who.district)
    shelf = Shelf(request.app.state.settings, request.path_params["id"])
    meta = await asyncio.to_thread(shelf.meta)
    if meta is None or meta.person != str(who.person):
        raise Problem("not_found")
    return shelf, meta


async def _standing(meta: Meta) -> Standing:
    bring = await Job.get_or_none(key=f"{BRING}:{meta.id}")
    if bring:
        return Standing({"failed": "stopped", "done": "done"}.get(bring.state, "bringing"), bring)
    judged = await Job.get_or_none(key=f"{CHECK}:{meta.id}:{meta.checks}")
    state = judged.state if judged else "failed"
    return Standing({"failed": "unread", "done": "checked"}.get(state, "checking"), judged)


@desk_page
async def page(request: Request, who: Who) -> Response:
    """GET /ledger/bring/{id}: progress, what is wrong, which column is which, the result."""
    shelf, meta = await _shelf(request, who)
    now = await _standing(meta)
    report = await asyncio.to_thread(shelf.told, "report.json") or {}
    tasks, opened = [], 0
    if now.at in ("done", "stopped", "bringing"):
        opened = await opened_by(shelf.id).count()
    if now.at in ("done", "stopped"):
        tasks = await opened_by(shelf.id).order_by("deadline", "id").limit(SHOWN)
    names = await names_for({task.village for task in tasks})
    return desk(
        request, who, "dispatch/bring_one.html", meta=meta, at=now.at, job=now.job, report=report, retry=RETRY,
        tasks=tasks, opened=opened, names=names, faults=report.get("faults", [])[:SHOWN],
        lacking=[name for name in NEEDED if not report.get("columns", {}).get(name)],
        things=[(name, CALLED[name][0], report.get("columns", {}).get(name, 0)) for name in FORM_THINGS],
    )  # fmt: skip


@desk_page
async def choose(request: Request, who: Who) -> Response:
    """POST /ledger/bring/{id}/columns: another sheet, head or column; judged anew."""
    shelf, meta = await _shelf(request, who)
    data = await form(request, who, max_fields=len(CALLED) + 8)
    if (await _standing(meta)).at not in ("checked", "unread"):
        raise Problem("invalid", what="这份台账正在办理或已经带入，不能再改栏目；如需重来，请重新上传。")
    report = await asyncio.to_thread(shelf.told, "report.json") or {}
    chosen = await asyncio.to_thread(shelf.choose, _choice(data, report))
    if chosen:
        await _check(chosen, who)
    return RedirectResponse(f"/ledger/bring/{shelf.id}", 303)


def _choice(data: Mapping[str, Any], report: Mapping[str, Any]) -> Choice:
    """What the form says. Another sheet or head begins with its own headings."""
    sheet, head = _number(data.get("sheet")), _number(data.get("head"))
    finished = "bring" if data.get("finished") == "bring" else "skip"
    if sheet != report.get("sheet"):
        return Choice(sheet, 0, {}, finished)
    if head != report.get("head"):
        return Choice(sheet, head, {}, finished)
    taken: dict[str, int] = {}
    for name in FORM_THINGS:
        column = _number(data.get(f"column:{name}"))
        if column and column not in taken.values():
            taken[name] = column
    return Choice(sheet, head, taken, finished)


def _number(given: Any) -> int:
    text = str(given or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


@desk_page
async def carry_out(request: Request, who: Who) -> Response:
    """POST /ledger/bring/{id}/start: open the tasks. Rows with faults stay out only when it was said so."""
    shelf, meta = await _shelf(request, who)
    data = await form(request, who, max_fields=6)
    report = await asyncio.to_thread(shelf.told, "report.json") or {}
    now = await _standing(meta)
    if now.at not in ("checked", "stopped") or not report.get("ready"):
        raise Problem("invalid", what="这份台账没有可以带入的行，或已经在带入；请看本页的说明。")
    if report["wrong"] and data.get("without") != "yes":
        raise Problem(
            "invalid", what=f"还有 {report['wrong']} 行需要改正；请改好后重新上传，或选择先带入其余各行。"
        )
    await jobs.enqueue(BRING, f"{BRING}:{meta.id}", {"bringing": meta.id}, who.person)
    return RedirectResponse(f"/ledger/bring/{shelf.id}", 303)


routes: list[Route] = [
    Route("/ledger/bring", begin_page, methods=["GET"]),
    Route("/ledger/bring", upload, methods=["POST"]),
    Route("/ledger/bring/{id:uuid}", page, methods=["GET"]),
    Route("/ledger/bring/{id:uuid}/columns", choose, methods=["POST"]),
    Route("/ledger/bring/{id:uuid}/start", carry_out, methods=["POST"]),
]
