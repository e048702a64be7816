"""Deadlines (整改期限): natural days of Beijing, counted from dispatch by the server's time only. Pure.

Overdue and due soon are derived, never stored.
"""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dispatch.stages import OPEN

SHANGHAI = ZoneInfo("Asia/Shanghai")
SOON = timedelta(hours=24)


def deadline_for(dispatched_at: datetime, days: int) -> datetime:
    """One day (立行立改) is 24 hours; more end with the last second of the n-th day after. UTC."""
    if days < 1:
        raise ValueError(f"a deadline of {days} days")
    if days == 1:
        return dispatched_at.astimezone(UTC) + timedelta(hours=24)
    last = dispatched_at.astimezone(SHANGHAI).date() + timedelta(days=days)
    return datetime.combine(last, time(23, 59, 59), SHANGHAI).astimezone(UTC)


def latest_to_ask(dispatched_at: datetime, deadline: datetime, days: int) -> datetime:
    """More time is asked for at least a day ahead (延期须提前一天); of a one-day term, at any moment of it."""
    return deadline if days <= 1 else max(deadline - timedelta(days=1), dispatched_at)


def beyond(deadline: datetime, until: datetime, days: int) -> bool:
    """Whether the time asked for is longer than the item's own term: the town cannot give that."""
    asked = until.astimezone(SHANGHAI).date() - deadline.astimezone(SHANGHAI).date()
    return asked > timedelta(days=days)


def resumed(deadline: datetime, stopped: datetime, now: datetime) -> datetime:
    """The deadline after 挂账: what was left when the clock stopped is left again, to the end of that Beijing day.

    A task that was late already is as late as it was.
    """
    moved = (deadline + (now - stopped)).astimezone(SHANGHAI)
    return datetime.combine(moved.date(), time(23, 59, 59), SHANGHAI).astimezone(UTC)


def overdue(deadline: datetime, stage: str, now: datetime) -> bool:
    """逾期: still open, deadline passed."""
    return stage in OPEN and now > deadline


def due_soon(deadline: datetime, stage: str, now: datetime) -> bool:
    """临期: still open, at most 24 hours left."""
    return stage in OPEN and now <= deadline <= now + SOON


def days_left(deadline: datetime, now: datetime) -> int:
    """Beijing days from today to the deadline's: 0 today, -3 three days late."""
    return (deadline.astimezone(SHANGHAI).date() - now.astimezone(SHANGHAI).date()).days
