"""The list of tasks: a sentence that filters, fifty a page, and boxes to act on many at once (`together`)."""

from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dispatch.models import Task
from dispatch.pages.asked import PAGE, asked_by, choices
from dispatch.pages.naming import Names, names_for
from dispatch.pages.showing import marks_of
from dispatch.pages.together import WORDS, together
from dispatch.pages.together import routes as many
from dispatch.stages import OPEN
from villages.permissions import COMMITTEE, DEPARTMENT, Who, prefixes
from villages.shell import desk, desk_page


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
        batch=[(do, WORDS[do]) for do in WORDS if any(do in one["may"] for one in shown)], act=uuid4(),
        sees_villages=bool(prefixes(who)), many=any(len(place) < 12 for place in prefixes(who)), proxy=not who.holds(COMMITTEE, DEPARTMENT),
    )  # fmt: skip


def row(task: Task, names: Names, who: Who | None = None) -> dict[str, Any]:
    """A task as a line of a list; `may`: what `who` may do to it from the list."""
    return {
        "id": task.id, "rev": task.rev, "number": task.number, "stage": task.stage, "severity": task.severity,
        "place": task.place, "text": task.text, "deadline": task.deadline, "open": task.stage in OPEN,
        "village": names.village(task.village), "village_code": task.village, "town": names.town(task.village),
        "unit": names.unit(task.unit), "marks": marks_of(task), "requirement": task.requirement, "days": task.days,
        "may": together(who, task) if who else [],
    }  # fmt: skip


routes: list[Route] = [Route("/tasks", task_list, methods=["GET"]), *many]
