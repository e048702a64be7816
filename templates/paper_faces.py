"""The characters that a card nearly always needs, cut from the paper's typefaces into small files of their own.

A whole face has thirty thousand glyphs, and each sheet pays for its size: it is copied, cut twice and packed with
tables as long as its last glyph's number. A face with GB 2312 costs a quarter of that. What it lacks (堃, 镕, 塆)
comes from the whole face, which stands behind it in every list of families, so nothing is ever missing for it.
"""

import ctypes
import re
import sys
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

from templates.fonts import FACES, font_files

_WHOLE = " Whole"  # after a family's name: the same family, with every character
_LEAST = 100_000  # bytes; what comes out smaller is no typeface
_NO_HINTING, _DROP_TABLES = 1, 3  # hb_subset_flags_t, hb_subset_sets_t
_FOR_COLUMNS = (b"vhea", b"vmtx", b"VORG", b"BASE")  # of use to vertical text alone
_SIGNS = (
    range(0x20, 0x7F), range(0xA0, 0x180), range(0x2000, 0x2070), range(0x2100, 0x2300), range(0x2460, 0x2500),
    range(0x25A0, 0x2600), range(0x3000, 0x3030), range(0xFF00, 0xFFF0),
)  # fmt: skip


def face_rules() -> str:
    """The @font-face rules: each family's frequent characters under its name, the whole file behind it."""
    common = _common_faces()
    rules = []
    for face, whole in font_files().items():
        for family, path in ((face.family, common.get(face.file, whole)), (face.family + _WHOLE, whole)):
            rules.append(
                f'@font-face{{font-family:"{family}";font-weight:{face.weight};src:url("{path.as_uri()}")}}'
            )
    return "\n".join(rules)


def with_whole(css: str) -> str:
    """A style sheet, or a list of families, in which the whole face stands behind every family of the paper."""
    names = "|".join(sorted({face.family for face in FACES}))
    return re.sub(f'("?)({names})\\1', rf"\1\2\1,\1\2{_WHOLE}\1", css)


def readable_faces() -> frozenset[str]:
    """Every font file that a sheet may read, links followed as the worker follows them."""
    return frozenset(str(path.resolve()) for path in (*font_files().values(), *_common_faces().values()))


@lru_cache(maxsize=1)
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Lives as long as the worker; a pool's own folder goes with its crew besides."""
    return tempfile.TemporaryDirectory(prefix="xuncun-faces-")


@lru_cache(maxsize=1)
def _common_faces() -> dict[str, Path]:
    """Small files by the name of the whole one. Empty where the cutter is not: then the whole files serve alone."""
    try:
        libraries = _libraries()
    except OSError:
        return {}
    made = {}
    for face, whole in font_files().items():
        data = _cut(*libraries, whole)
        if len(data) >= _LEAST:
            made[face.file] = Path(_folder().name).resolve() / face.file
            made[face.file].write_bytes(data)
    return made


def _frequent() -> set[int]:
    """GB 2312's characters, and the signs and letters around them, as code points."""
    cells = (bytes((row, cell)) for row in range(0xB0, 0xF8) for cell in range(0xA1, 0xFF))
    return {ord(char) for cell in cells for char in cell.decode("gb2312", "ignore")}.union(*_SIGNS)


# --- HarfBuzz's own subsetter, which WeasyPrint needs as well: 40 ms a face, where fontTools takes seconds --


def _libraries() -> tuple[ctypes.CDLL, ctypes.CDLL]:
    tail = ".0.dylib" if sys.platform == "darwin" else ".so.0"
    return ctypes.CDLL(f"libharfbuzz{tail}"), ctypes.CDLL(f"libharfbuzz-subset{tail}")


def _call(library: ctypes.CDLL, name: str, *values: Any) -> ctypes.c_void_p:
    function = getattr(library, name)
    function.restype = ctypes.c_void_p
    return ctypes.c_void_p(function(*values))


def _cut(base: ctypes.CDLL, subset: ctypes.CDLL, whole: Path) -> bytes:
    """The face with its frequent characters only; empty when the library cannot read it."""
    blob = _call(base, "hb_blob_create_from_file", str(whole).encode())
    face = _call(base, "hb_face_create", blob, 0)
    wish = _call(subset, "hb_subset_input_create_or_fail")
    kept = _call(subset, "hb_subset_input_unicode_set", wish)
    for point in _frequent():
        _call(base, "hb_set_add", kept, point)
    dropped = _call(subset, "hb_subset_input_set", wish, _DROP_TABLES)
    for table in _FOR_COLUMNS:
        _call(base, "hb_set_add", dropped, int.from_bytes(table, "big"))
    _call(subset, "hb_subset_input_set_flags", wish, _NO_HINTING)
    small = _call(subset, "hb_subset_or_fail", face, wish)
    data = _bytes(base, small) if small else b""
    for name, thing in (("hb_face_destroy", small), ("hb_face_destroy", face), ("hb_blob_destroy", blob)):
        _call(base, name, thing)
    _call(subset, "hb_subset_input_destroy", wish)
    return data


def _bytes(base: ctypes.CDLL, face: ctypes.c_void_p) -> bytes:
    blob, size = _call(base, "hb_face_reference_blob", face), ctypes.c_uint()
    start = _call(base, "hb_blob_get_data", blob, ctypes.byref(size))
    data = ctypes.string_at(start, size.value)
    _call(base, "hb_blob_destroy", blob)
    return data
