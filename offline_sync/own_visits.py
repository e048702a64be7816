"""One's own visit as it was handed in (sync.md §3), for a tablet that did not hand it in: the one before was exchanged,
or emptied. With it the visit can be put right there (`inspection.amend`), which wants the whole sheet anew.
"""

from uuid import UUID

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from inspections.models import Inspection
from offline_sync.wire import answer
from villages.ground import clock
from villages.ground.problems import Problem
from villages.web import who_asks


async def get(request: Request) -> Response:
    """GET /api/inspections/<id>: `args` as last sent, the `rev` of its row, when it was first heard of. Anybody else's is
    not found, nor one that was made void or published: neither can be put right by its author."""
    who = await who_asks(request)
    try:
        wanted = UUID(request.path_params["inspection"])
    except ValueError as error:
        raise Problem("not_found") from error
    found = await Inspection.get_or_none(id=wanted, author=who.person, stage="submitted")
    if found is None or not found.village.startswith(who.district):
        raise Problem("not_found")
    args = msgspec.Raw(found.document.encode())
    return answer({"rev": found.rev, "heard_at": clock.rfc3339(found.heard_at), "args": args})


routes = [Route("/api/inspections/{inspection}", get, methods=["GET"])]
