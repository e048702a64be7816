"""Photos that reach a finding beside its own submission: they join the before-photos of the finding's task."""

from collections.abc import Iterable
from uuid import UUID

from dispatch.departments import touch_photos
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
    found = await Task.filter(inspection=inspection, finding__in=findings)
    tasks = {task.finding: task.id for task in found}
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
        touched = {photo.task_id for photo in fresh}  # type: ignore[attr-defined]
        await Task.filter(id__in=touched).update(rev=line.rev)
        for task in found:
            # A department sees a photo only by its task, and a finished task's may have left every tablet.
            if task.id in touched:
                touch_photos(line, task)
