"""更正: its author puts right what was handed in, within a day; what was said before is kept whole, beside it.

A correction is evidence like the visit itself: it is applied or held, never refused. Published results are not
touched by it (a numbered correction is the office's).
"""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from inspections import evidence
from inspections.evidence import own_id
from inspections.models import Finding, Inspection, InspectionVersion, PhotoUse
from inspections.scoring import grade_of
from inspections.sheet import Checklist
from inspections.submit import Prepared, Taken, add_parts, own_photos
from inspections.understanding import Hold
from inspections.vetoes import claims
from villages.changes import Line
from villages.ground.ids import new_id

WINDOW = timedelta(hours=24)
_KEPT = "，更正内容已原样留存，等待区级办公室确认。"


async def frozen_figures(inspection: UUID, checklist: Checklist) -> dict[str, Decimal | None]:
    """What the system had computed when the visit came in, by item: a correction is scored with the same figures."""
    found = await Inspection.get_or_none(id=inspection)
    values = {row["item"]: row.get("value") for row in found.answers} if found else {}
    return {
        item.code: None if values.get(item.code) is None else Decimal(str(values[item.code]))
        for item in checklist.items
        if item.auto_source
    }


async def amend(line: Line, ready: Prepared, base_rev: int | None) -> tuple[Taken, list[str]]:
    """Inside a change: the correction takes the visit's place, the version before is kept; returns as `submit` does.

    `ready.heard` set: the office lets one through that waited, whoever sent it and however late. What becomes of
    tasks is the caller's (`dispatch.open_tasks.amended`). Raises Hold.
    """
    sub = ready.submission
    found = await Inspection.get_or_none(id=sub.inspection).select_related("round")
    if found is None:
        raise Hold("invalid", f"没有收到过要更正的这次检查{_KEPT}")
    earlier = await InspectionVersion.filter(inspection_id=found.id).order_by("-number").first()
    _may(line, ready, found, earlier, base_rev)
    number = earlier.number + 1 if earlier else 1
    before = (found.score, found.grade)
    changed = _changed(found.answers, ready.answers)
    await InspectionVersion.create(
        id=new_id(), inspection_id=found.id, number=number, document=found.document, answers=found.answers,
        score=found.score, grade=found.grade, replaced_at=line.heard_at, rev=line.rev,
    )  # fmt: skip
    (slots,) = await line.ask(evidence.slots_question(sub.photos))
    ready = own_photos(ready, slots, home=found.home, person=found.author)
    sub = ready.submission
    missing = evidence.open_slots(line, sub.photos, slots, home=found.home, person=found.author)
    await _take_back(found, {photo.id for photo in sub.photos})
    add_parts(line, ready)
    _restate(found, ready, line)
    await found.save()
    line.about("inspection", found.id, found.home, moved=(found.stage, found.stage))
    line.body.update(
        version=number + 1,
        items=changed,
        score=[_text(before[0]), _text(found.score)],
        grade=[before[1], found.grade],
    )
    return Taken(found.id, found.village, found.score, found.grade, found.late, sub), missing


def _may(
    line: Line, ready: Prepared, found: Inspection, earlier: InspectionVersion | None, base_rev: int | None
) -> None:
    sub = ready.submission
    same = (str(sub.round), sub.village, sub.checklist.sha256) == (
        str(found.round.id), found.village, found.checklist_sha256,
    )  # fmt: skip
    if found.stage == "published" or found.round.stage == "published":
        raise Hold("round_closed", f"这次检查的结果已发布，不能直接更正{_KEPT}")
    if found.stage != "submitted":
        raise Hold("invalid", f"这次检查已作废，不能更正{_KEPT}")
    if not same:
        raise Hold("invalid", f"更正不能换村、换批次或换检查单{_KEPT}")
    if ready.heard is not None:
        return
    if ready.person != found.author:
        raise Hold("invalid", f"只有提交这次检查的本人可以更正{_KEPT}")
    if line.heard_at - found.heard_at > WINDOW:
        raise Hold("invalid", f"提交已超过 24 小时，不能直接更正{_KEPT}")
    if earlier and base_rev is not None and base_rev < earlier.rev:
        raise Hold("invalid", f"这次检查之后已更正过一次，这一份不是在最新的内容上改的{_KEPT}")


async def _take_back(found: Inspection, named: set[UUID]) -> None:
    """What the sheet before said; a partner's photos, which it never named, stay."""
    declared = {
        (UUID(str(photo["id"])), photo["sha256"])
        for photo in msgspec.json.decode(found.document).get("photos", ())
    }
    said = {slot for slot, _ in declared} | {own_id(slot, sha256, found.home) for slot, sha256 in declared}
    await PhotoUse.filter(inspection=found.id, photo_id__in=said | named).delete()
    await Finding.filter(inspection_id=found.id).delete()


def _restate(found: Inspection, ready: Prepared, line: Line) -> None:
    """The columns that the sheet decides. What the office said of a claim stands while the claim itself stands."""
    sub, scored = ready.submission, ready.scored
    decided = {row["item"]: row["veto"] for row in found.answers if (row.get("veto") or {}).get("decision")}
    answers: list[dict[str, Any]] = msgspec.to_builtins(ready.answers)
    for row in answers:
        old = decided.get(row["item"])
        if old and row.get("veto") and row["veto"].get("text") == old.get("text"):
            row["veto"] = {**row["veto"], "decision": old["decision"]}
    found.answers, found.document, found.inspectors = answers, ready.document, ready.inspectors
    found.sections = {code: [str(earned), str(base)] for code, (earned, base) in scored.sections.items()}
    found.score, found.earned, found.base = scored.score, scored.earned, scored.base
    found.na_over = scored.na_over_limit
    found.vetoed = any(claim.counts for claim in claims(answers, found.author, ready.inspectors))
    found.grade = grade_of(ready.checklist, scored.score, found.vetoed) or ""
    found.remarks = sub.village_remarks[:600]
    found.signature, found.position = msgspec.to_builtins(sub.signature), msgspec.to_builtins(sub.position)
    found.rev = line.rev


def _changed(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[str]:
    """The items about which something else is said now."""
    old = {row["item"]: _said(row) for row in before}
    return [row["item"] for row in msgspec.to_builtins(after) if old.get(row["item"]) != _said(row)]


def _said(row: dict[str, Any]) -> dict[str, Any]:
    plain = {
        key: value for key, value in row.items() if key not in ("points", "weight", "detail", "unproven")
    }
    if plain.get("veto"):
        plain["veto"] = {key: value for key, value in plain["veto"].items() if key != "decision"}
    return dict(msgspec.json.decode(msgspec.json.encode(plain)))


def _text(score: Decimal | None) -> str | None:
    return None if score is None else str(score)
