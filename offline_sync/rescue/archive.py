"""The zip of a rescue, read with suspicion: only stored entries, only names we know, nothing larger than it says.

Nothing is ever unpacked to a path of the file's choosing; entries are read one at a time and held to the manifest.
"""

import hashlib
import re
import zipfile
from pathlib import Path
from typing import Annotated, Any, BinaryIO, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta

from inspections.answers import PhotoIn
from villages.districts import LIMITS
from villages.ground.problems import Problem

ENTRIES_MOST = 30_000
MANIFEST_MOST = 16 * 1024 * 1024
DRAFT_MOST = 512 * 1024
COMMAND_MOST = 4 * 1024 * 1024  # more than the wire takes: what is too large for it comes this way
MANIFEST, SEAL = "manifest.json", "seal.json"
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_KNOWN = {
    "commands": re.compile(rf"commands/\d{{1,6}}-{_UUID}\.json"),
    "drafts": re.compile(rf"drafts/{_UUID}\.json"),
    "photos": re.compile(r"photos/[0-9a-f]{64}"),
}
S = TypeVar("S")
Hash = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class Named(msgspec.Struct, kw_only=True):
    """Whose store it was."""

    id: UUID
    title: Annotated[str, Meta(max_length=200)] = ""


class Listed(msgspec.Struct, kw_only=True):
    """One entry of the zip as the manifest promises it."""

    file: str
    sha256: Hash
    size: Annotated[int, Meta(ge=0)]


class DraftListed(Listed, kw_only=True):
    """A draft: its document, and the tablet's own counter of it."""

    inspection: UUID
    rev: Annotated[int, Meta(ge=0, le=2**53)]


class Manifest(msgspec.Struct, kw_only=True):
    """manifest.json. `made_at` and `build` are the tablet's own words. `announced`: photos that no command here names
    (of drafts, of acts not yet done), in the wire's shape; `lacking`: hashes whose bytes the tablet no longer had."""

    format: int
    district: str
    person: Named
    replica: UUID
    made_at: Annotated[str, Meta(max_length=40)] = ""
    device: Annotated[str, Meta(max_length=80)] = ""
    platform: Annotated[str, Meta(max_length=200)] = ""
    build: Annotated[str, Meta(max_length=40)] = ""
    commands: list[Listed] = []
    drafts: list[DraftListed] = []
    photos: list[Listed] = []
    announced: list[Any] = []
    lacking: list[str] = []


class Seal(msgspec.Struct, kw_only=True):
    """seal.json: which deposit token, and what it says of the manifest."""

    name: str
    seal: str


class Archive:
    """An open rescue. Raises on opening: rescue_unreadable, rescue_packed, rescue_path, rescue_newer, too_large."""

    def __init__(self, source: Path | BinaryIO) -> None:
        try:
            self._zip = zipfile.ZipFile(source)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise Problem("rescue_unreadable", what="它不是完整的救援包") from error
        try:
            self._entries = self._checked(source)
            self.told = self._whole(MANIFEST, MANIFEST_MOST)
            self.manifest = self._manifest()
            self.seal = self._seal()
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the file go."""
        self._zip.close()

    def command(self, listed: Listed) -> bytes:
        """A command's text, to the byte. Raises rescue_lies, rescue_unreadable or too_large."""
        return self._held_to(listed, COMMAND_MOST, "单条操作")

    def draft(self, listed: Listed) -> bytes:
        """A draft's document. Raises as `command`."""
        return self._held_to(listed, DRAFT_MOST, "草稿")

    def photo(self, listed: Listed) -> bytes:
        """A photo's bytes; `listed.file` names them by their hash. Raises as `command`."""
        if not listed.file.endswith(listed.sha256):
            raise Problem("rescue_lies", file=listed.file)
        return self._held_to(listed, LIMITS["photo_bytes"], "照片")

    def _checked(self, source: Path | BinaryIO) -> dict[str, zipfile.ZipInfo]:
        infos = self._zip.infolist()
        if len(infos) > ENTRIES_MOST:
            raise Problem("too_large", what="救援包内的文件数", limit=f"{ENTRIES_MOST} 个")
        for info in infos:
            if info.filename.startswith("/") or "\\" in info.filename or ".." in info.filename.split("/"):
                raise Problem("rescue_path", file=_shown(info.filename))
            # Stored and not encrypted, as the tablet writes them: what cannot be unpacked cannot swell.
            if (
                info.compress_type != zipfile.ZIP_STORED
                or info.flag_bits & 1
                or info.file_size != info.compress_size
            ):
                raise Problem("rescue_packed")
        if sum(info.file_size for info in infos) > _size(source):
            raise Problem("rescue_packed")  # entries that lie over each other
        return {info.filename: info for info in infos}

    def _manifest(self) -> Manifest:
        plain = _decoded(self.told, dict[str, Any])
        if plain.get("format") != 1:
            raise Problem("rescue_newer", format=str(plain.get("format"))[:20])
        found = _decoded(self.told, Manifest)
        for kind, pattern in _KNOWN.items():
            listed: list[Listed] = getattr(found, kind)
            for one in listed:
                if not pattern.fullmatch(one.file):
                    raise Problem("rescue_path", file=_shown(one.file))
            if len({one.file for one in listed}) < len(listed):
                raise Problem("rescue_unreadable", what="目录里有重复的文件")
        return found

    def _seal(self) -> Seal | None:
        return _decoded(self._whole(SEAL, 4096), Seal) if SEAL in self._entries else None

    def _held_to(self, listed: Listed, most: int, what: str) -> bytes:
        data = self._whole(listed.file, most, what)
        if len(data) != listed.size or hashlib.sha256(data).hexdigest() != listed.sha256:
            raise Problem("rescue_lies", file=listed.file)
        return data

    def _whole(self, name: str, most: int, what: str = "救援包目录") -> bytes:
        info = self._entries.get(name)
        if info is None:
            raise Problem("rescue_unreadable", what=f"缺少文件 {_shown(name)}")
        if info.file_size > most:
            raise Problem("too_large", what=what, limit=_limit(most))
        try:
            return self._zip.read(info)
        except (
            zipfile.BadZipFile,
            OSError,
            EOFError,
            ValueError,
            NotImplementedError,
            RuntimeError,
        ) as error:
            raise Problem("rescue_unreadable", what=f"文件 {_shown(name)} 已损坏") from error


def _decoded(text: bytes, shape: type[S]) -> S:
    try:
        return msgspec.json.decode(text, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem("rescue_unreadable", what="目录的内容不合格式") from error


def announced(manifest: Manifest) -> list[PhotoIn]:
    """The photos that no command names, as far as they can be read."""
    found = []
    for raw in manifest.announced:
        try:
            found.append(msgspec.convert(raw, PhotoIn))
        except msgspec.ValidationError:
            continue
    return found


def _size(source: Path | BinaryIO) -> int:
    if isinstance(source, Path):
        return source.stat().st_size
    return source.seek(0, 2)


def _shown(name: str) -> str:
    return "".join(one for one in name[:80] if one.isprintable())


def _limit(most: int) -> str:
    return f"{most >> 20} MB" if most >= 1 << 20 else f"{most >> 10} kB"
