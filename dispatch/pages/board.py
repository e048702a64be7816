"""今日: what needs this person today. Sections by the roles they hold; every count opens the list behind it.

The page's address belongs to the step above, which hands down what only it knows (`more`: commands held).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from tortoise.expressions import Q, RawSQL

from dispatch.counting import Counts, Marks, counts_by_stage, marks, proposals
from dispatch.models import Task
from dispatch.pages.first_steps import first_steps
from dispatch.pages.naming import Names, names_for
from dispatch.pages.showing import next_step, picture
from dispatch.pages.tasks import row
from dispatch.queries import photos_of, seen_by
from dispatch.stages import ACCEPTED, CHECKED, DEFERRED, DISPATCHED, OPEN, RETURNED, SUBMITTED
from inspections.models import Assignment, Round
from inspections.progress import progress
from villages.ground import clock
from villages.permissions import (
    ADMIN,
    COMMITTEE,
    DEPARTMENT,
    INSPECTOR,
    OFFICE,
    TOWN,
    Who,
    departments,
    post_for,
    prefixes,
)
from villages.shell import desk

CARDS = 60
TO_DO = (DISPATCHED, ACCEPTED)


@dataclass(frozen=True)
class Number:
    """A count and the list it opens."""

    href: str
    value: int
    word: str
    alarm: bool = False


@dataclass
class Board:
    """What the page shows; a part without content is left out."""

    numbers: list[Number] = field(default_factory=list)
    rounds: list[dict[str, Any]] = field(default_factory=list)
    towns: list[dict[str, Any]] = field(default_factory=list)
    villages: list[dict[str, Any]] = field(default_factory=list)
    visits: list[dict[str, Any]] = field(default_factory=list)
    sheets: list[str] = field(default_factory=list)  # towns whose 整改通知单 this person prints


async def board(request: Request, who: Who, more: list[Number]) -> Response:
    """The board of a signed-in person: cards for a committee or a department, figures and tables for the rest."""
    if not who.holds(INSPECTOR, TOWN, OFFICE, ADMIN):
        return await _cards(request, who)
    shown = Board()
    district = who.holds(OFFICE, ADMIN)
    each = who.holds(TOWN) and not district
    counts = await counts_by_stage(prefixes(who), departments(who), by="village" if each else "town")
    beside = await marks(prefixes(who), departments(who))
    waiting = await proposals(who.district) if post_for(who, "letter.issue", who.district) else None
    shown.numbers = [*_numbers(who, _together(counts), beside, waiting), *more]
    if each:
        shown.villages = _villages(who, counts)
        shown.sheets = [place for place in prefixes(who, "sheet.print") if len(place) == 9]
    if who.holds(INSPECTOR):
        shown.visits = await _visits(who)
    if district or who.holds(TOWN):
        shown.rounds = await _rounds(who)
    names = await names_for({one["code"] for one in (*shown.villages, *shown.visits)})
    if district:
        shown.towns = _towns(counts, names)
    return desk(
        request, who, "dispatch/board.html", board=shown, names=names, today=clock.now(),
        steps=[] if shown.rounds else await first_steps(request, who),
    )  # fmt: skip


def _together(counts: Mapping[str, Counts]) -> Counts:
    whole = Counts()
    for one in counts.values():
        for stage, number in one.stages.items():
            whole.stages[stage] = whole.stages.get(stage, 0) + number
        whole.open, whole.overdue, whole.due_soon = (
            whole.open + one.open, whole.overdue + one.overdue, whole.due_soon + one.due_soon,
        )  # fmt: skip
    return whole


def _numbers(who: Who, whole: Counts, beside: Marks, waiting: int | None) -> list[Number]:
    """The counts that call for somebody of these roles, most pressing first; `waiting` for a letter, to who issues them."""

    def at(stage: str, word: str) -> Number:
        return Number(f"/tasks?stage={stage}", whole.stages.get(stage, 0), word)

    found = [
        Number("/tasks?due=overdue", whole.overdue, "逾期", alarm=True),
        Number("/tasks?due=soon", whole.due_soon, "临期（24 小时内）"),
        at(SUBMITTED, "待复核"),
    ]
    if who.holds(TOWN):
        found.insert(2, at(DISPATCHED, "待签收"))
    if who.holds(TOWN, OFFICE, ADMIN):
        found += [at(RETURNED, "退单"), Number("/tasks?mark=asked", beside.asked, "待答复延期")]
        found.append(Number("/tasks?mark=raised", beside.raised, "提级", alarm=True))
        if waiting is not None:
            found.append(Number("/letters", waiting, "拟督办"))
        if beside.sweeping:
            found.append(Number("/tasks?stage=all&mark=sweeping", beside.sweeping, "举一反三待回复"))
    if who.holds(OFFICE, ADMIN):
        found += [
            at(CHECKED, "待抽核销号"), Number("/tasks?mark=supervised", beside.supervised, "督办中"),
            at(DEFERRED, "挂账"),
        ]  # fmt: skip
    return found


def _towns(counts: dict[str, Counts], names: Names) -> list[dict[str, Any]]:
    """Towns with tasks, most overdue first."""
    lines = [
        {"code": code, "name": names.town(code), "open": one.open, "overdue": one.overdue,
         "submitted": one.stages.get("submitted", 0), "closed": one.stages.get("closed", 0)}
        for code, one in counts.items()
    ]  # fmt: skip
    return sorted(
        lines, key=lambda line: (-int(str(line["overdue"])), -int(str(line["open"])), str(line["code"]))
    )


def _villages(who: Who, counts: Mapping[str, Counts]) -> list[dict[str, Any]]:
    """A town's villages with open tasks, most overdue first."""
    lines = [
        {"code": code, "open": one.open, "overdue": one.overdue, "soon": one.due_soon,
         "submitted": one.stages.get(SUBMITTED, 0)}
        for code, one in counts.items()
        if one.open and code.startswith(prefixes(who))
    ]  # fmt: skip
    return sorted(
        lines, key=lambda line: (-int(str(line["overdue"])), -int(str(line["open"])), str(line["code"]))
    )


