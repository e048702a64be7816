"""Real pictures through the real browser: upright, small, stamped, with a preview; odd files told in a sentence."""

import base64
import hashlib
import io
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageOps
from playwright.sync_api import Page

from tests.tablet_browser.conftest import Chromium

pytestmark = pytest.mark.browser
Rgb = tuple[int, int, int]
CORNERS: dict[str, Rgb] = {
    "red": (200, 30, 30),
    "green": (30, 160, 30),
    "blue": (30, 30, 200),
    "yellow": (220, 220, 40),
}


def scene(width: int, height: int) -> Image.Image:
    """Four quarters, each of another colour."""
    picture = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(picture)
    for place, colour in enumerate(CORNERS.values()):
        x, y = width // 2 * (place % 2), height // 2 * (place // 2)
        draw.rectangle((x, y, x + width // 2, y + height // 2), fill=colour)
    return picture


def quarters(picture: Image.Image) -> list[str]:
    """What colour each quarter has in its middle, by name."""
    small = picture.convert("RGB").resize((4, 4), Image.Resampling.BOX)

    def name(x: int, y: int) -> str:
        seen = small.getpixel((x, y))
        assert isinstance(seen, tuple)
        return min(CORNERS, key=lambda one: sum(abs(a - b) for a, b in zip(CORNERS[one], seen, strict=True)))

    return [name(0, 1), name(3, 1), name(0, 2), name(3, 2)]


@pytest.fixture(scope="module")
def page(chromium: Chromium) -> Iterator[Page]:
    yield chromium.start()


Develop = Callable[..., dict[str, Any]]


@pytest.fixture
def develop(page: Page, site: tuple[str, Path]) -> Develop:
    """Writes a picture (or bytes) where the page can fetch it, and develops it there."""

    def run(
        picture: Image.Image | bytes, name: str = "photo.jpg", orientation: int = 0, **more: Any
    ) -> dict[str, Any]:
        target = site[1] / name
        if isinstance(picture, bytes):
            target.write_bytes(picture)
        elif orientation:
            exif = Image.Exif()
            exif[0x0112] = orientation
            picture.save(target, quality=90, exif=exif)
        else:
            picture.save(target)
        told: dict[str, Any] = page.evaluate("([name, more]) => bench.developed(name, more)", [name, more])
        return told

    return run


def opened(told: dict[str, Any], which: str = "bytes") -> Image.Image:
    data = base64.b64decode(told[which])
    picture = Image.open(io.BytesIO(data))
    assert picture.format == "JPEG"
    return picture


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("size", [(2400, 1800), (900, 600)])
def test_upright_and_small(develop: Develop, orientation: int, size: tuple[int, int]) -> None:
    told = develop(scene(*size), orientation=orientation, role="signature")
    kept = opened(told)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = io.BytesIO()
    scene(*size).save(stored, "jpeg", exif=exif)
    wanted = ImageOps.exif_transpose(Image.open(stored))
    assert quarters(kept) == quarters(wanted)
    assert max(kept.size) == min(1600, max(size))
    assert kept.size == (told["width"], told["height"])
    assert abs(kept.width / kept.height - wanted.width / wanted.height) < 0.01
    assert not kept.getexif()


def test_hash_and_preview(develop: Develop) -> None:
    noise = Image.effect_noise((3000, 2000), 90).convert("RGB")
    told = develop(noise)
    assert told["sha256"] == hashlib.sha256(base64.b64decode(told["bytes"])).hexdigest()
    preview = opened(told, "preview")
    assert max(preview.size) <= 320
    assert len(base64.b64decode(told["preview"])) <= 24 * 1024
    assert told["mime"] == "image/jpeg"


def strip_of(picture: Image.Image) -> Image.Image:
    return picture.convert("L").crop((0, int(picture.height * 0.94), picture.width, picture.height))


def test_strip(develop: Develop) -> None:
    bright = Image.new("RGB", (1600, 1200), (235, 235, 235))
    plain = opened(develop(bright, role="signature"))
    stamped = opened(develop(bright))
    low, _ = strip_of(plain).getextrema()
    assert isinstance(low, int | float) and low > 220  # a signature carries none
    dark, light = strip_of(stamped).getextrema()
    assert isinstance(dark, int | float) and isinstance(light, int | float)
    assert dark < 120 and light > 230  # white on dark
    assert quarters(stamped) == quarters(plain)
    elsewhere = develop(bright, position=None)
    assert opened(elsewhere).tobytes() != stamped.tobytes()  # 无定位 is another text


def test_old_picture_has_no_position_of_today(develop: Develop) -> None:
    fresh = develop(scene(800, 600))
    assert fresh["position"] == {"lat": 39.970123, "lng": 116.012345, "accuracy": 8}
    old = develop(scene(800, 600), lastModified=1_790_000_000_000)
    assert old["position"] is None
    assert old["taken_at"] == "2026-09-21T22:13:20+08:00"


def test_transparent_png_lies_on_white(develop: Develop) -> None:
    stroke = Image.new("RGBA", (600, 300), (0, 0, 0, 0))
    ImageDraw.Draw(stroke).line((20, 20, 580, 280), fill=(0, 0, 0, 255), width=8)
    kept = opened(develop(stroke, name="sign.png", role="signature"))
    corner = kept.convert("RGB").getpixel((590, 10))
    assert isinstance(corner, tuple) and min(corner) > 245
    assert kept.size == (600, 300)


def test_odd_files_are_told_in_a_sentence(develop: Develop) -> None:
    heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(500)
    assert develop(heic, name="a.heic")["code"] == "photo_heic"
    for odd in (b"", b"GIF of nothing", b"\xff\xd8\xff\xe0" + bytes(2000)):
        told = develop(odd, name="b.jpg")
        assert told["code"] == "photo_unreadable"
        assert "重新拍" in told["message"]


SILENT = {
    "ImageDecoder": "ImageDecoder.prototype.decode = never",
    "createImageBitmap": "window.createImageBitmap = never",
    "Image": "Image.prototype.decode = never",
    "OffscreenCanvas": "OffscreenCanvas.prototype.convertToBlob = never",
}


@pytest.fixture
def silenced(page: Page) -> Iterator[Callable[..., None]]:
    """Parts of the browser that never answer; the page's clock goes on when it is told to."""

    def silence(*parts: str) -> None:
        page.clock.install()
        page.evaluate(
            "() => { window.hung = 0; window.told = null; const never = () => (window.hung++, new Promise(() => undefined));"
            f"{';'.join(map(SILENT.__getitem__, parts))} }}"
        )

    yield silence
    page.reload()


LOOK = """() => new Promise((done) => {
  const { port1, port2 } = new MessageChannel(); // the page's own clock stands still
  port1.onmessage = () => done([window.hung, window.told]);
  port2.postMessage(0);
})"""


def develop_at_last(page: Page, name: str, patience: int) -> dict[str, Any]:
    """What becomes of the picture when the clock is put on by `patience` ms each time a part does not answer."""
    page.evaluate(f"() => void bench.developed({name!r}).then((one) => (window.told = one))")
    waited = 0
    for _ in range(20_000):
        hung, told = page.evaluate(LOOK)
        if told:
            assert waited
            return dict(told)
        if hung > waited:
            waited += 1
            page.clock.run_for(patience)
    raise AssertionError("never made")


def test_a_decoder_that_never_answers_gives_way_to_the_next(
    page: Page, site: tuple[str, Path], silenced: Callable[..., None]
) -> None:
    scene(4000, 3000).save(site[1] / "hung.jpg", quality=90)
    silenced("ImageDecoder")
    kept = opened(develop_at_last(page, "hung.jpg", 15_000))
    assert kept.size == (1600, 1200)
    assert quarters(kept) == list(CORNERS)


@pytest.mark.parametrize("parts", [("ImageDecoder", "createImageBitmap", "Image"), ("OffscreenCanvas",)])
def test_what_cannot_be_made_smaller_is_kept_as_it_came(
    page: Page, site: tuple[str, Path], silenced: Callable[..., None], parts: tuple[str, ...]
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    came = site[1] / "whole.jpg"
    scene(4000, 3000).save(came, quality=90, exif=exif)
    silenced(*parts)
    told = develop_at_last(page, "whole.jpg", 15_000)
    assert base64.b64decode(told["bytes"]) == came.read_bytes()
    assert told["sha256"] == hashlib.sha256(came.read_bytes()).hexdigest()
    assert (told["whole"], told["preview"], told["mime"]) == (True, None, "image/jpeg")
    assert (told["width"], told["height"]) == (3000, 4000)  # upright


def test_what_the_server_would_not_take_as_it_came_is_told(
    page: Page, site: tuple[str, Path], silenced: Callable[..., None]
) -> None:
    shot = io.BytesIO()
    scene(4000, 3000).save(shot, "jpeg")
    (site[1] / "cut.jpg").write_bytes(shot.getvalue()[:-2])  # without its end
    silenced("ImageDecoder", "createImageBitmap", "Image")
    assert develop_at_last(page, "cut.jpg", 60_000)["code"] == "photo_slow"


def test_48_megapixels(chromium: Chromium, page: Page, develop: Develop) -> None:
    large = Image.effect_noise((1000, 750), 60).convert("RGB").resize((8000, 6000), Image.Resampling.BICUBIC)
    develop(scene(800, 600))
    time.sleep(0.5)
    before, most, watching = chromium.memory(), 0, True

    def watch() -> None:
        nonlocal most
        while watching:
            most = max(most, chromium.memory())
            time.sleep(0.01)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        kept = opened(develop(large, name="large.jpg", orientation=6))
    finally:
        watching = False
        watcher.join()
    assert kept.size == (1200, 1600)
    assert most - before < 48_000_000 * 4 * 0.8  # never held as a whole (4 bytes a pixel)


def test_sixty_photos_keep_memory_flat(chromium: Chromium, page: Page, tmp_path: Path) -> None:
    shot = tmp_path / "shot.jpg"
    Image.effect_noise((800, 600), 40).convert("RGB").resize((4000, 3000)).save(shot, quality=90)
    page.evaluate("() => bench.start()")
    page.set_input_files("input", shot)
    held = []
    for _ in range(60):
        told = page.evaluate("() => bench.take()")
        assert "sha256" in told, told
        page.evaluate("(sha) => bench.url(sha, true)", told["sha256"])
        held.append(chromium.memory())
    early, late = sorted(held[5:20])[7], sorted(held[-15:])[7]
    assert late - early < 60_000_000, [round(one / 1e6) for one in held]
