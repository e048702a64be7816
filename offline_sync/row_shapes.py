"""What a row of each kind looks like on the wire (sync.md §3 "Rows"). More may come, none goes.

`rows.py` tells plain dicts; these are their shapes, for the schema file and the tablet's types made from it. A test
pulls a district and holds every row to its shape and the shape to every row, so neither grows without the other.
"""

from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType, field

from inspections.answers import ChecklistRef, FindingIn, Veto

Moment = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]  # RFC 3339, UTC
Day = Annotated[str, Meta(extra_json_schema={"format": "date"})]
Points = Annotated[str, Meta(pattern=r"^-?[0-9]+(\.[0-9]+)?$")]  # an exact decimal
Grows = Annotated[
    str, Meta(description="A closed set that may grow: take what you do not know as plain text.")
]

Severity = Literal["minor", "major", "critical"]
RoundStage = Literal["planned", "started", "closed", "published"]
AssignmentStage = Literal["open", "done", "withdrawn"]
InspectionStage = Literal["submitted", "published", "void"]
TaskStage = Literal[
    "dispatched", "accepted", "submitted", "checked", "closed", "returned", "deferred", "cancelled"
]
PhotoState = Literal["expected", "stored", "waived"]
CardStatus = Literal["conflict", "rejected", "held"]


class Point(Struct, kw_only=True):
    """A place in WGS-84 degrees."""

    lat: float
    lng: float


class SettingsRow(Struct, kw_only=True):
    """The district, and the limits in force (sync.md §6). Home `g`; its id is the district's code."""

    district: str
    name: str
    kind: Literal["real", "demo"]
    limits: dict[str, int]
    backup_horizon: Moment | UnsetType | None = UNSET


class TownRow(Struct, kw_only=True):
    """镇、街道. Home `g`; its id is its nine-digit code."""

    code: str
    name: str
    kind: str


class UnitRow(Struct, kw_only=True):
    """Who a task can be sent to beside a village. Home `g`; its id is its code."""

    code: str
    name: str
    kind: Literal["office", "town", "department"]
    active: bool


class ChecklistRow(Struct, kw_only=True):
    """A checklist's version; `body` is the checklist file as JSON. Home `g`; its id is its hash."""

    code: str
    version: str
    sha256: str
    title: str
    stage: Literal["published", "retired"]
    body: dict[str, Any]


class RoundRow(Struct, kw_only=True):
    """检查批次. Home `g` once started, else only its assignees' `u`."""

    id: UUID
    name: str
    number: str
    type: Literal["monthly", "quarterly", "annual", "special", "random", "self"]
    stage: RoundStage
    owner: str
    opens: Day
    closes: Day
    checklists: list[ChecklistRef]


class AssignmentRow(Struct, kw_only=True):
    """One person, one village, one checklist, one round. `partners`: the others on the same visit. Home `u`."""

    id: UUID
    round: UUID
    village: str
    checklist: str
    partners: list[UUID] = field(name="with")
    with_names: dict[str, str]  # partner's id → their name on screen
    draw: bool
    stage: AssignmentStage


class VillageRow(Struct, kw_only=True):
    """行政村. Its id is its twelve-digit code; `search` holds what people find it by."""

    code: str
    name: str
    aliases: list[str]
    town: str
    location: Point | None
    groups: list[str]
    tags: list[str]
    search: str


class AnswerOut(Struct, kw_only=True):
    """What was said about one item, and its points out of `weight`; only what was said is there."""

    item: str
    counts: dict[str, int] | UnsetType = UNSET
    level: str | UnsetType = UNSET
    yes: bool | UnsetType = UNSET
    value: Points | UnsetType = UNSET
    points: Points | UnsetType = UNSET
    weight: Points | UnsetType = UNSET
    drawn: list[int] | UnsetType = UNSET
    failed: list[int] | UnsetType = UNSET
    na: bool | UnsetType = UNSET
    note: str | UnsetType = UNSET
    veto: Veto | UnsetType = UNSET
    findings: list[FindingIn] | UnsetType = UNSET
    unproven: bool | UnsetType = UNSET
    detail: list[tuple[str, int, Points]] | UnsetType = UNSET  # [rule, places, points lost]


