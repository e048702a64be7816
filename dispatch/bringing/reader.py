"""Taking an office's workbook apart, in a process of its own with bounded memory: rows as lines, pictures as files.

    python -m dispatch.bringing.reader FILE FOLDER

Leaves in the folder `sheets.json` (names, first rows, merged cells), `rows-<n>.jsonl` (one row a line) and
`pictures/<hash>`; prints one JSON object: `{}`, or `{"wrong": sentence}`.
"""

import json
import resource
import sys
import traceback
import zipfile
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from openpyxl import load_workbook
from openpyxl.utils.cell import column_index_from_string, coordinate_from_string, range_boundaries
from openpyxl.utils.escape import unescape

from dispatch.bringing import drawings, package
from dispatch.bringing.drawings import Grid, Lying
from dispatch.bringing.limits import (
    HEAD_ROWS,
    MEMORY,
    MOST_COLUMNS,
    MOST_MERGES,
    MOST_ROWS,
    MOST_SHEETS,
    MOST_TEXT,
    SAVE_AS,
    SECONDS,
    UnreadableError,
)
from dispatch.bringing.package import attribute, local
from dispatch.bringing.pictures import Pictures

Box = tuple[int, int, int, int]  # first row, first column, last row, last column
UNCOUNTED = ["f"]  # a formula whose result the file does not hold


@dataclass
class Laid:
    """What stands in a sheet beside its values."""

    grid: Grid = field(default_factory=Grid)
    merges: list[Box] = field(default_factory=list)
    drawings: list[str] = field(default_factory=list)  # ids of pointers
    shown: dict[tuple[int, int], str] = field(default_factory=dict)  # WPS: name of the picture in a cell
    uncounted: set[tuple[int, int]] = field(default_factory=set)


def take_apart(source: Path, folder: Path) -> None:
    """Do it all. Raises UnreadableError with a sentence."""
    with package.opened(source) as parts, source.open("rb") as file:
        tables = package.sheets(parts)
        if not tables:
            raise UnreadableError(f"工作簿里没有可读的表；{SAVE_AS}。")
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        try:
            pictures = Pictures(parts, folder / "pictures")
            of_cells = drawings.of_cells(parts)
            told = []
            for number, (name, part, hidden) in enumerate(tables[:MOST_SHEETS]):
                laid = lay_out(parts, part)
                lying = where(parts, part, laid, of_cells)
                told.append(
                    _sheet(book[name], folder / f"rows-{number}.jsonl", laid, lying, pictures)
                    | {"name": name, "hidden": hidden}
                )
        finally:
            book.close()
        about = {
            "sheets": told, "since1904": book.epoch.year == 1904,
            "macros": "xl/vbaProject.bin" in parts.namelist(),
        }  # fmt: skip
    (folder / "sheets.json").write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")


def lay_out(parts: zipfile.ZipFile, part: str) -> Laid:
    """Everything of a sheet but its values, read in one pass that keeps no rows."""
    laid = Laid()
    holder: Element | None = None
    with parts.open(part) as stream:
        for event, element in package.walk(stream):
            name = local(element.tag)
            if event == "start":
                holder = element if name == "sheetData" else holder
            elif name == "row":
                _row(element, laid)
                if holder is not None:
                    del holder[:]
            else:
                _beside(name, element, laid)
    return laid


def _row(element: Element, laid: Laid) -> None:
    number = int(element.get("r") or 0)
    if number and element.get("ht") and len(laid.grid.rows) < 100_000:
        laid.grid.rows[number] = 0.0 if element.get("hidden") == "1" else float(element.get("ht") or 0)
    for cell in element:
        formula = next((one.text or "" for one in cell if local(one.tag) == "f"), None)
        value = next((one.text or "" for one in cell if local(one.tag) == "v"), None)
        if formula is None and (value is None or "DISPIMG" not in value):
            continue
        letters, row = coordinate_from_string(cell.get("r", ""))
        at = (row, column_index_from_string(letters))
        if shown := drawings.asked_for(formula or "") or drawings.asked_for(value or ""):
            laid.shown[at] = shown
        elif not value and cell.get("t") != "str":
            laid.uncounted.add(at)


def _beside(name: str, element: Element, laid: Laid) -> None:
    if name == "mergeCell" and len(laid.merges) < MOST_MERGES:
        left, top, right, bottom = range_boundaries(element.get("ref", "A1"))
        if None not in (left, top, right, bottom):
            laid.merges.append((top, left, bottom, right))
    elif name == "drawing":
        laid.drawings.append(attribute(element, "id"))
    elif name == "sheetFormatPr":
        laid.grid.row = float(element.get("defaultRowHeight") or drawings.ROW)
        laid.grid.column = float(element.get("defaultColWidth") or drawings.COLUMN)
    elif name == "col":
        width = 0.0 if element.get("hidden") == "1" else float(element.get("width") or drawings.COLUMN)
        first, last = int(element.get("min") or 1), int(element.get("max") or 1)
        laid.grid.columns |= dict.fromkeys(range(first, min(last, 200) + 1), width)


