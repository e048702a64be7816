"""A second tablet on the same visit: its photos are added to the inspection, before or after it arrives."""

from collections.abc import Sequence
from uuid import UUID

from inspections.answers import PhotoIn
from inspections.evidence import expect_photos
from inspections.models import Inspection, Photo, PhotoUse
from inspections.understanding import MOST_PHOTOS
from villages.changes import Line
from villages.ground.bulk import Question
from villages.leavings import leave


async def add_evidence(
    line: Line, inspection: UUID, item: str | None, finding: UUID | None, photos: Sequence[PhotoIn], home: str,
    person: UUID,
) -> list[str]:  # fmt: skip
    """Open slots for a partner's photos and say what they prove; returns the hashes still missing.

    `home` is the village, or empty while the visit itself has not arrived: the photos then live with their author
    until `adopt` takes them in. Only ever adds.
    """
    missing = await expect_photos(line, photos, home=home or f"u:{person}", person=person)
    ids = list(dict.fromkeys(photo.id for photo in photos))
    there = set(
        await PhotoUse.filter(inspection=inspection, photo_id__in=ids).values_list("photo_id", flat=True)
    )
    fresh = [photo for photo in ids if photo not in there]
    if fresh:
        role = "before" if finding else "scene"
        await PhotoUse.bulk_create(
            [
                PhotoUse(
                    photo_id=photo, inspection=inspection, item=(item or "")[:12], finding=finding, role=role
                )
                for photo in fresh
            ]
        )
    if home:
        await Inspection.filter(id=inspection).update(rev=line.rev)
        line.later(  # a finished visit may have left the tablets, and its photos with it
            "UPDATE photo SET rev = ? WHERE id IN (SELECT u.photo_id FROM photo_use u JOIN inspection i"
            " ON i.id = u.inspection WHERE i.id = ? AND i.stage <> 'submitted')",
            line.rev, str(inspection),
        )  # fmt: skip
    return missing


async def too_many(inspection: UUID, photos: Sequence[PhotoIn]) -> str:
    """Why these are more photos than one visit takes, in a sentence; "" when they are not."""
    known = set(await PhotoUse.filter(inspection=inspection).values_list("photo_id", flat=True))
    all_told = len(known | {photo.id for photo in photos})
    if all_told <= MOST_PHOTOS:
        return ""
    more = f"已登记 {len(known)} 张，加上这一批共" if known else "共"
    return (
        f"本次检查的照片{more} {all_told} 张，超过 {MOST_PHOTOS} 张的上限，照片已留存，等待区级办公室确认。"
    )


def early_question(inspection: UUID) -> Question:
    """Asks for the photos that a partner sent before this visit arrived (`id`); before anything is queued."""
    text = "SELECT p.id FROM photo_use u JOIN photo p ON p.id = u.photo_id WHERE u.inspection = ? AND p.town = ''"
    return text, [str(inspection)]


def restate(line: Line, inspection: UUID, photos: set[UUID]) -> None:
    """The sheet names photos that came ahead of it: what it says of them stands in place of what was said then."""
    if photos:
        marks = ", ".join("?" * len(photos))
        line.later(
            f"DELETE FROM photo_use WHERE inspection = ? AND photo_id IN ({marks})",
            str(inspection), *map(str, photos),
        )  # fmt: skip


async def adopt(line: Line, early: Sequence[UUID], village: str) -> None:
    """Bring early photos home to the village, from the people who sent them."""
    await line.flush()
    for photo, person in await Photo.filter(id__in=early).values_list("id", "person"):
        leave(line, f"u:{person}", "photo", [photo])
    await Photo.filter(id__in=early).update(home=village, town=village[:9], rev=line.rev)