class InspectionPhoto(Struct, kw_only=True):
    """A photo of a visit and what it proves; its state is in the photo's own row."""

    id: UUID
    sha256: str
    role: Literal["before", "after", "signature", "scene"]
    finding: UUID | None


class InspectionRow(Struct, kw_only=True):
    """One finished visit by one checklist. Home: its village."""

    id: UUID
    round: UUID
    village: str
    checklist: ChecklistRef
    inspectors: list[UUID]
    inspector_names: dict[str, str]  # of the inspectors and the author: id → name on screen
    author: UUID
    finished_at: Moment
    heard_at: Moment  # by the server, first of all: the author's day for putting it right runs from here
    stage: InspectionStage
    late: bool
    score: Points | None
    grade: str | None
    vetoed: bool
    answers: list[AnswerOut]
    photos: list[InspectionPhoto]


class Marks(Struct, kw_only=True):
    """A task's marks: counts, and 依据已撤. Overdue is derived from the deadline and the server's time."""

    supervised: int
    reopened: int
    rejected: int
    basis_gone: bool
    raised: bool  # 提级: it has been late for a week


class TaskPhotoOut(Struct, kw_only=True):
    """A photo of a task; `pairs` is the before-photo that an after-photo answers."""

    id: UUID
    sha256: str
    role: Literal["before", "after"]
    pairs: UUID | None


class StepOut(Struct, kw_only=True):
    """One act on a task, as it went: `to` is the stage after it, `by` who as said on screen."""

    rev: int
    verb: Grows
    at: Moment
    by: str
    text: str
    to: str
    verdict: Literal["applied", "merged", "noop", "conflict"]
    until: Moment | None  # the date that was asked for, given or set


class Extension(Struct, kw_only=True):
    """延期: how often more time was given, and until when it is asked for while that is not decided."""

    given: int
    asked_until: Moment | None


class TaskRow(Struct, kw_only=True):
    """整改任务. Home: its village. The row's `rev` is the `base_rev` of an act decided on it.

    Whoever is in `submitted_by` may not review it.
    """

    id: UUID
    number: str
    village: str
    inspection: UUID
    item: str
    finding: UUID
    unit: str
    stage: TaskStage
    dispatched_at: Moment
    deadline: Moment
    severity: Severity
    place: str
    text: str
    requirement: str
    origin: str  # visit; ledger: brought in from an office's Excel, and no visit is behind it
    category: str  # 问题类别 in the ledger's words, where no item of a checklist is known
    submitted_by: list[UUID]  # everyone who ever submitted it
    marks: Marks
    extension: Extension
    look_again: Moment | None  # 挂账: when it must be looked at again
    interim: str  # and what keeps people safe meanwhile
    merged_into: UUID | None  # 合并: the task that stays
    again_of: UUID | None  # 反弹: the earlier task of the same spot
    split_from: UUID | None  # 拆分: the task whose finding was two problems
    sweep_until: Moment | None  # 举一反三: asked to look elsewhere until then, and not answered
    photos: list[TaskPhotoOut]
    steps: list[StepOut]


class LookBackRow(Struct, kw_only=True):
    """回头看: a closed task that this person was drawn to look at again. Home `u`. `outcome` empty: not yet looked at."""

    id: UUID
    task: UUID
    village: str
    due: Moment
    outcome: Literal["", "fine", "back"]


class PhotoRow(Struct, kw_only=True):
    """A photo's slot; the only row that tells its state. Home: its village, or `u:` while that is not known."""

    id: UUID
    sha256: str
    size: int
    state: PhotoState
    taken_at: Moment | None
    has_preview: bool


class About(Struct, kw_only=True):
    """What a card is about."""

    kind: Grows
    id: str


class CardRow(Struct, kw_only=True):
    """What became of a command that needs its author. Home `u`."""

    id: UUID
    command: UUID
    status: CardStatus
    reason: Grows
    about: About
    text: str
    at: Moment
    dismissed: bool


class RowKinds(Struct, kw_only=True):
    """Every kind of row the feed tells, and its shape: `kind` of a pulled change → its `row`."""

    settings: SettingsRow
    town: TownRow
    unit: UnitRow
    checklist: ChecklistRow
    round: RoundRow
    assignment: AssignmentRow
    village: VillageRow
    inspection: InspectionRow
    task: TaskRow
    photo: PhotoRow
    card: CardRow
    look_back: LookBackRow
