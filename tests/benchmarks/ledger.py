"""A 台账 of 10,000 rows with two thumbnails each: seconds and memory, from previews, and from what was kept."""

import asyncio
import hashlib
import io
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import psutil
from PIL import Image

from dispatch import ledger
from dispatch.demo_district import load_demo
from dispatch.models import Step, Task, TaskPhoto
from inspections.models import Photo
from tests.benchmarks.daily import fill
from tests.benchmarks.figures import Figure
from villages.changes import SYSTEM, Line, change
from villages.ground import clock
from villages.ground.blobs import Blobs
from villages.ground.database import open_database
from villages.ground.migrations import migrate
from villages.ground.settings import Settings
from villages.models import Job, Person

ROWS = 10_000
MIB = 1 << 20


def measure(folder: Path, quick: bool) -> Iterator[Figure]:
    """The job as the server does it: the first time every thumbnail is made, the second time none is."""
    rows = ROWS // 10 if quick else ROWS
    yield from asyncio.run(_measure(folder, rows))


async def _measure(folder: Path, rows: int) -> list[Figure]:
    settings = Settings(folder)
    await migrate(settings)
    found = []
    async with open_database(settings):
        await load_demo()
        await fill(rows)
        blobs = Blobs(settings.blobs)
        await _photos(blobs)
        office = await Person.get(name="office")
        for name in ("made from previews", "kept"):
            job = Job(id=uuid4(), kind="ledger", key="bench", args={"asked": {}}, person=office.id)
            with _Watch() as watch:
                file = await ledger.make(SimpleNamespace(settings=settings, blobs=blobs), job, _told)
            size = (settings.data / "paper" / file).stat().st_size
            bar = 60 * rows / ROWS
            told = f"{rows} rows, thumbnails {name}"
            found += [
                Figure("ledger", told, watch.seconds, "s", bar=f"value <= {bar:g}"),
                Figure("ledger", f"{told}: CPU", watch.cpu, "s", bar=f"value <= {bar:g}"),
                Figure("ledger", f"{told}: memory beyond the start", watch.grown / MIB, "MiB", bar="value <= 200"),
                Figure("ledger", f"{told}: file", size / MIB, "MiB"),
            ]  # fmt: skip
    return found


async def _told(_done: int, _total: int) -> None:
    """Nobody watches."""


async def _photos(blobs: Blobs) -> None:
    """A before- and an after-photo for each task, each with a preview of its own, as tablets send them first."""
    ids = await Task.all().values_list("id", "village", "rev")
    shots = [_preview() for _ in range(min(2 * len(ids), 1_000))]
    photos, links, steps = [], [], []
    for n, (task, village, rev) in enumerate(ids):
        for role in ("before", "after"):
            sha256 = hashlib.sha256(f"{n}{role}".encode()).hexdigest()
            # Not flushed one by one as real ones are: the bench measures what reads them.
            blobs.preview_path(sha256).write_bytes(shots[len(photos) % len(shots)])
            photo = uuid4()
            photos.append(
                dict(
                    id=photo, sha256=sha256, size=9, mime="image/jpeg", person=uuid4(), state="expected", home=village,
                    town=village[:9], rev=rev, has_preview=True,
                )
            )  # fmt: skip
            links.append(dict(task_id=task, photo=photo, sha256=sha256, role=role))
        for verb in ("dispatch", "accept", "submit"):
            steps.append(
                dict(
                    id=uuid4(), task_id=task, rev=rev, verb=verb, at=clock.now(), heard_at=clock.now(), post="x",
                    title="安家庄村委会 王书记", text="已按要求整改完毕", from_stage="", to_stage="",
                )
            )  # fmt: skip

    async def work(line: Line) -> None:
        line.add(Photo, photos)
        line.add(TaskPhoto, links)
        line.add(Step, steps)

    await change(work, district="110109", actor=SYSTEM, verb="photo.stored")


def _preview() -> bytes:
    """What a tablet sends: 320 pixels, about 20 kB."""
    random.seed()
    small = Image.frombytes("RGB", (40, 30), random.randbytes(40 * 30 * 3))
    out = io.BytesIO()
    small.resize((320, 240), Image.Resampling.BICUBIC).save(out, "JPEG", quality=80)
    return out.getvalue()


class _Watch:
    """Seconds, processor time and the highest resident memory of a stretch."""

    def __enter__(self) -> "_Watch":
        self._me, self._ended = psutil.Process(), threading.Event()
        self._start = self._most = self._me.memory_info().rss
        self._cpu, self._begun = time.process_time(), time.perf_counter()
        self._looker = threading.Thread(target=self._look, daemon=True)
        self._looker.start()
        return self

    def _look(self) -> None:
        while not self._ended.wait(0.05):
            self._most = max(self._most, self._me.memory_info().rss)

    def __exit__(self, *_: object) -> None:
        self.seconds, self.cpu = time.perf_counter() - self._begun, time.process_time() - self._cpu
        self._ended.set()
        self._looker.join()
        self.grown = self._most - self._start
