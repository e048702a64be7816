"""What a tablet hands in for one finished inspection: the `args` of the command `inspection.submit`.

Decode with `msgspec.json.decode(raw, type=Submission)`: unknown fields are passed over here (the raw
payload is kept elsewhere, whole), wrong shapes raise `msgspec.ValidationError` naming the path. Figures
that score (`value`, `points`) become exact decimals, from a JSON number's own digits or from a decimal
string. Whether an answer fits its item is not known here: see `answer_checks`.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

Moment = Annotated[datetime, Meta(tz=True)]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", max_length=64)]
VillageCode = Annotated[str, Meta(pattern="^[0-9]{12}$", max_length=12)]
Size = Annotated[int, Meta(ge=1)]


class Position(Struct, frozen=True, kw_only=True):
    """Where, in WGS-84 degrees; `accuracy` in metres."""

    lat: Annotated[float, Meta(ge=-90, le=90)]
    lng: Annotated[float, Meta(ge=-180, le=180)]
    accuracy: Annotated[float, Meta(ge=0)] | None = None


class PhotoIn(Struct, frozen=True, kw_only=True):
    """A photo announced: its bytes follow by `sha256`. `pairs` is the before-photo of an after-photo."""

    id: UUID
    sha256: Sha256
    size: Size
    mime: str = "image/jpeg"
    width: Size | None = None
    height: Size | None = None
    taken_at: Moment | None = None
    position: Position | None = None
    pairs: UUID | None = None


class FindingIn(Struct, frozen=True, kw_only=True):
    """One spot where something was found (问题点位); `photos` and `after` name photos of the submission."""

    id: UUID
    text: str
    action: Literal["dispatch", "fixed", "record"]
    place: str = ""
    rule: str | None = None
    count: int = 1
    position: Position | None = None
    photos: tuple[UUID, ...] = ()
    after: tuple[UUID, ...] = ()
    unit: str | None = None
    severity: Literal["minor", "major", "critical"] | None = None
    days: Annotated[int, Meta(ge=1)] | None = None


class Veto(Struct, frozen=True, kw_only=True):
    """一票否决 as claimed: what was seen, and the second inspector who confirms it."""

    text: str
    second: UUID | None = None


class Answer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was said about one item; of the method's fields only its own is set, None means not filled in.

    deduct, zero_if: `counts` by rule (empty: looked, nothing found) · levels: `level` · yes_no: `yes` ·
    measure: `value` · range, bonus: `points` · sample: `drawn` and `failed` ordinals · or `na`, reason in
    `note`.
    """

    item: str
    counts: dict[str, int] | None = None
    level: str | None = None
    yes: bool | None = None
    value: Decimal | None = None
    points: Decimal | None = None
    drawn: tuple[int, ...] | None = None
    failed: tuple[int, ...] | None = None
    na: bool = False
    note: str = ""
    veto: Veto | None = None
    findings: tuple[FindingIn, ...] = ()


class Signature(Struct, frozen=True, kw_only=True):
    """The village's signature: who and the photo of it, or in `refused` why there is none (拒签)."""

    name: str = ""
    photo: UUID | None = None
    refused: str | None = None


class ChecklistRef(Struct, frozen=True, kw_only=True):
    """The very checklist that was used."""

    code: str
    version: str
    sha256: Sha256


class Submission(Struct, frozen=True, kw_only=True):
    """One visit to one village by one checklist; `photos` declares each photo once, wherever it is named."""

    inspection: UUID
    round: UUID
    village: VillageCode
    checklist: ChecklistRef
    inspectors: Annotated[tuple[UUID, ...], Meta(min_length=1)]
    started_at: Moment
    finished_at: Moment
    answers: tuple[Answer, ...]
    position: Position | None = None
    signature: Signature | None = None
    village_remarks: str = ""
    photos: tuple[PhotoIn, ...] = ()


class Amendment(Submission, frozen=True, kw_only=True):
    """更正: the whole sheet as it should have been, the revision of the visit that it was written over (None: written
    before the visit itself was receipted), and why."""

    base_rev: int | None = None
    reason: str = ""
