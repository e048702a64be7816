"""Drawn photos for the demo: a hill village, what is wrong in it, the evidence strip, and a large 示例.

Nobody can take them for evidence of a real village. A scene is drawn once and used again; what is wrong and the
strip are new on each photo. The same words give the same bytes (with the same Pillow and font).
"""

import hashlib
import io
import threading
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from PIL import Image, ImageDraw, ImageFont

from offline_sync.demo.seeds import chance
from templates.fonts import SANS, FontsMissing, font_files

WIDTH, HEIGHT = 1600, 1200
SCENES = 8
STRIP = 140
_lock = threading.Lock()
Box = tuple[float, float]

PALETTES = (
    ("#cfe3ee", "#9db8a6", "#6f9179", "#8aa36b", "#c9c2b2", "#e8dccb", "#9a4f3a"),
    ("#dfe9ec", "#a9b7b0", "#7d9287", "#a8a874", "#bdb7ab", "#efe6d6", "#6d6a66"),
    ("#f3e3cf", "#b99f86", "#8c7a5e", "#b3a05f", "#c7bba6", "#f2eadc", "#a4573b"),
    ("#d5dde3", "#8fa3ad", "#5f7a76", "#7f9a6a", "#b6b4ae", "#ddd3c2", "#7f4636"),
)  # sky, far hill, near hill, ground, road, wall, roof


@dataclass(frozen=True)
class Shot:
    """What a photo shows. `scene` fixes the place, `wrong` whether the fault is there (kind: litter, bin, water,
    wall, road); `lines` are the strip."""

    scene: str
    kind: str
    wrong: bool
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Drawn:
    """A photo's bytes and its preview's."""

    data: bytes
    preview: bytes

    @property
    def sha256(self) -> str:
        """The name of the bytes."""
        return hashlib.sha256(self.data).hexdigest()


