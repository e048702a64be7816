"""Changes that share a commit: each whole or absent by itself, none answered before it is on the disk."""

import asyncio
import contextvars
import random
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import uuid4

import pytest
from tortoise import connections
from tortoise.exceptions import IntegrityError, OperationalError
from tortoise.transactions import in_transaction

from tests.worlds import DISTRICT
from villages.changes import SYSTEM, Line, change, writer
from villages.ground import group_commit
from villages.ground.database import look, rows
from villages.ground.settings import Settings
from villages.ground.sqlite_engine import FEW, Client
from villages.ground.trouble import named
from villages.models import SignInTry
from villages.verify import verify

KEEP = "INSERT INTO sign_in_try (key, misses, seen) VALUES (?, 0, '2026-01-01')"


ORPHAN = (
    "INSERT INTO post (id, person_id, role, place, since, ended, rev)"
    f" VALUES ('{uuid4()}', '{uuid4()}', 'town', '110109001', '2026-01-01', 0, 1)"
)


class Spoilt(Exception):
    """A change that changed its mind."""


async def write(name: str, *, fails: bool = False, size: int = 1, also: str = "") -> int:
    """One change with rows of its own, which may fail when all of them were written."""

    async def work(line: Line) -> int:
        line.about("town", name, DISTRICT)
        for nth in range(size):
            line.later("UPDATE town SET stat_name = ? WHERE code = '110109001'", f"{name} {nth}")
        if also:
            await line.run("PRAGMA defer_foreign_keys = ON")
            line.later(also)
        line.body["name"] = name
        await line.flush()
        if fails:
            raise Spoilt
        return line.rev

    return await change(work, district=DISTRICT, actor=SYSTEM, verb="town.rename")


def keep(line: sqlite3.Connection, key: str) -> None:
    line.execute(KEEP, [key])


def raw() -> sqlite3.Connection:
    client: Any = connections.get("default")
    found: sqlite3.Connection = client._connection._conn
    return found


@contextmanager
def told() -> Iterator[list[str]]:
    """What the writing connection is told meanwhile."""
    said: list[str] = []
    raw().set_trace_callback(said.append)
    yield said
    raw().set_trace_callback(None)


async def names() -> list[str]:
    """Whose lines are there, in their order."""
    return [
        row["subject_id"]
        for row in await rows("SELECT subject_id FROM change WHERE verb = 'town.rename' ORDER BY rev")
    ]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who shares with whom must not depend on how quick the machine is."""
    monkeypatch.setattr(group_commit, "LONGEST", 600)


async def test_who_stands_in_line_shares_one_commit(district: Settings) -> None:
    with told() as said:
        numbers = await asyncio.gather(*(write(str(nth)) for nth in range(2 * group_commit.MOST + 1)))
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert said.count("COMMIT") == said.count("BEGIN IMMEDIATE") == 3  # two that are full, and what was left
    with told() as said:
        await write("一人")
    assert said.count("COMMIT") == 1 and not [text for text in said if "SAVEPOINT" in text]
    assert (await verify())[0].faults == []


async def test_a_group_that_has_taken_its_time_takes_nobody_in(
    district: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "LONGEST", 0)
    with told() as said:
        await asyncio.gather(*(write(str(nth)) for nth in range(5)))
    assert said.count("COMMIT") == 5 and await names() == [str(nth) for nth in range(5)]


async def test_who_fails_takes_back_nothing_of_others(district: Settings) -> None:
    """The first, the last, and some between."""
    bad = {0, 3, 4, 9}
    found = await asyncio.gather(
        *(write(str(nth), fails=nth in bad) for nth in range(10)), return_exceptions=True
    )
    assert [isinstance(one, Spoilt) for one in found] == [nth in bad for nth in range(10)]
    assert await names() == [str(nth) for nth in range(10) if nth not in bad]
    [report] = await verify()
    assert report.faults == [] and report.lines == report.head


async def test_a_long_change_is_no_part_of_the_loops_work(district: Settings) -> None:
    """Many rows are written by the connection's thread, in a group as alone."""
    found = await asyncio.gather(write("短"), write("长", size=FEW + 1), write("又短"))
    assert found == sorted(found) and await names() == ["短", "长", "又短"]
    assert (await look("SELECT stat_name FROM town WHERE code = '110109001'"))[0]["stat_name"] == "又短 0"


