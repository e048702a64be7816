"""A task's clock told in words and as a thin bar: when it ran, stood still, was late. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from dispatch import deadlines
from dispatch.models import Step, Task
from dispatch.stages import CLOSED, FINISHED

WIDE = 1000  # the bar's length in its own units
RUN, LATE, STOPPED, REST, LEFT = "run", "late", "stopped", "rest", "left"
SPAN_WORD = {RUN: "计时", LATE: "逾期", STOPPED: "停表", REST: "已办结", LEFT: "剩余"}


@dataclass(frozen=True)
class Mark:
    """A point of the clock. `ahead`: it has not come yet."""

    word: str
    at: datetime
    ahead: bool = False


@dataclass(frozen=True)
class Span:
    """A stretch of the bar; x and width of WIDE."""

    kind: str
    x: int
    width: int


@dataclass(frozen=True)
class ClockLine:
    """Marks in the order of time, stretches from left to right, and where today stands (None: it is over)."""

    marks: list[Mark]
    spans: list[Span]
    now: int | None
    kinds: list[tuple[str, str]]


@dataclass
class _Clock:
    task: Task
    deadline: datetime
    at: datetime
    state: str = RUN
    since: datetime | None = None  # when it was stopped
    asked: datetime | None = None
    marks: list[Mark] = field(default_factory=list)
    spans: list[tuple[str, datetime, datetime]] = field(default_factory=list)

    def run_to(self, moment: datetime) -> None:
        """Draw from where the clock is to `moment`, split at the deadline."""
        if moment <= self.at:
            return
        if self.state == RUN:
            turn = min(max(self.deadline, self.at), moment)
            self._draw(RUN, self.at, turn)
            self._draw(LATE, turn, moment)
        else:
            self._draw(self.state, self.at, moment)
        self.at = moment

    def _draw(self, kind: str, start: datetime, end: datetime) -> None:
        if start < end:
            self.spans.append((kind, start, end))

    def step(self, step: Step) -> None:
        """What one act does to the clock."""
        self.run_to(step.heard_at)
        at, verb = step.heard_at, step.verb
        if verb == "extend":
            self.asked = step.until
        elif verb == "extend_grant":
            self.deadline = step.until or self.asked or self.task.deadline
            # Asked in time and answered late: what was late meanwhile was not.
            self.spans = [(RUN if kind == LATE else kind, start, end) for kind, start, end in self.spans]
            self.marks.append(Mark("延期至", self.deadline))
        elif verb == "defer":
            self.state, self.since = STOPPED, at
            self.marks.append(Mark("挂账，停表", at))
        elif verb == "resume":
            self.deadline = deadlines.resumed(self.deadline, self.since or at, at)
            self.state = RUN
            self.marks += [Mark("恢复", at), Mark("恢复后期限", self.deadline)]
        elif verb == "reopen":
            self.deadline = deadlines.deadline_for(at, self.task.days, self.task.deadline_kind)
            self.state = RUN
            self.marks += [Mark("反弹重开", at), Mark("重开后期限", self.deadline)]
        elif verb == "take_back":
            self.state = RUN
            self.marks.append(Mark("撤回", at))
        elif verb in ("submit", "reject"):
            self.marks.append(Mark("提交" if verb == "submit" else "退回", at))
        elif step.to_stage in FINISHED and step.from_stage not in FINISHED:
            self.state = REST
            self.marks.append(Mark("销号" if step.to_stage == CLOSED else "撤销", at))


def clock_line(task: Task, steps: Sequence[Step], now: datetime) -> ClockLine:
    """The clock of a task by its history, oldest step first; acts that were not done do not move it."""
    start = task.dispatched_at
    # A task that was split off has the term of the one it comes from.
    given = steps[0].until if steps and steps[0].verb == "dispatch" else None
    first = given or deadlines.deadline_for(start, task.days, task.deadline_kind)
    clock = _Clock(task, first, start, marks=[Mark("派单", start), Mark("期限", first)])
    for step in steps:
        if step.verdict in ("applied", "merged") and step.verb != "dispatch":
            clock.step(step)
    over = clock.state == REST
    if not over:
        clock.run_to(now)
        if clock.state == RUN and clock.deadline > now:
            clock.spans.append((LEFT, now, clock.deadline))
    end = max([clock.at, *(mark.at for mark in clock.marks)])
    whole = max((end - start).total_seconds(), 1.0)

    def x(moment: datetime) -> int:
        return int((moment - start).total_seconds() * WIDE / whole)

    marks = sorted(
        (Mark(one.word, one.at, not over and one.at > now) for one in clock.marks), key=lambda one: one.at
    )
    spans = [Span(kind, x(since), max(x(until) - x(since), 2)) for kind, since, until in clock.spans]
    kinds = list(dict.fromkeys(span.kind for span in spans))
    return ClockLine(marks, spans, None if over else x(now), [(kind, SPAN_WORD[kind]) for kind in kinds])
