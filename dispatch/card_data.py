"""A scorecard's content: from the rows of one snapshot to the words and figures that are printed.

`compose` leaves out what belongs to an edition (number, code, times); photos are named by content, not by path.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dispatch.card_figures import DASH, card_number, grade_name
from dispatch.card_notes import clip, comment, deduction, lost_points, numbers, veto_lines
from dispatch.card_read import CardRows, picture
from dispatch.card_tasks import closed_pairs, mended_pairs, open_list
from inspections.models import Finding
from inspections.sheet import Checklist, Item
from inspections.vetoes import claims_of
from templates.charts import Point
from templates.filters import day, figure, full_day, moment
from templates.pdf import ItemRow, Photo, Refusal, Result, Section, Sheet, Signature
from templates.words import ROUND_TYPE

RATES = {  # what the system computed for an item is worth a line beside the trend
    "task_on_time_rate_last_round": "上期问题按期销号率",
    "task_on_time_rate_12m": "近12个月问题按期销号率",
}


@dataclass(frozen=True)
class Gallery:
    """The numbered photos of a card, and each item's numbers."""

    photos: list[Photo]
    of_item: Mapping[str, list[int]]


def compose(read: CardRows) -> dict[str, Any]:
    """The card's content (CardContext without what an edition adds). `path` of a photo is `<state>:<sha256>`."""
    visit = read.inspection
    answers = {row["item"]: row for row in visit.answers}
    found: dict[str, list[Finding]] = defaultdict(list)
    for finding in read.findings:
        found[finding.item].append(finding)
    gallery = _gallery(read, answers, found)
    refused = (visit.signature or {}).get("refused") or ""
    names = _names(read)
    return {
        "title": f"{read.district_name}{read.checklist.title}",
        "demo": read.demo,
        "round_name": visit.round.name,
        "date": full_day(visit.finished_at),
        "kind": ROUND_TYPE.get(visit.round.type, visit.round.type),
        "number": card_number(visit),
        "town": read.town_name,
        "village": read.village_name,
        "code": visit.village,
        "published": visit.stage == "published",
        "late": f"迟报：{full_day(visit.heard_at)}补录" if visit.late else "",
        "sheets": [_sheet(read, answers, found, gallery)],
        "photos": gallery.photos,
        "pairs": [*mended_pairs(read, names), *closed_pairs(read)],
        "open_tasks": open_list(read),
        "trend": _trend(read),
        "trend_note": _rate(read.checklist, answers),
        "signatures": _signatures(read, names),
        "signed_on": full_day(visit.finished_at) if visit.signature else "",
        "village_signed": bool(visit.signature) and not refused,
        "refusal": Refusal(reason=refused, witnesses="、".join(names)) if refused else None,
        "remarks": visit.remarks,
    }


def _names(read: CardRows) -> list[str]:
    return [read.people.get(str(person), "") for person in read.inspection.inspectors]


def _gallery(read: CardRows, answers: Mapping[str, Any], found: Mapping[str, Sequence[Finding]]) -> Gallery:
    """Before-photos in the order of the checklist, a partner's added ones after them; waived ones are not shown."""
    by_finding: dict[str, list[dict[str, Any]]] = defaultdict(list)
    added: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in read.photos:
        if row["state"] == "waived":
            continue
        if row["role"] == "before" and row["finding"]:
            by_finding[str(row["finding"])].append(row)
        elif row["role"] == "scene" and row["item"]:
            added[row["item"]].append(row)
    tasks = {task["finding"]: task for task in read.tasks}
    photos: list[Photo] = []
    of_item: dict[str, list[int]] = defaultdict(list)
    for item in read.checklist.items:
        answer = answers.get(item.code, {})
        told: list[tuple[dict[str, Any], Finding | None, str]] = [
            (row, finding, deduction(item, answer, finding))
            for finding in found.get(item.code, ())
            for row in by_finding[str(finding.id)]
        ]
        told += [(row, None, "") for row in added[item.code]]
        for row, one, cost in told:
            of_item[item.code].append(len(photos) + 1)
            photos.append(_photo(len(photos) + 1, item, row, one, cost, tasks))
    return Gallery(photos, of_item)


def _photo(
    no: int, item: Item, row: Mapping[str, Any], finding: Finding | None, cost: str, tasks: Mapping[str, Any]
) -> Photo:
    task = tasks.get(str(finding.id)) if finding else None
    fixed = finding is not None and finding.action == "fixed"
    return Photo(
        no=str(no),
        path=picture(row),
        preview=row["state"] != "stored" and bool(row["has_preview"]),
        item=item.code,
        place=(clip(finding.place, 40) if finding else "") or "现场",
        problem=clip(finding.text, 60) if finding else "补充照片",
        deduction=cost,
        deadline=f"限{day(task['deadline'], task['deadline'])}前" if task else "当场整改" if fixed else "",
        taken=moment(row["taken_at"], row["taken_at"]) if row["taken_at"] else "",
    )


