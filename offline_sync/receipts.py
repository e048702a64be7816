"""Receipts: a command is looked up before anything else, and answered again as it was answered first.

Only the unseen opens a change, which looks again once it holds the number, runs, and stores command, verdict and
rows together. So a lost answer, a repeated request and two at once all end in one effect and one verdict.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec
import structlog
from tortoise.exceptions import IntegrityError

from offline_sync import commands
from offline_sync.loose import command_in, loose
from offline_sync.models import Command, CommandTry, Replica, Stranger
from offline_sync.protocol import CommandIn
from offline_sync.verdicts import Arrived, Kept, Verdict, keep
from offline_sync.wire import readable
from offline_sync.works import Foreseen, Refused, Work, only
from villages.changes import Line, change, shielded
from villages.ground import clock
from villages.ground.database import look
from villages.ground.problems import Problem
from villages.ground.trouble import named
from villages.permissions import Who

TRIES = 3
log = structlog.get_logger()


@dataclass
class Counted:
    """A replica, and the last of its commands that was receipted."""

    id: UUID
    last_seq: int


class _Seen(Exception):
    """Another request carried this command out while we were getting ready."""


def read(raw: bytes, replica: UUID, device_now: str | None) -> Arrived:
    """A command as it came. Raises invalid when not even its id and sequence can be read."""
    clean = readable(raw)
    try:
        command = command_in(clean)
        text = raw.decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem("invalid", what=f"操作缺少编号或顺序号，无法收下：{error}") from error
    canonical = _canonical(command, clean)
    heard = clock.now()
    there = moment(device_now)
    return Arrived(
        command, text, hashlib.sha256(canonical).hexdigest(), replica, moment(command.at),
        _bounded((heard - there).total_seconds()) if there else None,
    )  # fmt: skip


def _canonical(command: CommandIn, raw: bytes) -> bytes:
    """All but the sequence, which a forked replica changes in what it sends again, in sorted order."""
    try:
        plain = msgspec.json.decode(raw)
        plain.pop("seq", None)
        return msgspec.json.encode(plain, order="sorted")
    except (
        msgspec.DecodeError,
        RecursionError,
    ):  # a figure beyond all numbers in its args: compared as written
        return msgspec.json.encode([command.id, command.verb, command.v, command.at]) + bytes(command.args)


def moment(text: str | None) -> datetime | None:
    """A device's time as a UTC instant; None when it gave none that can be read. Never used for order."""
    if not text:
        return None
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    return clock.plausible(parsed if parsed.tzinfo else parsed.replace(tzinfo=clock.SHANGHAI))


def _bounded(seconds: float) -> int:
    return int(max(-(2**31), min(2**31 - 1, seconds)))


async def settle_one(who: Who, arrived: Arrived, replica: Counted) -> Kept:
    """The verdict on one command, stored. Raises gap, id_reuse, replica_fork or an unexpected error."""
    command = arrived.command
    seen = await _look_up(who, arrived, replica)
    if seen is not None:
        return seen
    if command.seq <= replica.last_seq:
        raise Problem("replica_fork", {"last_seq": replica.last_seq})
    if command.seq != replica.last_seq + 1:
        raise Problem("gap", expected=replica.last_seq + 1)
    try:
        row = await _carry_out(who, arrived)
    except _Seen:
        counted = await look("SELECT last_seq FROM replica WHERE id = ?", str(replica.id))
        replica.last_seq = int(counted[0]["last_seq"])
        again = await _look_up(who, arrived, replica)
        if again is None:
            raise Problem("replica_fork", {"last_seq": replica.last_seq}) from None
        return again
    replica.last_seq = command.seq
    return row


async def stored(who: Who, arrived: Arrived) -> Kept | None:
    """The verdict that stands on a command; None when it was never here. Raises id_reuse for another's, or another body."""
    command = arrived.command
    found = await look("SELECT * FROM command WHERE id = ?", str(command.id))
    if not found:
        return None
    row = found[0]
    if row["body_hash"] != arrived.body_hash or str(row["person"]) != str(who.person):
        await _quarantine(who, arrived)
        raise Problem("id_reuse", id=str(command.id))
    data = row["data"] if isinstance(row["data"], dict) else json.loads(row["data"])
    return Kept(
        command.id,
        command.seq,
        row["status"],
        row["reason"],
        row["detail"],
        int(row["rev"]),
        data,
        row["payload"],
    )


