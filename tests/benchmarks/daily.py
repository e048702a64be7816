"""`manage.py daily` over many late tasks: seconds and memory, on the first run and on one that finds nothing."""

import asyncio
import resource
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from dispatch import daily
from dispatch.demo_district import load_demo
from dispatch.models import Task
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


async def measure(folder: Path, count: int) -> None:
    """Print what each of two runs took."""
    settings = Settings(folder)
    await migrate(settings)
    async with open_database(settings):
        await load_demo()
        await fill(count)
        for name in ("first", "again"):
            before, began = _peak(), time.perf_counter()
            told = await daily.run()
            print(
                f"daily over {count} tasks, {name}: {time.perf_counter() - began:.1f} s, "
                f"peak {before:.0f} -> {_peak():.0f} MiB; {told}"
            )


def main(count: int = TASKS) -> None:
    """Run it in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder), count))


if __name__ == "__main__":
    main()
