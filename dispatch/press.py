"""What every printed sheet needs: the press itself, photos fit for paper, and how paper says codes and moments."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from dispatch.models import Edition
from templates.pdf import PaperError, PaperPool, paper_ready
from villages.ground import clock
from villages.ground.blobs import Blobs
from villages.ground.problems import Problem

PHOTO_EDGE = 640  # of a photo on paper, the same thumbnail as the screen's
Tell = Callable[[int, int], Awaitable[None]]  # (done, total)
_ready: list[bool] = []


@dataclass(frozen=True)
class Press:
    """What printing needs of the server: the workers, the shelves, and the address that goes into the QR."""

    paper: PaperPool
    blobs: Blobs
    base_url: str

    def path(self, edition: Edition) -> Path:
        """Where the edition's bytes lie."""
        return self.blobs.path(edition.pdf_sha256)


async def check_ready() -> None:
    """Raises paper_unready while something that prints is missing."""
    if not _ready:
        missing = await asyncio.to_thread(paper_ready)
        if missing:
            raise Problem("paper_unready", missing="；".join(missing))
        _ready.append(True)


def minute(at: datetime) -> str:
    """`2026年11月23日 09:05`, as paper says a moment."""
    local = clock.local(at)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"


def spaced(code: str) -> str:
    """A code in groups of four, as printed."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


async def with_photos(press: Press, card: dict[str, Any], tell: Tell | None = None) -> dict[str, Any]:
    """The sheet's content with every photo's path on disk in place of its name; printing is the last of what is told."""
    named: dict[str, str | None] = dict.fromkeys(_photo_names(card))
    for done, name in enumerate(named):
        if tell:
            await tell(done, len(named) + 1)
        named[name] = await _on_disk(press, name)
    if tell:
        await tell(len(named), len(named) + 1)

    def placed(value: Any) -> Any:
        if isinstance(value, dict):
            copy = {key: placed(part) for key, part in value.items()}
            return copy | {"path": named[value["path"]]} if value.get("path") else copy
        return [placed(part) for part in value] if isinstance(value, list) else value

    copy: dict[str, Any] = placed(card)
    return copy


def _photo_names(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["path"]] if value.get("path") else []
        return own + [name for part in value.values() for name in _photo_names(part)]
    return [name for part in value for name in _photo_names(part)] if isinstance(value, list) else []


async def _on_disk(press: Press, name: str) -> str | None:
    """A photo fit for paper: the thumbnail (made in a print worker when it is not there), else the preview."""
    state, _, sha256 = name.partition(":")
    small, preview = press.blobs.thumb_path(sha256, PHOTO_EDGE), press.blobs.preview_path(sha256)
    if state == "stored":
        if await asyncio.to_thread(small.exists):
            return str(small)
        if await asyncio.to_thread(press.blobs.path(sha256).exists):
            try:
                made = await press.paper.thumbnail(press.blobs.path(sha256), PHOTO_EDGE)
            except PaperError:
                return str(press.blobs.path(sha256))  # the sheet says 照片无法读取 in its place
            await asyncio.to_thread(press.blobs.put_thumb, sha256, PHOTO_EDGE, made)
            return str(small)
    return str(preview) if await asyncio.to_thread(preview.exists) else None
