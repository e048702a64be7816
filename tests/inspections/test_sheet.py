"""The checklist file: what is read, how it travels, and every error it can hold, by its place."""

import copy
import datetime
import json
import random
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any, cast

import pytest
import yaml

from inspections.methods import Deduct, Measure
from inspections.sheet import ChecklistError, body_json, checklist_sha256, parse_checklist
from tests.inspections.sheets import DATA

# Inspections name a published checklist by its hash for ever: if a file changes, so must its version.
BUILT_IN = {
    "checklist-rural-environment.yaml": "d1f7b87982fe75bd67649a8fae640fc622661107990bda02370c4c37c12f5d45",
    "checklist-poetic-village.yaml": "61eef68b291b82670c25c6ac5988e1effcb7755640f35a5161bce2ffd41064c3",
}


@cache
def loaded(name: str) -> dict[str, Any]:
    with (DATA / name).open(encoding="utf-8") as file:
        return cast(dict[str, Any], yaml.safe_load(file))


def doc(name: str = "checklist-rural-environment.yaml") -> dict[str, Any]:
    return copy.deepcopy(loaded(name))


def item(whole: dict[str, Any], code: str) -> dict[str, Any]:
    return next(one for section in whole["sections"] for one in section["items"] if one["code"] == code)


@pytest.mark.parametrize(("name", "code", "items"), zip(BUILT_IN, ("RE", "PO"), (42, 41), strict=True))
def test_the_built_in_checklists_read(name: str, code: str, items: int) -> None:
    checklist = parse_checklist(doc(name))
    assert (checklist.code, len(checklist.items), checklist.total) == (code, items, Decimal(100))
    assert (checklist.na_limit, checklist.item_places, checklist.total_places) == (Decimal(20), 2, 1)
    assert [grade.key for grade in checklist.grades] == ["excellent", "good", "pass", "fail"]
    assert sum(one.weight for one in checklist.items) == 100
    with pytest.raises(TypeError):
        checklist.by_code["X"] = checklist.items[0]  # type: ignore[index]


def test_numbers_are_what_was_written() -> None:
    checklist = parse_checklist(doc())
    rules = checklist.by_code["RE-1.1"].scoring
    assert isinstance(rules, Deduct)
    assert [(rule.key, str(rule.per)) for rule in rules.rules] == [("each", "0.5"), ("heavy", "1")]
    measure = checklist.by_code["RE-2.3"].scoring
    assert isinstance(measure, Measure)
    assert (str(measure.steps[1][1]), measure.high) == ("0.75", Decimal(100))


@pytest.mark.parametrize("name", BUILT_IN)
def test_hash_is_pinned_and_survives_the_wire(name: str) -> None:
    body = body_json(doc(name))
    assert checklist_sha256(doc(name)) == BUILT_IN[name]
    wired = json.loads(json.dumps(body))
    assert body_json(wired) == body
    assert checklist_sha256(wired) == BUILT_IN[name]
    assert parse_checklist(wired) == parse_checklist(doc(name))


def test_hash_sees_content_not_spelling() -> None:
    other = doc()
    shuffled = list(other["sections"][0]["items"][0].items())
    random.Random(1).shuffle(shuffled)
    other["sections"][0]["items"][0] = dict(shuffled)
    item(other, "RE-1.1")["weight"] = "4.00"
    item(other, "RE-1.1")["scoring"]["per"] = Decimal("0.50")
    item(other, "RE-1.1")["scoring"]["cap"] = 4.0
    assert checklist_sha256(other) == checklist_sha256(doc())
    item(other, "RE-1.1")["guideline"] += "。"
    assert checklist_sha256(other) != checklist_sha256(doc())


def test_body_spells_points_as_text_and_keeps_the_rest() -> None:
    body = body_json({"checklist": {"total": 100, "new": [1, 0.25, None, True, "0.50"]}, "weight": 1e-3})
    assert body == {"checklist": {"total": "100", "new": [1, "0.25", None, True, "0.50"]}, "weight": "0.001"}


@pytest.mark.parametrize("value", [datetime.date(2026, 11, 22), float("nan"), {1: "x"}, {False: "x"}, 2**60])
def test_body_refuses_what_json_cannot_say(value: object) -> None:
    with pytest.raises(ChecklistError):
        body_json({"checklist": {"x": value}})


def at(code: str, /, **fields: Any) -> Callable[[dict[str, Any]], None]:
    return lambda whole: item(whole, code).update(fields)


def scoring(code: str, /, **fields: Any) -> Callable[[dict[str, Any]], None]:
    return lambda whole: item(whole, code)["scoring"].update(fields)


