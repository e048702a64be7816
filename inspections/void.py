"""作废: the office takes an inspection out of every count. It stays on record, with its reason."""

from uuid import UUID

from inspections.models import Assignment, Inspection
from villages.changes import Line
from villages.ground.problems import Problem


async def void(line: Line, inspection_id: UUID, reason: str) -> Inspection:
    """Inside a change: the inspection becomes void, and its village can be visited again in the round.

    What becomes of its tasks is the caller's (`dispatch.open_tasks.basis_gone`, in the same change).
    Raises not_found; invalid without a reason or once it is published; stale when it was voided before.
    """
    found = await Inspection.get_or_none(id=inspection_id).select_related("round")
    if found is None or not found.village.startswith(line.district):
        raise Problem("not_found")
    if not reason.strip():
        raise Problem("invalid", what="请写明作废这次检查的原因。")
    if found.stage == "published":
        raise Problem("invalid", what="这次检查的结果已发布，分数不再变动，不能作废；请按更正程序办理。")
    if found.stage != "submitted":
        raise Problem("stale")
    await Inspection.filter(id=found.id).update(stage="void", rev=line.rev)
    if found.round.stage != "published":
        visit = Assignment.filter(round_id=found.round.id, village=found.village, stage="done")
        await visit.filter(checklist=found.checklist_code).update(stage="open", rev=line.rev)
    line.about("inspection", found.id, found.home, moved=("submitted", "void"))
    line.body.update(reason=reason.strip(), score=None if found.score is None else str(found.score))
    found.stage, found.rev = "void", line.rev
    return found
