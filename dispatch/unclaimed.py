"""Bytes that a desk form brought and that no record names: a refused form, or a server that died in the middle.

A form's bytes must be in the store before its change opens. So they are marked first (an empty file of their name,
its time the last form that brought them), and whatever is marked, an hour old and named by no row is forgotten.
"""

import asyncio
import os
import secrets
import time
from pathlib import Path

import structlog

from dispatch.models import Edition, TaskPhoto
from inspections.models import Photo
from villages.ground.blobs import Blobs, is_hash

AFTER = 3600.0  # seconds; any change that will name them has ended long before
log = structlog.get_logger()


def mark(blobs: Blobs, sha256: str) -> None:
    """Say that these bytes are about to be stored and not yet named. Call it before they are stored."""
    path = _marks(blobs) / sha256
    path.parent.mkdir(exist_ok=True)
    path.touch()
    os.utime(path)


async def forget(blobs: Blobs, older_than: float = AFTER) -> int:
    """Remove marked bytes that no row names, and the marks of those that one does; returns how many were removed."""
    before = time.time() - older_than
    marked = await asyncio.to_thread(_old, _marks(blobs), before)
    gone = 0
    for sha256, at in marked:
        if not await _named(sha256):
            gone += await asyncio.to_thread(_remove, blobs, sha256, at)
        else:
            await asyncio.to_thread(_unmark, blobs, sha256, at)
    return gone


async def forget_for_ever(blobs: Blobs, every: float = AFTER) -> None:
    """At start and every hour; a failure is told and the next round tries again."""
    while True:
        try:
            gone = await forget(blobs)
            if gone:
                log.info("unclaimed_forgotten", files=gone)
        except Exception as error:
            log.error("unclaimed_not_forgotten", exc_info=error)
        await asyncio.sleep(every)


async def _named(sha256: str) -> bool:
    return (
        await Photo.exists(sha256=sha256)
        or await TaskPhoto.exists(sha256=sha256)
        or await Edition.exists(pdf_sha256=sha256)
    )


def _marks(blobs: Blobs) -> Path:
    return blobs.folder / "unclaimed"


def _old(folder: Path, before: float) -> list[tuple[str, float]]:
    if not folder.is_dir():
        return []
    times = [(entry.name, entry.stat().st_mtime) for entry in os.scandir(folder) if is_hash(entry.name)]
    return [(name, at) for name, at in times if at < before]


def _remove(blobs: Blobs, sha256: str, at: float) -> int:
    """Set aside, look whether a form brought the same bytes meanwhile, and only then remove."""
    path = blobs.path(sha256)
    aside = blobs.folder / "partial" / f"{secrets.token_hex(8)}.tmp"
    try:
        path.replace(aside)
    except FileNotFoundError:
        _unmark(blobs, sha256, at)
        return 0
    if _unmark(blobs, sha256, at):
        aside.unlink()
        return 1
    blobs.place(aside, path)
    return 0


def _unmark(blobs: Blobs, sha256: str, at: float) -> bool:
    """Take the mark away unless it was renewed since `at`."""
    path = _marks(blobs) / sha256
    try:
        if path.stat().st_mtime != at:
            return False
        path.unlink()
    except FileNotFoundError:
        return True
    return True
