"""Many rows, one trip: inserts gathered while a change runs and written together.

An ORM object and a thread hop for each row of a 42-item sheet cost more than the rest of a submission. Here rows
are plain dicts; the model's fields say how each column is stored, on either engine, exactly as the ORM would.
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

import msgspec
from tortoise import Model, fields
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import IntegrityError, OperationalError

from villages.ground.sqlite_engine import Part
from villages.ground.sqlite_engine import Question as Question

Row = Mapping[str, Any]
Statement = tuple[str, list[list[Any]]]
_encode = msgspec.json.Encoder().encode
text_of = msgspec.to_builtins  # of an id: its `str`, ten times as quick


@dataclass(frozen=True)
class _Plan:
    """How rows with one set of keys become the values of one INSERT."""

    text: str
    names: tuple[str, ...]
    written: tuple[int, ...]  # places whose value is written out as text (ids, decimals)
    turned: tuple[tuple[int, Callable[[Any], Any]], ...]  # places that some function makes storable
    rest: tuple[Any, ...]  # defaults of the columns that the rows leave out, as stored


@cache
def _plan(model: type[Model], names: tuple[str, ...], sqlite: bool) -> _Plan:
    meta = model._meta
    turn = [_stored(meta.fields_map[name], sqlite) for name in names]
    left = [
        name
        for name in meta.fields_db_projection
        if name not in names
        and not (field := meta.fields_map[name]).pk
        and (field.default is not None or field.null)
    ]
    columns = [f'"{meta.fields_db_projection[name]}"' for name in (*names, *left)]
    marks = ["?" if sqlite else f"${place}" for place in range(1, len(columns) + 1)]
    return _Plan(
        f'INSERT INTO "{meta.db_table}" ({", ".join(columns)}) VALUES ({", ".join(marks)})',
        names,
        tuple(place for place, how in enumerate(turn) if how is str),
        tuple((place, how) for place, how in enumerate(turn) if how not in (None, str)),
        tuple(_default(meta.fields_map[name], sqlite) for name in left),
    )


def _default(field: fields.Field[Any], sqlite: bool) -> Any:
    """A column's default as stored. Made once: a default that differs from row to row must be given in the row."""
    value = field.default() if callable(field.default) else field.default
    how = _stored(field, sqlite)
    return value if value is None or how is None else how(value)


def _stored(field: fields.Field[Any], sqlite: bool) -> Callable[[Any], Any] | None:
    """What makes a value storable; None where it is so already, `str` where its text is what is kept."""
    if isinstance(field, fields.JSONField):
        return _dumps
    if isinstance(field, fields.DatetimeField):
        return _moment_text if sqlite else _moment
    if sqlite and isinstance(field, fields.UUIDField | fields.DecimalField):
        return str
    if sqlite and isinstance(field, fields.BooleanField):
        return int
    return None


def _dumps(value: Any) -> str:
    return _encode(value).decode()


def _moment(value: datetime) -> datetime:
    return value.astimezone(UTC)


@lru_cache(maxsize=256)
def _moment_text(value: datetime) -> str:
    """Most rows of a change carry the same few times."""
    return value.astimezone(UTC).isoformat(" ")


def insert(client: BaseDBAsyncClient, model: type[Model], rows: Iterable[Row]) -> Statement:
    """The statement that inserts these rows (keys are column names; the same keys in every row).

    An id may be given as a UUID or as its text, a JSON column as anything msgspec encodes.
    """
    listed = list(rows)
    plan = _plan(model, tuple(listed[0]), client.capabilities.dialect == "sqlite")
    values = []
    for row in listed:
        cells = [row[name] for name in plan.names]
        for place in plan.written:
            cell = cells[place]
            if cell is not None and cell.__class__ is not str:
                cells[place] = text_of(cell) if cell.__class__ is UUID else str(cell)
        for place, turn in plan.turned:
            if cells[place] is not None:
                cells[place] = turn(cells[place])
        cells += plan.rest
        values.append(cells)
    return plan.text, values


async def run_all(client: BaseDBAsyncClient, statements: list[Statement]) -> None:
    """Run the statements in order inside the open transaction. Raises IntegrityError or OperationalError."""
    for text, values in statements:
        client.log.debug("%s: %d rows", text, len(values))
    if client.capabilities.dialect == "sqlite":
        await _there(client, _run_here, statements)
        return
    for text, values in statements:
        await client.execute_many(text, values)


async def commit_all(client: BaseDBAsyncClient, statements: list[Statement]) -> None:
    """Run the last statements of a change and, on SQLite, commit. Raises as `run_all`."""
    if not isinstance(client, Part):
        await run_all(client, statements)
        return
    for text, values in statements:
        client.log.debug("%s: %d rows", text, len(values))
    await client.last(lambda raw: _run_here(raw, statements), sum(len(values) for _, values in statements))


async def ask_all(client: BaseDBAsyncClient, questions: list[Question]) -> list[list[dict[str, Any]]]:
    """The rows of each question, in one trip where the engine allows. Raises as `run_all`."""
    if client.capabilities.dialect == "sqlite":
        for text, values in questions:
            client.log.debug("%s: %s", text, values)
        found: list[list[dict[str, Any]]] = await _there(client, _ask_here, questions)
        return found
    return [await client.execute_query_dict(text, values) for text, values in questions]


async def _there(client: BaseDBAsyncClient, work: Callable[..., Any], statements: list[Any]) -> Any:
    connection = client._connection
    try:
        # One hop to the connection's thread for all of them; aiosqlite offers no public way to run a function there.
        return await connection._execute(work, connection._conn, statements)
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


def _ask_here(connection: sqlite3.Connection, questions: list[Question]) -> list[list[dict[str, Any]]]:
    return [[dict(row) for row in connection.execute(text, values)] for text, values in questions]
