"""tus 1.0 at /api/tus: photo bytes in pieces, resumed to the byte, addressed by their hash.

Nothing of a URL is worth remembering: it is made of the hash, and `missing` tells what is still wanted. How many
bytes are here is read from the disk, never from a row. Several people may send the same photo: the bytes are one.
"""

import asyncio
import base64
import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import formatdate

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from offline_sync.arrivals import (
    KEPT,
    Slot,
    clean_expired,
    expected,
    finish_whole,
    forget,
    lock,
    refused_again,
    remember,
    settle_found,
    take_in,
)
from offline_sync.models import Upload
from offline_sync.rescue.waiting import sweep
from offline_sync.upload_body import ALGORITHMS, Body, asked_checksum
from villages.changes import shielded
from villages.ground import clock
from villages.ground.blobs import Blobs, Standing, is_hash
from villages.ground.problems import Problem
from villages.permissions import Who
from villages.web import bearer, problem_response, unexpected_response

VERSION = "1.0.0"
MAX_SIZE = 15 * 1024 * 1024
TYPE = "application/offset+octet-stream"
METADATA = ("sha256", "mime", "filetype")
log = structlog.get_logger()
Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Asked:
    """A request about one hash, from somebody who may send its bytes."""

    blobs: Blobs
    who: Who
    sha256: str
    slots: list[Slot]

    async def standing(self) -> Standing:
        """Where the bytes are now."""
        return await asyncio.to_thread(self.blobs.standing, self.sha256)


def tus(handler: Handler) -> Handler:
    """Every answer names the protocol's version; refusals are problems with a JSON body and tus's own headers."""

    @functools.wraps(handler)
    async def endpoint(request: Request) -> Response:
        try:
            if request.headers.get("tus-resumable") != VERSION:
                raise Problem("tus_version")
            response = await handler(request)
        except Problem as problem:
            response = await problem_response(request, problem)
            if "offset" in problem.data:
                response.headers["Upload-Offset"] = str(problem.data["offset"])
            if problem.code == "tus_version":
                response.headers["Tus-Version"] = VERSION
        except Exception as error:
            response = await unexpected_response(request, error)
        response.headers["Tus-Resumable"] = VERSION
        return response

    return endpoint


async def options(_request: Request) -> Response:
    """What this server speaks; asked without signing in."""
    return Response(
        status_code=204,
        headers={
            "Tus-Resumable": VERSION,
            "Tus-Version": VERSION,
            "Tus-Extension": "creation,creation-with-upload,checksum,expiration",
            "Tus-Max-Size": str(MAX_SIZE),
            "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
        },
    )


@tus
async def create(request: Request) -> Response:
    """POST /api/tus: begin an upload, with or without its first bytes. Bytes that are here are not asked for again."""
    who = await bearer(request, disabled_ok=True)
    size = _whole_number(request, "upload-length")
    if size > MAX_SIZE:
        raise Problem("too_large", what="照片", limit="15 MB")
    told = _metadata(request.headers.get("upload-metadata", ""))
    sha256 = told.get("sha256", "")
    if not is_hash(sha256) or not size:
        raise Problem("upload_headers", what="Upload-Metadata: sha256" if size else "Upload-Length")
    asked = await _asked(request, who, sha256)
    standing = await _settled(asked, size)
    if standing.where == "stored":
        return _answer(201, standing.size, sha256=sha256)
    mime = told.get("mime") or told.get("filetype", "")
    if request.headers.get("content-type") == TYPE:
        return await _receive(request, asked, size, None, mime)
    offset = standing.size if standing.size <= size else 0
    expires = await remember(sha256, who, size, offset, mime)
    return _answer(201, offset, expires, sha256=sha256)


async def one(request: Request) -> Response:
    """HEAD and PATCH of /api/tus/<sha256>; a POST that says it is a PATCH is one (old proxies)."""
    method = request.method
    if method == "POST" and request.headers.get("x-http-method-override", "").upper() == "PATCH":
        method = "PATCH"
    handlers: dict[str, Handler] = {"HEAD": head, "PATCH": patch, "OPTIONS": options}
    handler = handlers.get(method)
    return await handler(request) if handler else await problem_response(request, Problem("method"))


@tus
async def head(request: Request) -> Response:
    """How many bytes are here. Never says "all" before they were judged and kept."""
    asked = await _asked(request, await bearer(request, disabled_ok=True), request.path_params["sha256"])
    upload = await Upload.get_or_none(sha256=asked.sha256)
    standing = await _settled(asked, upload.size if upload else 0)
    if standing.where == "stored":
        return _answer(200, standing.size, length=standing.size)
    upload = _alive(upload)
    offset = standing.size if standing.size <= upload.size else 0
    return _answer(200, offset, upload.expires, length=upload.size)


