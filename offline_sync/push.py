"""POST /api/sync/push and hello: commands in order, each with its verdict."""

from dataclasses import dataclass, replace
from uuid import UUID

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from tortoise.exceptions import IntegrityError

from offline_sync import commands, receipts
from offline_sync.loose import photo_hashes
from offline_sync.models import Replica
from offline_sync.protocol import DeviceIn, HelloIn, HelloOut, PushIn, PushOut, ResultOut, device_id
from offline_sync.receipts import Counted
from offline_sync.rows import Row, settings_of
from offline_sync.verdicts import result_of
from offline_sync.wire import answer, decode, raw_body
from villages.changes import shielded
from villages.districts import LIMITS, the_district
from villages.ground import clock
from villages.ground.database import look
from villages.ground.problems import Problem
from villages.ground.trouble import named
from villages.permissions import Who
from villages.web import bearer

MIN_BUILD = "0"  # version (package.json) of the app below which a tablet is asked to update; it is served all the same


async def hello(request: Request) -> Response:
    """POST /api/sync/hello."""
    who = await bearer(request, disabled_ok=True)
    asked = decode(await raw_body(request, LIMITS["command_bytes"], "请求"), HelloIn)
    named = asked.device.id if isinstance(asked.device, DeviceIn) else asked.device
    device = device_id(named) if named else None
    replica = await own_replica(who, asked.replica, device or who.device)
    await shielded(_seen(asked.replica))
    head = await the_district()
    return answer(
        HelloOut(
            epoch=head.epoch, last_seq=replica.last_seq, server_time=clock.rfc3339(clock.now()),
            min_build=MIN_BUILD, limits=LIMITS,
        )
    )  # fmt: skip


async def _seen(replica: UUID) -> None:
    await Replica.filter(id=replica).update(seen=clock.now())


async def push(request: Request) -> Response:
    """POST /api/sync/push. 409, 500, 503 and 507 carry the verdicts reached so far."""
    who = await bearer(request, disabled_ok=True)
    asked = decode(await raw_body(request, LIMITS["push_bytes"], "一次上传"), PushIn, as_it_came=True)
    if len(asked.commands) > LIMITS["push_commands"]:
        raise Problem("too_large", what="一次上传的操作条数", limit=f"{LIMITS['push_commands']} 条")
    here = await standing(who, asked.replica, who.device)
    if here.revoked:
        who = replace(who, disabled=True, posts=())
    replica = here.replica
    results: list[ResultOut] = []
    bare = who.kind == "deposit"
    for raw in asked.commands:
        text = bytes(raw)
        if len(text) > LIMITS["command_bytes"]:
            raise _so_far(Problem("too_large", what="单条操作", limit="256 kB"), results, replica)
        try:
            arrived = receipts.read(text, replica.id, asked.now)
            row = await receipts.settle_one(who, arrived, replica)
        except Problem as problem:
            raise _so_far(problem, results, replica) from problem
        except Exception as error:
            trouble = named(error) or Problem("internal", trace=str(_peek(text))[:8])
            raise _so_far(trouble, results, replica) from error
        announced = photo_hashes(row.payload) if row.payload else []
        missing = await commands.missing_now(announced) if announced else None
        results.append(result_of(row, missing, bare=bare))
    return answer(
        PushOut(
            last_seq=replica.last_seq, server_time=clock.rfc3339(clock.now()),
            backup_horizon=here.horizon, results=results,
        )
    )  # fmt: skip


@dataclass(frozen=True)
class Standing:
    """Where the server stands with one replica: its row, whether its device was revoked, and up to when a backup
    covers what was receipted (RFC 3339; None while no backup has been made)."""

    replica: Counted
    revoked: bool
    horizon: str | None


async def standing(who: Who, replica_id: UUID, device: UUID | None) -> Standing:
    """One look at all of it; the replica's row is made at first sight. Raises replica_owner for another person's."""
    found = await look(
        "SELECT h.settings, r.*, (SELECT COUNT(*) FROM device WHERE id = ? AND revoked) AS lost"
        " FROM district_head h LEFT JOIN replica r ON r.id = ? WHERE h.district = ?",
        str(device) if device else None, str(replica_id), who.district,
    )  # fmt: skip
    if not found:
        raise LookupError(f"no district {who.district}")
    row = found[0]
    replica = await _own(who, row, replica_id, device)
    return Standing(replica, bool(row["lost"]), settings_of(row).get("backup_horizon"))


async def own_replica(who: Who, replica_id: UUID, device: UUID | None) -> Counted:
    """How far the replica has counted; its row is made at first sight. Raises replica_owner when it is another person's."""
    return (await standing(who, replica_id, device)).replica


async def _own(who: Who, row: Row, replica_id: UUID, device: UUID | None) -> Counted:
    if row["id"] is None:
        fresh = Replica(
            id=replica_id,
            district=who.district,
            person=who.person,
            device=device,
            last_seq=0,
            seen=clock.now(),
        )
        try:
            await shielded(fresh.save(force_create=True))
            return Counted(replica_id, 0)
        except IntegrityError:  # another request of this tablet was quicker
            row = (await look("SELECT person, last_seq FROM replica WHERE id = ?", str(replica_id)))[0]
    if str(row["person"]) != str(who.person):
        raise Problem("replica_owner")
    return Counted(replica_id, int(row["last_seq"]))


def _so_far(problem: Problem, results: list[ResultOut], replica: Counted) -> Problem:
    problem.data = {
        **problem.data, "last_seq": replica.last_seq, "server_time": clock.rfc3339(clock.now()),
        "results": msgspec.to_builtins(results),
    }  # fmt: skip
    return problem


def _peek(text: bytes) -> object:
    try:
        return msgspec.json.decode(text).get("id", "?")
    except (msgspec.DecodeError, AttributeError):
        return "?"
