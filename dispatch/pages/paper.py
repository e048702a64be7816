"""Doors of paper: one card, a round's cards, the progress of making them, and the page that checks a printed card.

Cards also answer to a Bearer session. Reaching a card issues its first edition; who may not print never gets there.
"""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from dispatch import jobs, notice_sheets, round_cards
from dispatch.models import Edition
from dispatch.press import Press, minute, spaced
from dispatch.scorecards import check, issue
from inspections.models import Inspection
from templates import page
from villages.ground.blobs import Blobs
from villages.ground.problems import Problem
from villages.models import Job
from villages.permissions import Who
from villages.shell import desk, desk_page
from villages.web import form, need, public_address, wants_json

RETRY = 3  # seconds until it is worth asking again


async def press_of(request: Request) -> Press:
    """What printing needs, from the running application. Raises no_address where codes would lead nowhere."""
    state = request.app.state
    return Press(state.paper, state.blobs, await public_address(request))


@desk_page
async def scorecard(request: Request, who: Who) -> Response:
    """GET /inspections/{id}/scorecard.pdf[?edition=n]: the card as it stands, or an earlier edition's own bytes."""
    inspection: UUID = request.path_params["id"]
    visit = await Inspection.get_or_none(id=inspection)
    if visit is None:
        raise Problem("not_found")
    need(who, "card.print", visit.village)
    asked = request.query_params.get("edition", "")
    if asked:
        edition = await Edition.get_or_none(
            inspection=inspection, number=int(asked) if asked.isdecimal() and len(asked) < 7 else 0
        )
        if edition is None:
            raise Problem("not_found")
    else:
        edition = await issue(await press_of(request), who, inspection)
    return await _edition(request, edition)


async def _edition(request: Request, edition: Edition) -> Response:
    blobs: Blobs = request.app.state.blobs
    path = blobs.path(edition.pdf_sha256)
    if not await asyncio.to_thread(path.is_file):
        raise Problem("not_found")
    tag = f'"{edition.pdf_sha256}"'
    told = edition.figures
    name = f"{told['town']}-{told['village']}-{told['checklist_code']}-{told['round_number']}-第{edition.number}版.pdf"
    headers = {
        "ETag": tag,
        "Cache-Control": "private, no-cache",
        "Vary": "Authorization, Cookie",
        "X-Xuncun-Edition": str(edition.number),
        "Content-Disposition": inline(name, f"{told['number']}-{edition.number}.pdf"),
    }
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return FileResponse(path, headers=headers, media_type="application/pdf")


def inline(name: str, plain: str) -> str:
    """To be shown, and saved under its Chinese name (RFC 6266)."""
    safe = "".join(char for char in plain if char.isascii() and (char.isalnum() or char in "-_."))
    return f"inline; filename=\"{safe}\"; filename*=UTF-8''{quote(name, safe='')}"


async def _bundle(request: Request, who: Who) -> tuple[Any, Job | None, str]:
    """The round, the job that makes just what is asked for (or is about to, being under way), and the job's key."""
    found = await round_cards.round_for(who, request.path_params["id"])
    beginning, key = await round_cards.job_key(found.id, round_cards.reach(who))
    # While one is being made the record may move on: that one is finished first.
    job = await jobs.under_way(round_cards.KIND, beginning) or await Job.get_or_none(key=key)
    return found, job, key


async def _file(request: Request, job: Job | None) -> Path | None:
    return await jobs.finished_file(job, lambda done: round_cards.file_of(request.app.state.settings, done))


async def _begin(request: Request, who: Who, round_id: UUID, job: Job | None, key: str) -> Job:
    """The job under way: as it is, or begun, or begun again when it failed or its file is gone."""
    if job and job.state == "done" and await _file(request, job) is None:
        return await jobs.again(job)
    if job and job.state != "failed":
        return job
    args = round_cards.args_of(round_id, round_cards.reach(who), (await press_of(request)).base_url)
    return await jobs.enqueue(round_cards.KIND, key, args, who.person)


@desk_page
async def round_pdf(request: Request, who: Who) -> Response:
    """GET /rounds/{id}/scorecards.pdf[?job=id]: the bundle when it is ready. Otherwise programs get 202 and the job
    (begun now; 503 when it failed), people the page that begins it and shows how far it is."""
    found, job, key = await _bundle(request, who)
    asked = request.query_params.get("job")
    if asked:  # the very file whose making was watched, even if the record has moved on since
        job = await _job_of(who, asked)
        if job is None or job.args["round"] != str(found.id):
            raise Problem("not_found")
    path = await _file(request, job)
    if job and path:
        name = f"{found.name}-评分表.pdf"
        headers = {
            "Cache-Control": "private, no-cache",
            "Vary": "Authorization, Cookie",
            "Content-Disposition": inline(name, f"{found.number}-scorecards.pdf"),
        }
        return FileResponse(path, headers=headers, media_type="application/pdf")
    if not wants_json(request) and "application/json" not in request.headers.get("accept", ""):
        return RedirectResponse(f"/rounds/{found.id}/scorecards", 303)
    # Only a Bearer begins work by asking: a cookie alone must not, another site could ask with it.
    if "authorization" in request.headers and not (job and job.state == "failed"):
        job = await _begin(request, who, found.id, job, key)
    return _progress(job)


