"""The change: one number, one line, nothing half done, whoever is cancelled and however many write."""

import asyncio
import random
import sqlite3
from collections.abc import Callable
from uuid import uuid4

import pytest

from tests.worlds import DISTRICT
from villages.changes import SYSTEM, Line, change, settle
from villages.ground.database import rows
from villages.ground.settings import Settings
from villages.models import Change, DistrictHead, SignInTry, Town
from villages.verify import verify


async def write(name: str) -> int:
    """One small change: a town's kind."""

    async def work(line: Line) -> int:
        line.about("town", name, DISTRICT, moved=("", "x"))
        line.body["name"] = name
        await Town.filter(code="110109001").update(stat_name=name, rev=line.rev)
        return line.rev

    return await change(work, district=DISTRICT, actor=SYSTEM, verb="town.rename")


async def test_a_change_takes_the_next_number_and_leaves_a_line(any_district: Settings) -> None:
    first, second = await write("一"), await write("二")
    assert second == first + 1
    assert (await Town.get(code="110109001")).rev == second
    line = await Change.get(district=DISTRICT, rev=second)
    assert (line.verb, line.subject_id, line.to_stage, line.post) == ("town.rename", "二", "x", "system")
    [report] = await verify()
    assert report.faults == [] and report.lines == report.head == second


async def test_a_failing_change_leaves_nothing(any_district: Settings) -> None:
    before = await DistrictHead.get(district=DISTRICT)

    async def work(line: Line) -> None:
        await Town.filter(code="110109001").update(stat_name="坏", rev=line.rev)
        raise RuntimeError("half-way")

    with pytest.raises(RuntimeError):
        await change(work, district=DISTRICT, actor=SYSTEM, verb="town.rename")
    after = await DistrictHead.get(district=DISTRICT)
    assert (after.rev, after.chain_hash) == (before.rev, before.chain_hash)
    assert (await Town.get(code="110109001")).stat_name != "坏"
    assert (await verify())[0].faults == []


async def test_an_unknown_district_is_refused(any_district: Settings) -> None:
    async def work(_line: Line) -> None: ...

    with pytest.raises(LookupError):
        await change(work, district="999999", actor=SYSTEM, verb="x")


@pytest.mark.slow
async def test_thousands_of_random_cancellations_leave_the_database_usable(any_district: Settings) -> None:
    """Cancelled at every possible await; each write is whole or absent and the next one still works."""
    dice = random.Random(7)
    outcomes = {"done": 0, "cancelled": 0}

    async def one(number: int) -> None:
        task = asyncio.create_task(write(str(number)))
        for _ in range(dice.randrange(0, 14)):
            await asyncio.sleep(0)
        if dice.random() < 0.5:
            await asyncio.sleep(dice.random() * 0.004)
        task.cancel()
        try:
            await task
            outcomes["done"] += 1
        except asyncio.CancelledError:
            outcomes["cancelled"] += 1

    for start in range(0, 3000, 30):
        await asyncio.gather(*(one(start + offset) for offset in range(30)))
    await settle()
    assert outcomes["cancelled"] > 500
    last = await asyncio.wait_for(write("最后"), 10)
    assert len(await rows("SELECT rev FROM change")) == last
    assert (await verify())[0].faults == []


async def test_who_goes_away_does_not_stop_what_was_begun(any_district: Settings) -> None:
    opened, go = asyncio.Event(), asyncio.Event()

    async def work(line: Line) -> None:
        opened.set()
        await go.wait()
        await Town.filter(code="110109001").update(stat_name="写完", rev=line.rev)

    task = asyncio.create_task(change(work, district=DISTRICT, actor=SYSTEM, verb="x"))
    await opened.wait()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    go.set()
    await settle()
    assert (await Town.get(code="110109001")).stat_name == "写完"


async def test_a_reader_does_not_wait_for_an_open_change(any_district: Settings) -> None:
    opened, go = asyncio.Event(), asyncio.Event()

    async def work(line: Line) -> None:
        await Town.filter(code="110109001").update(stat_name="未提交", rev=line.rev)
        opened.set()
        await go.wait()

    task = asyncio.create_task(change(work, district=DISTRICT, actor=SYSTEM, verb="x"))
    await opened.wait()
    seen = await asyncio.wait_for(Town.get(code="110109001"), 60)
    assert seen.stat_name != "未提交"
    go.set()
    await task
    assert (await Town.get(code="110109001")).stat_name == "未提交"


async def test_writes_beside_the_trail_take_no_number(district: Settings) -> None:
    before = (await DistrictHead.get(district=DISTRICT)).rev
    from villages.ground import clock

    await SignInTry.create(key=f"name:{uuid4()}", seen=clock.now())
    assert (await DistrictHead.get(district=DISTRICT)).rev == before


def raw(statement: str, *values: object) -> Callable[[sqlite3.Connection], object]:
    return lambda db: db.execute(statement, values)


TAMPER: dict[str, tuple[list[Callable[[sqlite3.Connection], object]], str]] = {
    "edited": ([raw("UPDATE change SET subject_id = '假' WHERE rev = 3")], "第 3 行内容"),
    "edited body": ([raw("UPDATE change_body SET body = '{}' WHERE id % 1000 = 3")], "第 3 行的正文"),
    "missing": ([raw("DELETE FROM change WHERE rev = 3")], "缺少第 3"),
    "swapped": (
        [
            raw("UPDATE change SET rev = 99 WHERE rev = 3"),
            raw("UPDATE change SET rev = 3 WHERE rev = 4"),
            raw("UPDATE change SET rev = 4 WHERE rev = 99"),
        ],
        "不相接",
    ),
    "tail cut": ([raw("DELETE FROM change WHERE rev >= 5")], "尾部被截去"),
    "head moved": ([raw("UPDATE district_head SET chain_hash = ?", "0" * 64)], "登记的校验值不符"),
}


@pytest.mark.parametrize("how", TAMPER)
async def test_verify_finds_tampering(district: Settings, how: str) -> None:
    for number in range(5):
        await write(str(number))
    assert (await verify())[0].faults == []
    strokes, told = TAMPER[how]
    with sqlite3.connect(district.sqlite_file) as database:
        for stroke in strokes:
            stroke(database)
    [report] = await verify()
    assert any(told in fault for fault in report.faults), report.faults


async def test_a_tail_cut_together_with_the_head_is_found_by_an_anchor(district: Settings) -> None:
    for number in range(5):
        await write(str(number))
    last = await Change.get(district=DISTRICT, rev=6)
    with sqlite3.connect(district.sqlite_file) as database:
        kept = database.execute("SELECT hash FROM change WHERE rev = 4").fetchone()[0]
        database.execute("DELETE FROM change WHERE rev > 4")
        database.execute("UPDATE district_head SET rev = 4, chain_hash = ?", (kept,))
    assert (await verify())[0].faults == []  # the chain alone cannot know
    assert any("第 6 行不存在" in fault for fault in (await verify([(6, last.hash)]))[0].faults)


async def test_an_erased_body_leaves_the_chain_whole(district: Settings) -> None:
    await write("姓名")
    with sqlite3.connect(district.sqlite_file) as database:
        database.execute("UPDATE change_body SET salt = NULL, body = NULL WHERE id % 1000 = 2")
    [report] = await verify()
    assert report.faults == [] and report.erased == 1
