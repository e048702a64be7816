"""Charts as plain SVG, from plain numbers, for pages and paper alike.

Presentation attributes only (pages forbid inline styles), no ids (several charts share a page), every
label inside the view box. Shading is told by hatching as well, so a black-and-white copy still reads.
"""

from collections.abc import Sequence
from math import cos, pi, sin
from typing import NotRequired, TypedDict

from markupsafe import Markup, escape

INK, GREY, HAIR, GROUND, PINE, RED = "#1c2421", "#55605b", "#d9dfdb", "#f5f7f5", "#1d6b52", "#b3261e"
GRADES = {"excellent": "#1d6b52", "good": "#4b7f2c", "pass": "#9a6b00", "fail": "#b3261e"}
_HATCH_STEP = {"excellent": 0.0, "good": 2.2, "pass": 4.0, "fail": 0.0}
SYSTEM_SANS = "HarmonyOS Sans SC,PingFang SC,Noto Sans SC,Microsoft YaHei,sans-serif"


class Bar(TypedDict):
    """One bar: `value` of `full` points, `text` as printed; `mark` is a comparison (say the town's mean)."""

    label: str
    value: float
    full: float
    text: str
    mark: NotRequired[float | None]


class Point(TypedDict):
    """One round of a trend; `value` None when the village was not visited."""

    label: str
    value: float | None
    text: str


