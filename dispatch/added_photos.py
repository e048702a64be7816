"""Photos that reach a finding beside its own submission: they join the before-photos of the finding's task."""

from collections.abc import Iterable
from uuid import UUID

from dispatch.models import Task, TaskPhoto
from inspections.models import Photo, PhotoUse
from villages.changes import Line


async def join_before_photos(line: Line, inspection: UUID, photos: Iterable[UUID]) -> None:
    """Put photos that prove findings of this inspection on the tasks of those findings; only adds."""
    wanted = list(photos)
    uses = await PhotoUse.filter(inspection=inspection, photo_id__in=wanted, role="before").values(
        "photo_id", "finding"
    )
    findings = {use["finding"] for use in uses if use["finding"]}
    if not findings:
        return
    tasks = {task.finding: task.id for task in await Task.filter(inspection=inspection, finding__in=findings)}
    hashes = dict(await Photo.filter(id__in=wanted).values_list("id", "sha256"))
    held = set(await TaskPhoto.filter(task_id__in=tasks.values()).values_list("task_id", "photo"))
    fresh = [
        TaskPhoto(
            task_id=tasks[use["finding"]],
            photo=use["photo_id"],
            sha256=hashes[use["photo_id"]],
            role="before",
        )
        for use in uses
        if use["finding"] in tasks and (tasks[use["finding"]], use["photo_id"]) not in held
    ]
    if fresh:
        await TaskPhoto.bulk_create(fresh)
        # A department sees a photo only by its task: one that was there before must be told again.
        await Photo.filter(id__in={photo.photo for photo in fresh}).update(rev=line.rev)
        await Task.filter(id__in={photo.task_id for photo in fresh}).update(rev=line.rev)  # type: ignore[attr-defined]
