"""A district to measure in: the demo district, thirty-two inspectors in its towns, rounds ahead of them."""

import asyncio
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any
from uuid import UUID

from dispatch.demo_district import DISTRICT, load_demo
from inspections.rounds import open_round
from tests.benchmarks import visits
from villages.changes import SYSTEM, Line, change, writer
from villages.ground.database import open_database, rows
from villages.ground.ids import new_id
from villages.ground.migrations import migrate
from villages.ground.settings import Settings
from villages.models import Person
from villages.people import create_person, open_session

CLIENTS = 32


@dataclass
class Client:
    """One inspector with one tablet: its bearer, its replica, the villages it visits in every round."""

    person: str
    token: str
    replica: str
    villages: list[str]
    done: int = 0

    def visit(self, world: "World", hashes: Sequence[str] = ()) -> bytes:
        """This tablet's next visit as a command; a village is visited once in a round."""
        place, village = divmod(self.done, len(self.villages))
        self.done += 1
        world.latest = max(world.latest, place)
        return visits.submit(
            self.done, world.rounds[place], self.villages[village], world.checklist, self.person, hashes
        )


@dataclass
class World:
    """What the programs of a benchmark need to know of a prepared data folder."""

    data: Path
    rounds: list[str]
    checklist: dict[str, str]
    clients: list[Client]
    latest: int = 0

    def block(self, each: int, *, on: tuple[Path, ...] = ()) -> list[list[bytes]]:
        """`each` further visits of every client, in rounds that are under way in the data folders `on`."""
        first = min(client.done // len(client.villages) for client in self.clients)
        made = [[client.visit(self) for _ in range(each)] for client in self.clients]
        self.turn_rounds(first, on=on)
        return made

    def turn_rounds(self, first: int, *, on: tuple[Path, ...] = ()) -> None:
        """Publish the rounds before `first`, start those up to the latest in use; `on`: as in `block`, else here."""
        for data in on or (self.data,):
            base = sqlite3.connect(data / "xuncun.db", timeout=30)
            base.executemany("UPDATE round SET stage = 'published' WHERE id = ?", _each(self.rounds[:first]))
            started = _each(self.rounds[first : self.latest + 1])
            base.executemany("UPDATE round SET stage = 'started' WHERE id = ?", started)
            base.commit()
            base.close()

    def copy(self, to: Path) -> Path:
        """The data folder once more. Nobody may have it open."""
        base = sqlite3.connect(self.data / "xuncun.db")
        base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        base.close()
        shutil.copytree(self.data, to)
        return to


def _each(values: list[str]) -> list[tuple[str]]:
    return [(value,) for value in values]


def prepare(data: Path, visits_each: int, number: int = CLIENTS) -> World:
    """A data folder in which each client can make so many visits. Slow: it opens the rounds one by one."""
    return asyncio.run(_prepare(Settings(data), visits_each, number))


async def _prepare(settings: Settings, visits_each: int, number: int) -> World:
    await migrate(settings)
    async with open_database(settings):
        await load_demo()
        clients = [client async for client in _clients(number)]
        fewest = min(len(client.villages) for client in clients)
        rounds = [await _round(number, clients) for number in range(-(-visits_each // fewest))]
        # A district has one or two rounds under way: those ahead lend no posts until their turn comes.
        await writer().execute_query("UPDATE round SET stage = 'published' WHERE stage = 'planned'")
        version = (await rows("SELECT code, version, sha256 FROM checklist_version WHERE code = 'RE'"))[0]
    return World(settings.data, rounds, dict(version), clients)


async def _clients(hands: int) -> Any:
    found = await rows("SELECT code, town FROM village ORDER BY code")
    towns: dict[str, list[str]] = {}
    for row in found:
        towns.setdefault(row["town"], []).append(row["code"])
    for number, (town, share) in enumerate(_shares(towns, hands)):

        async def person(line: Line, number: int = number, town: str = town) -> Person:
            return await create_person(
                line, name=f"bench{number}", title=f"检查员{number}", phone="", password_hash="!", must_change=False,
                posts=[("inspector", town)],
            )  # fmt: skip

        made = await change(person, district=DISTRICT, actor=SYSTEM, verb="person.create")
        _, token = await open_session(made, "session", device=new_id(), label="bench")
        yield Client(str(made.id), token, str(new_id()), share)


def _shares(towns: dict[str, list[str]], number: int) -> Iterator[tuple[str, list[str]]]:
    """Every town has an inspector, and whoever has most villages each gets the next one, up to the number of clients."""
    hands = dict.fromkeys(towns, 1)
    while sum(hands.values()) < number:
        hands[max(towns, key=lambda town: len(towns[town]) / hands[town])] += 1
    for town, villages in towns.items():
        shares: list[list[str]] = [[] for _ in range(hands[town])]
        for village, share in zip(villages, cycle(shares)):
            share.append(village)
        for share in shares:
            yield town, share


async def _round(number: int, clients: list[Client]) -> str:
    """The next round: a week each, so that every visit but the first looks back on an earlier one."""
    opens = date(2024, 1, 1) + timedelta(weeks=number)

    async def work(line: Line) -> UUID:
        opened = await open_round(
            line, name=f"第{number + 1}次检查", number=f"B{number + 1}", type="monthly", opens=opens, closes=opens + timedelta(days=6), checklists=["RE"], inspectors=[UUID(one.person) for one in clients],
            start=False,
        )  # fmt: skip
        return opened.id

    return str(await change(work, district=DISTRICT, actor=SYSTEM, verb="round.open"))
