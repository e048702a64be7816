"""The wire's shapes (sync.md §3), decoded and encoded by msgspec. It may grow and never breaks.

`docs/wire.schema.json` is generated from here (`manage.py wire-schema`) and a test keeps it true; the tablet's
TypeScript types are made from that file. A command's `args` stay raw until its verb decodes them, so that what
cannot be understood is still kept to the byte.
"""

from typing import Annotated, Any
from uuid import NAMESPACE_URL, UUID, uuid5

from msgspec import Meta, Raw, Struct, field

from inspections.answers import Amendment, Moment, PhotoIn, Position, Submission
from offline_sync.row_shapes import RowKinds

Text = Annotated[str, Meta(max_length=600)]
STATUSES = ("applied", "merged", "noop", "conflict", "rejected", "held")
Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Amount = Annotated[int, Meta(ge=0, le=2**53)]
DeviceName = Annotated[str, Meta(min_length=1, max_length=80)]


def device_id(name: str) -> UUID:
    """The id we keep for a device: its own UUID, or one made from its name."""
    try:
        return UUID(name)
    except ValueError:
        return uuid5(NAMESPACE_URL, f"device:{name}")


class DeviceIn(Struct, kw_only=True):
    """A device as it names itself: a UUID, or any other name of its own that stays the same."""

    id: DeviceName
    label: Annotated[str, Meta(max_length=80)] = ""
    platform: Annotated[str, Meta(max_length=80)] = ""
    build: Annotated[str, Meta(max_length=40)] = ""


class SessionIn(Struct, kw_only=True):
    """POST /api/session."""

    name: Annotated[str, Meta(max_length=80)]
    password: Annotated[str, Meta(max_length=200)]
    device: DeviceIn
    totp: str | None = None


class EnrolIn(Struct, kw_only=True):
    """POST /api/enrol."""

    ticket: Annotated[str, Meta(max_length=100)]
    device: DeviceIn


class PostOut(Struct, kw_only=True):
    """A post in force."""

    role: str
    place: str
    since: str = field(name="from")
    until: str | None = None


class PersonOut(Struct, kw_only=True):
    """Who signed in."""

    id: UUID
    name: str
    posts: list[PostOut]
    title: str = ""


class SessionOut(Struct, kw_only=True):
    """The answer to a sign-in: two tokens, told once."""

    session: str
    deposit: str
    district: str
    person: PersonOut
    offline_until: str
    server_time: str
    must_change: bool = False  # the session opens only POST /api/password; the deposit token hands in


class PasswordIn(Struct, kw_only=True):
    """POST /api/password: a person's own password, changed. The answer is 204."""

    old: Annotated[str, Meta(max_length=200)]
    new: Annotated[str, Meta(max_length=200)]


class HelloIn(Struct, kw_only=True):
    """POST /api/sync/hello."""

    replica: UUID
    device: DeviceName | DeviceIn | None = None
    build: str = ""
    platform: str = ""


class HelloOut(Struct, kw_only=True):
    """Where the server stands with this replica."""

    epoch: UUID
    last_seq: int
    server_time: str
    min_build: str
    limits: dict[str, int]


class StorageReport(Struct, kw_only=True):
    """Room on a device, in bytes; null where its browser does not say. `persisted`: it promised to keep what is here."""

    used: Amount | None = None
    quota: Amount | None = None
    persisted: bool | None = None


class WaitingReport(Struct, kw_only=True):
    """What waits on a device, of everybody who works on it. `oldest_seconds`: how long, by its own clock."""

    commands: Count = 0
    photos: Count = 0
    bytes: Amount = 0
    oldest_seconds: Amount | None = None


class ReportIn(Struct, kw_only=True):
    """POST /api/sync/report: how a device stands; its newest word replaces the one before. The answer is 204.

    `skew_ms`: the server's clock minus the device's. `last_ok`: when a sync last came to its end.
    `bytes_per_second`: how the last pieces of photos went.
    """

    build: Annotated[str, Meta(max_length=40)] = ""
    platform: Annotated[str, Meta(max_length=80)] = ""
    storage: StorageReport = field(default_factory=StorageReport)
    waiting: WaitingReport = field(default_factory=WaitingReport)
    skew_ms: Annotated[int, Meta(ge=-(2**53), le=2**53)] | None = None
    last_ok: str | None = None
    bytes_per_second: Amount | None = None


