"""Evidence photos: the slots they are expected in, what became of their bytes, and whether bytes are a photo.

The record comes first and opens a slot (`expected`); the bytes follow by hash and fill every slot of that hash
(`stored`). Two photos may share bytes. A slot is never taken away: an office may waive it, with a reason.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

import msgspec

from inspections.answers import PhotoIn
from inspections.models import Photo, PhotoUse
from villages.changes import SYSTEM, Actor, Line, change
from villages.ground import clock
from villages.ground.bulk import Question, text_of
from villages.ground.problems import Problem
from villages.leavings import leave

_INT_MAX = 2**31 - 1  # the columns'; a figure beyond is a slip of the tablet and no reason to refuse evidence


class _NothingToDo(Exception):
    """Rolls a change back before it spends its number."""


async def expect_photos(line: Line, photos: Sequence[PhotoIn], *, home: str, person: UUID) -> list[str]:
    """Open slots for announced photos inside a change; returns the hashes whose bytes are still missing.

    `home` is the village's code, or `u:<person>` while the village is not known. A slot that is there stays as it
    is. Same bytes stored for another photo: stored at once. Two statements, whatever the number of photos.
    """
    if not photos:
        return []
    (there,) = await line.ask(slots_question(photos))
    missing = open_slots(line, photos, there, home=home, person=person)
    await line.flush()
    return missing


async def own_slots(photos: Sequence[PhotoIn], home: str, person: UUID | None) -> tuple[PhotoIn, ...]:
    """The photos under ids whose slots are free or of this home. An id that names another village's photo, or other
    bytes, is evidence too and gets an id of its own here: whoever sees the home must be able to see its photo."""
    ids = [photo.id for photo in photos]
    rows = await Photo.filter(id__in=ids).values("id", "sha256", "home", "town", "person") if ids else []
    there = {row["id"]: row for row in rows}

    def own(photo: PhotoIn) -> PhotoIn:
        if _is_own(there.get(photo.id), photo, home, person):
            return photo
        return msgspec.structs.replace(photo, id=own_id(photo.id, photo.sha256, home))

    return tuple(own(photo) for photo in photos)


def own_ids(
    photos: Sequence[PhotoIn], there: list[dict[str, Any]], *, home: str, person: UUID, early: Collection[UUID] = ()
) -> dict[UUID, UUID]:  # fmt: skip
    """As `own_slots`, of a visit's photos, from the rows of `slots_question`: the ids that are not its own to use, and
    those they get instead. `early`: photos that a partner sent ahead, which are the visit's own."""
    if not there:
        return {}
    rows = {str(row["id"]): row for row in there}
    return {
        slot: own_id(slot, photo.sha256, home)
        for slot, photo in {photo.id: photo for photo in reversed(photos)}.items()
        if slot not in early and not _is_own(rows.get(str(slot)), photo, home, person)
    }


def own_id(slot: UUID, sha256: str, home: str) -> UUID:
    """The id of its own that a photo gets here, the same each time it is sent."""
    return uuid5(NAMESPACE_OID, f"{slot}/{sha256}/{home}")


def _is_own(row: dict[str, Any] | None, photo: PhotoIn, home: str, person: UUID | None) -> bool:
    """Whether a slot is free, or holds these bytes and is of this home or waits with this person."""
    if row is None:
        return True
    waits = not row["town"] and str(row["person"]) == str(person)
    return row["sha256"] == photo.sha256 and (waits or row["home"] == home)


def slots_question(photos: Sequence[PhotoIn]) -> Question:
    """What `open_slots` has to know of the slots that are there."""
    ids = [text_of(slot) for slot in _by_slot(photos)]
    hashes = list({photo.sha256 for photo in photos})
    text = (
        "SELECT id, sha256, state, has_preview, person, home, town FROM photo"
        f" WHERE id IN ({_marks(ids)}) OR sha256 IN ({_marks(hashes)})"
    )
    return text, [*ids, *hashes]


