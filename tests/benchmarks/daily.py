"""`manage.py daily` over many late tasks: seconds and memory, on the first run and on one that finds nothing."""

import asyncio
import resource
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from dispatch import daily
from dispatch.demo_district import load_demo
from dispatch.models import Task
from tests.benchmarks.figures import Figure
from villages.changes import SYSTEM, Line, change
from villages.ground import clock
from villages.ground.database import open_database
from villages.ground.migrations import migrate
from villages.ground.settings import Settings
from villages.models import Village

TASKS = 50_000


async def fill(count: int) -> None:
    """Open tasks in every village, from nine days late to five days ahead."""
    villages = await Village.all().order_by("code").values_list("code", flat=True)
    now = clock.now()

    async def work(line: Line) -> None:
        line.add(
            Task,
            [
                dict(
                    id=uuid4(), number=f"2026-{n:06d}-1", village=(code := str(villages[n % len(villages)])),
                    inspection=uuid4(), finding=uuid4(), item="RE-1.1", unit=code,
                    stage=("dispatched", "accepted", "submitted")[n % 3], severity="minor", days=3, place="后街",
                    text="散落垃圾", dispatched_at=now - timedelta(days=20),
                    deadline=now + timedelta(days=n % 15 - 9, seconds=n % 977), moved_rev=line.rev, home=code,
                    town=code[:9], rev=line.rev,
                )
                for n in range(count)
            ],
        )  # fmt: skip

    await change(work, district="110109", actor=SYSTEM, verb="ladder.run")


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(folder: Path, quick: bool) -> Iterator[Figure]:
    """Two runs over the same tasks: the first presses them, the second finds nothing to do."""
    count = TASKS // 10 if quick else TASKS
    return iter(asyncio.run(_measure(folder, count)))


async def _measure(folder: Path, count: int) -> list[Figure]:
    settings = Settings(folder)
    await migrate(settings)
    found = []
    async with open_database(settings):
        await load_demo()
        await fill(count)
        for name in ("first", "again"):
            before, began, spent = _peak(), time.perf_counter(), time.process_time()
            await daily.run()
            taken, cpu = time.perf_counter() - began, time.process_time() - spent
            bar = f"value <= {20 * count / TASKS:g}"
            found.append(Figure("daily", f"{count} open tasks, {name}", taken, "s", bar=bar))
            found.append(Figure("daily", f"{count} open tasks, {name}: CPU", cpu, "s", bar=bar))
            found.append(
                Figure("daily", f"{count} open tasks, {name}: memory grown", _peak() - before, "MiB")
            )
    return found
