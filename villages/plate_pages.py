"""Printing plates: for which villages, and the sheets to print and cut. What a plate leads to: inspections/pages/plate.py."""

import asyncio
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from templates.pdf import paper_ready
from villages.districts import the_district
from villages.ground import clock
from villages.ground.problems import Problem
from villages.models import Town, Village
from villages.permissions import MAY, Who, prefixes
from villages.plates import plate_path
from villages.shell import desk, desk_page
from villages.web import public_address

VERB = "plate.print"
A_PAGE = 4


async def _villages(who: Who) -> list[Village]:
    """The villages whose plates this person may print, by code. Raises forbidden."""
    if not who.holds(*MAY[VERB]):
        raise Problem("forbidden", act="打印村牌", who="镇街专管员或区级办公室")
    reach = prefixes(who, VERB)
    return [one for one in await Village.all().order_by("code") if one.code.startswith(reach)]


@desk_page
async def choose(request: Request, who: Who) -> Response:
    """GET /plates?town=: which plates to print."""
    villages = await _villages(who)
    names = {town.code: town.name for town in await Town.all().order_by("code")}
    groups: dict[str, list[Village]] = {}
    for one in villages:
        groups.setdefault(one.town, []).append(one)
    asked = request.query_params.get("town", "")
    towns = [{"code": code, "name": names[code], "villages": ones} for code, ones in groups.items()]
    return desk(
        request, who, "villages/plates.html", towns=towns, asked=asked if asked in groups else "",
        count=len(villages), pages=A_PAGE,
    )  # fmt: skip


@desk_page
async def sheets(request: Request, who: Who) -> Response:
    """GET /plates.pdf?town=&village=&village=: A4 sheets, four plates each, to be cut along the lines."""
    villages = await _villages(who)
    asked = set(request.query_params.getlist("town")) | set(request.query_params.getlist("village"))
    chosen = [one for one in villages if {one.code, one.town} & asked]
    if not chosen:
        raise Problem("invalid", what="还没有选要打印村牌的村，请返回上一页勾选。")
    base = await public_address(request)
    missing = await asyncio.to_thread(paper_ready)
    if missing:
        raise Problem("paper_unready", missing="；".join(missing))
    pdf = await request.app.state.paper.render("plates", await _context(request, chosen, base))
    name = quote(f"村牌-{len(chosen)}个村.pdf", safe="")
    headers = {
        "Content-Disposition": f"inline; filename=\"plates.pdf\"; filename*=UTF-8''{name}",
        "Cache-Control": "private, no-store",
    }
    return Response(pdf, media_type="application/pdf", headers=headers)


async def _context(request: Request, villages: Sequence[Village], base: str) -> dict[str, Any]:
    towns = {town.code: town.name for town in await Town.all()}
    head = await the_district()
    secret: bytes = request.app.state.secret
    plates = [
        {
            "village": one.name, "town": towns[one.town], "code": f"{one.code[:6]} {one.code[6:9]} {one.code[9:]}",
            "url": base + plate_path(secret, one.code),
        }
        for one in villages
    ]  # fmt: skip
    return {
        "title": f"{head.name}村牌", "district": head.name, "demo": head.kind == "demo",
        "pages": [plates[at : at + A_PAGE] for at in range(0, len(plates), A_PAGE)],
        "issued_iso": clock.local(clock.now()).isoformat(timespec="seconds"),
    }  # fmt: skip


routes: list[Route] = [
    Route("/plates", choose, methods=["GET"]),
    Route("/plates.pdf", sheets, methods=["GET"]),
]
