"""操作记录: the numbered, chained lines of the district, newest first; one line in full with its proof."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.queryset import QuerySet

from dispatch.models import Task
from dispatch.pages.naming import Names, names_for
from inspections.models import Inspection, Round
from templates import words
from villages.changes import body_hash, chain, line_of
from villages.commands import over
from villages.ground import clock
from villages.ground.problems import Problem
from villages.models import Change, ChangeBody, Person, Post
from villages.permissions import MAY, PostHeld, Who
from villages.shell import desk, desk_page

PAGE = 50
_STAGES = {
    "task": words.STAGE, "inspection": words.INSPECTION_STAGE, "round": words.ROUND_STAGE,
    "photo": words.PHOTO_STATE,
}  # fmt: skip
_PAGES = {
    "task": "/tasks/",
    "inspection": "/inspections/",
    "round": "/rounds/",
    "person": "/people/",
    "village": "/villages/",
}


@dataclass(frozen=True)
class Asked:
    """The filter: verb, person (part of a name), place (code), days; `before` is the revision to go on from."""

    verb: str
    person: str
    place: str
    since: str
    until: str
    before: int

    def link(self, before: int) -> str:
        """The same list from an older line on."""
        said = {key: value for key, value in vars(self).items() if value and key != "before"}
        return "/trail?" + urlencode({**said, "before": before})


def _need(who: Who) -> None:
    if not who.holds(*MAY["trail.see"]):
        raise Problem("forbidden", act=words.VERB["trail.see"], who="区级办公室或系统管理员")


def _asked(request: Request) -> Asked:
    given = {
        key: request.query_params.get(key, "").strip()[:40]
        for key in ("verb", "person", "place", "since", "until")
    }
    before = request.query_params.get("before", "")
    place = given["place"] if given["place"].isascii() and given["place"].isdigit() else ""
    return Asked(
        given["verb"] if given["verb"] in words.VERB else "", given["person"], place, _day(given["since"]),
        _day(given["until"]), int(before) if before.isascii() and before.isdigit() and len(before) < 13 else 0,
    )  # fmt: skip


def _day(text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return ""
    return day.isoformat() if 2000 <= day.year < 2100 else ""


@dataclass(frozen=True)
class Line:
    """A line as the page shows it."""

    row: Change
    by: str
    post: str
    verb: str
    about: str
    href: str
    moved: str


@desk_page
async def trail(request: Request, who: Who) -> Response:
    """GET /trail?verb=&person=&place=&since=&until=&before="""
    _need(who)
    asked = _asked(request)
    rows = await (await _query(who, asked)).order_by("-rev").limit(PAGE + 1)
    lines = await _lines(who, rows[:PAGE])
    towns = (await names_for(())).towns
    verbs = [("", "全部操作"), *words.VERB.items()]
    return desk(
        request, who, "dispatch/trail.html", lines=lines, asked=asked, verbs=verbs,
        reach=[("", "全区"), *towns.items()],
        older=asked.link(rows[PAGE - 1].rev) if len(rows) > PAGE else "",
    )  # fmt: skip


async def _query(who: Who, asked: Asked) -> QuerySet[Change]:
    query = Change.filter(district=who.district)
    if asked.before:
        query = query.filter(rev__lt=asked.before)
    if asked.verb:
        query = query.filter(verb=asked.verb)
    if asked.place:
        query = query.filter(home__startswith=asked.place)
    if asked.since:
        query = query.filter(heard_at__gte=clock.rfc3339(clock.start_of_day(date.fromisoformat(asked.since))))
    if asked.until:
        after = clock.start_of_day(date.fromisoformat(asked.until) + timedelta(days=1))
        query = query.filter(heard_at__lt=clock.rfc3339(after))
    if asked.person:
        people = Person.filter(district=who.district, title__contains=asked.person)
        query = query.filter(person__in=list(await people.values_list("id", flat=True)))
    return query


async def _lines(who: Who, rows: list[Change]) -> list[Line]:
    """Rows with names for all that they are about; eight queries for any number."""

    def ids(kind: str) -> list[UUID]:
        return [UUID(row.subject_id) for row in rows if row.subject_kind == kind and _is_uuid(row.subject_id)]

    people = {*(row.person for row in rows if row.person), *ids("person")}
    titles = dict(await Person.filter(id__in=list(people)).values_list("id", "title")) if people else {}
    tasks = dict(await Task.filter(id__in=ids("task")).values_list("id", "number")) if ids("task") else {}
    visits = ids("inspection")
    lists = dict(await Inspection.filter(id__in=visits).values_list("id", "checklist_code")) if visits else {}
    rounds = dict(await Round.filter(id__in=ids("round")).values_list("id", "name")) if ids("round") else {}
    held = await _held([row for row in rows if _kept_aside(row, lists)])
    places = {row.home for row in rows if row.home.isdigit()}
    names = await names_for(places | {str(one.get("village", "")) for one in held.values()})
    opens, shut = who.holds(*MAY["held.decide"]), await _out_of_reach(who, ids("person"))
    known = {
        **{key: words.CHECKLIST.get(code, code) for key, code in lists.items()},
        **tasks,
        **rounds,
        **titles,
    }
    return [
        _held_line(row, titles, names, held[row.id], opens)
        if row.id in held
        else _line(row, titles, known, names, shut)
        for row in rows
    ]


def _kept_aside(row: Change, visits: Collection[UUID]) -> bool:
    """True for a line about an inspection that is in no table, or about an upload: what the office decides on."""
    if row.subject_kind == "inspection":
        return not (_is_uuid(row.subject_id) and UUID(row.subject_id) in visits)
    return row.subject_kind == "command"


async def _held(rows: list[Change]) -> dict[int, dict[str, Any]]:
    """What these lines say of themselves; an erased body says nothing."""
    kept = await ChangeBody.filter(id__in=[row.id for row in rows]) if rows else []
    found = {row.id: {} for row in rows} | {one.id: json.loads(one.body) for one in kept if one.body}
    return {key: body if isinstance(body, dict) else {} for key, body in found.items()}


def _held_line(row: Change, titles: dict[UUID, str], names: Names, body: dict[str, Any], opens: bool) -> Line:
    """A line about something that was received and waits, or waited, for the office."""
    village, checklist = str(body.get("village", "")), str(body.get("checklist", ""))
    status, decision = str(body.get("status", "")), str(body.get("decision", ""))
    command = str(body.get("command") or (row.command_id if status == "held" else "") or "")
    where = names.place(village) if village.isdigit() else ""
    about = " ".join(
        part
        for part in (where, words.SUBJECT[row.subject_kind], words.CHECKLIST.get(checklist, checklist))
        if part
    )
    told = words.DECISION.get(decision, "") if decision else words.STATUS.get(status, "")
    return Line(
        row, titles.get(row.person, "") if row.person else "", words.ROLE.get(row.post, row.post), words.verb(row.verb),
        about, f"/held/{command}" if command and opens else "", told,
    )  # fmt: skip


async def _out_of_reach(who: Who, people: list[UUID]) -> set[UUID]:
    """Those whose accounts this person may not open: an office reads of its administrators, and has no page of them."""
    held: dict[UUID, list[PostHeld]] = {one: [] for one in people}
    posts = Post.filter(person_id__in=people, ended=False).values_list("person_id", "role", "place")
    for person, role, place in await posts if people else []:
        held[UUID(str(person))].append(PostHeld(role, place))
    return {one for one, theirs in held.items() if not over(who, tuple(theirs), "people.see")}


def _line(
    row: Change, titles: dict[UUID, str], known: dict[UUID, str], names: Names, shut: Collection[UUID]
) -> Line:
    table = _STAGES.get(row.subject_kind, {})
    stages = [table.get(one, one) for one in (row.from_stage, row.to_stage) if one]
    subject = UUID(row.subject_id) if _is_uuid(row.subject_id) else None
    kind = words.SUBJECT.get(row.subject_kind, row.subject_kind)
    name = known.get(subject, "") if subject else ""
    where = names.place(row.home) if row.home.isdigit() and len(row.home) > 6 else ""
    href = _PAGES.get(row.subject_kind, "")
    return Line(
        row, titles.get(row.person, "") if row.person else "", words.ROLE.get(row.post, row.post), words.verb(row.verb),
        " ".join(part for part in (where, kind, name) if part),
        f"{href}{row.subject_id}" if href and (name or row.subject_kind == "village") and subject not in shut else "",
        " → ".join(stages),
    )  # fmt: skip


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


@desk_page
async def one_line(request: Request, who: Who) -> Response:
    """GET /trail/{rev}: one line whole, its body, and whether its hashes are what they must be."""
    _need(who)
    row = await Change.get_or_none(district=who.district, rev=min(request.path_params["rev"], 2**63 - 1))
    if row is None:
        raise Problem("not_found")
    kept = await ChangeBody.get_or_none(id=row.id)
    before = await Change.get_or_none(district=who.district, rev=row.rev - 1)
    [line] = await _lines(who, [row])
    text = kept.body if kept and kept.body is not None else None
    salt = kept.salt if kept else None
    proof = {
        "line": chain(row.prev_hash, line_of(vars(row))) == row.hash,
        "joined": (before.hash if before else "0" * 64) == row.prev_hash,
        "body": None if text is None or salt is None else body_hash(salt, text) == row.body_hash,
    }
    body: Any = json.dumps(json.loads(text), ensure_ascii=False, indent=2) if text else ""
    newest = await Change.filter(district=who.district).order_by("-rev").first()
    return desk(
        request, who, "dispatch/trail_line.html", line=line, row=row, body=body, erased=text is None, proof=proof,
        next_rev=row.rev + 1 if newest and newest.rev > row.rev else 0,
    )  # fmt: skip


routes: list[Route] = [
    Route("/trail", trail, methods=["GET"]),
    Route("/trail/{rev:int}", one_line, methods=["GET"]),
]
