"""The road of all that is printed as numbered editions: 评分表 and 整改通知单.

Data is read in one snapshot, the PDF made outside any change, its bytes stored by their hash, and only then a change
writes the edition down. Same data as the newest edition: that edition again, no number taken. Marks that follow
from the clock alone (逾期3天) are no new data: they stand as of the edition's 数据截至.
"""

import asyncio
import weakref
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from dispatch.models import Edition, Letter, NoticeSheet
from dispatch.press import Press, Tell, check_ready, minute, spaced, with_photos
from villages.changes import Actor, Line, change
from villages.ground import clock
from villages.ground.ids import new_id, short_code
from villages.ground.problems import Problem

T = TypeVar("T", Edition, NoticeSheet)
_turns: "weakref.WeakValueDictionary[str, asyncio.Lock]" = weakref.WeakValueDictionary()


@dataclass(frozen=True)
class Reading:
    """What would be printed of a subject as one snapshot has it. `content` names photos by what they are, not by path."""

    village: str
    content: dict[str, Any]
    fingerprint: str  # of all that is printed but for what the clock alone changes
    figures: dict[str, Any]  # what the verify page shows
    rev: int
    chain_hash: str
    read_at: datetime


@dataclass(frozen=True)
class Sort(Generic[T]):
    """A sort of paper. `key`: the column that the editions of one subject share; `read`: reads and composes."""

    table: type[T]
    key: str
    template: str
    verb: str
    kind: str  # what the trail calls it
    read: Callable[[Any], Awaitable[Reading]]
    named: Callable[[T], dict[str, Any]]  # what is printed and shown beside, once the edition has its number
    told: Callable[[T], dict[str, Any]]  # what the trail says beside


async def issue(
    press: Press, sort: Sort[T], subject: UUID | str, *, district: str, actor: Actor, tell: Tell | None = None
) -> T:
    """The edition that prints the subject as it stands now, issued if there is none yet.

    Raises what the sort's reader raises, paper_unready, or stale when others kept issuing.
    """
    async with _turn(f"{sort.kind}:{subject}"):
        for _ in range(2):
            read = await sort.read(subject)
            newest = await newest_of(sort, subject)
            if newest and newest.fingerprint == read.fingerprint and await _kept(press, newest):
                return newest
            made = await _print(press, sort, subject, read, newest, tell)
            made.issued_by = actor.person
            if await _enter(sort, subject, district, actor, made):
                return made
    raise Problem("stale")


async def standing(press: Press, sort: Sort[T], subject: UUID | str) -> T | None:
    """The edition that prints the subject as it stands now, if it is there with its bytes."""
    newest = await newest_of(sort, subject)
    if newest is None or not await _kept(press, newest):
        return None
    return newest if newest.fingerprint == (await sort.read(subject)).fingerprint else None


def _turn(subject: str) -> AbstractAsyncContextManager[Any]:
    """One issuer of a subject at a time in this process; between processes the number decides."""
    return _turns.setdefault(subject, asyncio.Lock())


async def newest_of(sort: Sort[T], subject: UUID | str) -> T | None:
    """The last edition of a subject."""
    return await sort.table.filter(**{sort.key: subject}).order_by("-number").first()


async def _kept(press: Press, made: Edition | NoticeSheet) -> bool:
    return await asyncio.to_thread(press.blobs.size, made.pdf_sha256) is not None


async def _print(
    press: Press, sort: Sort[T], subject: UUID | str, read: Reading, newest: T | None, tell: Tell | None
) -> T:
    """Make the PDF of the next edition and store its bytes; nothing is in the database yet."""
    await check_ready()
    issued = clock.now()
    made = sort.table(
        id=new_id(), code=short_code(10), number=newest.number + 1 if newest else 1,
        fingerprint=read.fingerprint, data_rev=read.rev, chain_hash=read.chain_hash, issued_at=issued,
        **{"village": read.village, sort.key: subject},
    )  # fmt: skip
    named = sort.named(made)
    made.figures = {
        **read.figures, **named, "edition": made.number, "code": made.code,
        "as_of": clock.rfc3339(read.read_at), "data_rev": read.rev, "chain_hash": read.chain_hash,
    }  # fmt: skip
    context = {
        **await with_photos(press, read.content, tell), **named,
        "edition": f"第{made.number}版",
        "as_of": minute(read.read_at),
        "printed_at": minute(issued),
        "chain": read.chain_hash[:12],
        "verify_url": f"{press.base_url}/verify/{made.code}",
        "short_code": spaced(made.code),
        "issued_iso": clock.local(issued).isoformat(timespec="seconds"),
        "figures": made.figures,
    }  # fmt: skip
    pdf = await press.paper.render(sort.template, context)
    made.pdf_sha256 = await asyncio.to_thread(press.blobs.put, pdf)
    return made


async def _enter(sort: Sort[T], subject: UUID | str, district: str, actor: Actor, made: T) -> bool:
    """Write the edition down; False when another issuer took its number or (hardly) its code meanwhile."""

    async def work(line: Line) -> None:
        taken = sort.table.filter(**{sort.key: subject, "number__gte": made.number})
        known = [await table.exists(code=made.code) for table in (Edition, NoticeSheet)]
        if await taken.exists() or any(known):
            raise _Overtaken
        made.rev = line.rev
        await made.save(force_create=True)
        line.about(sort.kind, made.id, made.village)
        line.body.update(
            number=made.number, code=made.code, pdf_sha256=made.pdf_sha256, fingerprint=made.fingerprint,
            data_rev=made.data_rev, chain_hash=made.chain_hash, **sort.told(made),
        )  # fmt: skip

    try:
        await change(work, district=district, actor=actor, verb=sort.verb)
    except _Overtaken:
        return False
    return True


class _Overtaken(Exception):
    """Somebody else issued this edition first: nothing is written."""


async def anchors() -> list[tuple[int, str]]:
    """(number of the trail's line, its hash) as printed on all that was issued, for `manage.py verify`."""
    found = [
        one
        for table in (Edition, NoticeSheet, Letter)
        for one in await table.all().order_by("data_rev").values_list("data_rev", "chain_hash")
    ]
    return sorted((int(rev), str(digest)) for rev, digest in found)
