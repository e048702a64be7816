"""Deadlines on Beijing's calendar."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.deadlines import days_left, deadline_for, due_soon, overdue
from dispatch.stages import OPEN, STAGES

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
