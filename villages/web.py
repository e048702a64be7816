"""From a request to the person behind it; guards, CSRF, problems as pages or JSON.

Desk pages carry a cookie, tablets and programs a Bearer token; what a page may do is the same verb table.
"""

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import UUID

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Match

from templates import page
from templates.words import verb as word_for
from villages.ground.problems import Problem
from villages.ground.trouble import named
from villages.models import DistrictHead
from villages.people import who_by_token
from villages.permissions import PostHeld, Who, post_for

COOKIE = "xuncun"
MorePosts = Callable[[Who], Awaitable[Iterable[PostHeld]]]
Revoked = Callable[[UUID | None], Awaitable[bool]]
log = structlog.get_logger()


def wants_json(request: Request) -> bool:
    """True for programs: the API's paths, and whoever shows a Bearer token."""
    return request.url.path.startswith("/api/") or "authorization" in request.headers


async def who_asks(request: Request) -> Who:
    """The person behind the request, by Bearer token or desk cookie, with the posts handed down by assignments.

    Raises sign_in_needed, account_disabled (with wipe) or deposit_only.
    """
    who = await bearer(request) if "authorization" in request.headers else await _by_cookie(request)
    if who.kind == "deposit":
        raise Problem("deposit_only")
    revoked: Revoked | None = getattr(request.app.state, "revoked", None)
    if who.device and revoked and await revoked(who.device):
        raise Problem("account_disabled", {"wipe": True})
    return who


async def bearer(request: Request, *, disabled_ok: bool = False, one_time_ok: bool = False) -> Who:
    """The person behind a Bearer token, deposit tokens included; for the wire's own endpoints.

    Raises must_change for a session that a one-time password opened: somebody else has read it, so until it is
    changed the session opens nothing. A deposit token shows nothing and goes on handing in.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    who = await who_by_token(token.strip()) if scheme.lower() == "bearer" and token else None
    found = await _complete(request, who, disabled_ok)
    if found.must_change and found.kind != "deposit" and not (one_time_ok or found.disabled):
        raise Problem("must_change")
    return found


async def _by_cookie(request: Request) -> Who:
    token = request.cookies.get(COOKIE, "")
    who = await who_by_token(token) if token else None
    if who and who.kind != "desk":
        who = None
    return await _complete(request, who, False)


async def _complete(request: Request, who: Who | None, disabled_ok: bool) -> Who:
    if who is None:
        raise Problem("sign_in_needed")
    if who.disabled:
        if not disabled_ok:
            raise Problem("account_disabled", {"wipe": True})
        return replace(who, posts=())
    more: MorePosts | None = getattr(request.app.state, "more_posts", None)
    return who.plus(await more(who)) if more else who


def need(who: Who, verb: str, *codes: str) -> PostHeld:
    """The post by which the person may do this there. Raises not_found where they may not even see, else forbidden."""
    post = post_for(who, verb, *codes)
    if post is None:
        if not post_for(who, "see", *codes):
            raise Problem("not_found")
        raise Problem("forbidden", act=word_for(verb), who="上级单位")
    return post


async def public_address(request: Request) -> str:
    """Where phones reach this house: what every printed code leads to, as scheme and host.

    Never from the Host header, which whoever asks may choose; only a demo district, which nobody set up, takes it.
    Raises no_address.
    """
    settings = getattr(request.app.state, "settings", None)
    if settings is not None and settings.public_url:
        return str(settings.public_url)
    head = await DistrictHead.first()
    if head is None or head.kind != "demo":
        raise Problem("no_address")
    return str(request.base_url).rstrip("/")


def csrf_token(request: Request, who: Who) -> str:
    """What every form carries: a keyed hash of the session, so it dies with it."""
    return hmac.new(request.app.state.secret, str(who.session).encode(), hashlib.sha256).hexdigest()[:40]


async def form(request: Request, who: Who, **limits: int) -> dict[str, Any]:
    """The posted form, after its token was checked; files only where `max_files` says so. Raises csrf."""
    data = await request.form(**{"max_files": 0, **limits})
    given = str(data.get("csrf", ""))
    if not hmac.compare_digest(given.encode(), csrf_token(request, who).encode()):
        raise Problem("csrf")
    return {
        key: [_plain(one) for one in data.getlist(key)] if key.endswith("[]") else _plain(data[key])
        for key in data
    }


def _plain(value: Any) -> Any:
    """A field without NUL, which no keyboard types and no column takes."""
    return value.replace("\0", "") if isinstance(value, str) else value


def set_cookie(response: Response, request: Request, token: str) -> None:
    """The desk's session cookie: not for scripts, not across sites, encrypted transport where there is one."""
    response.set_cookie(
        COOKIE, token, max_age=12 * 3600, httponly=True, samesite="lax", secure=request.url.scheme == "https"
    )


async def problem_response(request: Request, error: Exception) -> Response:
    """A refusal as JSON for programs, as a page for people; a signed-out person is sent to the sign-in page."""
    problem = error if isinstance(error, Problem) else Problem("internal", trace="-")
    headers: dict[str, str] = {}
    if "retry_after" in problem.data:
        headers["Retry-After"] = str(problem.data["retry_after"])
    if wants_json(request):
        return JSONResponse(problem.body(), problem.status, headers)
    if problem.code in ("sign_in_needed", "account_disabled") and request.method == "GET":
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/sign-in?next={quote(target)}", 303)
    return _problem_page(request, problem, headers)


def _problem_page(request: Request, problem: Problem, headers: dict[str, str] | None = None) -> Response:
    sent = request.method == "POST"
    back = _form_page(request) if sent else ""
    answer: Response = page(
        request, "problem.html", status=problem.status, headers=headers, problem=problem, sent=sent, back=back
    )
    return answer


def _form_page(request: Request) -> str:
    """The page of ours that a form was sent from, as path and query; "" where it cannot be opened again."""
    try:
        came = urlsplit(request.headers.get("referer", ""))
    except ValueError:  # whoever asks may write anything there
        return ""
    if came.netloc != request.headers.get("host", ""):
        return ""
    asked = {**request.scope, "method": "GET", "path": came.path}
    if not any(route.matches(asked)[0] is Match.FULL for route in request.app.routes):
        return ""
    return came.path + (f"?{came.query}" if came.query else "")


async def unexpected_response(request: Request, error: Exception) -> Response:
    """The last net: trouble of the machine by its name, else a number to quote; nothing of the inside."""
    trouble = named(error)
    if trouble is not None:
        log.error(trouble.code, path=request.url.path, kind=type(error).__name__, why=str(error)[:200])
        return await problem_response(request, trouble)
    trace = secrets.token_hex(4)
    log.error("unexpected", trace=trace, path=request.url.path, kind=type(error).__name__, exc_info=error)
    problem = Problem("internal", trace=trace)
    if wants_json(request):
        return JSONResponse(problem.body(), problem.status)
    return _problem_page(request, problem)
