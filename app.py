"""The whole web application on one page: database, doors, middleware, life."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match, Mount, Route
from starlette.staticfiles import StaticFiles

import dispatch.pages
import inspections.pages
import offline_sync.pages
import offline_sync.rescue.pages
import villages.pages
from dispatch.jobs import run_jobs
from dispatch.look_backs import posts_lent
from dispatch.notices import badges
from dispatch.unclaimed import forget_for_ever
from offline_sync import (
    device_reports,
    devices,
    drafts,
    nightly,
    own_visits,
    photos,
    pull,
    push,
    shell,
    uploads,
)
from templates import FOLDER
from templates.pdf import PaperPool
from villages.changes import settle
from villages.founded import Founded
from villages.ground import logs
from villages.ground.blobs import Blobs
from villages.ground.database import open_database
from villages.ground.locks import data_held
from villages.ground.memory import give_back_for_ever
from villages.ground.problems import Problem
from villages.ground.settings import Settings, from_environment
from villages.models import DistrictHead
from villages.shield import Shield
from villages.web import problem_response, unexpected_response


async def healthz(_request: Request) -> Response:
    """Up, and the database answers."""
    head = await DistrictHead.first()  # none yet after --empty
    return JSONResponse({"status": "ok", "district": head and head.district, "rev": head.rev if head else 0})


API = [
    Route("/api/session", devices.sign_in, methods=["POST"]),
    Route("/api/session", devices.sign_out, methods=["DELETE"]),
    Route("/api/enrol", devices.enrol, methods=["POST"]),
    Route("/api/password", devices.password, methods=["POST"]),
    Route("/api/sync/hello", push.hello, methods=["POST"]),
    Route("/api/sync/push", push.push, methods=["POST"]),
    Route("/api/sync/pull", pull.pull, methods=["POST"]),
    Route("/api/sync/report", device_reports.report, methods=["POST"]),
    *photos.routes,
    *uploads.routes,
    *drafts.routes,
    *own_visits.routes,
]


def make_app(settings: Settings | None = None) -> Starlette:
    """The application; `settings` from the environment when not given."""
    logs.configure()
    chosen = settings or from_environment()

    @contextlib.asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as held:
            held.enter_context(data_held(chosen.data))
            await held.enter_async_context(open_database(chosen))
            paper = PaperPool(chosen.pdf_workers, photo_root=chosen.blobs)
            app.state.paper = paper
            tasks = [
                asyncio.create_task(run_jobs(app.state)),
                asyncio.create_task(uploads.clean_for_ever(app.state.blobs)),
                asyncio.create_task(forget_for_ever(app.state.blobs)),
                asyncio.create_task(nightly.every_night(app.state)),
                asyncio.create_task(give_back_for_ever()),
            ]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                await settle()
                await asyncio.to_thread(paper.close)

    app = Starlette(
        routes=[
            Route("/healthz", healthz),
            *API,
            *shell.routes(),
            *offline_sync.pages.routes,
            *offline_sync.rescue.pages.routes,
            *dispatch.pages.routes,
            *inspections.pages.routes,
            *villages.pages.routes,
            Mount("/static", StaticFiles(directory=FOLDER / "static")),
        ],
        middleware=[
            Middleware(Shield),
            Middleware(GZipMiddleware, minimum_size=2000, compresslevel=5),
            Middleware(Founded),
        ],
        exception_handlers={
            Problem: problem_response,
            HTTPException: _http_error,
            Exception: unexpected_response,
        },
        lifespan=life,
    )
    app.state.settings = chosen
    app.state.secret = chosen.secret()
    app.state.blobs = Blobs(chosen.blobs)
    app.state.more_posts = posts_lent
    app.state.revoked = devices.is_revoked
    app.state.badges = badges
    return app


async def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    code = {404: "not_found", 405: "method"}.get(status)
    answer = await problem_response(
        request, Problem(code) if code else Problem("invalid", what="请求无法处理，请返回上一页重试。")
    )
    if status == 405:
        answer.headers["Allow"] = ", ".join(sorted(_methods(request)))
    return answer


def _methods(request: Request) -> set[str]:
    """What may be done at this address, by all its doors."""
    here = [route for route in request.app.routes if isinstance(route, Route)]
    open_here = [route for route in here if route.matches(request.scope)[0] is not Match.NONE]
    return {method for route in open_here for method in route.methods or ()}
