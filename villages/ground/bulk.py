"""Many rows, one trip: inserts gathered while a change runs and written together.

An ORM object and a thread hop for each row of a 42-item sheet cost more than the rest of a submission. Here rows
are plain dicts; the model's fields say how each column is stored, on either engine, exactly as the ORM would.
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import msgspec
from tortoise import Model, fields
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import IntegrityError, OperationalError

Row = Mapping[str, Any]
Statement = tuple[str, list[list[Any]]]


@cache
def _columns(
    model: type[Model],
) -> tuple[dict[str, tuple[str, fields.Field[Any]]], tuple[tuple[str, Any], ...]]:
    """(name a row may use → (column, field), defaults of the columns a row may leave out)."""
    meta = model._meta
    known: dict[str, tuple[str, fields.Field[Any]]] = {}
    defaults: list[tuple[str, Any]] = []
    for name, column in meta.fields_db_projection.items():
        field = meta.fields_map[name]
        known[name] = (column, field)
        if not field.pk and (field.default is not None or field.null):
            defaults.append((name, field.default))
    return known, tuple(defaults)


def _stored(field: fields.Field[Any], sqlite: bool) -> Callable[[Any], Any]:
    if isinstance(field, fields.JSONField):
        return _dumps
    if isinstance(field, fields.DatetimeField):
        return _moment_text if sqlite else _moment
    if sqlite and isinstance(field, fields.UUIDField | fields.DecimalField):
        return str
    if sqlite and isinstance(field, fields.BooleanField):
        return int
    return _same


def _dumps(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _same(value: Any) -> Any:
    return value


def _moment(value: datetime) -> datetime:
    return value.astimezone(UTC)


def _moment_text(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(" ")


@cache
def _plan(
    model: type[Model], names: tuple[str, ...], sqlite: bool
) -> tuple[str, list[tuple[str, Callable[[Any], Any]]]]:
    known, _ = _columns(model)
    steps = [(name, _stored(known[name][1], sqlite)) for name in names]
    columns = ", ".join(f'"{known[name][0]}"' for name in names)
    marks = ", ".join("?" if sqlite else f"${place}" for place in range(1, len(names) + 1))
    return f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES ({marks})', steps


def insert(client: BaseDBAsyncClient, model: type[Model], rows: Iterable[Row]) -> Statement:
    """The statement that inserts these rows (keys are column names; the same keys in every row)."""
    _, defaults = _columns(model)
    filled = [
        {**{name: value() if callable(value) else value for name, value in defaults}, **row} for row in rows
    ]
    text, steps = _plan(model, tuple(filled[0]), client.capabilities.dialect == "sqlite")
    return text, [
        [None if row[name] is None else convert(row[name]) for name, convert in steps] for row in filled
    ]


async def run_all(client: BaseDBAsyncClient, statements: list[Statement]) -> None:
    """Run the statements in order inside the open transaction. Raises IntegrityError or OperationalError."""
    for text, values in statements:
        client.log.debug("%s: %d rows", text, len(values))
    if client.capabilities.dialect != "sqlite":
        for text, values in statements:
            await client.execute_many(text, values)
        return
    connection = client._connection
    try:
        # One hop to the connection's thread for all of them; aiosqlite offers no public way to run a function there.
        await connection._execute(_run_here, connection._conn, statements)
    except sqlite3.IntegrityError as error:
        raise IntegrityError(error) from error
    except sqlite3.OperationalError as error:
        raise OperationalError(error) from error


def _run_here(connection: sqlite3.Connection, statements: list[Statement]) -> None:
    for text, values in statements:
        if len(values) == 1:
            connection.execute(text, values[0])
        else:
            connection.executemany(text, values)
