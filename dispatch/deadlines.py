"""Deadlines (整改期限): days of Beijing's calendar, counted from dispatch by the server's time only. Pure.

Overdue and due soon are derived, never stored.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar  # type: ignore[import-untyped]

from dispatch.stages import OPEN

SHANGHAI = ZoneInfo("Asia/Shanghai")
SOON = timedelta(hours=24)


NATURAL, WORKING, HOURS = "natural", "working", "hours"
KINDS = (NATURAL, WORKING, HOURS)  # how a term of days is counted; the same words in inspections/sheet.py


def deadline_for(dispatched_at: datetime, days: int, kind: str = NATURAL) -> datetime:
    """The end of a term of `days` from dispatch, in UTC. Raises ValueError below one day or for another kind.

    `natural`: one day (立行立改) is 24 hours; more end with the last second of the n-th day after.
    `working`: the last second of the n-th working day after the day of dispatch, which itself never counts. Holidays
    and the weekends worked in exchange are those the State Council announced; a year that is not announced yet (the
    data ends with the present one until its update in November) counts Monday to Friday.
    `hours`: n × 24 hours, to the second.
    """
    if days < 1 or kind not in KINDS:
        raise ValueError(f"a deadline of {days} days, {kind}")
    if kind == HOURS or (kind == NATURAL and days == 1):
        return dispatched_at.astimezone(UTC) + timedelta(hours=24 * days)
    return _end_of(_days_after(dispatched_at.astimezone(SHANGHAI).date(), days, kind))


def _days_after(day: date, days: int, kind: str) -> date:
    if kind != WORKING:
        return day + timedelta(days=days)
    while days:
        day += timedelta(days=1)
        days -= working_day(day)
    return day


def working_day(day: date) -> bool:
    """Whether offices work that day; by Monday to Friday alone in a year whose holidays are not known."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time(23, 59, 59), SHANGHAI).astimezone(UTC)


def latest_to_ask(dispatched_at: datetime, deadline: datetime, days: int) -> datetime:
    """More time is asked for at least a day ahead (延期须提前一天); of a one-day term, at any moment of it."""
    return deadline if days <= 1 else max(deadline - timedelta(days=1), dispatched_at)


def beyond(deadline: datetime, until: datetime, days: int, kind: str = NATURAL) -> bool:
    """Whether the time asked for is longer than the item's own term: the town cannot give that."""
    return until.astimezone(SHANGHAI).date() > longest(deadline, days, kind)


def longest(deadline: datetime, days: int, kind: str = NATURAL) -> date:
    """The last Beijing day that a town can give: the item's own term once more."""
    return _days_after(deadline.astimezone(SHANGHAI).date(), days, kind)


def resumed(deadline: datetime, stopped: datetime, now: datetime) -> datetime:
    """The deadline after 挂账: what was left when the clock stopped is left again, to the end of that Beijing day.

    A task that was late already is as late as it was.
    """
    return _end_of((deadline + (now - stopped)).astimezone(SHANGHAI).date())


def overdue(deadline: datetime, stage: str, now: datetime) -> bool:
    """逾期: still open, deadline passed."""
    return stage in OPEN and now > deadline


def due_soon(deadline: datetime, stage: str, now: datetime) -> bool:
    """临期: still open, at most 24 hours left."""
    return stage in OPEN and now <= deadline <= now + SOON


def days_left(deadline: datetime, now: datetime) -> int:
    """Beijing days from today to the deadline's: 0 today, -3 three days late."""
    return (deadline.astimezone(SHANGHAI).date() - now.astimezone(SHANGHAI).date()).days
