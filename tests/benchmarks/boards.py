"""The boards over 50,000 tasks: statements, processor time beside an empty page, and beside half the tasks."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from statistics import median

import httpx2
from starlette.applications import Starlette

from app import make_app
from dispatch.demo_district import PASSWORD, load_demo
from tests.benchmarks.daily import fill
from tests.benchmarks.figures import Figure
from villages.changes import SYSTEM, Line, change
from villages.ground.database import open_database
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
        yield Figure("boards", f"{name}: CPU beside half the tasks", cpu * 1000, "ms", few[name][1] * 1000, bar="ratio <= 1.5")  # fmt: skip


async def _boards(folder: Path, tasks: int) -> dict[str, tuple[int, float, float]]:
    """(statements, CPU seconds of the board, of an empty page) by person."""
    settings = Settings(folder)
    await migrate(settings)
    async with open_database(settings):
        await load_demo()
        await fill(tasks)
        await _water()
    app = make_app(settings)
    async with app.router.lifespan_context(app):
        return {name: await _one(app, name) for name in PEOPLE}


async def _water() -> None:
    """A department with one task in fifty."""
    hashed = await hash_password(PASSWORD)

    async def work(line: Line) -> None:
        await create_person(
            line, name="water", title="水务部门", phone="", password_hash=hashed, must_change=False,
            posts=[("line_department", WATER)],
        )  # fmt: skip
        await line.run("UPDATE task SET unit = ? WHERE CAST(SUBSTR(number, 6, 6) AS INTEGER) % 50 = 0", WATER)

    await change(work, district="110109", actor=SYSTEM, verb="person.create")


async def _one(app: Starlette, name: str, times: int = 12) -> tuple[int, float, float]:
    async with _signed_in(app, name) as http:
        await http.get("/")
        with _counted() as seen:
            await http.get("/")
        board, empty = [], []
        for _ in range(times):
            board.append(await _cost(http, "/"))
            empty.append(await _cost(http, EMPTY))
        return len(seen), median(board), median(empty)


async def _cost(http: httpx2.AsyncClient, path: str) -> float:
    before = time.process_time()
    answer = await http.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return time.process_time() - before


@asynccontextmanager
async def _signed_in(app: Starlette, name: str) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://bench.test") as http:
        answer = await http.post("/sign-in", data={"name": name, "password": PASSWORD, "next": "/"})
        assert answer.status_code == 303, answer.text
        yield http


@contextmanager
def _counted() -> Iterator[list[str]]:
    seen: list[str] = []

    class _Count(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(record.getMessage())

    logger, handler = logging.getLogger("tortoise.db_client"), _Count(logging.DEBUG)
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        yield seen
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
