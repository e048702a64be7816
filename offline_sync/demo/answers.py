"""A filled sheet as an inspector might bring it home: which items lose points, how much, and what was seen. Pure.

A village's target is drawn first, then items are spoilt one after another until the score is there, so that the
district as a whole looks like a district: most villages between 80 and 95, some better, a few that hardly pass.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any

import msgspec

from inspections.answers import Answer
from inspections.methods import Bonus, Deduct, Level, Levels, Measure, Range, Sample, YesNo
from inspections.points import item_points
from inspections.sheet import Checklist, Item

_CENT, _LEAST = Decimal("0.01"), Decimal("0.4")
_SEVERITIES = (0.0, 0.3, 0.5, 0.65, 0.8, 1.0)
_TIERS = ((0.05, 99, 100), (0.33, 91, 98), (0.80, 83, 91), (0.93, 76, 83), (0.985, 64, 76), (1.0, 54, 60))
MOST_FINDINGS, MOST_IN_A_BAD_VILLAGE = 8, 24
NA_REASONS = {
    "RE-4.2": "污水已接入市政管网，村内没有处理站", "RE-4.5": "村域内没有入河排口", "RE-5.5": "路灯由市政统一管护",
    "RE-6.1": "已无种植活动", "RE-6.2": "已无种植活动", "RE-7.1": "改造计划在下一年度，现按规定使用优质煤",
    "RE-7.3": "村内没有在营餐饮和民宿", "RE-7.4": "村内没有此类设施", "RE-8.2": "村域内没有列入台账的隐患点",
}  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """One spot where something was found, before it has a place, photos and a fate."""

    item: Item
    text: str
    rule: str | None
    count: int
    heavy: bool


@dataclass
class Sheet:
    """Answers by item code (as they travel, without findings) and what was found."""

    answers: dict[str, dict[str, Any]]
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True)
class Character:
    """What is special about a village: 不适用 of a town that has grown into the city, or one that is vetoed."""

    urban: bool = False
    na_over: bool = False
    veto: bool = False


def fill(checklist: Checklist, rng: Random, character: Character) -> Sheet:
    """A whole sheet, every item answered that a person answers."""
    asked = [item for item in checklist.items if not item.auto_source and not isinstance(item.scoring, Bonus)]
    sheet = Sheet({item.code: {"item": item.code, **_spotless(item)} for item in asked})
    for item in _not_applicable(asked, rng, character):
        sheet.answers[item.code] = {
            "item": item.code,
            "na": True,
            "note": NA_REASONS.get(item.code, "村内没有此类情形"),
        }
    left = [item for item in asked if not sheet.answers[item.code].get("na")]
    if character.veto and (vetoed := _vetoable(left)):
        left.remove(vetoed)
        _spoil(sheet, vetoed, rng, 1.0)
    target = min(_target(rng), Decimal(82)) if character.veto else _target(rng)
    _down_to(sheet, left, rng, target)
    return sheet


def _target(rng: Random) -> Decimal:
    lot = rng.random()
    low, high = next((low, high) for upto, low, high in _TIERS if lot < upto)
    return Decimal(rng.randint(low * 10, high * 10)) / 10


def _not_applicable(items: Sequence[Item], rng: Random, character: Character) -> list[Item]:
    allowed = [item for item in items if item.na_allowed]
    if character.na_over:
        return allowed
    most = min(4 if character.urban else 1, len(allowed))
    return rng.sample(allowed, rng.randint(2 if character.urban and most > 1 else 0, most))


def _vetoable(items: Sequence[Item]) -> Item | None:
    return next((item for item in items if item.veto and isinstance(item.scoring, Deduct)), None)


def _down_to(sheet: Sheet, items: list[Item], rng: Random, target: Decimal) -> None:
    """Spoil items until about as much is lost as the target says, over a plausible number of them."""
    base = sum((item.weight for item in items), Decimal(0))
    may_lose = base * (100 - target) / 100
    most = MOST_FINDINGS if target >= 76 else MOST_IN_A_BAD_VILLAGE
    steps = max(1, min(most, round(float(may_lose) / rng.uniform(1.8, 3.2))))
    items = sorted(
        items, key=lambda item: -float(item.weight) * rng.random()
    )  # dear items are looked at harder
    for item in items:
        if may_lose < _LEAST or len(sheet.faults) >= most:
            return
        wish = float(may_lose) / max(1, steps) * rng.uniform(0.7, 1.3)
        tried = [_spoilt(item, rng, severity) for severity in _SEVERITIES]
        fitting = [one for one in tried if _lost(item, one[0]) <= may_lose + _LEAST]
        if not fitting:
            continue
        chosen = min(fitting, key=lambda one: abs(float(_lost(item, one[0])) - wish))
        _keep(sheet, item, *chosen)
        may_lose -= _lost(item, chosen[0])
        steps -= 1


def _lost(item: Item, answer: dict[str, Any]) -> Decimal:
    got = item_points(item, msgspec.convert({"item": item.code, **answer}, Answer, strict=False), _CENT)
    assert got is not None, f"{item.code}: {answer}"
    return got.lost


def _spoil(sheet: Sheet, item: Item, rng: Random, severity: float) -> None:
    _keep(sheet, item, *_spoilt(item, rng, severity))


def _keep(sheet: Sheet, item: Item, answer: dict[str, Any], faults: list[Fault]) -> None:
    sheet.answers[item.code] = {"item": item.code, **answer}
    sheet.faults += faults


def _spotless(item: Item) -> dict[str, Any]:
    method = item.scoring
    if isinstance(method, Deduct):
        return {"counts": {}}
    if isinstance(method, Levels):
        return {"level": method.levels[0].key}
    if isinstance(method, YesNo):
        return {"yes": True}
    if isinstance(method, Measure):
        return {"value": str(method.steps[0][0])}
    if isinstance(method, Sample):
        return {"drawn": list(range(1, method.draw + 1)), "failed": []}
    assert isinstance(method, Range)
    return {"points": str(item.weight)}


def _spoilt(item: Item, rng: Random, severity: float) -> tuple[dict[str, Any], list[Fault]]:
    """An answer that loses points, mildly at 0 and nearly all at 1, and what was seen."""
    method = item.scoring
    if isinstance(method, Deduct):
        return _counted(item, method, rng, severity)
    worst = severity > 0.6
    if isinstance(method, Levels):
        answer: dict[str, Any] = {"level": _along(method.levels[1:], severity).key}
    elif isinstance(method, YesNo):
        answer, worst = {"yes": False}, False
    elif isinstance(method, Measure):
        answer = {"value": str(_below(method, rng, severity))}
    elif isinstance(method, Sample):
        failed = max(1, round(severity * method.draw))
        drawn = list(range(1, method.draw + 1))
        answer = {"drawn": drawn, "failed": sorted(rng.sample(drawn, failed))}
    else:
        answer = {"points": str(int(item.weight * (100 - int(20 + severity * 80))) / 100)}
    return answer, [Fault(item, _phrase(item, rng), None, 1, worst)]


def _counted(item: Item, method: Deduct, rng: Random, severity: float) -> tuple[dict[str, Any], list[Fault]]:
    plain = method.rules[0]
    heavy = method.rules[1] if len(method.rules) > 1 and severity > 0.55 else None
    counts, faults = {}, []
    if heavy:
        counts[heavy.key] = 1
        faults.append(Fault(item, _phrase(item, rng), heavy.key, 1, True))
    most = int(item.weight / plain.per) if plain.per else 1
    number = max(1, min(most, round(severity * most)))
    if not heavy or severity > 0.7:
        counts[plain.key] = number
        faults.append(Fault(item, _phrase(item, rng), plain.key, number, False))
    return {"counts": counts}, faults


def _below(method: Measure, rng: Random, severity: float) -> Decimal:
    """A value that misses the first step: in one of the steps below, or in none."""
    bounds = [bound for bound, _ in method.steps]
    step = min(int(severity * len(bounds)), len(bounds) - 1)
    upper = bounds[step]
    far = bounds[step + 1] if step + 1 < len(bounds) else (method.high if method.lower else method.low)
    gap = abs(upper - far)
    off = max(Decimal(1), (gap * Decimal(str(round(rng.uniform(0.1, 0.8), 2)))).quantize(Decimal(1)))
    return min(method.high, upper + off) if method.lower else max(method.low, upper - off)


def _along(ones: Sequence[Level], severity: float) -> Level:
    return ones[min(int(severity * len(ones)), len(ones) - 1)]


def _phrase(item: Item, rng: Random) -> str:
    return rng.choice(item.common_issues) if item.common_issues else item.text[:40]
