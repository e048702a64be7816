"""Carrying it out: after a kill, beside somebody else, from our own ledger, from the command line, to the tablets."""

import asyncio
import itertools
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import openpyxl
import pytest
from starlette.applications import Starlette

from dispatch import ledger
from dispatch.bringing import check, opening, run, shelf
from dispatch.bringing.command import in_the_name_of
from dispatch.bringing.run import bring, office_of
from dispatch.ledger_book import Book
from dispatch.models import Step, Task, TaskPhoto
from dispatch.pages.asked import Asked
from inspections.models import Photo
from offline_sync import feed
from tests.dispatch.bringing.books import book, jpeg, row
from tests.dispatch.desk_house import DISTRICT, TOWN, VILLAGE, WATER, a_task, at_desk, house
from tests.dispatch.kept import counts_hold
from tests.dispatch.test_ledger import shown
from villages.ground import clock
from villages.ground.blobs import Blobs
from villages.ground.database import open_database
from villages.ground.problems import Problem
from villages.ground.settings import Settings
from villages.models import Change, DistrictHead, Person
from villages.permissions import PostHeld, Who
from villages.verify import verify

ROOT = Path(__file__).parents[3]


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[Starlette]:
    async with house(tmp_path) as made:
        yield made


class Killed(Exception):
    """The end of the process."""


async def told(_done: int, _total: int) -> None:
    """Nobody watches."""


async def ready(app: Starlette, file: Path) -> tuple[shelf.Shelf, Who]:
    """A file that was read and judged, by the office."""
    office = await Person.get(name="office")
    who = await office_of(office.id)
    place = shelf.new(app.state.settings)
    place.source.write_bytes(file.read_bytes())
    place.begin(office.id, file.name, "a" * 64, file.stat().st_size)
    await check.check(place, who, told)
    return place, who


def many(tmp_path: Path, count: int, photos: int = 0) -> Path:
    shots = {(2 + n, "整改前照片"): jpeg(str(n)) for n in range(photos)}
    return book(tmp_path / "many.xlsx", [row(位置=f"{n}号") for n in range(count)], photos=shots)


async def test_whole_batches_and_taken_up_after_a_kill(
    app: Starlette, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "BATCH", 10)
    place, who = await ready(app, many(tmp_path, 35, photos=12))
    begun = int((await DistrictHead.get(district=DISTRICT)).rev)
    calls = itertools.count(1)
    step = opening.tell_opened

    async def dies(line: Any, tasks: Any) -> None:
        await step(line, tasks)
        if next(calls) == 3:
            await line.flush()
            raise Killed  # the process is gone in the middle of a change

    monkeypatch.setattr(opening, "tell_opened", dies)
    with pytest.raises(Killed):
        await bring(place, who, app.state.blobs, told)
    assert await Task.all().count() == 20 and await Step.all().count() == 20
    assert await Photo.filter(state="stored").count() == await TaskPhoto.all().count() == 12
    done = await bring(place, who, app.state.blobs, told)
    assert (done.opened, done.there) == (35, 0)
    assert (await bring(place, who, app.state.blobs, told)).opened == 35
    lines = await Change.filter(verb="ledger.bring").order_by("rev")
    assert [line.rev for line in lines] == [
        begun + 1,
        begun + 2,
        begun + 3,
        begun + 4,
    ]  # no number for nothing
    numbers = await Task.all().values_list("number", flat=True)
    assert len(set(numbers)) == 35
    assert all(not report.faults for report in await verify([]))


async def test_no_row_is_lost_between_two_parts(
    app: Starlette, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "BATCH", 4)
    place, who = await ready(app, many(tmp_path, 13))
    assert place.told("report.json")["ready"] == place.told("report.json")["rows"] == 13
    assert (await bring(place, who, app.state.blobs, told)).opened == 13
    assert {task.place for task in await Task.all()} == {f"{n}号" for n in range(13)}


@pytest.mark.slow
async def test_two_at_once_double_nothing(app: Starlette, tmp_path: Path) -> None:
    file = many(tmp_path, 12, photos=3)
    one, who = await ready(app, file)
    other, _ = await ready(app, file)
    both = await asyncio.gather(
        bring(one, who, app.state.blobs, told), bring(other, who, app.state.blobs, told)
    )
    assert await Task.all().count() == 12 and sum(done.opened for done in both) == 12
    assert await Photo.all().count() == 3


