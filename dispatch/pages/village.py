"""A village's page: what is known of it, how it was scored, what is open. 一村一档."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dispatch.models import Task
from dispatch.pages.naming import names_for
from dispatch.pages.tasks import row
from dispatch.stages import OPEN
from inspections.models import Inspection
from templates.charts import sparkline
from villages.ground.problems import Problem
from villages.models import Village
from villages.permissions import MAY, Who, post_for
from villages.shell import desk, desk_page
from villages.web import need

VISITS, TASKS = 24, 20


@desk_page
async def one_village(request: Request, who: Who) -> Response:
    """GET /villages/{code}"""
    code = request.path_params["code"]
    known = len(code) == 12 and code.isascii() and code.isdigit()
    village = await Village.get_or_none(code=code) if known else None
    if village is None:
        raise Problem("not_found")
    need(who, "see", code)
    visits = await (
        Inspection.filter(village=code).order_by("-finished_at").limit(VISITS).select_related("round")
    )
    tasks = await (
        Task.filter(village=code, stage__in=sorted(OPEN)).order_by("deadline", "id").limit(TASKS + 1)
    )
    finished = await Task.filter(village=code, stage="closed").count()
    names = await names_for({code})
    return desk(
        request, who, "dispatch/village.html", village=village, town=names.town(code),
        visits=[_line(visit) for visit in visits], trends=_trends(visits),
        tasks=[row(task, names) for task in tasks[:TASKS]], more=len(tasks) > TASKS, closed=finished,
        accounts=who.holds(*MAY["people.see"]), prints=post_for(who, "sheet.print", code) is not None,
    )  # fmt: skip


def _line(visit: Inspection) -> dict[str, Any]:
    return {
        "id": visit.id, "round": visit.round.name, "checklist": visit.checklist_code, "at": visit.finished_at,
        "score": visit.score, "grade": visit.grade, "stage": visit.stage, "late": visit.late,
        "vetoed": visit.vetoed, "rank": visit.district_rank, "town_rank": visit.town_rank,
    }  # fmt: skip


def _trends(visits: list[Inspection]) -> list[dict[str, Any]]:
    """Per checklist the latest score, the step from the one before, and a small line of all."""
    found: list[dict[str, Any]] = []
    for code in sorted({visit.checklist_code for visit in visits}, reverse=True):
        scores = [v.score for v in reversed(visits) if v.checklist_code == code and v.stage != "void"]
        known = [score for score in scores if score is not None]
        if known:
            found.append(
                {
                    "checklist": code, "latest": known[-1], "step": known[-1] - known[-2] if len(known) > 1 else None,
                    "line": sparkline([None if s is None else float(s) for s in scores]) if len(known) > 1 else "",
                }
            )  # fmt: skip
    return found


routes: list[Route] = [Route("/villages/{code}", one_village, methods=["GET"])]