def _progress(job: Job | None) -> Response:
    if job is None:
        return JSONResponse({"job": None, "state": "none", "done": 0, "total": 0}, 409)
    headers = {"Retry-After": str(RETRY if job.state != "failed" else 60)}
    return JSONResponse(_told(job), 503 if job.state == "failed" else 202, headers)


def _told(job: Job) -> dict[str, Any]:
    told = {"job": str(job.id), "state": job.state, "done": job.done, "total": job.total}
    if job.state == "done":
        told["url"] = f"/rounds/{job.args['round']}/scorecards.pdf?job={job.id}"
    if job.state == "failed":
        told["message"] = job.error
    return told


@desk_page
async def round_page(request: Request, who: Who) -> Response:
    """GET /rounds/{id}/scorecards: begin the bundle, watch it, fetch it."""
    found, job, _key = await _bundle(request, who)
    ready = await _file(request, job) is not None
    cards = await round_cards.bundle(found.id, round_cards.reach(who))
    state = (
        "done" if ready else job.state if job and job.state in ("waiting", "running", "failed") else "none"
    )
    return desk(
        request, who, "dispatch/round_cards.html", round=found, job=job, state=state, count=len(cards),
        towns=len({card.town for card in cards}), retry=RETRY,
    )  # fmt: skip


@desk_page
async def round_begin(request: Request, who: Who) -> Response:
    """POST /rounds/{id}/scorecards: begin it (again). A form's token is asked of browsers, not of a Bearer."""
    if "authorization" not in request.headers:
        await form(request, who, max_fields=5)
    found, job, key = await _bundle(request, who)
    job = await _begin(request, who, found.id, job, key)
    if wants_json(request):
        return _progress(job)
    return RedirectResponse(f"/rounds/{found.id}/scorecards", 303)


async def _job_of(who: Who, job_id: str) -> Job | None:
    """The job, when all it prints lies within what this person may print."""
    try:
        job = await Job.get_or_none(id=UUID(job_id), kind=round_cards.KIND)
    except ValueError:
        return None
    reach = tuple(round_cards.reach(who))
    return job if job and all(place.startswith(reach) for place in job.args["places"]) else None


@desk_page
async def job_state(request: Request, who: Who) -> Response:
    """GET /jobs/{id}: how far a job is, as JSON."""
    job = await _job_of(who, str(request.path_params["id"]))
    if job is None:
        raise Problem("not_found")
    headers = {} if job.state in ("done", "failed") else {"Retry-After": str(RETRY)}
    return JSONResponse(_told(job), headers=headers)


async def verify(request: Request) -> Response:
    """GET /verify/{code}: for whoever holds a printed card or 整改通知单, without sign-in; figures only, nobody's name."""
    code = request.path_params["code"][:24]
    found = await check(code)
    if found is None and (sheet := await notice_sheets.check(code)):
        return _checked_sheet(request, sheet)
    answer: Response = page(
        request, "dispatch/verify.html", status=200 if found else 404, found=found, asked=code,
        code=spaced(found.edition.code) if found else "",
        as_of=minute(datetime.fromisoformat(found.edition.figures["as_of"])) if found else "",
        pdf_hash=_groups(found.edition.pdf_sha256) if found else [],
    )  # fmt: skip
    return answer


def _checked_sheet(request: Request, found: notice_sheets.CheckedSheet) -> Response:
    sheet = found.sheet
    answer: Response = page(
        request, "dispatch/verify_sheet.html", found=found, code=spaced(sheet.code),
        as_of=minute(datetime.fromisoformat(sheet.figures["as_of"])), pdf_hash=_groups(sheet.pdf_sha256),
    )  # fmt: skip
    return answer


def _groups(digest: str) -> list[str]:
    return [digest[at : at + 8] for at in range(0, len(digest), 8)]


async def verify_typed(request: Request) -> Response:
    """GET /verify?code=: a code read off the paper and typed; without one, the form to type it in."""
    typed = request.query_params.get("code", "").strip()[:24]
    if not typed:
        answer: Response = page(request, "dispatch/verify.html", found=None, asked="")
        return answer
    return RedirectResponse(f"/verify/{quote(typed, safe='')}", 303)


routes: list[Route] = [
    Route("/inspections/{id:uuid}/scorecard.pdf", scorecard, methods=["GET"]),
    Route("/rounds/{id:uuid}/scorecards.pdf", round_pdf, methods=["GET"]),
    Route("/rounds/{id:uuid}/scorecards", round_page, methods=["GET"]),
    Route("/rounds/{id:uuid}/scorecards", round_begin, methods=["POST"]),
    Route("/jobs/{id:uuid}", job_state, methods=["GET"]),
    Route("/verify", verify_typed, methods=["GET"]),
    Route("/verify/{code}", verify, methods=["GET"]),
]
