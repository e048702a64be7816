"""What a task's page needs for the acts beside the plain life: dates to offer, what is asked, tasks to join with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from tortoise.expressions import Q

from dispatch import aside, deadlines
from dispatch.models import Step, Task
from dispatch.pages.allowed import beyond_town
from dispatch.stages import CLOSED, OPEN
from templates import filters, words
from villages.ground import clock
from villages.permissions import Who

AGAIN = timedelta(days=180)  # 反弹: how far back an earlier task of the same village and item is looked for
LOOK_AGAIN = timedelta(days=30)  # 挂账: the habit (glossary)
OTHERS = 60
DONE = ("applied", "merged")


@dataclass(frozen=True)
class Asking:
    """More time, asked for and not decided. `cut`: this person can give the item's own term at most."""

    by: str
    text: str
    until: date
    offered: date
    longest: date
    beyond: bool
    cut: bool


@dataclass(frozen=True)
class Other:
    """Another task of the village, for a choice or a link."""

    id: UUID
    word: str


@dataclass(frozen=True)
class Beside:
    """`verbs`: those this person may do, without joining where there is nothing to join with."""

    verbs: list[str]
    first: date  # the earliest date one may ask for or set
    habit: date  # when 挂账 is usually looked at again
    longest: date  # the last date a town can give
    asking: Asking | None
    merges: list[Other]
    links: list[Other]
    related: list[tuple[str, Other]]
    tomorrow: date
    sweep_text: str  # what was asked to be looked for elsewhere, while that waits for its answer


async def beside(who: Who, task: Task, verbs: Sequence[str], steps: Sequence[Step]) -> Beside:
    """At most three queries, and those only where something can come of them."""
    merges = await _to_merge(task) if "merge" in verbs else []
    links = await _to_link(task) if "link" in verbs else []
    barren = {verb for verb, found in (("merge", merges), ("link", links)) if not found}
    newest, now = sorted(steps, key=lambda step: -step.rev), clock.now()
    last = aside.last_move([step for step in newest if step.verdict in DONE])
    if last is None or last is not newest[0] or not aside.undoable(last, who.person, now):
        barren.add("take_back")
    if any(step.verb == "urge" and step.person and _same_day(step.heard_at, now) for step in newest):
        barren.add("urge")
    today, due = clock.local(clock.now()).date(), clock.local(task.deadline).date()
    first = (
        due if clock.end_of_day(due) > task.deadline and due >= today else max(due, today) + timedelta(days=1)
    )
    return Beside(
        [verb for verb in verbs if verb not in barren],
        first if {"extend", "extend_grant"} & set(verbs) else today + timedelta(days=1),
        today + LOOK_AGAIN, deadlines.longest(task.deadline, task.days, task.deadline_kind),
        _asking(who, task, steps), merges, links, await _related(task),
        today + timedelta(days=1), _sweep_text(task, newest),
    )  # fmt: skip


def _sweep_text(task: Task, newest: Sequence[Step]) -> str:
    asked = (step for step in newest if step.verb == "sweep" and step.verdict in DONE)
    found = next(asked, None) if task.sweep_until else None
    return found.text if found else ""


def _same_day(one: datetime, other: datetime) -> bool:
    return clock.local(one).date() == clock.local(other).date()


def _asking(who: Who, task: Task, steps: Sequence[Step]) -> Asking | None:
    if task.asked_until is None:
        return None
    said = next(
        (step for step in reversed(steps) if step.verb == "extend" and step.verdict != "conflict"), None
    )
    until = clock.local(task.asked_until).date()
    longest = deadlines.longest(task.deadline, task.days, task.deadline_kind)
    beyond = deadlines.beyond(task.deadline, task.asked_until, task.days, task.deadline_kind)
    cut = beyond and beyond_town(who, "extend_grant", task)
    return Asking(
        said.title if said else "", said.text if said else "", until, min(until, longest) if cut else until, longest,
        beyond, cut,
    )  # fmt: skip


async def _to_merge(task: Task) -> list[Other]:
    """Other open tasks of the village, those of the same item first."""
    found = await (
        Task.filter(village=task.village, stage__in=sorted(OPEN)).exclude(id=task.id).order_by("deadline", "id")
        .limit(OTHERS)
    )  # fmt: skip
    return [_other(one) for one in sorted(found, key=lambda one: one.item != task.item)]


async def _to_link(task: Task) -> list[Other]:
    """Earlier tasks of the same village and item that were closed lately, newest first."""
    since = task.dispatched_at - AGAIN
    found = await (
        Task.filter(
            village=task.village, item=task.item, stage=CLOSED, closed_at__gte=since, dispatched_at__lte=task.dispatched_at
        )
        .exclude(id=task.id).order_by("-closed_at").limit(OTHERS)
    )  # fmt: skip
    return [
        _other(one)
        for one in found
        if task.id not in (one.again_of, one.merged_into) and one.id != task.again_of
    ]


async def _related(task: Task) -> list[tuple[str, Other]]:
    """The tasks this one points to or that point to it, each with what they are to it."""
    to = {task.merged_into: "并入", task.again_of: "反弹自", task.split_from: "拆分自"}
    wanted = [one for one in to if one]
    pointing = Q(merged_into=task.id) | Q(again_of=task.id) | Q(split_from=task.id)
    found = await Task.filter(
        (Q(id__in=wanted) | pointing) if wanted else pointing, village=task.village
    ).limit(20)
    return [(to.get(one.id) or _pointed(one, task), _other(one)) for one in found]


def _pointed(one: Task, task: Task) -> str:
    if one.merged_into == task.id:
        return "由此并入"
    return "由此拆出" if one.split_from == task.id else "后又反弹"


def _other(task: Task) -> Other:
    closed = f"，{filters.day(task.closed_at)}销号" if task.closed_at else ""
    where = f"{task.place} · " if task.place else ""
    return Other(
        task.id, f"{where}{task.text}（{task.item}，{words.STAGE[task.stage]}{closed}，{task.number}）"
    )


def shown(one: Beside) -> dict[str, Any]:
    """The dates as an input of type date wants them."""
    return {
        "first": one.first.isoformat(), "habit": one.habit.isoformat(), "tomorrow": one.tomorrow.isoformat(),
        "week": (one.tomorrow + timedelta(days=6)).isoformat(),
    }  # fmt: skip