def open_slots(
    line: Line, photos: Sequence[PhotoIn], there: list[dict[str, Any]], *, home: str, person: UUID
) -> list[str]:
    """Queue the slots that are not `there` (the rows of `slots_question`); returns as `expect_photos`.

    A slot of this person's that waited with them (its command was held, or came first) is brought home. One that waited
    here is told anew: nothing showed it, so it may have left the tablets by the floor.
    """
    taken = {str(row["id"]): row["sha256"] for row in there}
    stored = {row["sha256"] for row in there if row["state"] == "stored"}
    previewed = {row["sha256"] for row in there if row["has_preview"]}
    waiting = {str(row["id"]) for row in there if not row["town"] and str(row["person"]) == str(person)}
    here = {str(row["id"]) for row in there if row["home"] == home}
    fresh: list[dict[str, Any]] = []
    coming: list[str] = []
    told: list[str] = []
    for slot, photo in _by_slot(photos).items():
        key = text_of(slot)
        if taken.get(key, photo.sha256) != photo.sha256:
            # One id for two pictures (a tablet's slip): the second is evidence too and gets a slot of its own.
            key = str(uuid5(NAMESPACE_OID, f"{slot}/{photo.sha256}"))
        if key not in taken:
            taken[key] = photo.sha256
            fresh.append(_slot(line, key, photo, home, str(person), stored, previewed))
        elif key in waiting:
            coming.append(key)
        elif key in here:
            told.append(key)
    line.add(Photo, fresh)
    if (coming or told) and not home.startswith("u:"):
        text = f"UPDATE photo SET home = ?, town = ?, rev = ? WHERE id IN ({_marks(coming + told)})"
        line.later(text, home, home[:9], line.rev, *coming, *told)
        leave(line, f"u:{person}", "photo", coming)
    return [sha256 for sha256 in dict.fromkeys(p.sha256 for p in photos) if sha256 not in stored]


def _by_slot(photos: Sequence[PhotoIn]) -> dict[UUID, PhotoIn]:
    """Photos by the id of their slot, each once; an id that names two pictures in one breath gets a second slot."""
    wanted: dict[UUID, PhotoIn] = {}
    for photo in photos:
        if wanted.setdefault(photo.id, photo).sha256 != photo.sha256:
            wanted[uuid5(NAMESPACE_OID, f"{photo.id}/{photo.sha256}")] = photo
    return wanted


def _slot(
    line: Line, slot: str, photo: PhotoIn, home: str, person: str, stored: set[str], previewed: set[str]
) -> dict[str, Any]:
    here = photo.sha256 in stored
    return dict(
        id=slot, sha256=photo.sha256, size=_fits(photo.size), mime=photo.mime[:40],
        width=_fits(photo.width), height=_fits(photo.height), taken_at=clock.plausible(photo.taken_at),
        position=photo.position, person=person,
        state="stored" if here else "expected", stored_at=line.heard_at if here else None,
        has_preview=photo.sha256 in previewed, home=home, town="" if home.startswith("u:") else home[:9],
        rev=line.rev,
    )  # fmt: skip


async def mark_stored(district: str, sha256: str, *, actor: Actor = SYSTEM) -> int:
    """The bytes of this hash are here, whole: every slot of the district that waits for them is filled, in one
    change. Returns its number, 0 when no slot waited. Call it only after the bytes have their final name."""

    async def work(line: Line) -> int:
        waiting = [slot for slot in line.claimed if slot["state"] != "stored"]
        _say(line, waiting, "stored")
        moment = line.heard_at.isoformat(" ") if _text_engine(line) else line.heard_at
        _touch(line, waiting, "state = 'stored', fault = '', stored_at = ?", moment)
        return line.rev

    return await _on_slots(work, sha256, district, actor, "photo.stored")


async def mark_refused(district: str, sha256: str, fault: str, *, actor: Actor = SYSTEM) -> int:
    """The bytes came whole and are no photo (`fault`: the problem's code). Returns the number, 0 when said before."""

    async def work(line: Line) -> int:
        told = [slot for slot in line.claimed if slot["state"] != "stored" and slot["fault"] != fault]
        _say(line, told)
        line.body["fault"] = fault
        _touch(line, told, "fault = ?", fault)
        return line.rev

    return await _on_slots(work, sha256, district, actor, "photo.refused")


