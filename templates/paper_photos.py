"""Photos on paper: each is proved to decode before it is printed, and goes by a number instead of a path."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image, ImageFile, ImageOps

from templates.pdf import PaperError

_MAX_PIXELS = 60_000_000
_PRINT_EDGE = 960  # a picture 85 mm wide at 280 dpi; larger ones are shrunk before they go in
NOT_A_PICTURE = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)


def be_strict() -> None:
    """WeasyPrint, when imported, tells Pillow to let half a JPEG pass as a whole one; say no again."""
    ImageFile.LOAD_TRUNCATED_IMAGES = False


class Photos:
    """Reads each photo of a context once, proves that it decodes, and gives it a number instead of a path."""

    def __init__(self, root: str | None) -> None:
        self.data: dict[str, bytes] = {}
        self._root = Path(root) if root else None
        self._known: dict[str, tuple[str, str]] = {}

    def place(self, value: Any) -> Any:
        """A copy of the context in which every {"path": …} also has `src` and `state` (ok, awaited, unreadable)."""
        if isinstance(value, Mapping):
            copy = {key: self.place(part) for key, part in value.items()}
            if "path" in value:
                copy["src"], copy["state"] = self._take(value["path"])
            return copy
        if isinstance(value, list | tuple):
            return [self.place(part) for part in value]
        return value

    def _take(self, path: str | None) -> tuple[str, str]:
        if not path:
            return "", "awaited"
        if path not in self._known:
            self._known[path] = self._read(path)
        return self._known[path]

    def _read(self, path: str) -> tuple[str, str]:
        real = Path(path).resolve()
        if self._root is None or not real.is_relative_to(self._root):
            raise PaperError(f"photo outside the photo folder: {path}")
        if not real.is_file():
            return "", "awaited"
        try:
            data = _printable(real)
        except NOT_A_PICTURE:
            return "", "unreadable"
        name = f"photo:{len(self.data) + 1}"
        self.data[name] = data
        return name, "ok"


def open_picture(path: Path) -> Image.Image:
    """The picture, not yet decoded. ValueError for another type or too many pixels."""
    image = Image.open(path, formats=("JPEG", "PNG", "WEBP"))
    if image.width * image.height > _MAX_PIXELS:
        raise ValueError(f"{image.width}×{image.height} pixels")
    return image


def _printable(path: Path) -> bytes:
    """Bytes fit to embed: decoded once as proof (small, so cheap), shrunk when larger than print needs."""
    with open_picture(path) as image:
        if image.format != "WEBP" and max(image.size) <= _PRINT_EDGE:
            image.draft("RGB", (image.width // 8, image.height // 8))
            image.load()
            return path.read_bytes()
        return jpeg(image, _PRINT_EDGE, 82)


def jpeg(image: Image.Image, edge: int, quality: int) -> bytes:
    image.draft("RGB", (edge, edge))
    upright = ImageOps.exif_transpose(image) or image
    upright.thumbnail((edge, edge), Image.Resampling.LANCZOS)
    flat = Image.new("RGB", upright.size, "white")
    flat.paste(upright, mask=upright.getchannel("A") if "A" in upright.getbands() else None)
    out = io.BytesIO()
    flat.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()
