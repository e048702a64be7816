"""Is it a photo, how large, and small copies of it. Knows files and pixels, nothing of tables or of the web.

A check reads headers and the very end, never the pixels: a dozen photos must cost next to nothing.
"""

import io
import mmap
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps, JpegImagePlugin

from villages.ground.problems import Problem

MAX_PIXELS = 50_000_000
MIME = {"jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
# For every other opening of a picture in this process: Pillow itself refuses twice this.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS

_ORIENTATION = 0x0112  # EXIF: 5 to 8 lie on their side
_HEIF = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
_NAMES = (
    (b"GIF8", "GIF 图片"), (b"BM", "BMP 图片"), (b"II*\0", "TIFF 图片"), (b"MM\0*", "TIFF 图片"), (b"%PDF", "PDF 文件"),
    (b"PK\x03\x04", "压缩包或 Office 文件"), (b"\x1aE\xdf\xa3", "视频"), (b"<", "网页或文字"), (b"{", "文字"),
)  # fmt: skip


@dataclass(frozen=True)
class PictureFacts:
    """What a photo is: `kind` jpeg, png or webp, its type for the web, its size in pixels as stored."""

    kind: str
    mime: str
    width: int
    height: int


def kind_of(head: bytes) -> str | None:
    """jpeg, png or webp, told from the first 12 bytes; None for everything else."""
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    return None


def name_of(head: bytes) -> str:
    """What a file that is no photo seems to be, in words for a person."""
    if not head:
        return "空文件"
    if head[4:8] == b"ftyp":
        if head[8:12] in _HEIF:
            return "HEIC 格式，请在相机设置中改为 JPEG"
        return "AVIF 图片" if head[8:12] == b"avif" else "视频"
    return next((name for magic, name in _NAMES if head.lstrip().startswith(magic)), "无法识别的格式")


def check_picture(path: Path) -> PictureFacts:
    """Facts of a photo file. Raises not_a_photo, photo_broken (cut short, damaged head) or photo_too_many_pixels."""
    with path.open("rb") as file:
        if path.stat().st_size == 0:
            raise Problem("not_a_photo", found=name_of(b""))
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return check_bytes(data)


def check_bytes(data: bytes | mmap.mmap) -> PictureFacts:
    """Facts of a photo at hand; raises as `check_picture`."""
    kind = kind_of(data[:12])
    if kind is None:
        raise Problem("not_a_photo", found=name_of(data[:64]))
    try:
        width, height, whole = _READERS[kind](data)
    except (SyntaxError, OSError, ValueError, IndexError, EOFError, TypeError, struct.error) as error:
        raise Problem("photo_broken", found=f"{kind.upper()} 文件头损坏") from error
    if width < 1 or height < 1:
        raise Problem("photo_broken", found=f"{kind.upper()} 文件头损坏")
    if width * height > MAX_PIXELS:
        raise Problem("photo_too_many_pixels", pixels=width * height // 10_000, limit=MAX_PIXELS // 10_000)
    if not whole:
        raise Problem("photo_broken", found=f"{kind.upper()} 缺少结尾")
    return PictureFacts(kind, MIME[kind], width, height)


def _jpeg(data: bytes | mmap.mmap) -> tuple[int, int, bool]:
    # The plugin's own class: `Image.open` would try other formats and judge the pixels before we can say why.
    source = io.BytesIO(data)
    with JpegImagePlugin.JpegImageFile(source) as image:
        # Within scan data FF is never followed by D9 except at the end; a camera may append things after it.
        return *image.size, data.rfind(b"\xff\xd9", source.tell()) >= 0


def _png(data: bytes | mmap.mmap) -> tuple[int, int, bool]:
    """By hand: Pillow's reader would unpack text chunks first."""
    head = data[12:29]
    if head[:4] != b"IHDR" or zlib.crc32(head) != int.from_bytes(data[29:33], "big"):
        raise ValueError("no PNG header")
    width, height = struct.unpack(">II", head[4:12])
    return width, height, data.rfind(b"IEND\xaeB\x60\x82", 33) >= 0


def _webp(data: bytes | mmap.mmap) -> tuple[int, int, bool]:
    """By hand: Pillow's WebP reader claims memory for the whole canvas on opening."""
    whole = len(data) >= int.from_bytes(data[4:8], "little") + 8
    chunk = data[12:16]
    if chunk == b"VP8X":
        size = (1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little"))
    elif chunk == b"VP8L" and data[20] == 0x2F:
        bits = int.from_bytes(data[21:25], "little")
        size = (1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
    elif chunk == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        size = (
            int.from_bytes(data[26:28], "little") & 0x3FFF,
            int.from_bytes(data[28:30], "little") & 0x3FFF,
        )
    else:
        raise ValueError("no WebP frame")
    return *size, whole


_READERS = {"jpeg": _jpeg, "png": _png, "webp": _webp}


def thumbnail(path: Path, width: int) -> bytes:
    """A JPEG of at most this width, upright, without the camera's data. Slow: never on the event loop.

    Raises OSError, ValueError, SyntaxError or Image.DecompressionBombError when the pixels cannot be read.
    """
    with Image.open(path, formats=list(MIME)) as opened:
        # JPEG decodes straight to a half, quarter or eighth: a large photo costs as little as a small one.
        lies = opened.getexif().get(_ORIENTATION, 1) >= 5
        opened.draft("RGB", (1, width) if lies else (width, 1))
        image = ImageOps.exif_transpose(opened)
        if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
        image = image.convert("RGB")
        if image.width > width:
            height = max(1, round(image.height * width / image.width))
            image = image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)
        out = io.BytesIO()
        image.save(out, "JPEG", quality=78, optimize=True)
        return out.getvalue()
