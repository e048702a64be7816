"""The scoring methods of a checklist item: their shapes, and how each is read and checked.

Shares are fractions of the item's weight; `per`, `cap` and `most` are points. All are exact decimals.
`READERS` names every method a checklist may use.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from inspections.sheet_reader import MOST, Node, plain

_ONE, _NONE = Decimal(1), Decimal(0)
_RULE_KEY = re.compile(r"[a-z][a-z0-9_]{0,31}")


@dataclass(frozen=True, slots=True)
class Rule:
    """What one place costs: `per` points, or the whole item where `zero` is set."""

    key: str
    per: Decimal
    when: str
    zero: bool


@dataclass(frozen=True, slots=True)
class Deduct:
    """Places are counted by rule; each costs, until nothing is left (扣完为止). `zero_if` is one zero rule.

    Rules stand in the order of their keys: JSON keeps no order of fields, and both ends list them alike.
    """

    unit: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Level:
    key: str
    name: str
    share: Decimal
    desc: str


@dataclass(frozen=True, slots=True)
class Levels:
    levels: tuple[Level, ...]


@dataclass(frozen=True, slots=True)
class YesNo:
    yes_means: str
    yes: Decimal
    no: Decimal


@dataclass(frozen=True, slots=True)
class Measure:
    """A measured value; the first step (bound, share) it reaches counts, from the top; else `otherwise`.

    Reached is value ≥ bound, or value ≤ bound where `lower` is better. `low` and `high` bound the value
    itself.
    """

    unit: str
    lower: bool
    steps: tuple[tuple[Decimal, Decimal], ...]
    otherwise: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Range:
    """The inspector gives the points, 0 to the item's weight."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Homes are drawn by ordinal (`draw` of them); each that fails costs `per`, until nothing is left."""

    unit: str
    draw: int
    per: Decimal


@dataclass(frozen=True, slots=True)
class Bonus:
    """Points on top, at most `most`; the item itself weighs nothing."""

    most: Decimal


Method = Deduct | Levels | YesNo | Measure | Range | Sample | Bonus


def _cap(node: Node, weight: Decimal) -> None:
    if node.number("cap", default=weight, above=True) != weight:
        node.fail(f"cap 应等于本项分值 {plain(weight)}（写的是 {node.doc.get('cap')}）")


def _rule(node: Node, key: str, when: str | None) -> Rule:
    zero = node.flag("zero")
    per = node.number("per", above=True, default=_NONE if zero else None)
    return Rule(key, per, node.text("when", default=when), zero)


def _named_rules(node: Node) -> list[Rule]:
    doc = node.child("rules").doc
    found = []
    for key, one in doc.items():
        if not isinstance(key, str) or not _RULE_KEY.fullmatch(key):
            node.fail(f"规则名 {key} 应为小写字母开头的字母、数字或下划线")
            continue
        rule = Node(one, f"{node.place} 规则 {key}", node.errors)
        rule.only(("per", "when", "zero"))
        found.append(_rule(rule, key, None))
    if not found:
        node.fail("rules 至少要有一条规则")
    return sorted(found, key=lambda rule: rule.key)


def _deduct(node: Node, weight: Decimal) -> Deduct:
    _cap(node, weight)
    unit = node.text("unit", default="处")
    if node.has("rules"):
        node.only(("method", "unit", "rules", "cap"))
        return Deduct(unit, tuple(_named_rules(node)))
    node.only(("method", "unit", "per", "zero", "heavy", "cap"))
    rules = [_rule(node, "each", "")]
    if node.has("heavy"):
        heavy = node.child("heavy")
        heavy.place += " heavy"
        heavy.only(("per", "when", "zero"))
        rules.append(_rule(heavy, "heavy", None))
    return Deduct(unit, tuple(rules))


def _zero_if(node: Node, _weight: Decimal) -> Deduct:
    node.only(("method", "unit", "when"))
    rule = Rule("each", _NONE, node.text("when", default=""), True)
    return Deduct(node.text("unit", default="处"), (rule,))


