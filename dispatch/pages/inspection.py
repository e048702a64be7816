"""The sheet of one inspection: every point lost with its rule, place and photo; what came of it; voiding it."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dispatch import commands
from dispatch.models import Task
from dispatch.pages.inspection_sheet import items_lost, read_photos, sections_of, signed
from dispatch.pages.naming import names_for
from dispatch.queries import within
from inspections.checklists import checklist_by_sha
from inspections.models import Finding, Inspection
from villages.ground.problems import Problem
from villages.models import Person
from villages.permissions import Who, post_for, prefixes
from villages.shell import desk, desk_page, done
from villages.web import form


async def the_inspection(request: Request, who: Who) -> Inspection:
    """The inspection of the address. Raises not_found for what this person may not see."""
    found = await Inspection.get_or_none(id=request.path_params["inspection"]).select_related("round")
    if found is None or not any(found.village.startswith(one) for one in prefixes(who)):
        raise Problem("not_found")
    return found


@desk_page
async def one_inspection(request: Request, who: Who) -> Response:
    """GET /inspections/{inspection}"""
    return await _show(request, who, await the_inspection(request, who))


async def _show(
    request: Request, who: Who, visit: Inspection, *, status: int = 200, wrong: str = "", reason: str = ""
) -> Response:
    checklist = await checklist_by_sha(visit.checklist_sha256)
    findings = await Finding.filter(inspection_id=visit.id)
    photos = await read_photos(visit.id)
    tasks = await Task.filter(within(prefixes(who)), inspection=visit.id).order_by("item", "number")
    people = {
        str(p.id): p.title for p in await Person.filter(id__in=[UUID(str(one)) for one in visit.inspectors])
    }
    names = await names_for({visit.village, *(task.unit for task in tasks)})
    office = post_for(who, "inspection.void", visit.village) is not None
    return desk(
        request, who, "dispatch/inspection.html", status=status, visit=visit, round=visit.round, names=names,
        checklist=checklist, sections=sections_of(visit, checklist), items=items_lost(visit, checklist, findings, photos),
        inspectors=[people.get(str(one), "—") for one in visit.inspectors], signature=signed(visit, photos),
        scene=[one.shown for one in photos if one.role == "scene"],
        missing=len({one.id for one in photos if one.state == "expected"}),
        tasks={task.finding: task for task in tasks}, wrong=wrong, reason=reason,
        may_void=office and visit.stage == "submitted", may_print=post_for(who, "card.print", visit.village) is not None,
    )  # fmt: skip


@desk_page
async def void(request: Request, who: Who) -> Response:
    """POST /inspections/{inspection}/void with a reason."""
    visit = await the_inspection(request, who)
    data = await form(request, who, max_fields=8, max_files=0)
    reason = str(data.get("reason", "")).strip()[:600]
    try:
        await commands.void_inspection(who, visit, reason)
    except Problem as problem:
        if problem.code not in ("invalid", "stale"):
            raise
        fresh = await the_inspection(request, who)
        return await _show(request, who, fresh, status=problem.status, wrong=problem.sentence, reason=reason)
    return done(f"/inspections/{visit.id}", "inspection.void")


routes: list[Route] = [
    Route("/inspections/{inspection:uuid}", one_inspection, methods=["GET"]),
    Route("/inspections/{inspection:uuid}/void", void, methods=["POST"]),
]
