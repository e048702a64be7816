"""Ledgers as offices have them: made with real writers of Excel files, then taken apart where none writes what WPS does."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import xlsxwriter
from openpyxl.drawing.image import Image as Picture
from openpyxl.drawing.spreadsheet_drawing import AbsoluteAnchor
from openpyxl.drawing.xdr import XDRPoint2D, XDRPositiveSize2D
from PIL import Image

EMU = 9525  # of a pixel
HEAD = ("序号", "编号", "镇街", "村", "检查日期", "问题类别", "问题描述", "位置", "责任单位", "责任人", "整改期限", "整改措施", "整改前照片", "整改后照片", "轻重", "状态", "备注")  # fmt: skip


def jpeg(text: str, size: tuple[int, int] = (64, 48)) -> bytes:
    """A small photo; other text, other bytes."""
    out = io.BytesIO()
    Image.new("RGB", size, (hash(text) % 255, 120, 100)).save(out, "JPEG", comment=text.encode())
    return out.getvalue()


def row(**said: Any) -> list[Any]:
    """A row under HEAD: an ordinary problem of 王平镇安家庄村, some cells said otherwise."""
    plain = {
        "序号": 1, "镇街": "王平镇", "村": "安家庄村", "检查日期": date(2026, 11, 3), "问题类别": "村庄保洁", "问题描述": "垃圾外溢",
        "位置": "村口", "整改期限": date(2027, 1, 15), "整改措施": "清运并冲洗", "轻重": "一般", "状态": "未整改",
    }  # fmt: skip
    return [(plain | said).get(name) for name in HEAD]


def book(
    path: Path, rows: Sequence[Sequence[Any]], *, head: Sequence[str] = HEAD, above: Sequence[str] = (),
    photos: Mapping[tuple[int, str], bytes] | None = None, sheet: str = "台账", options: Mapping[str, Any] | None = None,
    more: Callable[[Any, Any], None] | None = None,
) -> Path:  # fmt: skip
    """A workbook with titles above, a head, rows; `photos` by (row of the sheet, heading). `more(workbook, sheet)`."""
    made = xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd"})
    table = made.add_worksheet(sheet)
    for at, text in enumerate(above):
        table.merge_range(at, 0, at, len(head) - 1, text)
    for at, cells in enumerate([head, *rows], len(above)):
        for column, value in enumerate(cells):
            if value is not None:
                table.write(at, column, value)
    for (at, name), data in (photos or {}).items():
        shown = {"image_data": io.BytesIO(data), "object_position": 1, "x_offset": 3, "y_offset": 2}
        table.insert_image(at - 1, list(head).index(name), "photo.jpg", shown | dict(options or {}))
    if more:
        more(made, table)
    made.close()
    return path


def absolute(path: Path, rows: Sequence[Sequence[Any]], x: int, y: int, data: bytes) -> Path:
    """A workbook whose photo floats at a point in pixels, whatever cells are there."""
    made = openpyxl.Workbook()
    table = made.active
    for cells in (HEAD, *rows):
        table.append(list(cells))
    picture = Picture(io.BytesIO(data))
    where, size = XDRPoint2D(x * EMU, y * EMU), XDRPositiveSize2D(40 * EMU, 16 * EMU)
    picture.anchor = AbsoluteAnchor(pos=where, ext=size)
    table.add_image(picture)
    made.save(path)
    return path


def one_cell(path: Path, rows: Sequence[Sequence[Any]], cell: str, data: bytes) -> Path:
    """A workbook whose photo hangs on one cell and is far larger than it."""
    made = openpyxl.Workbook()
    table = made.active
    for cells in (HEAD, *rows):
        table.append(list(cells))
    table.add_image(Picture(io.BytesIO(data)), cell)
    made.save(path)
    return path


def repacked(path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The same package with its parts changed by hand."""
    with zipfile.ZipFile(path) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    change(parts)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in parts.items():
            package.writestr(name, data)
    return path


def in_cells(path: Path, rows: Sequence[Sequence[Any]], shots: Mapping[tuple[int, str], bytes]) -> Path:
    """WPS's pictures inside cells: a formula DISPIMG in the cell, the pictures in cellimages.xml."""

    def formulas(_book: Any, table: Any) -> None:
        for number, (at, name) in enumerate(shots):
            shown = f'DISPIMG("ID_{number:032d}",1)'
            table.write_formula(at - 1, HEAD.index(name), f"=_xlfn.{shown}", None, f"={shown}")

    book(path, rows, more=formulas)
    drawing = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
    main = "http://schemas.openxmlformats.org/drawingml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    images = "".join(
        f'<etc:cellImage><xdr:pic><xdr:nvPicPr><xdr:cNvPr id="{n + 2}" name="ID_{n:032d}"/></xdr:nvPicPr>'
        f'<xdr:blipFill><a:blip r:embed="rId{n + 1}"/></xdr:blipFill></xdr:pic></etc:cellImage>'
        for n in range(len(shots))
    )
    points = "".join(
        f'<Relationship Id="rId{n + 1}" Type="{office}/image" Target="media/image{n + 90}.jpeg"/>'
        for n in range(len(shots))
    )

    def add(parts: dict[str, bytes]) -> None:
        parts["xl/cellimages.xml"] = (
            f'<etc:cellImages xmlns:etc="http://www.wps.cn/officeDocument/2017/etCustomData" xmlns:xdr="{drawing}"'
            f' xmlns:a="{main}" xmlns:r="{office}">{images}</etc:cellImages>'
        ).encode()
        parts["xl/_rels/cellimages.xml.rels"] = (
            f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{points}</Relationships>'
        ).encode()
        for number, data in enumerate(shots.values()):
            parts[f"xl/media/image{number + 90}.jpeg"] = data

    return repacked(path, add)
