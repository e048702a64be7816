"""The list of tasks: a sentence that filters, fifty a page, and signing for many at once."""

from typing import Any
from uuid import UUID, uuid4, uuid5

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dispatch import commands
from dispatch.models import Task
from dispatch.pages.allowed import allowed
from dispatch.pages.asked import PAGE, asked_by, asked_in, choices
from dispatch.pages.naming import Names, names_for
from dispatch.pages.showing import marks_of
from dispatch.queries import seen_by
from dispatch.stages import OPEN
from villages.permissions import COMMITTEE, DEPARTMENT, Who, prefixes
from villages.shell import desk, desk_page
from villages.web import form


@desk_page
async def task_list(request: Request, who: Who) -> Response:
    """GET /tasks?stage=&due=&severity=&town=&village=&unit=&page="""
    asked = asked_by(request.query_params)
    total = await asked.tasks(who).count()
    pages = max(1, -(-total // PAGE))
    page = min(asked.page, pages)
    tasks = await asked.tasks(who).order_by("deadline", "id").offset((page - 1) * PAGE).limit(PAGE)
    names = await names_for({*(task.village for task in tasks), asked.village, asked.unit})
    shown = [row(task, names, who) for task in tasks]
    return desk(
        request, who, "dispatch/tasks.html", tasks=shown, asked=asked, total=total, page=page, pages=pages,
        choices=choices(asked, names, who), place=names.place(asked.village) if asked.village else "",
        batch=any(one["accept"] for one in shown), act=uuid4(), told=_told(request),
        sees_villages=bool(prefixes(who)), proxy=not who.holds(COMMITTEE, DEPARTMENT),
    )  # fmt: skip


def row(task: Task, names: Names, who: Who | None = None) -> dict[str, Any]:
    """A task as a line of a list; `accept` True when `who` may sign for it here."""
    return {
        "id": task.id, "rev": task.rev, "number": task.number, "stage": task.stage, "severity": task.severity,
        "place": task.place, "text": task.text, "deadline": task.deadline, "open": task.stage in OPEN,
        "village": names.village(task.village), "village_code": task.village, "town": names.town(task.village),
        "unit": names.unit(task.unit), "marks": marks_of(task), "requirement": task.requirement, "days": task.days,
        "accept": who is not None and task.stage == "dispatched" and "accept" in allowed(who, task),
    }  # fmt: skip


def _told(request: Request) -> str:
    """What came of signing for many: 「已签收 3 项，1 项未签收…」"""
    accepted, left = (request.query_params.get(key, "")[:6] for key in ("accepted", "left"))
    if not accepted.isdecimal():
        return ""
    more = f"，{int(left)} 项此前已由他人办理，未再签收" if left.isdecimal() and int(left) else ""
    return f"已签收 {int(accepted)} 项{more}。"


@desk_page
async def accept_many(request: Request, who: Who) -> Response:
    """POST /tasks/acceptances: sign for each chosen task, one change each; `task[]` holds id:revision."""
    data = await form(request, who, max_fields=PAGE + 10, max_files=0)
    act = _uuid(str(data.get("act", ""))) or uuid4()
    chosen: dict[UUID, int] = {}
    for value in data.get("task[]", []):
        text, _, rev = str(value).partition(":")
        if (one := _uuid(text)) and rev.isascii() and rev.isdigit():
            chosen[one] = int(rev)
    accepted = left = 0
    for task in await seen_by(who).filter(id__in=list(chosen)).order_by("deadline", "id"):
        outcome = await commands.do_move(
            who, task.id, "accept", act=uuid5(act, str(task.id)), base_rev=chosen[task.id]
        )
        done = outcome.status in ("applied", "merged", "noop")
        accepted, left = accepted + done, left + (not done)
    asked = asked_in(str(data.get("queue", "")))
    link = asked.link
    answer = Response(status_code=303)
    answer.headers["Location"] = f"{link}{'&' if '?' in link else '?'}accepted={accepted}&left={left}"
    return answer


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


routes: list[Route] = [
    Route("/tasks", task_list, methods=["GET"]),
    Route("/tasks/acceptances", accept_many, methods=["POST"]),
]
