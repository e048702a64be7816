"""What a cell says: dates as people write them, terms, severity, stage."""

from datetime import date, datetime
from typing import Any

import pytest

from dispatch.bringing import cells
from dispatch.bringing.cells import CellError, Term, day_of, deadline_of, severity_of, stage_of, text_of
from dispatch.deadlines import SHANGHAI

TODAY = date(2026, 11, 29)


@pytest.mark.parametrize(
    ("value", "day"),
    [
        (["d", "2026-11-03T00:00:00"], date(2026, 11, 3)), ("2026-11-03", date(2026, 11, 3)),
        ("2026.11.3", date(2026, 11, 3)), ("2026/11/3", date(2026, 11, 3)), ("2026年11月3日", date(2026, 11, 3)),
        ("２０２６．１１．３", date(2026, 11, 3)), ("26.11.3", date(2026, 11, 3)), ("20261103", date(2026, 11, 3)),
        (46329, date(2026, 11, 3)), ("46329", date(2026, 11, 3)), (46329.5, date(2026, 11, 3)),
        ("11月3日", date(2026, 11, 3)), ("11.3", date(2026, 11, 3)), ("12月3日", date(2025, 12, 3)),
        ("2026年11月3日（星期二）", date(2026, 11, 3)), ("2026-11-03 09:30", date(2026, 11, 3)), ("11月3日前", date(2026, 11, 3)),
        ("", None), ("—", None), ("/", None), (None, None),
    ],
)  # fmt: skip
def test_days(value: Any, day: date | None) -> None:
    assert day_of(value, TODAY) == day


def test_a_day_without_a_year_lies_after_the_day_it_counts_from() -> None:
    assert day_of("1月5日", TODAY, date(2026, 11, 3)) == date(2027, 1, 5)
    assert day_of("11月3日", TODAY, date(2026, 11, 3)) == date(2026, 11, 3)


def test_an_old_macs_days() -> None:
    assert day_of(44867, TODAY, since1904=True) == date(2026, 11, 3)


@pytest.mark.parametrize("value", ["下周三", "2026年2月30日", "13月1日", 11.3, "1998-1-1", "2099.1.1", "2026年11月", "长期", ["f"], "#N/A"])  # fmt: skip
def test_what_is_no_day_says_so(value: Any) -> None:
    with pytest.raises(CellError) as wrong:
        day_of(value, TODAY)
    assert "请" in str(wrong.value)


@pytest.mark.parametrize(
    ("value", "term"),
    [
        ("2026.12.5", Term(datetime(2026, 12, 5, 23, 59, 59, tzinfo=SHANGHAI))),
        ("1月5日", Term(datetime(2027, 1, 5, 23, 59, 59, tzinfo=SHANGHAI))),
        (["d", "2026-12-05T17:00:00"], Term(datetime(2026, 12, 5, 17, tzinfo=SHANGHAI))),
        ("立行立改", Term(days=1)), ("3天", Term(days=3)), ("7日内", Term(days=7)), ("十五天", Term(days=15)),
        ("5个工作日", Term(days=5, kind="working")), ("", None),
    ],
)  # fmt: skip
def test_deadlines(value: Any, term: Term | None) -> None:
    assert deadline_of(value, TODAY, date(2026, 11, 3)) == term


@pytest.mark.parametrize("value", ["0天", "长期坚持", "999天"])
def test_what_is_no_deadline_says_so(value: str) -> None:
    with pytest.raises(CellError):
        deadline_of(value, TODAY, None)


def test_severities() -> None:
    assert [severity_of(one) for one in ("一般", "较重", " 严重 ", "重大问题", "")] == [
        "minor",
        "major",
        "critical",
        "critical",
        "",
    ]
    with pytest.raises(CellError):
        severity_of("三级")


@pytest.mark.parametrize(
    ("said", "stage"),
    [
        ("已销号", cells.CLOSED), ("未销号", cells.OPEN), ("已整改", cells.DONE), ("未整改", cells.OPEN), ("整改中", cells.OPEN),
        ("尚未完成", cells.OPEN), ("部分完成", cells.OPEN), ("挂账至2026-12-01", cells.DEFERRED), ("已撤销", cells.CANCELLED),
        ("待签收", cells.OPEN), ("", cells.OPEN), ("去年的老问题", ""), ("完成", cells.DONE), ("没有整改到位", cells.OPEN),
    ],
)  # fmt: skip
def test_stages(said: str, stage: str) -> None:
    assert stage_of(said) == stage


def test_a_tick_means_what_its_column_asks() -> None:
    assert stage_of("√", "是否销号") == cells.CLOSED and stage_of("是", "是否整改") == cells.DONE
    assert stage_of("否", "是否销号") == cells.OPEN


def test_text() -> None:
    assert [text_of(one) for one in (3.0, 110109005201, ["d", "2026-11-03T00:00:00"], " 村口 ", None)] == [
        "3",
        "110109005201",
        "2026-11-03",
        "村口",
        "",
    ]
