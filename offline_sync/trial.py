"""Restoring a backup on trial: a copy of the dump is opened as a database of its own and read from end to end.

The reading is done by another process (`manage.py examine`), as it would be on another machine: a process has one
open database, and a server that is serving must not be the one that vouches.
"""

import hashlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from villages.ground import clock, dumps
from villages.ground.database import rows
from villages.ground.settings import Settings
from villages.verify import verify

MANAGE = Path(__file__).resolve().parent.parent / "manage.py"
BATCH = 1000
SMALL = 4000  # files read whole at every trial


@dataclass
class Findings:
    """What was found in a restored database. `faults` are sentences; none means that it is whole."""

    district: str = ""
    rev: int = 0
    chain_hash: str = ""
    epoch: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    photos: int = 0
    photo_bytes: int = 0
    rotten: list[str] = field(default_factory=list)  # kept under these hashes, but other bytes
    faults: list[str] = field(default_factory=list)


def digest(path: Path) -> str:
    """SHA-256 of a file; 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def run(settings: Settings, dump: Path, to: Path) -> Findings:
    """Restore `dump` beside the backup and examine it with the photos in `to`. Blocks."""
    folder = Path(tempfile.mkdtemp(prefix="trial-", dir=to))
    name = f"xuncun_trial_{secrets.token_hex(6)}"
    try:
        url = dumps.make_empty(settings.database_url, name) if settings.database_url else None
        there = replace(settings, data=folder, database_url=url)
        dumps.load(dump, there)
        return _examined(there, to)
    finally:
        if settings.database_url:
            dumps.remove(settings.database_url, name)
        shutil.rmtree(folder, ignore_errors=True)


def _examined(there: Settings, to: Path) -> Findings:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("XUNCUN_")}
    if there.database_url:
        environment["XUNCUN_DATABASE_URL"] = there.database_url
    done = subprocess.run(  # noqa: S603
        [sys.executable, str(MANAGE), "examine", "--data", str(there.data), "--photos", str(to / "photos")],
        env=environment, capture_output=True, text=True, timeout=dumps.HOURS, check=False,
    )  # fmt: skip
    if done.returncode:
        return Findings(faults=[f"恢复出的数据库无法读取：{done.stderr.strip()[-300:]}"])
    return Findings(**json.loads(done.stdout))


async def examine(settings: Settings, photos: Path) -> Findings:
    """Read the open database from end to end and look in `photos` for every photo that it calls stored and every card's PDF."""
    found = Findings()
    if not settings.database_url:
        damage = [row["integrity_check"] for row in await rows("PRAGMA integrity_check")]
        found.faults += [f"数据库文件损坏：{one}" for one in damage if one != "ok"]
        orphans = await rows("PRAGMA foreign_key_check")
        found.faults += [f"{len(orphans)} 行指向不存在的内容（{orphans[0]['table']}）"] if orphans else []
    for report in await verify():
        found.faults += [f"操作记录：{fault}" for fault in report.faults]
    [head] = await rows("SELECT district, rev, chain_hash, epoch FROM district_head") or [{}]
    if not head:
        found.faults.append("没有区域登记，这不是本系统的数据库")
        return found
    found.district, found.rev, found.chain_hash = head["district"], int(head["rev"]), head["chain_hash"]
    found.epoch = str(head["epoch"])
    for table in ("village", "person", "inspection", "task", "photo", "edition", "command"):
        found.counts[table] = int((await rows(f"SELECT COUNT(*) AS n FROM {table}"))[0]["n"])
    await _look_for_photos(photos, found)
    return found


async def _look_for_photos(photos: Path, found: Findings) -> None:
    """Every file by length, and by content those whose turn it is: all of a small store, a sixteenth of a large."""
    after, missing = "", 0
    turn = clock.now().toordinal() % 16
    while batch := await _stored(after):
        for row in batch:
            name = row["sha256"]
            path = photos / name[:2] / name[2:4] / name
            size = path.stat().st_size if path.exists() else -1
            if size >= 0 and row["size"] in (size, None):
                found.photos += 1
                found.photo_bytes += size
                if (found.photos <= SMALL or int(name[0], 16) == turn) and digest(path) != name:
                    found.rotten.append(name)
                    found.faults.append(f"备份里的文件已损坏：{name}")
            else:
                missing += 1
                if missing <= 20:
                    found.faults.append(f"备份里没有照片或评分卡文件：{name}")
        after = batch[-1]["sha256"]
    if missing > 20:
        found.faults.append(f"……共缺 {missing} 个文件")


async def _stored(after: str) -> list[dict[str, Any]]:
    return await rows(
        "SELECT sha256, MAX(size) AS size FROM (SELECT sha256, size FROM photo WHERE state = 'stored'"
        " UNION ALL SELECT pdf_sha256 AS sha256, NULL AS size FROM edition) one WHERE sha256 > ?"
        f" GROUP BY sha256 ORDER BY sha256 LIMIT {BATCH}",
        after,
    )
