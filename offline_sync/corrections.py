"""A visit put right by its author, or taken out of every count by the office: `inspection.amend`, `inspection.void`."""

from dispatch.open_tasks import amended, basis_gone
from inspections import amend, submit, understanding, void
from inspections.answers import Amendment
from inspections.models import Inspection
from offline_sync.protocol import VoidArgs
from offline_sync.verdicts import Arrived, Verdict
from offline_sync.works import Refused, Work, args_text, hold_with_photos, only, taken_in
from villages.changes import Line
from villages.ground.problems import Problem
from villages.permissions import Who, post_for


async def prepare_amend(args: Amendment, who: Who, arrived: Arrived) -> Work:
    """The whole sheet anew, over the one that is in. Held, never refused: too late, another's, published."""
    about = ("inspection", str(args.inspection))

    def held(hold: understanding.Hold) -> Verdict:
        return Verdict("held", hold.reason, hold.sentence, {}, about)

    known = await understanding.look_up(args)
    if known.document is not None and known.document == args_text(arrived):
        return only(Verdict("noop", "", "这份更正已经收到。", {}, about))
    try:
        most = None if arrived.approved_from else understanding.MOST_PHOTOS
        checklist = await understanding.understand(args, who, known, most_photos=most)
    except understanding.Hold as hold:
        return hold_with_photos(held(hold), args.photos, args.village, who)
    auto = await amend.frozen_figures(args.inspection, checklist)
    ready = submit.prepare(
        args, checklist, auto, who=who, document=args_text(arrived), heard=arrived.approved_from
    )

    async def work(line: Line) -> Verdict:
        try:
            taken, missing = await amend.amend(line, ready, args.base_rev)
        except understanding.Hold as hold:
            raise Refused(held(hold)) from hold
        line.body["reason"] = args.reason.strip()[:600]
        tasks = await amended(line, taken, taken.said, checklist.by_code)
        return taken_in(taken, tasks, missing, about)

    return work


async def prepare_void(args: VoidArgs, who: Who, _arrived: Arrived) -> Work:
    """作废 from a device: a pure change of state, the office's alone."""
    about = ("inspection", str(args.inspection))
    found = await Inspection.get_or_none(id=args.inspection)
    if found is None or not found.village.startswith(who.district):
        return only(Verdict("rejected", "unknown", "没有找到这次检查。", {}, about))
    if post_for(who, "inspection.void", found.village) is None:
        return only(
            Verdict("rejected", "forbidden", "只有区级办公室可以作废检查，这次检查未改动。", {}, about)
        )
    if found.stage == "void":
        return only(Verdict("noop", "", "这次检查已经作废。", {}, about))

    async def work(line: Line) -> Verdict:
        try:
            await void.void(line, args.inspection, args.reason)
        except Problem as problem:
            raise Refused(Verdict("rejected", "invalid", problem.sentence, {}, about)) from problem
        told = await basis_gone(line, args.inspection)
        return Verdict("applied", "", "", dict(told), about)

    return work
