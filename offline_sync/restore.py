"""Restore (恢复) from a backup into an empty place, and the drill that proves the whole circle.

A restored district gets a new epoch: every tablet then sends again whatever it did after the moment of the backup
(sync.md §1.9). That is what makes a night's backup enough.
"""

import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID, uuid4

from offline_sync import trial
from offline_sync.backup import Backup, listed, newest_whole, take
from offline_sync.trial import digest
from villages.changes import SYSTEM, Line, change
from villages.districts import the_district
from villages.ground import clock, dumps
from villages.ground.database import open_database
from villages.ground.locks import data_held
from villages.ground.migrations import migrate
from villages.ground.problems import Problem
from villages.ground.settings import Settings
from villages.models import DistrictHead


@dataclass(frozen=True)
class Restored:
    """What a restore brought back: of which moment, to which number, under which new epoch."""

    of: Backup
    rev: int
    epoch: UUID
    photos: int


def choose(folder: Path, name: str = "") -> Backup:
    """The backup of this name, or the newest whole one. Raises Problem restore_failed."""
    found = listed(folder)
    chosen = next((one for one in found if one.folder.name == name), None) if name else newest_whole(folder)
    if chosen is None:
        known = "、".join(one.folder.name for one in found[:5]) or "没有任何备份"
        raise Problem("restore_failed", what=f"在 {folder} 里没有找到可用的备份（现有：{known}）。")
    if not chosen.whole:
        faults = "；".join(chosen.findings.get("faults", [])[:3])
        raise Problem(
            "restore_failed", what=f"备份 {chosen.folder.name} 试恢复时不完整（{faults}），请另选一份。"
        )
    return chosen


async def restore(folder: Path, settings: Settings, name: str = "") -> Restored:
    """Bring a backup back into `settings`' empty data folder (and empty PostgreSQL database).

    Raises Problem restore_failed when there is anything already, when a server is running on the folder, or when the
    dump's bytes are not those that were tried. Nothing of what is there is ever overwritten.
    """
    chosen = choose(folder, name)
    dump = chosen.folder / dumps.file_name(settings)
    if not dump.exists():
        raise Problem(
            "restore_failed", what=f"这份备份来自另一种数据库（{chosen.engine}），请按它的类型设置后再恢复。"
        )
    if digest(dump) != chosen.dump_sha256:
        raise Problem("restore_failed", what=f"备份文件 {dump} 的内容与当时不符，可能已损坏，请另选一份。")
    if settings.sqlite_file.exists() or (settings.blobs.exists() and any(settings.blobs.glob("??/??/*"))):
        raise Problem(
            "restore_failed",
            what=f"数据文件夹 {settings.data} 里已有数据。请换一个空文件夹，或先把它改名保存。",
        )
    settings.data.mkdir(parents=True, exist_ok=True)
    with data_held(settings.data, alone=True):
        photos = _bring_photos(folder, settings)
        shutil.copyfile(chosen.folder / "secret.key", settings.data / "secret.key")
        (settings.data / "secret.key").chmod(0o600)
        dumps.load(dump, settings)
        await migrate(settings)
        async with open_database(settings):
            epoch, rev = await _new_epoch(chosen)
    return Restored(chosen, rev, epoch, photos)


async def drill(settings: Settings) -> tuple[Backup, Restored, trial.Findings]:
    """Back up, restore into a folder of its own, read it from end to end; everything made is removed again.

    Raises Problem backup_failed or restore_failed where the circle does not close.
    """
    home = Path(tempfile.mkdtemp(prefix="drill-", dir=settings.backup_folder.parent))
    name = f"xuncun_drill_{uuid4().hex[:12]}"
    try:
        made = take(settings, home / "backup")
        if not made.whole:
            raise Problem("backup_failed", what="；".join(made.findings["faults"][:5]))
        url = dumps.make_empty(settings.database_url, name) if settings.database_url else None
        there = replace(settings, data=home / "data", database_url=url)
        back = await restore(home / "backup", there)
        async with open_database(there):
            found = await trial.examine(there, there.blobs)
        return made, back, found
    finally:
        if settings.database_url:
            dumps.remove(settings.database_url, name)
        shutil.rmtree(home, ignore_errors=True)


def _bring_photos(folder: Path, settings: Settings) -> int:
    count = 0
    for source in folder.glob("photos/??/??/*"):
        target = settings.blobs / source.parent.parent.name / source.parent.name / source.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        count += 1
    for source in folder.glob("refused/*"):
        (settings.blobs / "refused").mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, settings.blobs / "refused" / source.name)
    return count


async def _new_epoch(chosen: Backup) -> tuple[UUID, int]:
    """Tell everyone that time went back: a new epoch, on the trail."""
    head, epoch = await the_district(), uuid4()

    async def work(line: Line) -> int:
        line.about("district", head.district, head.district)
        line.body.update(
            backup=clock.rfc3339(chosen.taken_at), epoch_before=str(head.epoch), epoch=str(epoch)
        )
        settings = {**head.settings, "backup_horizon": clock.rfc3339(chosen.taken_at)}
        await DistrictHead.filter(district=head.district).update(
            epoch=epoch, settings=settings, settings_rev=line.rev
        )
        return line.rev

    return epoch, await change(work, district=head.district, actor=SYSTEM, verb="district.restore")
