"""Which tasks the figures are asked of, and which steps of a task tell how its first review ended, in SQL."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from dispatch.models import STEPS_OF_REVIEW
from villages.ground.database import stored

_MOVED = "{0}.from_stage <> {0}.to_stage AND {0}.verdict IN ('applied', 'merged')"
# What a review is: a pass or a refusal; also a striking off at the place, where it ends a review. All that is asked of a
# step stands in the index `step_review`, which both engines use only where its own condition is repeated.
DONE = "s.verdict IN ('applied', 'merged')"
REVIEWS = f"s.{STEPS_OF_REVIEW} AND s.verb <> 'take_back' AND (s.verb <> 'close_on_site' OR s.from_stage = 'submitted')"
# A pass that was taken back (the task's next move is 撤回) was no review.
KEPT = (
    "(s.verb <> 'pass' OR NOT EXISTS (SELECT 1 FROM step t WHERE t.task_id = s.task_id AND t.rev > s.rev"
    f" AND t.{STEPS_OF_REVIEW} AND t.verb = 'take_back' AND {_MOVED.format('t')} AND NOT EXISTS (SELECT 1 FROM step m"
    f" WHERE m.task_id = s.task_id AND m.rev > s.rev AND m.rev < t.rev AND {_MOVED.format('m')})))"
)
LINKED = "SELECT a.again_of FROM task a WHERE a.again_of IS NOT NULL AND a.stage <> 'cancelled'"


@dataclass(frozen=True)
class Asking:
    """Which tasks: inside any of the places (6, 9 or 12 digits), dispatched in [since, until), and narrower."""

    places: tuple[str, ...]
    since: datetime | None = None
    until: datetime | None = None
    town: str = ""
    village: str = ""
    unit: str = ""
    item: str = ""

    def inside(self, by: str, key: str) -> "Asking":
        """The same of one group's tasks, as far as a column says the group and nothing is asked of that column yet."""
        if not key or by not in ("town", "village", "unit", "item") or getattr(self, by):
            return self
        narrower: dict[str, Any] = {by: key}
        return replace(self, **narrower)

    def where(self) -> tuple[str, list[Any]]:
        """The condition on `task k`, with `?`, and its values."""
        inside: list[str] = []
        values: list[Any] = []
        for place in self.places:
            if len(place) == 6:  # digits order alike in every collation: this range is the prefix
                inside.append("(k.town >= ? AND k.town < ?)")
                values += [place, str(int(place) + 1)]
            else:
                inside.append("k.town = ?" if len(place) == 9 else "k.village = ?")
                values.append(place)
        parts = [f"({' OR '.join(inside)})" if inside else "1 = 0"]
        for column in ("town", "village", "unit", "item"):
            if value := getattr(self, column):
                parts.append(f"k.{column} = ?")
                values.append(value)
        for sign, moment in ((">=", self.since), ("<", self.until)):
            if moment:
                parts.append(f"k.dispatched_at {sign} ?")
                values.append(stored(moment))
        return " AND ".join(parts), values


def moment(value: Any) -> datetime:
    """A time as either engine gives it: PostgreSQL a time, SQLite its text in UTC."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value).astimezone(UTC)
