"""POST /api/sync/report: how a device stands, its newest word kept; and what of it the office should look at.

About devices and never about people: the counts are of everybody who works on it together, and nothing tells who.
"""

from datetime import UTC, datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from offline_sync.models import Device, DeviceReport
from offline_sync.protocol import ReportIn
from offline_sync.receipts import moment
from offline_sync.wire import decode, raw_body
from villages.changes import shielded
from villages.ground import clock
from villages.web import bearer

SMALL = 8 * 1024
SILENT = timedelta(days=7)  # not heard of for so long
WAITED = timedelta(days=3)  # something has waited on it for so long
LOW = 300 * 1024 * 1024  # bytes free, from which on the tablet warns too
CLOCK_OFF = 10 * 60  # seconds
# What is looked at, most pressing first; templates/words.py says each.
MARKS = ("waiting", "space", "silent", "clock", "build")


async def report(request: Request) -> Response:
    """POST /api/sync/report. 204; a deposit token may too, and a device that nobody enrolled is not kept."""
    who = await bearer(request, disabled_ok=True)
    given = decode(await raw_body(request, SMALL, "设备情况"), ReportIn)
    if who.device is not None and await Device.exists(id=who.device, district=who.district):
        await shielded(_keep(_row(who.device, who.district, given)))
    return Response(status_code=204)


def _row(device: object, district: str, given: ReportIn) -> DeviceReport:
    now = clock.now()
    waits = given.waiting
    oldest = None if waits.oldest_seconds is None else _ago(now, waits.oldest_seconds)
    skew = None if given.skew_ms is None else max(-(2**31), min(2**31 - 1, given.skew_ms // 1000))
    return DeviceReport(
        device=device, district=district, heard_at=now, build=given.build, platform=given.platform,
        used=given.storage.used, quota=given.storage.quota, persisted=given.storage.persisted,
        commands=waits.commands, photos=waits.photos, photo_bytes=waits.bytes,
        oldest=oldest if waits.commands or waits.photos else None, skew_seconds=skew, last_ok=moment(given.last_ok),
        bytes_per_second=given.bytes_per_second,
    )  # fmt: skip


def _ago(now: datetime, seconds: int) -> datetime:
    """A clock that was wrong when the work was made must not throw ours out of its range."""
    return now - timedelta(seconds=min(seconds, 3650 * 86_400))


async def _keep(row: DeviceReport) -> None:
    fields = [name for name in DeviceReport._meta.db_fields if name != "device"]
    await DeviceReport.bulk_create([row], on_conflict=["device"], update_fields=fields)


def free_bytes(row: DeviceReport | None) -> int | None:
    """Room that is left; None where nobody knows."""
    if row is None or row.used is None or row.quota is None:
        return None
    return max(0, int(row.quota - row.used))


def marks(row: DeviceReport | None, heard: datetime | None, build: str) -> list[str]:
    """What of one device the office should look at, of MARKS. `heard`: when it last spoke; `build`: the one handed out.

    A device that never said anything of itself has no marks but that of silence.
    """
    now, found = clock.now(), set[str]()
    if heard is None or now - heard >= SILENT:
        found.add("silent")
    if row is not None:
        free = free_bytes(row)
        if free is not None and free < LOW:
            found.add("space")
        if row.skew_seconds is not None and abs(row.skew_seconds) > CLOCK_OFF:
            found.add("clock")
        if row.oldest is not None and now - row.oldest >= WAITED:
            found.add("waiting")
        if build and row.build and row.build != build:
            found.add("build")
    return [mark for mark in MARKS if mark in found]


def later(one: datetime | None, other: datetime | None) -> datetime | None:
    """The later of two moments, either of which may be missing."""
    return max((at for at in (one, other) if at), key=lambda at: at.astimezone(UTC), default=None)
