"""What can still be read of a command that does not fit: itself, its subject, its village and its photos."""

from contextlib import suppress
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

import msgspec
from msgspec import Raw

from inspections.answers import PhotoIn
from offline_sync.protocol import CommandIn
from offline_sync.verdicts import Arrived
from offline_sync.wire import readable
from villages.ground.blobs import is_hash

_PHOTO = {part.name: part.type for part in msgspec.structs.fields(PhotoIn)}
_COMMAND = {part.name: part.type for part in msgspec.structs.fields(CommandIn)}
_VERB_MOST = 40
_NONE = Raw(b"null")


def command_in(text: bytes) -> CommandIn:
    """A command as far as it can be read, of text made `readable`. Raises msgspec.DecodeError without an id and a sequence.

    Of the rest, what is not what it should be is left out, for a slip there must not stand before all that follows; a
    verb or version that cannot be read is one that is not spoken here.
    """
    if (whole := _read(text, CommandIn)) is not None:
        return whole  # type: ignore[no-any-return]
    parts = msgspec.json.decode(text, type=dict[str, Raw])
    said: dict[str, Any] = {"verb": (_read(parts.get("verb", _NONE), str) or "?")[:_VERB_MOST], "args": _NONE}
    said |= {name: msgspec.json.decode(parts.get(name, _NONE), type=_COMMAND[name]) for name in ("id", "seq")}
    for name in _COMMAND.keys() - said.keys() | {"args"}:
        if name in parts and (value := _read(parts[name], _COMMAND[name])) is not None:
            said[name] = value
        elif name == "v" and name in parts:
            said[name] = 2**31 - 1
    return CommandIn(**said)


class Loose(msgspec.Struct):
    """Args of any verb, each part as it came; `announced` is whatever stands where photos are announced."""

    announced: list[Raw] = []
    village: Any = ""
    checklist: Any = None
    inspection: Any = ""
    task: Any = ""

    def readable_photos(self, command: UUID) -> list[PhotoIn]:
        """Those of them that name a hash: their bytes must be able to arrive, whatever else is wrong with them."""
        return [photo for photo in (_photo(raw, command) for raw in self.announced) if photo]

    def named(self) -> dict[str, str]:
        """Village and checklist code, as far as they are what they should be: what a trail names it by."""
        code = self.checklist.get("code") if isinstance(self.checklist, dict) else ""
        told = {"village": self.village, "checklist": code}
        return {key: value for key, value in told.items() if isinstance(value, str) and 0 < len(value) <= 12}


class _Args(msgspec.Struct):
    photos: Raw = _NONE
    photo: Raw = _NONE
    village: Raw = _NONE
    checklist: Raw = _NONE
    inspection: Raw = _NONE
    task: Raw = _NONE


def loose(arrived: Arrived) -> Loose:
    """The args as far as they can be read; empty when they cannot."""
    return _loose(bytes(arrived.command.args))


def _loose(text: bytes) -> Loose:
    args: _Args = _read(text, _Args) or _Args()
    photos: list[Raw] = _read(args.photos, list[Raw]) or []
    announced = (
        [*photos, args.photo] if _read(args.photo, Any) or _read(args.photo, dict[str, Raw]) else photos
    )
    return Loose(
        announced, _read(args.village, Any), _read(args.checklist, Any), _read(args.inspection, Any), _read(args.task, Any)
    )  # fmt: skip


def about(arrived: Arrived) -> tuple[str, str]:
    """What the command is about: (kind, id) of its inspection, task or village, else of itself."""
    read = loose(arrived)
    for kind in ("inspection", "task", "village"):
        if value := getattr(read, kind):
            return kind, str(value)[:64]
    return "command", str(arrived.command.id)


class _Hash(msgspec.Struct):
    sha256: str = ""


class _Announced(msgspec.Struct):
    photos: list[_Hash] = []
    photo: _Hash | None = None


class _Typed(msgspec.Struct):
    args: _Announced


class _Untyped(msgspec.Struct):
    args: Raw = _NONE


_typed = msgspec.json.Decoder(_Typed)


def photo_hashes(payload: str) -> list[str]:
    """Every photo hash a command's text announces, whatever its verb; empty when none can be found."""
    text = readable(payload.encode())
    try:
        read = _typed.decode(text).args
        named = [photo.sha256 for photo in (*read.photos, read.photo or _Hash())]
    except (
        msgspec.DecodeError,
        RecursionError,
    ):  # some part is not what it should be: each is read by itself
        found: _Untyped | None = _read(text, _Untyped)
        entries = _loose(bytes(found.args)).announced if found else []
        named = [_hash(raw) for raw in entries]
    return list(dict.fromkeys(sha256 for sha256 in named if is_hash(sha256)))


def _photo(raw: Raw, command: UUID) -> PhotoIn | None:
    """A photo's announcement; parts that are not what they should be are left out, an unreadable id is made anew."""
    whole: PhotoIn | None = _read(raw, PhotoIn)
    if whole or not is_hash(sha256 := _hash(raw)):
        return whole
    parts: dict[str, Raw] = _read(raw, dict[str, Raw]) or {}
    said: dict[str, Any] = {"id": uuid5(NAMESPACE_OID, f"{command}/{sha256}"), "size": 0}
    for name, kind in _PHOTO.items():
        if (value := _read(parts.get(name, _NONE), kind)) is not None:
            said[name] = value
    return PhotoIn(**said)


def _hash(raw: Raw) -> str:
    parts: dict[str, Raw] = _read(raw, dict[str, Raw]) or {}
    return _read(parts.get("sha256", _NONE), str) or ""


def _read(text: bytes | Raw, kind: Any) -> Any:
    """The JSON text as this type; None when it is none, or holds a figure beyond all numbers."""
    with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return msgspec.json.decode(text, type=kind)
    return None
