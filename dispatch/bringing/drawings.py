"""Which picture lies in which cell: floating ones by their anchor (two cells, one cell, absolute), WPS's by DISPIMG."""

import re
import zipfile
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from xml.etree.ElementTree import Element

from dispatch.bringing.package import attribute, local, targets, walk

ROW, COLUMN = 15.0, 8.43  # a plain sheet's height in points, width in letters
_POINT, _PIXEL = 12_700, 9_525  # English metric units
_ANCHORS = ("twoCellAnchor", "oneCellAnchor", "absoluteAnchor")
_DISPIMG = re.compile(r"DISPIMG\(\s*\"([^\"]{1,80})\"", re.IGNORECASE)
_FAR = 20_000  # rows, columns: an anchor beyond is nobody's


@dataclass
class Grid:
    """Heights of rows (points) and widths of columns (letters) of a sheet, as far as they were set; both from 1."""

    row: float = ROW
    column: float = COLUMN
    rows: dict[int, float] = field(default_factory=dict)
    columns: dict[int, float] = field(default_factory=dict)

    def height(self, row: int) -> float:
        return self.rows.get(row, self.row) * _POINT

    def width(self, column: int) -> float:
        return int(self.columns.get(column, self.column) * 7 + 5) * _PIXEL

    def cell_at(self, x: float, y: float) -> tuple[int, float, int, float]:
        """(row, how far into it, column, how far into it) of a point counted from the sheet's corner."""
        last = max(self.rows, default=0)
        edges = list(accumulate((self.height(row) for row in range(1, last + 1)), initial=0.0))
        row, inside = _beyond(edges, y, self.row * _POINT)
        edges = list(accumulate((self.width(one) for one in range(1, 64)), initial=0.0))
        column, across = _beyond(edges, x, self.width(16_384))
        return row, inside, column, across


def _beyond(edges: list[float], at: float, plain: float) -> tuple[int, float]:
    if at < edges[-1]:
        place = bisect_right(edges, at)
        return place, at - edges[place - 1]
    more, left = divmod(at - edges[-1], plain or 1.0)
    return len(edges) + int(more), left


@dataclass(frozen=True)
class Lying:
    """A picture in a cell (from 1): the part with its bytes, "" when they are not in the file."""

    row: int
    column: int
    part: str


def floating(package: zipfile.ZipFile, part: str, grid: Grid) -> Iterator[Lying]:
    """The pictures of one drawing, each in the cell it belongs to."""
    points = targets(package, part)
    passed = 0  # depth of what only older programs would show, a second time
    with package.open(part) as stream:
        for event, element in walk(stream):
            name = local(element.tag)
            if name == "Fallback":
                passed += 1 if event == "start" else -1
            if event == "start" or name not in _ANCHORS:
                continue
            if not passed:
                where = _cell(element, name, grid)
                for blip in element.iter():
                    if local(blip.tag) == "blip" and where:
                        yield Lying(*where, points.get(attribute(blip, "embed"), ""))
            element.clear()


def _cell(anchor: Element, name: str, grid: Grid) -> tuple[int, int] | None:
    """The cell of a picture: where its upper left corner lies, and the next one when that is at the cell's far edge.

    People put pictures a hair too high or too far left; what begins in the second half of a cell is the next one's.
    """
    wide, high = _size(anchor)
    if name == "absoluteAnchor":
        pos = _child(anchor, "pos")
        x, y = (_number(pos.get("x")), _number(pos.get("y"))) if pos is not None else (0, 0)
        row, down, column, across = grid.cell_at(max(x, 0), max(y, 0))
    else:
        begins = _child(anchor, "from")
        if begins is None:
            return None
        row, column = _whole(begins, "row") + 1, _whole(begins, "col") + 1
        down, across = _whole(begins, "rowOff"), _whole(begins, "colOff")
        ends = _child(anchor, "to")
        if ends is not None:  # no further than it reaches
            high = high or _reach(row, down, _whole(ends, "row") + 1, _whole(ends, "rowOff"))
            wide = wide or _reach(column, across, _whole(ends, "col") + 1, _whole(ends, "colOff"))
    row += _next(down, high, grid.height(row))
    column += _next(across, wide, grid.width(column))
    return (row, column) if 0 < row < 1_048_577 and 0 < column < _FAR else None


def _next(into: float, size: float, room: float) -> int:
    """1 when the picture lies in the following row or column."""
    return int(room > 0 and into + min(size or room, room) / 2 > room)


def _reach(first: int, offset: float, last: int, until: float) -> float:
    """A picture's extent where only its ends are known: exact inside one cell, else more than a cell."""
    return until - offset if first == last else float("inf")


def _size(anchor: Element) -> tuple[float, float]:
    ext = _child(anchor, "ext")
    return (_number(ext.get("cx")), _number(ext.get("cy"))) if ext is not None else (0.0, 0.0)


def _child(element: Element, name: str) -> Element | None:
    return next((child for child in element if local(child.tag) == name), None)


def _whole(element: Element, name: str) -> int:
    child = _child(element, name)
    return int(_number(child.text)) if child is not None else 0


def _number(text: str | None) -> float:
    try:
        return float(text or 0)
    except ValueError:
        return 0.0


def asked_for(text: str) -> str:
    """The name of the picture that a WPS cell shows (`=DISPIMG("ID_…",1)`); "" for any other cell."""
    found = _DISPIMG.search(text)
    return found[1] if found else ""


def of_cells(package: zipfile.ZipFile) -> dict[str, str]:
    """WPS's pictures inside cells: the part of each by name; empty when there are none."""
    part = "xl/cellimages.xml"
    if part not in package.namelist():
        return {}
    points = targets(package, part)
    found: dict[str, str] = {}
    with package.open(part) as stream:
        for event, element in walk(stream):
            if event == "end" and local(element.tag) == "cellImage":
                names = [one.get("name", "") for one in element.iter() if local(one.tag) == "cNvPr"]
                blips = [attribute(one, "embed") for one in element.iter() if local(one.tag) == "blip"]
                if names and blips:
                    found[names[0]] = points.get(blips[0], "")
                element.clear()
    return found
