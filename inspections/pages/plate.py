"""What a village's plate leads to: for anybody with a phone, the grade that was published last and its day, no more."""

from datetime import datetime
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from inspections.models import Inspection
from templates import page
from villages.districts import the_district
from villages.models import Town, Village
from villages.plates import plate_code


class Published(NamedTuple):
    """The newest published result of one checklist."""

    checklist: str
    grade: str
    at: datetime


async def published_of(village: str, district: str) -> list[Published]:
    """The newest published grade by each checklist; a town's own self-checks are not the district's word."""
    visits = Inspection.filter(village=village, stage="published", round__owner=district).exclude(grade="")
    newest: dict[str, Published] = {}
    for code, grade, at in await visits.order_by("finished_at").values_list(
        "checklist_code", "grade", "finished_at"
    ):
        newest[str(code)] = Published(str(code), str(grade), at)
    return sorted(newest.values(), key=lambda one: one.checklist, reverse=True)


async def plate(request: Request) -> Response:
    """GET /p/{code}.{signature}: without sign-in; 404 for a signature that is not ours."""
    code = plate_code(request.app.state.secret, request.path_params["token"])
    village = await Village.get_or_none(code=code) if code else None
    if village is None:
        lost: Response = page(request, "inspections/plate.html", status=404, village=None)
        return lost
    town, head = await Town.get(code=village.town), await the_district()
    answer: Response = page(
        request, "inspections/plate.html", village=village.name, town=town.name, district=head.name,
        demo=head.kind == "demo", results=await published_of(village.code, head.district),
    )  # fmt: skip
    return answer


routes: list[Route] = [Route("/p/{token}", plate, methods=["GET"])]
