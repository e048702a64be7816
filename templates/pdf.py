"""Paper: what a printed sheet is given, and the pool of processes that prints it.

WeasyPrint takes 0.4 s of pure CPU a card and lives only in worker processes (`templates/paper_worker.py`);
importing this file costs the server nothing.
"""

import asyncio
import gc
import importlib
import multiprocessing
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, Literal, NotRequired, TypedDict

from templates.charts import Bar, Point
from templates.fonts import paper_ready

__all__ = ["CardContext", "PaperError", "PaperPool", "paper_ready"]

_WORKER = "templates.paper_worker"


class PaperError(RuntimeError):
    """A sheet could not be printed; the message says which and why."""


# --- what a scorecard is given: plain data, every number already worded by the caller ---------------------
class Photo(TypedDict):
    """A photo's place on the card. `path` None: the record arrived, the picture has not (照片待补传)."""

    no: str  # "1": printed as 图1 and in the table's photo column
    path: str | None  # absolute, below the pool's photo root, already shrunk to about 640×480
    preview: bool  # True: only the small preview is here; marked 预览图
    item: str  # "RE-1.1"
    place: str
    problem: str
    deduction: str  # "扣1.0分"
    deadline: str  # "限2026年5月9日前", or ""
    taken: str  # "5月6日 09:41", or ""


class ItemRow(TypedDict):
    """One line of the table. Not applicable: `lost` and `score` are 「—」 and `na` is True."""

    no: str
    code: str
    text: str
    weight: str
    lost: str
    score: str
    note: str  # place and count of every point lost; reason when not applicable
    photos: str  # "1–3", or ""
    na: bool
    veto: bool


class Section(TypedDict):
    """A 检查类别 with its sub-total."""

    name: str
    weight: str
    lost: str
    score: str
    items: list[ItemRow]


class Result(TypedDict):
    """The total row. Ranks as "3 / 29", "—" before publication; `base` is the points that applied."""

    total: str
    grade: str
    grade_key: Literal["excellent", "good", "pass", "fail"]
    weight: str
    lost: str
    earned: str
    base: str
    town_rank: str
    district_rank: str
    change: str
    scaled: bool  # True when something did not apply, so that the total is a 折算


class Sheet(TypedDict):
    """One checklist's table; a card has one, or RE and PO of the same round."""

    title: str  # "农村人居环境"; printed when the card has several
    version: str  # "检查表 RE 1.0"
    sections: list[Section]
    result: Result
    bars: list[Bar]
    bars_note: str  # what the tick means: "竖线为本镇平均", or ""
    vetoes: list[str]  # one full sentence each; draws the red-edged row


class Side(TypedDict):
    """Before or after: a path as in Photo, and the date."""

    path: str | None
    date: str


class Pair(TypedDict):
    """A closed task, before and after."""

    number: str
    item: str
    place: str
    problem: str
    before: Side
    after: Side
    unit: str
    reviewer: str
    closed: str
    verdict: str


class OpenTask(TypedDict):
    """A task still open on the day of print."""

    number: str
    problem: str
    unit: str
    deadline: str
    stage: str
    mark: str  # "逾期2天", or ""


class Signature(TypedDict):
    """A signature box. `path`: a signature drawn on the tablet, or None for ink."""

    role: str
    names: str
    path: str | None


class Refusal(TypedDict):
    """拒签: the committee would not sign."""

    reason: str
    witnesses: str


class CardContext(TypedDict):
    """Everything `scorecard` prints. Plain and picklable; no clock is read while printing."""

    title: str  # 门头沟区农村人居环境检查评分表
    demo: bool  # whether it says 演示数据
    round_name: str
    date: str
    kind: str
    number: str
    town: str
    village: str
    code: str
    published: bool
    late: str  # "迟报：2026年5月9日补录", or ""
    sheets: list[Sheet]
    photos: list[Photo]
    pairs: list[Pair]
    open_tasks: list[OpenTask]
    trend: list[Point]
    trend_note: str  # "上期问题按期销号率 95%", or ""
    signatures: list[Signature]  # 检查人员, 村委会负责人, 镇街确认人
    signed_on: str  # "" leaves 年 月 日 to the pen
    village_signed: bool  # False and no refusal: both boxes are left to the pen
    refusal: Refusal | None
    remarks: str
    edition: str  # "第1版"
    as_of: str
    printed_at: str
    chain: str  # short hash of the trail's head: "3f9a12cd88e0"
    verify_url: str
    short_code: str
    issued_iso: str  # "2026-05-08T18:05:00+08:00": the PDF's own date
    figures: NotRequired[Mapping[str, object]]  # attached as figures.json


# --- the pool ----------------------------------------------------------------------------------------------


