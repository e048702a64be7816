"""A request's body on its way to disk: counted, summed, written in large pieces, whatever ends it."""

import asyncio
import base64
import hashlib
from typing import Any

from starlette.requests import ClientDisconnect, Request

from villages.ground.blobs import Partial
from villages.ground.problems import Problem

ALGORITHMS = ("sha1", "sha256", "md5")
PIECE = 320 * 1024  # written at one go, as most photos are; what a killed server forgets of an upload at most
IDLE_SECONDS = 30.0  # a link that died without a word gives its photo back to the next try


def asked_checksum(header: str | None) -> tuple[Any, bytes] | None:
    """A running sum and what it must come to, from `Upload-Checksum: sha1 <base64>`. Raises upload_headers."""
    if header is None:
        return None
    name, _, value = header.partition(" ")
    try:
        if name not in ALGORITHMS:
            raise Problem("upload_headers", what="Upload-Checksum")
        return hashlib.new(name, usedforsecurity=False), base64.b64decode(value, validate=True)
    except ValueError as error:  # no base64, no ASCII
        raise Problem("upload_headers", what="Upload-Checksum") from error


class Body:
    """The body of a creation or of a PATCH, appended to `partial`; its first `skip` bytes are here already."""

    def __init__(self, partial: Partial, size: int, skip: int, checksum: tuple[Any, bytes] | None) -> None:
        self.partial = partial
        self.size = size
        self.skip = skip
        self.start = partial.size
        self.room = size - partial.size + skip
        self.held = bytearray()
        self.sum: Any = checksum[0] if checksum else None
        self.wanted = checksum[1] if checksum else b""

    async def read(self, request: Request) -> None:
        """Take what comes. Raises too_large, checksum (this body not counted) or upload_slow (counted)."""
        declared = request.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > self.room:
            raise self._too_large()
        try:
            await self._take(request)
        except (ClientDisconnect, TimeoutError) as cut:
            # What arrived counts, whatever its own sum would have said: the whole is checked at the end.
            await self._write()
            raise Problem("upload_slow", offset=self.partial.size) from cut
        await self._write()
        if self.sum is not None and self.sum.digest() != self.wanted:
            await asyncio.to_thread(self.partial.cut, self.start)
            raise Problem("checksum")

    async def _take(self, request: Request) -> None:
        stream = request.stream()
        while True:
            # Only the waiting for bytes has a limit: a write that is given up could overtake the next one.
            async with asyncio.timeout(IDLE_SECONDS):
                chunk = await anext(stream, None)
            if chunk is None:
                return
            self.room -= len(chunk)
            if self.room < 0:
                await asyncio.to_thread(self.partial.cut, self.start)
                raise self._too_large()
            self._hold(chunk)
            if len(self.held) >= PIECE:
                await self._write()

    def _hold(self, chunk: bytes) -> None:
        if self.sum is not None:
            self.sum.update(chunk)
        passed = min(self.skip, len(chunk))
        self.skip -= passed
        self.held += memoryview(chunk)[passed:]

    async def _write(self) -> None:
        if self.held:
            piece, self.held = self.held, bytearray()
            await asyncio.to_thread(self.partial.append, piece)

    def _too_large(self) -> Problem:
        return Problem("too_large", what="照片", limit=f"登记的 {self.size} 字节")
