"""Charts: nothing overflows, nothing needs a style attribute, labels are escaped, hatching is exact."""

import re
from xml.etree import ElementTree

import pytest
from PIL import ImageFont

from templates import charts
from templates.charts import Bar, Point
from templates.fonts import SANS, font_files

FONT = ImageFont.truetype(str(next(path for face, path in font_files().items() if face.family == SANS)), 100)
LABELS = (
    "“清”“洁”“无”“废”“美”“丽”",
    "村庄清洁",
    "生活垃圾分类与收运",
    "农业面源与“无废乡村”",
    "清洁能源与大气污染防治",
    "A&B <i>",
)
BARS: list[Bar] = [
    {"label": label, "value": value, "full": full, "text": f"{value:g} / {full:g}", "mark": mark}
    for label, value, full, mark in zip(
        LABELS, (16, 10.25, 0, -3, 99, 5), (16, 12, 8, 8, 8, 8), (14, None, 8, 9, 0, 4), strict=True
    )
]
TREND: list[Point] = [
    {"label": "10月", "value": 84.2, "text": "84.2"},
    {"label": "11月", "value": None, "text": ""},
    {"label": "12月", "value": 100.0, "text": "100.0"},
]
DRAWN = {
    "bars": charts.bars(BARS, title="各类得分"),
    "one bar": charts.bars(BARS[:1]),
    "no bars": charts.bars([]),
    "radar": charts.radar(LABELS, (1, 0.8, 0, 0.5, 1, 1), marks=(0.9,) * 6),
    "columns": charts.columns(TREND),
    "no columns": charts.columns([]),
    "spark": charts.sparkline([1, None, 3, 2, None]),
    "flat spark": charts.sparkline([5, 5, 5]),
    "no spark": charts.sparkline([None, None]),
    "heat": charts.heat_cell(0.7, "3.5"),
    "cold": charts.heat_cell(0, "0"),
    "unknown": charts.heat_cell(None, ""),
    **{key: charts.grade_swatch(key) for key in ("excellent", "good", "pass", "fail", "other")},
}


def numbers(text: str) -> list[float]:
    return [float(n) for n in re.findall(r"-?\d+\.?\d*", text)]


def box(node: ElementTree.Element) -> list[tuple[float, float]]:
    """Corner points of what an element covers; text as wide as the paper's own font makes it."""
    at = {key: float(value) for key, value in node.attrib.items() if re.fullmatch(r"-?[\d.]+", value)}
    tag = node.tag.rsplit("}", 1)[1]
    if tag == "rect":
        return [(at["x"], at["y"]), (at["x"] + at["width"], at["y"] + at["height"])]
    if tag == "circle":
        return [(at["cx"] - at["r"], at["cy"] - at["r"]), (at["cx"] + at["r"], at["cy"] + at["r"])]
    if tag in ("path", "polygon"):
        values = numbers(node.attrib.get("d") or node.attrib["points"])
        return list(zip(values[::2], values[1::2], strict=True))
    if tag == "text":
        width = FONT.getlength(node.text or "") / 100 * at["font-size"]
        start = at["x"] - width * {"start": 0, "middle": 0.5, "end": 1}[node.attrib["text-anchor"]]
        return [(start, at["y"] - 0.8 * at["font-size"]), (start + width, at["y"] + 0.2 * at["font-size"])]
    return []


@pytest.mark.parametrize("name", DRAWN)
def test_everything_stays_inside_its_box(name: str) -> None:
    root = ElementTree.fromstring(DRAWN[name])
    _, _, width, height = numbers(root.attrib["viewBox"])
    for node in root.iter():
        for x, y in box(node):
            assert -0.01 <= x <= width + 0.01, ElementTree.tostring(node)
            assert -0.01 <= y <= height + 0.01, ElementTree.tostring(node)


@pytest.mark.parametrize("name", DRAWN)
def test_no_style_no_script_no_ids(name: str) -> None:
    """Pages allow no inline style; ids would meet on a page with two charts."""
    for node in ElementTree.fromstring(DRAWN[name]).iter():
        assert not {"style", "id", "class", "onload"} & set(node.attrib)
        assert node.tag.rsplit("}", 1)[1] in {"svg", "title", "rect", "path", "polygon", "circle", "text"}


def test_labels_are_whole_and_escaped() -> None:
    texts = [node.text for node in ElementTree.fromstring(DRAWN["bars"]).findall(".//{*}text")]
    assert [text for text in texts if text in LABELS] == list(LABELS)
    assert "<i>" not in DRAWN["bars"]


def test_a_bar_is_as_long_as_its_points() -> None:
    solid = [
        float(node.attrib["width"])
        for node in ElementTree.fromstring(DRAWN["bars"]).findall(".//{*}rect")
        if node.attrib["fill"] == charts.PINE
    ]
    assert len(solid) == 6
    assert solid[1] / solid[0] == pytest.approx(10.25 / 16, abs=0.002)
    assert solid[2:4] == [0, 0]  # none earned, and less than none drawn as none
    assert solid[4] / solid[0] == pytest.approx(8 / 16, abs=0.002)  # never beyond its full length


def test_a_missed_round_keeps_its_place() -> None:
    root = ElementTree.fromstring(DRAWN["columns"])
    assert len(root.findall(".//{*}rect")) == 2
    dash = next(node for node in root.findall(".//{*}text") if node.text == "—")
    assert float(dash.attrib["x"]) == 150


def test_grades_differ_in_grey() -> None:
    """Ink on the swatch, colour aside: solid, close lines, wide lines, empty."""

    def ink(key: str) -> float:
        root = ElementTree.fromstring(charts.grade_swatch(key))
        solid = any(node.attrib["fill"] != "#ffffff" for node in root.findall(".//{*}rect"))
        return 99 if solid else sum(node.attrib["d"].count("M") for node in root.findall(".//{*}path"))

    amounts = [ink(key) for key in ("excellent", "good", "pass", "fail")]
    assert amounts == sorted(amounts, reverse=True)
    assert len(set(amounts)) == 4


def test_hatch_ends_on_the_edges() -> None:
    for line in re.findall(r"M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)", charts.hatch(10, 20, 30, 8, 3)):
        x1, y1, x2, y2 = map(float, line)
        assert y1 == 20 or x1 == 40
        assert x2 == 10 or y2 == 28
        assert x1 - x2 == pytest.approx(y2 - y1)