class PushIn(Struct, kw_only=True):
    """POST /api/sync/push. Commands stay raw: one that cannot be read must not spoil the others."""

    replica: UUID
    commands: list[Raw]
    epoch: str | None = None
    now: str | None = None


class CommandIn(Struct, kw_only=True):
    """One act of a person on a tablet."""

    id: UUID
    seq: Annotated[int, Meta(ge=1, le=2**53)]
    verb: Annotated[str, Meta(max_length=40)]
    args: Raw
    v: int = 1
    at: str | None = None
    mono: int | float | None = None
    boot: str | None = None
    replaces: UUID | None = None


class ResultOut(Struct, kw_only=True):
    """The verdict on one command; a repeat gets the same."""

    id: UUID
    seq: int
    status: Annotated[str, Meta(extra_json_schema={"enum": list(STATUSES)})]
    rev: int
    reason: str = ""
    message: str = ""
    data: dict[str, Any] = field(default_factory=dict)


class PushOut(Struct, kw_only=True):
    """Verdicts in order, and how far the replica's sequence has come."""

    last_seq: int
    server_time: str
    backup_horizon: str | None
    results: list[ResultOut]


class PullIn(Struct, kw_only=True):
    """POST /api/sync/pull: a cursor for each scope that the tablet holds."""

    replica: UUID
    scopes: dict[str, Annotated[int, Meta(ge=0)]] = {}
    epoch: str | None = None
    limit: Annotated[int, Meta(ge=1)] = 500
    verify: list[str] = []


class RowOut(Struct, kw_only=True):
    """A row as it stands; `rev` is the change that last touched it, `row` has the shape of its kind in RowKinds."""

    scope: str
    rev: int
    kind: Annotated[str, Meta(extra_json_schema={"enum": list(RowKinds.__struct_fields__)})]
    id: str
    row: dict[str, Any]


class GoneOut(Struct, kw_only=True):
    """A row that left a scope in the change `rev`: that scope holds it no longer. A row that no scope holds is deleted."""

    scope: str
    rev: int
    kind: Annotated[str, Meta(extra_json_schema={"enum": list(RowKinds.__struct_fields__)})]
    id: str


class PullOut(Struct, kw_only=True):
    """One page of the feed, whole to its cursors."""

    epoch: UUID
    head: int
    more: bool
    server_time: str
    min_build: str
    backup_horizon: str | None
    drop: list[str]
    scopes: dict[str, int]
    floor: dict[str, int]
    changes: list[RowOut]
    gone: list[GoneOut] = []  # applied after `drop`, before `changes`
    sums: dict[str, dict[str, Any]]


# The args of each verb beside inspection.submit (whose args are inspections.answers.Submission).


class EvidenceArgs(Struct, kw_only=True):
    """inspection.evidence: a partner's photos for a visit, before or after the visit itself arrives."""

    inspection: UUID
    photos: Annotated[list[PhotoIn], Meta(min_length=1)]
    item: str | None = None
    finding: UUID | None = None


class TaskArgs(Struct, kw_only=True):
    """Every move of a task; each verb asks for its own part of it."""

    task: UUID
    base_rev: int | None = None
    text: Text = ""
    reason: Text = ""
    unit: str = ""
    photos: Annotated[list[PhotoIn], Meta(max_length=40)] = []
    until: Moment | None = None  # extend, extend_grant, defer: the date asked for, given or set
    interim: Text = ""  # defer: what keeps people safe meanwhile
    into: UUID | None = None  # merge: the task that stays; link: the earlier one
    place: Annotated[str, Meta(max_length=200)] = ""  # split: where the second problem is
    shots: Annotated[list[UUID], Meta(max_length=40)] = []  # split: which before-photos show it


class VoidArgs(Struct, kw_only=True):
    """inspection.void."""

    inspection: UUID
    reason: Text = ""


class LocateArgs(Struct, kw_only=True):
    """village.locate: where the village is, as seen by someone who stood there."""

    village: str
    position: Position
    photo: PhotoIn | None = None


class DismissArgs(Struct, kw_only=True):
    """card.dismiss."""

    card: UUID


WIRE: tuple[type[Struct], ...] = (
    SessionIn, SessionOut, EnrolIn, PasswordIn, HelloIn, HelloOut, ReportIn, PushIn, CommandIn, PushOut, PullIn, PullOut,
    Submission, Amendment, EvidenceArgs, VoidArgs, TaskArgs, LocateArgs, DismissArgs, RowKinds,
)  # fmt: skip