def level(number: int, /, **fields: Any) -> Callable[[dict[str, Any]], None]:
    return lambda whole: item(whole, "RE-1.3")["scoring"]["levels"][number].update(fields)


def step(number: int, /, **fields: Any) -> Callable[[dict[str, Any]], None]:
    return lambda whole: item(whole, "RE-2.3")["scoring"]["thresholds"][number].update(fields)


def method(code: str, /, **fields: Any) -> Callable[[dict[str, Any]], None]:
    return lambda whole: item(whole, code).update(scoring=fields)


MISTAKES: list[tuple[Callable[[dict[str, Any]], None], str]] = [
    (lambda d: d.update(schema_version=2), "RE：schema_version 应为 1（写的是 2）"),
    (lambda d: d["checklist"].update(version=1.0), "RE：version 应为文字，请加引号（写的是 1.0）"),
    (lambda d: d["checklist"].update(total=99), "RE：各大类分值合计 100，应等于总分 99"),
    (lambda d: d["checklist"].pop("code"), "检查单：缺少 code"),
    (lambda d: d["checklist"].update(na_limit=-1), "RE：na_limit 应不小于 0"),
    (lambda d: d["sections"][1].update(weight=13), "RE-2：各检查项分值合计 12，应等于本类分值 13"),
    (lambda d: d["sections"][1].update(code="RE-1"), "RE：大类编号 RE-1 重复"),
    (lambda d: d["sections"][1].update(items=[]), "RE-2：items 应为列表，且至少有一条"),
    (lambda d: d.update(sections=None), "检查单：sections 应为列表，且至少有一条"),
    (lambda d: d["grades"][1].update(min=90), "检查单：grades 的 min 应自上而下由高到低"),
    (lambda d: d["grades"][3].update(min=10), "检查单：grades 最后一级 min 应为 0（写的是 10）"),
    (lambda d: d["grades"][1].update(key="excellent"), "检查单：评定等级 excellent 重复"),
    (lambda d: d["severities"][0].update(key="tiny"), "检查单：不认识的严重程度 tiny"),
    (at("RE-1.2", code="RE-1.1"), "RE：检查项编号 RE-1.1 重复"),
    (at("RE-1.1", weight="four"), "RE-1.1：weight 应为数字（写的是 four）"),
    (at("RE-1.1", weight=True), "RE-1.1：weight 应为数字"),
    (at("RE-1.1", weight=0), "RE-1.1：weight 应大于 0"),
    (at("RE-1.1", weight=4.005), "RE-1.1：weight 最多 2 位小数"),
    (at("RE-1.1", text=" "), "RE-1.1：text 不能为空"),
    (at("RE-1.1", na_allowed="no"), "RE-1.1：na_allowed 应为 true 或 false"),
    (at("RE-1.1", deadline_days=0), "RE-1.1：deadline_days 应在 1 到 3650 之间"),
    (at("RE-1.1", deadline_days=1.5), "RE-1.1：deadline_days 应为整数"),
    (
        at("RE-1.1", deadline_kind="lunar"),
        "RE-1.1：deadline_kind 应为 natural、working、hours 之一（写的是 lunar）",
    ),
    (at("RE-1.1", severity="huge"), "RE-1.1：不认识的严重程度 huge"),
    (at("RE-1.1", veto=True), "RE-1.1：设了一票否决（veto），但没有写 veto_condition"),
    (at("RE-2.4", veto=False), "RE-2.4：写了 veto_condition，但没有设一票否决"),
    (at("RE-1.1", auto_source="x"), "RE-1.1：系统取数（auto_source）的项只能用 measure 计分"),
    (at("RE-9.3", veto=True, veto_condition="x"), "RE-9.3：系统取数（auto_source）的项不能设一票否决"),
    (at("RE-1.1", evidence={"photos_min": -1}), "RE-1.1：photos_min 应在 0 到 99 之间"),
    (at("RE-1.1", evidence=7), "RE-1.1：这里应是一组字段"),
    (at("RE-1.1", basis="条"), "RE-1.1：basis 应为文字列表"),
    (lambda d: item(d, "RE-1.1").pop("code"), "RE-1 检查项第1条：缺少 code"),
    (method("RE-1.1"), "RE-1.1：缺少 method"),
    (method("RE-1.1", method="guess"), "RE-1.1：不认识的计分方法 guess"),
    (scoring("RE-1.1", cap=3), "RE-1.1：cap 应等于本项分值 4（写的是 3）"),
    (scoring("RE-1.1", per=0), "RE-1.1：per 应大于 0"),
    (scoring("RE-1.1", per=0.00001), "RE-1.1：per 最多 4 位小数"),
    (scoring("RE-1.1", heavyy={"per": 1}), "RE-1.1：不认识的字段 heavyy"),
    (scoring("RE-1.1", heavy={"per": 1}), "RE-1.1 heavy：缺少 when"),
    (method("RE-1.1", method="deduct", rules={}), "RE-1.1：rules 至少要有一条规则"),
    (method("RE-1.1", method="deduct", rules={"Bag": {"per": 1, "when": "x"}}), "RE-1.1：规则名 Bag 应为"),
    (method("RE-1.1", method="deduct", rules={"bag": {"when": "x"}}), "RE-1.1 规则 bag：缺少 per"),
    (method("RE-1.1", method="deduct", rules={"bag": {"per": 1}}), "RE-1.1 规则 bag：缺少 when"),
    (method("RE-1.1", method="sample", draw=0, per=1), "RE-1.1：draw 应在 1 到 999 之间"),
    (method("RE-1.1", method="sample", draw=5, per=1, cap=5), "RE-1.1：cap 应等于本项分值 4"),
    (method("RE-1.1", method="bonus", max=2), "RE-1.1：加分项的 weight 应为 0"),
    (level(0, share=0.9), "RE-1.3：第一档 share 应为 1（写的是 0.9）"),
    (level(3, share=0.1), "RE-1.3：最后一档 share 应为 0（写的是 0.1）"),
    (level(2, share=0.75), "RE-1.3：各档 share 应逐档降低"),
    (level(1, share=1.5), "RE-1.3 等级第2条：share 应不小于 0 且不超过 1"),
    (level(1, key="A"), "RE-1.3：等级的 key 有重复"),
    (level(1, key=False), "RE-1.3 等级第2条：key 应为文字，请加引号"),
    (scoring("RE-1.5", no_share=0.5), "RE-1.5：最后一档 share 应为 0"),
    (scoring("RE-2.3", direction="up"), "RE-2.3：direction 只能是 higher 或 lower"),
    (step(1, gte=90), "RE-2.3：thresholds 应自上而下由大到小"),
    (step(1, share=0.3), "RE-2.3：各档 share 应逐档降低"),
    (step(1, lte=3), "RE-2.3 阈值第2条：不认识的字段 lte"),
    (
        lambda d: item(d, "RE-2.3")["scoring"]["thresholds"].pop(),
        "RE-2.3：thresholds 最后一条应为 else_share",
    ),
]


