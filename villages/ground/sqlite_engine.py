"""Tortoise's SQLite client with transactions that begin immediately and give their lock back when cancelled.

Tortoise begins deferred, so a second process that reads and then writes fails at once with "database is
locked" whatever the busy timeout is; and a task cancelled while it enters a transaction keeps the
connection's lock for good. The write road (`villages.changes`) shields its task as well: both are needed.
A connection opened with `query_only` keeps the deferred begin, which is what a read snapshot wants.

Changes share transactions (`group_commit`). What each of them does to the database takes microseconds and is done on
the event loop's own thread, where waking another one costs more; what waits for the disk or for another process (the
beginning, the commit), reads much or writes many rows is done on the connection's thread.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import aiosqlite
from tortoise.backends.sqlite.client import (
    SqliteClient,
    SqliteTransactionContext,
    SqliteTransactionWrapper,
)
from tortoise.connection import get_connections
from tortoise.exceptions import IntegrityError, OperationalError

from villages.ground.group_commit import Group, Turns

T = TypeVar("T")
Question = tuple[str, list[Any]]
Rows = list[dict[str, Any]]
FEW = 300  # rows that are written on the event loop's thread


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


class Part(SqliteTransactionWrapper):
    """The client of one change, which may share its transaction with others. `answers`: what was asked as it began."""

    def __init__(self, parent: "Client", group: Group, behind: bool, answers: list[Rows]) -> None:
        super().__init__(parent)
        self.answers, self.over = answers, False
        self._turns, self._group, self._behind = parent.turns, group, behind

    async def last(self, write: Callable[[sqlite3.Connection], None], rows: int) -> None:
        """Write the last of the change and wait until it is committed. Raises IntegrityError or OperationalError."""
        connection: Any = self._connection
        try:
            if rows > FEW:
                await _settled(connection._execute(self._close, connection._conn, write))
            else:
                self._close(connection._conn, write)
        except sqlite3.Error as error:
            raise _translated(error) from error
        finally:
            if self.over:  # also when it was cancelled while the thread wrote
                self._turns.leave(self._group)
        failed = await asyncio.shield(self._group.ended)
        if failed is not None:
            raise _translated(failed) from failed

    def _close(self, raw: sqlite3.Connection, write: Callable[[sqlite3.Connection], None]) -> None:
        if not raw.in_transaction:  # an error that the change caught made the database give it up
            raise sqlite3.OperationalError("the transaction is gone")
        write(raw)
        if self._behind:
            raw.execute("RELEASE part")
        self.over = self._finalized = True


class Client(SqliteClient):
    """The client Tortoise is told to use for `engine: villages.ground.sqlite_engine`."""

    def __init__(self, file_path: str, **kwargs: Any) -> None:
        super().__init__(file_path, **kwargs)
        self.turns = Turns(self._lock, self._commit)

    async def create_connection(self, with_db: bool) -> None:
        if self._connection:
            return
        # Two threads use it, never at once: whoever has the turn.
        self._connection = await aiosqlite.connect(
            self.filename, isolation_level=None, check_same_thread=False
        )
        self._connection._conn.row_factory = sqlite3.Row
        for pragma, value in self.pragmas.items():
            await (await self._connection.execute(f"PRAGMA {pragma}={value}")).close()
        await self._post_connect()

    def _in_transaction(self) -> _Context:
        kind = _Snapshot if self.pragmas.get("query_only") else _Transaction
        return _Context(kind(self), self._lock)

    @asynccontextmanager
    async def change(self, first: Sequence[Question]) -> AsyncIterator[Part]:
        """A change's part of a transaction; what it yields has the rows of `first` in `answers`.

        `Part.last` ends it; what is left before that, for whatever reason, is taken back. Who gave up because of what
        stood there may have read it in the same transaction: they too are told when it is committed, or has failed.
        """
        group = await self.turns.take()
        behind = group.begun
        part: Part | None = None
        try:
            part = Part(self, group, behind, await self._opened(group, first))
            token = get_connections().set(self.connection_name, part)
            try:
                yield part
            finally:
                get_connections().reset(token)
        except BaseException as error:
            if not (part and part.over):
                await asyncio.shield(self.turns.run(self._take_back(group, behind, error)))
                failed = await asyncio.shield(group.ended) if isinstance(error, Exception) else None
                if failed not in (None, error):
                    raise _translated(failed) from failed
            raise
        if not part.over:
            await asyncio.shield(self.turns.run(self._take_back(group, behind, None)))

    async def _opened(self, group: Group, first: Sequence[Question]) -> list[Rows]:
        try:
            if self._connection and group.begun:
                return _open(self._connection._conn, "SAVEPOINT part", first)
            await self.turns.lock(group)
            await self.create_connection(with_db=True)
            # aiosqlite offers no public way to run a function on its thread.
            connection: Any = self._connection
            answers: list[Rows] = await _settled(
                connection._execute(_open, connection._conn, "BEGIN IMMEDIATE", first)
            )
            group.begin()
            return answers
        except sqlite3.Error as error:
            raise _translated(error) from error

    async def _take_back(self, group: Group, behind: bool, error: BaseException | None) -> None:
        """Take back what one change wrote. The others' stays, unless the database gave up the whole transaction."""
        connection: Any = self._connection
        stands = False
        with suppress(sqlite3.Error, ValueError):  # a connection that is closed has taken back everything
            if group.locked:  # otherwise what is open there is somebody else's
                stands = await connection._execute(_undo, connection._conn, behind)
        if stands:
            self.turns.leave(group)
        else:
            self.turns.end(group, (error or sqlite3.OperationalError("taken back")) if behind else None)

    async def _commit(self) -> BaseException | None:
        connection: Any = self._connection
        try:
            await connection._execute(_commit, connection._conn)
        except Exception as error:
            return error
        return None


def _open(raw: sqlite3.Connection, opening: str, first: Sequence[Question]) -> list[Rows]:
    raw.execute(opening)
    return [[dict(row) for row in raw.execute(text, values)] for text, values in first]


def _undo(raw: sqlite3.Connection, behind: bool) -> bool:
    """Whether the transaction stands, with what others wrote in it."""
    if behind and raw.in_transaction:
        with suppress(sqlite3.Error):
            raw.execute("ROLLBACK TO part")
            raw.execute("RELEASE part")
            return True
    raw.rollback()
    return False


def _commit(raw: sqlite3.Connection) -> None:
    try:
        raw.commit()
    except sqlite3.Error:
        if raw.in_transaction:
            raw.rollback()
        raise


async def _settled(trip: Coroutine[Any, Any, T]) -> T:
    """What the connection's thread answers. Who is cancelled meanwhile still waits: it does what it was told."""
    task = asyncio.ensure_future(trip)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


def _translated(error: BaseException) -> Exception:
    """As Tortoise names it; what has such a name already keeps it."""
    kind = IntegrityError if isinstance(error, sqlite3.IntegrityError | IntegrityError) else OperationalError
    return kind(*error.args) if isinstance(error, OperationalError | IntegrityError) else kind(error)


client_class = Client