@pytest.mark.slow
async def test_a_house_takes_anothers_ledger(tmp_path: Path) -> None:
    """Export there, bring in here: every open task with its village, unit, words, dates, term and photo."""
    (tmp_path / "there").mkdir()
    (tmp_path / "here").mkdir()
    async with house(tmp_path / "there") as there:
        first = await a_task(severity="critical", text="井盖缺失", place="村口")
        await shown(there, first)
        second = await a_task(text="污水外溢", place="桥头")
        late = clock.now() - timedelta(days=3)
        await Task.filter(id=second).update(unit=WATER, deadline=late, dispatched_at=late - timedelta(days=9))
        third = await a_task(text="围墙倒塌")
        await Task.filter(id=third).update(
            stage="deferred", deferred_at=clock.now(), look_again=clock.end_of_day(date(2027, 3, 1))
        )
        fourth = await a_task(text="已经办完的")
        await Task.filter(id=fourth).update(stage="closed", closed_at=clock.now())
        fifth = await a_task(text="镇里的事")
        await Task.filter(id=fifth).update(unit=TOWN)
        tasks = await Task.exclude(stage="closed").order_by("deadline", "id")
        every = await Task.all().order_by("deadline", "id").values_list("id", flat=True)
        lines = await ledger.lines_of([UUID(str(one)) for one in every], await ledger.around(), clock.now())
        made = Book(tmp_path / "ours.xlsx", there.state.blobs, "2026-11-29")
        made.add(lines)
        made.close()
        made.forget()
        again, who = await ready(there, tmp_path / "ours.xlsx")  # back into its own house: all there already
        report = again.told("report.json")
        assert (report["ready"], report["here"], report["wrong"]) == (0, 4, 0), report
    async with house(tmp_path / "here") as here:
        place, who = await ready(here, tmp_path / "ours.xlsx")
        assert place.told("report.json")["faults"] == []
        assert (await bring(place, who, here.state.blobs, told)).opened == 4
        found = await Task.all().order_by("deadline", "id")
        same = ("village", "unit", "text", "place", "severity")
        assert [[getattr(task, name) for name in same] for task in found] == [
            [getattr(task, name) for name in same] for task in tasks
        ]
        day = [clock.local(task.deadline).date() for task in tasks]
        assert [clock.local(task.deadline).date() for task in found] == day
        assert [task.found_on for task in found] == [clock.local(task.dispatched_at).date() for task in tasks]
        deferred = next(task for task in found if task.text == "围墙倒塌")
        assert deferred.stage == "deferred" and clock.local(deferred.look_again).date() == date(2027, 3, 1)
        assert await TaskPhoto.filter(role="before").count() == 1
        names = await ledger.around()
        back = await ledger.lines_of([task.id for task in found], names, clock.now())
        # What the second house exports says the same of every problem.
        columns = (2, 3, 4, 5, 6, 7, 8, 10)
        assert [[line.cells[n] for n in columns] for line in back] == [
            [line.cells[n] for n in columns] for line in lines if "已经办完的" not in line.cells
        ]


async def test_on_either_engine_with_photos_and_twice(either_demo: Settings, tmp_path: Path) -> None:
    shots = {(2 + n, name): jpeg(f"{n}{name}") for n in range(5) for name in ("整改前照片", "整改后照片")}
    file = book(
        tmp_path / "t.xlsx",
        [row(位置=f"{n}号", 状态="挂账" if n == 4 else "未整改") for n in range(5)],
        photos=shots,
    )
    async with open_database(either_demo):
        state: Any = SimpleNamespace(state=SimpleNamespace(settings=either_demo))
        blobs = Blobs(either_demo.blobs)
        for opened in (5, 0):
            place, who = await ready(state, file)
            assert (place.told("report.json")["ready"], place.told("report.json")["here"]) == (
                opened,
                5 - opened,
            )
            assert (await bring(place, who, blobs, told)).opened == opened
        assert await Task.filter(stage="dispatched").count() == 4 and await Task.all().count() == 5
        assert await TaskPhoto.all().count() == await Photo.filter(state="stored").count() == 10
        assert all(blobs.size(photo.sha256) == photo.size for photo in await Photo.all())
        assert all(not report.faults for report in await verify([]))
        await counts_hold()


