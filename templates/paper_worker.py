"""Inside a print worker: the only file that knows WeasyPrint. Never imported by the server process.

Each job of `templates.pdf.PaperPool` is one public function: plain data in, bytes out, no clock, no network.
"""

import base64
import gc
import io
import json
import re
import signal
import sys
import time
import zlib
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.request import url2pathname
from xml.etree import ElementTree

import pydyf  # type: ignore[import-untyped]
import qrcode
from cssselect2 import ElementWrapper  # type: ignore[import-untyped]
from fontTools.ttLib import TTFont
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from weasyprint import CSS, HTML, Attachment
from weasyprint.html import UA_COUNTER_STYLE
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from templates import charts
from templates.fonts import SANS, font_files
from templates.paper_faces import face_rules, readable_faces, with_whole
from templates.paper_merge import join
from templates.paper_photos import NOT_A_PICTURE, Photos, be_strict, jpeg, open_picture
from templates.paper_tuning import tune
from templates.pdf import PaperError

if sys.platform != "win32":
    import resource

_HERE = Path(__file__).resolve().parent
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_CPU_SECONDS = 120  # a job that takes longer is sick: its worker is ended and the job tried once more
_MEMORY = 3 * 1024**3  # address space, of which fonts and libraries map about 1 GiB


def enter() -> None:
    """A worker's start: Ctrl-C is the server's business, memory is bounded, fonts are read before the first job."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    be_strict()
    tune()
    _Form("<html><body>巡村 0123</body></html>", Fetcher()).write_pdf(
        stylesheets=_styles("scorecard"), font_config=_fonts()
    )
    gc.collect()
    gc.freeze()
    gc.disable()  # a card makes no garbage worth chasing while it is made; the pool sweeps after each job


def _bound_time() -> None:
    if sys.platform != "win32":
        limit = int(time.process_time()) + _CPU_SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.getrlimit(resource.RLIMIT_CPU)[1]))


# --- what a sheet may read ---------------------------------------------------------------------------------


class Fetcher(URLFetcher):  # type: ignore[misc]
    """Font files, `templates/static`, our own PNG data and this sheet's photos by number: nothing else at all."""

    def __init__(self, photos: Mapping[str, bytes] | None = None) -> None:
        super().__init__(allowed_protocols=["file", "data", "photo"], allow_redirects=False)
        self._photos = photos or {}
        self._fonts = readable_faces()

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
        """The resource, or ValueError: WeasyPrint then leaves it out."""
        if url.startswith("photo:"):
            return URLFetcherResponse(url, self._photos[url], {"Content-Type": "image/jpeg"})
        if url.startswith("data:image/png;base64,") or (url.startswith("file:") and self._may_read(url)):
            return super().fetch(url, headers)
        raise ValueError(f"not allowed on paper: {url[:80]}")

    def _may_read(self, url: str) -> bool:
        path = Path(url2pathname(url.removeprefix("file://").split("?")[0])).resolve()
        return str(path) in self._fonts or path.is_relative_to(_HERE / "static")


class _Form(HTML):  # type: ignore[misc]
    """A sheet written as XHTML: read by the C parser and styled from `elements.css`, both far cheaper than HTML's own.

    Raises PaperError with the line when the template is not well formed.
    """

    def __init__(self, text: str, fetcher: Fetcher) -> None:
        try:
            root = ElementTree.fromstring(_UNPRINTABLE.sub("", text))  # noqa: S314 -- our own template, escaped
        except ElementTree.ParseError as error:
            raise PaperError(f"the sheet is not well-formed XHTML: {error}") from error
        _close_up(root)
        self.base_url, self.url_fetcher, self.media_type = None, fetcher, "print"
        self.wrapper_element = ElementWrapper.from_html_root(root, content_language=None)
        self.etree_element = self.wrapper_element.etree_element

    def _ua_stylesheets(self, forms: bool = False) -> list[CSS]:
        return [_elements()]


_BLOCKS = frozenset(
    ("html", "body", "div", "p", "header", "section", "h1", "h2", "h3",
     "table", "colgroup", "col", "thead", "tbody", "tr", "td", "th")
)  # fmt: skip


def _close_up(element: ElementTree.Element) -> None:
    """Drop the template's line breaks between blocks and cells, each of which would become a box and be thrown away."""
    if len(element) and all(child.tag in _BLOCKS for child in element):
        if not (element.text or "").strip():
            element.text = None
        for child in element:
            if not (child.tail or "").strip():
                child.tail = None
    for child in element:
        _close_up(child)


def _squeezed(_document: object, pdf: pydyf.PDF) -> None:
    """Compress each stream once. pydyf, left to itself, does it at its slowest, and again for the file's id."""
    for part in pdf.objects:
        if (
            isinstance(part, pydyf.Stream)
            and part.compress
            and all(isinstance(p, bytes) for p in part.stream)
        ):
            part.stream = [zlib.compress(b"\n".join(part.stream), 6)]
            part.extra["Filter"] = "/FlateDecode"
            part.compress = False


