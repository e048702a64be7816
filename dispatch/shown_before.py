"""Photos that were shown before: on this task, on another, by a visit. It is told to people and decides little by itself."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from dispatch.models import Step, Task, TaskPhoto
from dispatch.queries import ShownPhoto, seen_by
from inspections.answers import PhotoIn
from inspections.models import Inspection, Photo, PhotoUse
from villages.permissions import Who


async def fresh(task: Task, photos: Sequence[PhotoIn]) -> int:
    """How many of the pictures this task has not shown before; what only a note kept may be shown again."""
    hashes = {photo.sha256 for photo in photos}
    if not hashes:
        return 0
    links = await TaskPhoto.filter(task_id=task.id, sha256__in=hashes).values("sha256", "step")
    steps = [link["step"] for link in links if link["step"]]
    notes = set(await Step.filter(id__in=steps, verb="note").values_list("id", flat=True)) if steps else set()
    return len(hashes - {link["sha256"] for link in links if link["step"] not in notes})


async def reused(task: Task, photos: Sequence[PhotoIn]) -> list[str]:
    """The ids of those whose bytes stand on another task, or come from another village. They are taken in all the same."""
    hashes = {photo.sha256 for photo in photos}
    if not hashes:
        return []
    linked = await TaskPhoto.filter(sha256__in=hashes).exclude(task_id=task.id).values("sha256")
    elsewhere = (
        await Photo.filter(sha256__in=hashes).exclude(town="").exclude(home=task.home).values("sha256")
    )
    known = {row["sha256"] for row in (*linked, *elsewhere)}
    return [str(photo.id) for photo in photos if photo.sha256 in known]


async def mark_reused(who: Who, task_id: UUID, photos: list[ShownPhoto]) -> list[ShownPhoto]:
    """The same photos, with `seen_before` on after-photos whose bytes were shown before: on another task, of whatever
    village, or by a visit. `twin` is that task, if this person may see it.

    Five queries, none without after-photos. It is shown to a person and decides nothing.
    """
    after = [photo for photo in photos if photo.role == "after"]
    if not after:
        return photos
    links = (
        await TaskPhoto.filter(sha256__in={photo.sha256 for photo in after})
        .order_by("id")
        .values("id", "task_id", "photo", "sha256")
    )
    mine = {link["photo"]: link["id"] for link in links if link["task_id"] == task_id}
    others = [link for link in links if link["task_id"] != task_id]
    theirs = {link["task_id"] for link in others}
    seen = (
        set(await seen_by(who).filter(id__in=list(theirs)).values_list("id", flat=True)) if theirs else set()
    )
    visited = await _visited(after)

    def marked(photo: ShownPhoto) -> ShownPhoto:
        earlier = [
            one for one in others if one["sha256"] == photo.sha256 and one["id"] < mine.get(photo.id, 0)
        ]
        twin = next((one["task_id"] for one in earlier if one["task_id"] in seen), None)
        return replace(photo, seen_before=bool(earlier) or photo.id in visited, twin=twin)

    return [marked(photo) if photo.role == "after" else photo for photo in photos]


async def _visited(photos: list[ShownPhoto]) -> set[UUID]:
    """Those of the photos whose bytes a visit had brought before the step that carries them."""
    same = dict(await Photo.filter(sha256__in={photo.sha256 for photo in photos}).values_list("id", "sha256"))
    uses = await PhotoUse.filter(photo_id__in=list(same)).values("photo_id", "inspection") if same else []
    visits = {use["inspection"] for use in uses}
    heard = dict(await Inspection.filter(id__in=list(visits)).values_list("id", "heard_at")) if visits else {}
    steps = {photo.step for photo in photos if photo.step} if heard else set()
    at = dict(await Step.filter(id__in=list(steps)).values_list("id", "heard_at")) if steps else {}
    first: dict[str, datetime] = {}
    for use in uses:
        moment, sha256 = heard.get(use["inspection"]), same[use["photo_id"]]
        if moment:
            first[sha256] = min(moment, first.get(sha256, moment))
    return {
        photo.id for photo in photos
        if photo.step in at and photo.sha256 in first and first[photo.sha256] < at[photo.step]
    }  # fmt: skip
