"""Which column is which: headings of all kinds, heads that are not in the first row, heads of two rows."""

from typing import Any

from dispatch.bringing.columns import find_head, guess
from dispatch.ledger_book import COLUMNS


def rows(*lines: tuple[str, ...]) -> list[dict[str, Any]]:
    return [
        {"r": at, "c": {str(n): text for n, text in enumerate(line, 1) if text}}
        for at, line in enumerate(lines, 1)
    ]


def named(*headings: str) -> dict[str, str]:
    return {thing: headings[column - 1] for thing, column in guess(dict(enumerate(headings, 1))).items()}


def test_our_own_ledger() -> None:
    found = named(*COLUMNS)
    assert {found[name] for name in ("number", "town", "village", "found_on", "category", "text", "place")} == set(COLUMNS[1:8])  # fmt: skip
    assert (found["unit"], found["person"], found["deadline"], found["requirement"]) == COLUMNS[8:12]
    assert (found["done_on"], found["before"], found["after"], found["reviewer"]) == COLUMNS[12:16]
    assert (found["closed_on"], found["remarks"]) == COLUMNS[16:]
    assert "stage" not in found and "severity" not in found


def test_other_offices_words() -> None:
    found = named("乡镇", "行政村（社区）", "存在问题", "具体位置", "整改时限", "责任 单位", "现场照片", "整改完成照片", "是否销号", "问题\n类型", "程度")  # fmt: skip
    assert found == {
        "town": "乡镇", "village": "行政村（社区）", "text": "存在问题", "place": "具体位置", "deadline": "整改时限",
        "unit": "责任 单位", "before": "现场照片", "after": "整改完成照片", "stage": "是否销号", "category": "问题\n类型",
        "severity": "程度",
    }  # fmt: skip


def test_a_head_below_titles() -> None:
    head = find_head(
        rows(
            ("2026年人居环境问题整改台账",),
            ("填报单位：区农办",),
            ("序号", "镇街", "村", "问题描述", "整改期限"),
        ),
        [[1, 1, 1, 5], [2, 1, 2, 5]],
    )
    assert head is not None and head.row == 3
    assert head.guessed == {"town": 2, "village": 3, "text": 4, "deadline": 5}


def test_a_head_of_two_rows() -> None:
    lines = rows(
        ("序号", "村名", "问题", "照片"), ("序号", "村名", "问题", "整改前", "整改后"), ("1", "甲村", "垃圾")
    )
    head = find_head(lines, [[1, 1, 2, 1], [1, 2, 2, 2], [1, 3, 2, 3], [1, 4, 1, 5]])
    assert head is not None and head.row == 2
    assert head.guessed == {"village": 2, "text": 3, "before": 4, "after": 5}


def test_no_head_is_no_guess() -> None:
    assert find_head(rows(("甲", "乙"), ("安家庄村", "垃圾")), []) is None
    assert find_head([], []) is None