def _falling(node: Node, shares: Sequence[Decimal]) -> None:
    """Shares begin at 1, end at 0 and fall at every step."""
    if not shares:
        return
    if shares[0] != _ONE:
        node.fail(f"第一档 share 应为 1（写的是 {plain(shares[0])}）")
    if shares[-1] != _NONE:
        node.fail(f"最后一档 share 应为 0（写的是 {plain(shares[-1])}）")
    if any(later >= earlier for earlier, later in pairwise(shares)):
        node.fail("各档 share 应逐档降低")


def _levels(node: Node, _weight: Decimal) -> Levels:
    node.only(("method", "levels"))
    levels = []
    for one in node.nodes("levels", "等级"):
        one.only(("key", "name", "share", "desc"))
        levels.append(
            Level(
                one.text("key"),
                one.text("name"),
                one.number("share", high=_ONE),
                one.text("desc", default=""),
            )
        )
    keys = [level.key for level in levels]
    if len(set(keys)) < len(keys):
        node.fail("等级的 key 有重复")
    _falling(node, [level.share for level in levels])
    return Levels(tuple(levels))


def _yes_no(node: Node, _weight: Decimal) -> YesNo:
    node.only(("method", "yes_means", "yes_share", "no_share"))
    yes = node.number("yes_share", high=_ONE, default=_ONE)
    no = node.number("no_share", high=_ONE, default=_NONE)
    _falling(node, [yes, no])
    return YesNo(node.text("yes_means", default=""), yes, no)


def _measure(node: Node, _weight: Decimal) -> Measure:
    node.only(("method", "unit", "direction", "thresholds", "how", "min", "max"))
    direction = node.text("direction", default="higher")
    if direction not in ("higher", "lower"):
        node.fail(f"direction 只能是 higher 或 lower（写的是 {direction}）")
    lower = direction == "lower"
    steps, otherwise = _steps(node, "lte" if lower else "gte")
    bounds = [bound for bound, _ in steps]
    pairs = list(pairwise(bounds))
    if any(later <= earlier if lower else later >= earlier for earlier, later in pairs):
        node.fail(f"thresholds 应自上而下{'由小到大' if lower else '由大到小'}")
    _falling(node, [*(share for _, share in steps), otherwise])
    unit = node.text("unit", default="")
    low = node.number("min", low=-MOST, default=_NONE)
    high = node.number("max", low=low, default=Decimal(100) if unit == "%" else MOST)
    return Measure(unit, lower, tuple(steps), otherwise, low, high)


def _steps(node: Node, bound: str) -> tuple[list[tuple[Decimal, Decimal]], Decimal]:
    *steps, last = node.nodes("thresholds", "阈值") or [node]
    if not last.has("else_share"):
        node.fail("thresholds 最后一条应为 else_share")
    elif not steps:
        node.fail("thresholds 在 else_share 之前至少要有一条")
    else:
        last.only(("else_share",))
    found = []
    for step in steps:
        step.only((bound, "share"))
        found.append((step.number(bound, low=-MOST), step.number("share", high=_ONE)))
    return found, last.number("else_share", high=_ONE, default=_NONE)


def _range(node: Node, _weight: Decimal) -> Range:
    node.only(("method", "how"))
    return Range()


def _sample(node: Node, weight: Decimal) -> Sample:
    node.only(("method", "unit", "draw", "per", "cap", "how"))
    _cap(node, weight)
    draw = node.whole("draw", low=1, high=999)
    return Sample(node.text("unit", default="户"), draw, node.number("per", above=True))


def _bonus(node: Node, _weight: Decimal) -> Bonus:
    node.only(("method", "max", "how"))
    return Bonus(node.number("max", above=True))


READERS: dict[str, Callable[[Node, Decimal], Method]] = {
    "levels": _levels,
    "deduct": _deduct,
    "zero_if": _zero_if,
    "yes_no": _yes_no,
    "measure": _measure,
    "range": _range,
    "sample": _sample,
    "bonus": _bonus,
}
