"""一票否决: claimed on the sheet, confirmed by the second inspector, decided by the office before publishing.

The claim stands in the answer it was made on; so does the decision (`veto.decision`), beside the signed document that
never changes. Until the office decides, a claim counts when the second inspector confirmed it (`scoring`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from inspections.checklists import checklist_by_sha
from inspections.models import Inspection
from inspections.scoring import grade_of
from villages.changes import Line
from villages.ground import clock
from villages.ground.database import rows
from villages.ground.problems import Problem

_MOST = 300  # characters of a reason


@dataclass(frozen=True)
class Claim:
    """One claim of a visit. `upheld` None: the office has not decided."""

    item: str
    text: str
    second: str  # person id, or ""
    confirmed: bool  # by a second inspector who was there and is not the author
    upheld: bool | None
    reason: str = ""
    by: str = ""
    at: str = ""

    @property
    def counts(self) -> bool:
        """True when it makes the grade the lowest."""
        return self.confirmed if self.upheld is None else self.upheld


def claims(answers: Iterable[Mapping[str, Any]], author: object, inspectors: Iterable[object]) -> list[Claim]:
    """The claims of a visit, in the order of its answers (the rows of `Inspection.answers`)."""
    others = {str(one).lower() for one in inspectors} - {str(author).lower()}
    found = []
    for row in answers:
        veto = row.get("veto")
        if veto and not row.get("na"):
            told = veto.get("decision") or {}
            second = str(veto.get("second") or "").lower()
            found.append(
                Claim(
                    row["item"], str(veto.get("text", "")), second, second in others, told.get("upheld"),
                    str(told.get("reason", "")), str(told.get("by", "")), str(told.get("at", "")),
                )
            )  # fmt: skip
    return found


def claims_of(visit: Inspection) -> list[Claim]:
    """The claims of a visit."""
    return claims(visit.answers, visit.author, visit.inspectors)


async def settled(round_id: UUID) -> dict[UUID, bool]:
    """The visits of a round (void ones aside) with a claim on them: True when every claim is decided."""
    found = await rows(
        "SELECT id FROM inspection WHERE round_id = ? AND stage <> 'void'"
        " AND CAST(answers AS TEXT) LIKE '%\"veto\"%'",
        str(round_id),
    )
    visits = await Inspection.filter(id__in=[row["id"] for row in found]) if found else []
    told = {visit.id: claims_of(visit) for visit in visits}
    return {key: all(one.upheld is not None for one in ones) for key, ones in told.items() if ones}


async def decide(line: Line, inspection_id: UUID, item: str, *, upheld: bool, reason: str) -> Inspection:
    """Inside a change: the office upholds a claim or not, and the grade follows. May be decided anew until published.

    Raises not_found; invalid without a reason or once it is published; stale when it was voided.
    """
    found = await Inspection.get_or_none(id=inspection_id).select_related("round")
    if found is None or not found.village.startswith(line.district):
        raise Problem("not_found")
    if not reason.strip():
        raise Problem("invalid", what="请写明认定或不认定的理由，它会印在评分表上。")
    if found.stage == "published":
        raise Problem("invalid", what="这次检查的结果已发布，等级不再变动。")
    if found.stage != "submitted":
        raise Problem("stale")
    if item not in {claim.item for claim in claims_of(found)}:
        raise Problem("not_found")
    decision = {
        "upheld": upheld, "reason": reason.strip()[:_MOST], "by": line.actor.title, "at": clock.rfc3339(line.at)
    }  # fmt: skip
    before = (found.vetoed, found.grade)
    found.answers = [
        {**row, "veto": {**row["veto"], "decision": decision}} if row["item"] == item else row
        for row in found.answers
    ]
    found.vetoed = any(claim.counts for claim in claims_of(found))
    checklist = await checklist_by_sha(found.checklist_sha256)
    found.grade = grade_of(checklist, found.score, found.vetoed) or ""
    found.rev = line.rev
    await found.save(update_fields=["answers", "vetoed", "grade", "rev"])
    line.about("inspection", found.id, found.home)
    line.body.update(
        item=item, upheld=upheld, reason=decision["reason"], vetoed=[before[0], found.vetoed],
        grade=[before[1], found.grade],
    )  # fmt: skip
    return found
