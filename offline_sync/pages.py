"""Desk pages of what tablets sent: 今日 (with what is held), what waits for the office, the devices."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.expressions import Subquery

from dispatch.pages.board import Number
from dispatch.pages.board import board as show_board
from dispatch.pages.naming import names_for
from offline_sync import held
from offline_sync.device_list import devices, revoke
from offline_sync.held import Contents
from offline_sync.models import Command
from templates import words
from villages.ground.problems import Problem
from villages.models import Person
from villages.permissions import MAY, Who
from villages.shell import desk, desk_page, done
from villages.web import form

SHOWN = 200
DECISIONS = {"approval": "approved", "note": "noted", "refusal": "declined"}


@desk_page
async def board(request: Request, who: Who) -> Response:
    """GET /: what needs me today."""
    more = []
    if who.holds(*MAY["held.decide"]):
        more = [Number("/held", await _waiting(who), "待批内容")]
    return await show_board(request, who, more)


async def _waiting(who: Who) -> int:
    people = Subquery(Person.filter(district=who.district).values("id"))
    return await Command.filter(status="held", decision="", person__in=people).count()


def _need(who: Who) -> None:
    if not who.holds(*MAY["held.decide"]):
        raise Problem("forbidden", act=words.VERB["held.decide"], who="区级办公室")


@desk_page
async def held_list(request: Request, who: Who) -> Response:
    """GET /held?decision=: what waits (oldest first), or what was decided (newest first)."""
    _need(who)
    decided = request.query_params.get("decision", "") == "any"
    people = dict(await Person.filter(district=who.district).values_list("id", "title"))
    query = Command.filter(status="held", person__in=list(people))
    query = (
        query.exclude(decision="").order_by("-heard_at")
        if decided
        else query.filter(decision="").order_by("heard_at")
    )
    rows = await query.limit(SHOWN)
    lines = [_line(row, people) for row in rows]
    names = await names_for({line["village"] for line in lines})
    return desk(request, who, "offline_sync/held.html", lines=lines, names=names, decided=decided, most=SHOWN)


def _line(row: Command, people: dict[Any, str]) -> dict[str, Any]:
    args = held.args_of(row)
    village = args.get("village")
    checklist = args.get("checklist")
    return {
        "id": row.id, "verb": row.verb, "reason": row.reason, "by": people[row.person], "heard_at": row.heard_at,
        "village": village if isinstance(village, str) else "", "decision": row.decision,
        "checklist": checklist.get("code", "") if isinstance(checklist, dict) else "",
        "photos": len(args.get("photos") or []) if isinstance(args.get("photos"), list) else 0,
    }  # fmt: skip


@desk_page
async def one_held(request: Request, who: Who) -> Response:
    """GET /held/{command}"""
    row = await held.held_command(who, request.path_params["command"])
    return await _show(request, who, row)


async def _show(
    request: Request, who: Who, row: Command, *, status: int = 200, wrong: str = "", given: str = ""
) -> Response:
    found = await held.contents(row)
    people = [
        row.person,
        *(found.sheet.inspectors if found.sheet else ()),
        *([found.twin.author] if found.twin else []),
    ]
    titles = dict(await Person.filter(id__in=people).values_list("id", "title"))
    names = await names_for({found.village})
    return desk(
        request, who, "offline_sync/held_one.html", status=status, row=row, found=found, names=names, titles=titles,
        sheets=_sheets(row, found), wrong=wrong, given=given,
    )  # fmt: skip


def _sheets(row: Command, found: Contents) -> list[dict[str, Any]]:
    """The held visit and the one that is in, figure by figure beside each other."""
    if not found.sheet:
        return []
    findings = [one for answer in found.sheet.answers for one in answer.findings]
    score = found.scored
    taken = found.twin is not None and found.twin.id == found.sheet.inspection
    word = "待批的这一份" if not row.decision else "采用的这一份" if taken else "没有采用的这一份"
    sheets: list[dict[str, Any]] = [
        {
            "word": word, "score": score.score if score else None, "grade": (score.grade or "") if score else "",
            "by": list(found.sheet.inspectors), "started": found.sheet.started_at, "finished": found.sheet.finished_at,
            "findings": len(findings), "href": "", "why": found.unscored,
            "sections": {key: earned for key, (earned, _) in score.sections.items()} if score else {},
        }
    ]  # fmt: skip
    if (twin := found.twin) and not taken:
        sheets.append(
            {
                "word": "在册的那一份", "score": twin.score, "grade": twin.grade, "by": [twin.author],
                "started": twin.started_at, "finished": twin.finished_at, "why": "",
                "findings": sum(len(answer.get("findings", [])) for answer in twin.answers),
                "href": f"/inspections/{twin.id}", "sections": {key: one[0] for key, one in twin.sections.items()},
            }
        )  # fmt: skip
    return sheets


@desk_page
async def decide(request: Request, who: Who) -> Response:
    """POST /held/{command}/{approval|note|refusal} with `words`."""
    decision = DECISIONS.get(request.path_params["decision"])
    row = await held.held_command(who, request.path_params["command"])
    if decision is None:
        raise Problem("not_found")
    data = await form(request, who, max_fields=8, max_files=0)
    given = str(data.get("words", "")).strip()[:400]
    act = {"approved": held.approve, "noted": held.note, "declined": held.decline}[decision]
    try:
        await act(who, row.id, given)
    except Problem as problem:
        if problem.code not in ("invalid", "stale"):
            raise
        fresh = await held.held_command(who, row.id)
        return await _show(request, who, fresh, status=problem.status, wrong=problem.sentence, given=given)
    return done("/held", "held.decide")


routes: list[Route] = [
    Route("/", board, methods=["GET"]),
    Route("/held", held_list, methods=["GET"]),
    Route("/held/{command:uuid}", one_held, methods=["GET"]),
    Route("/held/{command:uuid}/{decision:str}", decide, methods=["POST"]),
    Route("/devices", devices, methods=["GET"]),
    Route("/devices/{device:uuid}/revocation", revoke, methods=["POST"]),
]
