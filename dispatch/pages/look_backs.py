"""回头看 at the desk: the draws there are, the seed before the draw, the list after it, somebody else to go."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from tortoise.functions import Count

from dispatch import look_backs
from dispatch.look_back import LEAST, MOST, size_of
from dispatch.models import LookBack, LookBackTask, Task
from dispatch.pages.naming import Names, names_for
from templates import words
from villages.ground import clock
from villages.ground.problems import Problem
from villages.models import Person
from villages.permissions import INSPECTOR, OFFICE, TOWN, Who, post_for, prefixes
from villages.shell import desk, desk_page, done
from villages.web import form, need

DUE = timedelta(days=30)  # the habit
_NOBODY = {"person": "", "reason": ""}


def _need(who: Who) -> None:
    if not who.holds(INSPECTOR, TOWN, OFFICE):
        raise Problem("forbidden", act=words.VERB["look_back.see"], who="镇街专管员或区级办公室")


@desk_page
async def list_draws(request: Request, who: Who) -> Response:
    """GET /look-backs: the draws, newest first; for the office the form that fixes the next seed."""
    return await _draws(request, who)


async def _draws(
    request: Request, who: Who, *, given: dict[str, str] | None = None, wrong: str = "", status: int = 200
) -> Response:
    _need(who)
    found = await LookBack.filter(district=who.district).order_by("-year", "-ordinal").limit(100)
    counts: dict[UUID, dict[str, int]] = {}
    for one in await (
        LookBackTask.filter(look_back_id__in=[one.id for one in found]).annotate(n=Count("id"))
        .group_by("look_back_id", "outcome").values("look_back_id", "outcome", "n")
    ):  # fmt: skip
        counts.setdefault(one["look_back_id"], {})[one["outcome"]] = one["n"]
    usual = {
        "act": str(uuid4()), "share": str(await look_backs.usual_share(who.district)),
        "due": clock.local(clock.now() + DUE).date().isoformat(),
    }  # fmt: skip
    fixes = post_for(who, "look_back.fix", who.district) is not None
    return desk(
        request, who, "dispatch/look_backs.html", status=status, fixes=fixes, given=given or usual, wrong=wrong,
        reach=await look_backs.within_reach(who.district) if fixes else 0,
        draws=[(one, look_backs.number_of(one), counts.get(one.id, {})) for one in found], least=LEAST, most=MOST,
    )  # fmt: skip


@desk_page
async def fix(request: Request, who: Who) -> Response:
    """POST /look-backs: fix a seed (dispatch/look_backs.py)."""
    data = await form(request, who, max_fields=10)
    given = {name: str(data.get(name, "")).strip()[:40] for name in ("act", "share", "due")}
    try:
        made = await look_backs.fix(who, **_read(given))
    except Problem as problem:
        if problem.code != "invalid":
            raise
        return await _draws(request, who, given=given, wrong=problem.sentence, status=problem.status)
    return done(f"/look-backs/{made.id}", "look_back.fix")


def _read(given: dict[str, str]) -> dict[str, Any]:
    try:
        due = clock.end_of_day(date.fromisoformat(given["due"]))
        return {"act": UUID(given["act"]), "share": int(given["share"]), "due": due}
    except ValueError:
        raise Problem("invalid", what="抽取比例请填整数，如 15；完成日期请从日历中选择。") from None


async def _one(request: Request, who: Who) -> LookBack:
    _need(who)
    found = await LookBack.get_or_none(id=request.path_params["id"], district=who.district)
    if found is None:
        raise Problem("not_found")
    return found


@desk_page
async def one_draw(request: Request, who: Who) -> Response:
    """GET /look-backs/{id}: the seed and what it draws from; after the draw the list, as far as it is this person's."""
    return await _list(request, who, await _one(request, who), request.query_params.get("replace", ""))


async def _list(
    request: Request, who: Who, one: LookBack, chosen: str, *, given: dict[str, str] | None = None, wrong: str = "",
    status: int = 200,
) -> Response:  # fmt: skip
    office = post_for(who, "look_back.replace", one.district) is not None
    tasks, inspectors = await look_backs.pool(one) if one.drawn_at is None else ([], [])
    entries = await LookBackTask.filter(look_back_id=one.id).order_by("village", "task_id")
    mine = [entry for entry in entries if _reaches(who, entry)]
    names = await names_for({entry.village for entry in mine})
    lines = await _lines(mine, names)
    free = next((entry for entry in mine if office and not entry.outcome and _task(entry) == chosen), None)
    found = await look_backs.inspectors_free(one, UUID(chosen), free.person) if free else []
    return desk(
        request, who, "dispatch/look_back.html", status=status, given=given or _NOBODY, wrong=wrong, one=one, number=look_backs.number_of(one), lines=lines,
        size=size_of(len(tasks), one.share), of=len(tasks) if one.drawn_at is None else len(one.drawn_from["tasks"]),
        sent=len(inspectors), draws=post_for(who, "look_back.draw", one.district) is not None, office=office,
        same=_same(one, entries) if one.drawn_at else None, all=len(entries), chosen=chosen if free else "",
        free=[(str(person), title) for person, title in found],
    )  # fmt: skip


