"""Photos over the wire beside tus: what is still missing, the bytes for whoever may see them, small previews."""

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
from PIL import Image
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from inspections import evidence
from inspections.pictures import MIME, check_bytes, kind_of, thumbnail
from offline_sync.arrivals import (
    Slot,
    actor_for,
    expected,
    finish_whole,
    seen_hashes,
    sent_or_seen,
    settle_found,
    slots_of,
)
from offline_sync.wire import decode, raw_body
from villages.ground.blobs import Blobs, Standing, is_hash
from villages.ground.problems import Problem
from villages.permissions import Who
from villages.web import bearer, problem_response, who_asks

MISSING_MAX = 500
MISSING_BYTES = 64 * 1024
PREVIEW_BYTES = 24 * 1024
PREVIEW_SIDE = 320
WIDTHS = (160, 320, 480, 640, 1080)
# Two at a time, in threads of their own: a page of large photos must not keep uploads from the disk.
_shrinking = ThreadPoolExecutor(2, thread_name_prefix="thumb")
_GUARDED = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Vary": "Authorization, Cookie",
}


class Asking(msgspec.Struct):
    """The body of `missing`."""

    sha256: list[str]


async def missing(request: Request) -> Response:
    """POST /api/blobs/missing: which bytes are still wanted, and how far each upload got.

    "Have it" is said only of what this person announced or may see; so nobody learns from it what exists.
    """
    try:
        who = await bearer(request, disabled_ok=True)
        asking = _hashes(await raw_body(request, MISSING_BYTES, "查询"))
        standings = await _standings(request.app.state.blobs, who, asking)
    except Problem as problem:
        return await problem_response(request, problem)
    have = {sha256 for sha256, standing in standings.items() if standing.where == "stored"}
    return JSONResponse(
        {
            "missing": [sha256 for sha256 in dict.fromkeys(asking) if sha256 not in have],
            "partial": {
                sha256: standing.size for sha256, standing in standings.items() if standing.where == "partial"
            },
        },
        headers={"Cache-Control": "no-store"},
    )


async def blob(request: Request) -> Response:
    """GET /api/blobs/<sha256>?w=480: the photo, a smaller copy of it, or its preview while it is on its way."""
    try:
        who = await who_asks(request)
        sha256, width = request.path_params["sha256"], request.query_params.get("w")
        if width is not None and width not in map(str, WIDTHS):
            raise Problem("invalid", what=f"图片宽度只能是 {'、'.join(map(str, WIDTHS))}。")
        if not is_hash(sha256) or not await seen_hashes(who, await slots_of([sha256])):
            raise Problem("not_found")
        return await _served(request, request.app.state.blobs, sha256, int(width) if width else None)
    except Problem as problem:
        return await problem_response(request, problem)


async def put_preview(request: Request) -> Response:
    """PUT /api/blobs/<sha256>/preview: a small JPEG ahead of the original. The first one stays; a repeat is no change."""
    try:
        who = await bearer(request, disabled_ok=True)
        sha256 = request.path_params["sha256"]
        if not is_hash(sha256):
            raise Problem("unexpected_photo")
        slots = await expected(who, sha256)
        if all(slot.person != who.person for slot in slots):
            raise Problem(
                "unexpected_photo"
            )  # no hash proves a preview: only who took the photo may say how it looks
        data = await raw_body(request, PREVIEW_BYTES, "预览图")
        await _keep_preview(request.app.state.blobs, who, sha256, slots, data)
    except Problem as problem:
        return await problem_response(request, problem)
    return Response(status_code=204)


