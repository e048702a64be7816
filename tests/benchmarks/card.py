"""Scorecards from the print pool: what one costs warm, and what a hundred take."""

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration

from templates.fonts import SANS, SERIF, font_files
from templates.pdf import PaperPool
from tests.benchmarks.figures import Figure
from tests.benchmarks.server import MIB, cpu_of
from tests.templates.card_sample import card

WARM = 3


def measure(folder: Path, quick: bool) -> Iterator[Figure]:
    """CPU of the one worker for a card, median of several, after some to warm it; a plain table turn about."""
    costs, floors, sizes = asyncio.run(_one_by_one(folder, 5 if quick else 15))
    floor = median(floors)
    yield Figure("card", "CPU, one RE card, warm", median(costs), "s", floor, bar="value <= 0.45")
    yield Figure("card", "CPU, its rows as a plain table by WeasyPrint", floor, "s")
    yield Figure("card", "size of the PDF", median(sizes) / 1024, "KiB")


async def _one_by_one(folder: Path, number: int) -> tuple[list[float], list[float], list[int]]:
    pool = PaperPool(1, photo_root=folder)
    costs, floors, sizes = [], [], []
    table = _PlainTable()
    try:
        for turn in range(number + WARM):
            if turn >= WARM - 1:
                floors.append(table.printed(sample(folder, turn)))
            before = cpu_of(workers())
            sheet = await pool.render("scorecard", sample(folder, turn))
            if turn >= WARM:
                costs.append(cpu_of(workers()) - before)
                sizes.append(len(sheet))
        return costs, floors[1:], sizes
    finally:
        pool.close()


class _PlainTable:
    """The card's rows as WeasyPrint prints them without us: whole faces, its own style for HTML, no picture."""

    def __init__(self) -> None:
        self.fonts = FontConfiguration()
        faces = "".join(
            f'@font-face{{font-family:"{face.family}";font-weight:{face.weight};src:url("{path.as_uri()}")}}'
            for face, path in font_files().items()
        )
        style = f'@page{{size:A4}} body{{font:9pt "{SERIF}"}} th{{font-family:"{SANS}"}} .n{{font-family:"{SANS}"}}'
        self.styles = [CSS(string=faces + style, font_config=self.fonts)]

    def printed(self, context: dict[str, Any]) -> float:
        """CPU seconds for one."""
        rows = "".join(
            f"<tr><td class=n>{item['no']}<td>{section['name']}<td>{item['text']}<td class=n>{item['weight']}"
            f"<td class=n>{item['lost']}<td class=n>{item['score']}<td>{item['note']}<td class=n>{item['photos']}"
            for section in context["sheets"][0]["sections"]
            for item in section["items"]
        )
        text = f"<h1>{context['title']} {context['village']}</h1><table>{rows}</table>"
        before = time.process_time()
        HTML(string=text).write_pdf(stylesheets=self.styles, font_config=self.fonts)
        return time.process_time() - before


def sample(folder: Path, number: int) -> dict[str, Any]:
    """A full card: 42 items, eleven photos, two pairs, open tasks, trend; another village each time.

    What a village has to itself differs from card to card, every note and caption too: a worker may know the
    sheet by heart, but not what was found.
    """
    made = card(
        folder,
        number=f"2026-05-{number:06d}",
        code=f"{110109106000 + number}",
        short_code=f"K7QX-{number:04d}-DE",
        verify_url=f"https://xuncun.example/v/K7QXM4RT{number:04d}?s=93.2&g=excellent&k=Jm3xq0vB5pWc",
    )
    for section in made["sheets"][0]["sections"]:
        for item in section["items"]:
            item["note"] = item["note"] and f"{number}号院旁，{item['note']}"
    for photo in made["photos"]:
        photo["place"], photo["taken"] = (
            f"{number}号院{photo['place']}",
            f"{8 + number % 9:02d}:{number % 60:02d}",
        )
    for pair in made["pairs"]:
        pair["place"] = f"{number}号院{pair['place']}"
    return made


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