def _task(entry: LookBackTask) -> str:
    return str(entry.task_id)  # type: ignore[attr-defined]


def _reaches(who: Who, entry: LookBackTask) -> bool:
    """The office sees all, a town its villages, an inspector what they look at themselves."""
    places = [post.place for post in who.posts if post.role in (TOWN, OFFICE)]
    return entry.person == who.person or entry.village.startswith(tuple(places))


def _same(one: LookBack, entries: list[LookBackTask]) -> bool:
    """Whether the draw, made again, finds the same tasks for the same people."""
    picks = {(pick.task, pick.person) for pick in look_backs.again(one, one.drawn_from)}
    return picks == {(_task(entry), str(entry.drawn_person or "")) for entry in entries}


async def _lines(entries: list[LookBackTask], names: Names) -> list[dict[str, Any]]:
    """The list with words for all that it names; two queries."""
    ids = [UUID(_task(entry)) for entry in entries]
    tasks = {task.id: task for task in await Task.filter(id__in=ids)}
    people = {person for entry in entries for person in (entry.person, entry.drawn_person) if person}
    titles = dict(await Person.filter(id__in=list(people)).values_list("id", "title"))
    return [
        {
            "task": tasks[task], "village": names.village(entry.village), "town": names.town(entry.village),
            "person": titles.get(entry.person, "") if entry.person else "", "reason": entry.reason, "outcome": entry.outcome,
            "drawn": titles.get(entry.drawn_person, "") if entry.drawn_person != entry.person and entry.drawn_person else "",
        }
        for entry, task in zip(entries, ids, strict=True)
    ]  # fmt: skip


@desk_page
async def record(request: Request, who: Who) -> Response:
    """GET /look-backs/{id}.json: all that is needed to draw again elsewhere (dispatch/look_back.py says how)."""
    one = await _one(request, who)
    need(who, "look_back.see", *prefixes(who))
    entries = await LookBackTask.filter(look_back_id=one.id).order_by("village", "task_id")
    told = {
        "number": look_backs.number_of(one), "seed": one.seed, "share": one.share, "fixed_at": clock.rfc3339(one.fixed_at),
        "since": clock.rfc3339(one.since), "until": clock.rfc3339(one.until), "drawn_from": one.drawn_from,
        "picks": [[_task(entry), str(entry.drawn_person or "")] for entry in entries],
    }  # fmt: skip
    headers = {"Content-Disposition": f'attachment; filename="look-back-{one.year}-{one.ordinal}.json"'}
    return JSONResponse(told, headers=headers)


@desk_page
async def draw(request: Request, who: Who) -> Response:
    """POST /look-backs/{id}/draw"""
    one = await _one(request, who)
    await form(request, who, max_fields=5)
    await look_backs.draw_now(who, one)
    return done(f"/look-backs/{one.id}", "look_back.draw")


@desk_page
async def replace(request: Request, who: Who) -> Response:
    """POST /look-backs/{id}/{task}: somebody else goes."""
    one = await _one(request, who)
    data = await form(request, who, max_fields=8)
    task = request.path_params["task"]
    given = {name: str(data.get(name, "")).strip()[:200] for name in ("person", "reason")}
    try:
        try:
            person = UUID(given["person"])
        except ValueError:
            raise Problem("invalid", what="请选择另一位没有经手过这项任务的检查员。") from None
        await look_backs.replace(who, one, task, person, given["reason"])
    except Problem as problem:
        if problem.code not in ("invalid", "stale"):
            raise
        return await _list(
            request, who, one, str(task), given=given, wrong=problem.sentence, status=problem.status
        )
    return done(f"/look-backs/{one.id}", "look_back.replace")


routes: list[Route] = [
    Route("/look-backs", list_draws, methods=["GET"]),
    Route("/look-backs", fix, methods=["POST"]),
    Route("/look-backs/{id:uuid}", one_draw, methods=["GET"]),
    Route("/look-backs/{id:uuid}.json", record, methods=["GET"]),
    Route("/look-backs/{id:uuid}/draw", draw, methods=["POST"]),
    Route("/look-backs/{id:uuid}/{task:uuid}", replace, methods=["POST"]),
]
