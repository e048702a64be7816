"""`./dev demo`: play a whole round over a running server, as its tablets and its office would. HTTP only.

Nothing is remembered here between runs. Commands and ids come from the seed, so a play that was stopped goes on
where the server's receipts end, and a play that is over changes nothing when it is run again.
"""

import argparse
import contextlib
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any, TypeVar

from tqdm import tqdm

from offline_sync.demo.link import DemoError, Link, Stopped
from offline_sync.demo.office import PASSWORD, Office
from offline_sync.demo.seeds import share
from offline_sync.demo.served import served
from offline_sync.demo.stage import Stage, Wish, rows_of, set_stage
from offline_sync.demo.town import Step, Town
from templates.words import GRADE, STAGE

CONNECTIONS = 4
CLOSED_BY_OFFICE = 0.5  # of the tasks that wait for it
T = TypeVar("T")


def main(args: list[str]) -> int:
    """Play; 0 when the round is through, 1 when it could not be, 130 when it was stopped."""
    asked = _read(args)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    stopping = threading.Event()
    try:
        with contextlib.ExitStack() as stack:
            url = asked.url or stack.enter_context(served(asked.data.resolve()))
            Player(asked, url, stopping).play()
    except DemoError as error:
        _say(f"演示停下了：{error}", sys.stderr)
        return 1
    except (KeyboardInterrupt, Stopped):
        _say("\n已停下，没有做完的不会留半截。再运行同样的命令即可接着演。", sys.stderr)
        return 130
    finally:
        signal.signal(signal.SIGTERM, before)
    return 0


def _read(args: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./dev demo",
        description="演一遍全区检查：派人、上报、传照片、整改、复核、销号。只通过网络接口，不碰数据库。",
    )
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--url", help="已在运行的服务地址，如 http://127.0.0.1:8000")
    where.add_argument("--data", type=Path, help="数据文件夹；自动在空闲端口启动服务，演完停掉")
    parser.add_argument("--seed", default="1", help="种子；同一种子演的内容相同（默认 1）")
    parser.add_argument("--villages", type=_number, help="只演前几个村（默认全部；不到全部时批次不结束）")
    parser.add_argument(
        "--photos", choices=("few", "all"), default="few", help="每个问题一张照片，或按检查单要求拍够"
    )
    parser.add_argument("--publish", action="store_true", help="演完发布结果")
    parser.add_argument("--quiet", action="store_true", help="不显示进度，只说结果")
    parser.add_argument("--name", default="office", help="区级办公室的用户名（默认 office）")
    parser.add_argument(
        "--password",
        default=os.environ.get("XUNCUN_OFFICE_PASSWORD", PASSWORD),
        help="其密码（默认取环境变量 XUNCUN_OFFICE_PASSWORD，再默认演示密码）",
    )
    parser.add_argument("--i-know", action="store_true", help="不是演示数据的区也演（会写入假数据，慎用）")
    return parser.parse_args(args)


