"""Pages by which an account gets one more post, or loses one."""

from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from templates.words import ROLE
from villages import commands, posts
from villages.commands import Account
from villages.ground import clock
from villages.ground.problems import Problem
from villages.models import Post
from villages.permissions import COMMITTEE, DEPARTMENT, Who
from villages.shell import desk, desk_page, done, place_names
from villages.web import form


def place_word(role: str) -> str:
    """What the choice of a post's place is called on its form."""
    return {COMMITTEE: "哪个村", DEPARTMENT: "哪个部门"}.get(role, "管辖范围")


def need_place(given: dict[str, str]) -> None:
    """Raises invalid where no place was chosen; one that is not this person's to give is not_found, later."""
    if not given["place"]:
        raise Problem("invalid", what=f"还没有选择“{place_word(given['role'])}”，请选好后再提交。")


async def shown_posts(account: Account) -> list[dict[str, Any]]:
    """Every post of an account, past ones too, with its dates and how it stands today."""
    rows = await posts.posts_of_account(account.person.id)
    names = await place_names({row.place for row in rows})
    today = clock.local(clock.now()).date()
    return [
        {
            "id": row.id, "role": ROLE[row.role], "place": names.get(row.place, row.place), "since": row.since,
            "until": row.until, "state": _state(row, today), "inspector": row.role == "inspector",
        }
        for row in rows
    ]  # fmt: skip


def _state(row: Post, today: date) -> str:
    """live, later (not yet begun) or past."""
    if row.ended or (row.until is not None and row.until < today):
        return "past"
    return "later" if row.since > today else "live"


async def _adjustable(request: Request, who: Who) -> Account:
    account = await commands.account(who, request.path_params["person"])
    if not posts.may_adjust(who, account):
        raise Problem("invalid", what="不能调整自己的岗位，请由另一位管理人员办理。")
    return account


async def _page(
    request: Request, who: Who, account: Account, given: dict[str, str], status: int = 200, wrong: str = ""
) -> Response:
    roles = commands.roles_to_give(who)
    role = given["role"] if given["role"] in roles else roles[0]
    choices: Any = await commands.places_for(who, role)
    return desk(
        request, who, "villages/post_new.html", status=status, wrong=wrong, person=account.person, role=role,
        given=given, roles=[(one, ROLE[one]) for one in roles], choices=choices.get("", choices), place_word=place_word(role),
    )  # fmt: skip


@desk_page
async def new_post(request: Request, who: Who) -> Response:
    """GET /people/{person}/posts/new?role="""
    account = await _adjustable(request, who)
    today = clock.local(clock.now()).date().isoformat()
    given = {"role": request.query_params.get("role", "")[:40], "place": "", "since": today, "until": ""}
    return await _page(request, who, account, given)


@desk_page
async def add(request: Request, who: Who) -> Response:
    """POST /people/{person}/posts with `role`, `place`, `since` and perhaps `until`."""
    account = await commands.account(who, request.path_params["person"])
    data = await form(request, who, max_fields=10)
    given = {key: str(data.get(key, "")).strip()[:40] for key in ("role", "place", "since", "until")}
    try:
        need_place(given)
        since = _day(given["since"], "开始日期")
        until = _day(given["until"], "结束日期") if given["until"] else None
        await posts.add_post(who, account, role=given["role"], place=given["place"], since=since, until=until)
    except Problem as problem:
        if problem.code != "invalid":
            raise
        return await _page(request, who, account, given, problem.status, problem.sentence)
    return done(f"/people/{account.person.id}", "person.post_add")


def _day(text: str, word: str) -> date:
    if not text:
        raise Problem("invalid", what=f"还没有选择{word}，请选好后再提交。")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Problem("invalid", what=f"{word}“{text}”不是日期，请重新选择。") from None


@desk_page
async def end(request: Request, who: Who) -> Response:
    """POST /people/{person}/posts/{post}/end"""
    account = await commands.account(who, request.path_params["person"])
    await form(request, who, max_fields=5)
    await posts.end_post(who, account, request.path_params["post"])
    return done(f"/people/{account.person.id}", "person.post_end")


routes: list[Route] = [
    Route("/people/{person:uuid}/posts/new", new_post, methods=["GET"]),
    Route("/people/{person:uuid}/posts", add, methods=["POST"]),
    Route("/people/{person:uuid}/posts/{post:uuid}/end", end, methods=["POST"]),
]
