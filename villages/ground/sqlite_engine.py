"""Tortoise's SQLite client with transactions that begin immediately and give their lock back when cancelled.

Tortoise begins deferred, so a second process that reads and then writes fails at once with "database is
locked" whatever the busy timeout is; and a task cancelled while it enters a transaction keeps the
connection's lock for good. The write road (`villages.changes`) shields its task as well: both are needed.
A connection opened with `query_only` keeps the deferred begin, which is what a read snapshot wants.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.sqlite.client import (
    SqliteClient,
    SqliteTransactionContext,
    SqliteTransactionWrapper,
)
from tortoise.connection import get_connections
from tortoise.exceptions import OperationalError

Question = tuple[str, list[Any]]


class _Transaction(SqliteTransactionWrapper):
    opening = "BEGIN IMMEDIATE"

    def __init__(self, connection: SqliteClient, first: Sequence[Question] = ()) -> None:
        super().__init__(connection)
        self.first = first
        self.answers: list[list[dict[str, Any]]] = []  # the rows of what was asked first

    async def begin(self) -> None:
        connection: Any = self._connection
        try:
            # One hop to the connection's thread; aiosqlite offers no public way to run a function there.
            self.answers = await connection._execute(_open, connection._conn, self.opening, self.first)
        except sqlite3.OperationalError as error:
            raise OperationalError(error) from error


def done(transaction: BaseDBAsyncClient) -> None:
    """Tell an open transaction that it was committed by other means than its own."""
    if isinstance(transaction, _Transaction):
        transaction._finalized = True


def _open(raw: sqlite3.Connection, opening: str, first: Sequence[Question]) -> list[list[dict[str, Any]]]:
    raw.execute(opening)
    try:
        return [[dict(row) for row in raw.execute(text, values)] for text, values in first]
    except BaseException:
        raw.rollback()  # nobody else knows yet that a transaction is open
        raise


class _Snapshot(_Transaction):
    opening = "BEGIN"


class _Context(SqliteTransactionContext):
    async def __aenter__(self) -> Any:
        await self._trxlock.acquire()
        token = None
        try:
            await self.ensure_connection()
            token = get_connections().set(self.connection_name, self.connection)
            await self.connection.begin()
        except BaseException:
            if token is not None:
                get_connections().reset(token)
            self._trxlock.release()
            raise
        self.token = token
        return self.connection


class Client(SqliteClient):
    """The client Tortoise is told to use for `engine: villages.ground.sqlite_engine`."""

    def _in_transaction(self) -> _Context:
        return self.opened_by(())

    def opened_by(self, first: Sequence[Question]) -> _Context:
        """A transaction that asks `first` as it begins; what it yields has the rows in `answers`."""
        kind = _Snapshot if self.pragmas.get("query_only") else _Transaction
        return _Context(kind(self, first), self._lock)


client_class = Client
