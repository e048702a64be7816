"""抽取比例 at the desk: what they are, who set them when, and for the office the form that sets them."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dispatch import shares
from templates import words
from villages.ground.problems import Problem
from villages.models import DistrictHead
from villages.permissions import MAY, Who, post_for
from villages.shell import desk, desk_page, done
from villages.web import form


@desk_page
async def page(request: Request, who: Who) -> Response:
    """GET /shares"""
    return await _show(request, who)


async def _show(
    request: Request, who: Who, *, given: dict[str, str] | None = None, wrong: str = "", status: int = 200
) -> Response:
    if not who.holds(*MAY["shares.see"]):
        raise Problem("forbidden", act=words.VERB["shares.see"], who="区级办公室")
    now = shares.shares_of((await DistrictHead.get(district=who.district)).settings)
    return desk(
        request, who, "dispatch/shares.html", status=status, now=now, given=given or now, bounds=shares.BOUNDS, wrong=wrong,
        sets=post_for(who, "shares.set", who.district) is not None, made=await shares.settings_made(who.district),
    )  # fmt: skip


@desk_page
async def set_them(request: Request, who: Who) -> Response:
    """POST /shares"""
    data = await form(request, who, max_fields=5)
    given = {name: str(data.get(name, "")).strip()[:10] for name in shares.USUAL}
    try:
        if not all(one.isascii() and one.isdigit() for one in given.values()):
            raise Problem("invalid", what="抽取比例请填整数，如 20。")
        moved = await shares.set_shares(who, {name: int(one) for name, one in given.items()})
    except Problem as problem:
        if problem.code != "invalid":
            raise
        return await _show(request, who, given=given, wrong=problem.sentence, status=422)
    return done("/shares", "shares.set") if moved else await _show(request, who)


routes: list[Route] = [
    Route("/shares", page, methods=["GET"]),
    Route("/shares", set_them, methods=["POST"]),
]