def _enter(scratch: str) -> None:
    """A worker's first act: load the renderer, keep its font copies in the pool's own folder."""
    tempfile.tempdir = scratch
    importlib.import_module(_WORKER).enter()


def _work(job: str, args: tuple[Any, ...]) -> Any:
    """Run one job of the worker module; only plain data crosses."""
    try:
        return getattr(importlib.import_module(_WORKER), job)(*args)
    except PaperError:
        raise
    except Exception as error:
        raise PaperError(f"{job}: {type(error).__name__}: {error}") from error
    finally:
        gc.collect()  # the worker runs with the collector off, so that no job is interrupted by it


class _Crew:
    """One generation of workers: used for a number of jobs, then let go with its scratch folder."""

    def __init__(self, workers: int, jobs: int) -> None:
        methods = multiprocessing.get_all_start_methods()
        context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
        if context.get_start_method() == "forkserver":
            context.set_forkserver_preload([_WORKER])  # the import is paid once, not per worker
        self.scratch = tempfile.TemporaryDirectory(prefix="xuncun-paper-", ignore_cleanup_errors=True)
        self.pool = ProcessPoolExecutor(workers, context, _enter, (self.scratch.name,))
        self.jobs_left = jobs
        self.running = 0

    def dismiss(self, *, wait: bool) -> None:
        self.pool.shutdown(wait=wait, cancel_futures=True)
        self.scratch.cleanup()


class PaperPool:
    """Prints in worker processes, started at the first job. One pool belongs to one event loop.

    `photo_root`: the only folder photos are read from. Workers are renewed after `max_jobs_per_worker`
    jobs each (3.11's own max_tasks_per_child can hang). A job whose worker dies is tried once more, alone,
    so that it can take no other job with it.
    """

    def __init__(self, workers: int, max_jobs_per_worker: int = 200, photo_root: Path | None = None) -> None:
        self._workers = max(workers, 1)
        self._jobs = max_jobs_per_worker * self._workers
        self._root = str(photo_root.resolve()) if photo_root else None
        self._crew: _Crew | None = None
        self._old: set[_Crew] = set()
        self._places = asyncio.Semaphore(self._workers)  # nothing queues inside the executor
        self._alone = asyncio.Lock()

    async def render(self, name: str, context: Mapping[str, Any]) -> bytes:
        """The PDF of `templates/pdf/<name>.html`; the same context gives the same bytes. PaperError on failure."""
        return bytes(await self._run("render", name, dict(context), self._root))

    async def merge(self, parts: Sequence[bytes | Path], bookmarks: Sequence[str], to: Path) -> None:
        """One PDF of many into a file, pages as they are, one bookmark a part (`镇/村` nests). ValueError when the lists differ."""
        if len(parts) != len(bookmarks):
            raise ValueError(f"{len(parts)} parts, {len(bookmarks)} bookmarks")
        await self._run("merge", list(parts), list(bookmarks), to)

    async def thumbnail(self, path: Path, width: int) -> bytes:
        """A JPEG at most `width` wide and high, upright, without metadata. PaperError for what is no picture."""
        return bytes(await self._run("thumbnail", str(path), width))

    async def missing_glyphs(self, text: str) -> str:
        """The characters of `text` that the paper's fonts lack, each once, in order: check names before printing."""
        return str(await self._run("missing_glyphs", text))

    def close(self) -> None:
        """Let every worker go; waits for jobs under way."""
        crews = [*self._old, *([self._crew] if self._crew else [])]
        self._crew, self._old = None, set()
        for crew in crews:
            crew.dismiss(wait=True)

    async def _run(self, job: str, *args: Any) -> Any:
        async with self._places:
            crew = self._current()
            try:
                return await self._on(crew, job, args)
            except BrokenProcessPool:
                self._retire(crew)
        async with self._alone:
            crew = _Crew(1, 1)
            try:
                return await self._on(crew, job, args)
            except BrokenProcessPool as error:
                raise PaperError(f"{job}: the print worker died twice on this job") from error
            finally:
                await asyncio.to_thread(crew.dismiss, wait=True)

    async def _on(self, crew: _Crew, job: str, args: tuple[Any, ...]) -> Any:
        crew.running += 1
        crew.jobs_left -= 1
        try:
            return await asyncio.wrap_future(crew.pool.submit(_work, job, args))
        finally:
            crew.running -= 1
            if crew.jobs_left <= 0:
                self._retire(crew)

    def _current(self) -> _Crew:
        if self._crew is None:
            self._crew = _Crew(self._workers, self._jobs)
        return self._crew

    def _retire(self, crew: _Crew) -> None:
        """Take a crew out of use; it goes once its last job is back."""
        if self._crew is crew:
            self._crew = None
        self._old.add(crew)
        if crew.running == 0:
            self._old.discard(crew)
            crew.dismiss(wait=False)
