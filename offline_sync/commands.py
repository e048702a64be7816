"""How a tablet's act becomes ours: one table, verb → what it calls, in plain lines.

`prepare` reads and checks before the change opens, and returns the work to be done inside it. The work returns a
verdict; raising `Refused` instead leaves nothing written but the verdict.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from dispatch import figures, moves, open_tasks, stages
from dispatch.added_photos import join_before_photos
from inspections import evidence, submit, understanding
from inspections.answers import Amendment, Submission
from inspections.models import Inspection
from inspections.partners import add_evidence, adopt, too_many
from offline_sync.cards import dismiss
from offline_sync.corrections import prepare_amend, prepare_void
from offline_sync.loose import about as about_of
from offline_sync.loose import loose
from offline_sync.protocol import DismissArgs, EvidenceArgs, LocateArgs, TaskArgs, VoidArgs
from offline_sync.verdicts import Arrived, Verdict
from offline_sync.works import Foreseen, Refused, Work, args_text, hold_with_photos, only, taken_in
from villages.changes import Actor, Line
from villages.ground import clock
from villages.ground.database import look
from villages.ground.problems import Problem
from villages.permissions import Who, post_for
from villages.places import locate

UNPROVEN = "由救援包导入，文件本身不能证明出自本人的平板；内容已原样留存，等待区级办公室核对。"


@dataclass(frozen=True)
class Verb:
    """One row of the table: the shape of its args, what prepares it, whether it carries evidence, and the newest
    version `v` that is spoken. Every older one is read for ever: `tests/offline_sync/golden` holds one of each."""

    args: type[msgspec.Struct]
    prepare: Callable[[Any, Who, Arrived], Awaitable[Work]]
    evidence: bool = False
    v: int = 1


async def _submit(args: Submission, who: Who, arrived: Arrived) -> Work:
    about = ("inspection", str(args.inspection))

    def held(hold: understanding.Hold) -> Verdict:
        return Verdict("held", hold.reason, hold.sentence, {}, about)

    known = await understanding.look_up(args)
    if known.document is not None:
        same = known.document == args_text(arrived)
        twin = understanding.Hold(
            "duplicate_visit", "这份检查已经收到过，但内容不同；这一份已原样留存，等待区级办公室确认。"
        )
        if same:
            return only(Verdict("noop", "", "这份检查已经收到。", {}, about))
        return hold_with_photos(held(twin), args.photos, args.village, who)
    try:
        most = None if arrived.approved_from else understanding.MOST_PHOTOS
        checklist = await understanding.understand(args, who, known, most_photos=most)
    except understanding.Hold as hold:
        return hold_with_photos(held(hold), args.photos, args.village, who)
    sources = {item.code: item.auto_source for item in checklist.items if item.auto_source}
    auto: dict[str, Decimal | None] = await figures.auto_values(
        args.village, args.round, sources, checklist=checklist.code
    )
    ready = submit.prepare(
        args, checklist, auto, who=who, document=args_text(arrived), heard=arrived.approved_from
    )

    async def work(line: Line) -> Verdict:
        try:
            inspection, missing = await submit.submit(line, ready)
        except understanding.Hold as hold:
            raise Refused(held(hold)) from hold
        tasks = await open_tasks.open_tasks(line, inspection, inspection.said, checklist.by_code)
        if inspection.early:
            await adopt(line, inspection.early, args.village)
            await join_before_photos(line, inspection.id, inspection.early)
        return taken_in(inspection, tasks, missing, about)

    return Foreseen(work, [*ready.asks, open_tasks.question(args)])


async def _evidence(args: EvidenceArgs, who: Who, arrived: Arrived) -> Work:
    about = ("inspection", str(args.inspection))
    inspection = await Inspection.get_or_none(id=args.inspection)
    home = inspection.village if inspection else ""
    if inspection and post_for(who, "inspection.evidence", home) is None:
        sentence = "提交照片时该村已不在您的检查范围内，照片已留存，等待区级办公室确认。"
        return hold_with_photos(Verdict("held", "scope_lost", sentence, {}, about), args.photos, home, who)
    if not arrived.approved_from and (told := await too_many(args.inspection, args.photos)):
        return hold_with_photos(Verdict("held", "invalid", told, {}, about), args.photos, home, who)

    async def work(line: Line) -> Verdict:
        photos = await evidence.own_slots(args.photos, home or f"u:{who.person}", who.person)
        missing = await add_evidence(line, args.inspection, args.item, args.finding, photos, home, who.person)
        await join_before_photos(line, args.inspection, [photo.id for photo in photos])
        line.about("inspection", args.inspection, home or f"u:{who.person}")
        line.body["photos"] = len(args.photos)
        return Verdict("applied", "", "", {"missing": missing}, about)

    return work


def _task(verb: str) -> Callable[[TaskArgs, Who, Arrived], Awaitable[Work]]:
    async def prepare(args: TaskArgs, who: Who, arrived: Arrived) -> Work:
        async def work(line: Line) -> Verdict:
            outcome = await moves.act(
                line, who, verb, args.task, base_rev=args.base_rev, text=args.text or args.reason,
                photos=args.photos, unit=args.unit, at=arrived.at, until=clock.plausible(args.until),
                interim=args.interim, into=args.into, place=args.place, shots=args.shots,
            )  # fmt: skip
            return Verdict(
                outcome.status, outcome.reason, outcome.message, outcome.data, ("task", str(args.task))
            )

        return work

    return prepare


async def _locate(args: LocateArgs, who: Who, _arrived: Arrived) -> Work:
    about = ("village", args.village[:12])
    if len(args.village) != 12 or post_for(who, "village.locate", args.village) is None:
        sentence = "该村不在您的管辖范围内，位置未改动。"
        if args.photo:
            verdict = Verdict("held", "scope_lost", sentence + "照片已留存，等待区级办公室确认。", {}, about)
            return hold_with_photos(verdict, [args.photo], args.village, who)
        return only(Verdict("rejected", "forbidden", sentence, {}, about))

    async def work(line: Line) -> Verdict:
        await locate(line, args.village, args.position.lat, args.position.lng)
        named = [args.photo] if args.photo else []
        photos = await evidence.own_slots(named, args.village, who.person)
        missing = await evidence.expect_photos(line, photos, home=args.village, person=who.person)
        return Verdict("applied", "", "", {"missing": missing}, about)

    return work


async def _dismiss(args: DismissArgs, who: Who, _arrived: Arrived) -> Work:
    async def work(line: Line) -> Verdict:
        status = await dismiss(line, args.card, who.person)
        if status == "unknown":
            return Verdict("rejected", "unknown", "没有找到这张提醒卡片。", {}, ("card", str(args.card)))
        return Verdict(status, "", "", {}, ("card", str(args.card)))

    return work


VERBS: dict[str, Verb] = {
    "inspection.submit": Verb(Submission, _submit, evidence=True),
    "inspection.evidence": Verb(EvidenceArgs, _evidence, evidence=True),
    "inspection.amend": Verb(Amendment, prepare_amend, evidence=True),
    "inspection.void": Verb(VoidArgs, prepare_void),
    # Every row of dispatch/stages.py but the first: a task is opened by its visit.
    **{f"task.{verb}": Verb(TaskArgs, _task(verb)) for verb in stages.ROWS if verb != "dispatch"},
    "village.locate": Verb(LocateArgs, _locate),
    "card.dismiss": Verb(DismissArgs, _dismiss),
}


async def prepare(who: Who, arrived: Arrived) -> Work:
    """The work of a command. Whatever cannot be understood becomes a held or rejected verdict, never an error."""
    command = arrived.command
    verb = VERBS.get(command.verb)
    if arrived.carried and not arrived.carried.proven:
        return _keep_loosely(arrived, who, "author_unproven", UNPROVEN)
    if who.disabled:
        return _keep_loosely(
            arrived, who, "account_disabled", "账号或设备已停用，内容已原样留存，等待区级办公室处理。"
        )
    if verb is None or command.v > verb.v:
        return _keep_loosely(
            arrived, who, "client_too_new", "服务器还不认识这种操作，内容已原样留存，等待升级后处理。"
        )
    try:
        args = msgspec.json.decode(command.args, type=verb.args)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        sentence = f"内容填写有误（{_where(str(error))}），已原样留存，等待区级办公室处理。"
        if verb.evidence or loose(arrived).announced:
            return _keep_loosely(arrived, who, "invalid", sentence)
        return only(
            Verdict(
                "rejected",
                "invalid",
                f"操作内容有误（{_where(str(error))}），未生效。",
                {},
                about_of(arrived),
            )
        )
    return await verb.prepare(args, who, arrived)


def actor_of(who: Who, verb: str) -> Actor:
    """The person as the trail names them, in the post that lets them do this (their first where none does)."""
    post = post_for(who, verb, *(p.place for p in who.posts)) or (who.posts[0] if who.posts else None)
    return Actor(who.person, post.role if post else "none", post.place if post else "", who.title, who.device)


def _where(error: str) -> str:
    at = error.rpartition("at `")[2].rstrip("`") if "at `" in error else ""
    return f"位置 {at.removeprefix('$.')}" if at else "格式不符"


def _keep_loosely(arrived: Arrived, who: Who, reason: str, sentence: str) -> Work:
    return refusal(Verdict("held", reason, sentence, {}, about_of(arrived)), arrived, who)


async def missing_now(hashes: list[str]) -> list[str]:
    """Which of the hashes have no bytes here yet, in their order."""
    if not hashes:
        return []
    marks = ", ".join("?" * len(hashes))
    found = await look(f"SELECT sha256 FROM photo WHERE sha256 IN ({marks}) AND state = 'stored'", *hashes)
    stored = {row["sha256"] for row in found}
    return [sha for sha in hashes if sha not in stored]


def subject(work: Verdict, command: UUID) -> tuple[str, str]:
    """What the trail says a command was about."""
    return work.about if work.about[0] else ("command", str(command))


def refusal(verdict: Verdict, arrived: Arrived, who: Who) -> Work:
    """The work that stores a verdict alone, with slots for whatever photos the command announced."""
    read = loose(arrived)
    if verdict.status != "held" or not read.announced:
        return only(verdict)
    return hold_with_photos(verdict, read.readable_photos(arrived.command.id), str(read.village), who)


def turned_down(problem: Problem, arrived: Arrived, who: Who) -> Work:
    """A named problem met half-way: evidence is held, a pure change of state is rejected."""
    verb = VERBS.get(arrived.command.verb)
    if verb and (verb.evidence or loose(arrived).announced):
        return refusal(Verdict("held", "invalid", problem.sentence, {}, about_of(arrived)), arrived, who)
    reason = {"not_found": "unknown", "forbidden": "forbidden"}.get(problem.code, "invalid")
    return only(Verdict("rejected", reason, problem.sentence, {}, about_of(arrived)))