async def test_only_an_office_and_only_as_long_as_it_is_one(app: Starlette, tmp_path: Path) -> None:
    place, who = await ready(app, many(tmp_path, 3))
    town = Who(who.person, "town", "专管员", DISTRICT, (PostHeld("town_operator", TOWN),))
    with pytest.raises(Exception, match="请联系区级办公室"):
        await bring(place, town, app.state.blobs, told)
    other = Who(who.person, "other", "外区", "110111", (PostHeld("district_office", "110111"),))
    report = await check.check(place, Who(who.person, "o", "o", DISTRICT, other.posts), told)
    assert report["ready"] == 0 and {one["cell"] for one in report["faults"]} == {"D2", "D3", "D4"}
    assert await Task.all().count() == 0


async def test_tablets_are_told_like_of_any_task(app: Starlette, tmp_path: Path) -> None:
    head = await DistrictHead.get(district=DISTRICT)
    place, who = await ready(app, many(tmp_path, 2, photos=1))
    await bring(place, who, app.state.blobs, told)
    rows = await feed.tell(VILLAGE, DISTRICT, int(head.rev), int(head.rev) + 1, 0)
    assert sorted(one["kind"] for one in rows) == ["photo", "task", "task"]
    task = next(one["row"] for one in rows if one["kind"] == "task" and one["row"]["photos"])
    assert (task["stage"], task["text"], task["item"]) == ("dispatched", "垃圾外溢", "")
    assert UUID(task["inspection"]) == place.id and [step["verb"] for step in task["steps"]] == ["dispatch"]
    assert task["category"] == "村庄保洁"


async def test_lists_and_the_ledger_show_them(app: Starlette, tmp_path: Path) -> None:
    place, who = await ready(app, many(tmp_path, 2, photos=2))
    await bring(place, who, app.state.blobs, told)
    [one, two] = await ledger.lines_of(
        [task.id for task in await Task.all()], await ledger.around(), clock.now()
    )
    assert one.cells[4] == date(2026, 11, 3) and one.cells[5] == "村庄保洁" and one.before and two.before
    assert await Asked(village=VILLAGE).tasks(who).count() == 2
    async with at_desk(app, "office") as desk:
        assert "垃圾外溢" in await desk.get("/tasks") and (await desk.get("/")).count("王平镇") >= 1


def command(data: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "manage.py", "import-ledger", *words, "--data", str(data)], cwd=ROOT,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


@pytest.mark.slow
async def test_the_command(app: Starlette, tmp_path: Path) -> None:
    file = book(tmp_path / "t.xlsx", [row(), row(村="没有的村")], photos={(2, "整改前照片"): jpeg("a")})
    data = app.state.settings.data
    dry = await asyncio.to_thread(command, data, str(file), "--dry-run")
    assert (
        dry.returncode == 1 and "D3　本区没有叫“没有的村”的村" in dry.stdout and "可以带入 1 行" in dry.stdout
    )
    assert await Task.all().count() == 0
    done = await asyncio.to_thread(command, data, str(file), "--without-faults", "--by", "office")
    assert "已带入 1 项任务" in done.stdout and await Task.all().count() == 1
    again = await asyncio.to_thread(command, data, str(file), "--without-faults")
    assert "早已带入 1 行" in again.stdout and await Task.all().count() == 1
    assert list((data / "ledger-in").iterdir()) == []


async def test_whose_name_stands_under_a_commands_bringing(app: Starlette) -> None:
    assert await in_the_name_of("") == (await Person.get(name="office")).id
    with pytest.raises(Problem, match="没有用户名为“nobody”的人"):
        await in_the_name_of("nobody")
    with pytest.raises(Problem, match="请联系区级办公室"):
        await office_of(await in_the_name_of("town"))


@pytest.mark.slow
async def test_a_sheet_that_is_no_ledger_is_not_taken_for_one(app: Starlette, tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    made.active.title = "封面"
    made.active.append(["整改台账", "2026年"])
    table = made.create_sheet("明细")
    table.append(["村名", "存在问题"])
    table.append(["安家庄村", "垃圾外溢"])
    made.save(tmp_path / "two.xlsx")
    place, _ = await ready(app, tmp_path / "two.xlsx")
    report = place.told("report.json")
    assert (report["sheets"][report["sheet"]]["name"], report["ready"]) == ("明细", 1)
    made.remove(table)
    made.save(tmp_path / "cover.xlsx")
    place, _ = await ready(app, tmp_path / "cover.xlsx")
    report = place.told("report.json")
    assert not report["checked"] and report["ready"] == 0
