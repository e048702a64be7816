"""Records of tasks for the rates, out of the tables: three statements, whatever their number."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from dispatch.models import STEPS_OF_REVIEW
from dispatch.rates import TaskRecord
from villages.ground.database import rows, stored

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


async def records(asking: Asking) -> list[TaskRecord]:
    """The tasks asked for, by deadline and id."""
    where, values = asking.where()
    tasks = await rows(
        "SELECT k.id, k.village, k.item, k.unit, k.stage, k.dispatched_at, k.deadline, k.closed_at, k.basis_gone,"
        f" k.reopened FROM task k WHERE {where} ORDER BY k.deadline, k.id",
        *values,
    )
    reviews = await rows(
        "SELECT r.task, r.verb FROM (SELECT s.task_id AS task, s.verb AS verb, ROW_NUMBER() OVER"
        " (PARTITION BY s.task_id ORDER BY s.rev, s.id) AS place FROM step s JOIN task k ON k.id = s.task_id"
        f" WHERE {DONE} AND {REVIEWS} AND {KEPT} AND {where}) r WHERE r.place = 1",
        *values,
    )
    links = await rows(f"SELECT k.id AS task FROM task k WHERE k.id IN ({LINKED}) AND {where}", *values)
    first = {str(row["task"]): row["verb"] != "reject" for row in reviews}
    linked = {str(row["task"]) for row in links}
    return [_record(row, first, linked) for row in tasks]


def _record(row: dict[str, Any], first: dict[str, bool], linked: set[str]) -> TaskRecord:
    key = str(row["id"])
    return TaskRecord(
        village=row["village"], item=row["item"], unit=row["unit"], stage=row["stage"],
        dispatched_at=moment(row["dispatched_at"]), deadline=moment(row["deadline"]),
        closed_at=moment(row["closed_at"]) if row["closed_at"] else None, basis_gone=bool(row["basis_gone"]),
        reopened=row["reopened"], linked=key in linked, first_pass=first.get(key), id=key,
    )  # fmt: skip


def moment(value: Any) -> datetime:
    """A time as either engine gives it: PostgreSQL a time, SQLite its text in UTC."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value).astimezone(UTC)
