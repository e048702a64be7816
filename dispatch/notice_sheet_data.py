"""What a 整改通知单 says: a village's open tasks, read in one snapshot and put in words."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import rfc8785

from dispatch.card_read import picture
from dispatch.deadlines import days_left, overdue
from dispatch.stages import DEFERRED, OPEN
from templates.filters import committee, full_day, moment
from templates.words import SEVERITY, STAGE
from villages.changes import shielded
from villages.ground import clock
from villages.ground.database import rows, snapshot
from villages.models import DistrictHead, Town, Village

SHOTS = 3  # pictures of one task; the record has all of them
_TASKS = (
    "SELECT k.id, k.number, k.item, k.unit, u.name AS unit_name, k.stage, k.severity, k.place, k.text, k.requirement,"
    " k.deadline, k.days FROM task k LEFT JOIN unit u ON u.code = k.unit WHERE k.village = ? AND k.stage IN ({open})"
    " ORDER BY k.deadline, k.number, k.id"
)
_PHOTOS = (
    "SELECT l.task_id, l.sha256, p.state, p.has_preview, p.taken_at FROM task_photo l JOIN task k ON k.id = l.task_id"
    " JOIN photo p ON p.id = l.photo WHERE k.village = ? AND l.role = 'before' AND p.state <> 'waived'"
    " AND k.stage IN ({open}) ORDER BY l.id"
)


@dataclass(frozen=True)
class SheetRows:
    """A village's open tasks as they stood at `rev` of the district's trail."""

    village: str
    village_name: str
    town_name: str
    district_name: str
    demo: bool
    rev: int
    chain_hash: str
    read_at: datetime
    tasks: list[dict[str, Any]]  # by deadline
    photos: dict[str, list[dict[str, Any]]]  # before-photos by task
    deferred: int


async def read_sheet(village: str) -> SheetRows:
    """The rows behind a sheet: six queries, whatever their number."""
    return await shielded(_read(village))


async def _read(village: str) -> SheetRows:
    stages = sorted(OPEN)
    marks = ", ".join("?" * len(stages))
    async with snapshot():
        place = await Village.get(code=village)
        town = await Town.get(code=place.town)
        head = await DistrictHead.get(district=village[:6])
        tasks = [_plain(row) for row in await rows(_TASKS.format(open=marks), village, *stages)]
        photos: dict[str, list[dict[str, Any]]] = {}
        for row in await rows(_PHOTOS.format(open=marks), village, *stages):
            photos.setdefault(str(row["task_id"]), []).append(_plain(row))
        held = await rows("SELECT COUNT(*) AS n FROM task WHERE village = ? AND stage = ?", village, DEFERRED)
        return SheetRows(
            village, place.name, town.name, head.name, head.kind == "demo", int(head.rev), head.chain_hash, clock.now(),
            tasks, photos, int(held[0]["n"]),
        )  # fmt: skip


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A raw row of either engine: ids as text, times aware."""
    clean = {key: str(value) if isinstance(value, UUID) else value for key, value in row.items()}
    for key in ("deadline", "taken_at"):
        if isinstance(clean.get(key), str):
            at = datetime.fromisoformat(clean[key])
            clean[key] = at if at.tzinfo else at.replace(tzinfo=UTC)
    return clean


def compose(read: SheetRows) -> dict[str, Any]:
    """The sheet's content without what an edition adds; photos are named by content, not by path."""
    return {
        "title": "整改通知单",
        "district": read.district_name,
        "town": read.town_name,
        "village": read.village_name,
        "to": f"{read.town_name}{read.village_name}村民委员会",
        "demo": read.demo,
        "deferred": read.deferred,
        "tasks": [_task(read, number, task) for number, task in enumerate(read.tasks, 1)],
    }


def _task(read: SheetRows, number: int, task: Mapping[str, Any]) -> dict[str, Any]:
    shots = read.photos.get(task["id"], [])
    return {
        "no": str(number),
        "number": task["number"],
        "item": task["item"],
        "severity": SEVERITY.get(task["severity"], task["severity"]),
        "place": task["place"] or "现场",
        "text": task["text"],
        "requirement": task["requirement"] or "恢复原貌，达到检查标准。",
        "unit": _unit(read, task),
        "deadline": full_day(task["deadline"]),
        "days": f"{task['days']}天",
        "stage": STAGE[task["stage"]],
        "mark": _late(task, read.read_at),
        "photos": [_shot(one) for one in shots[:SHOTS]],
        "more": len(shots) - SHOTS if len(shots) > SHOTS else 0,
    }


def _unit(read: SheetRows, task: Mapping[str, Any]) -> str:
    if task["unit"] == read.village:
        return committee(read.village_name)
    return read.town_name if task["unit"] == read.village[:9] else task["unit_name"] or str(task["unit"])


def _late(task: Mapping[str, Any], now: datetime) -> str:
    if not overdue(task["deadline"], task["stage"], now):
        return ""
    days = -days_left(task["deadline"], now)
    return f"逾期{days}天" if days else "今天已逾期"


def _shot(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "path": picture(row), "preview": row["state"] != "stored" and bool(row["has_preview"]),
        "taken": f"{moment(row['taken_at'], row['taken_at'])}拍摄" if row["taken_at"] else "",
    }  # fmt: skip


def fingerprint(sheet: Mapping[str, Any]) -> str:
    """SHA-256 of all that is printed but for what the clock alone changes."""
    tasks: Sequence[Mapping[str, Any]] = [
        {key: value for key, value in task.items() if key != "mark"} for task in sheet["tasks"]
    ]
    return hashlib.sha256(rfc8785.dumps({**sheet, "tasks": list(tasks)})).hexdigest()


def figures_of(read: SheetRows) -> dict[str, Any]:
    """What the verify page shows and what travels inside the PDF: which tasks, no words and no people."""
    return {
        "district": read.district_name, "town": read.town_name, "village": read.village_name,
        "village_code": read.village, "deferred": read.deferred, **({"demo": True} if read.demo else {}),
        "tasks": [
            {
                "number": task["number"], "item": task["item"], "stage": task["stage"],
                "deadline": clock.rfc3339(task["deadline"]),
            }
            for task in read.tasks
        ],
    }  # fmt: skip
