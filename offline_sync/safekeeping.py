"""Commands that keep what was collected from being lost: backups, bringing them back, rescues carried by hand.

Each imports what it needs when it is called: the other commands start faster without.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from villages.ground.console import Data, asked, say
from villages.ground.database import open_database
from villages.ground.problems import Problem
from villages.ground.settings import from_environment

cli = typer.Typer()


@cli.command("backup")
def backup_command(
    data: Data = None,
    to: Annotated[
        Path | None, typer.Option("--to", help="folder of the backups (default: XUNCUN_BACKUP)")
    ] = None,
) -> None:
    """Back up database and photos, try the backup by restoring it, tell the tablets how far it reaches."""
    from offline_sync.nightly import at_command, told  # noqa: PLC0415

    settings = from_environment(data)
    made = asked(at_command(settings, (to or settings.backup_folder).resolve()))
    if not made.whole:
        raise SystemExit(told(made))
    say(told(made))


@cli.command("restore")
def restore_command(
    source: Annotated[Path, typer.Option("--from", help="folder of the backups")],
    data: Data = None,
    name: Annotated[
        str, typer.Option("--name", help="which snapshot; the newest whole one if left out")
    ] = "",
) -> None:
    """Bring a backup back into an empty data folder; tablets send again what came after it."""
    from offline_sync.restore import restore  # noqa: PLC0415

    back = asked(restore(source.resolve(), from_environment(data), name))
    say(f"已恢复到 {back.of.folder.name} 的备份（第 {back.rev - 1} 行，照片 {back.photos} 张）。")
    say("已更换纪元：各平板下次联网会自动补传这之后的内容。请执行 python manage.py verify 核对。")


@cli.command("drill")
def drill_command(data: Data = None) -> None:
    """Back up, restore elsewhere, compare, remove: proves the circle without touching anything."""
    from offline_sync.restore import drill  # noqa: PLC0415

    made, back, found = asked(drill(from_environment(data)))
    if found.faults:
        raise SystemExit("演练未通过：" + "；".join(found.faults[:5]))
    say(
        f"演练通过：备份 {made.seconds} 秒、{made.bytes / 1e6:.1f} MB、照片 {made.new_photos} 张，"
        f"恢复到第 {back.rev - 1} 行，{found.photos} 张照片逐张在位，操作记录完整。"
    )


@cli.command("examine", hidden=True)
def examine_command(photos: Annotated[Path, typer.Option("--photos")], data: Data = None) -> None:
    """Read a restored database from end to end; prints what was found as JSON."""
    from offline_sync.trial import examine  # noqa: PLC0415

    settings = from_environment(data)

    async def work() -> str:
        async with open_database(settings):
            return json.dumps(asdict(await examine(settings, photos)), ensure_ascii=False)

    say(asked(work()))


@cli.command("import-rescue")
def import_rescue_command(
    file: Annotated[
        Path, typer.Argument(help="the file that a tablet exported", exists=True, dir_okay=False)
    ],
    passphrase: Annotated[
        str, typer.Option(help="asked for when it is needed and left out", envvar="XUNCUN_PASSPHRASE")
    ] = "",
    data: Data = None,
    look: Annotated[bool, typer.Option("--look", help="say what it holds, import nothing")] = False,
) -> None:
    """Bring in what a tablet could not hand in; safe to run twice. A server may be running."""
    from offline_sync.rescue.at_command import import_file  # noqa: PLC0415

    settings = from_environment(data)
    if not settings.database_url and not settings.sqlite_file.exists():
        raise SystemExit(f"没有找到数据库：{settings.sqlite_file}")

    async def work() -> tuple[list[str], bool]:
        try:
            return await import_file(settings, file, passphrase, look=look)
        except Problem as problem:
            if problem.code != "rescue_locked" or not sys.stdin.isatty():
                raise
        return await import_file(settings, file, typer.prompt("口令", hide_input=True), look=look)

    lines, whole = asked(work())
    say("\n".join(lines))
    if not whole:
        raise SystemExit(1)