# --- the jobs ----------------------------------------------------------------------------------------------


def render(name: str, context: Mapping[str, Any], root: str | None) -> bytes:
    """PDF/A-3u of `pdf/<name>.html`. Options in the context: `figures` is attached as JSON, dated `issued_iso`."""
    _bound_time()
    if not re.fullmatch(r"[a-z_]+", name):
        raise PaperError(f"no such sheet: {name}")
    photos = Photos(root)
    html: str = _pages().get_template(f"pdf/{name}.html").render(photos.place(context))
    sheet = _Form(html, Fetcher(photos.data))
    return bytes(
        sheet.write_pdf(
            stylesheets=_styles(name),
            font_config=_fonts(),
            pdf_variant="pdf/a-3u",
            attachments=_attached(context),
            finisher=_squeezed,
        )
    )


def merge(parts: list[bytes | Path], bookmarks: list[str], to: Path) -> None:
    """One PDF of many with an outline; see `templates.paper_merge`."""
    _bound_time()
    join(parts, bookmarks, to)


def thumbnail(path: str, width: int) -> bytes:
    """A small upright JPEG without metadata. PaperError for what is no picture or too large a one."""
    _bound_time()
    try:
        with open_picture(Path(path)) as image:
            return jpeg(image, min(max(width, 16), 2000), 78)
    except NOT_A_PICTURE as error:
        raise PaperError(f"no thumbnail of {Path(path).name}: {error}") from error


def missing_glyphs(text: str) -> str:
    """Characters that some face of the paper lacks (white space aside), each once, in order."""
    return "".join(c for c in dict.fromkeys(text) if not c.isspace() and ord(c) not in _covered())


# --- made once a worker ------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _covered() -> frozenset[int]:
    sets = []
    for path in font_files().values():
        with TTFont(path, lazy=True) as font:
            sets.append(frozenset(font.getBestCmap()))
    return frozenset.intersection(*sets)


@lru_cache(maxsize=1)
def _fonts() -> FontConfiguration:
    return FontConfiguration()


@lru_cache(maxsize=16)
def _styles(name: str) -> list[CSS]:
    """The paper's style and the sheet's own, parsed once; all share one font configuration."""
    files = [_HERE / "pdf" / "paper.css", _HERE / "pdf" / f"{name}.css"]
    texts = [face_rules()] + [with_whole(file.read_text("utf-8")) for file in files if file.exists()]
    return [CSS(string=text, font_config=_fonts(), url_fetcher=Fetcher()) for text in texts]


@lru_cache(maxsize=1)
def _elements() -> CSS:
    return CSS(string=(_HERE / "pdf" / "elements.css").read_text("utf-8"), counter_style=UA_COUNTER_STYLE)


@lru_cache(maxsize=1)
def _pages() -> Environment:
    pages = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.globals |= {"qr": qr, "paper_font": with_whole(SANS), "numeral": numeral}
    for chart in (charts.bars, charts.radar, charts.columns, charts.grade_swatch):
        pages.globals[chart.__name__] = chart
    pages.filters["halves"] = halves
    return pages


def numeral(number: int) -> str:
    """1 → 一 … 99 → 九十九: for headings."""
    tens, ones = divmod(number, 10)
    digits = "〇一二三四五六七八九"
    return ("" if tens == 0 else "十" if tens == 1 else digits[tens] + "十") + (
        digits[ones] if ones or not tens else ""
    )


def halves(name: str, longest: int = 6) -> Markup:
    """A category's name broken at its 与, 和 or 、 when both parts fit a line, so that no word is torn."""
    for at in (i for i, char in enumerate(name) if char in "与和、"):
        for cut in (at + 1, at):
            if 1 < cut <= longest and 1 < len(name) - cut <= longest:
                return Markup("{}<br/>{}").format(name[:cut], name[cut:])
    return Markup("{}").format(name)


@lru_cache(maxsize=64)
def qr(text: str) -> str:
    """A QR code as a 1-bit PNG data address; half the time and bytes of drawing it as paths."""
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, box_size=6, border=2)
    code.add_data(text)
    out = io.BytesIO()
    code.make_image().get_image().save(out, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


def _attached(context: Mapping[str, Any]) -> list[Attachment]:
    """The sheet's figures as JSON, dated by the context so that the bytes repeat."""
    if "figures" not in context:
        return []
    text = json.dumps(context["figures"], ensure_ascii=False, sort_keys=True, indent=1)
    when = datetime.fromisoformat(context["issued_iso"])
    return [
        Attachment(string=text, name="figures.json", created=when, modified=when, relationship="Data",
                   description="本表数据")
    ]  # fmt: skip