async def test_nobody_is_answered_before_the_commit(district: Settings) -> None:
    """A commit that the database refuses fails everyone who shares it, and the next ones are as ever."""
    found = await asyncio.gather(write("先"), write("坏", also=ORPHAN), write("后"), return_exceptions=True)
    assert [type(one) for one in found] == [IntegrityError] * 3
    assert await names() == []
    await write("再来")
    assert await names() == ["再来"]
    assert (await verify())[0].faults == []


async def test_who_gives_up_because_of_another_is_told_when_that_one_stands(district: Settings) -> None:
    """A repeated request that meets the first one's rows looks them up next: they must be there for everybody."""

    async def once(line: Line) -> None:
        if await rows("SELECT 1 FROM sign_in_try"):
            raise Spoilt
        line.later(KEEP, "only")

    async def try_it() -> int:
        try:
            await change(once, district=DISTRICT, actor=SYSTEM, verb="town.rename")
        except Spoilt:
            assert await look("SELECT 1 FROM sign_in_try")
            return 0
        return 1

    assert sum(await asyncio.gather(*(try_it() for _ in range(20)))) == 1
    await writer().execute_query("DELETE FROM sign_in_try")
    orphan = write("坏", also=ORPHAN)
    found = await asyncio.gather(
        *(change(once, district=DISTRICT, actor=SYSTEM, verb="town.rename") for _ in range(3)), orphan,
        return_exceptions=True,
    )  # fmt: skip
    assert [type(one) for one in found] == [IntegrityError] * 4, "what they met was never there"


async def test_a_full_disk_in_the_midst(district: Settings) -> None:
    """Whoever was told yes is there, whoever was told no is not, and room brings all back."""
    await write("头")
    pages = raw().execute("PRAGMA page_count").fetchone()[0]
    raw().execute(f"PRAGMA max_page_count = {pages + 120}")
    found = await asyncio.gather(
        *(write(f"{nth} " + "长" * 3000) for nth in range(60)), return_exceptions=True
    )
    kept = [nth for nth, one in enumerate(found) if isinstance(one, int)]
    lost = [one for one in found if isinstance(one, BaseException)]
    assert lost and kept
    for error in lost:
        problem = named(error)
        assert isinstance(error, OperationalError) and problem and problem.code == "disk_full", error
    assert [name.split(" ")[0] for name in await names()] == ["头", *map(str, kept)]
    raw().execute("PRAGMA max_page_count = 1000000")
    await asyncio.gather(*(write(f"又 {nth}") for nth in range(8)))
    assert len(await names()) == 1 + len(kept) + 8
    assert (await verify())[0].faults == []


async def test_who_is_cancelled_hands_the_turn_on(district: Settings) -> None:
    """No shield here: cancelled at any await, a change is whole or absent, and those beside it are untouched."""
    client: Any = connections.get("default")
    assert isinstance(client, Client)
    dice = random.Random(11)
    kept: set[str] = set()

    async def one(key: str) -> None:
        async with client.change([("SELECT 1 AS one", [])]) as part:
            assert part.answers == [[{"one": 1}]]
            await part.execute_query("UPDATE town SET rev = rev WHERE code = '110109001'")
            await part.last(lambda line: keep(line, key), dice.choice([1, FEW + 1]))
        kept.add(key)

    for start in range(60):
        tasks = [asyncio.create_task(one(f"{start} {nth}")) for nth in range(20)]
        for _ in range(dice.randrange(60)):
            await asyncio.sleep(0)
        for task in dice.sample(tasks, 8):
            task.cancel()
        done = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 30)
        assert all(end is None or isinstance(end, asyncio.CancelledError) for end in done), done
        assert sum(end is None for end in done) >= 12
    there = set(await SignInTry.all().values_list("key", flat=True))
    assert kept <= there and len(there) < 60 * 20
    await asyncio.wait_for(write("最后"), 10)
    assert not raw().in_transaction


