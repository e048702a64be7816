"""Deadlines on Beijing's calendar."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.deadlines import KINDS, beyond, days_left, deadline_for, due_soon, overdue
from dispatch.stages import OPEN, STAGES
from inspections.sheet import DEADLINE_KINDS

BEIJING = ZoneInfo("Asia/Shanghai")


def at(text: str) -> datetime:
    """A moment on a wall clock in Beijing."""
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


def test_one_day_is_24_hours_to_the_second() -> None:
    assert deadline_for(at("2026-11-22 15:30:10"), 1) == at("2026-11-23 15:30:10")


@pytest.mark.parametrize(
    ("sent", "days", "due"),
    [
        ("2026-11-22 15:30", 3, "2026-11-25 23:59:59"),
        ("2026-11-22 00:00", 2, "2026-11-24 23:59:59"),
        ("2026-11-22 23:59", 2, "2026-11-24 23:59:59"),
        ("2026-11-23 00:00", 2, "2026-11-25 23:59:59"),
        ("2026-11-22 07:00", 2, "2026-11-24 23:59:59"),  # still the 21st in UTC
        ("2028-02-27 12:00", 7, "2028-03-05 23:59:59"),  # a leap year
        ("2026-12-20 12:00", 30, "2027-01-19 23:59:59"),
    ],
)
def test_more_days_end_with_the_day(sent: str, days: int, due: str) -> None:
    assert deadline_for(at(sent), days) == at(due)


def test_no_days_is_an_error() -> None:
    with pytest.raises(ValueError, match="0 days"):
        deadline_for(at("2026-11-22 12:00"), 0)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)), st.integers(1, 400))  # noqa: DTZ001
def test_never_less_than_asked_never_a_day_more(sent: datetime, days: int) -> None:
    moment = sent.replace(tzinfo=UTC)
    given_time = deadline_for(moment, days) - moment
    assert timedelta(days=days) - timedelta(seconds=1) <= given_time < timedelta(days=days + 1)


def test_overdue_and_due_soon_are_of_open_tasks_only() -> None:
    due = at("2026-11-25 23:59:59")
    for stage in STAGES:
        assert overdue(due, stage, due + timedelta(seconds=1)) == (stage in OPEN)
        assert due_soon(due, stage, due) == (stage in OPEN)
    assert not overdue(due, "accepted", due)
    assert due_soon(due, "accepted", due - timedelta(hours=24))
    assert not due_soon(due, "accepted", due - timedelta(hours=24, seconds=1))
    assert not due_soon(due, "accepted", due + timedelta(seconds=1))


def test_days_left_are_calendar_days() -> None:
    due = at("2026-11-25 23:59:59")
    assert days_left(due, at("2026-11-25 00:00")) == 0
    assert days_left(due, at("2026-11-24 23:59")) == 1
    assert days_left(due, at("2026-11-28 00:01")) == -3


@pytest.mark.parametrize(
    ("sent", "days", "due"),
    [
        ("2026-09-30 15:00", 1, "2026-10-08"),  # 国庆: the 1st to the 7th do not count
        ("2026-09-30 15:00", 3, "2026-10-10"),  # … and the Saturday worked in exchange does
        ("2026-10-03 09:00", 1, "2026-10-08"),  # sent on a holiday
        ("2026-10-07 23:59", 1, "2026-10-08"),
        ("2026-10-08 00:00", 1, "2026-10-09"),
        (
            "2026-02-13 10:00",
            2,
            "2026-02-24",
        ),  # 春节: Saturday the 14th is worked, the 15th to the 23rd are not
        ("2026-11-20 10:00", 5, "2026-11-27"),  # a plain weekend
        ("2040-02-03 10:00", 2, "2040-02-07"),  # a year nobody announced: Monday to Friday
    ],
)
def test_working_days_are_those_announced(sent: str, days: int, due: str) -> None:
    assert deadline_for(at(sent), days, "working") == at(f"{due} 23:59:59")


def test_hours_run_to_the_second() -> None:
    assert deadline_for(at("2026-09-30 15:30:10"), 2, "hours") == at("2026-10-02 15:30:10")


def test_another_kind_is_refused() -> None:
    assert KINDS == DEADLINE_KINDS
    for days, kind in ((0, "working"), (1, "lunar"), (-1, "hours")):
        with pytest.raises(ValueError, match="deadline"):
            deadline_for(at("2026-09-30 15:00"), days, kind)


def test_the_towns_limit_counts_as_the_term_does() -> None:
    due = at("2026-09-30 23:59:59")
    assert beyond(due, at("2026-10-10 12:00"), 3)
    assert not beyond(due, at("2026-10-10 12:00"), 3, "working")
    assert beyond(due, at("2026-10-11 12:00"), 3, "working")
