"""The change: the one road of every write to a district's content.

The first statement takes the district's next number and with it the write lock, so whoever sees number N sees
every committed number below it. The last act hashes the line onto the chain. The unit of work runs in its own
task behind a shield: a request that is cancelled half-way (a dropped mountain link) leaves neither a half-done
write nor a locked database. No network, PDF or file work belongs inside.
"""

import asyncio
import hashlib
import secrets
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from tortoise import Model, connections
from tortoise.backends.base.client import BaseDBAsyncClient

from villages.ground import bulk, clock
from villages.ground.database import inside_change, sql, write_transaction

T = TypeVar("T")
GENESIS = "0" * 64
_NUMBER = "UPDATE district_head SET rev = rev + 1 WHERE district = ? RETURNING rev, chain_hash, epoch"
_canonical = msgspec.json.Encoder(order="sorted").encode
_live: set[asyncio.Task[Any]] = set()
# PostgreSQL names a unique violation too; callers that expect one must nest a savepoint.


@dataclass(frozen=True)
class Actor:
    """Who acts, in which of their posts. `person` None and post `system`: the system itself."""

    person: UUID | None
    post: str
    place: str = ""
    title: str = ""
    device: UUID | None = None


SYSTEM = Actor(None, "system", title="系统")


@dataclass
class Line:
    """An open change: its number, and what the trail will say of it. The work fills in subject and body."""

    district: str
    rev: int
    epoch: UUID
    prev_hash: str
    actor: Actor
    heard_at: datetime
    at: datetime
    client: BaseDBAsyncClient
    verb: str
    command_id: UUID | None = None
    claimed: list[dict[str, Any]] = field(default_factory=list)
    subject_kind: str = "district"
    subject_id: str = ""
    home: str = ""
    from_stage: str = ""
    to_stage: str = ""
    body: dict[str, Any] = field(default_factory=dict)
    _queue: list[bulk.Statement] = field(default_factory=list, repr=False)
    _known: dict[tuple[str, tuple[Any, ...]], list[dict[str, Any]]] = field(default_factory=dict, repr=False)

    def about(self, kind: str, subject: object, home: str, *, moved: tuple[str, str] = ("", "")) -> None:
        """Say what this change is about; `moved` is (from stage, to stage)."""
        self.subject_kind, self.subject_id, self.home = kind, str(subject), home
        self.from_stage, self.to_stage = moved

    def foresaw(self, ahead: Sequence[bulk.Question], answers: list[list[dict[str, Any]]]) -> None:
        """These questions were answered as the change began; the answers hold until it writes."""
        self._known = {
            (text, tuple(values)): rows for (text, values), rows in zip(ahead, answers, strict=True)
        }

    async def run(self, text: str, *values: Any) -> list[dict[str, Any]]:
        """One statement (with `?`) inside this change, after what was queued; returns its rows."""
        await self.flush()
        self._known.clear()
        return await self.client.execute_query_dict(sql(self.client, text), list(values))

    async def ask(self, *questions: bulk.Question) -> list[list[dict[str, Any]]]:
        """Several statements (with `?`) at once, after what was queued; returns the rows of each.

        What was foreseen is answered from the change's beginning until something was written here (the ORM's own
        writes go unnoticed).
        """
        if not self._queue and all((text, tuple(values)) in self._known for text, values in questions):
            return [self._known[text, tuple(values)] for text, values in questions]
        await self.flush()
        return await bulk.ask_all(
            self.client, [(sql(self.client, text), values) for text, values in questions]
        )

    async def asked(self, question: bulk.Question) -> list[dict[str, Any]]:
        """The rows of a question that nothing queued in this change bears on: as `ask`, or as the change began."""
        text, values = question
        known = self._known.get((text, tuple(values)))
        return known if known is not None else (await self.ask(question))[0]

    def add(self, model: type[Model], rows: Iterable[bulk.Row]) -> None:
        """Queue rows to be inserted before the change ends, or before the next `run` or `flush`.

        What the ORM reads in between does not see them: flush first where that matters.
        """
        listed = list(rows)
        if listed:
            self._queue.append(bulk.insert(self.client, model, listed))

    def later(self, text: str, *values: Any) -> None:
        """Queue one statement (with `?`) whose answer nobody needs."""
        self._queue.append((sql(self.client, text), [list(values)]))

    async def flush(self) -> None:
        """Write what was queued."""
        if self._queue:
            queued, self._queue = self._queue, []
            self._known.clear()
            await bulk.run_all(self.client, queued)

    async def commit(self) -> None:
        """Write what was queued and end the change: nothing may be asked or written after it."""
        queued, self._queue = self._queue, []
        await bulk.commit_all(self.client, queued)


def line_bytes(line: dict[str, Any]) -> bytes:
    """The canonical (RFC 8785) form of a line that is hashed onto the chain.

    A line is flat: names in ASCII, texts and whole numbers. For such the encoder's sorted order is that form, ten times as
    quick as the library that knows every other; `tests/villages/test_chain.py` holds the two against each other.
    """
    return _canonical(line)


