"""Rounds (检查批次) and who inspects what in them.

planned → started → closed → published. An assignment ends by completion or withdrawal, never by its round
closing: what comes late is still taken, and marked late.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from inspections.assigning import MODES, Inspector, spread
from inspections.checklists import newest_version
from inspections.models import Assignment, Round
from templates.filters import full_day
from villages.changes import Line
from villages.ground import clock
from villages.ground.database import look
from villages.ground.ids import new_id
from villages.ground.problems import Problem
from villages.leavings import leave
from villages.models import Person, Post, Village
from villages.permissions import INSPECTOR, PostHeld, Who
from villages.places import village_names

TYPES = ("monthly", "quarterly", "annual", "special", "random", "self")
_TOWN_DIGITS = 9


async def open_round(
    line: Line, *, name: str, number: str, type: str, opens: date, closes: date, checklists: Sequence[str],
    inspectors: Sequence[UUID], villages: Sequence[str] = (), mode: str = "own", owner: str = "", start: bool = True,
) -> Round:  # fmt: skip
    """Open a round and assign its villages.

    `checklists`: codes; each is pinned to its newest published version. `villages`: codes of any length (a
    town's stands for all its villages), none for all of the owner's. `owner`: the district (default) or a
    town for its self-check. `start`: tablets see it at once, else `start_round` does it later.
    Raises round_exists, and invalid naming what is wrong, villages that nobody listed can inspect among it.
    """
    owner = owner or line.district
    await _check(owner, name, number, type, opens, closes, checklists, inspectors, mode)
    pinned = [await newest_version(line.district, code) for code in dict.fromkeys(checklists)]
    chosen = await _chosen(owner, villages)
    team = await team_of(line, inspectors)
    who_goes = spread(chosen, team, mode)
    await _refuse_uncovered([village for village, people in who_goes.items() if not people])
    opened = await Round.create(
        id=new_id(), owner=owner, name=name.strip(), number=number.strip(), type=type, opens=opens, closes=closes,
        stage="started" if start else "planned",
        checklists=[{"code": one.code, "version": one.version, "sha256": one.sha256} for one in pinned],
        scope={"villages": list(dict.fromkeys(villages)) or [owner], "mode": mode}, rev=line.rev,
    )  # fmt: skip
    await Assignment.bulk_create(
        [
            Assignment(
                id=new_id(), round_id=opened.id, village=village, checklist=version.code, person=person,
                partners=[str(other) for other in people if other != person], stage="open", rev=line.rev,
            )
            for village, people in who_goes.items()
            for version in pinned
            for person in people
        ]
    )  # fmt: skip
    line.about("round", opened.id, owner, moved=("", opened.stage))
    line.body.update(name=opened.name, villages=len(chosen), inspectors=[str(one.person) for one in team])
    return opened


async def _check(
    owner: str, name: str, number: str, type: str, opens: date, closes: date, checklists: Sequence[str],
    inspectors: Sequence[UUID], mode: str,
) -> None:  # fmt: skip
    name, number = name.strip(), number.strip()
    wrong = [
        (not 1 <= len(name) <= 60, "批次名称应为 1 至 60 个字"),
        (not 1 <= len(number) <= 20, "编号应为 1 至 20 个字"),
        (type not in TYPES, f"没有“{type}”这种检查类型"),
        (mode not in MODES, f"没有“{mode}”这种安排方式"),
        (closes < opens, f"结束日期 {full_day(closes)} 早于开始日期 {full_day(opens)}"),
        (not checklists, "至少选择一张检查单"),
        (not inspectors, "至少选择一名检查员"),
    ]
    if told := [sentence for is_wrong, sentence in wrong if is_wrong]:
        raise Problem("invalid", what="；".join(told) + "。")
    if await Round.exists(owner=owner, name=name):
        raise Problem("round_exists", name=name)
    if await Round.exists(owner=owner, number=number):
        # Cards are numbered by it.
        raise Problem("invalid", what=f"编号“{number}”已用于另一批次，请换一个。")


async def _chosen(owner: str, codes: Sequence[str]) -> list[str]:
    """The village codes meant, in order; every given code must name something inside the owner."""
    inside = [
        row["code"] for row in await Village.filter(code__startswith=owner).order_by("code").values("code")
    ]
    wanted = tuple(dict.fromkeys(codes)) or (owner,)
    foreign = [code for code in wanted if not any(village.startswith(code) for village in inside)]
    if foreign:
        raise Problem("invalid", what=f"下列代码不在本批次可选范围内或没有村庄：{'、'.join(foreign[:20])}。")
    return [village for village in inside if village.startswith(wanted)]


async def team_of(line: Line, people: Sequence[UUID]) -> list[Inspector]:
    """The inspectors with their posts in force. Raises invalid naming who is none."""
    wanted = list(dict.fromkeys(people))
    known = {
        person.id: person.title
        for person in await Person.filter(id__in=wanted, district=line.district, disabled=False)
    }
    today = clock.local(line.heard_at).date()
    places: dict[UUID, list[str]] = {}
    for post in await Post.filter(
        person_id__in=wanted, role=INSPECTOR, ended=False, since__lte=today
    ).values():
        if post["until"] is None or post["until"] >= today:
            places.setdefault(post["person_id"], []).append(post["place"])
    wrong = [
        known.get(person, str(person)) for person in wanted if person not in known or person not in places
    ]
    if wrong:
        raise Problem("invalid", what=f"下列人员不是在岗检查员：{'、'.join(wrong)}。")
    return [Inspector(person, tuple(sorted(places[person]))) for person in wanted]


async def _refuse_uncovered(villages: Sequence[str]) -> None:
    if villages:
        names = list((await village_names(set(villages))).values())
        more = f"等 {len(names)} 个村" if len(names) > 12 else ""
        raise Problem(
            "invalid",
            {"uncovered": list(villages)},
            what=f"下列村没有可安排的检查员：{'、'.join(names[:12])}{more}。请增加检查员，或改变村庄范围、安排方式。",
        )


async def start_round(line: Line, round_id: UUID) -> Round:
    """Let a planned round begin: every tablet sees it from now on. Raises not_found, stale."""
    started = await _move(line, round_id, ("planned",), "started")
    people = await Assignment.filter(round_id=round_id).distinct().values_list("person", flat=True)
    for person in people:  # who had it to themselves has it with everybody now
        leave(line, f"u:{person}", "round", [started.id])
    return started


async def close_round(line: Line, round_id: UUID) -> Round:
    """End a round's window. Open assignments stay: what comes later is taken as late. Raises not_found, stale."""
    return await _move(line, round_id, ("started",), "closed")


async def _move(line: Line, round_id: UUID, allowed: tuple[str, ...], to: str) -> Round:
    """One step of a round; being there already changes nothing."""
    found = await round_in(line, round_id)
    before = found.stage
    line.about("round", found.id, found.owner, moved=(before, to))
    if before == to:
        return found
    if before not in allowed:
        raise Problem("stale")
    found.stage, found.rev = to, line.rev
    await found.save(update_fields=["stage", "rev"])
    return found


async def round_in(line: Line, round_id: UUID) -> Round:
    """The round, read inside the change. Raises not_found."""
    found = await Round.get_or_none(id=round_id)
    if found is None or not found.owner.startswith(line.district):
        raise Problem("not_found")
    return found


async def withdraw(
    line: Line, round_id: UUID, *, person: UUID, reason: str, villages: Sequence[str] = ()
) -> int:
    """Take a person's open assignments back (all of the round's, or those in `villages`); returns how many.

    Raises invalid without a reason or when there is nothing open to take back, stale after publishing.
    """
    found = await round_in(line, round_id)
    if found.stage == "published":
        raise Problem("stale")
    if not reason.strip():
        raise Problem("invalid", what="撤回检查安排须写明原因。")
    everyone = await Assignment.filter(round_id=round_id).exclude(stage="withdrawn")
    mine = [
        one for one in everyone
        if one.person == person and one.stage == "open" and (not villages or one.village in villages)
    ]  # fmt: skip
    if not mine:
        raise Problem("invalid", what="该检查员在本批次没有可撤回的检查安排（已完成的不能撤回）。")
    for one in mine:
        one.stage, one.rev = "withdrawn", line.rev
    await Assignment.bulk_update(mine, fields=["stage", "rev"], batch_size=100)
    visits = {(one.village, one.checklist) for one in mine}
    partners = [one for one in everyone if one.person != person and (one.village, one.checklist) in visits]
    for one in partners:
        one.partners = [other for other in one.partners if other != str(person)]
        one.rev = line.rev
    if partners:
        await Assignment.bulk_update(partners, fields=["partners", "rev"], batch_size=100)
    leave(line, f"u:{person}", "round", [found.id])
    line.about("round", found.id, found.owner)
    line.body.update(
        person=str(person), villages=sorted({one.village for one in mine}), reason=reason.strip()
    )
    return len(mine)


def complete(line: Line, round_id: UUID, village: str, checklist: str) -> None:
    """The visit is in: everybody's open assignment of it is done, when the change's queue is written."""
    line.later(
        "UPDATE assignment SET stage = 'done', rev = ?"
        " WHERE round_id = ? AND village = ? AND checklist = ? AND stage = 'open'",
        line.rev, str(round_id), village, checklist,
    )  # fmt: skip


async def assigned_posts(who: Who) -> list[PostHeld]:
    """The villages this inspector may reach by assignment in rounds that started and are not published, as posts.

    A town whose villages are all assigned comes as the town's code. Two looks by key; none for who is no inspector
    (any more): an assignment lends a place, never a role.
    """
    if not who.holds(INSPECTOR):
        return []
    found = await look(
        # From the few rounds under way to this person's own assignments in them, by the index that holds both: SQLite
        # must not walk through everything this person was ever assigned, nor through everybody's.
        "SELECT DISTINCT a.village FROM round r CROSS JOIN assignment a"
        " WHERE r.stage NOT IN ('planned', 'published') AND a.person = ? AND a.round_id = r.id"
        " AND a.stage <> 'withdrawn' ORDER BY a.village",
        str(who.person),
    )
    by_town: dict[str, list[str]] = {}
    for row in found:
        by_town.setdefault(row["village"][:_TOWN_DIGITS], []).append(row["village"])
    size = await _villages_in(list(by_town))
    places = [
        place
        for town, villages in by_town.items()
        for place in ([town] if len(villages) == size[town] else villages)
    ]
    return [PostHeld(INSPECTOR, place) for place in places]


async def _villages_in(towns: list[str]) -> dict[str, int]:
    """How many villages each of these towns has."""
    if not towns:
        return {}
    marks = ", ".join("?" * len(towns))
    found = await look(
        f"SELECT town, COUNT(*) AS n FROM village WHERE town IN ({marks}) GROUP BY town", *towns
    )
    return {row["town"]: int(row["n"]) for row in found}