def _number(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError("应为 1 以上的整数")
    return int(text)


def _say(text: str, where: Any = None) -> None:
    (where or sys.stdout).write(text + "\n")
    (where or sys.stdout).flush()


class Player:
    """One run."""

    def __init__(self, asked: argparse.Namespace, url: str, stopping: threading.Event) -> None:
        self.asked = asked
        self.stopping = stopping
        self.wish = Wish(url, asked.seed, asked.villages, asked.photos == "all")
        self.started = time.monotonic()

    def play(self) -> None:
        """All phases and the summary. Raises DemoError, Stopped, KeyboardInterrupt."""
        link = Link(self.wish.url, self.stopping)
        office = Office(link, self.wish.seed, self.asked.name)
        settings = office.sign_in(self.asked.password)
        if settings["kind"] != "demo" and not self.asked.i_know:
            raise DemoError(
                f"{settings['name']}（{self.wish.url}）是正式数据，不能演；请用空文件夹（--data），确实要演再加 --i-know。"
            )
        with self._phase("账号与批次", None, "镇") as step:
            stage = set_stage(self.wish, office, step, self.stopping)
        link.close()
        with self._phase("检查与照片", stage.villages, "村") as step:
            self._all(stage.towns, lambda town: town.inspect(step))
        threads = dict(self._all(stage.towns, lambda town: (id(town), town.threads())))
        moves = sum(len(one.fate.moves) for some in threads.values() for one in some)
        with self._phase("整改与复核", moves, "步") as step:
            self._all(stage.towns, lambda town: town.mend(threads[id(town)], step))
        self._office_ends(stage)
        self._all(stage.towns, lambda town: town.operator.pull())
        self._summary(stage)
        self._all(stage.towns, _sign_out)
        office.tablet.sign_out()
        office.desk.sign_out()

    def _office_ends(self, stage: Stage) -> None:
        self._all(stage.towns, lambda town: town.operator.pull())
        waiting = sorted(
            (row for row in rows_of(stage.towns, "task") if row["stage"] == "checked"),
            key=lambda row: str(row["id"]),
        )
        chosen = [row for row in waiting if share(self.wish.seed, row["finding"]) < CLOSED_BY_OFFICE]
        with self._phase("区级销号", len(chosen), "项") as step:
            for row in chosen:
                stage.office.close_task(row["id"])
                step(1)
        if self.asked.villages is None:
            stage.office.close_round(stage.round["id"])
            if self.asked.publish:
                stage.office.publish(stage.round["id"])
        elif self.asked.publish:
            _say("只演了一部分村，没有发布。", sys.stderr)

    def _all(self, towns: list[Town], work: Callable[[Town], T]) -> list[T]:
        """Do it for every town, a few at once; at the first failure, or Ctrl-C, all others stop where they are."""
        with ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="town") as pool:
            jobs = [pool.submit(work, town) for town in towns]
            try:
                for job in as_completed(jobs):
                    job.result()
            except BaseException:
                self.stopping.set()
                for job in jobs:
                    job.cancel()
                raise
        return [job.result() for job in jobs]

    @contextlib.contextmanager
    def _phase(self, name: str, total: int | None, unit: str) -> Iterator[Step]:
        started = time.monotonic()
        shown = not self.asked.quiet and sys.stderr.isatty()
        with tqdm(total=total, desc=name, unit=unit, disable=not shown, ascii=" ━") as bar:
            count = [0]
            lock = threading.Lock()

            def step(number: int) -> None:
                with lock:
                    count[0] += number
                    bar.update(number)

            yield step
        if not shown and not self.asked.quiet:
            _say(f"{name}：{count[0]} {unit}，{time.monotonic() - started:.1f} 秒", sys.stderr)

    def _summary(self, stage: Stage) -> None:
        inspections = [row for row in rows_of(stage.towns, "inspection") if row["round"] == stage.round["id"]]
        ids = {row["id"] for row in inspections}
        tasks = [row for row in rows_of(stage.towns, "task") if row["inspection"] in ids]
        shown = {one["sha256"] for row in (*inspections, *tasks) for one in row["photos"]}
        photos = Counter(row["state"] for row in rows_of(stage.towns, "photo") if row["sha256"] in shown)
        grades = Counter(row["grade"] for row in inspections)
        findings = sum(len(answer.get("findings", ())) for row in inspections for answer in row["answers"])
        stages = Counter(row["stage"] for row in tasks)
        stage_now = stage.office.stage(stage.round["id"])
        lines = [
            f"{stage.round['name']}（{_ROUND.get(stage_now, stage_now)}）",
            f"检查 {len(inspections)} 份："
            + "，".join(f"{word} {grades[key]}" for key, word in GRADE.items()),
            f"问题 {findings} 个，任务 {len(tasks)} 项："
            + "，".join(f"{word} {stages[key]}" for key, word in STAGE.items() if stages[key]),
            f"照片 {photos.total()} 张：已到 {photos['stored']}，还缺 {photos['expected']}",
            f"用时 {time.monotonic() - self.started:.0f} 秒",
        ]
        _say("\n".join(lines))
        refused = Counter(f"{one['status']}/{one['reason']}" for town in stage.towns for one in town.refused)
        for why, number in refused.items():
            _say(f"有 {number} 条操作没有照原样生效：{why}（多为他人在同一任务上办理过）")
        if not self.asked.quiet:
            where = (
                f"./dev serve --data {self.asked.data} 启动后" if self.asked.data else f"到 {self.wish.url} "
            )
            _say(f"{where}用 {self.asked.name} 登录，在“批次”里查看；检查员和专管员的账号也用演示密码。")


_ROUND = {"started": "检查中", "closed": "已结束，未发布", "published": "已发布"}


def _sign_out(town: Town) -> None:
    for tablet in town.tablets:
        tablet.sign_out()
    town.link.close()
