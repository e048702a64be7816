"""Tortoise's SQLite client with transactions that begin immediately and give their lock back when cancelled.

Tortoise begins deferred, so a second process that reads and then writes fails at once with "database is
locked" whatever the busy timeout is; and a task cancelled while it enters a transaction keeps the
connection's lock for good. The write road (`villages.changes`) shields its task as well: both are needed.
A connection opened with `query_only` keeps the deferred begin, which is what a read snapshot wants.
"""

import sqlite3
from typing import Any

from tortoise.backends.sqlite.client import (
    SqliteClient,
    SqliteTransactionContext,
    SqliteTransactionWrapper,
)
from tortoise.connection import get_connections
from tortoise.exceptions import OperationalError


class _Transaction(SqliteTransactionWrapper):
    opening = "BEGIN IMMEDIATE"

    async def begin(self) -> None:
        try:
            await self._connection.execute(self.opening)
        except sqlite3.OperationalError as error:
            raise OperationalError(error) from error


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
        kind = _Snapshot if self.pragmas.get("query_only") else _Transaction
        return _Context(kind(self), self._lock)


client_class = Client
