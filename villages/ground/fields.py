"""Column types and indexes of ours."""

from datetime import UTC, datetime
from typing import Any

from tortoise import Model, fields
from tortoise.indexes import Index


class Moment(fields.DatetimeField[Any]):
    """A time kept in UTC. SQLite stores times as text: without this a +08:00 compares wrong with a UTC one."""

    def to_db_value(self, value: Any, instance: type[Model] | Model) -> Any:
        if isinstance(value, datetime) and value.tzinfo is not None:
            value = value.astimezone(UTC)
        return super().to_db_value(value, instance)


def row_of(model: str, *, indexed: bool = False) -> Any:
    """The row of `model` ("app.Model") that a row belongs to; nobody takes it away meanwhile."""
    return fields.ForeignKeyField(model, related_name=False, on_delete=fields.RESTRICT, db_index=indexed)


class SomeRows(Index):
    """An index of the rows that meet a condition: SQL without parameters, which a query must repeat word for word."""

    def __init__(self, *, fields: list[str] | tuple[str, ...], name: str, where: str) -> None:
        super().__init__(fields=fields, name=name)
        self.where = where
        self.extra = f" WHERE {where}"

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        path, args, given = super().deconstruct()
        return path, args, given | {"where": self.where}
