"""A second tablet on the same visit: its photos are added to the inspection, before or after it arrives."""

from collections.abc import Sequence
from uuid import UUID

from inspections.answers import PhotoIn
from inspections.evidence import expect_photos
from inspections.models import Inspection, Photo, PhotoUse
from villages.changes import Line


async def add_evidence(
    line: Line, inspection: UUID, item: str | None, finding: UUID | None, photos: Sequence[PhotoIn], home: str,
    person: UUID,
) -> list[str]:  # fmt: skip
    """Open slots for a partner's photos and say what they prove; returns the hashes still missing.

    `home` is the village, or empty while the visit itself has not arrived: the photos then live with their author
    until `adopt_early` takes them in. Only ever adds.
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
                PhotoUse(photo_id=photo, inspection=inspection, item=item or "", finding=finding, role=role)
                for photo in fresh
            ]
        )
    if home:
        await Inspection.filter(id=inspection).update(rev=line.rev)
    return missing


async def adopt_early(line: Line, inspection: UUID, village: str) -> list[UUID]:
    """Bring home the photos that a partner sent before the visit arrived; returns their ids."""
    early = await PhotoUse.filter(inspection=inspection).values_list("photo_id", flat=True)
    strays = [photo.id for photo in await Photo.filter(id__in=list(early), town="").only("id")]
    if strays:
        await Photo.filter(id__in=strays).update(home=village, town=village[:9], rev=line.rev)
    return strays