async def _look_up(who: Who, arrived: Arrived, replica: Counted) -> Kept | None:
    seen = await stored(who, arrived)
    seq = arrived.command.seq
    if seen is not None and seq == replica.last_seq + 1:
        # The same act under a new number (a new replica, or one that counts anew): its verdict stands, the count goes on.
        await shielded(Replica.filter(id=replica.id, last_seq=seq - 1).update(last_seq=seq))
        replica.last_seq = seq
    return seen


async def _quarantine(who: Who, arrived: Arrived) -> None:
    try:
        await shielded(
            Stranger.create(
                command=arrived.command.id, replica=arrived.replica, person=who.person,
                body_hash=arrived.body_hash, payload=arrived.payload, heard_at=clock.now(),
            )
        )  # fmt: skip
    except IntegrityError:
        return  # kept before


async def _carry_out(who: Who, arrived: Arrived) -> Kept:
    try:
        work = await commands.prepare(who, arrived)
        try:
            return await _in_change(who, arrived, work)
        except Refused as refused:
            return await _in_change(who, arrived, commands.refusal(refused.verdict, arrived, who))
    except _Seen:
        raise
    except Problem as problem:
        return await _in_change(who, arrived, commands.turned_down(problem, arrived, who))
    except Exception as error:
        if named(error):
            raise  # no room or no database: not the command's doing, so it is not counted against it
        row = await _count_try(who, arrived, error)
        if row is None:
            raise
        return row


async def _in_change(who: Who, arrived: Arrived, work: Work) -> Kept:
    command = arrived.command

    async def unit(line: Line) -> Kept:
        if not line.claimed:
            raise _Seen
        verdict = await work(line)
        if not line.subject_id or line.subject_kind == "district":
            line.about(*commands.subject(verdict, command.id), f"u:{who.person}")
        line.body.setdefault("status", verdict.status)
        if verdict.status == "held":  # nothing else will ever name what is not in the tables
            line.body.update(loose(arrived).named())
        if verdict.reason:
            line.body["reason"] = verdict.reason
        if carried := arrived.carried:
            line.body["rescue"] = {
                "file": carried.file,
                "by": str(carried.by or ""),
                "proven": carried.proven,
            }
        return keep(line, arrived, who.person, verdict)

    counted = "UPDATE replica SET last_seq = ? WHERE id = ? AND last_seq = ? RETURNING last_seq"
    try:
        return await change(
            unit, claim=(counted, [command.seq, str(arrived.replica), command.seq - 1]), district=who.district, actor=commands.actor_of(who, command.verb), verb=command.verb,
            at=arrived.at, command_id=command.id, ahead=work.ahead if isinstance(work, Foreseen) else (),
        )  # fmt: skip
    except IntegrityError:
        # The id is the last guard: another replica's request may have brought the same act meanwhile.
        if await Command.exists(id=command.id):
            raise _Seen from None
        raise


async def _count_try(who: Who, arrived: Arrived, error: Exception) -> Kept | None:
    """Count an unexpected error; at the third the command is stored as held, so that it blocks nothing."""
    command = arrived.command
    log.error("command_failed", command=str(command.id), verb=command.verb, exc_info=error)
    row, _ = await CommandTry.get_or_create(id=command.id)
    await CommandTry.filter(id=command.id).update(
        tries=row.tries + 1, error=f"{type(error).__name__}: {error}"[:300]
    )
    if row.tries + 1 < TRIES:
        return None
    sentence = "服务器处理时出错，内容已原样留存，由管理员处理，不用重新填写。"
    verdict = Verdict("held", "internal_error", sentence, {}, ("command", str(command.id)))
    work = commands.refusal(verdict, arrived, who) if row.tries + 1 == TRIES else only(verdict)
    return await _in_change(who, arrived, work)
