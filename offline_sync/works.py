"""What a command's preparing hands on: work to be done inside the change, ending in a verdict."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from inspections import evidence
from inspections.submit import Taken
from offline_sync.verdicts import Arrived, Verdict
from villages.changes import Line
from villages.ground.bulk import Question
from villages.permissions import Who

Work = Callable[[Line], Awaitable[Verdict]]


@dataclass(frozen=True)
class Foreseen:
    """A work that knows what it will ask first, so that the change asks it as it begins."""

    work: Work
    ahead: Sequence[Question]

    async def __call__(self, line: Line) -> Verdict:
        """Do the work."""
        return await self.work(line)


class Refused(Exception):
    """A verdict reached half-way: the change is rolled back and the verdict alone is stored."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.message)
        self.verdict = verdict


def only(verdict: Verdict) -> Work:
    """The work that does nothing but reach this verdict."""

    async def work(_line: Line) -> Verdict:
        return verdict

    return work


def hold_with_photos(verdict: Verdict, photos: Any, village: str, who: Who) -> Work:
    """A held command still opens slots for its photos: the bytes are evidence and must be able to arrive."""

    async def work(line: Line) -> Verdict:
        inside = village if len(village) == 12 and village.startswith(who.district) else ""
        home = inside or f"u:{who.person}"
        missing = await evidence.expect_photos(line, photos, home=home, person=who.person)
        return Verdict(verdict.status, verdict.reason, verdict.message, {"missing": missing}, verdict.about)

    return work


def taken_in(visit: Taken, tasks: Sequence[UUID], missing: Sequence[str], about: tuple[str, str]) -> Verdict:
    """Applied: what it scored, the tasks that came of it, and the hashes of photos still to come."""
    data = {
        "score": None if visit.score is None else str(visit.score), "grade": visit.grade or None, "late": visit.late,
        "tasks": [str(task) for task in tasks], "missing": list(missing),
    }  # fmt: skip
    return Verdict("applied", "", "", data, about)


def args_text(arrived: Arrived) -> str:
    """The args to the byte."""
    return bytes(arrived.command.args).decode()
