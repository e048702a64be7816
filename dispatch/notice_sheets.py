"""整改通知单: all open tasks of a village on paper, as numbered editions.

As with scorecards: read in one snapshot, printed outside any change, stored by hash, then written down. The same data
is the newest edition again; marks that follow from the clock alone are no new data.
"""

import asyncio
import weakref
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from dispatch.models import Edition, NoticeSheet
from dispatch.notice_sheet_data import SheetRows, compose, figures_of, fingerprint, read_sheet
from dispatch.scorecards import Press, check_ready, minute, spaced, with_photos
from dispatch.stages import OPEN
from villages.changes import Actor, Line, change
from villages.ground import clock
from villages.ground.database import rows
from villages.ground.ids import new_id, short_code
from villages.ground.problems import Problem
from villages.models import Village
from villages.permissions import Who
from villages.web import need

_turns: "weakref.WeakValueDictionary[str, asyncio.Lock]" = weakref.WeakValueDictionary()


async def issue(press: Press, who: Who, village: str) -> NoticeSheet:
    """The edition that prints the village's open tasks as they stand now, issued if there is none yet.

    Raises not_found, forbidden, paper_unready, or stale when others kept issuing.
    """
    if not await Village.exists(code=village):
        raise Problem("not_found")
    post = need(who, "sheet.print", village)
    actor = Actor(who.person, post.role, post.place, who.title, who.device)
    async with _turn(village):
        for _ in range(2):
            read = await read_sheet(village)
            sheet = compose(read)
            mark = fingerprint(sheet)
            newest = await newest_of(village)
            if newest and newest.fingerprint == mark and await _kept(press, newest):
                return newest
            made = await _print(press, read, sheet, newest)
            made.fingerprint, made.issued_by = mark, who.person
            if await _enter(who.district, actor, made):
                return made
    raise Problem("stale")


def _turn(village: str) -> AbstractAsyncContextManager[Any]:
    """One issuer a village at a time in this process; between processes the number decides."""
    return _turns.setdefault(village, asyncio.Lock())


async def newest_of(village: str) -> NoticeSheet | None:
    """The last edition of a village's sheet."""
    return await NoticeSheet.filter(village=village).order_by("-number").first()


async def _kept(press: Press, sheet: NoticeSheet) -> bool:
    return await asyncio.to_thread(press.blobs.size, sheet.pdf_sha256) is not None


async def _print(
    press: Press, read: SheetRows, sheet: Mapping[str, Any], newest: NoticeSheet | None
) -> NoticeSheet:
    """Make the PDF of the next edition and store its bytes; nothing is in the database yet."""
    await check_ready()
    issued = clock.now()
    made = NoticeSheet(
        id=new_id(), code=short_code(10), village=read.village, number=newest.number + 1 if newest else 1,
        data_rev=read.rev, chain_hash=read.chain_hash, issued_at=issued,
    )  # fmt: skip
    made.figures = {
        **figures_of(read), "number": sheet_number(made), "edition": made.number, "code": made.code,
        "as_of": clock.rfc3339(read.read_at), "data_rev": read.rev, "chain_hash": read.chain_hash,
    }  # fmt: skip
    context = {
        **await with_photos(press, dict(sheet)),
        "number": sheet_number(made),
        "edition": f"第{made.number}版",
        "as_of": minute(read.read_at),
        "chain": read.chain_hash[:12],
        "verify_url": f"{press.base_url}/verify/{made.code}",
        "short_code": spaced(made.code),
        "issued_iso": clock.local(issued).isoformat(timespec="seconds"),
        "figures": made.figures,
    }
    pdf = await press.paper.render("notice_sheet", context)
    made.pdf_sha256 = await asyncio.to_thread(press.blobs.put, pdf)
    return made


def sheet_number(sheet: NoticeSheet) -> str:
    """编号: the last six digits of the village and the edition: `ZG-005201-003`."""
    return f"ZG-{sheet.village[-6:]}-{sheet.number:03d}"


async def _enter(district: str, actor: Actor, made: NoticeSheet) -> bool:
    """Write the edition down; False when another issuer took its number or (hardly) its code meanwhile."""

    async def work(line: Line) -> None:
        taken = await NoticeSheet.filter(village=made.village, number__gte=made.number).exists()
        if taken or await NoticeSheet.exists(code=made.code) or await Edition.exists(code=made.code):
            raise _Overtaken
        made.rev = line.rev
        await made.save(force_create=True)
        line.about("sheet", made.id, made.village)
        line.body.update(
            number=made.number, code=made.code, pdf_sha256=made.pdf_sha256, fingerprint=made.fingerprint,
            data_rev=made.data_rev, chain_hash=made.chain_hash, tasks=len(made.figures["tasks"]),
        )  # fmt: skip

    try:
        await change(work, district=district, actor=actor, verb="sheet.issue")
    except _Overtaken:
        return False
    return True


class _Overtaken(Exception):
    """Somebody else issued this sheet first: nothing is written."""


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
        sheet, await newest_of(sheet.village) or sheet, printed,
        sum(1 for one in printed if one["now"] in OPEN),
        sum(1 for number, stage in now.items() if stage in OPEN and number not in known),
    )  # fmt: skip
