"""Many tasks in one go: sign for them, pass the trivial ones, remind. Each is an act of its own, told one by one."""

from typing import Any
from uuid import UUID, uuid4, uuid5

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dispatch import commands
from dispatch.models import Task
from dispatch.pages.allowed import allowed
from dispatch.pages.asked import PAGE, asked_in
from dispatch.pages.naming import names_for
from dispatch.queries import seen_by
from dispatch.stages import ACCEPTED, DISPATCHED
from templates import filters
from villages.ground.problems import Problem
from villages.permissions import Who
from villages.shell import desk, desk_page
from villages.web import form

ACCEPT, PASS, REMIND = "accept", "pass", "urge"
TAKE_BACK = "take_back"
WORDS = {ACCEPT: "签收", PASS: "复核通过", REMIND: "催办"}
UNDO = {TAKE_BACK: "撤回"}  # offered on the page that tells what was done
MINOR_ONLY = "较重、严重的任务须逐项看过照片再复核，未办理。"


def together(who: Who, task: Task) -> list[str]:
    """What this person may do to the task without opening it."""
    verbs = allowed(who, task)
    found = [ACCEPT] if ACCEPT in verbs else []
    if PASS in verbs and task.severity == "minor":
        found.append(PASS)
    if "urge" in verbs and task.stage in (DISPATCHED, ACCEPTED):
        found.append(REMIND)
    return found


@desk_page
async def do_many(request: Request, who: Who) -> Response:
    """POST /tasks/together: `do` to each chosen task, one change each; `task[]` holds id:revision.

    Sent twice it does nothing twice: every task has an id of its own made from the form's.
    """
    data = await form(request, who, max_fields=PAGE + 10, max_files=0)
    what, act = str(data.get("do", "")), _uuid(str(data.get("act", "")))
    if what not in WORDS | UNDO or act is None:
        raise Problem("csrf")
    chosen = _chosen(data)
    tasks = await seen_by(who).filter(id__in=list(chosen)).order_by("deadline", "id")
    names = await names_for({task.village for task in tasks})
    told = [
        {
            "id": task.id, "number": task.number, "text": task.text, "village": names.village(task.village), "rev": 0,
            **await _one(who, task, what, uuid5(act, f"{what}:{task.id}"), chosen[task.id]),
        }
        for task in tasks
    ]  # fmt: skip
    return desk(
        request, who, "dispatch/tasks_done.html", told=told, word=(WORDS | UNDO)[what], done=sum(one["done"] for one in told),
        back=asked_in(str(data.get("queue", ""))).link, queue=str(data.get("queue", ""))[:300], act=uuid4(),
        undo=what in (ACCEPT, PASS) and any(one["done"] for one in told),
    )  # fmt: skip


async def _one(who: Who, task: Task, what: str, act: UUID, base_rev: int) -> dict[str, Any]:
    if what == PASS and task.severity != "minor":
        return {"done": False, "said": MINOR_ONLY}
    text = f"请按期整改，期限{filters.moment(task.deadline)}。" if what == REMIND else ""
    outcome = await commands.do_move(who, task.id, what, act=act, base_rev=base_rev, text=text)
    done = outcome.status in ("applied", "merged")
    if done:
        said = (
            "已催办，责任单位会收到消息。"
            if what == REMIND
            else f"已{(WORDS | UNDO)[what]}，现为“{filters.FILTERS['stage'](outcome.stage)}”。"
        )
    else:
        said = outcome.message or "此前已由他人办理，未再办理。"
    return {"done": done, "said": said, "rev": outcome.data.get("rev", 0)}


def _chosen(data: dict[str, Any]) -> dict[UUID, int]:
    chosen: dict[UUID, int] = {}
    for value in data.get("task[]", [])[:PAGE]:
        text, _, rev = str(value).partition(":")
        if (one := _uuid(text)) and rev.isascii() and rev.isdigit() and len(rev) < 19:
            chosen[one] = int(rev)
    return chosen


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


routes: list[Route] = [Route("/tasks/together", do_many, methods=["POST"])]
