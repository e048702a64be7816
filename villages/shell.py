"""The frame around every desk page: who is signed in, what they can go to, whose district this is.

A page's handler is `async def tasks(request, who) -> Response`, wrapped by `desk_page` in its route; it
answers with `desk(request, who, "dispatch/tasks.html", …)`.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import NamedTuple
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from templates import page
from templates.words import DONE, ROLE
from villages.models import DistrictHead, Town, Unit, Village
from villages.permissions import ADMIN, COMMITTEE, DEPARTMENT, INSPECTOR, MAY, OFFICE, TOWN, Who
from villages.web import csrf_token, who_asks

Handler = Callable[[Request, Who], Awaitable[Response]]
PASSWORD = "/password"  # noqa: S105 - where one changes it
_WITH_ONE_TIME = (PASSWORD, "/sign-out")  # all that a one-time password opens
_PLACES = (INSPECTOR, TOWN, OFFICE, ADMIN)

# Where one can go, and the roles that find it in their rail; an entry without address is a heading.
RAIL: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("/", "今日", MAY["see"]),
    ("/notices", "消息", MAY["see"]),
    ("/rounds", "批次", _PLACES),
    ("/tasks", "任务", (*_PLACES, COMMITTEE, DEPARTMENT)),
    ("/ledger", "台账", _PLACES),
    ("/letters", "督办单", MAY["letter.print"]),
    ("/look-backs", "回头看", MAY["look_back.see"]),
    ("/villages", "村庄", (*_PLACES, COMMITTEE)),
    ("/figures", "统计", MAY["figures.see"]),
    ("/held", "待批", MAY["held.decide"]),
    ("", "管理", MAY["people.see"]),
    ("/people", "人员", MAY["people.see"]),
    ("/devices", "设备", MAY["device.revoke"]),
    ("/shares", "抽取比例", MAY["shares.see"]),
    ("/trail", "操作记录", MAY["trail.see"]),
)


class Entry(NamedTuple):
    """One line of the rail."""

    href: str
    word: str
    current: bool
    fresh: str = ""  # how much is new there


@dataclass(frozen=True)
class Frame:
    """What all desk pages of one person show around their content."""

    district_name: str = ""
    demo: bool = False
    posts: tuple[str, ...] = ()
    badges: Mapping[str, int] = field(default_factory=dict)  # by address: how much is new there


async def frame_of(who: Who, badges: Mapping[str, int] | None = None) -> Frame:
    """Names for the frame: the district, and the person's own posts as people say them (at most three)."""
    head = await DistrictHead.get_or_none(district=who.district)
    own = {who.district: head.name} if head else {}
    names = own | await place_names({post.place for post in who.posts[:3]} - set(own))
    posts = tuple(f"{names.get(post.place, '')} {ROLE[post.role]}".strip() for post in who.posts[:3])
    more = (f"等 {len(who.posts)} 个岗位",) if len(who.posts) > 3 else ()
    return Frame(head.name if head else "", bool(head and head.kind == "demo"), (*posts, *more), badges or {})


async def place_names(codes: set[str]) -> dict[str, str]:
    """Display names of districts, towns, villages and units by code; a village's says its town too. One query a kind."""
    names: dict[str, str] = {}
    districts, departments, villages, towns = (
        [code for code in codes if len(code) == 6], [code for code in codes if "-" in code],
        [code for code in codes if len(code) == 12], {code[:9] for code in codes if len(code) in (9, 12)},
    )  # fmt: skip
    if districts:
        names |= dict(await DistrictHead.filter(district__in=districts).values_list("district", "name"))
    if departments:
        units = Unit.filter(code__in=departments, kind="department")
        names |= dict(await units.values_list("code", "name"))
    known = dict(await Town.filter(code__in=towns).values_list("code", "name")) if towns else {}
    names |= {code: name for code, name in known.items() if code in codes}
    if villages:
        found = await Village.filter(code__in=villages).values_list("code", "town", "name")
        names |= {code: f"{known[town]}{name}" for code, town, name in found}
    return names


def desk_page(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint for signed-in people. Whoever still has a one-time password is sent to change it first."""

    @wraps(handler)
    async def endpoint(request: Request) -> Response:
        who = await who_asks(request)
        if who.must_change and request.url.path not in _WITH_ONE_TIME:
            return to_password(request)
        badges = getattr(request.app.state, "badges", None)  # counted by a step above
        request.state.frame = await frame_of(who, await badges(who) if badges else None)
        return await handler(request, who)

    return endpoint


def to_password(request: Request) -> Response:
    """To the page where one's password is changed, and from there back to what was asked for."""
    target = request.url.path if request.method == "GET" else "/"
    return RedirectResponse(f"{PASSWORD}?next={quote(target)}", 303)


def rail_of(who: Who, path: str, badges: Mapping[str, int] | None = None) -> list[Entry]:
    """The lines of the rail this person's posts reach, with the one marked that `path` lies under."""
    reached = [(href, word) for href, word, roles in RAIL if who.holds(*roles)]

    def under(href: str) -> bool:
        return path == href or (len(href) > 1 and path.startswith(href + "/"))

    def new(href: str) -> str:
        count = (badges or {}).get(href, 0)
        return f"{count}" if count < 100 else "99+"

    return [
        Entry(href, word, bool(href) and under(href), new(href) if (badges or {}).get(href) else "")
        for href, word in reached
    ]


def desk(
    request: Request,
    who: Who,
    name: str,
    /,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **context: object,
) -> Response:
    """A desk page from `templates/<name>`, which extends layout.html.

    Adds to `context`: who, posts, rail, csrf, district_name, demo and flash (the sentence for `?done=<verb>`,
    unless `flash` is given).
    """
    if who.must_change and request.url.path != PASSWORD:
        return to_password(request)
    frame: Frame = getattr(request.state, "frame", None) or Frame(
        posts=tuple(ROLE[post.role] for post in who.posts)
    )
    around = {
        "who": who,
        "posts": frame.posts,
        "rail": rail_of(who, request.url.path, frame.badges),
        "csrf": csrf_token(request, who),
        "district_name": frame.district_name,
        "demo": frame.demo,
        "flash": DONE.get(request.query_params.get("done", ""), ""),
    }
    answer: Response = page(request, name, status=status, headers=headers, **(around | context))
    return answer


def done(path: str, verb: str) -> Response:
    """Back to a page after a write; the page then says what was done (templates.words.DONE)."""
    return RedirectResponse(f"{path}{'&' if '?' in path else '?'}done={verb}", 303)