def draw(shot: Shot) -> Drawn:
    """The photo, at most 120 kB, and its preview of 320 pixels."""
    rng = chance(shot.scene)
    image = _scene(rng.randrange(SCENES)).copy()
    pen = ImageDraw.Draw(image)
    spot = (rng.uniform(500, 1100), rng.uniform(760, 900))
    fault = chance(shot.scene, shot.kind)
    _KINDS[shot.kind](pen, fault, spot, shot.wrong)
    _strip(image, shot.lines)
    small = image.reduce(WIDTH // 320)
    return Drawn(_jpeg(image, 62), _jpeg(small, 60))


def signature(name: str) -> Drawn:
    """A page with a drawn hand."""
    rng = chance("signature", name)
    image = Image.new("RGB", (800, 400), "#fdfdfb")
    pen = ImageDraw.Draw(image)
    x = 120.0
    for _ in range(3):
        points = [(x + rng.uniform(0, 150), rng.uniform(110, 280)) for _ in range(7)]
        pen.line(points, fill="#1c2421", width=7, joint="curve")
        x += 180
    pen.text((400, 350), _words(f"示例签名 {name}"), fill="#8a938d", font=_font(30), anchor="mm")
    return Drawn(_jpeg(image, 70), _jpeg(image.reduce(4), 60))


def _jpeg(image: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def _scene(number: int) -> Image.Image:
    with _lock:
        return _drawn_scene(number)


@lru_cache(maxsize=SCENES)
def _drawn_scene(number: int) -> Image.Image:
    rng = chance("scene", number)
    sky, far, near, ground, road, wall, roof = PALETTES[number % len(PALETTES)]
    image = Image.new("RGB", (WIDTH, HEIGHT), sky)
    pen = ImageDraw.Draw(image)
    _hills(pen, rng, far, 420, 150)
    _hills(pen, rng, near, 540, 90)
    pen.rectangle((0, 600, WIDTH, HEIGHT), fill=ground)
    left = rng.uniform(200, 900)
    pen.polygon([(left + 180, 600), (left + 300, 600), (1350, HEIGHT), (250, HEIGHT)], fill=road)
    for place in range(rng.randint(2, 4)):
        _house(pen, rng, 60 + place * 420 + rng.uniform(0, 120), rng.uniform(560, 640), wall, roof)
    for _ in range(9):
        _tree(pen, rng, rng.uniform(0, WIDTH), rng.uniform(560, 680))
    _stamp(image)
    return image


def _hills(pen: ImageDraw.ImageDraw, rng: Random, colour: str, level: float, rise: float) -> None:
    points: list[Box] = [(0, HEIGHT)]
    points += [(x, level - rng.uniform(0, rise)) for x in range(0, WIDTH + 1, 160)]
    pen.polygon([*points, (WIDTH, HEIGHT)], fill=colour)


def _house(pen: ImageDraw.ImageDraw, rng: Random, x: float, y: float, wall: str, roof: str) -> None:
    wide, high = rng.uniform(220, 320), rng.uniform(110, 150)
    pen.rectangle((x, y - high, x + wide, y), fill=wall)
    pen.polygon([(x - 22, y - high), (x + wide / 2, y - high - 90), (x + wide + 22, y - high)], fill=roof)
    pen.rectangle((x + wide * 0.43, y - 80, x + wide * 0.57, y), fill="#5f4b3c")
    for part in (0.12, 0.7):
        pen.rectangle((x + wide * part, y - 90, x + wide * (part + 0.18), y - 42), fill="#8fa9b5")


def _tree(pen: ImageDraw.ImageDraw, rng: Random, x: float, y: float) -> None:
    size = rng.uniform(28, 56)
    pen.line((x, y, x, y - size), fill="#6b5443", width=9)
    pen.ellipse((x - size, y - size * 2.6, x + size, y - size * 0.6), fill="#55784f")


def _stamp(image: Image.Image) -> None:
    layer = Image.new("L", (900, 360), 0)
    ImageDraw.Draw(layer).text((450, 180), _words("示例"), fill=105, font=_font(300), anchor="mm")
    turned = layer.rotate(18, expand=True, resample=Image.Resampling.BICUBIC)
    place = ((WIDTH - turned.width) // 2, 40)
    image.paste(Image.new("RGB", turned.size, "#b3261e"), place, turned)


def _strip(image: Image.Image, lines: tuple[str, ...]) -> None:
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, HEIGHT - STRIP, WIDTH, HEIGHT), fill="#1c2421")
    for place, line in enumerate(lines[:2]):
        pen.text((32, HEIGHT - STRIP + 14 + place * 56), _words(line), fill="#ffffff", font=_font(40))
    pen.text((WIDTH - 32, HEIGHT - STRIP + 14), _words("示例"), fill="#f2c14e", font=_font(40), anchor="ra")


def _litter(pen: ImageDraw.ImageDraw, rng: Random, spot: Box, wrong: bool) -> None:
    for _ in range(46 if wrong else 0):
        x, y = spot[0] + rng.gauss(0, 130), spot[1] + rng.gauss(0, 36)
        size = rng.uniform(8, 30)
        colour = rng.choice(("#f4f4f0", "#d8e4ef", "#c33f3a", "#3f6fb0", "#e6c95c", "#6f665c"))
        pen.polygon([(x, y), (x + size, y - size * 0.6), (x + size * 1.4, y + size * 0.3)], fill=colour)


def _bin(pen: ImageDraw.ImageDraw, rng: Random, spot: Box, wrong: bool) -> None:
    for place, colour in enumerate(("#3b7d4f", "#3f6fb0", "#b9423b", "#6b6f72")):
        x, y = spot[0] - 260 + place * 130, spot[1]
        lean = 26 if wrong and place == 1 else 0
        pen.polygon([(x, y), (x + 100, y), (x + 92 + lean, y - 150), (x + 8 + lean, y - 150)], fill=colour)
        if not wrong or place != 2:
            pen.rectangle((x + lean - 4, y - 166, x + 104 + lean, y - 148), fill="#2f3a36")
    if wrong:
        _litter(pen, rng, (spot[0], spot[1] + 20), True)


def _water(pen: ImageDraw.ImageDraw, rng: Random, spot: Box, wrong: bool) -> None:
    x, y = spot
    pen.polygon([(x - 320, y), (x + 320, y - 30), (x + 420, y + 90), (x - 380, y + 120)], fill="#8b8577")
    colour = "#57604a" if wrong else "#7fa9b8"
    pen.polygon([(x - 280, y + 24), (x + 290, y), (x + 350, y + 66), (x - 320, y + 92)], fill=colour)
    for _ in range(22 if wrong else 0):
        px, py, size = x + rng.uniform(-250, 260), y + rng.uniform(20, 76), rng.uniform(6, 18)
        pen.ellipse((px, py, px + size * 1.6, py + size), fill=rng.choice(("#e9e7dc", "#8c6f4b", "#a9ad8c")))


def _wall(pen: ImageDraw.ImageDraw, rng: Random, spot: Box, wrong: bool) -> None:
    x, y = spot
    tops = [y - (rng.uniform(40, 170) if wrong else 150) for _ in range(9)]
    points = [(x - 320 + place * 80, top) for place, top in enumerate(tops)]
    pen.polygon([(x - 320, y), *points, (x + 320, y)], fill="#a58f76")
    for _ in range(26 if wrong else 0):
        px, py, size = x + rng.uniform(-340, 340), y + rng.uniform(-6, 40), rng.uniform(10, 34)
        pen.rectangle(
            (px, py, px + size * 1.5, py + size), fill=rng.choice(("#8d775f", "#b39c82", "#76644f"))
        )


def _road(pen: ImageDraw.ImageDraw, rng: Random, spot: Box, wrong: bool) -> None:
    x, y = spot
    for _ in range(3):
        px, py = x + rng.uniform(-200, 200), y + rng.uniform(-20, 80)
        wide = rng.uniform(60, 130)
        if wrong:
            pen.ellipse((px, py, px + wide * 2, py + wide * 0.6), fill="#6f6a60")
            pen.ellipse((px + 14, py + 8, px + wide * 2 - 20, py + wide * 0.5), fill="#57524a")
        else:
            pen.rectangle((px, py, px + wide * 2, py + wide * 0.6), fill="#8f8a80")


_KINDS = {"litter": _litter, "bin": _bin, "water": _water, "wall": _wall, "road": _road}
KINDS = tuple(_KINDS)


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    path = _font_path()
    return ImageFont.truetype(path, size) if path else ImageFont.load_default(size)


@lru_cache(maxsize=1)
def _font_path() -> str | None:
    try:
        return str(next(path for face, path in font_files().items() if face.family == SANS))
    except FontsMissing:
        return None


def _words(text: str) -> str:
    """Without a Chinese font the strip keeps its figures and says DEMO."""
    if _font_path():
        return text
    return "".join(letter for letter in text.replace("示例", "DEMO") if letter.isascii())
