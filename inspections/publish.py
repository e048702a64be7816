"""Publishing: what freezes the scores, grades and places of a round."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from inspections.checklists import checklist_by_sha
from inspections.models import Inspection, Round
from inspections.progress import progress
from inspections.ranking import Standing, places
from inspections.rounds import round_in
from inspections.vetoes import settled
from villages.changes import Line
from villages.ground import clock
from villages.ground.database import sql
from villages.ground.problems import Problem

_DISTRICT_DIGITS = 6


@dataclass(frozen=True)
class Published:
    """What publishing did. `inspections` frozen and `missing` visits never made; `fresh` False: it was done before."""

    round: Round
    inspections: int
    missing: int
    fresh: bool


async def publish_round(line: Line, round_id: UUID, *, confirm_missing: int | None = None) -> Published:
    """Freeze every inspection of the round with its places, and the round itself; a second time changes nothing.

    Before the window has closed the caller must confirm with the number of visits that are missing. Raises
    not_found; invalid when not confirmed, not started, empty or with a veto undecided; stale when the confirmed number is no longer it.
    """
    found = await round_in(line, round_id)
    before = found.stage
    line.about("round", found.id, found.owner, moved=(before, "published"))
    figures = (await progress([found.id]))[found.id]
    if before == "published":
        return Published(found, figures.by_stage.get("published", 0), figures.missing, False)
    if before == "planned":
        raise Problem("invalid", what=f"批次“{found.name}”尚未开始，不能发布。")
    if not figures.visits_done:
        raise Problem("invalid", what=f"批次“{found.name}”还没有收到检查结果，不能发布。")
    window_over = before == "closed" or clock.local(line.heard_at).date() > found.closes
    if confirm_missing is None and not window_over:
        raise Problem(
            "invalid", {"missing": figures.missing},
            what=f"批次“{found.name}”要到 {found.closes} 才结束，还有 {figures.missing} 份检查未收到；"
            "提前发布须确认缺少的份数。",
        )  # fmt: skip
    if confirm_missing is not None and confirm_missing != figures.missing:
        raise Problem("stale", {"missing": figures.missing})
    undecided = [visit for visit, done in (await settled(found.id)).items() if not done]
    if undecided:
        raise Problem(
            "invalid", {"undecided": len(undecided)},
            what=f"有 {len(undecided)} 份检查的一票否决还没有认定，请区级办公室先在检查页面上认定或不予认定，再发布。",
        )  # fmt: skip
    frozen = await _freeze(line, found)
    found.stage, found.published_at, found.rev = "published", line.heard_at, line.rev
    await found.save(update_fields=["stage", "published_at", "rev"])
    line.body.update(name=found.name, inspections=frozen, missing=figures.missing)
    return Published(found, frozen, figures.missing, True)


async def _freeze(line: Line, found: Round) -> int:
    """Places by checklist: in the district (not for a town's self-check) and in the town."""
    visits = await Inspection.filter(round_id=found.id, stage="submitted").values(
        "id", "town", "score", "grade", "checklist_code", "checklist_sha256"
    )
    district_wide = len(found.owner) == _DISTRICT_DIGITS
    lines: list[list[Any]] = []
    for code in sorted({visit["checklist_code"] for visit in visits}):
        group = [visit for visit in visits if visit["checklist_code"] == code]
        grades = [grade.key for grade in (await checklist_by_sha(group[0]["checklist_sha256"])).grades]
        standings = [Standing(one["id"], one["town"], one["score"], one["grade"]) for one in group]
        lines += [
            [overall if district_wide else None, in_town, line.rev, str(key)]
            for key, (overall, in_town) in places(standings, grades).items()
        ]
    statement = (
        "UPDATE inspection SET stage = 'published', district_rank = ?, town_rank = ?, rev = ? WHERE id = ?"
    )
    await line.client.execute_many(sql(line.client, statement), lines)
    return len(lines)
