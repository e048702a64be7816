"""整改通知单: all open tasks of a village on paper, edition by edition, and what its code tells later
(`dispatch/editions.py`)."""

from dataclasses import dataclass
from typing import Any

from dispatch.editions import Reading, Sort, newest_of
from dispatch.editions import issue as issue_edition
from dispatch.models import NoticeSheet
from dispatch.notice_sheet_data import compose, figures_of, fingerprint, read_sheet
from dispatch.press import Press, Tell
from dispatch.stages import OPEN
from villages.changes import Actor
from villages.ground.database import rows
from villages.ground.problems import Problem
from villages.models import Village
from villages.permissions import Who
from villages.web import need


async def issue(press: Press, who: Who, village: str, tell: Tell | None = None) -> NoticeSheet:
    """The edition that prints the village's open tasks as they stand now, issued if there is none yet.

    Raises not_found, forbidden, paper_unready, or stale when others kept issuing.
    """
    if not await Village.exists(code=village):
        raise Problem("not_found")
    post = need(who, "sheet.print", village)
    actor = Actor(who.person, post.role, post.place, who.title, who.device)
    return await issue_edition(press, SHEET, village, district=who.district, actor=actor, tell=tell)


async def _read(village: str) -> Reading:
    read = await read_sheet(village)
    sheet = compose(read)
    return Reading(
        read.village, sheet, fingerprint(sheet), figures_of(read), read.rev, read.chain_hash, read.read_at
    )  # fmt: skip


def sheet_number(sheet: NoticeSheet) -> str:
    """编号: the last six digits of the village and the edition: `ZG-005201-003`."""
    return f"ZG-{sheet.village[-6:]}-{sheet.number:03d}"


SHEET = Sort(
    NoticeSheet, "village", "notice_sheet", "sheet.issue", "sheet", _read,
    named=lambda made: {"number": sheet_number(made)}, told=lambda made: {"tasks": len(made.figures["tasks"])},
)  # fmt: skip


@dataclass(frozen=True)
class CheckedSheet:
    """What the verify page shows of a printed sheet beside the record of the day; nobody's name, no words."""

    sheet: NoticeSheet
    newest: NoticeSheet
    tasks: list[dict[str, Any]]  # as printed, with `now`: the stage the record has now
    still_open: int
    fresh: int  # open tasks of the village that the sheet does not know


async def check(code: str) -> CheckedSheet | None:
    """The sheet of a printed code (dashes and case aside), and what has become of its tasks."""
    sheet = await NoticeSheet.get_or_none(code=code.replace("-", "").replace(" ", "").upper()[:12])
    if sheet is None:
        return None
    found = await rows("SELECT number, stage FROM task WHERE village = ?", sheet.village)
    now = {row["number"]: row["stage"] for row in found}
    printed = [{**one, "now": now.get(one["number"], "")} for one in sheet.figures["tasks"]]
    known = {one["number"] for one in printed}
    return CheckedSheet(
        sheet, await newest_of(SHEET, sheet.village) or sheet, printed,
        sum(1 for one in printed if one["now"] in OPEN),
        sum(1 for number, stage in now.items() if stage in OPEN and number not in known),
    )  # fmt: skip
