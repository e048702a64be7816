"""Issued cards: an edition is printed once, and its bytes are what every reprint serves.

Data is read in one snapshot, the PDF made outside any change, its bytes stored by their hash, and only then a change
writes the edition down. Same data as the newest edition: that edition again, no number taken. Marks that follow
from the clock alone (逾期3天) are no new data: they stand as of the edition's 数据截至.
"""

import asyncio
import hashlib
import weakref
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import rfc8785
from tortoise.expressions import Q

from dispatch.card_data import compose
from dispatch.card_figures import grade_name, identity, key_figures
from dispatch.card_read import CardRows, read_card
from dispatch.models import Edition, Letter, NoticeSheet
from inspections.checklists import checklist_by_sha
from inspections.models import Inspection
from templates.pdf import PaperError, PaperPool, paper_ready
from villages.changes import Actor, Line, change
from villages.ground import clock
from villages.ground.blobs import Blobs
from villages.ground.ids import new_id, short_code
from villages.ground.problems import Problem
from villages.permissions import Who
from villages.web import need

PUBLISHING = frozenset({"published", "town_rank", "district_rank"})  # figures that publishing alone may add
PHOTO_EDGE = 640  # of a photo on paper, the same thumbnail as the screen's
_ready: list[bool] = []
_turns: "weakref.WeakValueDictionary[UUID, asyncio.Lock]" = weakref.WeakValueDictionary()


@dataclass(frozen=True)
class Press:
    """What printing needs of the server: the workers, the shelves, and the address that goes into the QR."""

    paper: PaperPool
    blobs: Blobs
    base_url: str

    def path(self, edition: Edition) -> Path:
        """Where the edition's bytes lie."""
        return self.blobs.path(edition.pdf_sha256)


async def issue(press: Press, who: Who, inspection_id: UUID) -> Edition:
    """The edition that prints the visit as it stands now, issued if there is none yet.

    Raises not_found, forbidden, nothing_to_print (voided), paper_unready, or stale when others kept issuing.
    """
    visit = await Inspection.get_or_none(id=inspection_id)
    if visit is None:
        raise Problem("not_found")
    post = need(who, "card.print", visit.village)
    actor = Actor(who.person, post.role, post.place, who.title, who.device)
    async with _turn(inspection_id):
        for _ in range(2):
            read = await read_card(inspection_id)
            card = compose(read)
            mark = fingerprint(card)
            newest = await newest_edition(inspection_id)
            if newest and newest.fingerprint == mark and await _kept(press, newest):
                return newest
            made = await _print(press, read, card, newest)
            made.fingerprint, made.issued_by = mark, who.person
            if await _enter(who.district, actor, made):
                return made
    raise Problem("stale")


def _turn(inspection_id: UUID) -> AbstractAsyncContextManager[Any]:
    """One issuer of a card at a time in this process; between processes the number decides."""
    return _turns.setdefault(inspection_id, asyncio.Lock())


def fingerprint(card: Mapping[str, Any]) -> str:
    """SHA-256 of all that is printed but for what the clock alone changes."""
    tasks = [{key: value for key, value in task.items() if key != "mark"} for task in card["open_tasks"]]
    return hashlib.sha256(rfc8785.dumps({**card, "open_tasks": tasks})).hexdigest()


async def newest_edition(inspection_id: UUID) -> Edition | None:
    """The last edition of a visit's card."""
    return await Edition.filter(inspection=inspection_id).order_by("-number").first()


async def _kept(press: Press, edition: Edition) -> bool:
    return await asyncio.to_thread(press.blobs.size, edition.pdf_sha256) is not None


async def _print(press: Press, read: CardRows, card: dict[str, Any], newest: Edition | None) -> Edition:
    """Make the PDF of the next edition and store its bytes; nothing is in the database yet."""
    await check_ready()
    visit = read.inspection
    issued = clock.now()
    edition = Edition(
        id=new_id(), code=short_code(10), inspection=visit.id, village=visit.village,
        number=newest.number + 1 if newest else 1, data_rev=read.rev, chain_hash=read.chain_hash,
        issued_at=issued,
    )  # fmt: skip
    edition.figures = {
        **identity(read), **key_figures(visit, read.checklist), "edition": edition.number, "code": edition.code,
        "as_of": clock.rfc3339(read.read_at), "data_rev": read.rev, "chain_hash": read.chain_hash,
    }  # fmt: skip
    context = {
        **await with_photos(press, card),
        "edition": f"第{edition.number}版",
        "as_of": minute(read.read_at),
        "printed_at": minute(issued),
        "chain": read.chain_hash[:12],
        "verify_url": f"{press.base_url}/verify/{edition.code}",
        "short_code": spaced(edition.code),
        "issued_iso": clock.local(issued).isoformat(timespec="seconds"),
        "figures": edition.figures,
    }
    pdf = await press.paper.render("scorecard", context)
    edition.pdf_sha256 = await asyncio.to_thread(press.blobs.put, pdf)
    return edition


