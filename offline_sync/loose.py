"""What can still be read of a command's args that do not fit: its subject, its village and its photos."""

from typing import Any

import msgspec

from inspections.answers import PhotoIn
from offline_sync.verdicts import Arrived


class Loose(msgspec.Struct):
    """Args of any verb, each part as it came."""

    photos: list[Any] = []
    photo: Any = None
    village: Any = ""
    checklist: Any = None
    inspection: Any = ""
    task: Any = ""

    @property
    def announced(self) -> list[Any]:
        """Whatever stands where photos are announced."""
        return [*self.photos, self.photo] if self.photo else self.photos

    def readable_photos(self) -> list[PhotoIn]:
        """Those of them that are a photo's announcement."""
        return [photo for photo in (_photo(raw) for raw in self.announced) if photo]

    def named(self) -> dict[str, str]:
        """Village and checklist code, as far as they are what they should be: what a trail names it by."""
        code = self.checklist.get("code") if isinstance(self.checklist, dict) else ""
        told = {"village": self.village, "checklist": code}
        return {key: value for key, value in told.items() if isinstance(value, str) and 0 < len(value) <= 12}


def loose(arrived: Arrived) -> Loose:
    """The args as far as they can be read; empty when they cannot."""
    try:
        return msgspec.json.decode(arrived.command.args, type=Loose)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Loose()


def about(arrived: Arrived) -> tuple[str, str]:
    """What the command is about: (kind, id) of its inspection, task or village, else of itself."""
    read = loose(arrived)
    for kind in ("inspection", "task", "village"):
        if value := getattr(read, kind):
            return kind, str(value)[:64]
    return "command", str(arrived.command.id)


def _photo(raw: Any) -> PhotoIn | None:
    try:
        return msgspec.convert(raw, PhotoIn)
    except msgspec.ValidationError:
        return None