def _n(value: float) -> str:
    """A coordinate with two decimals at most; no -0."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def text_width(text: str, size: float) -> float:
    """Width of a label, generous: a full em for Chinese and its quotes and dashes, 0.62 em for the rest."""
    return sum(size if ord(char) > 0x2000 else size * 0.62 for char in text)


def _svg(width: float, height: float, body: Sequence[str], font: str, title: str) -> Markup:
    name = f"<title>{escape(title)}</title>" if title else ""
    return Markup(  # noqa: S704 -- labels are escaped in _text, all else is numbers
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(width)} {_n(height)}" width="{_n(width)}" '
        f'height="{_n(height)}" role="img" font-family="{escape(font)}">{name}{"".join(body)}</svg>'
    )


def _rect(x: float, y: float, w: float, h: float, fill: str, stroke: str = "none", line: float = 0.5) -> str:
    edge = "" if stroke == "none" else f' stroke="{stroke}" stroke-width="{_n(line)}"'
    return f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(w)}" height="{_n(h)}" fill="{fill}"{edge}/>'


def _line(x1: float, y1: float, x2: float, y2: float, stroke: str = HAIR, width: float = 0.5) -> str:
    return f'<path d="M{_n(x1)} {_n(y1)}L{_n(x2)} {_n(y2)}" stroke="{stroke}" stroke-width="{_n(width)}"/>'


def _text(x: float, y: float, text: str, size: float, *, anchor: str = "start", fill: str = INK) -> str:
    return (
        f'<text x="{_n(x)}" y="{_n(y)}" font-size="{_n(size)}" text-anchor="{anchor}" fill="{fill}">'
        f"{escape(text)}</text>"
    )


def hatch(x: float, y: float, w: float, h: float, step: float, stroke: str = GREY, width: float = 0.4) -> str:
    """Rising diagonals cut exactly to the rectangle (no clip, no pattern, so no ids)."""
    parts = []
    offset = step
    while offset < w + h:
        x1, y1 = (x + offset, y) if offset <= w else (x + w, y + offset - w)
        x2, y2 = (x, y + offset) if offset <= h else (x + offset - h, y + h)
        parts.append(f"M{_n(x1)} {_n(y1)}L{_n(x2)} {_n(y2)}")
        offset += step
    return (
        f'<path d="{"".join(parts)}" stroke="{stroke}" stroke-width="{_n(width)}" fill="none"/>'
        if parts
        else ""
    )


def bars(
    rows: Sequence[Bar], *, width: float = 300, row: float = 12, font: str = SYSTEM_SANS, title: str = ""
) -> Markup:
    """Horizontal bars: what was earned solid, what was lost hatched, the comparison a small tick above.

    Bars are drawn to one scale (the largest `full` fills the track), so a heavy section is a long bar.
    """
    size = row * 0.68
    left = max((text_width(r["label"], size) for r in rows), default=0) + size * 0.9
    right = max((text_width(r["text"], size) for r in rows), default=0) + size * 0.6
    track = max(width - left - right, 20)
    top = max((r["full"] for r in rows), default=1) or 1
    body: list[str] = []
    for index, r in enumerate(rows):
        y, h = index * row + row * 0.2, row * 0.6
        full = track * r["full"] / top
        earned = full * min(max(r["value"] / r["full"], 0), 1) if r["full"] else 0
        base = y + h - (h - size * 0.74) / 2
        body.append(_text(left - size * 0.6, base, r["label"], size, anchor="end"))
        if full - earned > 0.3:
            body.append(_rect(left + earned, y, full - earned, h, "#ffffff", GREY, 0.4))
            body.append(hatch(left + earned, y, full - earned, h, 2.2, GREY, 0.35))
        body.append(_rect(left, y, earned, h, PINE))
        mark = r.get("mark")
        if mark is not None and r["full"]:
            at = left + full * min(max(mark / r["full"], 0), 1)
            body.append(_line(at, y - row * 0.14, at, y + h + row * 0.14, INK, 0.9))
        body.append(_text(left + full + size * 0.4, base, r["text"], size, fill=INK))
    return _svg(width, row * len(rows), body, font, title)


def radar(
    labels: Sequence[str],
    shares: Sequence[float],
    *,
    marks: Sequence[float] | None = None,
    size: float = 220,
    font: str = SYSTEM_SANS,
    title: str = "",
) -> Markup:
    """Clockwise from the top; shares in 0…1; `marks` a dashed comparison. The box grows to hold every label."""
    count, em = len(labels), size * 0.042
    side = max((text_width(label, em) for label in labels), default=0) + em
    radius, cx, cy = size / 2 - 1.8 * em, size / 2 + side - em, size / 2

    def spot(index: int, share: float) -> tuple[float, float]:
        angle = 2 * pi * index / count - pi / 2
        return cx + radius * share * cos(angle), cy + radius * share * sin(angle)

    def ring(values: Sequence[float], attributes: str) -> str:
        points = " ".join(f"{_n(x)},{_n(y)}" for x, y in (spot(i, v) for i, v in enumerate(values)))
        return f'<polygon points="{points}" {attributes}/>'

    body = [
        ring([s] * count, f'fill="none" stroke="{HAIR}" stroke-width="0.5"') for s in (0.25, 0.5, 0.75, 1)
    ]
    body += [_line(cx, cy, *spot(i, 1)) for i in range(count)]
    if marks:
        body.append(ring(marks, f'fill="none" stroke="{GREY}" stroke-width="0.8" stroke-dasharray="2.5 1.8"'))
    body.append(ring(shares, f'fill="{PINE}" fill-opacity="0.14" stroke="{PINE}" stroke-width="1.2"'))
    for i, label in enumerate(labels):
        x, y = spot(i, 1)
        lean = (x - cx) / radius if radius else 0
        anchor = "middle" if abs(lean) < 0.05 else ("start" if lean > 0 else "end")
        drop = em * 0.36 + (y - cy) / radius * em * 0.9
        body.append(_text(x + lean * em * 0.6, y + drop, label, em, anchor=anchor))
    return _svg(2 * cx, size, body, font, title)


def columns(
    points: Sequence[Point],
    *,
    width: float = 300,
    height: float = 84,
    top: float = 100,
    font: str = SYSTEM_SANS,
) -> Markup:
    """Small grey columns from zero, the last one dark; a missing round keeps its place as a dash."""
    size, foot, head = 7.5, 12.0, 11.0
    step = width / max(len(points), 1)
    bar = min(step * 0.5, 18)
    room = height - foot - head
    body = [_line(0, height - foot, width, height - foot, GREY, 0.5)]
    for i, p in enumerate(points):
        x = step * (i + 0.5)
        last = i == len(points) - 1
        if p["value"] is None:
            body.append(_text(x, height - foot - 3, "—", size, anchor="middle", fill=GREY))
        else:
            h = room * min(max(p["value"] / top, 0), 1)
            body.append(_rect(x - bar / 2, height - foot - h, bar, h, GREY if last else "#c3cac6"))
            body.append(_text(x, height - foot - h - 3, p["text"], size, anchor="middle"))
        body.append(_text(x, height - 2.5, p["label"], size, anchor="middle", fill=INK if last else GREY))
    return _svg(width, height, body, font, "")


def sparkline(values: Sequence[float | None], *, width: float = 72, height: float = 18) -> Markup:
    """A line without axes, lowest to highest; gaps stay gaps; the last value is a dot."""
    known = [v for v in values if v is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    span, pad = (high - low) or 1.0, 2.5
    step = (width - 2 * pad) / max(len(values) - 1, 1)
    path, pen = "", "M"
    x = y = 0.0
    for i, v in enumerate(values):
        if v is None:
            pen = "M"
            continue
        x, y = pad + i * step, height - pad - (v - low) / span * (height - 2 * pad)
        path += f"{pen}{_n(x)} {_n(y)}"
        pen = "L"
    body = [f'<path d="{path}" fill="none" stroke="{GREY}" stroke-width="1.2" stroke-linejoin="round"/>']
    body += [f'<circle cx="{_n(x)}" cy="{_n(y)}" r="2" fill="{INK}"/>'] if known else []
    return _svg(width, height, body if known else [], SYSTEM_SANS, "")


def heat_cell(share: float | None, text: str, *, width: float = 40, height: float = 20) -> Markup:
    """A cell of a heat map: `share` lost in 0…1, five steps of hatching that a copier keeps; None is 「—」."""
    if share is None:
        return _svg(
            width,
            height,
            [_text(width / 2, height * 0.68, "—", 10, anchor="middle", fill=GREY)],
            SYSTEM_SANS,
            "",
        )
    level = min(int(min(max(share, 0), 1) * 5), 4)
    fill = ("#ffffff", "#f3ece2", "#ecdcc4", "#e3c9a2", "#d8b27c")[level]
    body = [_rect(0, 0, width, height, fill)]
    body += [hatch(0, 0, width, height, 12 - 2.4 * level, "#8a6a3a", 0.4)] if level else []
    pill = text_width(text, 10) + 4
    body += [_rect((width - pill) / 2, 3, pill, height - 6, fill)] if level else []
    body.append(_text(width / 2, height * 0.68, text, 10, anchor="middle"))
    return _svg(width, height, body, SYSTEM_SANS, "")


def grade_swatch(key: str, *, size: float = 9) -> Markup:
    """A square told by hatch as well as colour: solid, close lines, wide lines, empty."""
    colour = GRADES.get(key, GREY)
    edge = 0.8
    inner = size - edge
    body = [
        _rect(edge / 2, edge / 2, inner, inner, colour if key == "excellent" else "#ffffff", colour, edge)
    ]
    if step := _HATCH_STEP.get(key, 0.0):
        body.append(hatch(edge / 2, edge / 2, inner, inner, step, colour, 0.8))
    return _svg(size, size, body, SYSTEM_SANS, "")
