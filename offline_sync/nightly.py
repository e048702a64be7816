"""What the server does by itself every night: a backup, tried, its horizon told to the tablets; then the daily ladder.

A night's work is a job with the date as its key, so it is done once whatever the number of processes, and what a
server slept through is done when it wakes.
"""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog

from dispatch import jobs
from offline_sync import held_days
from offline_sync.backup import Backup, newest_whole, take
from villages.changes import SYSTEM, Line, change
from villages.districts import the_district
from villages.ground import clock
from villages.ground.database import open_database
from villages.ground.problems import Problem
from villages.ground.settings import Settings
from villages.models import DistrictHead, Job

NIGHT = timedelta(hours=2)  # after midnight in Beijing
EVERY = 300.0  # seconds between looks at the clock
FIRST = 60.0  # a server that has just started serves first

log = structlog.get_logger()


async def back_up(settings: Settings, to: Path) -> Backup:
    """Take a backup into `to`; when it is whole, its moment becomes the horizon. The database is open."""
    made = await asyncio.to_thread(take, settings, to)
    if made.whole:
        await _tell(made)
    return made


async def at_command(settings: Settings, to: Path) -> Backup:
    """As `back_up`, while the database is not open here; a server may be running."""
    async with open_database(settings):
        return await back_up(settings, to)


async def _tell(made: Backup) -> None:
    """Let the tablets forget what this backup covers (sync.md §5); never back to an older horizon."""
    head = await the_district()

    async def work(line: Line) -> None:
        now: dict[str, Any] = dict((await DistrictHead.get(district=head.district)).settings)
        moment = clock.rfc3339(made.taken_at)
        line.about("district", head.district, head.district)
        line.body.update(
            taken_at=moment, rev=made.findings["rev"], photos=made.findings["photos"], bytes=made.bytes
        )
        now["backup_horizon"] = max(moment, now.get("backup_horizon") or "")
        await DistrictHead.filter(district=head.district).update(settings=now, settings_rev=line.rev)

    await change(work, district=head.district, actor=SYSTEM, verb="backup.take")


def told(made: Backup) -> str:
    """A backup in one sentence, or its faults."""
    if not made.whole:
        return "备份已做但试恢复不完整，不作数：" + "；".join(made.findings["faults"][:5])
    return (
        f"备份完成：{made.folder}，数据库 {made.bytes / 1e6:.1f} MB，新增照片 {made.new_photos} 张，"
        f"用时 {made.seconds} 秒；已试恢复，操作记录 {made.findings['rev']} 行、照片 {made.findings['photos']} 张完整。"
    )


async def nightly_backup(state: Any, _job: Job, _tell_progress: jobs.Tell) -> str:
    """The job. Raises Problem backup_failed when the backup is not whole, so that the night counts as failed."""
    settings: Settings = state.settings
    made = await back_up(settings, settings.backup_folder)
    if not made.whole:
        log.error("backup", faults=made.findings["faults"][:5])
        raise Problem("backup_failed", what="试恢复不完整：" + "；".join(made.findings["faults"][:3]))
    return made.folder.name


async def every_night(state: Any) -> None:
    """Ask for each night's backup and each day's ladder, for ever."""
    jobs.KINDS.update(backup=nightly_backup, daily=held_days.job)
    await asyncio.sleep(FIRST)
    while True:
        try:
            if await DistrictHead.exists():
                await ask_for_tonight(state.settings)
                await ask_for_today()
        except Exception as error:  # a database away for a moment must not end the nights
            log.error("nightly", kind=type(error).__name__, exc_info=error)
        await asyncio.sleep(EVERY)


async def ask_for_tonight(settings: Settings) -> Job | None:
    """The job of the night that has begun last, unless a whole backup has been made since."""
    night = clock.start_of_day((clock.local(clock.now()) - NIGHT).date()) + NIGHT
    last = await asyncio.to_thread(newest_whole, settings.backup_folder)
    if last is not None and last.taken_at >= night:
        return None
    return await jobs.enqueue("backup", f"backup:{clock.local(night).date()}", {}, None)


async def ask_for_today() -> Job:
    """The day's ladder and reminders (held_days.py); days that were slept through are caught up with by the newest."""
    day = (clock.local(clock.now()) - NIGHT).date()
    return await jobs.enqueue("daily", f"daily:{day}", {}, None)
