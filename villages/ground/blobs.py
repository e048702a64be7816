"""Bytes by content hash in a local folder.

    ab/cd/abcd…      whole, verified, never changed again
    partial/abcd…    what has arrived so far; its length on disk is the truth about the offset
    refused/abcd…    whole and of the right hash, but no photo: kept, never served
    thumbs/ previews/ made from or sent ahead of a photo; may vanish

Everything here is synchronous and may wait for the disk: callers use `asyncio.to_thread`. Whatever gets its
final name was flushed to disk before, and the folder is flushed after, so no crash leaves a name without bytes.
"""

import fcntl
import hashlib
import os
import re
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

_HASH = re.compile(r"[0-9a-f]{64}")
_PIECE = 1 << 20


class BlobBusy(Exception):
    """Somebody else is writing these bytes at this moment."""


class Standing(NamedTuple):
    """Where the bytes of a hash are: `where` is stored, refused, partial or absent; `size` in bytes."""

    where: str
    size: int


def is_hash(text: object) -> bool:
    """True for a SHA-256 in 64 lower-case hex digits, the only name bytes go by."""
    return isinstance(text, str) and _HASH.fullmatch(text) is not None


class Blobs:
    """The store. Every method that takes a hash raises ValueError when it is none (no path escapes the folder)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("partial", "refused", "thumbs", "previews"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def path(self, sha256: str) -> Path:
        """Where the stored bytes are, or would be."""
        name = _checked(sha256)
        return self.folder / name[:2] / name[2:4] / name

    def size(self, sha256: str) -> int | None:
        """Length of the stored bytes; None when they are not here."""
        return _size(self.path(sha256))

    def open(self, sha256: str) -> BinaryIO:
        """The stored bytes as an open file. Raises FileNotFoundError."""
        return self.path(sha256).open("rb")

    def put(self, data: bytes) -> str:
        """Store bytes that are at hand; returns their hash. Bytes already here are left alone."""
        sha256 = hashlib.sha256(data).hexdigest()
        if self.size(sha256) is None:
            self._write(self.path(sha256), data)
        return sha256

    def standing(self, sha256: str) -> Standing:
        """Where these bytes are, in one look."""
        places = (
            ("stored", self.path(sha256)),
            ("refused", self.refused_path(sha256)),
            ("partial", self.partial_path(sha256)),
        )
        for where, path in places:
            size = _size(path)
            if size is not None:
                return Standing(where, size)
        return Standing("absent", 0)

    def refused_path(self, sha256: str) -> Path:
        """Where whole bytes lie that were no photo."""
        return self.folder / "refused" / _checked(sha256)

    def partial_path(self, sha256: str) -> Path:
        """Where the bytes that arrived so far lie."""
        return self.folder / "partial" / _checked(sha256)

    def preview_path(self, sha256: str) -> Path:
        """Where the small preview lies that came before the original."""
        return self.folder / "previews" / f"{_checked(sha256)}.jpg"

    def thumb_path(self, sha256: str, width: int) -> Path:
        """Where the thumbnail of this width lies once it was made."""
        return self.folder / "thumbs" / f"{_checked(sha256)}-{width}.jpg"

    def put_preview(self, sha256: str, data: bytes) -> None:
        """Keep a preview; replaces an earlier one whole."""
        self._write(self.preview_path(sha256), data)

    def put_thumb(self, sha256: str, width: int, data: bytes, *, flushed: bool = True) -> None:
        """Keep a thumbnail; two that make the same one at once do no harm.

        `flushed` False: for thousands at once. A power cut may leave such a file cut short: who reads it looks.
        """
        target = self.thumb_path(sha256, width)
        if flushed:
            self._write(target, data)
            return
        aside = self.folder / "partial" / f"{secrets.token_hex(8)}.tmp"
        try:
            aside.write_bytes(data)
            aside.replace(target)
        except BaseException:
            aside.unlink(missing_ok=True)
            raise

    def partial(self, sha256: str) -> "Partial":
        """The bytes that arrived so far, for adding to, locked until closed. Raises BlobBusy.

        The lock is the operating system's: it holds between processes and dies with its holder.
        """
        path = self.partial_path(sha256)
        while True:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(handle)
                raise BlobBusy(sha256) from None
            if _same_file(handle, path):
                return Partial(self, sha256, handle)
            os.close(handle)  # it was kept or dropped between our opening and our locking: begin anew

    def partials(self) -> Iterator[tuple[str, float]]:
        """Hash and time of the last byte (seconds since 1970) of everything that is on its way."""
        for entry in os.scandir(self.folder / "partial"):
            if is_hash(entry.name):
                yield entry.name, entry.stat().st_mtime

    def sweep(self, older_than: float) -> int:
        """Remove half-written helper files last touched before this time; returns how many."""
        stale = [e.path for e in os.scandir(self.folder / "partial")
                 if e.name.endswith(".tmp") and e.stat().st_mtime < older_than]  # fmt: skip
        for path in stale:
            Path(path).unlink(missing_ok=True)
        return len(stale)

    def _write(self, target: Path, data: bytes) -> None:
        """Write aside in the same file system, flush, give the final name, flush the folder."""
        aside = self.folder / "partial" / f"{secrets.token_hex(8)}.tmp"
        try:
            with aside.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            self.place(aside, target)
        except BaseException:
            aside.unlink(missing_ok=True)  # a full disk is not made fuller by every try
            raise

    def place(self, source: Path, target: Path) -> None:
        """Give flushed bytes their final name so that it outlives a power cut.

        New folders are flushed after the name is in them: a journal then takes it all down at once. Until the last
        flush nobody was told that the bytes are here.
        """
        changed = []
        if not target.parent.exists():
            for folder in (target.parent.parent, target.parent):
                folder.mkdir(exist_ok=True)
                changed.append(folder.parent)
        source.replace(target)
        for folder in (*changed, target.parent):
            _flush_folder(folder)


class Partial:
    """Bytes on their way, held by one writer. A thread still writing when the holder gives up is waited for."""

    def __init__(self, blobs: Blobs, sha256: str, handle: int) -> None:
        self._blobs = blobs
        self._handle = handle
        self._turn = threading.Lock()
        self.sha256 = sha256
        self.path = blobs.partial_path(sha256)
        self.size = os.fstat(handle).st_size

    def append(self, data: bytes | bytearray | memoryview) -> None:
        """Add bytes at the end. What was written before an error (disk full) stays and counts."""
        rest = memoryview(data)
        with self._turn:
            self._alive()
            while rest:
                written = os.pwrite(self._handle, rest, self.size)
                self.size += written
                rest = rest[written:]

    def cut(self, size: int) -> None:
        """Forget everything after the first `size` bytes."""
        with self._turn:
            self._alive()
            os.ftruncate(self._handle, size)
            self.size = size

    def matches(self) -> bool:
        """True when the bytes on disk have the hash they go by."""
        digest = hashlib.sha256()
        with self._turn:
            self._alive()
            at = 0
            while piece := os.pread(self._handle, _PIECE, at):
                digest.update(piece)
                at += len(piece)
        return digest.hexdigest() == self.sha256

    def keep(self) -> None:
        """The bytes are whole and right: they get their final name, durably."""
        self._finish(self._blobs.path(self.sha256))

    def refuse(self) -> None:
        """The bytes are whole but no photo: set aside, durably."""
        self._finish(self._blobs.refused_path(self.sha256))

    def drop(self) -> None:
        """Forget these bytes and let go."""
        self.path.unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """Let go; what has arrived stays for the next writer. Closing twice is harmless."""
        with self._turn:
            if self._handle < 0:
                return
            if self.size == 0 and _same_file(self._handle, self.path):
                self.path.unlink(missing_ok=True)
            os.close(self._handle)  # gives the lock back
            self._handle = -1

    def _finish(self, target: Path) -> None:
        with self._turn:
            self._alive()
            os.fsync(self._handle)
            self._blobs.place(self.path, target)

    def _alive(self) -> None:
        if self._handle < 0:
            raise ValueError("these bytes were let go")


def _checked(sha256: str) -> str:
    if not is_hash(sha256):
        raise ValueError("not a SHA-256")
    return sha256


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def _same_file(handle: int, path: Path) -> bool:
    try:
        there, here = path.stat(), os.fstat(handle)
    except FileNotFoundError:
        return False
    return (there.st_ino, there.st_dev) == (here.st_ino, here.st_dev)


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
