"""消息: what calls for this person, in groups, each told once; reading it is a plain form."""

from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from dispatch import notices
from dispatch.notices import Group
from dispatch.pages.naming import Names, names_for
from villages.permissions import Who
from villages.shell import desk, desk_page
from villages.web import form

# Where the tasks of a group are listed.
LISTS: dict[str, dict[str, str]] = {
    "accept": {"stage": "dispatched"}, "review": {"stage": "submitted"}, "close": {"stage": "checked"},
    "returned": {"stage": "returned"}, "deferred": {"stage": "deferred"}, "look_again": {"stage": "deferred"},
    "cancelled": {"stage": "cancelled"}, "closed": {"stage": "closed"}, "soon": {"due": "soon"},
    "urge": {"due": "overdue"}, "raise": {"mark": "raised"}, "sweep": {"stage": "all", "mark": "sweeping"},
}  # fmt: skip


@desk_page
async def list_notices(request: Request, who: Who) -> Response:
    """GET /notices: what is new, then what was."""
    new, old = await notices.waiting(who), await notices.earlier(who)
    names = await names_for({one.place for one in (*new, *old)})
    return desk(
        request, who, "dispatch/notices.html", new=[_line(one, names) for one in new],
        old=[_line(one, names) for one in old], up_to=max((one.rev for one in new), default=0),
    )  # fmt: skip


def _line(one: Group, names: Names) -> dict[str, Any]:
    """A group in words, with the list it leads to."""
    place = names.unit(one.place) if "-" in one.place else names.place(one.place)
    what = {"letter": "", "weekly": "", "held": f"{one.count} 份待批内容"}.get(
        one.kind, f"{one.count} 项任务"
    )
    return {**vars(one), "name": place, "href": link(one), "what": what}


def link(one: Group) -> str:
    """The task itself, or the list of them."""
    if one.kind == "weekly":
        return f"/towns/{one.place}/week"  # all that is open, by deadline, to be printed
    if one.kind in ("letter", "propose"):  # where letters are issued from, and kept
        return "/letters"
    if one.kind == "held":
        return f"/held/{one.subject}" if one.count == 1 else "/held"
    if one.count == 1:
        return f"/tasks/{one.subject}"
    where = {"village" if len(one.place) == 12 else "town": one.place} if "-" not in one.place else {}
    return f"/tasks?{urlencode(LISTS.get(one.kind, {}) | where)}"


@desk_page
async def read(request: Request, who: Who) -> Response:
    """POST /notices/readings: mark as read one group, or all, up to the revision the page showed."""
    data = await form(request, who, max_fields=8)
    up_to = str(data.get("up_to", ""))
    if up_to.isascii() and up_to.isdigit() and len(up_to) < 16:
        await notices.mark_read(
            who, int(up_to), kind=str(data.get("kind", ""))[:16], place=str(data.get("place", ""))[:16]
        )
    return RedirectResponse("/notices", 303)


routes: list[Route] = [
    Route("/notices", list_notices, methods=["GET"]),
    Route("/notices/readings", read, methods=["POST"]),
]
