"""What stands beside the stages of a person's tasks, counted: each number opens a list (`queries.filtered`)."""

from dataclasses import dataclass

from tortoise.expressions import Q
from tortoise.functions import Count

from dispatch.deadlines import SOON
from dispatch.queries import MARKED, seen_by
from dispatch.stages import DEFERRED, OPEN
from villages.ground import clock
from villages.permissions import Who


@dataclass(frozen=True)
class Tally:
    """Of the open tasks: all, late, due within 24 hours, with an extension asked, pressed, raised; those on hold, and
    of all tasks those whose 举一反三 waits for an answer."""

    open: int
    overdue: int
    soon: int
    asked: int
    supervised: int
    raised: int
    deferred: int
    sweeping: int


async def tally(who: Who) -> Tally:
    """Two queries over what is under way, whatever was closed before."""
    now = clock.now()
    found = await (
        seen_by(who)
        .filter(stage__in=[*sorted(OPEN), DEFERRED])
        .annotate(
            number=Count("id"),
            late=Count("id", _filter=Q(deadline__lt=now)),
            soon=Count("id", _filter=Q(deadline__gte=now, deadline__lte=now + SOON)),
            asked=Count("id", _filter=MARKED["asked"]),
            pressed=Count("id", _filter=MARKED["supervised"]),
            raised=Count("id", _filter=MARKED["raised"]),
        )
        .group_by("stage")
        .values("stage", "number", "late", "soon", "asked", "pressed", "raised")
    )
    under_way = [row for row in found if row["stage"] in OPEN]

    def of(key: str) -> int:
        return sum(int(row[key]) for row in under_way)

    held = sum(int(row["number"]) for row in found if row["stage"] == DEFERRED)
    sweeping = await seen_by(who).filter(MARKED["sweeping"]).count()
    return Tally(
        of("number"), of("late"), of("soon"), of("asked"), of("pressed"), of("raised"), held, sweeping
    )  # fmt: skip
