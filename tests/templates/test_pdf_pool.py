"""The print pool: closed to the network, calm when a worker dies, renewed, lazy; merging and thumbnails."""

import asyncio
import io
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pikepdf
import psutil
import pytest
import pytest_asyncio
from PIL import Image

from templates import fonts, paper_worker
from templates.pdf import PaperError, PaperPool, paper_ready
from tests.templates.card_sample import card, photo

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pool")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool(folder: Path) -> AsyncIterator[PaperPool]:
    made = PaperPool(1, photo_root=folder)
    yield made
    made.close()


def workers() -> set[int]:
    """Print workers of this process: children of its fork server."""
    mine = psutil.Process().children()
    return {
        child.pid for server in mine for child in server.children() if child.status() != psutil.STATUS_ZOMBIE
    }


async def test_the_network_is_never_asked(folder: Path) -> None:
    asked: list[str] = []

    class Canary(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)

    server = HTTPServer(("127.0.0.1", 0), Canary)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/a.png"
    try:
        parts = f'<link rel="stylesheet" href="{url}"/><p style="background:url({url})">{url}<img src="{url}"/></p>'
        out = paper_worker._Form(f"<html><body>{parts}</body></html>", paper_worker.Fetcher()).write_pdf()
        assert out.startswith(b"%PDF")
        with socket.create_connection(("127.0.0.1", server.server_port)):
            pass  # the canary does listen
    finally:
        server.shutdown()
        server.server_close()
    assert asked == []


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/x.png",
        "https://example.org/x.png",
        "ftp://example.org/x",
        "file:///etc/passwd",
        "file://localhost/etc/passwd",
        (Path(paper_worker.__file__).parent / "static" / ".." / "pdf.py").as_uri(),
        "data:text/html,<p>",
        "data:image/svg+xml;base64,PHN2Zy8+",
    ],
)
async def test_an_address_that_is_not_ours_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="not allowed"):
        paper_worker.Fetcher().fetch(url)


async def test_fonts_and_our_own_files_are_read() -> None:
    path = next(iter(fonts.font_files().values()))
    with_font = paper_worker.Fetcher().fetch(path.as_uri())
    assert with_font.read(4) == b"\x00\x01\x00\x00"
    with_font.close()


async def test_a_photo_outside_the_folder_stops_the_print(
    pool: PaperPool, folder: Path, tmp_path: Path
) -> None:
    elsewhere = photo(tmp_path, 1)["path"]
    with pytest.raises(PaperError, match="outside"):
        await pool.render("scorecard", card(folder, photos=[photo(folder, 1, path=elsewhere)]))
    (folder / "link.jpg").symlink_to(elsewhere)
    with pytest.raises(PaperError, match="outside"):
        await pool.render("scorecard", card(folder, photos=[photo(folder, 1, path=str(folder / "link.jpg"))]))


@pytest.mark.parametrize("name", ["../scorecard", "pdf/scorecard", "no_such_sheet"])
async def test_only_known_sheets_are_printed(pool: PaperPool, folder: Path, name: str) -> None:
    with pytest.raises(PaperError):
        await pool.render(name, card(folder))


async def test_a_missing_word_is_an_error_not_a_gap(pool: PaperPool, folder: Path) -> None:
    incomplete = card(folder)
    del incomplete["short_code"]
    with pytest.raises(PaperError, match="short_code"):
        await pool.render("scorecard", incomplete)


async def test_merging_keeps_pages_and_makes_an_outline(pool: PaperPool, folder: Path) -> None:
    one = await pool.render("scorecard", card(folder))
    (folder / "two.pdf").write_bytes(
        await pool.render("scorecard", card(folder, photos=[], village="碣石村"))
    )
    for name in ("whole.pdf", "again.pdf"):
        await pool.merge([one, folder / "two.pdf"], ["爨底下村", "碣石村"], folder / name)
    assert (folder / "whole.pdf").read_bytes() == (folder / "again.pdf").read_bytes()
    with pikepdf.open(folder / "whole.pdf") as opened, opened.open_outline() as outline:
        first = len(pikepdf.open(io.BytesIO(one)).pages)
        assert [item.title for item in outline.root] == ["爨底下村", "碣石村"]
        assert opened.pages.index(pikepdf.Page(outline.root[1].destination[0])) == first
        assert {tuple(round(float(v)) for v in page.mediabox) for page in opened.pages} == {(0, 0, 595, 842)}
    with pytest.raises(ValueError, match="bookmarks"):
        await pool.merge([one], [], folder / "none.pdf")


async def test_a_thumbnail_is_upright_small_and_bare(pool: PaperPool, tmp_path: Path) -> None:
    image = Image.new("RGB", (1600, 1200), "green")
    image.paste("red", (0, 0, 1600, 600))  # red above as stored; orientation 6: red belongs to the right
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "maker"
    image.save(tmp_path / "turned.jpg", exif=exif)
    data = await pool.thumbnail(tmp_path / "turned.jpg", 160)
    with Image.open(io.BytesIO(data)) as small:
        assert (small.format, small.size) == ("JPEG", (120, 160))
        assert not small.getexif()
        left, right = small.getpixel((20, 80)), small.getpixel((100, 80))
    assert left[1] > left[0]
    assert right[0] > right[1]


