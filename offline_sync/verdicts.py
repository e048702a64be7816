"""What a command can be told (sync.md §3), and the cards and receipts that keep it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from offline_sync.models import Card, Command
from offline_sync.protocol import CommandIn, ResultOut
from villages.changes import Line
from villages.ground.ids import new_id

NEEDS_AUTHOR = ("conflict", "rejected", "held")


@dataclass
class Verdict:
    """The end of a command for its queue. `message` is the sentence its author reads."""

    status: str
    reason: str = ""
    message: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    about: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Carried:
    """A command came in a rescue file: its SHA-256, who brought it in (None: at the command line), and whether its
    seal proved the author."""

    file: str
    by: UUID | None
    proven: bool


@dataclass(frozen=True)
class Arrived:
    """A command that was read: the wire's fields, its text to the byte, and a hash that no re-ordering changes."""

    command: CommandIn
    payload: str
    body_hash: str
    replica: UUID
    at: datetime | None
    skew_seconds: int | None
    approved_from: datetime | None = None  # the office lets a held one through: when it had arrived
    carried: Carried | None = None  # by hand, in a rescue file


def keep(line: Line, arrived: Arrived, person: UUID, verdict: Verdict) -> "Kept":
    """Queue command and verdict in the change that carried it out, with a card where its author is needed."""
    command = arrived.command
    line.add(
        Command,
        [
            dict(
                id=command.id, replica=arrived.replica, seq=command.seq, person=person, verb=command.verb,
                v=_within(command.v, 2**31), body_hash=arrived.body_hash, payload=arrived.payload, status=verdict.status,
                reason=verdict.reason, detail=verdict.message[:600], data=verdict.data, at=arrived.at,
                mono=None if command.mono is None else _within(command.mono, 2**63), boot=(command.boot or "")[:64],
                skew_seconds=arrived.skew_seconds, heard_at=line.heard_at, rev=line.rev,
            )
        ],
    )  # fmt: skip
    if verdict.status in NEEDS_AUTHOR:
        kind, about = verdict.about
        line.add(
            Card,
            [
                dict(
                    id=new_id(), person=person, command=command.id, status=verdict.status, reason=verdict.reason,
                    about_kind=kind, about_id=about, text=verdict.message[:600], at=line.heard_at, rev=line.rev,
                )
            ],
        )  # fmt: skip
    return Kept(
        command.id, command.seq, verdict.status, verdict.reason, verdict.message[:600], line.rev, verdict.data,
        None,
    )  # fmt: skip


def _within(number: int | float, limit: int) -> int:
    """What fits a column: a figure beyond is a slip of the tablet; the payload has it as it came."""
    return int(max(-limit, min(limit - 1, number)))


@dataclass(frozen=True)
class Kept:
    """A stored verdict. `payload`: the command's text where it was looked up, None where `data` is fresh."""

    id: UUID
    seq: int
    status: str
    reason: str
    detail: str
    rev: int
    data: dict[str, Any]
    payload: str | None


def result_of(row: Kept, missing: list[str] | None, *, bare: bool) -> ResultOut:
    """A stored verdict as the wire tells it. `missing` is always fresh; `bare` leaves out what a deposit may not see."""
    data = {k: v for k, v in row.data.items() if k == "missing"} if bare else dict(row.data)
    if missing is not None:
        data["missing"] = missing
    return ResultOut(
        id=row.id,
        seq=row.seq,
        status=row.status,
        rev=row.rev,
        reason=row.reason,
        message=row.detail,
        data=data,
    )
