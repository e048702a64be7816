"""The rounds, one round, and what ends it: closing and publishing. Who goes: team.py."""

from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from inspections import commands
from inspections.checklists import checklist_by_sha
from inspections.models import Assignment, Round
from inspections.progress import Progress, progress
from inspections.queries import Visit, person_titles, seen_round, seen_rounds, visits_of
from inspections.replacing import uncovered
from inspections.standings import give_places, town_lines
from templates.words import CHECKLIST, ROUND_STAGE
from villages.ground.problems import Problem
from villages.permissions import MAY, Who, prefixes
from villages.shell import desk, desk_page, done
from villages.web import form, need

SHOWS = (
    ("", "全部村"), ("done", "已检查"), ("missing", "未收到"), ("late", "迟报"), ("photos", "缺照片"), ("doubt", "待认定"),
)  # fmt: skip
ORDERS = (("place", "按名次"), ("village", "按村"))
ALL = "all"  # every checklist of the round: a visit is one village with one checklist, as the boards count


@desk_page
async def rounds(request: Request, who: Who) -> Response:
    """GET /rounds?stage=: the rounds in reach, newest first, and how far each is."""
    stage = request.query_params.get("stage", "")
    seen = [one for one in await seen_rounds(who) if stage in ("", one.stage)]
    figures = await progress([one.id for one in seen], prefixes(who))
    can_open = who.holds(*MAY["round.open"])
    return desk(
        request, who, "inspections/rounds.html", rounds=[(one, figures[one.id]) for one in seen], stage=stage,
        stages=[("", "全部批次"), *ROUND_STAGE.items()], can_open=can_open,
    )  # fmt: skip


def _shows(visit: Visit, show: str) -> bool:
    return {
        "done": visit.inspection is not None, "missing": visit.inspection is None, "late": visit.late,
        "photos": visit.missing_photos > 0, "doubt": visit.doubtful,
    }.get(show, True)  # fmt: skip


def _sorted(visits: list[Visit], order: str, *, district: bool) -> list[Visit]:
    if order == "village":
        return visits

    def place(one: Visit) -> tuple[int, int, str]:
        rank = one.district_rank if district else one.town_rank
        return (0 if rank else 1, rank or 0, one.village)

    return sorted(visits, key=place)


def _asked(request: Request, found: Round) -> dict[str, str]:
    """The words of the filter sentence, each one of those that are offered."""
    query = request.query_params
    codes = [one["code"] for one in found.checklists]
    several = ALL if len(codes) > 1 else codes[0]
    return {
        "checklist": query["checklist"] if query.get("checklist") in codes else several,
        "town": query.get("town", "")[:9],
        "show": query.get("show", "")[:10],
        "order": "village" if query.get("order") == "village" else "place",
    }


@desk_page
async def one_round(request: Request, who: Who) -> Response:
    """GET /rounds/{round}?checklist=&town=&show=&order=: progress by town, the villages with what they got; of a
    round with several checklists every visit, unless one of them is asked for."""
    found = await seen_round(who, request.path_params["round"])
    reach = prefixes(who)
    asked = _asked(request, found)
    everything = await visits_of(found, reach)
    visits = [one for one in everything if asked["checklist"] in (ALL, one.checklist)]
    whole = any(found.owner.startswith(place) for place in reach)
    district = len(found.owner) == len(who.district)
    for listed in found.checklists:
        grades = [grade.key for grade in (await checklist_by_sha(listed["sha256"])).grades]
        mine = [one for one in visits if one.checklist == listed["code"]]
        give_places(mine, grades, whole=whole, district=district)
    lines = town_lines(visits, whole=whole)
    shown = [one for one in visits if _shows(one, asked["show"]) and one.town.startswith(asked["town"])]
    missing: dict[str, list[Visit]] = {}
    for one in shown:
        if one.inspection is None:
            missing.setdefault(one.town_name, []).append(one)
    order = (
        "village" if asked["checklist"] == ALL else asked["order"]
    )  # places by unlike checklists are no order
    across = district and not asked["town"] and any(one.district_rank for one in visits)
    return desk(
        request, who, "inspections/round.html", round=found, asked=asked, towns=lines,
        visits=_sorted([one for one in shown if one.inspection], order, district=across),
        missing=missing, shown=len(shown), across=across, counts=_counts(visits),
        checklists=[
            *([(ALL, "全部检查单")] if len(found.checklists) > 1 else []),
            *((one["code"], CHECKLIST.get(one["code"], one["code"])) for one in found.checklists),
        ],
        mixed=asked["checklist"] == ALL,
        town_choices=[("", "全部镇街"), *((line.code, line.name) for line in lines)], shows=SHOWS, orders=ORDERS,
        can=_can(who, found) | {"print": who.holds(*MAY["card.print"])}, team=await _team(found) if whole else [],
        nobody=len({village for village, _ in await uncovered(found.id)}) if whole else 0,
    )  # fmt: skip


