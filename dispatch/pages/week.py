"""本周整改清单: a town's open tasks in the order of their pressing, to be printed for Monday's meeting."""

from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dispatch.escalation import monday_of, raised
from dispatch.models import Task
from dispatch.pages.naming import names_for
from dispatch.pages.tasks import row
from dispatch.stages import OPEN, RETURNED, SUBMITTED
from villages.ground import clock
from villages.ground.problems import Problem
from villages.models import Town
from villages.permissions import Who
from villages.shell import desk, desk_page
from villages.web import need

MOST = 400


@desk_page
async def week(request: Request, who: Who) -> Response:
    """GET /towns/{code}/week: what is raised, late, due this week, waits for a review or a unit, and the rest."""
    code = str(request.path_params["code"])
    town = await Town.get_or_none(code=code) if len(code) == 9 and code.isascii() and code.isdigit() else None
    if town is None:
        raise Problem("not_found")
    need(who, "figures.see", code)
    now = clock.now()
    monday = monday_of(clock.local(now).date())
    sunday = monday + timedelta(days=6)
    found = Task.filter(town=code, stage__in=sorted(OPEN))
    tasks = await found.order_by("deadline", "id").limit(MOST + 1)
    names = await names_for({task.village for task in tasks})
    parts: dict[str, list[dict[str, Any]]] = {}
    for task in tasks[:MOST]:
        parts.setdefault(_part(task, now, clock.end_of_day(sunday)), []).append(row(task, names))
    closed = Task.filter(
        town=code, stage="closed", closed_at__gte=clock.start_of_day(monday - timedelta(days=7))
    )
    return desk(
        request, who, "dispatch/week.html", town=town, monday=monday, sunday=sunday, more=len(tasks) > MOST,
        parts=[(part, parts[part]) for part in PARTS if part in parts], total=await found.count(),
        closed=await closed.filter(closed_at__lt=clock.start_of_day(monday)).count(),
    )  # fmt: skip


PARTS = ("提级", "逾期", "本周到期", "待复核", "退单待转派", "其余")


def _part(task: Task, now: Any, end: Any) -> str:
    """Each task stands in one part, the most pressing that is true of it."""
    if raised(task.deadline, task.rung, task.rung_for):
        return PARTS[0]
    if task.deadline < now:
        return PARTS[1]
    if task.stage == SUBMITTED:
        return PARTS[3]
    if task.stage == RETURNED:
        return PARTS[4]
    return PARTS[2] if task.deadline <= end else PARTS[5]


routes: list[Route] = [Route("/towns/{code}/week", week, methods=["GET"])]
