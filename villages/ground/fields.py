"""Column types of ours."""

from datetime import UTC, datetime
from typing import Any

from tortoise import Model, fields


class Moment(fields.DatetimeField[Any]):
    """A time kept in UTC. SQLite stores times as text: without this a +08:00 compares wrong with a UTC one."""

    def to_db_value(self, value: Any, instance: type[Model] | Model) -> Any:
        if isinstance(value, datetime) and value.tzinfo is not None:
            value = value.astimezone(UTC)
        return super().to_db_value(value, instance)
