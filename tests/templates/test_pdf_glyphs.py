"""What the eye sees: characters and the QR are read from the raster, never from the text layer.

Text extraction stays right when the wrong glyphs are drawn (as web-font slices do), so it proves nothing.
"""

import asyncio
import subprocess
from pathlib import Path

import pytest
import zxingcpp
from fontTools import subset
from fontTools.ttLib import TTFont
from PIL import Image, ImageDraw, ImageFont, ImageOps
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration

from templates.fonts import FACES, SANS, SERIF, font_files
from templates.pdf import PaperPool
from tests.templates.card_sample import card, words

pytestmark = pytest.mark.slow

DPI = 400
ALIKE = 0.86  # right glyphs score above 0.93, the nearest wrong ones below 0.7
FILES = {(face.family, face.weight): path for face, path in font_files().items()}
VILLAGES = ("爨底下村", "吴家垸村", "碣石村", "马塆村", "堃镕村")  # the last two lie beyond the small faces


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One printed card for each village, by name."""
    folder = tmp_path_factory.mktemp("glyphs")

    async def print_all() -> dict[str, Path]:
        pool = PaperPool(1, photo_root=folder)
        try:
            for name in VILLAGES:
                (folder / f"{name}.pdf").write_bytes(
                    await pool.render("scorecard", card(folder, village=name))
                )
        finally:
            pool.close()
        return {name: folder / f"{name}.pdf" for name in VILLAGES}

    return asyncio.run(print_all())


def word_box(pdf: Path, page: int, word: str) -> tuple[float, float, float, float]:
    """Points (x0, y0, x1, y1) of the first word that contains `word`, cut to its characters (all full width)."""
    for text, (x0, y0, x1, y1) in words(pdf, page):
        if word in text:
            em, start = (x1 - x0) / len(text), text.index(word)
            return x0 + em * start, y0, x0 + em * (start + len(word)), y1
    raise AssertionError(f"{word} is not on page {page}")


def raster(pdf: Path, page: int, dpi: int = DPI) -> Image.Image:
    run = [
        "pdftoppm",
        "-r",
        str(dpi),
        "-f",
        str(page),
        "-singlefile",
        "-gray",
        str(pdf),
        str(pdf.with_suffix("")),
    ]
    subprocess.run(run, check=True)
    return Image.open(pdf.with_suffix(".pgm"))


def trimmed(picture: Image.Image) -> list[float]:
    """Ink of a grey picture, cut to its box and brought to 48×48, zero mean."""
    ink = ImageOps.invert(picture.convert("L"))
    box = ink.point([0] * 96 + [255] * 160).getbbox()
    assert box, "nothing is drawn here"
    small = ink.crop(box).resize((48, 48), Image.Resampling.BILINEAR).tobytes()
    mean = sum(small) / len(small)
    return [value - mean for value in small]


def likeness(picture: Image.Image, char: str, font: Path) -> float:
    """Normalised cross-correlation of a printed character with the same character drawn from the TTF."""
    canvas = Image.new("L", (160, 160), "white")
    ImageDraw.Draw(canvas).text((20, 10), char, font=ImageFont.truetype(str(font), 96))
    seen, drawn = trimmed(picture), trimmed(canvas)
    power = sumprod(seen, seen) * sumprod(drawn, drawn)
    return sumprod(seen, drawn) / power**0.5


def sumprod(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def scores(pdf: Path, page: int, word: str, font: Path) -> dict[str, float]:
    """Likeness of each character of `word` where the page says that it stands."""
    x0, y0, x1, y1 = (value * DPI / 72 for value in word_box(pdf, page, word))
    sheet, em = raster(pdf, page), (x1 - x0) / len(word)
    return {
        char: likeness(
            sheet.crop((round(x0 + em * i), round(y0), round(x0 + em * (i + 1)), round(y1))), char, font
        )
        for i, char in enumerate(word)
    }


@pytest.mark.parametrize("village", VILLAGES)
def test_the_village_name_is_drawn_as_its_own_characters(cards: dict[str, Path], village: str) -> None:
    for char, score in scores(cards[village], 1, village, FILES[SERIF, 700]).items():
        assert score > ALIKE, f"{char} looks like something else ({score:.2f})"


def test_the_running_head_and_the_table_are_right_too(cards: dict[str, Path]) -> None:
    pdf = cards["爨底下村"]
    seen = scores(pdf, 2, "爨底下村", FILES[SANS, 400])
    seen |= scores(pdf, 1, "检查类别", FILES[SANS, 700])
    seen |= scores(pdf, 1, "畜禽圈养规范", FILES[SERIF, 400])
    assert min(seen.values()) > ALIKE, seen


def test_a_right_place_with_another_character_is_seen(cards: dict[str, Path]) -> None:
    """The same measure, asked for each other character, must say no: otherwise it proves nothing."""
    pdf, font = cards["吴家垸村"], FILES[SERIF, 700]
    x0, y0, x1, y1 = (value * DPI / 72 for value in word_box(pdf, 1, "垸"))
    picture = raster(pdf, 1).crop((round(x0), round(y0), round(x1), round(y1)))
    wrong = {char: likeness(picture, char, font) for char in "吴家村懂拼束垣院碗"}
    assert max(wrong.values()) < ALIKE - 0.1, wrong
    assert likeness(picture, "垸", font) > ALIKE


def test_a_font_that_draws_wrong_glyphs_is_caught_though_the_text_reads_right(tmp_path: Path) -> None:
    """A real wrong print: in this font 爨 垸 碣 draw 懂 拼 束. Extraction is right, the picture is not."""
    font = TTFont(FILES[SERIF, 700], lazy=True)
    picker = subset.Subsetter(subset.Options())
    picker.populate(text="爨垸碣懂拼束")
    picker.subset(font)
    for table in font["cmap"].tables:
        for right, wrong in zip("爨垸碣", "懂拼束", strict=True):
            table.cmap[ord(right)] = table.cmap[ord(wrong)]
    font.save(tmp_path / "wrong.ttf")
    fonts = FontConfiguration()
    rule = f'@font-face{{font-family:W;src:url("{(tmp_path / "wrong.ttf").as_uri()}")}} p{{font:10pt W}}'
    HTML(string="<p>爨垸碣</p>").write_pdf(
        tmp_path / "w.pdf", stylesheets=[CSS(string=rule, font_config=fonts)], font_config=fonts
    )
    seen = scores(tmp_path / "w.pdf", 1, "爨垸碣", FILES[SERIF, 700])  # found by its text
    assert max(seen.values()) < ALIKE, seen


@pytest.mark.parametrize("dpi", [150, 300])
def test_the_qr_reads_from_the_print(cards: dict[str, Path], tmp_path: Path, dpi: int) -> None:
    codes = zxingcpp.read_barcodes(raster(cards["爨底下村"], 4, dpi))
    assert [code.text for code in codes] == [card(tmp_path)["verify_url"]]
    corners = codes[0].position
    across = (corners.top_right.x - corners.top_left.x) / dpi * 25.4
    assert across >= 22, f"{across:.1f} mm"


def test_every_face_is_a_whole_truetype_file() -> None:
    for face in FACES:
        with TTFont(font_files()[face], lazy=True) as font:
            assert "glyf" in font
            assert len(font.getBestCmap()) > 20_000
