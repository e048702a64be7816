"""The boards over 50,000 open tasks: statements, processor time beside an empty page, and beside half the tasks."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from starlette.applications import Starlette

from app import make_app
from dispatch.demo_district import PASSWORD, load_demo
from dispatch.escalation import RAISE
from tests.benchmarks.daily import fill
from tests.benchmarks.figures import Figure
from tests.dispatch.desk_house import Desk, at_desk, counted
from villages.changes import SYSTEM, Line, change
from villages.ground.clock import now, timedelta
from villages.ground.database import open_database, stored
from villages.ground.migrations import migrate
from villages.ground.settings import Settings
from villages.people import create_person, hash_password

TASKS = 50_000
EMPTY = "/password"  # a desk page with nothing on it but its frame
PEOPLE = ("office", "town", "inspector", "village", "water")
WATER = "110109-d03"


def measure(folder: Path, quick: bool) -> Iterator[Figure]:
    """Each person's board, many times, in one process; the smaller district first."""
    tasks = TASKS // 10 if quick else TASKS
    few = asyncio.run(_boards(folder / "few", tasks // 2))
    many = asyncio.run(_boards(folder / "many", tasks))
    for name in PEOPLE:
        statements, cpu, empty = many[name]
        yield Figure("boards", f"{name}: statements, {tasks} tasks", statements, "", bar="value <= 12")
        yield Figure(
            "boards", f"{name}: CPU beside an empty page", cpu * 1000, "ms", empty * 1000, bar="ratio <= 15"
        )
        # In empty pages of the same minute: the two districts are not measured at one moment.
        yield Figure("boards", f"{name}: CPU beside half the tasks", cpu / empty, "pages", few[name][1] / few[name][2], bar="ratio <= 1.5")  # fmt: skip


async def _boards(folder: Path, tasks: int) -> dict[str, tuple[int, float, float]]:
    """(statements, CPU seconds of the board, of an empty page) by person."""
    settings = Settings(folder)
    await migrate(settings)
    async with open_database(settings):
        await load_demo()
        await fill(2 * tasks)
        await _history()
    app = make_app(settings)
    async with app.router.lifespan_context(app):
        return {name: await _one(app, name) for name in PEOPLE}


async def _history() -> None:
    """As many tasks again that were closed, the latest raised and pressed, and a department with one task in fifty."""
    hashed = await hash_password(PASSWORD)

    async def work(line: Line) -> None:
        await create_person(
            line, name="water", title="水务部门", phone="", password_hash=hashed, must_change=False,
            posts=[("line_department", WATER)],
        )  # fmt: skip
        number = "CAST(SUBSTR(number, 6, 6) AS INTEGER)"
        await line.run(f"UPDATE task SET stage = 'closed' WHERE {number} / 15 % 2 = 0")
        await line.run(f"UPDATE task SET unit = ? WHERE {number} % 50 = 0", WATER)
        late = stored(now() - timedelta(days=7))
        await line.run("UPDATE task SET rung = ?, rung_for = deadline, supervised = 1 WHERE deadline < ?", RAISE, late)  # fmt: skip

    await change(work, district="110109", actor=SYSTEM, verb="person.create")


async def _one(app: Starlette, name: str, times: int = 12) -> tuple[int, float, float]:
    async with at_desk(app, name) as desk:
        await desk.get("/")
        with counted() as seen:
            await desk.get("/")
        board, empty = [], []
        for _ in range(times):
            board.append(await _cost(desk, "/"))
            empty.append(await _cost(desk, EMPTY))
        return len(seen), median(board), median(empty)


async def _cost(desk: Desk, path: str) -> float:
    before = time.process_time()
    await desk.get(path)
    return time.process_time() - before
