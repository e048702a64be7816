"""The sheet of one inspection: every point lost with its rule, place and photo; what came of it; what the office decides."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dispatch import commands
from dispatch.models import Task
from dispatch.pages.inspection_sheet import awaited, items_lost, read_photos, sections_of, signed
from dispatch.pages.naming import names_for
from dispatch.queries import within
from inspections.checklists import checklist_by_sha
from inspections.commands import decide_veto_at_desk, waive_at_desk
from inspections.models import Finding, Inspection, InspectionVersion
from inspections.queries import person_titles
from inspections.vetoes import claims_of
from villages.ground.problems import Problem
from villages.models import Person
from villages.permissions import Who, post_for, prefixes
from villages.shell import desk, desk_page, done
from villages.web import form


@dataclass(frozen=True)
class Given:
    """What a form of the page carried, shown again where it could not be done. `form`: void, waive, veto:<item>."""

    form: str = ""
    reason: str = ""
    photos: tuple[str, ...] = ()


NOTHING = Given()


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
    request: Request,
    who: Who,
    visit: Inspection,
    *,
    status: int = 200,
    wrong: str = "",
    given: Given = NOTHING,
) -> Response:
    checklist = await checklist_by_sha(visit.checklist_sha256)
    findings = await Finding.filter(inspection_id=visit.id)
    photos = await read_photos(visit.id)
    tasks = await Task.filter(within(prefixes(who)), inspection=visit.id).order_by("item", "number")
    people = {
        str(p.id): p.title for p in await Person.filter(id__in=[UUID(str(one)) for one in visit.inspectors])
    }
    names = await names_for({visit.village, *(task.unit for task in tasks)})
    claims = claims_of(visit)
    versions = await InspectionVersion.filter(inspection_id=visit.id).order_by("number")
    titles = await person_titles({UUID(one.second) for one in claims if one.second})
    standing = visit.stage == "submitted"

    def may(verb: str) -> bool:
        return post_for(who, verb, visit.village) is not None

    return desk(
        request, who, "dispatch/inspection.html", status=status, visit=visit, round=visit.round, names=names,
        checklist=checklist, sections=sections_of(visit, checklist), items=items_lost(visit, checklist, findings, photos),
        inspectors=[people.get(str(one), "—") for one in visit.inspectors], signature=signed(visit, photos),
        scene=[one.shown for one in photos if one.role == "scene"],
        awaited=awaited(photos, findings), claims=claims, seconds={str(key): title for key, title in titles.items()},
        tasks={task.finding: task for task in tasks}, versions=_told(versions, visit), wrong=wrong, given=given,
        may_void=standing and may("inspection.void"), may_print=may("card.print"),
        may_decide=standing and may("veto.decide"), may_waive=visit.stage != "void" and may("photo.waive"),
    )  # fmt: skip


def _told(versions: Sequence[InspectionVersion], visit: Inspection) -> list[tuple[InspectionVersion, str]]:
    """Each version that was put right, with why: that is said in the document that took its place."""
    if not versions:
        return []
    documents = [*(one.document for one in versions[1:]), visit.document]
    whys = (str(msgspec.json.decode(text).get("reason") or "").strip()[:600] for text in documents)
    return list(zip(versions, whys, strict=True))


async def _done(
    request: Request, who: Who, visit: Inspection, verb: str, act: Awaitable[Any], given: Given
) -> Response:
    """Do what a form of the page asks; what cannot be done is said on the page, the form as it was filled."""
    try:
        await act
    except Problem as problem:
        if problem.code not in ("invalid", "stale"):
            raise
        fresh = await the_inspection(request, who)
        return await _show(request, who, fresh, status=problem.status, wrong=problem.sentence, given=given)
    return done(f"/inspections/{visit.id}", verb)


@desk_page
async def void(request: Request, who: Who) -> Response:
    """POST /inspections/{inspection}/void with a reason."""
    visit = await the_inspection(request, who)
    given = Given("void", _reason(await form(request, who, max_fields=8)))
    act = commands.void_inspection(who, visit, given.reason)
    return await _done(request, who, visit, "inspection.void", act, given)


@desk_page
async def veto(request: Request, who: Who) -> Response:
    """POST /inspections/{inspection}/vetoes/{item}/{upheld|refused} with a reason: 认定 or 不予认定."""
    visit = await the_inspection(request, who)
    item, decision = request.path_params["item"], request.path_params["decision"]
    if decision not in ("upheld", "refused"):
        raise Problem("not_found")
    given = Given(f"veto:{item}", _reason(await form(request, who, max_fields=8)))
    act = decide_veto_at_desk(who, visit, item, upheld=decision == "upheld", reason=given.reason)
    return await _done(request, who, visit, "veto.decide", act, given)


@desk_page
async def waiver(request: Request, who: Who) -> Response:
    """POST /inspections/{inspection}/waivers with `photos[]` and a reason: 免补."""
    visit = await the_inspection(request, who)
    data = await form(request, who, max_fields=400)
    try:
        photos = [UUID(str(one)) for one in data.get("photos[]", ())]
    except ValueError:
        raise Problem("not_found") from None
    given = Given("waive", _reason(data), tuple(str(one) for one in photos))
    return await _done(
        request, who, visit, "photo.waive", waive_at_desk(who, visit, photos, given.reason), given
    )


def _reason(data: dict[str, Any]) -> str:
    return str(data.get("reason", "")).strip()[:600]


routes: list[Route] = [
    Route("/inspections/{inspection:uuid}", one_inspection, methods=["GET"]),
    Route("/inspections/{inspection:uuid}/void", void, methods=["POST"]),
    Route("/inspections/{inspection:uuid}/vetoes/{item}/{decision}", veto, methods=["POST"]),
    Route("/inspections/{inspection:uuid}/waivers", waiver, methods=["POST"]),
]
