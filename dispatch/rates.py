"""The rates of rectification, each defined once, over plain records of tasks. Pure.

A task that was withdrawn (撤销, merged into another) or whose inspection was voided (依据已撤) is in none of them.
Approved 挂账 leaves what is asked of a task: whether it was done, closed and on time. A period is that of dispatch.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from statistics import median

from dispatch.stages import CANCELLED, CHECKED, CLOSED, DEFERRED, SUBMITTED

HUNDREDTH = Decimal("0.01")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """What the rates ask of one task. `first_pass`: how its first review ended, None before there was one.

    `linked`: a later task, not withdrawn, says that this one came back (认定反弹).
    """

    village: str
    item: str
    unit: str
    stage: str
    dispatched_at: datetime
    deadline: datetime  # as approved
    closed_at: datetime | None = None
    basis_gone: bool = False
    reopened: int = 0
    linked: bool = False
    first_pass: bool | None = None
    id: str = ""


@dataclass(frozen=True)
class Rate:
    """So many of so many."""

    part: int
    whole: int

    @property
    def per_cent(self) -> Decimal | None:
        """0 to 100, to 0.01; None of nothing."""
        if not self.whole:
            return None
        return (Decimal(100 * self.part) / Decimal(self.whole)).quantize(HUNDREDTH, ROUND_HALF_UP)


def _stands(task: TaskRecord) -> bool:
    return task.stage != CANCELLED and not task.basis_gone


def _asked(task: TaskRecord) -> bool:
    return _stands(task) and task.stage != DEFERRED


def _due(task: TaskRecord, now: datetime) -> bool:
    return _asked(task) and task.deadline <= now


def _met(task: TaskRecord, now: datetime) -> bool:
    in_time = task.closed_at is not None and task.closed_at <= task.deadline
    return _due(task, now) and task.stage == CLOSED and in_time


def _was_closed(task: TaskRecord, _now: datetime) -> bool:
    return _stands(task) and (task.stage == CLOSED or task.reopened > 0)


# What a figure counts: (task, now) → whether it is in. A list behind a number asks the same.
COUNTED: dict[str, Callable[[TaskRecord, datetime], bool]] = {
    "asked": lambda task, _now: _asked(task),
    "handed_in": lambda task, _now: _asked(task) and task.stage in (SUBMITTED, CHECKED, CLOSED),
    "closed": lambda task, _now: _asked(task) and task.stage == CLOSED,
    "due": _due,
    "met": _met,
    "missed": lambda task, now: _due(task, now) and not _met(task, now),
    "reviewed": lambda task, _now: _stands(task) and task.first_pass is not None,
    "first_passed": lambda task, _now: _stands(task) and task.first_pass is True,
    "was_closed": _was_closed,
    "came_back": lambda task, now: _was_closed(task, now) and (task.reopened > 0 or task.linked),
}

# rate: (part, whole), keys of COUNTED
RATES: dict[str, tuple[str, str]] = {
    "completion_rate": ("handed_in", "asked"),  # 整改率: done and handed in, as far as it was not sent back
    "on_time_rate": ("met", "due"),  # 按期整改率: closed by the approved deadline
    "closure_rate": ("closed", "asked"),  # 销号率
    "first_pass_rate": ("first_passed", "reviewed"),  # 复核通过率
    "recurrence_rate": ("came_back", "was_closed"),  # 反弹率
}


@dataclass(frozen=True)
class Figures:
    """All counts of some tasks, the rates made of them, and the days from dispatch to closing (median, to 0.1)."""

    counts: dict[str, int]
    median_days: Decimal | None

    def rate(self, name: str) -> Rate:
        """One of RATES."""
        part, whole = RATES[name]
        return Rate(self.counts[part], self.counts[whole])


def counted(tasks: Iterable[tuple[TaskRecord, int]], now: datetime) -> dict[str, int]:
    """The counts of tasks, of which one may stand for a number that nothing here tells apart."""
    counts = dict.fromkeys(COUNTED, 0)
    for task, number in tasks:
        for name, inside in COUNTED.items():
            counts[name] += number if inside(task, now) else 0
    return counts


def median_days(spans: Sequence[timedelta]) -> Decimal | None:
    """The span in the middle, in days to 0.1; None of none."""
    if not spans:
        return None
    days: Decimal = median(Decimal(span // timedelta(milliseconds=1)) for span in spans) / (
        _DAY // timedelta(milliseconds=1)
    )
    return days.quantize(Decimal("0.1"), ROUND_HALF_UP)
