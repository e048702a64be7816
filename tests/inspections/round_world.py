"""A small cast for rounds: a founded district, both checklists, and people with known posts."""

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from inspections.checklists import load_builtin, newest_version
from inspections.models import Inspection, Photo, PhotoUse, Round
from inspections.rounds import complete, open_round
from tests.worlds import migrated
from villages.changes import SYSTEM, Line, change
from villages.districts import found_district
from villages.ground import clock
from villages.ground.database import open_database
from villages.ground.ids import new_id
from villages.ground.settings import Settings
from villages.models import Person, Village
from villages.people import create_person, who_is
from villages.permissions import Who

DISTRICT = "110109"
JUNZHUANG = "110109104"  # 军庄镇, 8 villages: the smallest
T = TypeVar("T")


async def run(work: Callable[[Line], Awaitable[T]], verb: str = "round.open") -> T:
    """One change by the system."""
    return await change(work, district=DISTRICT, actor=SYSTEM, verb=verb)


_ready: dict[str, bytes] = {}  # the founded database's file, made once a run: founding takes a second


async def _founded(folder: Path) -> bytes:
    settings = migrated(folder / "founding")
    async with open_database(settings):
        await found_district(DISTRICT, "门头沟区", "demo")
        await load_builtin(DISTRICT)
    with sqlite3.connect(settings.sqlite_file) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return settings.sqlite_file.read_bytes()


@asynccontextmanager
async def world(folder: Path) -> Any:
    """An open, migrated database with a founded district and both checklists."""
    if "file" not in _ready:
        _ready["file"] = await _founded(folder)
    settings = Settings(folder / "world")
    settings.data.mkdir()
    settings.sqlite_file.write_bytes(_ready["file"])
    async with open_database(settings):
        yield settings


async def person(name: str, *posts: tuple[str, str], password_hash: str = "-", title: str = "") -> Person:
    async def work(line: Line) -> Person:
        return await create_person(
            line, name=name, title=title or name, phone="", password_hash=password_hash, must_change=False,
            posts=list(posts),
        )  # fmt: skip

    return await run(work, "person.create")


async def who(one: Person) -> Who:
    return await who_is(one)


async def towns() -> dict[str, list[str]]:
    """Village codes by town."""
    found: dict[str, list[str]] = {}
    for village in await Village.all().order_by("code"):
        found.setdefault(village.town, []).append(village.code)
    return found


def today() -> date:
    return clock.local(clock.now()).date()


async def a_round(
    inspectors: Sequence[UUID], *, name: str = "十一月检查", number: str = "2026-11-M", **more: Any
) -> Round:
    async def work(line: Line) -> Round:
        given: dict[str, Any] = {
            "type": "monthly", "opens": today(), "closes": today() + timedelta(days=9), "checklists": ["RE"],
        }  # fmt: skip
        return await open_round(line, name=name, number=number, inspectors=inspectors, **(given | more))

    return await run(work)


@dataclass
class Visit:
    """A visit to write straight into the tables: what scoring would have left there."""

    village: str
    score: str | None = "90.0"
    grade: str = "excellent"
    checklist: str = "RE"
    vetoed: bool = False
    late: bool = False
    photos: tuple[str, ...] = ()  # states of its photos
    days_ago: int = 0


async def visit(found: Round, author: Person, made: Visit) -> Inspection:
    version = await newest_version(DISTRICT, made.checklist)
    at = clock.now() - timedelta(days=made.days_ago)

    async def work(line: Line) -> Inspection:
        inspection = await Inspection.create(
            id=new_id(), round_id=found.id, village=made.village, checklist_code=version.code,
            checklist_version=version.version, checklist_sha256=version.sha256, author=author.id,
            inspectors=[str(author.id)], started_at=at, finished_at=at, heard_at=at, stage="submitted",
            late=made.late, score=Decimal(made.score) if made.score else None, grade=made.grade,
            vetoed=made.vetoed, earned=Decimal(90), base=Decimal(100), answers=[], sections={}, document="{}",
            home=made.village, town=made.village[:9], rev=line.rev,
        )  # fmt: skip
        for state in made.photos:
            photo = await Photo.create(
                id=new_id(), sha256="a" * 64, size=1, mime="image/jpeg", person=author.id, state=state,
                home=made.village, town=made.village[:9], rev=line.rev,
            )  # fmt: skip
            await PhotoUse.create(photo_id=photo.id, inspection=inspection.id, role="scene")
            await PhotoUse.create(photo_id=photo.id, inspection=inspection.id, role="before")
        complete(line, found.id, made.village, version.code)
        return inspection

    return await run(work, "inspection.submit")


async def finish(found: Round, village: str, checklist: str = "RE") -> None:
    """Its visit is in."""

    async def work(line: Line) -> None:
        complete(line, found.id, village, checklist)

    await run(work, "inspection.submit")
