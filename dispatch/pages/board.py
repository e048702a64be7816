"""今日: what needs this person today. Sections by the roles they hold; every count opens the list behind it.

The page's address belongs to the step above, which hands down what only it knows (`more`: commands held).
"""

from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from tortoise.expressions import Q
from tortoise.functions import Count

from dispatch.deadlines import SOON
from dispatch.figures import Counts, counts_by_stage
from dispatch.models import Task
from dispatch.pages.first_steps import first_steps
from dispatch.pages.naming import Names, names_for
from dispatch.pages.showing import next_step, picture
from dispatch.pages.tally import Tally, tally
from dispatch.pages.tasks import row
from dispatch.queries import photos_of, seen_by, within
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
    counts = await counts_by_stage(prefixes(who), departments(who))
    shown.numbers = [*_numbers(who, counts, await tally(who)), *more]
    if who.holds(TOWN) and not district:
        shown.villages = await _villages(who)
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
        steps=await first_steps(request, who),
    )  # fmt: skip


def _numbers(who: Who, counts: dict[str, Counts], marks: Tally) -> list[Number]:
    """The counts that call for somebody of these roles, most pressing first."""
    whole: dict[str, int] = {}
    for town in counts.values():
        for stage, number in town.stages.items():
            whole[stage] = whole.get(stage, 0) + number
    late, soon = sum(one.overdue for one in counts.values()), sum(one.due_soon for one in counts.values())

    def at(stage: str, word: str) -> Number:
        return Number(f"/tasks?stage={stage}", whole.get(stage, 0), word)

    found = [
        Number("/tasks?due=overdue", late, "逾期", alarm=True),
        Number("/tasks?due=soon", soon, "临期（24 小时内）"),
        at(SUBMITTED, "待复核"),
    ]
    if who.holds(TOWN):
        found.insert(2, at(DISPATCHED, "待签收"))
    if who.holds(TOWN, OFFICE, ADMIN):
        found += [at(RETURNED, "退单"), Number("/tasks?mark=asked", marks.asked, "待答复延期")]
        found.append(Number("/tasks?mark=raised", marks.raised, "提级", alarm=True))
        if marks.sweeping:
            found.append(Number("/tasks?stage=all&mark=sweeping", marks.sweeping, "举一反三待回复"))
    if who.holds(OFFICE, ADMIN):
        found += [
            at(CHECKED, "待抽核销号"), Number("/tasks?mark=supervised", marks.supervised, "督办中"),
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


async def _villages(who: Who) -> list[dict[str, Any]]:
    """A town's villages with open tasks, most overdue first; one query."""
    now = clock.now()
    found = await (
        Task.filter(within(prefixes(who)), stage__in=sorted(OPEN))
        .annotate(
            open=Count("id"), overdue=Count("id", _filter=Q(deadline__lt=now)),
            soon=Count("id", _filter=Q(deadline__gte=now, deadline__lte=now + SOON)),
            submitted=Count("id", _filter=Q(stage=SUBMITTED)),
        )
        .group_by("village")
        .values("village", "open", "overdue", "soon", "submitted")
    )  # fmt: skip
    lines = [{**line, "code": line["village"]} for line in found]
    return sorted(lines, key=lambda line: (-line["overdue"], -line["open"], line["code"]))


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
    """A committee's or a department's tasks as cards, most urgent first; what waits for others below."""
    tasks = await seen_by(who).filter(stage__in=sorted(OPEN)).order_by("deadline", "id").limit(CARDS + 1)
    hands = {post.place for post in who.posts if post.role in (COMMITTEE, DEPARTMENT)}
    names = await names_for({task.village for task in tasks})
    photos = await photos_of([task.id for task in tasks])
    shown = [_card(task, names, photos[task.id]) for task in tasks[:CARDS]]
    marks = await tally(who)
    own = [one for one, task in zip(shown, tasks, strict=False) if task.unit in hands and task.stage in TO_DO]
    return desk(
        request, who, "dispatch/cards.html", own=own, rest=[one for one in shown if one not in own],
        sweeps=await _sweeps(who, hands), more=len(tasks) > CARDS, many=len({task.village for task in tasks}) > 1, deferred=marks.deferred,
        numbers=_department(marks) if who.holds(DEPARTMENT) else [],
    )  # fmt: skip


async def _sweeps(who: Who, hands: set[str]) -> list[dict[str, Any]]:
    """Requests to look elsewhere that this unit has not answered, whatever the stage of their task; two queries."""
    found = await (
        seen_by(who).filter(sweep_until__isnull=False, unit__in=sorted(hands)).order_by("sweep_until", "id").limit(CARDS)
    )  # fmt: skip
    names = await names_for({task.village for task in found}) if found else None
    return [{**row(task, names), "until": task.sweep_until} for task in found] if names else []


def _department(marks: Tally) -> list[Number]:
    """A department has a desk too: what of its tasks is late, pressed, asked for, on hold."""
    return [
        Number("/tasks", marks.open, "未销号"),
        Number("/tasks?due=overdue", marks.overdue, "逾期", alarm=True),
        Number("/tasks?due=soon", marks.soon, "临期（24 小时内）"),
        Number("/tasks?mark=supervised", marks.supervised, "督办中"),
        Number("/tasks?mark=asked", marks.asked, "延期待答复"),
        Number("/tasks?mark=raised", marks.raised, "提级", alarm=True),
    ]


def _card(task: Task, names: Names, photos: list[Any]) -> dict[str, Any]:
    before = next((picture(photo) for photo in photos if photo.role == "before"), None)
    return {**row(task, names), "before": before, "next": next_step(task, names)}
