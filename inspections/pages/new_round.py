"""The form by which a round is opened: what is asked, where, by whom."""

import calendar
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from inspections import commands
from inspections.models import Assignment, ChecklistVersion, Round
from inspections.rounds import TYPES
from inspections.village_list import Place, read_villages
from templates.words import ROUND_TYPE
from villages.ground import clock
from villages.ground.problems import Problem
from villages.models import Person, Post, Town, Village
from villages.permissions import INSPECTOR, Who
from villages.shell import desk, desk_page, done
from villages.web import form

SCOPES = ("all", "towns", "list")
MODES = (
    ("own", "查本辖区", "检查员查自己岗位范围内的村；范围内没有选中村的（如邻镇来的检查员）查全部选中的村。"),
    ("crossed", "交叉检查", "各镇检查员按镇代码顺序互查，不查自己所在的镇；区级检查员查全部选中的村。"),
)
_LINES_SHOWN = 20


@dataclass(frozen=True)
class Given:
    """What the form holds, as it was typed or first offered."""

    name: str = ""
    number: str = ""
    type: str = "monthly"
    opens: str = ""
    closes: str = ""
    checklists: tuple[str, ...] = ()
    scope: str = "all"
    towns: tuple[str, ...] = ()
    names: str = ""
    inspectors: tuple[str, ...] = ()
    mode: str = "own"
    later: bool = False


async def _fresh(who: Who, owner: str) -> Given:
    """The form as first shown: this month, and otherwise as the last round of its type; if none, all inspectors."""
    self_check = _of_a_town(who, owner)
    today = clock.local(clock.now()).date()
    last_day = today.replace(day=calendar.monthrange(today.year, today.month)[1])
    kind = "self" if self_check else "monthly"
    name, number = await _not_taken(
        owner,
        f"{today.year}年{today.month}月{ROUND_TYPE[kind]}",
        f"{today:%Y-%m}-{'Z' if self_check else 'M'}",
    )
    base = Given(name=name, number=number, type=kind, opens=today.isoformat(), closes=last_day.isoformat())
    last = await Round.filter(owner=owner, type=kind).order_by("-rev").first()
    if last is None:
        everyone = [person for team in (await teams_of(who, owner)).values() for person, _ in team]
        return replace(base, inspectors=tuple(everyone))
    people = await Assignment.filter(round_id=last.id).distinct().values_list("person", flat=True)
    codes = [str(code) for code in last.scope.get("villages", [owner])]
    scope = "all" if codes == [owner] else "towns" if all(len(code) == 9 for code in codes) else "list"
    return replace(
        base, checklists=tuple(one["code"] for one in last.checklists), scope=scope,
        towns=tuple(codes) if scope == "towns" else (), names="\n".join(codes) if scope == "list" else "",
        mode=last.scope.get("mode", "own"), inspectors=tuple(str(person) for person in people),
    )  # fmt: skip


def _of_a_town(who: Who, owner: str) -> bool:
    return len(owner) > len(who.district)


async def _not_taken(owner: str, name: str, number: str) -> tuple[str, str]:
    """A name and a number that no round of the owner has yet: a month's second one is offered as such."""
    pairs = await Round.filter(owner=owner).values_list("name", "number")
    taken = {word for pair in pairs for word in pair}
    nth, offered = 1, (name, number)
    while taken.intersection(offered):
        nth += 1
        offered = (f"{name}（第{nth}次）", f"{number}{nth}")
    return offered


def _typed(data: dict[str, Any]) -> Given:
    def one(key: str, most: int) -> str:
        return str(data.get(key, "")).strip()[:most]

    def several(key: str) -> tuple[str, ...]:
        return tuple(str(value) for value in data.get(f"{key}[]", ()))

    return Given(
        name=one("name", 200), number=one("number", 60), type=one("type", 16), opens=one("opens", 10),
        closes=one("closes", 10), checklists=several("checklists"), scope=one("scope", 8), towns=several("towns"),
        names=one("names", 8000), inspectors=several("inspectors"), mode=one("mode", 8),
        later=bool(data.get("later")),
    )  # fmt: skip


