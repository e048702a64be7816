"""回头看: a seed is fixed and shown, then tasks closed a month or more ago are drawn by it and given to inspectors.

What was drawn from stays beside the draw, so that `again` finds the same tasks and people for ever. Whoever is drawn
for a village sees it until their tasks there are looked at.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import rfc8785
from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

from dispatch.look_back import FROM_DAYS, LEAST, MOST, TO_DAYS, Closed, Inspector, Pick, draw
from dispatch.models import LookBack, LookBackTask, Step, Task
from dispatch.notices import Told, settle, write
from dispatch.queries import within
from dispatch.shares import LOOK_BACK, shares_of
from dispatch.stages import CLOSED, INSPECTOR
from inspections.models import Inspection
from inspections.rounds import assigned_posts
from villages.changes import Actor, Line, change
from villages.ground import clock
from villages.ground.database import look
from villages.ground.ids import new_id
from villages.ground.problems import Problem
from villages.leavings import leave
from villages.models import DistrictHead, Person, Post
from villages.permissions import PostHeld, Who
from villages.web import need

A_PART = 400  # ids a statement


def number_of(one: LookBack) -> str:
    """回头看〔2026〕3号"""
    return f"回头看〔{one.year}〕{one.ordinal}号"


async def usual_share(district: str) -> int:
    """Per cent of the tasks, as the district has set it."""
    head = await DistrictHead.get(district=district)
    return shares_of(head.settings)[LOOK_BACK]


EMPTY = "抽取范围内没有已销号、尚未回头看的任务，不用抽取。"


def _window(now: datetime) -> tuple[datetime, datetime]:
    return now - timedelta(days=TO_DAYS), now - timedelta(days=FROM_DAYS)


def _unseen(district: str, since: datetime, until: datetime) -> QuerySet[Task]:
    """Tasks closed in the window that nobody has looked at since."""
    seen = LookBackTask.filter(outcome__in=["", "fine"]).values("task_id")
    return Task.filter(
        within([district]), ~Q(id__in=Subquery(seen)), stage=CLOSED, closed_at__gte=since, closed_at__lt=until,
        basis_gone=False,
    )  # fmt: skip


async def within_reach(district: str) -> int:
    """How many tasks a draw of today would choose from."""
    return await _unseen(district, *_window(clock.now())).count()


async def fix(who: Who, *, act: UUID, share: int, due: datetime) -> LookBack:
    """Fix the seed, window and share of the next draw; nothing is drawn. Sent twice, it is one. Raises forbidden, invalid
    (also where there is nothing to draw from: no number is used up).

    The seed is the trail's hash before this change: nobody can choose it, everybody can read it.
    """
    post = need(who, "look_back.fix", who.district)
    if there := await LookBack.get_or_none(id=act):
        return there
    now = clock.now()
    if not LEAST <= share <= MOST or due <= now:
        raise Problem("invalid", what=f"抽取比例须在 {LEAST}% 至 {MOST}% 之间，完成日期须晚于今天。")
    since, until = _window(now)
    if not await _unseen(who.district, since, until).exists():
        raise Problem("invalid", what=EMPTY)

    async def work(line: Line) -> LookBack:
        year = clock.local(now).year
        last = await LookBack.filter(district=who.district, year=year).order_by("-ordinal").first()
        made = LookBack(
            id=act, district=who.district, year=year, ordinal=last.ordinal + 1 if last else 1, seed=line.prev_hash,
            share=share, since=since, until=until, due=due, fixed_at=now,
            fixed_by=who.person, rev=line.rev,
        )  # fmt: skip
        await made.save(force_create=True)
        line.about("look_back", made.id, who.district)
        line.body.update(
            number=number_of(made), seed=made.seed, share=share, since=clock.rfc3339(made.since),
            until=clock.rfc3339(made.until), due=clock.rfc3339(due),
        )  # fmt: skip
        return made

    actor = Actor(who.person, post.role, post.place, who.title, who.device)
    return await change(work, district=who.district, actor=actor, verb="look_back.fix", command_id=act)


async def pool(one: LookBack) -> tuple[list[Closed], list[Inspector]]:
    """What is drawn from: tasks closed in the window that nobody has looked at since, and the inspectors of today."""
    closed = _unseen(one.district, one.since, one.until)
    rows = await closed.order_by("id").values("id", "village", "inspection")
    known = await _known(rows)
    tasks = [Closed(str(row["id"]), row["village"], frozenset(known[row["id"]])) for row in rows]
    today = clock.local(clock.now()).date()
    posts = await Post.filter(
        Q(until__isnull=True) | Q(until__gte=today), ended=False, since__lte=today, person__disabled=False,
        role=INSPECTOR, place__startswith=one.district,
    ).order_by("person_id", "place").values_list("person_id", "place")  # fmt: skip
    places: dict[str, list[str]] = {}
    for person, place in posts:
        places.setdefault(str(person), []).append(place)
    return tasks, [Inspector(person, tuple(found)) for person, found in places.items()]


async def _known(rows: Sequence[dict[str, Any]]) -> dict[UUID, set[str]]:
    """By task, everybody who found it or had a hand in it."""
    known: dict[UUID, set[str]] = {row["id"]: set() for row in rows}
    for part in _parts(list(known)):
        for task, person in await Step.filter(task_id__in=part, person__isnull=False).values_list(
            "task_id", "person"
        ):
            known[task].add(str(person))
    visits = list({row["inspection"] for row in rows})
    found: dict[UUID, list[str]] = {}
    for part in _parts(visits):
        for visit in await Inspection.filter(id__in=part).values("id", "inspectors", "author"):
            found[visit["id"]] = [*visit["inspectors"], str(visit["author"])]
    for row in rows:
        known[row["id"]].update(found.get(row["inspection"], ()))
    return known


def _parts(ids: list[UUID]) -> list[list[UUID]]:
    return [ids[start : start + A_PART] for start in range(0, len(ids), A_PART)]


async def draw_now(who: Who, one: LookBack) -> None:
    """Draw by the fixed seed and send the inspectors. Raises forbidden, stale (drawn already), invalid (nothing closed)."""
    post = need(who, "look_back.draw", one.district)
    tasks, inspectors = await pool(one)
    if not tasks:
        raise Problem("invalid", what=EMPTY)
    kept = {
        "tasks": [[task.id, task.village, sorted(task.known)] for task in tasks],
        "inspectors": [[person.id, list(person.places)] for person in inspectors],
    }
    picks = again(one, kept)
    villages = {task.id: task.village for task in tasks}

    async def work(line: Line) -> None:
        now = await LookBack.get(id=one.id)
        if now.drawn_at is not None:
            raise Problem("stale")
        await LookBack.filter(id=one.id).update(drawn_at=line.heard_at, drawn_from=kept, rev=line.rev)
        line.add(
            LookBackTask,
            [
                {"id": new_id(), "look_back_id": one.id, "task_id": UUID(pick.task), "village": villages[pick.task],
                 "person": _person(pick), "drawn_person": _person(pick), "reason": "", "outcome": "", "done_rev": None,
                 "rev": line.rev}
                for pick in picks
            ],
        )  # fmt: skip
        _bring_back(line, [pick.task for pick in picks])
        told = [(_person(pick), pick) for pick in picks]
        write(
            line,
            [Told(person, "look_back", pick.task, villages[pick.task]) for person, pick in told if person],
        )
        line.about("look_back", one.id, one.district)
        line.body.update(
            number=number_of(one), seed=one.seed, share=one.share, of=len(tasks),
            drawn_from=hashlib.sha256(rfc8785.dumps(kept)).hexdigest(), picks=[[p.task, p.person] for p in picks],
        )  # fmt: skip

    actor = Actor(who.person, post.role, post.place, who.title, who.device)
    await change(work, district=one.district, actor=actor, verb="look_back.draw")


def _person(pick: Pick) -> UUID | None:
    return UUID(pick.person) if pick.person else None


def _bring_back(line: Line, tasks: Sequence[str]) -> None:
    """Closed long ago, the tasks and their photos may have left every tablet: touched, they are told anew."""
    for start in range(0, len(tasks), A_PART):
        part = tasks[start : start + A_PART]
        marks = ", ".join("?" * len(part))
        line.later(f"UPDATE task SET rev = ? WHERE id IN ({marks})", line.rev, *part)
        photos = f"SELECT photo FROM task_photo WHERE task_id IN ({marks})"
        line.later(f"UPDATE photo SET rev = ? WHERE id IN ({photos})", line.rev, *part)


def again(one: LookBack, drawn_from: dict[str, Any]) -> list[Pick]:
    """The draw, made again from what stands on record."""
    tasks = [Closed(task, village, frozenset(known)) for task, village, known in drawn_from["tasks"]]
    inspectors = [Inspector(person, tuple(places)) for person, places in drawn_from["inspectors"]]
    return draw(one.seed, one.share, tasks, inspectors)


def _known_of(one: LookBack, task: str) -> list[str]:
    """Who knows a drawn task, as the draw had it."""
    kept = one.drawn_from or {"tasks": []}
    return next((known for drawn, _, known in kept["tasks"] if drawn == task), [])


async def replace(who: Who, one: LookBack, task: UUID, person: UUID, reason: str) -> None:
    """Somebody else goes. Raises not_found, forbidden, invalid (no reason, no inspector, one who knows the task), stale."""
    post = need(who, "look_back.replace", one.district)
    entry = await LookBackTask.get_or_none(look_back_id=one.id, task_id=task)
    if entry is None:
        raise Problem("not_found")
    if not reason.strip():
        raise Problem("invalid", what="请写明为什么换人，再提交。")
    if person not in {free for free, _ in await inspectors_free(one, task, entry.person)}:
        raise Problem("invalid", what="请选择另一位没有经手过这项任务的检查员。")

    async def work(line: Line) -> None:
        now = await LookBackTask.get(id=entry.id)
        if now.outcome or now.person != entry.person:
            raise Problem("stale")
        if now.person is not None:
            leave(line, f"u:{now.person}", "look_back", [now.id])
            settle(line, task, "look_back")
        await LookBackTask.filter(id=entry.id).update(
            person=person, reason=reason.strip()[:200], rev=line.rev
        )
        _bring_back(line, [str(task)])
        write(line, [Told(person, "look_back", str(task), now.village)])
        line.about("look_back", one.id, now.village)
        line.body.update(task=str(task), person=str(person), before=str(now.person or ""), reason=reason)

    actor = Actor(who.person, post.role, post.place, who.title, who.device)
    await change(work, district=one.district, actor=actor, verb="look_back.replace")


async def inspectors_free(one: LookBack, task: UUID, present: UUID | None) -> list[tuple[UUID, str]]:
    """(person, name) of those who may look at the task instead of who does at present."""
    known = set(_known_of(one, str(task)))
    posts = Post.filter(role=INSPECTOR, ended=False, person__disabled=False, place__startswith=one.district)
    people = set(await posts.values_list("person_id", flat=True))
    named = await Person.filter(id__in=list(people)).order_by("title").values_list("id", "title")
    return [(person, title) for person, title in named if str(person) not in known and person != present]


async def posts_lent(who: Who) -> list[PostHeld]:
    """The villages of running rounds and of look-backs still to be done, lent to whoever inspects."""
    lent = list(await assigned_posts(who))
    if who.holds(INSPECTOR):
        mine = (
            "SELECT DISTINCT village FROM look_back_task WHERE person = ? AND outcome = '' ORDER BY village"
        )
        lent += [PostHeld(INSPECTOR, row["village"]) for row in await look(mine, str(who.person))]
    return lent
