"""Reading and answering JSON on the wire: bounded bodies, gzip both ways, errors with a place."""

import re
import zlib
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from villages.ground.problems import Problem

S = TypeVar("S")
_encoder = msgspec.json.Encoder()
# A backslash and what it escapes: a whole surrogate pair is two of them.
_HEX = rb"[0-9a-fA-F]"
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB]%b{2}\\u[dD][c-fC-F]%b{2}|u%b{4}|.)" % (_HEX, _HEX, _HEX), re.DOTALL
)
_BROKEN = re.compile(rb"\\u(?:0000|[dD][89a-fA-F]..)")


async def raw_body(request: Request, limit: int, what: str) -> bytes:
    """The request's body, at most `limit` bytes of it, packed and unpacked. Raises too_large or bad_json."""
    unpack = _Gzip() if request.headers.get("content-encoding", "").lower() in ("gzip", "x-gzip") else None
    parts: list[bytes] = []
    size = packed = 0
    try:
        async for chunk in request.stream():
            piece = unpack.take(chunk, limit + 1 - size) if unpack else chunk
            size, packed = size + len(piece), packed + len(chunk)
            if max(size, packed) > limit:  # what unpacks to nothing costs time all the same
                raise Problem("too_large", what=what, limit=f"{limit // 1024} kB")
            parts.append(piece)
    except zlib.error as error:
        raise Problem("bad_json", at=size) from error
    return b"".join(parts)


class _Gzip:
    """Unpacks a gzip stream, which may be several that follow each other (RFC 1952)."""

    def __init__(self) -> None:
        self._part = zlib.decompressobj(16 + zlib.MAX_WBITS)

    def take(self, chunk: bytes, room: int) -> bytes:
        """What the next bytes unpack to, at most `room` of it. Raises zlib.error."""
        out = self._part.decompress(chunk, room)
        while (rest := self._part.unused_data) and len(out) < room:
            self._part = zlib.decompressobj(16 + zlib.MAX_WBITS)
            out += self._part.decompress(rest, room - len(out))
        return out


def readable(body: bytes) -> bytes:
    """JSON text in which NUL and halves of characters, that no reader or column takes, became U+FFFD.

    A tablet that cuts a text inside an emoji sends such a half; the rest of what it says must not be lost for it.
    """
    if b"\\u" not in body:
        return body

    def whole(found: re.Match[bytes]) -> bytes:
        return b"\\ufffd" if _BROKEN.fullmatch(found[0]) else found[0]

    return _ESCAPE.sub(whole, body)


def decode(body: bytes, shape: type[S], *, as_it_came: bool = False) -> S:
    """The body as a struct, made `readable` (`as_it_came`: only where it must be). Raises bad_json or invalid (where)."""
    if as_it_came:
        try:
            return msgspec.json.decode(body, type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass  # said below, should it be no better readable
    try:
        return msgspec.json.decode(readable(body), type=shape)
    except RecursionError as error:
        raise Problem("bad_json", at=0) from error
    except msgspec.ValidationError as error:
        at = str(error).rpartition("at `")[2].rstrip("`") if "at `" in str(error) else "$"
        raise Problem(
            "invalid", {"at": at}, what=f"请求内容不符合要求（位置 {at}），请更新应用后重试。"
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        place = re.search(r"byte (\d+)", str(error))
        raise Problem("bad_json", at=int(place.group(1)) if place else len(body)) from error


def answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A struct or plain data as JSON; never cached."""
    return Response(
        _encoder.encode(value), status, {"Cache-Control": "no-store", **(headers or {})}, "application/json"
    )