def _sheet(
    read: CardRows, answers: Mapping[str, Any], found: Mapping[str, Sequence[Finding]], gallery: Gallery
) -> Sheet:
    visit, checklist = read.inspection, read.checklist
    sections: list[Section] = []
    vetoed = {claim.item for claim in claims_of(visit) if claim.counts}
    number = 0
    for part in checklist.sections:
        earned, base = (Decimal(value) for value in visit.sections.get(part.code, ("0", "0")))
        rows = []
        for item in part.items:
            number += 1
            row = _item_row(number, item, answers.get(item.code, {}), found, gallery)
            rows.append(row | {"veto": item.code in vetoed})
        sections.append(
            Section(
                name=part.name, weight=figure(base), lost=figure(max(base - earned, Decimal(0))),
                score=figure(earned), items=rows,
            )
        )  # fmt: skip
    means = _means(read)
    return Sheet(
        title=checklist.title,
        version=f"{checklist.title} {checklist.code} {checklist.version} 版（{visit.checklist_sha256[:8]}）",
        sections=sections,
        result=_result(read),
        bars=[
            {
                "label": part.name, "value": float(visit.sections[part.code][0]),
                "full": float(visit.sections[part.code][1]), "text": f"{row['score']} / {row['weight']}",
                "mark": means.get(part.code),
            }
            for part, row in zip(checklist.sections, sections, strict=True)
            if part.code in visit.sections
        ],
        bars_note="竖线为本镇平均" if means else "",
        vetoes=veto_lines(claims_of(visit), read.people),
    )  # fmt: skip


def _item_row(
    number: int, item: Item, answer: Mapping[str, Any], found: Mapping[str, Sequence[Finding]],
    gallery: Gallery,
) -> ItemRow:  # fmt: skip
    away = bool(answer.get("na"))
    silent = away or "points" not in answer
    return ItemRow(
        no=str(number),
        code=item.code,
        text=item.text,
        weight=figure(item.weight) if item.weight else "加分",
        lost=DASH if silent else figure(lost_points(answer)),
        score=DASH if silent else figure(answer["points"]),
        note=comment(item, answer, found.get(item.code, ())),
        photos=numbers(gallery.of_item.get(item.code, ())),
        na=away,
        veto=False,
    )


def _means(read: CardRows) -> dict[str, float]:
    """The town's mean of each section, in points of this visit's base; {} before publication."""
    own = read.inspection.sections
    shares: dict[str, list[float]] = defaultdict(list)
    for peer in read.peers:
        if peer["town"] == read.inspection.town:
            for code, (earned, base) in peer["sections"].items():
                if float(base):
                    shares[code].append(float(earned) / float(base))
    return {
        code: round(sum(known) / len(known) * float(own[code][1]), 3)
        for code, known in shares.items()
        if code in own and len(known) > 1
    }


def _result(read: CardRows) -> Result:
    visit = read.inspection
    town = sum(peer["town"] == visit.town for peer in read.peers)
    return Result(
        total=figure(visit.score, read.checklist.total_places),
        grade=grade_name(read.checklist, visit.grade),
        grade_key=visit.grade,  # type: ignore[typeddict-item]  # a checklist may have grades of its own
        weight=figure(read.checklist.total),
        lost=figure(max(visit.base - visit.earned, Decimal(0))),
        earned=figure(visit.earned),
        base=figure(visit.base),
        town_rank=_place(visit.town_rank, town),
        district_rank=_place(visit.district_rank, len(read.peers)),
        change=_change(read),
        scaled=visit.base != read.checklist.total,
    )


def _place(place: int | None, of: int) -> str:
    return DASH if place is None else f"{place} / {of}"


def _change(read: CardRows) -> str:
    before = read.visits[1]["score"] if len(read.visits) > 1 else None
    if before is None or read.inspection.score is None:
        return DASH
    off = read.inspection.score - before
    return f"{off:+.1f}" if off else "持平"


def _trend(read: CardRows) -> list[Point]:
    """Oldest first; two rounds of one month are told apart by the day they opened."""
    seen = list(reversed(read.visits))
    if len(seen) < 2:
        return []
    months = [(row["round__opens"].year, row["round__opens"].month) for row in seen]
    points = []
    for row, month in zip(seen, months, strict=True):
        opens = row["round__opens"]
        label = f"{opens.month}月" if months.count(month) == 1 else f"{opens.month}.{opens.day}"
        score = row["score"]
        points.append(
            Point(
                label=label,
                value=None if score is None else float(score),
                text=figure(score, 1) if score is not None else "",
            )
        )
    return points


def _rate(checklist: Checklist, answers: Mapping[str, Any]) -> str:
    for item in checklist.items:
        value = answers.get(item.code, {}).get("value")
        if item.auto_source in RATES and value is not None:
            return f"{RATES[item.auto_source]} {figure(value)}%"
    return ""


def _signatures(read: CardRows, names: Sequence[str]) -> list[Signature]:
    given = read.inspection.signature or {}
    signed = next((picture(row) for row in read.photos if row["role"] == "signature"), None)
    return [
        Signature(role="检查人员", names="\n".join(names), path=None),
        Signature(
            role="村委会负责人", names="" if given.get("refused") else given.get("name", ""), path=signed
        ),
        Signature(role="镇街确认人", names="", path=None),
    ]
