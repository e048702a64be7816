"""The paper's typefaces: whole TrueType files, found once, named in one place.

Never web-font slices: WeasyPrint prints wrong characters from unicode-range slices while text extraction
still looks right. The files come with `npm ci` (OFL 1.1) and are not committed.
"""

import ctypes
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_NPM = _ROOT / "node_modules" / "@expo-google-fonts"


class FontsMissing(RuntimeError):
    """A typeface of the paper is not on this machine; the message is one line and names the cure."""


@dataclass(frozen=True)
class Face:
    """One weight of one family. `family` is our own name, so that a system font can never stand in for it."""

    family: str
    weight: int
    package: str
    file: str


SANS = "Xuncun Sans"
SERIF = "Xuncun Serif"
FACES = (
    Face(SANS, 400, "noto-sans-sc/400Regular", "NotoSansSC_400Regular.ttf"),
    Face(SANS, 700, "noto-sans-sc/700Bold", "NotoSansSC_700Bold.ttf"),
    Face(SERIF, 400, "noto-serif-sc/400Regular", "NotoSerifSC_400Regular.ttf"),
    Face(SERIF, 700, "noto-serif-sc/700Bold", "NotoSerifSC_700Bold.ttf"),
)


def _folders() -> Iterator[Path]:
    """Where fonts may lie, best first: XUNCUN_FONTS, .setup/fonts, node_modules."""
    if chosen := os.environ.get("XUNCUN_FONTS"):
        yield Path(chosen).resolve()
    yield _ROOT / ".setup" / "fonts"
    yield _NPM


def _locate(face: Face) -> Path | None:
    """The face's file, lying flat in a folder or as the npm package lays it out; None when absent."""
    for folder in _folders():
        for path in (folder / face.file, folder / face.package / face.file):
            if path.is_file():
                return path
    return None


def missing_faces() -> list[str]:
    """Names of the font files that are not here; empty when all are."""
    return [face.file for face in FACES if _locate(face) is None]


def font_files() -> dict[Face, Path]:
    """Every face with its file. Raises FontsMissing, naming the first absent one."""
    found: dict[Face, Path] = {}
    for face in FACES:
        path = _locate(face)
        if path is None:
            raise FontsMissing(
                f"缺少字体 {face.file}：运行 npm ci，或用 XUNCUN_FONTS 指定字体文件夹 (font missing)"
            )
        found[face] = path
    return found


_LIBRARIES = {
    "linux": ("libpango-1.0.so.0", "libpangoft2-1.0.so.0", "libharfbuzz-subset.so.0"),
    "darwin": ("libpango-1.0.dylib", "libpangoft2-1.0.dylib", "libharfbuzz-subset.dylib"),
}


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def paper_ready() -> list[str]:
    """What is missing for printing, one line each; empty when all is there.

    Without libharfbuzz-subset printing works, nineteen times slower, with only a warning: so it counts.
    """
    missing = [f"缺少字体 {name}：运行 npm ci (font missing)" for name in missing_faces()]
    for library in _LIBRARIES.get(sys.platform, ()):
        if not _loads(library):
            missing.append(
                f"缺少系统库 {library}：安装 libpango、libpangoft2、libharfbuzz-subset (library missing)"
            )
    return missing
