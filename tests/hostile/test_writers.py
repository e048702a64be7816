"""I6: a polling reader misses nothing, with eight real writing processes, on SQLite and on PostgreSQL."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from offline_sync import feed
from tests.worlds import DISTRICT
from villages.ground.database import rows, snapshot
from villages.ground.settings import Settings
from villages.models import DistrictHead
from villages.verify import verify

WRITERS, EACH = 8, 30
TOWN = "110109005"
# One start, eight processes: each writes to a village of its own, in changes of several statements, three at a time, so
# that they share commits; some give up when all is written.
CODE = """
import asyncio, os, sys
from contextlib import suppress
from pathlib import Path
sys.path.insert(0, {root!r})
from villages.changes import SYSTEM, change
from villages.ground.database import open_database
from villages.ground.settings import Settings
from villages.models import Village

class Spoilt(Exception): ...

async def write(mine, number, spoilt):
    async def work(line):
        line.about("village", mine, mine)
        row = await Village.get(code=mine)
        await asyncio.sleep(0)
        row.stat_name, row.rev = f"{{row.stat_name[:20]}}{{number}}"[-20:], line.rev
        await row.save(update_fields=["stat_name", "rev"])
        if spoilt:
            raise Spoilt
    await change(work, district="110109", actor=SYSTEM, verb="village.rename")

async def lane(mine, first):
    for number in range(first, {each}, 3):
        if number % 4 == 0:
            with suppress(Spoilt):
                await write(mine, number, True)
        await write(mine, number, False)

async def main(mine):
    async with open_database(Settings(Path({data!r}), database_url={url!r})):
        await asyncio.gather(*(lane(mine, first) for first in range(3)))

for code in {codes!r}[:-1]:
    if os.fork() == 0:
        break
else:
    code = {codes!r}[-1]
asyncio.run(main(code))
if code == {codes!r}[-1]:
    while True:
        try:
            pid, status = os.wait()
        except ChildProcessError:
            break
        assert status == 0, status
"""


@pytest.mark.slow
async def test_a_reader_misses_nothing_of_eight_writing_processes(any_district: Settings) -> None:
    """What a cursor passed stays passed: no row ever appears at or below it, and in the end all were seen."""
    codes = [
        str(row["code"])
        for row in await rows("SELECT code FROM village WHERE town = ? ORDER BY code LIMIT 8", TOWN)
    ]
    before = (await DistrictHead.get(district=DISTRICT)).rev
    code = CODE.format(root=str(Path(__file__).parents[2]), data=str(any_district.data), url=any_district.database_url,
                       each=EACH, codes=codes)  # fmt: skip
    writers = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
    cursor, seen, polls = before, set[int](), 0
    while writers.poll() is None or cursor < await _head():
        async with snapshot():
            head = await _head()
            told = await feed.tell(TOWN, DISTRICT, cursor, head, 0)
            lines = {
                int(row["rev"])
                for row in await rows("SELECT rev FROM change WHERE rev > ? AND rev <= ?", cursor, head)
            }
        assert lines == set(range(cursor + 1, head + 1)), (
            "I6: a number below one that was seen is not there yet"
        )
        seen |= lines
        assert all(cursor < int(one["rev"]) <= head for one in told)
        cursor, polls = head, polls + 1
        await asyncio.sleep(0.002)
    _, errors = await asyncio.to_thread(writers.communicate, None, 60)
    assert writers.returncode == 0, errors[-600:]
    assert await _head() == before + WRITERS * EACH and polls > 5
    assert seen == set(range(before + 1, before + WRITERS * EACH + 1))
    assert (await verify())[0].faults == []


async def _head() -> int:
    return int((await rows("SELECT rev FROM district_head"))[0]["rev"])