async def test_who_is_cancelled_with_the_turn_just_given(district: Settings) -> None:
    client: Any = connections.get("default")
    loop = asyncio.get_running_loop()
    tasks: list[asyncio.Task[None]] = []

    def first(line: sqlite3.Connection) -> None:
        keep(line, "first")
        loop.call_soon(tasks[1].cancel)  # before the second wakes up, after it was given its turn

    async def one(write: Callable[[sqlite3.Connection], None]) -> None:
        async with client.change([]) as part:
            await part.last(write, 1)

    tasks += [asyncio.create_task(one(write)) for write in (first, lambda line: keep(line, "second"))]
    tasks.append(asyncio.create_task(one(lambda line: keep(line, "third"))))
    done = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)
    assert [type(end) for end in done] == [type(None), asyncio.CancelledError, type(None)]
    assert sorted(await SignInTry.all().values_list("key", flat=True)) == ["first", "third"]


async def test_what_is_on_its_way_to_the_thread_is_taken_back_too(district: Settings) -> None:
    """A statement that waits for the connection's thread when its change is cancelled lies in nobody else's."""
    client: Any = connections.get("default")
    busy, gate = threading.Event(), threading.Event()

    def held() -> None:
        busy.set()
        gate.wait(20)

    async def late() -> None:
        async with client.change([]) as part:
            held_up.append(asyncio.create_task(client._connection._execute(held)))
            await asyncio.sleep(0)
            await part.execute_query(KEEP.replace("?", "'late'"))

    async def long() -> None:
        def slowly(line: sqlite3.Connection) -> None:
            held()
            keep(line, "long")

        async with client.change([]) as part:
            await part.last(slowly, FEW + 1)

    held_up: list[asyncio.Task[None]] = []
    for what, kept in ((late, ["beside 0"]), (long, ["beside 0", "beside 1", "long"])):
        busy.clear()
        gate.clear()
        before = asyncio.create_task(beside(client, f"beside {len(kept) // 2}"))
        task = asyncio.create_task(what())
        await asyncio.to_thread(busy.wait, 20)
        task.cancel()
        for _ in range(5):
            await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(task, before, *held_up, return_exceptions=True)
        assert task.cancelled() and not before.exception()
        assert sorted(await SignInTry.all().values_list("key", flat=True)) == kept
    await write("最后")


async def beside(client: Client, key: str) -> None:
    """A change that fails nobody."""
    async with client.change([]) as part:
        await part.last(lambda line: keep(line, key), 1)


async def test_a_change_that_overlooks_an_error_writes_nothing_more(district: Settings) -> None:
    """SQLite gives up the whole transaction when its disk is full: what follows must not be written each by itself."""
    await write("头")

    async def work(line: Line) -> None:
        line.about("town", "坏", DISTRICT)
        raw().execute(f"PRAGMA max_page_count = {raw().execute('PRAGMA page_count').fetchone()[0]}")
        with suppress(OperationalError):
            await line.run(
                "INSERT INTO sign_in_try (key, misses, seen) VALUES (zeroblob(900000), 1, '2026-01-01')"
            )
        raw().execute("PRAGMA max_page_count = 1000000")
        assert not raw().in_transaction

    with pytest.raises(OperationalError):
        await change(work, district=DISTRICT, actor=SYSTEM, verb="town.rename")
    assert await names() == ["头"]
    await write("再来")
    assert (await verify())[0].faults == []


async def test_who_writes_without_a_number_waits_its_turn(district: Settings) -> None:
    """A single statement beside changes lies in nobody's transaction: it stays when they are taken back."""

    async def beside(key: str) -> None:
        await SignInTry.create(key=key, seen="2026-01-01T00:00:00Z")

    found = await asyncio.gather(
        *(write(str(nth), fails=True) if nth % 2 else beside(str(nth)) for nth in range(20)),
        return_exceptions=True,
    )
    assert [type(one) for one in found] == [type(None), Spoilt] * 10
    assert await SignInTry.all().count() == 10 and await names() == []


async def test_who_is_cancelled_before_the_beginning_touches_no_other_transaction(district: Settings) -> None:
    client: Any = connections.get("default")

    async def never() -> None:
        async with client.change([]):
            raise AssertionError

    async with in_transaction("default"):
        await SignInTry.create(key="ours", misses=1, seen="2026-01-01T00:00:00Z")
        task = asyncio.create_task(never(), context=contextvars.Context())
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
    assert [one.key for one in await SignInTry.all()] == ["ours"]
    await write("再来")