async def mark_preview(district: str, sha256: str, *, actor: Actor = SYSTEM) -> int:
    """A preview of these bytes is here. Returns the number, 0 when every slot knew. A preview is never evidence."""

    async def work(line: Line) -> int:
        told = [slot for slot in line.claimed if not slot["has_preview"]]
        _say(line, told)
        _touch(line, told, "has_preview = ?", True)
        return line.rev

    return await _on_slots(work, sha256, district, actor, "photo.preview")


async def waive(line: Line, photo_id: UUID, reason: str) -> Photo:
    """Inside a change (`photo.waive`): go without this photo, for a reason. Bytes that come later are still taken.

    Raises not_found, or invalid when there is nothing to waive or no reason. Who may is the caller's question.
    """
    photo = await Photo.get_or_none(id=photo_id)
    if photo is None:
        raise Problem("not_found")
    if photo.state != "expected":
        raise Problem("invalid", what="照片已经收到或已免补，不用再办。")
    if not reason.strip():
        raise Problem("invalid", what="请写明免补照片的原因。")
    line.about("photo", photo.id, photo.home, moved=("expected", "waived"))
    line.body.update(sha256=photo.sha256, reason=reason.strip())
    await Photo.filter(id=photo.id).update(state="waived", rev=line.rev)
    photo.state, photo.rev = "waived", line.rev
    return photo


async def waive_all(line: Line, inspection: UUID, home: str, photos: Sequence[UUID], reason: str) -> int:
    """Inside a change: go without these photos of one inspection, for one reason; returns how many.

    Raises not_found for a photo that is not the inspection's, and as `waive`.
    """
    if not photos:
        raise Problem("invalid", what="还没有勾选要免补的照片。")
    its = set(await PhotoUse.filter(inspection=inspection).values_list("photo_id", flat=True))
    told = []
    for photo in dict.fromkeys(photos):
        if photo not in its:
            raise Problem("not_found")
        told.append((await waive(line, photo, reason)).sha256)
    line.about("inspection", inspection, home)
    line.body.clear()
    line.body.update(photos=[str(photo) for photo in photos], sha256=told, reason=reason.strip())
    return len(told)


async def _on_slots(
    work: Callable[[Line], Awaitable[int]], sha256: str, district: str, actor: Actor, verb: str
) -> int:
    """A change that finds in `line.claimed` the slots of these bytes; 0 when it had nothing to do."""
    try:
        return await change(
            work, district=district, actor=actor, verb=verb, claim=_slots_in_district(sha256, district)
        )
    except _NothingToDo:
        return 0


def _slots_in_district(sha256: str, district: str) -> Question:
    """Slots of these bytes that belong to the district; `u:` slots by their person's district."""
    text = (
        "SELECT id, state, fault, has_preview, home FROM photo WHERE sha256 = ? AND (home LIKE ? OR"
        " (home LIKE 'u:%' AND person IN (SELECT id FROM person WHERE district = ?))) ORDER BY id"
    )
    return text, [sha256, f"{district}%", district]


def _say(line: Line, slots: list[dict[str, Any]], stage: str = "") -> None:
    if not slots:
        raise _NothingToDo
    first = slots[0]
    line.about("photo", first["id"], first["home"], moved=(first["state"] if stage else "", stage))
    line.body["photos"] = [str(slot["id"]) for slot in slots]


def _touch(line: Line, slots: list[dict[str, Any]], columns: str, value: Any) -> None:
    ids = [slot["id"] for slot in slots]  # as the engine gave them
    line.later(f"UPDATE photo SET {columns}, rev = ? WHERE id IN ({_marks(ids)})", value, line.rev, *ids)


def _text_engine(line: Line) -> bool:
    return bool(line.client.capabilities.dialect == "sqlite")


def _fits(value: int | None) -> int | None:
    return None if value is None else min(value, _INT_MAX)


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values)) or "NULL"