async def test_no_thumbnail_of_a_bomb_or_a_text(pool: PaperPool, tmp_path: Path) -> None:
    Image.new("1", (12_000, 12_000)).save(tmp_path / "bomb.png")
    (tmp_path / "text.jpg").write_text("not a picture")
    for name in ("bomb.png", "text.jpg", "absent.jpg"):
        with pytest.raises(PaperError, match=name):
            await pool.thumbnail(tmp_path / name, 160)


async def test_rare_characters_are_told_before_printing(pool: PaperPool) -> None:
    assert await pool.missing_glyphs("爨底下村 吴家垸村 碣石村 𠮷☑") == "𠮷☑"


async def test_a_worker_stays_small(pool: PaperPool, folder: Path) -> None:
    for _ in range(4):
        await pool.render("scorecard", card(folder))
    sizes = [psutil.Process(pid).memory_info().rss // 2**20 for pid in workers()]
    assert sizes
    assert max(sizes) <= 250


async def test_a_killed_worker_costs_no_card(folder: Path) -> None:
    pool = PaperPool(1, photo_root=folder)
    try:
        before = workers()
        await pool.render("scorecard", card(folder))
        job = asyncio.create_task(pool.render("scorecard", card(folder)))
        await asyncio.sleep(0.1)
        for pid in workers() - before:
            os.kill(pid, signal.SIGKILL)
        assert (await job).startswith(b"%PDF")
        assert (await pool.render("scorecard", card(folder))).startswith(b"%PDF")
    finally:
        pool.close()


async def test_a_job_that_kills_twice_is_given_up_and_the_pool_lives(folder: Path) -> None:
    pool = PaperPool(1, photo_root=folder)
    hunting = True
    before = workers()

    async def hunt() -> None:
        while hunting:
            for pid in workers() - before:
                os.kill(pid, signal.SIGKILL)
            await asyncio.sleep(0.05)

    hunter = asyncio.create_task(hunt())
    try:
        with pytest.raises(PaperError, match="died twice"):
            await pool.render("scorecard", card(folder))
        hunting = False
        await hunter
        assert (await pool.render("scorecard", card(folder))).startswith(b"%PDF")
    finally:
        hunting = False
        pool.close()


async def test_workers_are_renewed_and_leave_nothing_behind(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    before = workers()
    pool = PaperPool(1, max_jobs_per_worker=2, photo_root=folder)
    seen = set()
    try:
        for _ in range(5):
            await pool.thumbnail(Path(photo(folder, 1)["path"]), 64)
            seen |= workers() - before
    finally:
        pool.close()
    assert len(seen) >= 3
    for _ in range(1200):
        if not workers() - before:
            break
        await asyncio.sleep(0.05)
    assert not workers() - before
    assert list(scratch.iterdir()) == []


async def test_a_cancelled_wait_does_not_block_the_pool(pool: PaperPool, folder: Path) -> None:
    job = asyncio.create_task(pool.render("scorecard", card(folder)))
    await asyncio.sleep(0.05)
    while not job.cancel():  # it was printed before we looked: another one
        job = asyncio.create_task(pool.render("scorecard", card(folder)))
        await asyncio.sleep(0.05)
    with pytest.raises(asyncio.CancelledError):
        await job
    assert (await pool.render("scorecard", card(folder))).startswith(b"%PDF")


async def test_the_server_does_not_load_the_renderer() -> None:
    code = (
        "import sys; from templates.pdf import PaperPool, paper_ready; p = PaperPool(2); paper_ready(); p.close();"
        "sys.exit(any(m.split('.')[0] in ('weasyprint', 'pikepdf', 'fontTools') for m in sys.modules))"
    )
    run = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", code], cwd=Path(fonts.__file__).parents[1]
    )
    assert run.returncode == 0


async def test_what_is_missing_is_said_in_one_line_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert paper_ready() == []
    monkeypatch.setattr(fonts, "_NPM", tmp_path)
    monkeypatch.setattr(fonts, "_ROOT", tmp_path)
    monkeypatch.setitem(fonts._LIBRARIES, sys.platform, ("libno-such.so.7",))
    said = paper_ready()
    assert len(said) == 5
    assert sum("NotoS" in line for line in said) == 4
    assert "libno-such.so.7" in said[4]
    with pytest.raises(fonts.FontsMissing, match="npm ci") as refused:
        fonts.font_files()
    assert "\n" not in str(refused.value)


async def test_a_chosen_font_folder_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for face, path in fonts.font_files().items():
        (tmp_path / face.file).symlink_to(path)
    monkeypatch.setenv("XUNCUN_FONTS", str(tmp_path))
    assert {path.parent for path in fonts.font_files().values()} == {tmp_path}
