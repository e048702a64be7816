"""The ladder (催办、督办、提级): which rung a task stands on at a moment. Pure.

A rung belongs to one date of the task, its deadline; when the date changes the ladder begins anew. A rung's own date is
the Beijing day on which it fell due, also when it is told later, after days on which nobody looked.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from dispatch.deadlines import SHANGHAI, SOON

DUE_SOON, URGE, PROPOSE, RAISE = 1, 2, 3, 4
LATE_DAYS = {URGE: 1, PROPOSE: 3, RAISE: 7}  # Beijing days after the deadline's
KIND = {DUE_SOON: "soon", URGE: "urge", PROPOSE: "propose", RAISE: "raise"}  # of notice and of step
LOOK_AGAIN = 1  # the only rung of a task that is 挂账


@dataclass(frozen=True)
class Rung:
    """A rung that is to be told, and the day it belongs to."""

    number: int
    day: date

    @property
    def kind(self) -> str:
        """soon, urge, propose, raise"""
        return KIND[self.number]


def latest_deadline(now: datetime) -> datetime:
    """Tasks with a later deadline stand on no rung yet."""
    return now + SOON


def owed(deadline: datetime, told: int, told_for: datetime | None, now: datetime) -> list[Rung]:
    """The rungs not yet told, lowest first; `told` counts only where it was `told_for` this very deadline.

    Of a task that is late already nobody is told any more that it is due soon.
    """
    reached = told if told_for == deadline else 0
    last = deadline.astimezone(SHANGHAI).date()
    today = now.astimezone(SHANGHAI).date()
    if now <= deadline:
        soon = reached < DUE_SOON and deadline <= now + SOON
        return [Rung(DUE_SOON, today)] if soon else []
    due = [(number, last + timedelta(days=days)) for number, days in LATE_DAYS.items()]
    return [Rung(number, day) for number, day in due if number > reached and day <= today]


def raised(deadline: datetime, told: int, told_for: datetime | None) -> bool:
    """提级: whether the mark stands on a task now."""
    return told >= RAISE and told_for == deadline


def monday_of(day: date) -> date:
    """The day that begins the week, whose list the towns get."""
    return day - timedelta(days=day.weekday())
