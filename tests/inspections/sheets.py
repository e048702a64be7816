"""The shared cases of scoring, read once, and answers as a tablet would send them."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from inspections.answers import Answer
from inspections.scoring import Score, score
from inspections.sheet import Checklist, parse_checklist

DATA = Path(__file__).parents[2] / "inspections" / "data"
CASES_FILE = Path(__file__).parents[1] / "shared" / "scoring.json"
SHARED: dict[str, Any] = json.loads(CASES_FILE.read_text(encoding="utf-8"))
CHECKLISTS: dict[str, Checklist] = {name: parse_checklist(doc) for name, doc in SHARED["checklists"].items()}
FULL_AUTO: dict[str, Decimal | None] = {"RE-9.3": Decimal(100), "B-5": Decimal(100)}


def decode(answers: list[dict[str, Any]]) -> list[Answer]:
    """Answers through the real wire decoder (json writes a short decimal as it was read)."""
    return msgspec.json.decode(json.dumps(answers), type=list[Answer])


def full(name: str) -> list[Answer]:
    """A sheet of the named checklist on which nothing is wrong."""
    return decode(SHARED["full"][name])


def changed(sheet: list[Answer], *answers: Answer) -> list[Answer]:
    """The sheet with these answers in place of its own for the same items."""
    items = {answer.item for answer in answers}
    return [answer for answer in sheet if answer.item not in items] + list(answers)


def scored(name: str, *answers: Answer, **given: Any) -> Score:
    """The score of the named checklist's full sheet, changed by these answers."""
    return score(CHECKLISTS[name], changed(full(name), *answers), **{"auto": FULL_AUTO, **given})
