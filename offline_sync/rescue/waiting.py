"""Uploaded rescues on their way: opened once, kept as plain zips beside the photos until imported or a day old."""

import asyncio
import hashlib
import os
import secrets
import shutil
import time
from pathlib import Path
from typing import BinaryIO

from offline_sync.rescue.archive import Archive
from offline_sync.rescue.sealed import MAGIC, is_sealed, unlock
from villages.ground.blobs import Blobs, is_hash
from villages.ground.problems import Problem
from villages.models import Session

KEPT = 24 * 3600.0  # seconds


async def open_file(source: BinaryIO, folder: Path, passphrase: str) -> tuple[str, Path]:
    """Open a rescue, locked or plain, into `folder`; returns the file's SHA-256 and where its zip lies.

    Raises whatever `unlock` and `Archive` say; then nothing is left behind.
    """
    tokens = await Session.filter(kind="deposit").values_list("token_hash", flat=True)
    return await asyncio.to_thread(_open, source, folder, list(tokens), passphrase)  # type: ignore[arg-type]


def _open(source: BinaryIO, folder: Path, tokens: list[str], passphrase: str) -> tuple[str, Path]:
    folder.mkdir(parents=True, exist_ok=True)
    source.seek(0)
    digest = hashlib.sha256()
    while piece := source.read(1 << 20):
        digest.update(piece)
    sha256 = digest.hexdigest()
    source.seek(0)
    head = source.read(len(MAGIC))
    source.seek(0)
    aside = folder / f"{secrets.token_hex(8)}.tmp"
    try:
        with os.fdopen(os.open(aside, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as target:
            if is_sealed(head):
                unlock(source, target, tokens, passphrase)
            else:
                shutil.copyfileobj(source, target, 1 << 20)
        Archive(aside).close()
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    place = folder / f"{sha256}.zip"
    aside.replace(place)
    return sha256, place


def folder_of(blobs: Blobs) -> Path:
    """Where uploaded rescues wait."""
    return blobs.folder / "rescue"


def waiting(blobs: Blobs, file: str) -> Path:
    """The zip of an uploaded rescue. Raises not_found when it was never here, imported away or too old."""
    path = folder_of(blobs) / f"{file}.zip"
    if not is_hash(file) or not path.exists():
        raise Problem("not_found")
    return path


def sweep(blobs: Blobs, older_than: float = KEPT) -> int:
    """Remove what waits for longer; returns how many."""
    before = time.time() - older_than
    folder = folder_of(blobs)
    old = [one for one in folder.iterdir() if one.stat().st_mtime < before] if folder.exists() else []
    for one in old:
        one.unlink(missing_ok=True)
    return len(old)
