"""A bad road between model tablets and the real application: it loses, repeats, delays, cuts, flips and kills."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx2

Heard = Callable[[Any], None]

GOOD = "good"
LOST = "request lost"
UNHEARD = "answer lost"
TWICE = "sent twice"
LATE_REQUEST = "request late"
LATE_ANSWER = "answer late"
KILLED_BEFORE = "server killed before its commit"
KILLED_AFTER = "server killed after its commit"
CUT = "cut in the body"
FLIPPED = "a byte flipped"
FAULTS = (GOOD, LOST, UNHEARD, TWICE, LATE_REQUEST, LATE_ANSWER, KILLED_BEFORE, KILLED_AFTER, CUT, FLIPPED)


class NoAnswer(Exception):
    """The tablet hears nothing: it cannot know what became of its request."""


class Killed(BaseException):
    """The server's process is gone at this very moment. No handler of its own may catch it."""


@dataclass(frozen=True)
class Letter:
    """A request as it travels, and who sends it."""

    person: str
    method: str
    path: str
    headers: dict[str, str]
    json: Any = None
    content: bytes | None = None


class Server(Protocol):
    """What the road needs of the house."""

    doom: str
    http: httpx2.AsyncClient

    async def restart(self) -> None: ...
    async def watch(self, letter: Letter, answer: httpx2.Response) -> None: ...


@dataclass
class Network:
    """`faults` are used up one for each request; then the road is good."""

    server: Server
    faults: list[str] = field(default_factory=list)
    limbo: list[Letter] = field(default_factory=list)
    late: list[tuple[Heard, httpx2.Response]] = field(default_factory=list)

    async def send(self, letter: Letter, heard: Heard | None = None) -> httpx2.Response:
        """The answer. Raises NoAnswer; `heard` takes an answer that comes when nobody waits for it any more."""
        fault = self.faults.pop(0) if self.faults else GOOD
        if fault == LOST:
            raise NoAnswer
        if fault == LATE_REQUEST:
            self.limbo.append(letter)
            raise NoAnswer
        if fault in (CUT, FLIPPED):
            return await self._spoilt(letter, fault)
        if fault == TWICE:
            await self._there(letter)
        answer = await self._there(letter, fault if fault in (KILLED_BEFORE, KILLED_AFTER) else "")
        if fault == LATE_ANSWER and heard:
            self.late.append((heard, answer))
        if fault in (UNHEARD, LATE_ANSWER):
            raise NoAnswer
        return answer

    async def deliver(self, place: int) -> None:
        """A request that nobody waits for any more arrives after all."""
        if self.limbo:
            await self._there(self.limbo.pop(place % len(self.limbo)))

    def hear(self, place: int) -> None:
        """An answer comes after all."""
        if self.late:
            heard, answer = self.late.pop(place % len(self.late))
            heard(answer)

    async def _spoilt(self, letter: Letter, fault: str) -> httpx2.Response:
        if letter.content is None:
            raise NoAnswer  # JSON that is cut or flipped is none: as good as lost
        answer = await self._there(_with(letter, spoilt(letter.content, fault)))
        if fault == CUT:
            raise NoAnswer
        return answer

    async def _there(self, letter: Letter, doom: str = "") -> httpx2.Response:
        self.server.doom = doom
        try:
            answer = await self.server.http.request(
                letter.method, letter.path, headers=letter.headers, json=letter.json, content=letter.content
            )
        except Killed:
            await self.server.restart()
            raise NoAnswer from None
        finally:
            self.server.doom = ""
        if doom:  # nothing was written: it dies all the same, with its answer
            await self.server.restart()
            raise NoAnswer
        await self.server.watch(letter, answer)
        return answer


def _with(letter: Letter, body: bytes) -> Letter:
    return Letter(letter.person, letter.method, letter.path, letter.headers, None, body)


def spoilt(body: bytes, fault: str) -> bytes:
    """What arrives of a body that is cut, or in which a byte is flipped."""
    half = len(body) // 2
    if not body:
        return body
    return body[:half] if fault == CUT else body[:half] + bytes([body[half] ^ 1]) + body[half + 1 :]