def chain(prev_hash: str, line: dict[str, Any]) -> str:
    """SHA-256 of the previous hash's bytes followed by the canonical line; 64 hex digits."""
    return hashlib.sha256(bytes.fromhex(prev_hash) + line_bytes(line)).hexdigest()


def body_hash(salt: str, body: str) -> str:
    """SHA-256 of salt and body text; 64 hex digits."""
    return hashlib.sha256(bytes.fromhex(salt) + body.encode()).hexdigest()


def line_of(row: dict[str, Any]) -> dict[str, Any]:
    """The hashed fields of a stored change row (ids as text), in the shape `line_bytes` takes."""

    def text(value: Any) -> Any:
        return None if value is None else str(value)

    return {
        "district": row["district"],
        "rev": int(row["rev"]),
        "at": row["at"],
        "heard_at": row["heard_at"],
        "person": text(row["person"]),
        "post": row["post"],
        "device": text(row["device"]),
        "verb": row["verb"],
        "subject_kind": row["subject_kind"],
        "subject_id": row["subject_id"],
        "home": row["home"],
        "from_stage": row["from_stage"],
        "to_stage": row["to_stage"],
        "command_id": text(row["command_id"]),
        "body_hash": row["body_hash"],
    }


async def change(
    work: Callable[[Line], Awaitable[T]],
    *,
    district: str,
    actor: Actor,
    verb: str,
    at: datetime | None = None,
    command_id: UUID | None = None,
    claim: bulk.Question | None = None,
    ahead: Sequence[bulk.Question] = (),
) -> T:
    """Run `work` as one numbered change of `district` and return what it returns, after the commit.

    `claim`: a statement (with `?`) that runs right after the number was taken; `line.claimed` has its rows.
    `ahead`: what the work will `ask` before it has written anything, answered in the trip that takes the number.
    Raises whatever `work` raises, with nothing written; LookupError when the district does not exist.
    """
    heard_at = clock.now()

    async def unit() -> T:
        token = inside_change.set(True)
        try:
            number: bulk.Question = (_NUMBER, [district])
            opening = [number, *([claim] if claim else [])]
            async with write_transaction(*opening, *ahead) as (client, answers):
                if not answers[0]:
                    raise LookupError(f"no district {district}")
                head = answers[0][0]
                epoch = head["epoch"] if isinstance(head["epoch"], UUID) else UUID(str(head["epoch"]))
                line = Line(
                    district, head["rev"], epoch, head["chain_hash"], actor, heard_at, at or heard_at, client, verb,
                    command_id, claimed=answers[1] if claim else [], home=district, subject_id=district,
                )  # fmt: skip
                line.foresaw(ahead, answers[len(opening) :])
                answer = await work(line)
                await _close(line)
                return answer
        finally:
            inside_change.reset(token)

    return await shielded(unit())


async def shielded(work: Awaitable[T]) -> T:
    """Run a write in its own task that no cancellation reaches; `settle` waits for such tasks at shutdown."""
    task = asyncio.ensure_future(work)
    _live.add(task)
    task.add_done_callback(_live.discard)
    return await asyncio.shield(task)


async def settle() -> None:
    """Wait until every write that was begun has ended."""
    while _live:
        await asyncio.wait(set(_live))


async def _close(line: Line) -> None:
    salt = secrets.token_hex(16)
    body = msgspec.json.encode(line.body, order="sorted").decode()
    row: dict[str, Any] = {
        "district": line.district,
        "rev": line.rev,
        "at": clock.rfc3339(line.at),
        "heard_at": clock.rfc3339(line.heard_at),
        "person": line.actor.person,
        "post": line.actor.post,
        "device": line.actor.device,
        "verb": line.verb,
        "subject_kind": line.subject_kind,
        "subject_id": line.subject_id,
        "home": line.home,
        "from_stage": line.from_stage,
        "to_stage": line.to_stage,
        "command_id": line.command_id,
        "body_hash": body_hash(salt, body),
    }
    digest = chain(line.prev_hash, line_of(row))
    number = int(line.district) * 10**12 + line.rev
    for key in ("person", "device", "command_id"):
        row[key] = str(row[key]) if row[key] else None
    columns = ["id", *row, "prev_hash", "hash"]
    marks = ", ".join("?" * len(columns))
    line.later(
        f"INSERT INTO change ({', '.join(columns)}) VALUES ({marks})",
        number, *row.values(), line.prev_hash, digest,
    )  # fmt: skip
    line.later("INSERT INTO change_body (id, salt, body) VALUES (?, ?, ?)", number, salt, body)
    line.later("UPDATE district_head SET chain_hash = ? WHERE district = ?", digest, line.district)
    await line.commit()


def writer() -> BaseDBAsyncClient:
    """The connection for writes outside a change (sessions, tries, offsets, jobs): single statements only."""
    client: BaseDBAsyncClient = connections.get("default")
    return client
