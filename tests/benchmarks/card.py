"""Scorecards from the print pool: what one costs warm, and what a hundred take."""

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from templates.pdf import PaperPool
from tests.benchmarks.figures import Figure
from tests.benchmarks.server import MIB, cpu_of
from tests.templates.card_sample import card

WARM = 3


def measure(folder: Path, quick: bool) -> Iterator[Figure]:
    """CPU of the one worker for a card, median of several, after some to warm it."""
    costs, sizes, _ = asyncio.run(_one_by_one(folder, 5 if quick else 15))
    yield Figure("card", "CPU, one RE card, warm", median(costs), "s", bar="value <= 0.45")
    yield Figure("card", "size of the PDF", median(sizes) / 1024, "KiB")


async def _one_by_one(folder: Path, number: int) -> tuple[list[float], list[int], int]:
    pool = PaperPool(1, photo_root=folder)
    costs, sizes = [], []
    try:
        for turn in range(number + WARM):
            before = cpu_of(workers())
            sheet = await pool.render("scorecard", sample(folder, turn))
            if turn >= WARM:
                costs.append(cpu_of(workers()) - before)
                sizes.append(len(sheet))
        return costs, sizes, len(workers())
    finally:
        pool.close()


def sample(folder: Path, number: int) -> dict[str, Any]:
    """A full card: 42 items, eleven photos, two pairs, open tasks, trend; another village each time."""
    return card(
        folder,
        number=f"2026-05-{number:06d}",
        code=f"{110109106000 + number}",
        short_code=f"K7QX-{number:04d}-DE",
    )


def workers() -> list[psutil.Process]:
    """The print workers of this process: children of its fork server."""
    return [worker for server in psutil.Process(os.getpid()).children() for worker in server.children()]


def hundred(folder: Path, number: int, hands: int) -> tuple[float, float, float]:
    """(seconds, CPU seconds, MiB of the largest worker) for so many cards; start of the workers not counted."""
    return asyncio.run(_hundred(folder, number, hands))


async def _hundred(folder: Path, number: int, hands: int) -> tuple[float, float, float]:
    pool = PaperPool(hands, photo_root=folder)
    try:
        await asyncio.gather(*(pool.render("scorecard", sample(folder, turn)) for turn in range(hands)))
        before, begun = cpu_of(workers()), time.perf_counter()
        await asyncio.gather(*(pool.render("scorecard", sample(folder, turn)) for turn in range(number)))
        took, spent = time.perf_counter() - begun, cpu_of(workers()) - before
        return took, spent, max(float(worker.memory_info().rss) for worker in workers()) / MIB
    finally:
        pool.close()
