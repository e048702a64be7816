"""评分表: one visit's card as it was issued, edition by edition, and what its code tells later (`dispatch/editions.py`)."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import rfc8785

from dispatch.card_data import compose
from dispatch.card_figures import grade_name, identity, key_figures
from dispatch.card_read import read_card
from dispatch.editions import Reading, Sort, newest_of
from dispatch.editions import issue as issue_edition
from dispatch.models import Edition
from dispatch.press import Press
from inspections.checklists import checklist_by_sha
from inspections.models import Inspection
from villages.changes import Actor
from villages.ground.problems import Problem
from villages.permissions import Who
from villages.web import need

PUBLISHING = frozenset({"published", "town_rank", "district_rank"})  # figures that publishing alone may add


async def issue(press: Press, who: Who, inspection_id: UUID) -> Edition:
    """The edition that prints the visit as it stands now, issued if there is none yet.

    Raises not_found, forbidden, nothing_to_print (voided), paper_unready, or stale when others kept issuing.
    """
    visit = await Inspection.get_or_none(id=inspection_id)
    if visit is None:
        raise Problem("not_found")
    post = need(who, "card.print", visit.village)
    actor = Actor(who.person, post.role, post.place, who.title, who.device)
    return await issue_edition(press, CARD, inspection_id, district=who.district, actor=actor)


async def _read(inspection_id: UUID) -> Reading:
    read = await read_card(inspection_id)
    card = compose(read)
    return Reading(
        read.inspection.village, card, fingerprint(card),
        {**identity(read), **key_figures(read.inspection, read.checklist)},
        read.rev, read.chain_hash, read.read_at,
    )  # fmt: skip


def fingerprint(card: Mapping[str, Any]) -> str:
    """SHA-256 of all that is printed but for what the clock alone changes; of a real district nothing says that it is one."""
    said = {key: value for key, value in card.items() if value or key != "demo"}
    tasks = [{key: value for key, value in task.items() if key != "mark"} for task in card["open_tasks"]]
    return hashlib.sha256(rfc8785.dumps({**said, "open_tasks": tasks})).hexdigest()


CARD = Sort(
    Edition, "inspection", "scorecard", "card.issue", "edition", _read,
    named=lambda made: {}, told=lambda made: {"inspection": str(made.inspection)},
)  # fmt: skip


@dataclass(frozen=True)
class Checked:
    """What the verify page shows of an edition beside the record of the day."""

    edition: Edition
    newest: Edition
    void: bool
    today: dict[str, Any]  # the key figures as the record has them now
    changed: list[str]  # which of them differ from those printed
    moved: bool  # whether any of those is more than what publishing brings (ranks)
    grade_name: str


async def check(code: str) -> Checked | None:
    """The edition of a printed code (dashes and case aside) and whether its figures still are the record's."""
    edition = await Edition.get_or_none(code=code.replace("-", "").replace(" ", "").upper()[:12])
    if edition is None:
        return None
    visit = await Inspection.get(id=edition.inspection)
    newest = await newest_of(CARD, edition.inspection) or edition
    checklist = await checklist_by_sha(visit.checklist_sha256)
    today = key_figures(visit, checklist)
    changed = [key for key, value in today.items() if edition.figures.get(key) != value]
    moved = not PUBLISHING.issuperset(changed)
    name = grade_name(checklist, visit.grade)
    return Checked(edition, newest, visit.stage == "void", today, changed, moved, name)
