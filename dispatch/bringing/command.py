"""`manage.py import-ledger FILE`: the same bringing-in as at the desk, told on a terminal."""

import asyncio
import hashlib
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from villages.ground.console import Data, asked, say
from villages.ground.problems import Problem
from villages.ground.settings import from_environment

TOLD = 100  # cells on the terminal
_SKIPS = {"closed": "已销号", "done": "已完成", "cancelled": "已撤销", "twin": "重复"}


def import_ledger(
    file: Path,
    data: Data = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would be brought in")] = False,
    by: Annotated[
        str, typer.Option("--by", help="sign-in name of the office's person who brings it in")
    ] = "",
    without_faults: Annotated[
        bool, typer.Option("--without-faults", help="bring in the rows that are in order, leave the others")
    ] = False,
) -> None:
    """Bring in an office's Excel ledger: every bad cell is named first; with one, nothing is brought in."""
    lines, whole = asked(_run(file, data, by, dry_run, without_faults))
    say("\n".join(lines))
    if not whole:
        sys.exit(1)


async def _run(
    file: Path, data: Path | None, by: str, dry_run: bool, without: bool
) -> tuple[list[str], bool]:
    """(what to say, whether all went in or would)."""
    from dispatch.bringing import check, run, shelf  # noqa: PLC0415 - other commands start without them
    from villages.ground.blobs import Blobs  # noqa: PLC0415
    from villages.ground.database import open_database  # noqa: PLC0415

    settings = from_environment(data)
    if not await asyncio.to_thread(file.is_file):
        raise Problem("invalid", what=f"没有找到文件：{file}")
    async with open_database(settings):
        who = await run.office_of(await in_the_name_of(by))
        place = await asyncio.to_thread(shelf.new, settings)
        try:
            await asyncio.to_thread(shutil.copyfile, file, place.source)
            sha256, size = await asyncio.to_thread(_hash, place.source)
            await asyncio.to_thread(place.begin, who.person, file.name, sha256, size)
            report = await check.check(place, who, _nobody)
            lines, ready = told(report)
            whole = bool(report["checked"]) and not report.get("wrong")
            if dry_run or not ready or not (whole or without):
                return [*lines, "没有带入任何内容。"], whole
            done = await run.bring(place, who, Blobs(settings.blobs), _nobody)
            return [*lines, f"已带入 {done.opened} 项任务。"], whole
        finally:
            await asyncio.to_thread(shutil.rmtree, place.folder, True)


def _hash(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size


async def _nobody(_done: int, _total: int) -> None:
    """Progress that nobody watches."""


async def in_the_name_of(name: str) -> Any:
    """The id of the person named, else of the only one with an office's post. Raises invalid."""
    from villages.models import Person, Post  # noqa: PLC0415

    if name:
        person = await Person.get_or_none(name=name)
        if person is None:
            raise Problem("invalid", what=f"没有用户名为“{name}”的人；请检查 --by。")
        return person.id
    held: Sequence[Any] = await Post.filter(role="district_office", ended=False).values_list(
        "person_id", flat=True
    )
    people = await Person.filter(id__in=set(held), disabled=False)
    if len(people) != 1:
        names = "、".join(one.name for one in people) or "还没有"
        raise Problem("invalid", what=f"请用 --by 写明由哪位区级办公室人员带入（现有：{names}）。")
    return people[0].id


def told(report: dict[str, Any]) -> tuple[list[str], int]:
    """The report as lines, and how many rows would be brought in."""
    if report.get("empty"):
        return ["表里没有数据行。"], 0
    if not report["checked"]:
        return ["认不出村名或问题描述是哪一栏；请在网页“台账—带入台账”中指定，或改表头为“村”“问题描述”。"], 0
    lines = [f"{one['cell']}　{one['why']}" for one in report["faults"][:TOLD]]
    if (more := len(report["faults"]) - TOLD + report["more_faults"]) > 0:
        lines.append(f"……另有 {more} 处")
    lines += [
        f"{column} 列有 {count} 张图片没有对应的栏目，不会带入" for column, count in report["strays"].items()
    ]
    skipped = "，".join(f"{_SKIPS[why]} {count} 行" for why, count in report["skips"].items())
    lines.append(
        f"共 {report['rows']} 行：可以带入 {report['ready']} 行（照片 {report['photos']} 张），需要改正 {report['wrong']} 行，"
        f"早已带入 {report['here']} 行" + (f"；不带入：{skipped}" if skipped else "") + "。"
    )  # fmt: skip
    return lines, report["ready"]
