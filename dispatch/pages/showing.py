"""Tasks and photos as pages show them: plain words and addresses, put together from rows. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import asin, cos, radians, sin, sqrt
from typing import Any
from uuid import UUID

from dispatch.escalation import raised
from dispatch.models import Step, Task
from dispatch.pages.naming import Names
from dispatch.queries import ShownPhoto
from dispatch.stages import OPEN, RETURNED
from templates import words

SMALL, LARGE = 480, 1080


def address(sha256: str, width: int | None = None) -> str:
    """Where a photo's bytes are served, small or whole."""
    return f"/api/blobs/{sha256}" + (f"?w={width}" if width else "")


def picture(photo: ShownPhoto, caption: str = "") -> dict[str, Any]:
    """One photo: `src` empty while neither its bytes nor a preview are here."""
    here = photo.state == "stored" or photo.has_preview
    return {
        "id": photo.id, "src": address(photo.sha256, SMALL) if here else "",
        "full": address(photo.sha256) if photo.state == "stored" else "",
        "caption": caption or words.PHOTO_ROLE[photo.role], "state": photo.state, "reused": photo.seen_before,
        "twin": photo.twin,
    }  # fmt: skip


def apart(before: ShownPhoto, after: ShownPhoto) -> str:
    """How far two shots lie apart in place and time, as far as both say: 「相距约 12 米，相隔 2 天」."""
    said = []
    if before.position and after.position:
        said.append(f"相距{_length(metres(before.position, after.position))}")
    if before.taken_at and after.taken_at:
        said.append(_between(before.taken_at, after.taken_at))
    return "，".join(said)


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The distance of two points (latitude, longitude in degrees) over a sphere of 6371 km (haversine)."""
    (lat, lng), (lat2, lng2) = ((radians(part) for part in point) for point in (one, other))
    half = sin((lat2 - lat) / 2) ** 2 + cos(lat) * cos(lat2) * sin((lng2 - lng) / 2) ** 2
    return 2 * 6_371_000 * asin(sqrt(min(1.0, half)))


def _length(distance: float) -> str:
    return f"约 {round(distance)} 米" if distance < 1000 else f"约 {distance / 1000:.1f} 公里"


def _between(before: datetime, after: datetime) -> str:
    if after < before:
        return "整改后照片的拍摄时间早于整改前"
    minutes = int((after - before).total_seconds() // 60)
    if minutes < 60:
        return f"相隔 {minutes} 分钟"
    return f"相隔 {minutes // 60} 小时" if minutes < 48 * 60 else f"相隔 {minutes // 1440} 天"


def marks_of(task: Task) -> list[tuple[str, int]]:
    """The marks beside a stage, each with its count."""
    return [
        (name, count)
        for name, count in (
            ("raised", int(task.stage in OPEN and raised(task.deadline, task.rung, task.rung_for))),
            ("supervised", task.supervised), ("reopened", task.reopened), ("rejected", task.rejected),
            ("basis_gone", int(task.basis_gone)), ("extension_asked", int(task.asked_until is not None)),
            ("sweeping", int(task.sweep_until is not None)),
        )
        if count
    ]  # fmt: skip


def pairs_of(photos: Sequence[ShownPhoto]) -> dict[str, Any]:
    """Before-photos each with the newest after-photo that answers them.

    Photos of other places (举一反三) are shown apart. `pairs`: [(before, after or None, how far apart)], `older`: after-photos that were followed by a newer one, `loose`:
    after-photos that answer none. With a single before-photo every after-photo answers it.
    """
    before = [photo for photo in photos if photo.role == "before"]
    answers: dict[UUID, list[ShownPhoto]] = {photo.id: [] for photo in before}
    loose: list[ShownPhoto] = []
    for photo in photos:
        if photo.role != "after":
            continue
        target = photo.pairs if photo.pairs in answers else before[0].id if len(before) == 1 else None
        (answers[target] if target else loose).append(photo)
    return {
        "pairs": [
            (picture(one), picture(answers[one.id][-1]), apart(one, answers[one.id][-1]))
            if answers[one.id]
            else (picture(one), None, "")
            for one in before
        ],
        "older": [picture(photo, "先前提交") for found in answers.values() for photo in found[:-1]],
        "loose": [picture(photo) for photo in loose],
        "similar": [picture(photo) for photo in photos if photo.role == "similar"],
    }


def history(steps: Sequence[Step], photos: Sequence[ShownPhoto]) -> list[dict[str, Any]]:
    """The steps as a timeline, newest last; a note that was kept from an act that came too late says so."""
    counts: dict[UUID | None, int] = {}
    for photo in photos:
        counts[photo.step] = counts.get(photo.step, 0) + 1
    return [
        {
            "word": _word(step), "at": step.heard_at, "by": step.title, "text": step.text,
            "photos": counts.get(step.id, 0), "bad": step.verb in ("reject", "return"),
        }
        for step in steps
    ]  # fmt: skip


def _word(step: Step) -> str:
    if step.verdict == "conflict":
        return "未生效，存为备注"
    again = "（重复）" if step.verdict == "noop" else ""
    return words.verb(step.verb) + again


_NEXT = {
    "dispatched": "等待{unit}签收并整改。",
    "accepted": "等待{unit}整改后提交照片。",
    "submitted": "等待{town}复核：通过即销号或报区级抽核，没改到位会退回并写明原因。",
    "checked": "{town}已复核通过，等待区级办公室抽核销号。",
    "closed": "已销号，这项任务办结了。",
    "returned": "已退单，等待{town}或区级办公室转派。",
    "deferred": "已挂账，按计划到期再看。",
    "cancelled": "任务已撤销，不用再办。",
}


def next_step(task: Task, names: Names) -> str:
    """What happens next and by whom, in one sentence."""
    if task.stage == RETURNED and "-" in task.unit:
        return "已退单，等待区级办公室转派。"  # a department's task is not the town's to move
    return _NEXT[task.stage].format(unit=names.unit(task.unit), town=names.town(task.village))


def names_needed(task: Task) -> set[str]:
    """The codes a task's page names."""
    return {task.village, task.unit}


def forms(verbs: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """The verbs by where their forms stand on the page."""
    return {
        "work": [verb for verb in verbs if verb in ("submit", "accept", "return", "extend", "sweep_answer")],
        "review": [verb for verb in verbs if verb in ("pass", "close", "reject")],
        "more": [verb for verb in verbs if verb in ("reassign", "cancel", "note")],
        "aside": [verb for verb in verbs if verb in ("urge", "split", "sweep", "take_back")],
        "answer": [verb for verb in verbs if verb in ("extend_grant", "extend_refuse")],
        "beside": [
            verb for verb in verbs if verb in ("resume", "reopen", "supervise", "defer", "merge", "link")
        ],
    }
