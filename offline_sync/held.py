"""Commands that wait for the office: what each contains, and the decision on it.

A held command stays held for its tablet for ever; what changes is the author's card and the row's `decision`.
Approving runs the very same command again with the obstacle lifted; whatever still stands in its way is told.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import msgspec

from dispatch import figures, moves, notices
from dispatch.models import Task
from dispatch.open_tasks import basis_gone
from inspections import submit, understanding, void
from inspections.answers import PhotoIn, Submission
from inspections.models import Inspection, Photo
from inspections.scoring import Score
from inspections.sheet import Checklist
from offline_sync import commands
from offline_sync.loose import Loose, command_in, photo_hashes
from offline_sync.models import Card, Command
from offline_sync.receipts import moment
from offline_sync.verdicts import Arrived, Verdict
from offline_sync.wire import readable
from offline_sync.works import Refused
from villages.changes import Actor, Line, change
from villages.ground.problems import Problem
from villages.models import Person
from villages.people import posts_of
from villages.permissions import COMMITTEE, DEPARTMENT, INSPECTOR, MAY, PostHeld, Who, post_for

VERB = "held.decide"
DONE = ("applied", "merged", "noop", "conflict")
TWIN_VOID = "以另一份检查为准"


class _Obstacle(Exception):
    """It cannot be applied even now: nothing is written, and the office is told why."""


@dataclass(frozen=True)
class Contents:
    """What a held command carries, as far as it can be read."""

    village: str = ""
    sheet: Submission | None = None
    checklist: Checklist | None = None
    scored: Score | None = None
    unscored: str = ""  # why there is no score
    twin: Inspection | None = None  # the visit of the same village, checklist and round that is in
    task: Task | None = None
    text: str = ""
    photos: int = 0
    arrived: int = 0


def arrived_of(row: Command) -> Arrived:
    """The stored command as it came. Raises invalid when the text can no longer be read."""
    try:
        command = command_in(readable(row.payload.encode()))
    except msgspec.DecodeError as error:
        raise Problem("invalid", what="这份内容已无法读取，只能存为备注或退回。") from error
    return Arrived(
        command, row.payload, row.body_hash, row.replica, moment(command.at), row.skew_seconds, row.heard_at
    )


def args_of(row: Command) -> dict[str, Any]:
    """The args as plain JSON; empty when they are none."""
    try:
        args = msgspec.json.decode(readable(row.payload.encode())).get("args")
    except (msgspec.DecodeError, AttributeError):
        return {}
    return args if isinstance(args, dict) else {}


def named_of(row: Command) -> dict[str, str]:
    """What the trail names a held command by: its village and checklist, as far as it has them."""
    args = args_of(row)
    return Loose(village=args.get("village", ""), checklist=args.get("checklist")).named()


async def contents(row: Command) -> Contents:
    """Read a held command for the page; scoring is tried, never required."""
    args = args_of(row)
    hashes = photo_hashes(row.payload)
    here = Photo.filter(sha256__in=hashes, state="stored")
    stored = await here.values_list("sha256", flat=True) if hashes else []
    task = await _task_of(args)
    plain = Contents(
        village=_text(args.get("village")) or (task.village if task else ""), task=task,
        text=_text(args.get("text")) or _text(args.get("reason")), photos=len(hashes), arrived=len(set(stored)),
    )  # fmt: skip
    if row.verb not in ("inspection.submit", "inspection.amend"):
        return plain
    try:
        sheet = msgspec.json.decode(msgspec.json.encode(args), type=Submission)
    except msgspec.DecodeError:
        return replace(plain, unscored="检查单填写不完整，无法计分。")
    plain = replace(plain, sheet=sheet, twin=await twin_of(sheet))
    try:
        checklist, scored = await _scored(row, sheet)
    except understanding.Hold as hold:
        return replace(plain, unscored=hold.sentence)
    return replace(plain, checklist=checklist, scored=scored)


async def _scored(row: Command, sheet: Submission) -> tuple[Checklist, Score]:
    who = await _author(row, args_of(row), None)
    checklist = await understanding.understand(sheet, who, most_photos=None)
    sources = {item.code: item.auto_source for item in checklist.items if item.auto_source}
    auto = await figures.auto_values(sheet.village, sheet.round, sources, checklist=checklist.code)
    return checklist, submit.prepare(sheet, checklist, auto, who=who, document="").scored


async def twin_of(sheet: Submission) -> Inspection | None:
    """The visit that is in for the same village, checklist and round; void ones do not count."""
    found = Inspection.filter(
        round_id=sheet.round, village=sheet.village, checklist_code=sheet.checklist.code
    )
    return await found.exclude(stage="void").order_by("heard_at").first()


async def held_command(who: Who, command: UUID) -> Command:
    """A held command of the office's own district. Raises forbidden or not_found."""
    _need(who)
    row = await Command.get_or_none(id=command, status="held")
    if row is None or not await Person.exists(id=row.person, district=who.district):
        raise Problem("not_found")
    return row


def _need(who: Who) -> PostHeld:
    post = post_for(who, VERB, who.district)
    if post is None:
        raise Problem("forbidden", act="办理待批", who="区级办公室")
    return post


