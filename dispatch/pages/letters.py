"""督办单 at the desk: what the ladder proposes, the form that issues a letter, the letters there are and their bytes."""

import asyncio
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route
from tortoise.expressions import Q

from dispatch import letters
from dispatch.models import Letter
from dispatch.pages.naming import names_for
from dispatch.pages.paper import press_of
from villages.ground import clock
from villages.ground.problems import Problem
from villages.permissions import Who, departments, post_for, prefixes
from villages.shell import desk, desk_page, done
from villages.web import form, need


@dataclass(frozen=True)
class Given:
    """What the form holds: as first offered, or as it was sent and refused. tasks None: all are ticked."""

    act: str
    note: str = ""
    deadline: str = ""
    tasks: tuple[str, ...] | None = None

    def ticked(self, task: UUID) -> bool:
        return self.tasks is None or str(task) in self.tasks


@desk_page
async def list_letters(request: Request, who: Who) -> Response:
    """GET /letters[?unit=]: for the office what is proposed, and the form for one addressee; for all the letters that
    reach them."""
    return await _show(request, who, request.query_params.get("unit", ""), Given(str(uuid4())))


async def _show(
    request: Request, who: Who, unit: str, given: Given, status: int = 200, wrong: str = ""
) -> Response:
    may = post_for(who, "letter.issue", who.district) is not None
    reach, own = prefixes(who, "letter.print"), departments(who)
    if not reach and not own:
        raise Problem("forbidden", act="打印督办单", who="镇街专管员或区级办公室")
    proposed = await letters.proposed(who.district) if may else []
    mine = Q(*(Q(unit__startswith=place) for place in reach), Q(unit__in=own), join_type="OR")
    found = await Letter.filter(mine, district=who.district).order_by("-year", "-ordinal").limit(500)
    unit = unit or (proposed[0].unit if len(proposed) == 1 else "")
    this = next((one for one in proposed if one.unit == unit), None)
    tasks = await letters.proposed_to(who.district, unit) if this else []
    names = await names_for({task.village for task in tasks})
    return desk(
        request, who, "dispatch/letters.html", status=status, wrong=wrong, given=given, names=names, may=may, this=this, tasks=tasks,
        proposed=proposed, soon=clock.local(clock.now()).date() + clock.timedelta(days=1),
        letters=[(one, letters.number_of(one), names.unit(one.unit)) for one in found],
    )  # fmt: skip


@desk_page
async def issue(request: Request, who: Who) -> Response:
    """POST /letters: issue one (dispatch/letters.py), or show the form again with what was typed and what is wrong."""
    data = await form(request, who, max_fields=letters.MOST + 10)
    unit = str(data.get("unit", ""))[:16]
    given = Given(
        str(data.get("act", "")), str(data.get("note", "")).strip()[:600], str(data.get("deadline", ""))[:10],
        tuple(str(one) for one in data.get("task[]", ())),
    )  # fmt: skip
    try:
        press = await press_of(request)
        await letters.issue(press, who, unit=unit, note=given.note, **_read(given))
    except Problem as problem:
        if problem.code not in ("invalid", "stale"):
            raise
        return await _show(request, who, unit, given, problem.status, problem.sentence)
    return done("/letters", "letter.issue")


def _read(given: Given) -> dict[str, Any]:
    try:
        act, tasks = UUID(given.act), [UUID(one) for one in given.tasks or ()]
    except ValueError:
        raise Problem("invalid", what="表单不完整，请刷新本页后重新填写。") from None
    try:
        deadline = clock.end_of_day(date.fromisoformat(given.deadline))
    except ValueError:
        raise Problem("invalid", what="还没有印发：请选择办结期限。") from None
    return {"act": act, "tasks": tasks, "deadline": deadline}


@desk_page
async def pdf(request: Request, who: Who) -> Response:
    """GET /letters/{id}.pdf: the very bytes that were issued."""
    letter = await Letter.get_or_none(id=request.path_params["id"], district=who.district)
    if letter is None:
        raise Problem("not_found")
    need(who, "letter.print", letter.unit, *([letter.district] if who.district in prefixes(who) else []))
    path = request.app.state.blobs.path(letter.pdf_sha256)
    if not await asyncio.to_thread(path.is_file):
        raise Problem("not_found")
    name = quote(f"{letters.number_of(letter)}.pdf", safe="")
    headers = {
        "Content-Disposition": f"inline; filename=\"letter.pdf\"; filename*=UTF-8''{name}",
        "Cache-Control": "private, no-cache",
    }
    return FileResponse(path, headers=headers, media_type="application/pdf")


routes: list[Route] = [
    Route("/letters", list_letters, methods=["GET"]),
    Route("/letters", issue, methods=["POST"]),
    Route("/letters/{id:uuid}.pdf", pdf, methods=["GET"]),
]
