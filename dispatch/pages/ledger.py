"""Doors of the 台账: begun as a job, watched, fetched. Programs come with a Bearer session and get the same file."""

from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from dispatch import jobs, ledger
from dispatch.pages.asked import Asked, asked_by, choices
from dispatch.pages.naming import names_for
from villages.districts import the_district
from villages.ground import clock
from villages.ground.problems import Problem
from villages.models import Job
from villages.permissions import Who, post_for
from villages.shell import desk, desk_page
from villages.web import form, wants_json

RETRY = 2  # seconds until it is worth asking again
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _said(asked: Asked) -> dict[str, str]:
    return {name: str(getattr(asked, name)) for name in ledger.FILTERS}


async def _job(who: Who, asked: Asked) -> tuple[Job | None, str]:
    """The job that makes just this ledger (or one of it under way, which is finished first), and its key."""
    beginning, key = await ledger.job_key(who, _said(asked))
    return await jobs.under_way(ledger.KIND, beginning) or await Job.get_or_none(key=key), key


async def _file(request: Request, job: Job | None) -> Path | None:
    return await jobs.finished_file(job, lambda done: ledger.file_of(request.app.state.settings, done))


async def _begin(request: Request, who: Who, asked: Asked, job: Job | None, key: str) -> Job:
    if job and job.state == "done" and await _file(request, job) is None:
        return await jobs.again(job)
    if job and job.state != "failed":
        return job
    return await jobs.enqueue(ledger.KIND, key, {"asked": _said(asked)}, who.person)


@desk_page
async def ledger_page(request: Request, who: Who) -> Response:
    """GET /ledger?<as the list of tasks>: begin it, watch it, fetch it."""
    asked = asked_by(request.query_params).at(1)
    job, _key = await _job(who, asked)
    ready = await _file(request, job) is not None
    state = (
        "done" if ready else job.state if job and job.state in ("waiting", "running", "failed") else "none"
    )
    names = await names_for([asked.village, asked.unit])
    return desk(
        request, who, "dispatch/ledger.html", asked=asked, job=job, state=state, retry=RETRY,
        total=await asked.tasks(who).count(), choices=choices(asked, names, who),
        place=names.place(asked.village) if asked.village else "", link=_link("/ledger", asked),
        file=_link("/ledger.xlsx", asked, job=str(job.id)) if job else "",
        may_bring=post_for(who, "ledger.bring", who.district) is not None,
    )  # fmt: skip


def _link(path: str, asked: Asked, **more: str) -> str:
    said = "&".join(part for part in (asked.at(1).query, urlencode(more)) if part)
    return f"{path}?{said}" if said else path


@desk_page
async def begin(request: Request, who: Who) -> Response:
    """POST /ledger?<filters>: begin it (again). A form's token is asked of browsers, not of a Bearer."""
    if "authorization" not in request.headers:
        await form(request, who, max_fields=5)
    asked = asked_by(request.query_params).at(1)
    job, key = await _job(who, asked)
    job = await _begin(request, who, asked, job, key)
    return _progress(job, asked) if wants_json(request) else RedirectResponse(_link("/ledger", asked), 303)


@desk_page
async def workbook(request: Request, who: Who) -> Response:
    """GET /ledger.xlsx?<filters>[&job=]: the file when it is ready. Otherwise programs get 202 and the job (begun now;
    503 when it failed), people the page that begins it."""
    asked = asked_by(request.query_params).at(1)
    job, key = await _job(who, asked)
    if given := request.query_params.get("job"):  # the very file whose making was watched
        job = await _mine(who, given)
        if job is None:
            raise Problem("not_found")
    path = await _file(request, job)
    if path:
        demo = "演示-" if (await the_district()).kind == "demo" else ""
        name = f"{demo}整改台账-{clock.local(clock.now()):%Y%m%d}.xlsx"
        headers = {
            "Cache-Control": "private, no-store",
            "Vary": "Authorization, Cookie",
            "Content-Disposition": f"attachment; filename=\"ledger.xlsx\"; filename*=UTF-8''{quote(name)}",
        }
        return FileResponse(path, headers=headers, media_type=XLSX)
    if not wants_json(request):
        return RedirectResponse(_link("/ledger", asked), 303)
    # Only a Bearer gets here: a cookie alone begins no work by asking, another site could ask with it.
    if not (job and job.state == "failed"):
        job = await _begin(request, who, asked, job, key)
    return _progress(job, asked)


async def _mine(who: Who, job_id: str) -> Job | None:
    try:
        return await Job.get_or_none(id=UUID(job_id), kind=ledger.KIND, person=who.person)
    except ValueError:
        return None


def _progress(job: Job, asked: Asked) -> Response:
    told: dict[str, Any] = {"job": str(job.id), "state": job.state, "done": job.done, "total": job.total}
    told["url"] = _link("/ledger.xlsx", asked, job=str(job.id))
    failed = job.state == "failed"
    headers = {"Retry-After": str(60 if failed else RETRY)}
    return JSONResponse(told | ({"message": job.error} if failed else {}), 503 if failed else 202, headers)


routes: list[Route] = [
    Route("/ledger", ledger_page, methods=["GET"]),
    Route("/ledger", begin, methods=["POST"]),
    Route("/ledger.xlsx", workbook, methods=["GET"]),
]
