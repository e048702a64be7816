"""/devices: the tablets that were enrolled, how each stands by its own word, and taking one out of service.

About devices, never about people's diligence: what waits too long, what runs out of room, what was not heard of. Who
uses a tablet is named so that one knows whom to ring, and nothing is counted by person.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from offline_sync.device_reports import MARKS, free_bytes, later, marks
from offline_sync.models import Device, DeviceReport, Replica
from offline_sync.shell import build_name
from templates import words
from villages.changes import Actor, Line, change
from villages.ground.problems import Problem
from villages.models import Person
from villages.permissions import MAY, Who, post_for
from villages.shell import desk, desk_page, done
from villages.web import form

MOST = 200  # lines of one page; more are found by searching
SHOWS = ("use", "look", "off")


@dataclass
class Seen:
    """One device as the page tells of it. `at`: when it was last heard of; `by`: who uses it."""

    row: Device
    report: DeviceReport | None
    at: datetime | None
    by: list[str]
    marks: list[str] = field(default_factory=list)
    free: int | None = None


def _need(who: Who) -> None:
    if not who.holds(*MAY["device.revoke"]):
        raise Problem("forbidden", act=words.VERB["device.revoke"], who="区级办公室或系统管理员")


@desk_page
async def devices(request: Request, who: Who) -> Response:
    """GET /devices, `?show=use|look|off` and `q` (part of a name, of a system or of who uses it)."""
    _need(who)
    everything = await _all(who)
    used = [one for one in everything if not one.row.revoked]
    shown = {
        "use": used,
        "look": [one for one in used if one.marks],
        "off": [one for one in everything if one.row.revoked],
    }
    show = request.query_params.get("show", "use")
    show = show if show in SHOWS else "use"
    wanted = request.query_params.get("q", "").strip()[:40]
    found = [one for one in shown[show] if _says(one, wanted)]
    found.sort(key=lambda one: (_pressing(one), one.row.label, str(one.row.id)))
    return desk(
        request, who, "offline_sync/devices.html", lines=found[:MOST], found=len(found), most=MOST, show=show, q=wanted,
        counts={key: len(ones) for key, ones in shown.items()}, any=bool(everything), build=build_name(),
        marks_of=[(mark, sum(mark in one.marks for one in used)) for mark in MARKS],
    )  # fmt: skip


async def _all(who: Who) -> list[Seen]:
    titles = dict(await Person.filter(district=who.district).values_list("id", "title"))
    heard: dict[UUID | None, datetime] = {}
    by: dict[UUID | None, dict[str, None]] = {}
    for replica in await Replica.filter(district=who.district).order_by("seen"):
        heard[replica.device] = replica.seen
        by.setdefault(replica.device, {})[titles.get(replica.person, "—")] = None
    reports = {row.device: row for row in await DeviceReport.filter(district=who.district)}
    build = build_name()
    lines = []
    for row in await Device.filter(district=who.district):
        report = reports.get(row.id)
        at = later(heard.get(row.id), report.heard_at if report else None)
        found = [] if row.revoked else marks(report, at, build)
        lines.append(Seen(row, report, at, list(by.get(row.id, {})), found, free_bytes(report)))
    return lines


def _says(one: Seen, wanted: str) -> bool:
    return not wanted or any(
        wanted.lower() in text.lower() for text in (one.row.label, one.row.platform, *one.by)
    )


def _pressing(one: Seen) -> int:
    return min((MARKS.index(mark) for mark in one.marks), default=len(MARKS))


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
