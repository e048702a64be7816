"""/devices: the tablets that were enrolled, when each was last heard of, and taking one out of service."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from offline_sync.models import Device, Replica
from templates import words
from villages.changes import Actor, Line, change
from villages.ground.problems import Problem
from villages.models import Person
from villages.permissions import MAY, Who, post_for
from villages.shell import desk, desk_page, done
from villages.web import form


def _need(who: Who) -> None:
    if not who.holds(*MAY["device.revoke"]):
        raise Problem("forbidden", act=words.VERB["device.revoke"], who="区级办公室或系统管理员")


@desk_page
async def devices(request: Request, who: Who) -> Response:
    """GET /devices"""
    _need(who)
    people = dict(await Person.filter(district=who.district).values_list("id", "title"))
    seen: dict[Any, dict[str, Any]] = {}
    for replica in await Replica.filter(district=who.district).order_by("seen"):
        line = seen.setdefault(replica.device, {"at": replica.seen, "by": {}})
        line["at"] = replica.seen
        line["by"][people.get(replica.person, "—")] = None
    rows = await Device.filter(district=who.district).order_by("revoked", "label")
    lines = [
        {"row": row, "at": seen.get(row.id, {}).get("at"), "by": list(seen.get(row.id, {}).get("by", {}))}
        for row in rows
    ]
    return desk(request, who, "offline_sync/devices.html", lines=lines)


@desk_page
async def revoke(request: Request, who: Who) -> Response:
    """POST /devices/{device}/revocation: what it still hands in waits for the office."""
    _need(who)
    await form(request, who, max_fields=4, max_files=0)
    device = await Device.get_or_none(id=request.path_params["device"], district=who.district)
    if device is None:
        raise Problem("not_found")
    post = post_for(who, "device.revoke", who.district)
    actor = Actor(who.person, post.role if post else "none", post.place if post else "", who.title)

    async def work(line: Line) -> None:
        line.about("device", device.id, who.district)
        line.body["label"] = device.label
        await Device.filter(id=device.id).update(revoked=True, rev=line.rev)

    if not device.revoked:
        await change(work, district=who.district, actor=actor, verb="device.revoke")
    return done("/devices", "device.revoke")