async def approve(who: Who, command: UUID, words: str = "") -> Verdict:
    """Run a held command again with what held it lifted. Raises invalid with the reason when it still cannot be."""
    row = await held_command(who, command)
    args = args_of(row)
    author = await _author(row, args, await _task_of(args))
    twin = await _other_visit(row)
    work = await commands.prepare(author, arrived_of(row))

    async def applied(line: Line) -> Verdict:
        told: dict[str, list[str]] = {}
        if twin:
            await void.void(line, twin.id, TWIN_VOID)
            told = await basis_gone(line, twin.id)
        try:
            verdict = await work(line)
        except Refused as refused:
            raise _Obstacle(refused.verdict.message) from refused
        if verdict.status not in DONE:
            raise _Obstacle(verdict.message or "这份内容现在仍不能办理。")
        if twin:
            line.body["voided"] = {"inspection": str(twin.id), **told}
        return verdict

    try:
        return await _decide(who, row, "approved", words, applied)
    except _Obstacle as obstacle:
        raise Problem(
            "invalid", what=f"不能按原样办理：{obstacle}可存为备注，或不同意并写明原因。"
        ) from obstacle


async def _other_visit(row: Command) -> Inspection | None:
    """The twin that an approved duplicate takes the place of."""
    if row.reason != "duplicate_visit":
        return None
    sheet = (await contents(row)).sheet
    twin = await twin_of(sheet) if sheet else None
    if twin and sheet and twin.id == sheet.inspection:
        raise Problem("invalid", what="在册的那份与这一份编号相同，不能替换，只能存为备注或退回。")
    return twin


async def note(who: Who, command: UUID, words: str = "") -> Verdict:
    """Keep it without effect; what was said about a task that still is there joins its history."""
    row = await held_command(who, command)
    args = args_of(row)
    task = await _task_of(args)
    author = await _author(row, args, task)

    async def kept(line: Line) -> Verdict:
        line.about("command", row.id, f"u:{row.person}")
        text = _text(args.get("text")) or _text(args.get("reason"))
        photos = _photos(args)
        if task and (text or photos):
            await moves.act(line, author, "note", task.id, text=text, photos=photos)
        return Verdict("noop")

    return await _decide(who, row, "noted", words, kept)


async def decline(who: Who, command: UUID, words: str) -> Verdict:
    """Say no, in words that its author reads. The content and its photos stay. Raises invalid without words."""
    row = await held_command(who, command)
    if not words.strip():
        raise Problem("invalid", what="请写明不同意的原因，提交人会看到。")

    async def nothing(line: Line) -> Verdict:
        line.about("command", row.id, f"u:{row.person}")
        return Verdict("noop")

    return await _decide(who, row, "declined", words, nothing)


async def _decide(
    who: Who, row: Command, decision: str, words: str, work: Callable[[Line], Awaitable[Verdict]]
) -> Verdict:
    """One change: the work, the row's decision and the author's card. Raises stale when it was decided before."""
    post = _need(who)
    actor = Actor(who.person, post.role, post.place, who.title, who.device)

    async def unit(line: Line) -> Verdict:
        if not await Command.filter(id=row.id, decision="").update(decision=decision):
            raise Problem("stale")
        notices.settle(line, row.id)
        verdict = await work(line)
        line.actor = actor  # the work names the author; the decision is the office's
        line.body.update(command=str(row.id), decision=decision, words=words.strip(), reason=row.reason)
        line.body.update(named_of(row))
        line.body["status"] = verdict.status
        told = _told(decision, verdict, words.strip())[:600]
        await Card.filter(command=row.id).update(text=told, dismissed=False, rev=line.rev)
        return verdict

    return await change(unit, district=who.district, actor=actor, verb=VERB)


def _told(decision: str, verdict: Verdict, words: str) -> str:
    """The card's sentence to the author."""
    more = f"办公室意见：{words}" if words else ""
    if decision == "declined":
        return f"区级办公室未同意办理，内容和照片已留存。{more}"
    if decision == "noted":
        return f"区级办公室已将这份内容存为备注，不再办理。{more}"
    kept = "，但任务已由他人办理，您的内容已存为备注" if verdict.status == "conflict" else "并办理完成"
    return f"区级办公室已同意{kept}。{more}"


async def _author(row: Command, args: dict[str, Any], task: Task | None) -> Who:
    """The author as they were, with a post lent for this one act where theirs no longer reaches its place."""
    person = await Person.get(id=row.person)
    who = Who(person.id, person.name, person.title, person.district, await posts_of(person.id))
    place = task.village if task else _text(args.get("village"))
    if not place and (visit := await _visit_of(args)):
        place = visit.village
    if (
        place.startswith(person.district)
        and post_for(who, row.verb, place, task.unit if task else "") is None
    ):
        who = who.plus([_lent(row.verb, place, task)])
    return who


def _lent(verb: str, place: str, task: Task | None) -> PostHeld:
    if verb.startswith("task.") and task and INSPECTOR not in MAY.get(verb, ()):
        return PostHeld(DEPARTMENT if "-" in task.unit else COMMITTEE, task.unit)
    return PostHeld(INSPECTOR, place)


async def _task_of(args: dict[str, Any]) -> Task | None:
    task = _uuid(args.get("task"))
    return await Task.get_or_none(id=task) if task else None


async def _visit_of(args: dict[str, Any]) -> Inspection | None:
    visit = _uuid(args.get("inspection"))
    return await Inspection.get_or_none(id=visit) if visit else None


def _photos(args: dict[str, Any]) -> list[PhotoIn]:
    found = []
    for raw in args.get("photos") or []:
        try:
            found.append(msgspec.convert(raw, PhotoIn))
        except msgspec.ValidationError:
            continue
    return found


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
