"""The checklist (检查单): what an inspection asks, and what each answer is worth.

`parse_checklist` turns the document of a checklist file (YAML as given, or the JSON that travels) into an
immutable `Checklist`, or says everything that is wrong with it. Rules that the file states only in prose
are real fields here, under `checklist`, with the prose's value when absent: `na_limit` 20 points,
`item_places` 2, `total_places` 1.

**The body and its hash.** `body_json` is the document as JSON in one spelling: numbers under
`DECIMAL_KEYS` are decimal strings without exponent or needless zeros ("4", "0.5"; so 1, 1.0 and "1.00"
are the same), every other whole number stays a JSON integer, any other fraction becomes such a string
too; texts, booleans, nulls, order of lists and unknown fields are kept. `checklist_sha256` is SHA-256
over the RFC 8785 form of that body. A body has no fractions left, so whoever holds it (the tablet)
repeats the hash with sorted keys and plain JSON alone.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import rfc8785

from inspections.methods import READERS, Bonus, Measure, Method, Range
from inspections.sheet_reader import Node, exact, plain

FULL = Decimal(100)
SEVERITIES = ("minor", "major", "critical")
DEADLINE_KINDS = ("natural", "working", "hours")  # 自然日, 工作日, 24 hours each to the second
_POINT_KEYS = ("total", "na_limit", "weight", "per", "cap", "min", "max")
_SHARE_KEYS = ("share", "yes_share", "no_share", "else_share")
DECIMAL_KEYS = frozenset((*_POINT_KEYS, *_SHARE_KEYS, "gte", "lte"))
_LARGEST = 2**53 - 1  # of the integers that JSON readers agree on


class ChecklistError(ValueError):
    """A checklist that cannot be used; `errors` are Chinese sentences, each beginning with its place."""

    def __init__(self, errors: Sequence[str]) -> None:
        super().__init__("；".join(errors))
        self.errors = list(errors)


@dataclass(frozen=True, slots=True)
class Grade:
    key: str
    name: str
    min: Decimal


@dataclass(frozen=True, slots=True)
class Item:
    """One item (检查项). `weight` in points (a bonus weighs 0); `auto_source` set: the system gives the
    value.
    """

    code: str
    section: str
    text: str
    weight: Decimal
    method: str
    scoring: Method
    na_allowed: bool
    photos_min: int
    gps: bool
    deadline_days: int
    severity: str
    veto: bool
    veto_condition: str
    auto_source: str
    lead_dept: str
    guideline: str
    basis: tuple[str, ...]
    common_issues: tuple[str, ...]
    deadline_kind: str = "natural"  # how deadline_days count, see DEADLINE_KINDS


@dataclass(frozen=True, slots=True)
class Section:
    code: str
    name: str
    weight: Decimal
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Checklist:
    """A whole checklist. `grades` fall from best to worst; `items` is every item in order."""

    code: str
    version: str
    title: str
    total: Decimal
    na_limit: Decimal
    item_places: int
    total_places: int
    grades: tuple[Grade, ...]
    severities: Mapping[str, str]
    sections: tuple[Section, ...]
    items: tuple[Item, ...]
    by_code: Mapping[str, Item]


def parse_checklist(doc: Mapping[str, Any]) -> Checklist:
    """The checklist that a document defines; raises `ChecklistError` with all that is wrong in it."""
    errors: list[str] = []
    top = Node(doc, "检查单", errors)
    head = top.child("checklist")
    head.place = head.text("code") or "检查单"
    if top.doc.get("schema_version", 1) != 1:
        head.fail(f"schema_version 应为 1（写的是 {top.doc['schema_version']}）")
    places = head.whole("item_places", low=0, high=4, default=2)
    total = head.number("total", above=True, places=places)
    severities = _severities(top)
    sections = tuple(_section(node, places, severities) for node in top.nodes("sections", "大类"))
    if sum((section.weight for section in sections), Decimal(0)) != total:
        weights = plain(sum((section.weight for section in sections), Decimal(0)))
        head.fail(f"各大类分值合计 {weights}，应等于总分 {plain(total)}")
    items = tuple(item for section in sections for item in section.items)
    _unique(head, "大类编号", [section.code for section in sections])
    _unique(head, "检查项编号", [item.code for item in items])
    checklist = Checklist(
        code=head.text("code"),
        version=head.text("version"),
        title=head.text("title"),
        total=total,
        na_limit=head.number("na_limit", default=Decimal(20)),
        item_places=places,
        total_places=head.whole("total_places", low=0, high=4, default=1),
        grades=_grades(top),
        severities=MappingProxyType(severities),
        sections=sections,
        items=items,
        by_code=MappingProxyType({item.code: item for item in items}),
    )
    if errors:
        raise ChecklistError(list(dict.fromkeys(errors)))
    return checklist


def body_json(doc: Mapping[str, Any]) -> dict[str, Any]:
    """The document as the JSON that travels, in the one spelling told above.

    Raises `ChecklistError` where something has no JSON form (a date, a key that is no text, NaN).
    """
    body = _travelling(doc, "", "检查单")
    if not isinstance(body, dict):
        raise ChecklistError(["检查单：这里应是一组字段"])
    return body


def checklist_sha256(doc: Mapping[str, Any]) -> str:
    """SHA-256 (64 hex digits) over the RFC 8785 form of `body_json(doc)`: the same for file and body."""
    return hashlib.sha256(rfc8785.dumps(body_json(doc))).hexdigest()


def _travelling(value: object, key: str, place: str) -> Any:
    if isinstance(value, Mapping):
        wrong = [name for name in value if not isinstance(name, str)]
        if wrong:
            raise ChecklistError([f"{place}：字段名 {wrong[0]} 应为文字，请加引号"])
        inner = str(value.get("code") or place)
        return {name: _travelling(one, name, inner) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_travelling(one, key, place) for one in value]
    number = exact(value)
    if key in DECIMAL_KEYS and number is not None:
        return plain(number)
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int) and abs(value) <= _LARGEST:
        return value
    if isinstance(value, float | Decimal) and number is not None:
        return plain(number)
    raise ChecklistError([f"{place}：{key} 的值 {value} 不能写成 JSON"])


def _severities(top: Node) -> dict[str, str]:
    if not top.has("severities"):
        return {"minor": "一般", "major": "较重", "critical": "严重"}
    nodes = top.nodes("severities", "严重程度")
    found = {node.text("key"): node.text("name") for node in nodes}
    for key in found:
        if key not in SEVERITIES:
            top.fail(f"不认识的严重程度 {key}")
    if len(found) < len(nodes):
        top.fail("严重程度的 key 有重复")
    return found


def _grades(top: Node) -> tuple[Grade, ...]:
    nodes = top.nodes("grades", "评定等级")
    grades = tuple(
        Grade(node.text("key"), node.text("name"), node.number("min", high=FULL)) for node in nodes
    )
    if any(later.min >= earlier.min for earlier, later in pairwise(grades)):
        top.fail("grades 的 min 应自上而下由高到低")
    if grades and grades[-1].min != 0:
        top.fail(f"grades 最后一级 min 应为 0（写的是 {plain(grades[-1].min)}）")
    _unique(top, "评定等级", [grade.key for grade in grades])
    return grades


def _section(node: Node, places: int, severities: Mapping[str, str]) -> Section:
    code = node.text("code")
    items = tuple(_item(one, code, places, severities) for one in node.nodes("items", "检查项"))
    weight = node.number("weight", places=places)
    together = sum((item.weight for item in items), Decimal(0))
    if together != weight:
        node.fail(f"各检查项分值合计 {plain(together)}，应等于本类分值 {plain(weight)}")
    return Section(code, node.text("name"), weight, items)


def _item(node: Node, section: str, places: int, severities: Mapping[str, str]) -> Item:
    rules = node.child("scoring")
    method = rules.text("method")
    weight = _weight(node, method, places)
    reader = READERS.get(method)
    if reader is None:
        rules.fail(f"不认识的计分方法 {method}")
    evidence = node.child("evidence")
    item = Item(
        code=node.text("code"),
        section=section,
        text=node.text("text"),
        weight=weight,
        method=method,
        scoring=reader(rules, weight) if reader else Range(),
        na_allowed=node.flag("na_allowed"),
        photos_min=evidence.whole("photos_min", low=0, high=99, default=0),
        gps=evidence.flag("gps"),
        deadline_days=node.whole("deadline_days", low=1, high=3650),
        severity=node.text("severity"),
        veto=node.flag("veto"),
        veto_condition=node.text("veto_condition", default=""),
        auto_source=node.text("auto_source", default=""),
        lead_dept=node.text("lead_dept", default=""),
        guideline=node.text("guideline", default=""),
        basis=node.texts("basis"),
        common_issues=node.texts("common_issues"),
        deadline_kind=node.text("deadline_kind", default="natural"),
    )
    _check_item(node, item, severities)
    return item


def _weight(node: Node, method: str, places: int) -> Decimal:
    quantum = Decimal(1).scaleb(-places)
    if method != "bonus":
        return node.number("weight", above=True, places=places).quantize(quantum)
    if node.number("weight", default=Decimal(0), places=places) != 0:
        node.fail("加分项的 weight 应为 0 或不写，加分上限写在 scoring.max")
    return Decimal(0).quantize(quantum)


def _check_item(node: Node, item: Item, severities: Mapping[str, str]) -> None:
    if item.severity and item.severity not in severities:
        node.fail(f"不认识的严重程度 {item.severity}")
    if item.deadline_kind not in DEADLINE_KINDS:
        node.fail(f"deadline_kind 应为 {'、'.join(DEADLINE_KINDS)} 之一（写的是 {item.deadline_kind}）")
    if item.veto and not item.veto_condition.strip():
        node.fail("设了一票否决（veto），但没有写 veto_condition")
    if item.veto_condition.strip() and not item.veto:
        node.fail("写了 veto_condition，但没有设一票否决（veto: true）")
    if item.auto_source and not isinstance(item.scoring, Measure):
        node.fail("系统取数（auto_source）的项只能用 measure 计分")
    if item.auto_source and item.veto:
        node.fail("系统取数（auto_source）的项不能设一票否决，现场无人可提")
    if isinstance(item.scoring, Bonus) and item.na_allowed:
        node.fail("加分项不填即不加分，不能设不适用")


def _unique(node: Node, what: str, codes: Sequence[str]) -> None:
    for code in dict.fromkeys(codes):
        if code and codes.count(code) > 1:
            node.fail(f"{what} {code} 重复")
