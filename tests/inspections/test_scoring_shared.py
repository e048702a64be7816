"""The shared cases, as this side sees them; `about` in the file tells their form."""

from decimal import Decimal
from typing import Any

import pytest
import yaml

from inspections.answers import Answer
from inspections.scoring import ItemScore, check_answers, score
from inspections.sheet import body_json, checklist_sha256
from tests.inspections.sheets import CHECKLISTS, DATA, SHARED, decode

CASES = SHARED["cases"]


def sheet_of(case: dict[str, Any]) -> list[Answer]:
    answers = case["answers"]
    items = {answer["item"] for answer in answers}
    base = SHARED["full"][case["over"]] if "over" in case else []
    return decode([answer for answer in base if answer["item"] not in items] + answers)


def told(item: ItemScore) -> dict[str, Any]:
    return {
        "points": str(item.points),
        "weight": str(item.weight),
        "lost": str(item.lost),
        "na": item.na,
        "unproven": item.unproven,
        "detail": [[rule, count, str(off)] for rule, count, off in item.detail],
    }


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case(case: dict[str, Any]) -> None:
    checklist, answers = CHECKLISTS[case["checklist"]], sheet_of(case)
    got = score(
        checklist,
        answers,
        auto={
            code: None if value is None else Decimal(value) for code, value in case.get("auto", {}).items()
        },
        author=case.get("author", ""),
        inspectors=case.get("inspectors", []),
        provisional=case.get("provisional", False),
    )
    seen: dict[str, Any] = {
        "score": None if got.score is None else str(got.score),
        "grade": got.grade,
        "earned": str(got.earned),
        "base": str(got.base),
        "na_weight": str(got.na_weight),
        "na_over_limit": got.na_over_limit,
        "vetoes": list(got.vetoes),
        "vetoes_unconfirmed": list(got.vetoes_unconfirmed),
        "missing": list(got.missing),
        "problems": [[problem.item, problem.code] for problem in check_answers(checklist, answers)],
        "sections": {code: [str(earned), str(base)] for code, (earned, base) in got.sections.items()},
        "items": {code: told(item) for code, item in got.items.items()},
    }
    expect = case["expect"]
    for key in expect.keys() - {"items", "sections"}:
        assert seen[key] == expect[key], key
    for code, pair in expect.get("sections", {}).items():
        assert seen["sections"][code] == pair, code
    for code, fields in expect.get("items", {}).items():
        assert {key: seen["items"][code][key] for key in fields} == fields, code


def test_there_are_enough_cases_and_no_two_share_a_name() -> None:
    assert len({case["name"] for case in CASES}) == len(CASES) >= 60


def test_the_shared_body_is_the_file_in_force() -> None:
    with (DATA / "checklist-rural-environment.yaml").open(encoding="utf-8") as file:
        assert SHARED["checklists"]["RE"] == body_json(yaml.safe_load(file))


@pytest.mark.parametrize("name", SHARED["sha256"])
def test_shared_hashes(name: str) -> None:
    assert checklist_sha256(SHARED["checklists"][name]) == SHARED["sha256"][name]
