"""The key figures of a card: what its verify page compares, and what travels inside the PDF as data."""

from typing import Any

from dispatch.card_read import CardRows
from inspections.models import Inspection
from inspections.sheet import Checklist
from templates.filters import figure
from templates.words import GRADE
from villages.ground import clock

DASH = "—"


def card_number(visit: Inspection) -> str:
    """编号: checklist, round, and the last six digits of the village: `RE-2026-11-M-005201`."""
    return f"{visit.checklist_code}-{visit.round.number}-{visit.village[-6:]}"


def grade_name(checklist: Checklist, key: str) -> str:
    """The grade as the checklist calls it; — for none."""
    return next((grade.name for grade in checklist.grades if grade.key == key), GRADE.get(key, key)) or DASH


def key_figures(visit: Inspection, checklist: Checklist) -> dict[str, Any]:
    """What the verify page compares with the record of the day: no words, no people."""
    return {
        "score": None if visit.score is None else figure(visit.score, checklist.total_places),
        "grade": visit.grade,
        "earned": figure(visit.earned),
        "base": figure(visit.base),
        "vetoed": visit.vetoed,
        "published": visit.stage == "published",
        "town_rank": visit.town_rank,
        "district_rank": visit.district_rank,
        "sections": [
            {"code": part.code, "name": part.name, "earned": figure(visit.sections[part.code][0]),
             "base": figure(visit.sections[part.code][1])}
            for part in checklist.sections
            if part.code in visit.sections
        ],
    }  # fmt: skip


def identity(read: CardRows) -> dict[str, Any]:
    """Which visit a card is of, for the verify page and the data inside the PDF."""
    visit = read.inspection
    return {
        "district": read.district_name, "town": read.town_name, "village": read.village_name,
        "village_code": visit.village, "checklist": read.checklist.title, "checklist_code": visit.checklist_code,
        "checklist_version": visit.checklist_version, "checklist_sha256": visit.checklist_sha256,
        "round": visit.round.name, "round_number": visit.round.number, "number": card_number(visit),
        "date": clock.local(visit.finished_at).date().isoformat(), "late": visit.late,
        "grade_name": grade_name(read.checklist, visit.grade), **({"demo": True} if read.demo else {}),
    }  # fmt: skip