@tus
async def patch(request: Request) -> Response:
    """Add bytes at the offset both ends agree on."""
    asked = await _asked(request, await bearer(request, disabled_ok=True), request.path_params["sha256"])
    if request.headers.get("content-type") != TYPE:
        raise Problem("upload_type")
    offset = _whole_number(request, "upload-offset")
    upload = await Upload.get_or_none(sha256=asked.sha256)
    standing = await _settled(asked, upload.size if upload else 0)
    if standing.where == "stored":
        if offset != standing.size:
            raise Problem("upload_offset", offset=standing.size)
        return _answer(204, standing.size)
    upload = _alive(upload)
    return await _receive(request, asked, upload.size, offset, upload.mime)


async def _asked(request: Request, who: Who, sha256: str) -> Asked:
    if not is_hash(sha256):
        raise Problem("unexpected_photo")
    return Asked(request.app.state.blobs, who, sha256, await expected(who, sha256))


async def _settled(asked: Asked, size: int) -> Standing:
    """Where the bytes are, after carrying on with whatever a crash left half-way. Raises their refusal, if any."""
    standing = await asked.standing()
    if (
        standing.where == "partial" and 0 < standing.size == size
    ):  # a name without bytes is no photo that is whole
        await finish_whole(asked.blobs, asked.who, asked.slots, asked.sha256, size)
        standing = await asked.standing()
    if standing.where == "refused":
        await refused_again(asked.blobs, asked.who, asked.slots, asked.sha256)
        standing = await asked.standing()
    if standing.where == "stored":
        await settle_found(asked.blobs, asked.who, asked.slots, asked.sha256)
    return standing


async def _receive(request: Request, asked: Asked, size: int, offset: int | None, mime: str) -> Response:
    """Take in a body. `offset` None: a creation, whose body begins at 0; bytes already here are passed over."""
    checksum = asked_checksum(request.headers.get("upload-checksum"))
    partial = await lock(asked.blobs, asked.sha256)
    expires = clock.now() + KEPT
    mine = True
    try:
        if partial.size > size:
            await asyncio.to_thread(partial.cut, 0)  # begun under another length: that was not this photo
        if offset is not None and partial.size != offset:
            raise Problem("upload_offset", offset=partial.size)
        try:
            await Body(partial, size, partial.size if offset is None else 0, checksum).read(request)
        finally:
            if partial.size < size:
                expires = await remember(asked.sha256, asked.who, size, partial.size, mime)
        if partial.size == size:
            mine = False
            await shielded(take_in(asked.blobs, partial, asked.who, asked.slots))
            if offset is not None:
                await forget(asked.sha256)
        return _answer(204 if offset is not None else 201, partial.size, expires, sha256=asked.sha256)
    finally:
        if mine:
            partial.close()  # waits for a write that a cancelled request left in its thread


def _answer(
    status: int, offset: int, expires: datetime | None = None, *, length: int | None = None, sha256: str = ""
) -> Response:
    headers = {"Upload-Offset": str(offset), "Cache-Control": "no-store"}
    if expires:
        headers["Upload-Expires"] = formatdate(expires.timestamp(), usegmt=True)
    if length is not None:
        headers["Upload-Length"] = str(length)
    if status == 201:
        headers["Location"] = f"/api/tus/{sha256}"
    return Response(status_code=status, headers=headers)


def _alive(upload: Upload | None) -> Upload:
    if upload is None or upload.expires <= clock.now():
        raise Problem("upload_gone")
    return upload


def _whole_number(request: Request, header: str) -> int:
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        raise Problem("upload_headers", what=header.title())
    return int(text)


def _metadata(header: str) -> dict[str, str]:
    """What `key base64,key base64` says of the hash and the kind; other keys are whatever a program likes.

    Raises upload_headers.
    """
    told: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        key, _, value = pair.partition(" ")
        if key not in METADATA:
            continue
        try:
            told[key] = base64.b64decode(value, validate=True).decode()
        except ValueError as error:  # no base64, no ASCII, no UTF-8
            raise Problem("upload_headers", what="Upload-Metadata") from error
        if not told[key].isprintable():
            raise Problem("upload_headers", what="Upload-Metadata")
    return told


async def clean_for_ever(blobs: Blobs, every: float = 6 * 3600) -> None:
    """Drop expired pieces at start and every six hours; a failure is told and the next round tries again."""
    while True:
        try:
            dropped = await clean_expired(blobs)
            await asyncio.to_thread(sweep, blobs)
            log.info("uploads_cleaned", dropped=dropped)
        except Exception as error:
            log.error("uploads_not_cleaned", exc_info=error)
        await asyncio.sleep(every)


routes: list[Route] = [
    Route("/api/tus", options, methods=["OPTIONS"]),
    Route("/api/tus", create, methods=["POST"]),
    Route("/api/tus/{sha256}", one, methods=["HEAD", "PATCH", "OPTIONS", "POST"]),
]