async def _visits(who: Who) -> list[dict[str, Any]]:
    """An inspector's villages still to be visited, by round; one query."""
    found = await (
        Assignment.filter(person=who.person, stage="open", round__stage="started")
        .order_by("round__closes", "village", "checklist")
        .values("village", "checklist", "round__name", "round__closes")
    )
    lines: dict[tuple[str, str], dict[str, Any]] = {}
    for one in found:
        key = (one["round__name"], one["village"])
        line = lines.setdefault(
            key,
            {
                "code": one["village"],
                "round": one["round__name"],
                "closes": one["round__closes"],
                "lists": [],
            },
        )
        line["lists"].append(one["checklist"])
    return list(lines.values())


async def _rounds(who: Who) -> list[dict[str, Any]]:
    """Rounds under way or ended and not yet published, with how far they have come here; four queries."""
    reach = prefixes(who)
    open_ones = await Round.filter(stage__in=("started", "closed")).order_by("closes", "number")
    mine = [
        one for one in open_ones if any(one.owner.startswith(p) or p.startswith(one.owner) for p in reach)
    ]
    figures = await progress([one.id for one in mine], reach)
    lines = [
        {"id": one.id, "name": one.name, "stage": one.stage, "closes": one.closes, "figures": figures[one.id]}
        for one in mine
    ]
    return [line for line in lines if line["figures"].visits]  # type: ignore[attr-defined]


async def _cards(request: Request, who: Who) -> Response:
    """A committee's or a department's tasks as cards, most urgent first; what waits for others below, however urgent."""
    hands = {post.place for post in who.posts if post.role in (COMMITTEE, DEPARTMENT)}
    mine = Q(unit__in=sorted(hands), stage__in=TO_DO)
    runs = seen_by(who).filter(stage__in=sorted(OPEN)).order_by("deadline", "id").limit(CARDS)
    own = await runs.filter(mine).annotate(whole=RawSQL("COUNT(*) OVER ()"))
    rest = await runs.filter(~mine)
    names = await names_for({task.village for task in (*own, *rest)})
    photos = await photos_of([task.id for task in own])
    counts = _together(await counts_by_stage(prefixes(who), departments(who)))
    yours = own[0].whole if own else 0  # type: ignore[attr-defined]
    return desk(
        request, who, "dispatch/cards.html", own=[_card(task, names, photos[task.id]) for task in own], yours=yours,
        rest=[_card(task, names, []) for task in rest], others=max(counts.open - yours, len(rest)), sweeps=await _sweeps(who, hands),
        many=bool(departments(who)) or len({task.village for task in (*own, *rest)}) > 1, deferred=counts.stages.get(DEFERRED, 0),
        numbers=await _department(who, counts) if who.holds(DEPARTMENT) else [],
    )  # fmt: skip


async def _sweeps(who: Who, hands: set[str]) -> list[dict[str, Any]]:
    """Requests to look elsewhere that this unit has not answered, whatever the stage of their task; two queries."""
    found = await (
        seen_by(who).filter(sweep_until__isnull=False, unit__in=sorted(hands)).order_by("sweep_until", "id").limit(CARDS)
    )  # fmt: skip
    names = await names_for({task.village for task in found}) if found else None
    return [{**row(task, names), "until": task.sweep_until} for task in found] if names else []


async def _department(who: Who, counts: Counts) -> list[Number]:
    """A department has a desk too: what of its tasks is late, pressed, asked for, on hold."""
    beside = await marks(prefixes(who), departments(who))
    return [
        Number("/tasks", counts.open, "未销号"),
        Number("/tasks?due=overdue", counts.overdue, "逾期", alarm=True),
        Number("/tasks?due=soon", counts.due_soon, "临期（24 小时内）"),
        Number("/tasks?mark=supervised", beside.supervised, "督办中"),
        Number("/tasks?mark=asked", beside.asked, "延期待答复"),
        Number("/tasks?mark=raised", beside.raised, "提级", alarm=True),
    ]


def _card(task: Task, names: Names, photos: list[Any]) -> dict[str, Any]:
    before = next((picture(photo) for photo in photos if photo.role == "before"), None)
    return {**row(task, names), "before": before, "next": next_step(task, names)}
