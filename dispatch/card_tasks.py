"""The tasks on a scorecard: what was mended, before and after, and what is still open."""

from collections.abc import Mapping, Sequence
from typing import Any

from dispatch.card_notes import clip
from dispatch.card_read import CardRows, picture
from dispatch.deadlines import days_left, overdue
from dispatch.models import Step
from dispatch.stages import CLOSED, OPEN
from inspections.models import Finding
from templates.filters import committee, full_day
from templates.pdf import OpenTask, Pair, Side
from templates.words import STAGE

_SPOTS = 3  # pairs shown of one task; the record has all of them
Spot = tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]  # before, after
_SHOWN = (*sorted(OPEN), "deferred")


def open_list(read: CardRows) -> list[OpenTask]:
    """Tasks of this visit not yet closed, nearest deadline first. `mark` is derived from the time of the reading."""
    waiting = sorted(
        (task for task in read.tasks if task["stage"] in _SHOWN), key=lambda t: (t["deadline"], t["number"])
    )
    return [
        OpenTask(
            number=task["number"],
            problem=f"{task['item']} {clip(_told(task['place'], task['text']), 60)}",
            unit=_unit(read, task),
            deadline=full_day(task["deadline"]),
            stage=STAGE[task["stage"]],
            mark=_late(task, read),
        )
        for task in waiting
    ]


def _late(task: Mapping[str, Any], read: CardRows) -> str:
    if not overdue(task["deadline"], task["stage"], read.read_at):
        return ""
    days = -days_left(task["deadline"], read.read_at)
    return f"逾期{days}天" if days else "今天已逾期"


def _told(place: str, text: str) -> str:
    return f"{place}：{text}" if place else text


def _unit(read: CardRows, task: Mapping[str, Any]) -> str:
    if task["unit"] == read.inspection.village:
        return committee(read.village_name)
    if task["unit"] == read.inspection.town:
        return read.town_name
    return task["unit_name"] or str(task["unit"])


def closed_pairs(read: CardRows) -> list[Pair]:
    """Before and after of every closed task, spot by spot, with who passed it and when it was struck off."""
    pairs = []
    for task in read.tasks:
        if task["stage"] != CLOSED:
            continue
        steps = read.steps.get(task["id"], [])
        for before, after in _spots(read.task_photos.get(task["id"], []), steps):
            pairs.append(
                Pair(
                    number=task["number"],
                    item=task["item"],
                    place=clip(task["place"], 40) or "现场",
                    problem=clip(task["text"], 60),
                    before=_side(before),
                    after=_side(after),
                    unit=_unit(read, task),
                    reviewer=_reviewer(steps),
                    closed=full_day(task["closed_at"]),
                    verdict="合格",
                )
            )
    return pairs


def _spots(photos: Sequence[Mapping[str, Any]], steps: Sequence[Step]) -> list[Spot]:
    """Each after-photo of the last submission beside the before-photo it answers, or else the first."""
    before = {str(photo["photo"]): photo for photo in photos if photo["role"] == "before"}
    first = next(iter(before.values()), None)
    carried = {str(step.id) for step in steps if step.verb in ("submit", "close_on_site")}
    after = [photo for photo in photos if photo["role"] == "after" and str(photo["step"]) in carried]
    last = str(after[-1]["step"]) if after else ""
    spots: list[Spot] = [
        (before.get(str(photo["pairs"]), first), photo) for photo in after if str(photo["step"]) == last
    ]
    return spots[:_SPOTS] or [(first, None)]


def _reviewer(steps: Sequence[Step]) -> str:
    """Who passed it last, and who struck it off where that was somebody else."""
    passed = [step.title for step in steps if step.verb in ("pass", "close_on_site")][-1:]
    closed = [step.title for step in steps if step.to_stage == CLOSED][-1:]
    return "、".join(dict.fromkeys([*passed, *closed])) or "—"


def mended_pairs(read: CardRows, names: Sequence[str]) -> list[Pair]:
    """What was put right before the inspectors' eyes and photographed again."""
    photos: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for row in read.photos:
        if row["finding"]:
            photos.setdefault(str(row["finding"]), {}).setdefault(row["role"], []).append(row)
    order = {item.code: place for place, item in enumerate(read.checklist.items)}
    fixed = [
        one for one in read.findings if one.action == "fixed" and photos.get(str(one.id), {}).get("after")
    ]
    return [
        _mended(read, finding, photos[str(finding.id)], names)
        for finding in sorted(fixed, key=lambda one: order.get(one.item, 0))
    ]


def _mended(
    read: CardRows, finding: Finding, photos: Mapping[str, list[dict[str, Any]]], names: Sequence[str]
) -> Pair:
    day = full_day(read.inspection.finished_at)
    return Pair(
        number="当场整改",
        item=finding.item,
        place=clip(finding.place, 40) or "现场",
        problem=clip(finding.text, 60),
        before=_side(next(iter(photos.get("before", [])), None)),
        after=_side(photos["after"][0]),
        unit=committee(read.village_name),
        reviewer="、".join(names),
        closed=day,
        verdict="合格",
    )


def _side(row: Mapping[str, Any] | None) -> Side:
    from_photo = row["taken_at"] if row else None
    return Side(path=picture(row) if row else None, date=full_day(from_photo) if from_photo else "")
