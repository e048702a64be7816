"""Evidence photos: the slots they are expected in, what became of their bytes, and whether bytes are a photo.

The record comes first and opens a slot (`expected`); the bytes follow by hash and fill every slot of that hash
(`stored`). Two photos may share bytes. A slot is never taken away: an office may waive it, with a reason.
"""

from collections.abc import Sequence
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

import msgspec

from inspections.answers import PhotoIn
from inspections.models import Photo
from villages.changes import SYSTEM, Actor, Line, change
from villages.ground.problems import Problem

_INT_MAX = 2**31 - 1  # the columns'; a figure beyond is a slip of the tablet and no reason to refuse evidence


class _NothingToDo(Exception):
    """Rolls a change back before it spends its number."""


async def expect_photos(
    line: Line, photos: Sequence[PhotoIn], *, home: str, person: UUID, queued: bool = False
) -> list[str]:
    """Open slots for announced photos inside a change; returns the hashes whose bytes are still missing.

    `home` is the village's code, or `u:<person>` while the village is not known. A slot that is there stays as it
    is. Same bytes stored for another photo: stored at once. Two statements, whatever the number of photos; `queued`
    leaves the second for the change's queue.
    """
    wanted = _by_slot(photos)
    if not wanted:
        return []
    ids = list(wanted)
    hashes = list({photo.sha256 for photo in wanted.values()})
    there = await _slots(line, ids, hashes)
    taken = {_uuid(row["id"]): row["sha256"] for row in there}
    stored = {row["sha256"] for row in there if row["state"] == "stored"}
    previewed = {row["sha256"] for row in there if row["has_preview"]}
    fresh: list[dict[str, Any]] = []
    for slot, photo in wanted.items():
        if slot in taken and taken[slot] != photo.sha256:
            # One id for two pictures (a tablet's slip): the second is evidence too and gets a slot of its own.
            slot = uuid5(NAMESPACE_OID, f"{slot}/{photo.sha256}")
        if slot not in taken:
            taken[slot] = photo.sha256
            fresh.append(_slot(line, slot, photo, home, person, stored, previewed))
    line.add(Photo, fresh)
    if not queued:
        await line.flush()
    return [sha256 for sha256 in dict.fromkeys(p.sha256 for p in photos) if sha256 not in stored]


def _by_slot(photos: Sequence[PhotoIn]) -> dict[UUID, PhotoIn]:
    """Photos by the id of their slot, each once; an id that names two pictures in one breath gets a second slot."""
    wanted: dict[UUID, PhotoIn] = {}
    for photo in photos:
        if wanted.setdefault(photo.id, photo).sha256 != photo.sha256:
            wanted[uuid5(NAMESPACE_OID, f"{photo.id}/{photo.sha256}")] = photo
    return wanted


async def _slots(line: Line, ids: list[UUID], hashes: list[str]) -> list[dict[str, Any]]:
    text = line.client.capabilities.dialect == "sqlite"
    keys: list[Any] = [str(slot) for slot in ids] if text else list(ids)
    return await line.run(
        "SELECT id, sha256, state, has_preview FROM photo"
        f" WHERE id IN ({_marks(keys)}) OR sha256 IN ({_marks(hashes)})",
        *keys, *hashes,
    )  # fmt: skip


def _slot(
    line: Line, slot: UUID, photo: PhotoIn, home: str, person: UUID, stored: set[str], previewed: set[str]
) -> dict[str, Any]:
    here = photo.sha256 in stored
    return dict(
        id=slot, sha256=photo.sha256, size=_fits(photo.size), mime=photo.mime[:40],
        width=_fits(photo.width), height=_fits(photo.height), taken_at=photo.taken_at,
        position=msgspec.to_builtins(photo.position) if photo.position else None, person=person,
        state="stored" if here else "expected", stored_at=line.heard_at if here else None,
        has_preview=photo.sha256 in previewed, home=home, town="" if home.startswith("u:") else home[:9],
        rev=line.rev,
    )  # fmt: skip


