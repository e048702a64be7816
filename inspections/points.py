"""What one answer earns on one item, method by method. Pure; `scoring` adds the items up.

Every function answers None where the answer says nothing its method can use: not filled in, a key the
item does not have, a figure out of bounds. `answer_checks` words the same refusals for people, and a test
holds the two to each other.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from inspections.answers import Answer, FindingIn
from inspections.methods import Bonus, Deduct, Levels, Measure, Range, Sample, YesNo
from inspections.sheet import Item

MOST_COUNT = 9999  # places counted by one rule, ordinals of homes: more is a slip of the finger
_ZERO = Decimal(0)

Loss = tuple[str, int, Decimal]


class ItemScore(NamedTuple):
    """What one item earned. `detail`: (rule, count, points off), before the cap, so it may sum to more
    than `lost`.

    The rule is the rule's key; for levels the level's key, `no` for a no, `failed` for homes of a sample,
    `range` for points the inspector gave, and for a measured value the bound it reached (`80`) or `else`.
    """

    points: Decimal
    weight: Decimal
    lost: Decimal
    na: bool = False
    unproven: bool = False
    detail: tuple[Loss, ...] = ()


def not_applicable(item: Item) -> ItemScore:
    """The item leaves the base: nothing earned, nothing lost."""
    zero = item.weight - item.weight
    return ItemScore(zero, item.weight, zero, na=True)


def item_points(item: Item, answer: Answer | None, quantum: Decimal) -> ItemScore | None:
    """What `answer` earns on `item` (not an `auto` one), rounded half up to `quantum`; None: no usable
    answer.
    """
    if answer is None:
        return _given_bonus(item, _ZERO, quantum) if isinstance(item.scoring, Bonus) else None
    if answer.na:
        return not_applicable(item) if item.na_allowed else None
    return _METHODS[type(item.scoring)](item, item.scoring, answer, quantum)


def auto_points(item: Item, value: Decimal | None, quantum: Decimal) -> ItemScore | None:
    """What a value computed by the system earns; None as value (no denominator) is not applicable.

    The system proves its own figures: never unproven.
    """
    if value is None:
        return not_applicable(item)
    if not value.is_finite() or not isinstance(item.scoring, Measure):
        return None
    key, share = step_reached(item.scoring, value)
    return _by_share(item, share, key, quantum, proven=True)


def step_reached(measure: Measure, value: Decimal) -> tuple[str, Decimal]:
    """The first step from the top that `value` reaches, as (its bound as text or `else`, share)."""
    for bound, share in measure.steps:
        if (value <= bound) if measure.lower else (value >= bound):
            return format(bound, "f"), share
    return "else", measure.otherwise


def _by_share(item: Item, share: Decimal, key: str, quantum: Decimal, *, proven: bool) -> ItemScore:
    points = (item.weight * share).quantize(quantum, ROUND_HALF_UP)
    lost = item.weight - points
    if not lost:
        return ItemScore(points, item.weight, lost)
    return ItemScore(points, item.weight, lost, False, not proven, ((key, 1, lost),))


def _counted(item: Item, method: Deduct, answer: Answer, quantum: Decimal) -> ItemScore | None:
    counts = answer.counts
    if counts is None:
        return None
    off, detail, known = _ZERO, [], 0
    for rule in method.rules:
        count = counts.get(rule.key)
        if count is None:
            continue
        known += 1
        if not 0 <= count <= MOST_COUNT:
            return None
        if count:
            taken = item.weight if rule.zero else rule.per * count
            off += taken
            detail.append((rule.key, count, taken.quantize(quantum, ROUND_HALF_UP)))
    if known < len(counts):
        return None
    points = max(item.weight - off, _ZERO).quantize(quantum, ROUND_HALF_UP)
    unproven = not _adds_up(counts, answer.findings)
    return ItemScore(points, item.weight, item.weight - points, False, unproven, tuple(detail))


def _adds_up(counts: Mapping[str, int], findings: Sequence[FindingIn]) -> bool:
    """Whether the findings' counts, rule by rule, are the counts; a finding that names no rule proves
    none.
    """
    seen: dict[str, int] = {}
    for finding in findings:
        if finding.rule is not None:
            seen[finding.rule] = seen.get(finding.rule, 0) + finding.count
    return {k: n for k, n in seen.items() if n} == {k: n for k, n in counts.items() if n}


def _levelled(item: Item, method: Levels, answer: Answer, quantum: Decimal) -> ItemScore | None:
    for level in method.levels:
        if level.key == answer.level:
            return _by_share(item, level.share, level.key, quantum, proven=bool(answer.findings))
    return None


def _yes_or_no(item: Item, method: YesNo, answer: Answer, quantum: Decimal) -> ItemScore | None:
    if answer.yes is None:
        return None
    share = method.yes if answer.yes else method.no
    return _by_share(item, share, "no", quantum, proven=bool(answer.findings))


def _measured(item: Item, method: Measure, answer: Answer, quantum: Decimal) -> ItemScore | None:
    value = answer.value
    if value is None or not value.is_finite() or not method.low <= value <= method.high:
        return None
    key, share = step_reached(method, value)
    return _by_share(item, share, key, quantum, proven=bool(answer.findings))


def _judged(item: Item, method: Range, answer: Answer, quantum: Decimal) -> ItemScore | None:
    given = answer.points
    if given is None or not given.is_finite() or not 0 <= given <= item.weight:
        return None
    points = given.quantize(quantum, ROUND_HALF_UP)
    lost = item.weight - points
    detail = (("range", 1, lost),) if lost else ()
    return ItemScore(points, item.weight, lost, False, bool(lost) and not answer.findings, detail)


def _sampled(item: Item, method: Sample, answer: Answer, quantum: Decimal) -> ItemScore | None:
    drawn, failed = answer.drawn, answer.failed
    if (
        not drawn
        or failed is None
        or not ordinals(drawn)
        or not ordinals(failed)
        or not set(failed) <= set(drawn)
    ):
        return None
    off = method.per * len(failed)
    points = max(item.weight - off, _ZERO).quantize(quantum, ROUND_HALF_UP)
    lost = item.weight - points
    detail = (("failed", len(failed), off.quantize(quantum, ROUND_HALF_UP)),) if failed else ()
    return ItemScore(points, item.weight, lost, False, bool(lost) and not answer.findings, detail)


def ordinals(numbers: Sequence[int]) -> bool:
    """Whether these are homes' ordinals: from 1 up, none twice."""
    return len(set(numbers)) == len(numbers) and all(1 <= number <= MOST_COUNT for number in numbers)


def _bonus(item: Item, _method: Bonus, answer: Answer, quantum: Decimal) -> ItemScore | None:
    points = _ZERO if answer.points is None else answer.points
    return _given_bonus(item, points, quantum) if points.is_finite() and points >= 0 else None


def _given_bonus(item: Item, points: Decimal, quantum: Decimal) -> ItemScore:
    assert isinstance(item.scoring, Bonus)
    return ItemScore(
        min(points, item.scoring.most).quantize(quantum, ROUND_HALF_UP), item.weight, item.weight
    )


_METHODS: dict[type[Any], Callable[[Item, Any, Answer, Decimal], ItemScore | None]] = {
    Deduct: _counted,
    Levels: _levelled,
    YesNo: _yes_or_no,
    Measure: _measured,
    Range: _judged,
    Sample: _sampled,
    Bonus: _bonus,
}
