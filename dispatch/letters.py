"""督办单: the office's numbered letter to one town or department about its late tasks.

Printed before the change and entered in it: number, bytes and `supervise` on every task stand or fall together. Sent
twice, the form's one-time id finds the letter that is there. Reprints serve the bytes.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise.expressions import F, Q
from tortoise.functions import Count, Min
from tortoise.queryset import QuerySet

from dispatch.deadlines import days_left
from dispatch.escalation import PROPOSE
from dispatch.hands import Hand, directory
from dispatch.models import Letter, LetterTask, Task
from dispatch.moves import apply
from dispatch.notices import Told, write
from dispatch.press import Press, check_ready, minute
from dispatch.queries import within
from dispatch.registers import Act
from dispatch.stages import DEPARTMENT, OPEN, TOWN
from templates.filters import full_day
from templates.words import STAGE
from villages.changes import Actor, Line, change
from villages.ground import clock
from villages.ground.problems import Problem
from villages.models import DistrictHead, Town, Unit, Village
from villages.permissions import Who
from villages.web import need

MOST = 200  # tasks a letter


def number_of(letter: Letter) -> str:
    """督办〔2026〕3号"""
    return f"督办〔{letter.year}〕{letter.ordinal}号"


def _addressee(unit: str, town: str) -> str:
    """Who a letter about a task goes to: the department, or the town of the village."""
    return unit if "-" in unit else town


def addressed(code: str, name: str) -> tuple[str, str]:
    """How a letter speaks to a town or department: its formal name, and the word for "you"."""
    if "-" in code:
        return name, "你单位"
    kinds = {"镇": "人民政府", "乡": "人民政府", "街道": "办事处", "地区": "办事处"}
    for kind, office in kinds.items():
        if name.endswith(kind):
            return f"{name}{office}", f"你{kind}"
    return name, "你单位"


@dataclass(frozen=True)
class Proposal:
    """How many late tasks of one addressee wait for a letter, and since when the longest late of them is."""

    unit: str
    number: int
    oldest: datetime


def _late(district: str) -> QuerySet[Task]:
    """Tasks whose present deadline the ladder proposes a letter for and none has pressed."""
    return Task.filter(
        within([district]), Q(supervised_for__isnull=True) | ~Q(supervised_for=F("deadline")), rung__gte=PROPOSE,
        stage__in=sorted(OPEN), rung_for=F("deadline"),
    )  # fmt: skip


async def proposed(district: str) -> list[Proposal]:
    """What waits for a letter, by addressee, the longest late first; one query. `counting.proposals` is the sum."""
    by_place = _late(district).annotate(n=Count("id"), oldest=Min("deadline")).group_by("unit", "town")
    found: dict[str, Proposal] = {}
    for unit, town, number, oldest in await by_place.values_list("unit", "town", "n", "oldest"):
        to = _addressee(unit, town)
        before = found.get(to, Proposal(to, 0, oldest))
        found[to] = Proposal(to, before.number + number, min(before.oldest, oldest))
    return sorted(found.values(), key=lambda one: (one.oldest, one.unit))


async def proposed_to(district: str, unit: str) -> list[Task]:
    """The tasks of one addressee that wait for a letter: as many as a letter takes, the longest late first."""
    theirs = Q(unit=unit) if "-" in unit else Q(~Q(unit__contains="-"), town=unit)
    return await _late(district).filter(theirs).order_by("deadline", "id").limit(MOST)


async def issue(
    press: Press, who: Who, *, act: UUID, unit: str, tasks: Sequence[UUID], note: str, deadline: datetime
) -> Letter:
    """Issue a letter. Raises forbidden, invalid (nothing chosen, a foreign task, no note, a past date), stale."""
    post = need(who, "letter.issue", who.district)
    if there := await Letter.get_or_none(id=act):
        return there
    now = clock.now()
    wanted = [
        (bool(note.strip()), "写明领导批示"),
        (0 < len(tasks) <= MOST, f"勾选 1 至 {MOST} 项任务"),
        (deadline > now, "把办结期限定在今天以后"),
    ]
    if lacking := [words for is_there, words in wanted if not is_there]:
        raise Problem("invalid", what=f"还没有印发：请{'，'.join(lacking)}。")
    await check_ready()
    found = await Task.filter(id__in=list(tasks)).order_by("deadline", "id")
    if len(found) != len(set(tasks)) or any(
        _addressee(one.unit, one.town) != unit or one.stage not in OPEN for one in found
    ):
        raise Problem("stale")
    head = await DistrictHead.get(district=who.district)
    year = clock.local(now).year
    last = await Letter.filter(district=who.district, year=year).order_by("-ordinal").first()
    letter = Letter(
        id=act, district=who.district, year=year, ordinal=last.ordinal + 1 if last else 1, unit=unit,
        note=note.strip()[:600], deadline=deadline, issued_at=now, issued_by=who.person, data_rev=head.rev,
        chain_hash=head.chain_hash,
    )  # fmt: skip
    pdf = await press.paper.render("letter", await _context(letter, head, found, who))
    letter.pdf_sha256 = await asyncio.to_thread(press.blobs.put, pdf)
    actor = Actor(who.person, post.role, post.place, who.title, who.device)
    await change(
        lambda line: _enter(line, actor, letter, found), district=who.district, actor=actor, verb="letter.issue",
        command_id=act,
    )  # fmt: skip
    return letter


async def _enter(line: Line, actor: Actor, letter: Letter, tasks: Sequence[Task]) -> None:
    taken = Letter.filter(district=letter.district, year=letter.year, ordinal__gte=letter.ordinal)
    if await taken.exists():
        raise Problem("stale")
    letter.rev = line.rev
    await letter.save(force_create=True)
    text = f"{number_of(letter)}：{letter.note}"
    for printed in tasks:
        task = await Task.get(id=printed.id)
        if (task.stage, task.unit, task.deadline) != (printed.stage, printed.unit, printed.deadline):
            raise Problem("stale")  # the paper would say what is no longer so
        if (await apply(line, task, Act("supervise", actor, text=text))).status != "applied":
            raise Problem("stale")
    await LetterTask.bulk_create(
        [LetterTask(letter_id=letter.id, task_id=task.id, deadline=task.deadline) for task in tasks]
    )
    await Task.filter(id__in=[task.id for task in tasks]).update(supervised_for=F("deadline"))
    known = await directory(clock.local(line.heard_at).date(), [letter.unit])
    hand = Hand(DEPARTMENT if "-" in letter.unit else TOWN, letter.unit)
    write(line, [Told(person, "letter", str(letter.id), letter.unit) for person, _ in known.first([hand])])
    line.about("letter", letter.id, letter.unit if "-" not in letter.unit else line.district)
    line.body.update(
        number=number_of(letter), unit=letter.unit, note=letter.note, deadline=clock.rfc3339(letter.deadline),
        tasks=[str(task.id) for task in tasks], pdf_sha256=letter.pdf_sha256,
    )  # fmt: skip


async def _context(letter: Letter, head: DistrictHead, tasks: Sequence[Task], who: Who) -> dict[str, Any]:
    """All that is printed, in words."""
    villages = dict(
        await Village.filter(code__in={task.village for task in tasks}).values_list("code", "name")
    )
    towns = dict(await Town.filter(code__in={task.town for task in tasks}).values_list("code", "name"))
    department = "-" in letter.unit  # it knows no "our villages": the town is said too
    named = await (Unit if department else Town).get(code=letter.unit)
    to, you = addressed(letter.unit, named.name)
    return {
        "title": "督办单", "district": head.name, "number": number_of(letter), "to": to, "you": you,
        "note": letter.note, "deadline": full_day(letter.deadline), "issued": full_day(letter.issued_at),
        "demo": head.kind == "demo", "as_of": minute(letter.issued_at), "by": who.title,
        "chain": letter.chain_hash[:12], "issued_iso": clock.local(letter.issued_at).isoformat(timespec="seconds"),
        "tasks": [
            {
                "number": task.number, "village": (towns.get(task.town, "") if department else "") + villages.get(task.village, task.village),
                "problem": f"{task.place}：{task.text}" if task.place else task.text,
                "deadline": full_day(task.deadline), "stage": STAGE[task.stage],
                "late": max(0, -days_left(task.deadline, letter.issued_at)),
            }
            for task in tasks
        ],
    }  # fmt: skip