async def mark_stored(district: str, sha256: str, *, actor: Actor = SYSTEM) -> int:
    """The bytes of this hash are here, whole: every slot of the district that waits for them is filled, in one
    change. Returns its number, 0 when no slot waited. Call it only after the bytes have their final name."""

    async def work(line: Line) -> int:
        waiting = [p for p in await _of_district(line, sha256) if p.state != "stored"]
        _say(line, waiting, "stored")
        await Photo.filter(id__in=[p.id for p in waiting]).update(
            state="stored", stored_at=line.heard_at, fault="", rev=line.rev
        )
        return line.rev

    return await _unless_nothing(work, district, actor, "photo.stored")


async def mark_refused(district: str, sha256: str, fault: str, *, actor: Actor = SYSTEM) -> int:
    """The bytes came whole and are no photo (`fault`: the problem's code). Returns the number, 0 when said before."""

    async def work(line: Line) -> int:
        told = [p for p in await _of_district(line, sha256) if p.state != "stored" and p.fault != fault]
        _say(line, told)
        line.body["fault"] = fault
        await Photo.filter(id__in=[p.id for p in told]).update(fault=fault, rev=line.rev)
        return line.rev

    return await _unless_nothing(work, district, actor, "photo.refused")


async def mark_preview(district: str, sha256: str, *, actor: Actor = SYSTEM) -> int:
    """A preview of these bytes is here. Returns the number, 0 when every slot knew. A preview is never evidence."""

    async def work(line: Line) -> int:
        told = [p for p in await _of_district(line, sha256) if not p.has_preview]
        _say(line, told)
        await Photo.filter(id__in=[p.id for p in told]).update(has_preview=True, rev=line.rev)
        return line.rev

    return await _unless_nothing(work, district, actor, "photo.preview")


async def waive(line: Line, photo_id: UUID, reason: str) -> Photo:
    """Inside a change (`photo.waive`): go without this photo, for a reason. Bytes that come later are still taken.

    Raises not_found, or invalid when there is nothing to waive or no reason. Who may is the caller's question.
    """
    photo = await Photo.get_or_none(id=photo_id)
    if photo is None:
        raise Problem("not_found")
    if photo.state != "expected":
        raise Problem("invalid", what="这张照片已经收到或已免除，无需再免除。")
    if not reason.strip():
        raise Problem("invalid", what="请写明免除这张照片的原因。")
    line.about("photo", photo.id, photo.home, moved=("expected", "waived"))
    line.body.update(sha256=photo.sha256, reason=reason.strip())
    await Photo.filter(id=photo.id).update(state="waived", rev=line.rev)
    photo.state, photo.rev = "waived", line.rev
    return photo


async def _unless_nothing(work: Any, district: str, actor: Actor, verb: str) -> int:
    try:
        return await change(work, district=district, actor=actor, verb=verb)
    except _NothingToDo:
        return 0


async def _of_district(line: Line, sha256: str) -> list[Photo]:
    """Slots of these bytes that belong to the change's district; `u:` slots by their person's district."""
    slots = (
        await Photo.filter(sha256=sha256)
        .only("id", "state", "fault", "has_preview", "home", "person")
        .order_by("id")
    )
    authors = {slot.person for slot in slots if slot.home.startswith("u:")}
    ours: set[UUID] = set()
    for author in authors:
        text = str(author) if line.client.capabilities.dialect == "sqlite" else author
        if await line.run("SELECT id FROM person WHERE id = ? AND district = ?", text, line.district):
            ours.add(author)
    return [
        s for s in slots if s.home.startswith(line.district) or (s.home.startswith("u:") and s.person in ours)
    ]


def _say(line: Line, photos: list[Photo], stage: str = "") -> None:
    if not photos:
        raise _NothingToDo
    line.about("photo", photos[0].id, photos[0].home, moved=(photos[0].state if stage else "", stage))
    line.body["photos"] = [str(photo.id) for photo in photos]


def _fits(value: int | None) -> int | None:
    return None if value is None else min(value, _INT_MAX)


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values))


def _uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(str(value))
