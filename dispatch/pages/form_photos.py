"""Photos out of a form: looked at, stored by hash, and given ids that a form sent twice gives again.

The bytes are kept as they came, the camera's orientation with them; they are in the store before any change
opens, so a change never says `stored` of something that is not there.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from starlette.datastructures import UploadFile

from dispatch.unclaimed import mark
from inspections.answers import PhotoIn
from inspections.pictures import PictureFacts, check_bytes
from villages.districts import LIMITS
from villages.ground.blobs import Blobs
from villages.ground.problems import Problem

FIELD = "after"  # `after[]`, or `after:<id of the before-photo>[]`
MOST = 12
BODY_MOST = 96 * 1024 * 1024  # of one form; each photo has the limit of the wire


async def taken(data: Mapping[str, Any], act: UUID, blobs: Blobs) -> list[PhotoIn]:
    """The photos of a posted form, their bytes stored; fields left empty are passed over.

    Raises too_large, not_a_photo, photo_broken, photo_too_many_pixels, or invalid when there are too many.
    """
    files = [
        (field, file)
        for field, given in data.items()
        if field.startswith(FIELD) and isinstance(given, list)
        for file in given
        if isinstance(file, UploadFile) and file.filename
    ]
    if len(files) > MOST:
        raise Problem("invalid", what=f"一次最多提交 {MOST} 张照片，请减少后再提交。")
    limit = LIMITS["photo_bytes"]
    for _, file in files:
        if (file.size or 0) > limit:
            raise Problem("too_large", what=f"照片“{(file.filename or '')[:40]}”", limit=f"{limit >> 20} MB")
    return [
        await _one(field, await file.read(), uuid5(act, str(index)), blobs)
        for index, (field, file) in enumerate(files)
    ]


async def _one(field: str, data: bytes, photo: UUID, blobs: Blobs) -> PhotoIn:
    sha256 = hashlib.sha256(data).hexdigest()

    def keep() -> PictureFacts:
        facts = check_bytes(data)
        mark(blobs, sha256)  # should the form be refused, nothing will name these bytes
        blobs.put(data)
        return facts

    facts = await asyncio.to_thread(keep)
    return PhotoIn(
        id=photo, sha256=sha256, size=len(data), mime=facts.mime, width=facts.width,
        height=facts.height, pairs=_before(field),
    )  # fmt: skip


def _before(field: str) -> UUID | None:
    """The before-photo that a field answers, from its name."""
    _, _, text = field.removesuffix("[]").partition(":")
    try:
        return UUID(text)
    except ValueError:
        return None
