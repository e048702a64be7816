"""Photo bytes arriving: from the last byte to a filled slot, and mending what a crash left half-way.

The order is what keeps bytes from ever being nowhere: hash, picture check, flush, final name, flush; only then
does a change say `stored`. Wherever it stops in between, the next question about the hash carries on from there.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from inspections import evidence
from inspections.pictures import check_picture, kind_of
from offline_sync.models import Upload
from villages.changes import Actor, shielded
from villages.ground import clock
from villages.ground.blobs import BlobBusy, Blobs, Partial
from villages.ground.database import look, rows
from villages.ground.problems import Problem
from villages.permissions import Who, departments, post_for, prefixes

KEPT = timedelta(days=14)
_A_FEW = 8  # hashes looked up right here; more would hold up the other requests


class Slot(NamedTuple):
    """A photo as far as its bytes go."""

    sha256: str
    size: int
    person: UUID
    home: str
    state: str
    has_preview: bool


async def slots_of(hashes: list[str]) -> list[Slot]:
    """Every slot that any of these hashes (at most 500) belongs to."""
    if not hashes:
        return []
    ask = look if len(hashes) <= _A_FEW else rows
    found = await ask(
        "SELECT sha256, size, person, home, state, has_preview FROM photo"
        f" WHERE sha256 IN ({', '.join('?' * len(hashes))})",
        *hashes,
    )
    return [
        Slot(row["sha256"], row["size"], _uuid(row["person"]), row["home"], row["state"], bool(row["has_preview"]))
        for row in found
    ]  # fmt: skip


async def seen_hashes(who: Who, slots: list[Slot]) -> set[str]:
    """Hashes of which some slot lies in a scope the person holds, or proves a task of their department."""
    held = (*prefixes(who), f"u:{who.person}")
    seen = {slot.sha256 for slot in slots if slot.home.startswith(held)}
    units, rest = departments(who), [slot.sha256 for slot in slots if slot.sha256 not in seen]
    if units and rest:
        proven = await rows(
            "SELECT DISTINCT p.sha256 FROM task_photo p JOIN task t ON t.id = p.task_id"
            f" WHERE p.sha256 IN ({', '.join('?' * len(rest))}) AND t.unit IN ({', '.join('?' * len(units))})",
            *rest, *units,
        )  # fmt: skip
        seen |= {row["sha256"] for row in proven}
    return seen


async def sent_or_seen(who: Who, hashes: list[str]) -> list[Slot]:
    """The slots of those hashes that this person announced or may see; the rest does not exist for them."""
    slots = await slots_of(hashes)
    mine = {slot.sha256 for slot in slots if slot.person == who.person}
    if len(mine) < len(set(hashes)):
        mine |= await seen_hashes(who, [slot for slot in slots if slot.sha256 not in mine])
    return [slot for slot in slots if slot.sha256 in mine]


async def expected(who: Who, sha256: str) -> list[Slot]:
    """The slots of one hash that may receive from this person. Raises unexpected_photo: the record comes first."""
    slots = await sent_or_seen(who, [sha256])
    if not slots:
        raise Problem("unexpected_photo")
    return slots


def actor_for(who: Who, slots: list[Slot]) -> Actor:
    """The sender as the trail names them, in the post that reaches the photo where there is one."""
    post = post_for(who, "see", *(slot.home for slot in slots)) or (who.posts[0] if who.posts else None)
    return Actor(who.person, post.role if post else "none", post.place if post else "", who.title, who.device)


async def take_in(blobs: Blobs, partial: Partial, who: Who, slots: list[Slot]) -> None:
    """The last byte is here: judge, keep, mark. Owns `partial` from now on and lets it go.

    Raises checksum (back to nothing) or what `check_picture` says (set aside, and noted on the photo).
    """
    try:
        await asyncio.to_thread(_judge_and_keep, partial)
    except Problem as problem:
        if problem.code != "checksum":
            await evidence.mark_refused(
                who.district, partial.sha256, problem.code, actor=actor_for(who, slots)
            )
        raise
    except BaseException:
        await asyncio.to_thread(partial.close)  # no thread may have been found to begin in
        raise
    await settle_stored(who, slots, partial.sha256)


def _judge_and_keep(partial: Partial) -> None:
    try:
        if not partial.matches():
            partial.cut(0)
            raise Problem("checksum")
        try:
            check_picture(partial.path)
        except Problem:
            partial.refuse()
            raise
        partial.keep()
    finally:
        partial.close()


async def settle_stored(who: Who, slots: list[Slot], sha256: str) -> None:
    """The bytes have their final name: fill the slots that still wait. Mends a crash before the change, too."""
    if any(slot.state != "stored" for slot in slots if slot.sha256 == sha256):
        await evidence.mark_stored(who.district, sha256, actor=actor_for(who, slots))


async def settle_found(blobs: Blobs, who: Who, slots: list[Slot], sha256: str) -> None:
    """Bytes that were found under their name fill the slots that wait, when they are a photo: paper lies there too."""
    if any(slot.state != "stored" for slot in slots) and await asyncio.to_thread(_is_photo, blobs, sha256):
        await settle_stored(who, slots, sha256)


def _is_photo(blobs: Blobs, sha256: str) -> bool:
    with blobs.open(sha256) as file:
        return kind_of(file.read(12)) is not None


async def refused_again(blobs: Blobs, who: Who, slots: list[Slot], sha256: str) -> None:
    """Bytes that were set aside get the same answer again, from the bytes themselves.

    Raises that answer. Returns only when today's check takes them: then they are stored, nothing sent twice.
    """
    path = blobs.refused_path(sha256)
    try:
        await asyncio.to_thread(check_picture, path)
    except Problem as problem:
        await evidence.mark_refused(who.district, sha256, problem.code, actor=actor_for(who, slots))
        raise
    await asyncio.to_thread(blobs.place, path, blobs.path(sha256))
    await settle_stored(who, slots, sha256)


async def finish_whole(blobs: Blobs, who: Who, slots: list[Slot], sha256: str, size: int) -> None:
    """All bytes are here but nobody judged them: the server stopped between the last byte and the verdict.

    Raises like `take_in`, and upload_busy while another request is at it.
    """
    partial = await lock(blobs, sha256)
    if partial.size == size:
        await shielded(take_in(blobs, partial, who, slots))
    else:
        await asyncio.to_thread(partial.close)


async def lock(blobs: Blobs, sha256: str) -> Partial:
    """The partial bytes for writing. Raises upload_busy."""
    try:
        return await asyncio.to_thread(blobs.partial, sha256)
    except BlobBusy as busy:
        raise Problem("upload_busy") from busy


async def remember(sha256: str, who: Who, size: int, offset: int, mime: str) -> datetime:
    """Note a started upload, or that it went on; returns until when its pieces are kept."""
    expires = clock.now() + KEPT
    row = Upload(sha256=sha256, person=who.person, size=size, offset=offset, mime=mime[:40], expires=expires)
    fields = ("person", "size", "offset", "mime", "expires")
    await shielded(_write(Upload.bulk_create([row], on_conflict=["sha256"], update_fields=fields)))
    return expires


async def forget(sha256: str) -> None:
    """An upload is over."""
    await shielded(_write(Upload.filter(sha256=sha256).delete()))


async def clean_expired(blobs: Blobs) -> int:
    """Drop pieces nobody added to for 14 days, and the rows of uploads that are over; returns how many hashes.

    What is being written at this moment is left alone, and stored or refused bytes are never touched.
    """
    now = clock.now()
    dated = dict(await Upload.all().values_list("sha256", "expires"))
    done = {sha256 for sha256, expires in dated.items() if expires <= now}
    for sha256, touched in await asyncio.to_thread(lambda: list(blobs.partials())):
        until = dated.get(sha256) or datetime.fromtimestamp(touched, UTC) + KEPT
        if until <= now:
            if await _drop(blobs, sha256, now):
                done.add(sha256)
            else:
                done.discard(sha256)
    for sha256 in done:
        await shielded(_write(Upload.filter(sha256=sha256, expires__lte=now).delete()))
    await asyncio.to_thread(blobs.sweep, (now - timedelta(days=1)).timestamp())
    return len(done)


async def _drop(blobs: Blobs, sha256: str, now: datetime) -> bool:
    try:
        partial = await asyncio.to_thread(blobs.partial, sha256)
    except BlobBusy:
        return False
    try:
        if await Upload.exists(sha256=sha256, expires__gt=now):
            return False  # somebody began anew while we looked
        await asyncio.to_thread(partial.drop)
        return True
    finally:
        await asyncio.to_thread(partial.close)


async def _write(query: object) -> None:
    await query  # type: ignore[misc]


def _uuid(value: object) -> UUID:
    return value if isinstance(value, UUID) else UUID(str(value))
