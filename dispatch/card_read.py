"""Everything a scorecard is made from, read in one snapshot: ten queries, whatever the visit holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from dispatch.models import Step
from inspections.checklists import checklist_by_sha
from inspections.models import Finding, Inspection, PhotoUse
from inspections.sheet import Checklist
from villages.changes import shielded
from villages.ground import clock
from villages.ground.database import rows, snapshot
from villages.ground.problems import Problem
from villages.models import Person

TREND = 8  # visits shown, this one among them
_CLOSING = ("submit", "pass", "close", "close_on_site")


@dataclass(frozen=True)
class CardRows:
    """One visit and all that its card tells, as it stood at `rev` of the district's trail."""

    inspection: Inspection  # with its round
    checklist: Checklist
    district_name: str
    demo: bool
    town_name: str
    village_name: str
    rev: int
    chain_hash: str
    read_at: datetime
    findings: list[Finding]
    photos: list[dict[str, Any]]  # item, finding, role; photo id, sha256, state, has_preview, taken_at
    tasks: list[dict[str, Any]]  # oldest number first; `unit_name` as people say it
    steps: dict[str, list[Step]]  # by task: submissions, passes and closings that took effect
    task_photos: dict[str, list[dict[str, Any]]]  # by task, in the order they came
    people: dict[str, str]  # titles by person id
    visits: list[
        dict[str, Any]
    ]  # the village's visits by this checklist and owner up to this one, newest first
    peers: list[dict[str, Any]]  # town and sections of every published visit of the round; empty before


def picture(row: Mapping[str, Any]) -> str | None:
    """A photo named by its content; None while nothing of it is here."""
    if row["state"] == "stored":
        return f"stored:{row['sha256']}"
    return f"preview:{row['sha256']}" if row["has_preview"] else None


async def read_card(inspection_id: UUID) -> CardRows:
    """The rows behind a card. Raises not_found, and nothing_to_print for a visit that was voided."""
    parts = await shielded(_read(inspection_id))
    # By its hash the checklist never changes: it needs no place in the snapshot.
    checklist = await checklist_by_sha(parts["inspection"].checklist_sha256)
    return CardRows(checklist=checklist, **parts)


async def _read(inspection_id: UUID) -> dict[str, Any]:
    async with snapshot():
        inspection = await Inspection.get_or_none(id=inspection_id).select_related("round")
        if inspection is None:
            raise Problem("not_found")
        if inspection.stage == "void":
            raise Problem("nothing_to_print")
        place = (await rows(_PLACE, inspection.village))[0]
        findings = await Finding.filter(inspection_id=inspection_id).order_by("id")
        tasks = [_plain(row) for row in await rows(_TASKS, str(inspection_id))]
        return {
            "inspection": inspection,
            "district_name": place["district_name"],
            "demo": place["kind"] == "demo",
            "town_name": place["town_name"],
            "village_name": place["village_name"],
            "rev": int(place["rev"]),
            "chain_hash": place["chain_hash"],
            "read_at": clock.now(),
            "findings": findings,
            "photos": await _photos(inspection_id),
            "tasks": tasks,
            "steps": await _steps([UUID(task["id"]) for task in tasks]),
            "task_photos": _by_task([_plain(row) for row in await rows(_TASK_PHOTOS, str(inspection_id))]),
            "people": await _people(inspection),
            "visits": await _visits(inspection),
            "peers": await _peers(inspection),
        }


_PLACE = (
    "SELECT v.name AS village_name, t.name AS town_name, h.name AS district_name, h.kind, h.rev, h.chain_hash"
    " FROM village v JOIN town t ON t.code = v.town JOIN district_head h ON h.district = SUBSTR(v.code, 1, 6)"
    " WHERE v.code = ?"
)
_TASKS = (
    "SELECT k.id, k.number, k.finding, k.item, k.unit, u.name AS unit_name, k.stage, k.place, k.text, k.deadline,"
    " k.closed_at FROM task k LEFT JOIN unit u ON u.code = k.unit WHERE k.inspection = ? ORDER BY k.number, k.id"
)
_TASK_PHOTOS = (
    "SELECT l.task_id, l.photo, l.sha256, l.role, l.pairs, l.step, p.state, p.has_preview, p.taken_at"
    " FROM task_photo l JOIN task k ON k.id = l.task_id JOIN photo p ON p.id = l.photo"
    " WHERE k.inspection = ? ORDER BY l.id"
)
_MOMENTS = ("deadline", "closed_at", "taken_at")


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """A raw row of either engine: ids as text, times aware, flags true or false."""
    clean = {key: str(value) if isinstance(value, UUID) else value for key, value in row.items()}
    for key in _MOMENTS:
        if isinstance(clean.get(key), str):
            moment = datetime.fromisoformat(clean[key])
            clean[key] = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if "has_preview" in clean:
        clean["has_preview"] = bool(clean["has_preview"])
    return clean


async def _photos(inspection_id: UUID) -> list[dict[str, Any]]:
    found = await (
        PhotoUse.filter(inspection=inspection_id)
        .order_by("id")
        .values("item", "finding", "role", "photo_id", "photo__sha256", "photo__state", "photo__has_preview",
                "photo__taken_at")
    )  # fmt: skip
    return [{key.removeprefix("photo__"): value for key, value in row.items()} for row in found]


async def _steps(tasks: list[UUID]) -> dict[str, list[Step]]:
    found: dict[str, list[Step]] = {}
    for step in (
        await Step.filter(task_id__in=tasks, verb__in=_CLOSING, verdict__in=("applied", "merged")).order_by(
            "rev", "id"
        )
        if tasks
        else []
    ):
        found.setdefault(str(step.task_id), []).append(step)  # type: ignore[attr-defined]
    return found


def _by_task(links: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for link in links:
        found.setdefault(link["task_id"], []).append(link)
    return found


async def _people(inspection: Inspection) -> dict[str, str]:
    ids = [*inspection.inspectors, str(inspection.author)]
    return {str(row["id"]): row["title"] for row in await Person.filter(id__in=ids).values("id", "title")}


async def _visits(inspection: Inspection) -> list[dict[str, Any]]:
    """A visit of a later round is none of this card's business; of one round only the visit that stands counts."""
    here = inspection.round
    found = await (
        Inspection.filter(
            village=inspection.village, checklist_code=inspection.checklist_code, round__owner=here.owner,
            round__opens__lte=here.opens,
        )
        .exclude(stage="void")
        .order_by("-round__opens", "-heard_at")
        .limit(TREND * 2)
        .values("id", "round_id", "score", "round__opens")
    )  # fmt: skip
    earlier = [row for row in found if row["round__opens"] < here.opens]
    mine = {"id": inspection.id, "round_id": here.id, "score": inspection.score, "round__opens": here.opens}
    once = {row["round_id"]: row for row in reversed(earlier)}
    return [mine, *reversed(once.values())][:TREND]


async def _peers(inspection: Inspection) -> list[dict[str, Any]]:
    """Only what publishing has frozen: before that, a card would change with every visit elsewhere."""
    if inspection.stage != "published":
        return []
    return await Inspection.filter(
        round_id=inspection.round.id, checklist_code=inspection.checklist_code, stage="published",
        score__isnull=False,
    ).values("town", "sections")  # fmt: skip