async def check_ready() -> None:
    """Raises paper_unready while something that prints is missing."""
    if not _ready:
        missing = await asyncio.to_thread(paper_ready)
        if missing:
            raise Problem("paper_unready", missing="；".join(missing))
        _ready.append(True)


def minute(at: datetime) -> str:
    """`2026年11月23日 09:05`, as paper says a moment."""
    local = clock.local(at)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"


def spaced(code: str) -> str:
    """A code in groups of four, as printed."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


async def with_photos(press: Press, card: dict[str, Any]) -> dict[str, Any]:
    """The sheet's content with every photo's path on disk in place of its name."""
    named: dict[str, str | None] = dict.fromkeys(_photo_names(card))
    for name in named:
        named[name] = await _on_disk(press, name)

    def placed(value: Any) -> Any:
        if isinstance(value, dict):
            copy = {key: placed(part) for key, part in value.items()}
            return copy | {"path": named[value["path"]]} if value.get("path") else copy
        return [placed(part) for part in value] if isinstance(value, list) else value

    copy: dict[str, Any] = placed(card)
    return copy


def _photo_names(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["path"]] if value.get("path") else []
        return own + [name for part in value.values() for name in _photo_names(part)]
    return [name for part in value for name in _photo_names(part)] if isinstance(value, list) else []


async def _on_disk(press: Press, name: str) -> str | None:
    """A photo fit for paper: the thumbnail (made in a print worker when it is not there), else the preview."""
    state, _, sha256 = name.partition(":")
    small, preview = press.blobs.thumb_path(sha256, PHOTO_EDGE), press.blobs.preview_path(sha256)
    if state == "stored":
        if await asyncio.to_thread(small.exists):
            return str(small)
        if await asyncio.to_thread(press.blobs.path(sha256).exists):
            try:
                made = await press.paper.thumbnail(press.blobs.path(sha256), PHOTO_EDGE)
            except PaperError:
                return str(press.blobs.path(sha256))  # the sheet says 照片无法读取 in its place
            await asyncio.to_thread(press.blobs.put_thumb, sha256, PHOTO_EDGE, made)
            return str(small)
    return str(preview) if await asyncio.to_thread(preview.exists) else None


async def _enter(district: str, actor: Actor, made: Edition) -> bool:
    """Write the edition down; False when another issuer took its number or (hardly) its code meanwhile."""

    async def work(line: Line) -> None:
        if await Edition.filter(
            Q(inspection=made.inspection, number__gte=made.number) | Q(code=made.code)
        ).exists():
            raise _Overtaken
        made.rev = line.rev
        await made.save(force_create=True)
        line.about("edition", made.id, made.village)
        line.body.update(
            inspection=str(made.inspection), number=made.number, code=made.code, pdf_sha256=made.pdf_sha256,
            fingerprint=made.fingerprint, data_rev=made.data_rev, chain_hash=made.chain_hash,
        )  # fmt: skip

    try:
        await change(work, district=district, actor=actor, verb="card.issue")
    except _Overtaken:
        return False
    return True


class _Overtaken(Exception):
    """Somebody else issued this card first: nothing is written."""


async def anchors() -> list[tuple[int, str]]:
    """(number of the trail's line, its hash) as printed on all that was issued, for `manage.py verify`."""
    found = [
        one
        for table in (Edition, NoticeSheet, Letter)
        for one in await table.all().order_by("data_rev").values_list("data_rev", "chain_hash")
    ]
    return sorted((int(rev), str(digest)) for rev, digest in found)


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
    newest = await newest_edition(edition.inspection) or edition
    checklist = await checklist_by_sha(visit.checklist_sha256)
    today = key_figures(visit, checklist)
    changed = [key for key, value in today.items() if edition.figures.get(key) != value]
    moved = not PUBLISHING.issuperset(changed)
    name = grade_name(checklist, visit.grade)
    return Checked(edition, newest, visit.stage == "void", today, changed, moved, name)
