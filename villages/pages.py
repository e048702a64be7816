"""Pages of places and of one's own sign-in. Pages about other people's accounts: people_pages.py."""

import re

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from templates import page
from templates.words import DONE
from villages import people_pages, plate_pages, post_pages
from villages.commands import live_sessions, revoke_session
from villages.ground.problems import Problem
from villages.models import DistrictHead, Town, Village
from villages.people import check_password, end_session, open_session, set_password
from villages.permissions import MAY, Who, prefixes
from villages.places import find_villages
from villages.shell import PASSWORD, desk, desk_page, done
from villages.web import COOKIE, form, set_cookie


def local_path(target: str) -> str:
    """The path to go to after signing in; anything that is not plainly ours becomes `/`."""
    # Browsers drop tabs and newlines and take a backslash for a slash: "/\t/elsewhere" would leave the house.
    return target if re.fullmatch(r"/(?![/\\])[^\\\x00-\x20\x7f]*", target) else "/"


def from_elsewhere(request: Request) -> bool:
    """True when a browser says that another site sent this form. Programs say nothing and may pass."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is not None and origin.partition("://")[2] != request.headers.get("host")


def browser_label(agent: str) -> str:
    """What a list of sign-ins calls a browser: the app and the kind of machine, no more."""
    apps = (("wxwork", "企业微信"), ("MicroMessenger", "微信"), ("DingTalk", "钉钉"), ("Feishu", "飞书"))
    machines = (
        ("Android", "安卓"),
        ("iPhone", "苹果手机"),
        ("iPad", "苹果平板"),
        ("Windows", "Windows 电脑"),
    )
    app = next((word for mark, word in apps if mark in agent), "浏览器")
    machine = next((word for mark, word in machines if mark in agent), "电脑")
    return f"{app} · {machine}"


async def _sign_in_page(
    request: Request, target: str, status: int = 200, wrong: Problem | None = None, given: str = ""
) -> Response:
    head = await DistrictHead.first()
    headers = {"Cache-Control": "no-store"}
    if wrong and "retry_after" in wrong.data:
        headers["Retry-After"] = str(wrong.data["retry_after"])
    answer: Response = page(
        request, "villages/sign_in.html", status=status, headers=headers,
        district_name=head.name if head else "", demo=bool(head and head.kind == "demo"),
        wrong=wrong.sentence if wrong else "", given=given, next=local_path(target),
        flash=DONE.get(request.query_params.get("done", ""), ""),
    )  # fmt: skip
    return answer


async def sign_in_page(request: Request) -> Response:
    """GET /sign-in."""
    return await _sign_in_page(request, request.query_params.get("next", "/"))


async def sign_in(request: Request) -> Response:
    """POST /sign-in: name and password for a desk session in a cookie."""
    if from_elsewhere(request):
        raise Problem("csrf")
    data = await request.form(max_fields=10, max_files=0)
    name, password, target = (str(data.get(key, "")) for key in ("name", "password", "next"))
    name = name.strip().replace("\0", "")[:40]  # no name is longer
    address = request.client.host if request.client else ""
    try:
        person = await check_password(name, password[:200], address)
    except Problem as problem:
        return await _sign_in_page(request, target, problem.status, problem, name)
    _, token = await open_session(
        person, "desk", device=None, label=browser_label(request.headers.get("user-agent", ""))
    )
    answer = RedirectResponse(local_path(target), 303)
    set_cookie(answer, request, token)
    return answer


@desk_page
async def sign_out(request: Request, who: Who) -> Response:
    """POST /sign-out."""
    await form(request, who, max_fields=5)
    if who.session:
        await end_session(who.session)
    answer = done("/sign-in", "sign-out")
    answer.delete_cookie(COOKIE)
    return answer


async def _password_page(request: Request, who: Who, status: int = 200, wrong: str = "") -> Response:
    return desk(
        request, who, "villages/password.html", status=status, wrong=wrong,
        sessions=await live_sessions(who.person), next=local_path(request.query_params.get("next", "/")),
    )  # fmt: skip


@desk_page
async def password_page(request: Request, who: Who) -> Response:
    """GET /password: one's own password and sign-ins."""
    return await _password_page(request, who)


@desk_page
async def change_password(request: Request, who: Who) -> Response:
    """POST /password: the old one, the new one twice."""
    data = await form(request, who, max_fields=10)
    old, new = str(data.get("old", "")), str(data.get("new", ""))
    if new != str(data.get("again", "")):
        return await _password_page(request, who, 422, "两次输入的新密码不一致，请重新输入。")
    try:
        await set_password(who, old[:200], new[:200])
    except Problem as problem:
        wrong = "原密码不正确，请重新输入。" if problem.code == "wrong_password" else problem.sentence
        return await _password_page(request, who, 422, wrong)
    return done(local_path(str(data.get("next", "/"))) if who.must_change else PASSWORD, "person.password")


@desk_page
async def revoke_own(request: Request, who: Who) -> Response:
    """POST /password/sessions/{session}: sign out somewhere else."""
    await form(request, who, max_fields=5)
    await revoke_session(who, None, request.path_params["session"])
    return done(PASSWORD, "session.revoke")


@desk_page
async def villages(request: Request, who: Who) -> Response:
    """GET /villages?q=: the villages in reach by town, or those that `q` finds (name, alias, pinyin, code)."""
    text = request.query_params.get("q", "").strip()[:40]
    found = await find_villages(text, prefixes(who), limit=2000)
    names = {town.code: town.name for town in await Town.all().order_by("code")}
    groups: dict[str, list[Village]] = {}
    for village in found:
        groups.setdefault(village.town, []).append(village)
    order = list(groups) if text else sorted(groups)
    towns = [{"code": code, "name": names[code], "villages": groups[code]} for code in order]
    return desk(
        request, who, "villages/list.html", q=text, towns=towns, count=len(found),
        plates=who.holds(*MAY["plate.print"]),
    )  # fmt: skip


routes: list[Route] = [
    Route("/sign-in", sign_in_page, methods=["GET"]),
    Route("/sign-in", sign_in, methods=["POST"]),
    Route("/sign-out", sign_out, methods=["POST"]),
    Route("/password", password_page, methods=["GET"]),
    Route("/password", change_password, methods=["POST"]),
    Route("/password/sessions/{session:uuid}", revoke_own, methods=["POST"]),
    Route("/villages", villages, methods=["GET"]),
    *people_pages.routes,
    *post_pages.routes,
    *plate_pages.routes,
]
