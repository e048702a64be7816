"""A town as large as there is one, with one inspector who can sign in: 32 villages, visits as their tablet would hand in."""

import asyncio
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

from dispatch.demo_district import DISTRICT, PASSWORD, load_demo
from inspections.rounds import open_round
from tests.benchmarks import inprocess
from tests.benchmarks.world import Client, World
from villages.changes import SYSTEM, Line, change, writer
from villages.ground.database import open_database, rows
from villages.ground.ids import new_id
from villages.ground.migrations import migrate
from villages.ground.settings import Settings
from villages.models import Person
from villages.people import create_person, hash_password, open_session

TOWN = "110109107"
NAME, WORD = "bench", PASSWORD


@dataclass
class Town:
    """The prepared data folder; `visit` hands in as many rounds of visits as it is told."""

    world: World

    @property
    def villages(self) -> int:
        """How many villages the town has."""
        return len(self.world.clients[0].villages)

    def visit(self, times: int) -> None:
        """Every village once in each of the next `times` rounds, each with 6 tasks and 12 photos. Nobody may serve."""
        [client] = self.world.clients
        [made] = self.world.block(times * self.villages)
        inprocess.run(self.world.data, [(client.token, client.replica, made)])
        self.world.latest += 1
        self.world.turn_rounds(self.world.latest)
        self.world.latest -= 1


def prepare(data: Path, rounds: int) -> Town:
    """The town with so many rounds ahead of it, and one more under way after them."""
    return asyncio.run(_prepare(Settings(data), rounds + 1))


async def _prepare(settings: Settings, rounds: int) -> Town:
    await migrate(settings)
    async with open_database(settings):
        await load_demo()
        hashed = await hash_password(WORD)

        async def person(line: Line) -> Person:
            return await create_person(
                line, name=NAME, title="斋堂镇检查员 高建国", phone="", password_hash=hashed, must_change=False,
                posts=[("inspector", TOWN)],
            )  # fmt: skip

        made = await change(person, district=DISTRICT, actor=SYSTEM, verb="person.create")
        _, token = await open_session(made, "session", device=new_id(), label="bench")
        found = await rows("SELECT code FROM village WHERE town = ? ORDER BY code", TOWN)
        client = Client(str(made.id), token, str(new_id()), [row["code"] for row in found])
        opened = [await _round(number, made.id) for number in range(rounds)]
        await writer().execute_query(
            "UPDATE round SET stage = 'published' WHERE stage = 'planned' AND id <> ?", [opened[-1]]
        )
        version = (await rows("SELECT code, version, sha256 FROM checklist_version WHERE code = 'RE'"))[0]
    return Town(World(settings.data, opened, dict(version), [client]))


async def _round(number: int, inspector: UUID) -> str:
    opens = date(2026, 1, 5) + timedelta(weeks=number)

    async def work(line: Line) -> UUID:
        opened = await open_round(
            line, name=f"斋堂镇第{number + 1}次检查", number=f"T{number + 1}", type="monthly", opens=opens,
            closes=opens + timedelta(days=6), checklists=["RE"], inspectors=[inspector], villages=[TOWN],
            start=False,
        )  # fmt: skip
        return opened.id

    return str(await change(work, district=DISTRICT, actor=SYSTEM, verb="round.open"))
