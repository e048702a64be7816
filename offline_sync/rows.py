"""Rows as the feed tells them (sync.md §3 "Rows"): least fields kept, scores as decimal strings, times RFC 3339."""

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from dispatch.escalation import RAISE
from dispatch.stages import OPEN
from villages.ground import clock
from villages.ground.database import rows

Row = dict[str, Any]


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _moment(value: Any) -> str | None:
    if value is None:
        return None
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return clock.rfc3339(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _id(value: Any) -> str | None:
    return None if value is None else str(value)


def _point(lat: Any, lng: Any) -> Row | None:
    return None if lat is None or lng is None else {"lat": float(lat), "lng": float(lng)}


def _decimal(value: Any, places: str) -> str | None:
    return None if value is None else str(Decimal(str(value)).quantize(Decimal(places)))


async def settings_row(row: Row) -> Row:
    return {"district": row["district"], "name": row["name"], "kind": row["kind"], **_json(row["settings"])}


async def _plain(found: list[Row], *fields: str) -> list[Row]:
    return [{name: row[name] for name in fields} for row in found]


async def towns(found: list[Row]) -> list[Row]:
    return await _plain(found, "code", "name", "kind")


async def units(found: list[Row]) -> list[Row]:
    return [
        {"code": row["code"], "name": row["name"], "kind": row["kind"], "active": bool(row["active"])}
        for row in found
    ]


async def checklists(found: list[Row]) -> list[Row]:
    return [
        {**_only(row, "code", "version", "sha256", "title", "stage"), "body": _json(row["body"])}
        for row in found
    ]


async def rounds(found: list[Row]) -> list[Row]:
    return [
        {
            **_only(row, "name", "number", "type", "stage", "owner"), "id": str(row["id"]),
            "opens": str(row["opens"]), "closes": str(row["closes"]), "checklists": _json(row["checklists"]),
        }
        for row in found
    ]  # fmt: skip


async def assignments(found: list[Row]) -> list[Row]:
    names = await _names(partner for row in found for partner in _json(row["partners"]))
    return [
        {
            "id": str(row["id"]), "round": str(row["round_id"]), "village": row["village"],
            "checklist": row["checklist"], "with": _json(row["partners"]),
            "with_names": _named(names, _json(row["partners"])), "draw": bool(row["draw"]), "stage": row["stage"],
        }
        for row in found
    ]  # fmt: skip


async def cards(found: list[Row]) -> list[Row]:
    return [
        {
            "id": str(row["id"]), "command": str(row["command"]), "status": row["status"],
            "reason": row["reason"], "about": {"kind": row["about_kind"], "id": row["about_id"]},
            "text": row["text"], "at": _moment(row["at"]), "dismissed": bool(row["dismissed"]),
        }
        for row in found
    ]  # fmt: skip


async def villages(found: list[Row]) -> list[Row]:
    return [
        {
            "code": row["code"], "name": row["name"], "aliases": _json(row["aliases"]), "town": row["town"],
            "location": _point(row["lat"], row["lng"]), "groups": _json(row["groups"]), "tags": _json(row["tags"]),
            "search": row["search"],
        }
        for row in found
    ]  # fmt: skip


async def inspections(found: list[Row]) -> list[Row]:
    photos = await _inspection_photos(ids_of(found))
    names = await _names(person for row in found for person in _people(row))
    return [
        {
            "id": str(row["id"]), "round": str(row["round_id"]), "village": row["village"],
            "checklist": {
                "code": row["checklist_code"], "version": row["checklist_version"],
                "sha256": row["checklist_sha256"],
            },
            "inspectors": _json(row["inspectors"]), "inspector_names": _named(names, _people(row)),
            "author": str(row["author"]),
            "finished_at": _moment(row["finished_at"]), "heard_at": _moment(row["heard_at"]),
            "stage": row["stage"], "late": bool(row["late"]),
            "score": _decimal(row["score"], "0.1"), "grade": row["grade"] or None, "vetoed": bool(row["vetoed"]),
            "answers": _json(row["answers"]), "photos": photos[str(row["id"])],
        }
        for row in found
    ]  # fmt: skip


async def tasks(found: list[Row]) -> list[Row]:
    ids = ids_of(found)
    photos, steps = await _task_photos(ids), await _steps(ids)
    return [
        {
            "id": str(row["id"]), "number": row["number"], "village": row["village"],
            "inspection": str(row["inspection"]), "item": row["item"], "finding": str(row["finding"]),
            "unit": row["unit"], "stage": row["stage"], "dispatched_at": _moment(row["dispatched_at"]),
            "deadline": _moment(row["deadline"]), "submitted_by": _json(row["submitters"]), "severity": row["severity"], "place": row["place"], "text": row["text"],
            "requirement": row["requirement"], "origin": row["origin"], "category": row["category"],
            "marks": {
                "supervised": row["supervised"], "reopened": row["reopened"], "rejected": row["rejected"],
                "basis_gone": bool(row["basis_gone"]),
                "raised": row["stage"] in OPEN and row["rung"] >= RAISE and row["rung_for"] == row["deadline"],
            },
            "extension": {"given": row["extended"], "asked_until": _moment(row["asked_until"])},
            "look_again": _moment(row["look_again"]), "interim": row["interim"],
            "merged_into": _id(row["merged_into"]), "again_of": _id(row["again_of"]),
            "split_from": _id(row["split_from"]), "sweep_until": _moment(row["sweep_until"]),
            "photos": photos[str(row["id"])], "steps": steps[str(row["id"])],
        }
        for row in found
    ]  # fmt: skip


async def look_backs(found: list[Row]) -> list[Row]:
    grouped = await _grouped("SELECT id, due FROM look_back WHERE id IN ({ids})", _drawn(found), "id")
    return [
        {
            "id": str(row["id"]), "task": str(row["task_id"]), "village": row["village"],
            "due": _moment(grouped[str(row["look_back_id"])][0]["due"]), "outcome": row["outcome"],
        }
        for row in found
    ]  # fmt: skip


def _drawn(found: list[Row]) -> list[str]:
    return list(dict.fromkeys(str(row["look_back_id"]) for row in found))


async def photos(found: list[Row]) -> list[Row]:
    return [
        {
            "id": str(row["id"]), "sha256": row["sha256"], "size": row["size"], "state": row["state"],
            "taken_at": _moment(row["taken_at"]), "has_preview": bool(row["has_preview"]),
        }
        for row in found
    ]  # fmt: skip


def _only(row: Row, *names: str) -> Row:
    return {name: row[name] for name in names}


def marks(count: int) -> str:
    """`?, ?, ?` for an IN list."""
    return ", ".join("?" * count)


async def _grouped(text: str, ids: list[str], key: str) -> dict[str, list[Row]]:
    grouped: dict[str, list[Row]] = defaultdict(list)
    for start in range(0, len(ids), 500):
        part = ids[start : start + 500]
        for row in await rows(text.replace("{ids}", marks(len(part))), *part):
            grouped[str(row[key])].append(row)
    return grouped


def _people(visit: Row) -> list[str]:
    return list(dict.fromkeys([*_json(visit["inspectors"]), str(visit["author"])]))


async def _names(people: Iterable[str]) -> dict[str, str]:
    """What screens call these people, by id."""
    ids = list(dict.fromkeys(people))
    grouped = await _grouped("SELECT id, title FROM person WHERE id IN ({ids})", ids, "id")
    return {person: found[0]["title"] for person, found in grouped.items()}


def _named(names: dict[str, str], people: Iterable[str]) -> dict[str, str]:
    return {person: names[person] for person in people if person in names}


async def _inspection_photos(ids: list[str]) -> dict[str, list[Row]]:
    grouped = await _grouped(
        "SELECT u.inspection, u.item, u.finding, u.role, p.id, p.sha256 FROM photo_use u"
        " JOIN photo p ON p.id = u.photo_id WHERE u.inspection IN ({ids}) ORDER BY u.id",
        ids, "inspection",
    )  # fmt: skip
    return _each(grouped, lambda use: {"id": str(use["id"]), "sha256": use["sha256"], "role": use["role"],
                                       "finding": str(use["finding"]) if use["finding"] else None})  # fmt: skip


async def _task_photos(ids: list[str]) -> dict[str, list[Row]]:
    grouped = await _grouped(
        "SELECT task_id, photo, sha256, role, pairs FROM task_photo"
        " WHERE task_id IN ({ids}) AND role IN ('before', 'after') ORDER BY id",
        ids, "task_id",
    )  # fmt: skip
    return _each(grouped, lambda use: {"id": str(use["photo"]), "sha256": use["sha256"], "role": use["role"],
                                       "pairs": str(use["pairs"]) if use["pairs"] else None})  # fmt: skip


async def _steps(ids: list[str]) -> dict[str, list[Row]]:
    grouped = await _grouped(
        "SELECT task_id, rev, verb, heard_at, title, text, from_stage, to_stage, verdict, until FROM step"
        " WHERE task_id IN ({ids}) ORDER BY rev, id",
        ids, "task_id",
    )  # fmt: skip
    return _each(grouped, lambda step: {"rev": step["rev"], "verb": step["verb"], "at": _moment(step["heard_at"]),
                                        "by": step["title"], "text": step["text"], "to": step["to_stage"],
                                        "verdict": step["verdict"], "until": _moment(step["until"])})  # fmt: skip


def _each(grouped: dict[str, list[Row]], shape: Any) -> dict[str, list[Row]]:
    told: dict[str, list[Row]] = defaultdict(list)
    for key, found in grouped.items():
        told[key] = [shape(row) for row in found]
    return told


def ids_of(found: Iterable[Row]) -> list[str]:
    """Ids as text."""
    return [str(row["id"]) for row in found]


def settings_of(head: Row) -> Row:
    """A district head's settings as a dict, whichever engine read it."""
    found: Row = _json(head["settings"])
    return found