@pytest.mark.parametrize(("spoil", "sentence"), MISTAKES, ids=[sentence for _, sentence in MISTAKES])
def test_every_mistake_is_told_by_its_place(spoil: Callable[[dict[str, Any]], None], sentence: str) -> None:
    whole = doc()
    spoil(whole)
    with pytest.raises(ChecklistError) as told:
        parse_checklist(whole)
    assert any(error.startswith(sentence) for error in told.value.errors), told.value.errors


def test_all_mistakes_are_told_at_once() -> None:
    whole = doc()
    item(whole, "RE-1.1")["severity"] = "huge"
    item(whole, "RE-9.4")["deadline_days"] = 0
    with pytest.raises(ChecklistError) as told:
        parse_checklist(whole)
    assert told.value.errors == [
        "RE-1.1：不认识的严重程度 huge",
        "RE-9.4：deadline_days 应在 1 到 3650 之间（写的是 0）",
    ]


@pytest.mark.parametrize("nonsense", [{}, [], None, {"checklist": []}, {"checklist": {}, "sections": [1]}])
def test_nonsense_is_refused_with_words(nonsense: Any) -> None:
    with pytest.raises(ChecklistError) as told:
        parse_checklist(nonsense)
    assert told.value.errors


def test_lower_is_better_wants_rising_bounds() -> None:
    whole = doc()
    steps: list[dict[str, Any]] = [{"lte": 10, "share": 1}, {"lte": 5, "share": 0.5}, {"else_share": 0}]
    item(whole, "RE-2.3")["scoring"] = {"method": "measure", "direction": "lower", "thresholds": steps}
    with pytest.raises(ChecklistError) as told:
        parse_checklist(whole)
    assert told.value.errors == ["RE-2.3：thresholds 应自上而下由小到大"]
    steps[0]["lte"], steps[1]["lte"] = 5, 10
    parse_checklist(whole)


def test_how_days_count_may_be_said() -> None:
    whole = doc()
    assert parse_checklist(whole).by_code["RE-1.1"].deadline_kind == "natural"
    item(whole, "RE-1.1")["deadline_kind"] = "working"
    assert parse_checklist(whole).by_code["RE-1.1"].deadline_kind == "working"