async def _page(
    request: Request, who: Who, owner: str, given: Given, status: int = 200, wrong: tuple[str, ...] = ()
) -> Response:
    towns = {town.code: town.name for town in await Town.filter(code__startswith=owner).order_by("code")}
    sizes: dict[str, int] = {}
    for code in await Village.filter(code__startswith=owner).values_list("town", flat=True):
        sizes[str(code)] = sizes.get(str(code), 0) + 1
    versions = await ChecklistVersion.filter(district=who.district, stage="published").order_by("rev")
    newest = {version.code: version for version in versions}
    town_round = _of_a_town(who, owner)
    return desk(
        request, who, "inspections/round_new.html", status=status, wrong=wrong, given=given,
        towns=[(code, name, sizes[code]) for code, name in towns.items() if code in sizes],
        versions=list(newest.values()), types=[(kind, ROUND_TYPE[kind]) for kind in TYPES],
        teams=await teams_of(who, owner), total=sum(sizes.values()), town_round=town_round,
        modes=MODES[:1] if town_round else MODES,  # a town has no other town to cross with
    )  # fmt: skip


async def teams_of(who: Who, owner: str) -> dict[str, list[tuple[str, str]]]:
    """Inspectors one may send, under the name of where they hold their post: [(id, title)]."""
    towns = {town.code: town.name for town in await Town.all()}
    posts = await Post.filter(role=INSPECTOR, ended=False, place__startswith=owner).order_by("place")
    people = {one.id: one.title for one in await Person.filter(district=who.district, disabled=False)}
    teams: dict[str, list[tuple[str, str]]] = {}
    seen: set[UUID] = set()
    for post in posts:
        person: UUID = post.person_id  # type: ignore[attr-defined]
        if person in people and person not in seen:
            seen.add(person)
            teams.setdefault(towns.get(post.place[:9], "全区"), []).append((str(person), people[person]))
    return teams


async def _villages(owner: str, given: Given) -> tuple[list[str], list[str]]:
    """The codes chosen (none: all of the owner's) and what is wrong with them."""
    if given.scope not in SCOPES:
        return [], ["还没有选村的范围"]
    if (given.scope != "towns" and given.towns) or (given.scope != "list" and given.names):
        return [], ["勾选了镇或写了名单，但范围选的不是它；请改选范围，或清空不用的一项"]
    if given.scope == "towns":
        return list(given.towns), [] if given.towns else ["还没有选镇"]
    if given.scope != "list":
        return [], []
    towns = {town.code: town.name for town in await Town.all()}
    places = [
        Place(village.code, (village.name, *village.aliases), towns[village.town])
        for village in await Village.filter(code__startswith=owner)
    ]
    codes, wrong = read_villages(given.names, places)
    return codes, wrong if codes or wrong else ["名单里还没有村"]


def _day(text: str, word: str, wrong: list[str]) -> date:
    if not text:
        wrong.append(f"还没有选{word}")
        return date.min
    try:
        return date.fromisoformat(text)
    except ValueError:
        wrong.append(f"{word}“{text}”不是日期")
        return date.min


def _people(given: Given, wrong: list[str]) -> list[UUID]:
    try:
        return [UUID(one) for one in given.inspectors]
    except ValueError:
        wrong.append("检查员名单有误，请重新勾选")
        return []


@desk_page
async def new_round(request: Request, who: Who) -> Response:
    """GET /rounds/new."""
    owner = commands.owner_for(who)
    return await _page(request, who, owner, await _fresh(who, owner))


@desk_page
async def create_round(request: Request, who: Who) -> Response:
    """POST /rounds/new: opens the round, or shows the form again with everything that is wrong in it."""
    owner = commands.owner_for(who)
    given = _typed(await form(request, who, max_fields=2000, max_files=0))
    villages, wrong = await _villages(owner, given)
    opens, closes = _day(given.opens, "开始日期", wrong), _day(given.closes, "结束日期", wrong)
    people = _people(given, wrong)
    if wrong:
        more = [f"……还有 {len(wrong) - _LINES_SHOWN} 处"] if len(wrong) > _LINES_SHOWN else []
        return await _page(request, who, owner, given, 422, (*wrong[:_LINES_SHOWN], *more))
    arguments = {
        "name": given.name, "number": given.number, "type": given.type, "opens": opens, "closes": closes,
        "checklists": given.checklists, "villages": villages, "inspectors": people, "mode": given.mode,
        "start": not given.later,
    }  # fmt: skip
    try:
        opened = await commands.open_at_desk(who, owner, arguments)
    except Problem as problem:
        if problem.code not in ("invalid", "round_exists"):
            raise
        return await _page(request, who, owner, given, problem.status, (problem.sentence,))
    if opened.stage == "planned":  # no tablet sees it yet, so nothing is said of tablets
        return RedirectResponse(f"/rounds/{opened.id}", 303)
    return done(f"/rounds/{opened.id}", "round.open")


routes: list[Route] = [
    Route("/rounds/new", new_round, methods=["GET"]),
    Route("/rounds/new", create_round, methods=["POST"]),
]
