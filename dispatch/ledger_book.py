"""The workbook of a 台账: four sheets, thumbnails in their cells, ready to print. Knows cells and pictures, no tables.

Rows go to the disk as they come (`constant_memory`), thumbnails lie as files until the book is closed. Text is
always written as text: a cell that begins like a formula is none, and carries Excel's own mark of a quoted text.
"""

import os
import shutil
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import xlsxwriter
from PIL import Image

from inspections.pictures import thumbnail
from villages.ground.blobs import Blobs

COLUMNS = (
    "序号", "编号", "镇街", "村", "检查日期", "问题类别", "问题描述", "位置", "责任单位", "责任人", "整改期限", "整改措施",
    "完成时间", "整改前照片", "整改后照片", "复核人", "销号日期", "备注",
)  # fmt: skip
BEFORE, AFTER = COLUMNS.index("整改前照片"), COLUMNS.index("整改后照片")
# The three lists: columns of the ledger by name; 轻重 beside them.
LISTS: dict[str, tuple[str, ...]] = {
    "问题清单": ("序号", "编号", "镇街", "村", "检查日期", "问题类别", "问题描述", "位置", "轻重"),
    "责任清单": ("序号", "编号", "镇街", "村", "问题描述", "责任单位", "责任人", "整改期限"),
    "整改清单": (
        "序号",
        "编号",
        "镇街",
        "村",
        "问题描述",
        "整改措施",
        "完成时间",
        "复核人",
        "销号日期",
        "备注",
    ),
}
_WIDTH = {
    "序号": 5, "编号": 16, "镇街": 9, "村": 9, "检查日期": 11, "问题类别": 11, "问题描述": 26, "位置": 14, "责任单位": 14,
    "责任人": 12, "整改期限": 11, "整改措施": 24, "完成时间": 11, "整改前照片": 16, "整改后照片": 16, "复核人": 12,
    "销号日期": 11, "备注": 16, "轻重": 6,
}  # fmt: skip
SMALL = 144  # pixels: a width of the ledger's own, made once and kept; no page shows it
_BOX = (108, 84)  # pixels of a cell that a picture may fill
_ROW = 68  # points: 90 pixels
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class LedgerRow:
    """Eighteen values (text, whole numbers, dates, None), the severity's word, and hashes of two photos ("": none)."""

    cells: tuple[Any, ...]
    severity: str
    before: str = ""
    after: str = ""


class Book:
    """A ledger being written. Every method is slow: never on the event loop."""

    def __init__(self, path: Path, blobs: Blobs, as_of: str, *, demo: bool = False) -> None:
        self._demo = "演示数据　" if demo else ""
        self._blobs = blobs
        self._at = 0
        self._aside = Path(tempfile.mkdtemp(prefix="ledger-", dir=path.parent))
        self._book = xlsxwriter.Workbook(
            str(path),
            {"constant_memory": True, "tmpdir": str(self._aside), "default_date_format": "yyyy-mm-dd"},
        )
        self._book.set_properties({"title": "整改台账", "comments": f"{self._demo}数据截至 {as_of}"})
        plain = {"font_name": "宋体", "font_size": 10, "border": 1, "text_wrap": True, "valign": "vcenter"}
        self._head = self._book.add_format(plain | {"bold": True, "align": "center", "bg_color": "#EDEDED"})
        self._text = self._book.add_format(plain)
        self._quoted = self._book.add_format(plain | {"quote_prefix": True})
        self._day = self._book.add_format(plain | {"num_format": "yyyy-mm-dd", "align": "center"})
        self._ledger = self._sheet("台账", COLUMNS, as_of)
        self._lists = {name: self._sheet(name, columns, as_of) for name, columns in LISTS.items()}
        self._shrinking = ThreadPoolExecutor(2, thread_name_prefix="ledger")

    def _sheet(self, name: str, columns: Sequence[str], as_of: str) -> Any:
        sheet = self._book.add_worksheet(name)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.fit_to_pages(1, 0)
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)
        if self._demo:
            sheet.set_header(f"&R{self._demo.strip()}")
        sheet.set_footer(f"&L{self._demo}数据截至 {as_of}&C第 &P 页，共 &N 页&R{name}")
        for column, word in enumerate(columns):
            sheet.set_column(column, column, _WIDTH[word])
        for column, word in enumerate(columns):
            sheet.write_string(0, column, word, self._head)
        return sheet

    def add(self, lines: Sequence[LedgerRow]) -> None:
        """Write some rows below those that are there."""
        pictures = list(self._shrinking.map(self._pictures, lines))
        for line, (before, after) in zip(lines, pictures, strict=True):
            self._at += 1
            self._ledger.set_row(self._at, _ROW)
            for column, value in enumerate(line.cells):
                self._write(self._ledger, column, value)
            number = str(line.cells[1])
            for column, picture in ((BEFORE, before), (AFTER, after)):
                if picture:
                    self._place(column, *picture, f"{COLUMNS[column]} {number}")
            said = dict(zip(COLUMNS, line.cells, strict=True)) | {"轻重": line.severity}
            for name, sheet in self._lists.items():
                for column, word in enumerate(LISTS[name]):
                    self._write(sheet, column, said[word])

    def _write(self, sheet: Any, column: int, value: Any) -> None:
        if value is None or value == "":
            sheet.write_blank(self._at, column, None, self._text)
        elif isinstance(value, date):
            sheet.write_datetime(self._at, column, value, self._day)
        elif isinstance(value, int):
            sheet.write_number(self._at, column, value, self._text)
        else:
            quoted = str(value).startswith(FORMULA)
            sheet.write_string(self._at, column, str(value), self._quoted if quoted else self._text)

    def _place(self, column: int, path: Path, size: tuple[int, int], told: str) -> None:
        scale = min(_BOX[0] / size[0], _BOX[1] / size[1])
        self._ledger.insert_image(
            self._at, column, str(path),
            {"x_scale": scale, "y_scale": scale, "x_offset": 4, "y_offset": 3, "object_position": 1, "description": told},
        )  # fmt: skip

    def _pictures(self, line: LedgerRow) -> list[tuple[Path, tuple[int, int]] | None]:
        return [self._picture(sha256) if sha256 else None for sha256 in (line.before, line.after)]

    def _picture(self, sha256: str) -> tuple[Path, tuple[int, int]] | None:
        """The thumbnail's file and size: one that is kept, else made of the preview or the photo. None: unreadable."""
        kept = self._blobs.thumb_path(sha256, SMALL)
        if size := _whole(kept):
            return kept, size
        for source in (self._blobs.preview_path(sha256), self._blobs.path(sha256)):
            try:
                self._blobs.put_thumb(sha256, SMALL, thumbnail(source, SMALL), flushed=False)
            except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
                continue
            if size := _whole(kept):
                return kept, size
        return None

    def close(self) -> None:
        """Write the file to its end."""
        self._book.close()

    def forget(self) -> None:
        """Let go of everything that was needed meanwhile. Safe at any time."""
        self._shrinking.shutdown(wait=True, cancel_futures=True)
        shutil.rmtree(self._aside, ignore_errors=True)


def _whole(path: Path) -> tuple[int, int] | None:
    """The size in pixels of a JPEG that is there to its end; None for any other file, or none."""
    try:
        with path.open("rb") as file:
            file.seek(-2, os.SEEK_END)
            if file.read() != b"\xff\xd9":
                return None
            file.seek(0)
            with Image.open(file, formats=["JPEG"]) as opened:
                return opened.size
    except (OSError, ValueError, SyntaxError):
        return None
