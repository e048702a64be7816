"""Backup (备份): one moment of the database and every photo it knows, tried by restoring before it counts.

    <to>/photos/ab/cd/abcd…            bytes by hash, added to, never changed: a night copies only what is new
    <to>/refused/abcd…                 what arrived whole but was no photo
    <to>/snapshots/20261122T020000000000Z/  xuncun.db (or xuncun.dump), secret.key, manifest.json

Order matters: the moment is noted first, then the database is copied, then the photos. Whatever was receipted before
the moment is in the copy, and the bytes of every photo that the copy calls stored are already on the disk. The moment
becomes the horizon that tablets are told (sync.md §1.9) only after `trial` has restored the copy and found it whole.
"""

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from offline_sync import trial
from offline_sync.trial import digest
from villages.ground import clock, dumps
from villages.ground.problems import Problem
from villages.ground.settings import Settings

STAMP = "%Y%m%dT%H%M%S%fZ"  # to the microsecond: two in one second keep apart
NIGHTS, WEEKS, MONTHS = 14, 8, 24  # how many of each are kept


@dataclass
class Backup:
    """One snapshot with what its manifest says. `findings` as `trial.Findings`, as plain data."""

    folder: Path
    taken_at: datetime
    engine: str = "sqlite"
    dump_sha256: str = ""
    bytes: int = 0
    new_photos: int = 0
    new_bytes: int = 0
    mended: int = 0  # files that had rotted in the backup and were copied anew
    seconds: float = 0.0
    findings: dict[str, Any] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """Whether it was restored on trial and nothing was missing."""
        return bool(self.findings) and not self.findings["faults"]


def take(settings: Settings, to: Path) -> Backup:
    """Back up database and photos into `to` and try the result. Blocks for as long as it takes.

    Raises Problem backup_busy while another one runs, backup_failed when it could not be made. A backup that was
    made but is not whole is returned and kept, with its faults; it never counts.
    """
    begun = clock.now()
    snapshots = to / "snapshots"
    snapshots.mkdir(parents=True, exist_ok=True)
    with _alone(to):
        for stale in snapshots.glob("*.part"):
            shutil.rmtree(stale)
        made = Backup(snapshots / begun.strftime(STAMP), begun)
        made.engine = "postgresql" if settings.database_url else "sqlite"
        part = made.folder.with_suffix(".part")
        part.mkdir(mode=0o700)
        file = part / dumps.file_name(settings)
        dumps.dump(settings, file)
        made.dump_sha256, made.bytes = digest(file), file.stat().st_size
        (part / "secret.key").write_bytes(settings.secret())
        (part / "secret.key").chmod(0o600)
        with _telling():
            made.new_photos, made.new_bytes = _copy_photos(settings.blobs, to)
        found = trial.run(settings, file, to)
        if found.rotten:  # the backup's disk lost them; the house still has them
            for name in found.rotten:
                (to / "photos" / name[:2] / name[2:4] / name).unlink(missing_ok=True)
            _copy_photos(settings.blobs, to)
            made.mended, found = len(found.rotten), trial.run(settings, file, to)
        made.findings = asdict(found)
        made.seconds = round((clock.now() - begun).total_seconds(), 1)
        _write_manifest(made, part)
        part.rename(made.folder)
        dumps.flush(snapshots)
        if made.whole:
            thin_out(to, clock.now())
    return made


def listed(to: Path) -> list[Backup]:
    """Every finished backup, newest first. A folder whose manifest cannot be read is not one."""
    found = []
    for path in (to / "snapshots").glob("*/manifest.json"):
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            taken = datetime.fromisoformat(told["taken_at"])
            names = (
                "engine",
                "dump_sha256",
                "bytes",
                "new_photos",
                "new_bytes",
                "mended",
                "seconds",
                "findings",
            )
            found.append(Backup(path.parent, taken, *(told[name] for name in names)))
        except (OSError, ValueError, KeyError):
            continue
    return sorted(found, key=lambda one: one.taken_at, reverse=True)


def newest_whole(to: Path) -> Backup | None:
    """The newest backup that was restored on trial and found whole."""
    return next((one for one in listed(to) if one.whole), None)


def thin_out(to: Path, now: datetime) -> list[Path]:
    """Remove what is beyond keeping: of whole ones the last 14, one a week for 8 weeks, one a month for 24 months
    stay; of those that are not whole, what is younger than a week. Returns what went. Photos are never removed."""
    whole = [one for one in listed(to) if one.whole]
    kept = {one.folder for one in whole[:NIGHTS]}
    for period, most in (("%G-%V", WEEKS), ("%Y-%m", MONTHS)):
        seen: dict[str, Path] = {}
        for one in whole:
            seen.setdefault(clock.local(one.taken_at).strftime(period), one.folder)
        kept.update(list(seen.values())[:most])
    week = now - timedelta(days=7)
    gone = [one.folder for one in listed(to) if one.folder not in kept and (one.whole or one.taken_at < week)]
    for folder in gone:
        shutil.rmtree(folder)
    return gone


def _copy_photos(blobs: Path, to: Path) -> tuple[int, int]:
    """Copy the bytes that the backup lacks; returns how many and how many bytes."""
    count = size = 0
    for source, target in _pairs(blobs, to):
        if target.exists() and target.stat().st_size == source.stat().st_size:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = target.with_suffix(".part")
        shutil.copyfile(source, aside)
        if digest(aside) != source.name:  # named in the findings: the trial will not find it
            aside.unlink()
            continue
        dumps.flush(aside)
        aside.rename(target)
        dumps.flush(target.parent)
        count, size = count + 1, size + target.stat().st_size
    return count, size


def _pairs(blobs: Path, to: Path) -> Iterator[tuple[Path, Path]]:
    for source in blobs.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*"):
        yield source, to / "photos" / source.name[:2] / source.name[2:4] / source.name
    for source in (blobs / "refused").glob("*"):
        yield source, to / "refused" / source.name


def _write_manifest(made: Backup, folder: Path) -> None:
    told = {"format": 1, **asdict(made), "folder": None, "taken_at": clock.rfc3339(made.taken_at)}
    path = folder / "manifest.json"
    path.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
    dumps.flush(path)
    dumps.flush(folder)


@contextlib.contextmanager
def _alone(to: Path) -> Iterator[None]:
    """One backup into a folder at a time; the lock dies with its holder."""
    handle = os.open(to / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise Problem("backup_busy") from None
    finally:
        os.close(handle)


@contextlib.contextmanager
def _telling() -> Iterator[None]:
    """A full disk is said in words."""
    try:
        yield
    except OSError as error:
        raise Problem(
            "backup_failed", what=f"写入备份文件夹时出错（{error.strerror}），请检查空间和权限。"
        ) from error