def where(parts: zipfile.ZipFile, part: str, laid: Laid, of_cells: dict[str, str]) -> list[Lying]:
    """Every picture of a sheet and its cell, in reading order."""
    points = package.targets(parts, part)
    there = set(parts.namelist())
    found = [
        lying
        for pointer in laid.drawings
        if points.get(pointer) in there
        for lying in drawings.floating(parts, points[pointer], laid.grid)
    ]
    found += [Lying(row, column, of_cells.get(name, "")) for (row, column), name in laid.shown.items()]
    return sorted(_in_merged(found, laid.merges), key=lambda one: (one.row, one.column))


def _in_merged(found: list[Lying], merges: list[Box]) -> list[Lying]:
    """A picture anywhere in a merged cell lies in its first one."""
    rows = sorted({one.row for one in found})
    boxes: dict[int, list[Box]] = {}
    for box in merges:
        for row in rows[bisect_left(rows, box[0]) : bisect_right(rows, box[2])]:
            boxes.setdefault(row, []).append(box)

    def home(one: Lying) -> Lying:
        inside = (box for box in boxes.get(one.row, ()) if box[1] <= one.column <= box[3])
        box = next(inside, None)
        return Lying(box[0], box[1], one.part) if box else one

    return [home(one) for one in found]


def _sheet(
    sheet: Any, target: Path, laid: Laid, lying: list[Lying], pictures: Pictures
) -> dict[str, Any]:  # fmt: skip
    """Write a sheet's rows; returns how many, the first of them and what is merged among these."""
    beside: dict[int, dict[int, list[dict[str, Any]]]] = {}
    for one in lying:
        beside.setdefault(one.row, {}).setdefault(one.column, []).append(pictures.told(one.part))
    down = _Down(laid.merges)
    count, head = 0, []
    with target.open("w", encoding="utf-8") as out:
        for number, values in _rows(sheet, laid, max(beside, default=0)):
            cells, shots = down.filled(number, values, beside.get(number, {}))
            if not cells and not shots:
                continue
            count += 1
            if count > MOST_ROWS:
                break
            row = {"r": number, "c": cells, "p": shots}
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
            if number <= HEAD_ROWS:
                head.append({"r": number, "c": dict(cells)})
    merges = [box for box in laid.merges if box[0] <= HEAD_ROWS]
    return {"rows": count, "head": head, "merges": merges[:500], "pictures": len(lying)}


def _rows(sheet: Any, laid: Laid, last_picture: int) -> Iterator[tuple[int, dict[int, Any]]]:
    """Rows by number with the values of their cells, also those that hold only pictures."""
    number = 0
    if hasattr(sheet, "iter_rows"):
        sheet.reset_dimensions()  # what a file says of its own size may be wrong
        for number, row in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS), 1):
            found = {}
            for column, cell in enumerate(row, 1):
                value = UNCOUNTED if (number, column) in laid.uncounted else _plain(cell.value)
                if value not in (None, "") and (number, column) not in laid.shown:
                    found[column] = value
            yield number, found
    for later in range(number + 1, min(last_picture, number + MOST_ROWS) + 1):
        yield later, {}


def _plain(value: Any) -> Any:
    """A cell's value as JSON holds it: text, number, or ["d", ISO] for a date, ["t", text] for a time of day."""
    if value is None or isinstance(value, int | float):
        return ("是" if value else "否") if isinstance(value, bool) else value
    if isinstance(value, datetime | date):
        return ["d", value.isoformat()[:19]]
    if isinstance(value, clock_time | timedelta):
        return ["t", str(value)]
    text = unescape(str(value)).replace("\0", "").strip()
    return text if len(text) <= MOST_TEXT else text[:MOST_TEXT] + "…"


class _Down:
    """Fills what was merged over several rows into each of them: its value, and its pictures."""

    def __init__(self, merges: list[Box]) -> None:
        self._coming = sorted((box for box in merges if box[2] > box[0]), reverse=True)
        self._open: list[tuple[Box, Any, list[dict[str, Any]]]] = []

    def filled(
        self, number: int, values: dict[int, Any], shots: dict[int, list[dict[str, Any]]]
    ) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
        while self._coming and self._coming[-1][0] <= number:
            box = self._coming.pop()
            if box[0] == number:
                self._open.append((box, values.get(box[1]), shots.get(box[1], [])))
        self._open = [one for one in self._open if one[0][2] >= number]
        if values or shots:  # what has nothing of its own is no row, only a tall cell's lower part
            for (top, left, _, _), value, pictures in self._open:
                if number > top:
                    if value is not None and left not in values:
                        values[left] = value
                    if pictures and left not in shots:
                        shots[left] = pictures
        return {str(key): one for key, one in values.items()}, {str(key): one for key, one in shots.items()}


def main(arguments: list[str]) -> dict[str, str]:
    """Read FILE into FOLDER; what to print."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 5))
    try:
        take_apart(Path(arguments[0]), Path(arguments[1]))
    except UnreadableError as wrong:
        return {"wrong": str(wrong)}
    except MemoryError:
        return {"wrong": "文件太大，读取时内存不够；请只留台账这一张表，或按镇街拆成几份后再上传。"}
    except Exception:  # a file of anybody's making: whatever it stumbles over, it is not readable
        traceback.print_exc()
        return {"wrong": f"文件内容不完整或格式异常，无法读取；{SAVE_AS}。"}
    return {}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1:]), ensure_ascii=False))