def _counts(visits: list[Visit]) -> dict[str, int]:
    """How many of these visits each word of the filter would leave."""
    return {show: sum(1 for one in visits if _shows(one, show)) for show, _ in SHOWS}


def _can(who: Who, found: Round) -> dict[str, bool]:
    """Which of the round's acts are open to this person now."""
    allowed = {
        "start": ("round.open", ("planned",)),
        "close": ("round.close", ("started",)),
        "publish": ("round.publish", ("started", "closed")),
        "replace": ("assignment.replace", ("planned", "started", "closed")),
    }
    return {
        act: found.stage in stages and commands.may(who, verb, found.owner)
        for act, (verb, stages) in allowed.items()
    }


async def _team(found: Round) -> list[dict[str, Any]]:
    """Who inspects in the round: visits assigned, done and open of each, withdrawn people too."""
    team: dict[UUID, dict[str, Any]] = {}
    for row in (
        await Assignment.filter(round_id=found.id).order_by("village").values("person", "stage", "village")
    ):
        one = team.setdefault(
            row["person"], {"id": row["person"], "open": 0, "done": 0, "withdrawn": 0, "towns": {}}
        )
        one[row["stage"]] += 1
        one["towns"][row["village"][:9]] = True
    titles = await person_titles(team)
    for person, one in team.items():
        one["title"] = titles.get(person, "")
    return sorted(team.values(), key=lambda one: (list(one["towns"]), one["title"]))


async def _mine(request: Request, who: Who) -> tuple[Round, dict[str, Any]]:
    found = await seen_round(who, request.path_params["round"])
    return found, await form(request, who, max_fields=8, max_files=0)


@desk_page
async def start(request: Request, who: Who) -> Response:
    """POST /rounds/{round}/start."""
    found, _ = await _mine(request, who)
    await commands.start_at_desk(who, found)
    return done(f"/rounds/{found.id}", "round.open")


@desk_page
async def close(request: Request, who: Who) -> Response:
    """POST /rounds/{round}/close."""
    found, _ = await _mine(request, who)
    await commands.close_at_desk(who, found)
    return done(f"/rounds/{found.id}", "round.close")


@desk_page
async def confirm_publishing(request: Request, who: Who) -> Response:
    """GET /rounds/{round}/publish: what would be frozen, and what is still missing."""
    found = await seen_round(who, request.path_params["round"])
    need(who, "round.publish", found.owner)
    if not _can(who, found)["publish"]:
        return RedirectResponse(f"/rounds/{found.id}", 303)
    return await _publish_page(request, who, found)


async def _publish_page(
    request: Request, who: Who, found: Round, status: int = 200, wrong: str = ""
) -> Response:
    figures: Progress = (await progress([found.id]))[found.id]
    visits = await visits_of(found, [found.owner])
    return desk(
        request, who, "inspections/round_publish.html", status=status, wrong=wrong, round=found, figures=figures,
        missing=_gaps(visits), doubts=[one for one in visits if one.vetoed or one.doubtful],
        undecided=sum(1 for one in visits if one.undecided),
        lacking=[one for one in visits if one.missing_photos],
    )  # fmt: skip


def _gaps(visits: list[Visit]) -> dict[str, dict[str, dict[str, Any]]]:
    """{town: {checklist: {"names": villages that nothing came from, "of": how many there are}}}."""
    gaps: dict[str, dict[str, dict[str, Any]]] = {}
    for one in visits:
        gap = gaps.setdefault(one.town_name, {}).setdefault(one.checklist, {"names": [], "of": 0})
        gap["of"] += 1
        if one.inspection is None:
            gap["names"].append(one.name)
    left = {town: {code: gap for code, gap in lists.items() if gap["names"]} for town, lists in gaps.items()}
    return {town: lists for town, lists in left.items() if lists}


@desk_page
async def publish(request: Request, who: Who) -> Response:
    """POST /rounds/{round}/publish with `missing`, the number that the confirmation page showed."""
    found, data = await _mine(request, who)
    given = str(data.get("missing", ""))
    try:
        await commands.publish_at_desk(who, found, int(given) if given.isdecimal() else -1)
    except Problem as problem:
        if problem.code not in ("stale", "invalid"):
            raise
        word = (
            problem.sentence
            if problem.code == "invalid"
            else "刚刚又有变化，下面是最新情况，请看过后再确认。"
        )
        return await _publish_page(request, who, found, problem.status, word)
    return done(f"/rounds/{found.id}", "round.publish")


routes: list[Route] = [
    Route("/rounds", rounds, methods=["GET"]),
    Route("/rounds/{round:uuid}", one_round, methods=["GET"]),
    Route("/rounds/{round:uuid}/start", start, methods=["POST"]),
    Route("/rounds/{round:uuid}/close", close, methods=["POST"]),
    Route("/rounds/{round:uuid}/publish", confirm_publishing, methods=["GET"]),
    Route("/rounds/{round:uuid}/publish", publish, methods=["POST"]),
]