async def _standings(blobs: Blobs, who: Who, hashes: list[str]) -> dict[str, Standing]:
    """Where the bytes are of those hashes that exist for this person, after mending what a crash left half-way."""
    by_hash: dict[str, list[Slot]] = {}
    for slot in await sent_or_seen(who, [sha256 for sha256 in dict.fromkeys(hashes) if is_hash(sha256)]):
        by_hash.setdefault(slot.sha256, []).append(slot)
    standings = await asyncio.to_thread(lambda: {sha256: blobs.standing(sha256) for sha256 in by_hash})
    for sha256, slots in by_hash.items():
        standing = standings[sha256]
        if standing.where == "partial" and standing.size in {slot.size for slot in slots}:
            # Found wanting, or being judged at this moment: the upload itself will say so.
            with contextlib.suppress(Problem):
                await finish_whole(blobs, who, slots, sha256, standing.size)
            standings[sha256] = await asyncio.to_thread(blobs.standing, sha256)
        elif standing.where == "stored":
            await settle_found(blobs, who, slots, sha256)
    return standings


async def _served(request: Request, blobs: Blobs, sha256: str, width: int | None) -> Response:
    if await asyncio.to_thread(blobs.size, sha256) is None:
        return await _preview(blobs, sha256)
    tag = f'"{sha256}-{width}"' if width else f'"{sha256}"'
    headers = {**_GUARDED, "Cache-Control": "private, max-age=31536000, immutable", "ETag": tag}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    path = await _small(blobs, sha256, width) if width else blobs.path(sha256)
    kind = await asyncio.to_thread(_kind, path)
    if kind is None:
        raise Problem("not_found")  # paper lies there too, and its hash is no secret
    return FileResponse(path, headers=headers, media_type=MIME[kind])


async def _preview(blobs: Blobs, sha256: str) -> Response:
    path = blobs.preview_path(sha256)
    if not await asyncio.to_thread(path.exists):
        raise Problem("not_found")
    # Not to be kept: under this address the original will soon stand.
    headers = {**_GUARDED, "Cache-Control": "private, no-store", "X-Xuncun-Preview": "1"}
    return FileResponse(path, headers=headers, media_type="image/jpeg")


async def _small(blobs: Blobs, sha256: str, width: int) -> Path:
    """The thumbnail's path, made when it is first asked for; the original's where its pixels cannot be read."""
    path = blobs.thumb_path(sha256, width)
    if await asyncio.to_thread(path.exists):
        return path

    def make() -> None:
        blobs.put_thumb(sha256, width, thumbnail(blobs.path(sha256), width))

    try:
        await asyncio.get_running_loop().run_in_executor(_shrinking, make)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return blobs.path(sha256)
    return path


async def _keep_preview(blobs: Blobs, who: Who, sha256: str, slots: list[Slot], data: bytes) -> None:
    there = await asyncio.to_thread(blobs.preview_path(sha256).exists)
    if not there:
        if await asyncio.to_thread(blobs.size, sha256) is not None:
            return  # the original is here: nobody will look at a preview any more
        await asyncio.to_thread(_check_preview, data)
        await asyncio.to_thread(blobs.put_preview, sha256, data)
    if not all(slot.has_preview for slot in slots):
        await evidence.mark_preview(who.district, sha256, actor=actor_for(who, slots))


def _check_preview(data: bytes) -> None:
    try:
        facts = check_bytes(data)
    except Problem as problem:
        raise Problem("invalid", what="预览图不是完整的 JPEG 图片，未收下；不影响原图上传。") from problem
    if facts.kind != "jpeg" or max(facts.width, facts.height) > PREVIEW_SIDE:
        raise Problem(
            "invalid", what=f"预览图须为长边不超过 {PREVIEW_SIDE} 像素的 JPEG，未收下；不影响原图上传。"
        )


def _kind(path: Path) -> str | None:
    with path.open("rb") as file:
        return kind_of(file.read(12))


def _hashes(body: bytes) -> list[str]:
    hashes = decode(body, Asking).sha256
    if len(hashes) > MISSING_MAX:
        raise Problem("too_large", what="一次查询的照片", limit=f"{MISSING_MAX} 张")
    return hashes


routes: list[Route] = [
    Route("/api/blobs/missing", missing, methods=["POST"]),
    Route("/api/blobs/{sha256}", blob, methods=["GET"]),
    Route("/api/blobs/{sha256}/preview", put_preview, methods=["PUT"]),
]
