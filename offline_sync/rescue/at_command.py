"""`manage.py import-rescue`: the same as the office's page, in lines of text."""

import asyncio
from pathlib import Path

from offline_sync.rescue.archive import Archive
from offline_sync.rescue.bring_in import bring_in
from offline_sync.rescue.look import Act, View, look_over
from offline_sync.rescue.waiting import folder_of, open_file
from templates import words
from villages.changes import SYSTEM, settle
from villages.ground.blobs import Blobs
from villages.ground.database import open_database
from villages.ground.settings import Settings


async def import_file(
    settings: Settings, file: Path, passphrase: str, *, look: bool
) -> tuple[list[str], bool]:
    """What was found and done, line by line, and whether everything is in. `look`: nothing is written.

    Raises whatever opening and looking over say.
    """
    async with open_database(settings):
        blobs = Blobs(settings.blobs)
        with await asyncio.to_thread(file.open, "rb") as source:
            sha256, place = await open_file(source, folder_of(blobs), passphrase)
        try:
            with Archive(place) as archive:
                view = await look_over(archive, blobs, sha256, None)
                faults: list[str] = []
                if not look:
                    faults = (await bring_in(view, blobs, SYSTEM)).faults
                lines = [
                    *_about(view),
                    *(_act(number, act) for number, act in enumerate(view.acts, 1)),
                    *faults,
                ]
                return [*lines, *view.faults], look or not (
                    faults or view.faults or any(a.fault for a in view.acts)
                )
        finally:
            await settle()
            await asyncio.to_thread(place.unlink, True)


def _about(view: View) -> list[str]:
    photos, drafts = list(view.photos.values()), list(view.drafts.values())
    return [
        f"{view.owner.title} 的救援包：操作 {len(view.acts)} 条，照片 {len(photos)} 张（已在系统 {photos.count('here')} 张），"
        f"草稿 {len(drafts)} 份（已在系统 {drafts.count('here') + drafts.count('done')} 份）",
        "封签核对无误，操作按本人上传办理。" if view.proven else "不能证明出自本人的平板，操作一律转待批。",
    ]


def _act(number: int, act: Act) -> str:
    name = words.verb(act.arrived.command.verb) if act.arrived else act.listed.file
    if act.fault:
        return f"{number}. {name}：{act.fault}"
    if act.kept is None:
        return f"{number}. {name}：待导入"
    reason = words.REASON.get(act.kept.reason, act.kept.reason)
    return f"{number}. {name}：{words.STATUS.get(act.kept.status, act.kept.status)}{f'（{reason}）' if reason else ''}"
