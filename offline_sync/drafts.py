"""Backup of drafts (sync.md §3): an unfinished sheet, put here whenever there is a bar of signal.

Newest per author, by the draft's own counter; visible to its author only, so that a broken tablet costs the minutes
since the last bar and not the day. It is no submission: nothing is scored or shown from it, and the trail is silent.
"""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise import connections

from inspections.models import Inspection
from offline_sync.models import Draft
from offline_sync.wire import answer, decode, raw_body
from villages.changes import shielded
from villages.ground import clock
from villages.ground.database import rows, sql, stored
from villages.ground.problems import Problem
from villages.web import bearer, who_asks

BYTES = 512 * 1024
ENDED = "null"
MOST = 400  # drafts kept of one person: a tablet gone wild must not fill the disk


class DraftIn(msgspec.Struct, kw_only=True):
    """PUT /api/drafts/<inspection>: `rev` rises with every copy; `doc` is the tablet's own business, null once the draft
    ended there (handed in, thrown away): then nothing is offered any more."""

    rev: Annotated[int, Meta(ge=0, le=2**53)]
    doc: msgspec.Raw


async def put(request: Request) -> Response:
    """Keep a draft unless a newer one is here. 204; a deposit token may too."""
    who = await bearer(request, disabled_ok=True)
    inspection = _id(request)
    given = decode(await raw_body(request, BYTES, "草稿备份"), DraftIn)
    await keep(who.person, inspection, given.rev, bytes(given.doc).decode().strip())
    return Response(status_code=204)


async def keep(person: UUID, inspection: UUID, rev: int, doc: str) -> None:
    """Keep a person's draft (JSON text) unless a newer one is here. Raises too_large when they have too many."""
    known = await Draft.filter(person=person).exclude(inspection=inspection).count()
    if known >= MOST:
        raise Problem("too_large", what="草稿备份的份数", limit=f"{MOST} 份")
    text = (
        "INSERT INTO draft (inspection, person, rev, doc, heard_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (inspection, person) DO UPDATE SET rev = excluded.rev, doc = excluded.doc,"
        " heard_at = excluded.heard_at WHERE excluded.rev > draft.rev"
    )
    writer = connections.get("default")
    values: list[Any] = [str(inspection), str(person), rev, doc, stored(clock.now())]
    await shielded(writer.execute_query(sql(writer, text), values))


async def listed(request: Request) -> Response:
    """GET /api/drafts: one's own drafts that were not handed in since, newest first."""
    who = await who_asks(request)
    found = await rows(
        "SELECT d.inspection, d.rev, d.heard_at FROM draft d WHERE d.person = ? AND NOT EXISTS"
        " (SELECT 1 FROM inspection i WHERE i.id = d.inspection) AND d.doc <> 'null' ORDER BY d.heard_at DESC",
        str(who.person),
    )
    told = [{"inspection": str(row["inspection"]), "rev": row["rev"]} for row in found]
    return answer({"drafts": told})


async def get(request: Request) -> Response:
    """GET /api/drafts/<inspection>: one's own; anybody else's is not found, nor one that was handed in."""
    who = await who_asks(request)
    inspection = _id(request)
    draft = await Draft.get_or_none(inspection=inspection, person=who.person)
    if draft is None or draft.doc == ENDED or await Inspection.exists(id=inspection):
        raise Problem("not_found")
    told = {
        "rev": draft.rev,
        "doc": msgspec.Raw(draft.doc.encode()),
        "heard_at": clock.rfc3339(draft.heard_at),
    }
    return answer(told)


def _id(request: Request) -> UUID:
    try:
        return UUID(request.path_params["inspection"])
    except ValueError as error:
        raise Problem("not_found") from error


routes = [
    Route("/api/drafts", listed, methods=["GET"]),
    Route("/api/drafts/{inspection}", put, methods=["PUT"]),
    Route("/api/drafts/{inspection}", get, methods=["GET"]),
]
