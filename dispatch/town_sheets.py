"""整改通知单 as jobs: of all villages of a town that have open tasks, as one PDF; and of one village with many."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from dispatch.models import Task
from dispatch.notice_sheets import issue
from dispatch.press import Press
from dispatch.round_cards import merged, who_asked
from dispatch.stages import OPEN
from templates.pdf import PaperError
from villages.ground.database import rows
from villages.ground.problems import Problem
from villages.ground.settings import Settings
from villages.models import Job, Village

KIND = "town_sheets"
ONE = "village_sheet"
AT_ONCE = 12  # tasks whose sheet is printed while one waits; each takes about a tenth of a second


async def with_open_tasks(town: str) -> list[tuple[str, str]]:
    """(code, name) of the town's villages that have open tasks, by code."""
    codes = await Task.filter(town=town, stage__in=sorted(OPEN)).distinct().values_list("village", flat=True)
    found = await Village.filter(code__in=list(codes)).order_by("code").values_list("code", "name")
    return [(str(code), str(name)) for code, name in found]


async def open_tasks(village: str) -> int:
    """How many tasks the village's sheet prints."""
    return await Task.filter(village=village, stage__in=sorted(OPEN)).count()


async def is_long(village: str) -> bool:
    """Whether the village's sheet is made as a job."""
    return await open_tasks(village) > AT_ONCE


async def job_key(place: str) -> tuple[str, str]:
    """(beginning, whole key) of a town's or a village's job: the place, then the newest number of what is printed."""
    kind, task, photo = (KIND, "town", "town") if len(place) == 9 else (ONE, "village", "home")
    found = await rows(
        f"SELECT (SELECT MAX(rev) FROM task WHERE {task} = ?) AS t, (SELECT MAX(rev) FROM photo WHERE {photo} = ?) AS p",
        place, place,
    )  # fmt: skip
    beginning = f"{kind}:{place}:"
    return beginning, f"{beginning}{found[0]['t'] or 0}-{found[0]['p'] or 0}"


def file_of(settings: Settings, job: Job) -> Path:
    """Where a finished job's PDF lies (it may be gone: then the job is done again)."""
    return settings.data / "paper" / Path(job.result or "-").name


async def make(state: Any, job: Job, tell: Callable[[int, int], Awaitable[None]]) -> str:
    """The job. Returns the file's name. Raises a Problem that names the village that failed, or nothing_to_notify."""
    who = await who_asked(state, job)
    press = Press(state.paper, state.blobs, job.args["base"])
    villages = await with_open_tasks(job.args["town"])
    if not villages:
        raise Problem("nothing_to_notify")
    parts: list[Path] = []
    await tell(0, len(villages))
    for code, name in villages:
        try:
            sheet = await issue(press, who, code)
        except (Problem, PaperError) as error:
            why = error.sentence if isinstance(error, Problem) else "打印组件出错。请稍后重新开始。"
            raise Problem("invalid", what=f"{name}的整改通知单未能生成：{why}") from error
        parts.append(press.blobs.path(sheet.pdf_sha256))
        await tell(len(parts), len(villages))
    return await merged(press, state.settings, job, parts, [name for _, name in villages])


async def make_one(state: Any, job: Job, tell: Callable[[int, int], Awaitable[None]]) -> str:
    """The job of one village's sheet: its photos one by one, then the print. Returns the edition's number."""
    who = await who_asked(state, job)
    try:
        sheet = await issue(Press(state.paper, state.blobs, job.args["base"]), who, job.args["village"], tell)
    except PaperError as error:
        raise Problem("invalid", what="整改通知单未能生成：打印组件出错。请稍后重新开始。") from error
    return str(sheet.number)
