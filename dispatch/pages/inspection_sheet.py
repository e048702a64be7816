"""The parts of an inspection's page: sections, items with what they lost and why, photos, the signature."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from dispatch.pages.showing import LARGE, SMALL, address
from inspections.methods import Bonus, Deduct, Levels, Measure, Sample, YesNo
from inspections.models import Finding, Inspection, Photo, PhotoUse
from inspections.sheet import Checklist, Item
from templates import words


@dataclass(frozen=True)
class UsedPhoto:
    """A photo and what it proves in this inspection."""

    id: UUID
    sha256: str
    state: str
    has_preview: bool
    role: str
    finding: UUID | None
    item: str
    taken_at: datetime | None

    @property
    def shown(self) -> dict[str, str]:
        """Addresses and caption for the page; `src` empty while there is nothing to see."""
        here = self.state == "stored" or self.has_preview
        preview = "（预览，原图待传）" if self.has_preview and self.state == "expected" else ""
        item = f" {self.item}" if self.role == "scene" and self.item else ""
        return {
            "src": address(self.sha256, SMALL) if here else "",
            "full": address(self.sha256, LARGE) if self.state == "stored" else "",
            "caption": words.PHOTO_ROLE[self.role] + item + preview,
            "absent": "已免补" if self.state == "waived" else "照片待传",
        }


async def read_photos(inspection: UUID) -> list[UsedPhoto]:
    """Every photo of an inspection, in the order they were linked; two queries."""
    uses = (
        await PhotoUse.filter(inspection=inspection)
        .order_by("id")
        .values("photo_id", "finding", "role", "item")
    )
    known = {photo.id: photo for photo in await Photo.filter(id__in=[use["photo_id"] for use in uses])}
    return [
        UsedPhoto(
            photo.id, photo.sha256, photo.state, photo.has_preview, use["role"],
            UUID(str(use["finding"])) if use["finding"] else None, use["item"], photo.taken_at,
        )
        for use in uses
        if (photo := known.get(use["photo_id"]))
    ]  # fmt: skip


def sections_of(visit: Inspection, checklist: Checklist) -> list[dict[str, Any]]:
    """Sections with what was earned of what counted; a section that did not apply has no base."""
    found = []
    for section in checklist.sections:
        earned, base = (Decimal(one) for one in visit.sections.get(section.code, ("0", "0")))
        found.append({"code": section.code, "name": section.name, "earned": earned, "base": base})
    return found


def items_lost(
    visit: Inspection, checklist: Checklist, findings: Sequence[Finding], photos: Sequence[UsedPhoto]
) -> list[dict[str, Any]]:
    """Every section with its items in the checklist's order; what was said, points, deductions, findings."""
    rows = {row["item"]: row for row in visit.answers}
    by_item: dict[str, list[Finding]] = {}
    for finding in findings:
        by_item.setdefault(finding.item, []).append(finding)
    return [
        {
            "name": section.name, "code": section.code,
            "items": [
                _item(item, rows.get(item.code, {}), by_item.get(item.code, []), photos) for item in section.items
            ],
        }
        for section in checklist.sections
    ]  # fmt: skip


def _item(
    item: Item, row: dict[str, Any], findings: Sequence[Finding], photos: Sequence[UsedPhoto]
) -> dict[str, Any]:
    points, weight = Decimal(row.get("points", "0")), Decimal(row.get("weight", str(item.weight)))
    return {
        "code": item.code, "text": item.text, "points": points, "weight": weight, "na": bool(row.get("na")),
        "lost": not row.get("na") and points < weight, "unproven": bool(row.get("unproven")),
        "veto": row.get("veto") or {}, "note": row.get("note", ""), "said": _said(item, row),
        "findings": [_finding(one, item, photos) for one in findings],
    }  # fmt: skip


def _finding(finding: Finding, item: Item, photos: Sequence[UsedPhoto]) -> dict[str, Any]:
    return {
        "id": finding.id, "place": finding.place, "text": finding.text, "count": finding.count,
        "rule": _rule_name(item, finding.rule), "action": finding.action, "severity": finding.severity,
        "photos": [one.shown for one in photos if one.finding == finding.id],
    }  # fmt: skip


def _rule_name(item: Item, rule: str) -> str:
    found = (
        next((r for r in item.scoring.rules if r.key == rule), None)
        if isinstance(item.scoring, Deduct)
        else None
    )
    return "" if found is None else found.when or ("一般" if rule == "each" else rule)


def _said(item: Item, row: dict[str, Any]) -> str:
    """What was answered and what each part of it cost, in one line."""
    scoring = item.scoring
    if isinstance(scoring, Deduct):
        named = {rule.key: rule.when or "一般" for rule in scoring.rules}
        parts = [
            f"{named.get(rule, rule)} {count} {scoring.unit}，扣 {_plain(off)}"
            for rule, count, off in row.get("detail", [])
        ]
        return "；".join(parts)
    if isinstance(scoring, Levels):
        return next(
            (f"{one.key} 档：{one.name}" for one in scoring.levels if one.key == row.get("level")), ""
        )
    if isinstance(scoring, YesNo):
        return {True: "是", False: "否"}.get(row.get("yes", ""), "")
    if isinstance(scoring, Measure):
        value = row.get("value")
        return (
            ""
            if value in (None, "")
            else f"{'系统计算' if item.auto_source else '实测'} {_plain(value)} {scoring.unit}"
        )
    if isinstance(scoring, Sample):
        failed = row.get("failed", [])
        return f"抽 {len(row.get('drawn', []))} {scoring.unit}，不合格 {len(failed)} {scoring.unit}"
    return "加分" if isinstance(scoring, Bonus) and Decimal(row.get("points", "0")) else ""


def _plain(value: object) -> str:
    text = f"{Decimal(str(value)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def awaited(photos: Sequence[UsedPhoto], findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Photos that were announced and have not come, each once: what each shows, where, and when it was taken."""
    places = {one.id: f"{one.place} {one.text}".strip() for one in findings}
    return [
        {
            "id": one.id, "item": one.item, "role": one.role, "taken_at": one.taken_at,
            "about": places.get(one.finding, "") if one.finding else "",
        }
        for one in {photo.id: photo for photo in photos if photo.state == "expected"}.values()
    ]  # fmt: skip


def signed(visit: Inspection, photos: Sequence[UsedPhoto]) -> dict[str, Any]:
    """Who signed for the village and the picture of it, or why nobody did."""
    given = visit.signature or {}
    picture = next((one.shown for one in photos if one.role == "signature"), None)
    return {"name": given.get("name") or "", "refused": given.get("refused") or "", "photo": picture}
