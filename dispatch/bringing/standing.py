"""How a row stands by the ledger's own word: open, mended, struck off, 挂账; and what its remarks say beside. Pure."""

from collections.abc import Mapping
from datetime import date, timedelta

from dispatch.bringing import cells
from dispatch.bringing.cells import CellError

LOOK_AGAIN = timedelta(days=30)


def standing(said: Mapping[str, str], header: str, finished: str) -> tuple[str, bool]:
    """(closed, done, cancelled, deferred or open; whether the ledger's word was not understood and counts as open).

    `header`: what the stage's column is called; `finished`: whether mended rows are left out (skip) or brought (bring).
    """
    stage = cells.stage_of(said.get("stage", ""), header)
    unclear = not stage
    if not said.get("stage"):
        told = (cells.stage_of(one) for one in _pieces(said.get("remarks", "")))
        stage = next((one for one in told if one not in ("", cells.OPEN)), cells.OPEN)
    if said.get("closed_on", "").strip("/-—无 ") and stage not in (cells.CANCELLED, cells.DEFERRED):
        return cells.CLOSED, False
    if stage == cells.DONE and finished == "bring":
        return cells.OPEN, False
    return stage or cells.OPEN, unclear


def look_again(said: Mapping[str, str], today: date) -> date:
    """The day a 挂账 row is looked at again: one that the ledger names, else a month from now."""
    for part in (said.get("stage", ""), said.get("remarks", "")):
        for mark in ("；", ";", "挂账", "至", "，", "。"):
            part = part.replace(mark, " ")
        for piece in part.split():
            try:
                day = cells.day_of(piece, today, today)
            except CellError:
                continue
            if day and day > today:
                return day
    return today + LOOK_AGAIN


def severity_among(remarks: str) -> str:
    """A severity that stands among the remarks, as our own ledgers have it; "" when there is none."""
    said = _pieces(remarks)
    return next((one for one, names in cells.SEVERITIES.items() for part in said if part in names), "")


def _pieces(remarks: str) -> list[str]:
    return [piece.strip() for piece in remarks.replace(";", "；").split("；")]
