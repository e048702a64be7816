"""Who goes: one inspector's open visits in a round, handed to somebody else or taken back; visits nobody goes to."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from inspections import commands
from inspections.models import Assignment, Round
from inspections.pages.new_round import teams_of
from inspections.queries import person_titles, seen_round
from inspections.replacing import Pair, open_visits, uncovered
from templates.words import CHECKLIST
from villages.ground.problems import Problem
from villages.models import Town, Village
from villages.permissions import Who
from villages.shell import desk, desk_page, done
from villages.web import form, need

VERB = "assignment.replace"
_FIELDS = 500  # more villages than any district has


async def _asked(request: Request, who: Who) -> Round:
    found = await seen_round(who, request.path_params["round"])
    need(who, VERB, found.owner)
    return found


async def _page(
    request: Request, who: Who, found: Round, person: UUID | None, given: dict[str, Any] | None = None,
    status: int = 200, wrong: str = "",
) -> Response:  # fmt: skip
    """`person` None: the visits that nobody is left for."""
    pairs = await (open_visits(found.id, person) if person else uncovered(found.id))
    titles = await person_titles([person] if person else [])
    if person and person not in titles:
        raise Problem("not_found")
    teams = await teams_of(who, found.owner)
    candidates = {town: [one for one in team if one[0] != str(person)] for town, team in teams.items()}
    return desk(
        request, who, "inspections/round_team.html", status=status, wrong=wrong, round=found, person=person,
        title=titles.get(person, "") if person else "", towns=await _by_town(found.id, pairs, person), visits=len(pairs),
        candidates={town: team for town, team in candidates.items() if team}, given=given or {},
        checklists=len(found.checklists) > 1, over=found.stage == "published",
    )  # fmt: skip


async def _by_town(round_id: UUID, pairs: Sequence[Pair], person: UUID | None) -> list[dict[str, Any]]:
    """[{name, villages: [{code, name, checklists, others}]}]: what is open, and who else goes there."""
    names = {one.code: one for one in await Village.filter(code__in=[village for village, _ in pairs])}
    towns = {town.code: town.name for town in await Town.all()}
    others: dict[str, set[UUID]] = {}
    if person and pairs:
        rows = Assignment.filter(round_id=round_id, village__in=list(names), stage="open").exclude(
            person=person
        )
        for village, other in await rows.values_list("village", "person"):
            others.setdefault(str(village), set()).add(other)
    titles = await person_titles({one for ones in others.values() for one in ones})
    codes: dict[str, list[str]] = {}
    for village, checklist in pairs:
        codes.setdefault(village, []).append(CHECKLIST.get(checklist, checklist))
    told: dict[str, list[dict[str, Any]]] = {}
    for village, checklists in codes.items():
        line = {
            "code": village, "name": names[village].name, "checklists": checklists,
            "others": sorted(titles.get(one, "") for one in others.get(village, ())),
        }  # fmt: skip
        told.setdefault(village[:9], []).append(line)
    return [{"name": towns.get(code, code), "villages": ones} for code, ones in sorted(told.items())]


@desk_page
async def one_person(request: Request, who: Who) -> Response:
    """GET /rounds/{round}/team/{person}: their open visits; hand them over, or take them back."""
    return await _page(request, who, await _asked(request, who), request.path_params["person"])


@desk_page
async def nobody(request: Request, who: Who) -> Response:
    """GET /rounds/{round}/team/none: the visits that nobody is left for."""
    return await _page(request, who, await _asked(request, who), None)


@desk_page
async def replacement(request: Request, who: Who) -> Response:
    """POST /rounds/{round}/replacements with `villages[]`, `stand_in`, `reason`, and `person` where one is replaced."""
    found = await _asked(request, who)
    data = await form(request, who, max_fields=_FIELDS)
    person = _uuid(data.get("person", ""))
    try:
        stand_in = _uuid(data.get("stand_in", ""))
        if stand_in is None:
            raise Problem("invalid", what="还没有选接替的检查员。")
        await commands.replace_at_desk(
            who, found, person=person, stand_in=stand_in, villages=chosen(data), reason=_reason(data)
        )
    except Problem as problem:
        if problem.code != "invalid":
            raise
        return await _page(request, who, found, person, data, problem.status, problem.sentence)
    return done(f"/rounds/{found.id}", VERB)


@desk_page
async def withdrawal(request: Request, who: Who) -> Response:
    """POST /rounds/{round}/withdrawals with `person` and `reason`; from the person's page `villages[]` too."""
    found = await seen_round(who, request.path_params["round"])
    data = await form(request, who, max_fields=_FIELDS)
    person = _uuid(data.get("person", ""))
    if person is None:
        raise Problem("not_found")
    try:
        villages = chosen(data) if "some" in data else ()
        await commands.withdraw_at_desk(who, found, person, _reason(data), villages)
    except Problem as problem:
        if problem.code != "invalid":
            raise
        return await _page(request, who, found, person, data, problem.status, problem.sentence)
    return done(f"/rounds/{found.id}", "assignment.withdraw")


def chosen(data: dict[str, Any]) -> list[str]:
    """The villages that were ticked. Raises invalid when none was."""
    codes = [str(one)[:12] for one in data.get("villages[]", ())]
    if not codes:
        raise Problem("invalid", what="还没有勾选村。")
    return codes


def _reason(data: dict[str, Any]) -> str:
    return str(data.get("reason", "")).strip()[:200]


def _uuid(text: object) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None


routes: list[Route] = [
    Route("/rounds/{round:uuid}/team/none", nobody, methods=["GET"]),
    Route("/rounds/{round:uuid}/team/{person:uuid}", one_person, methods=["GET"]),
    Route("/rounds/{round:uuid}/replacements", replacement, methods=["POST"]),
    Route("/rounds/{round:uuid}/withdrawals", withdrawal, methods=["POST"]),
]
