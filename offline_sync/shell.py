"""The tablet app's files, as the build left them: one page, its worker, its manifest, assets named by their content.

The page and the worker are asked for anew each time, so that a new build is seen; what carries a hash in its name is
kept for ever. Without a build there is a page that says so.
"""

import asyncio
import gzip
import re
from functools import lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Route

from templates import page
from villages.ground.problems import Problem

FOLDER = Path(__file__).parent / "static"
# The desk's policy, and beside it what only the tablet needs: a worker of ours, the barcode reader's wasm, photos as
# blobs, and the camera's picture.
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; style-src 'self';"
    " script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; manifest-src 'self';"
    " object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_FRESH = {"Cache-Control": "no-cache", "Content-Security-Policy": POLICY}
_FOR_EVER = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": POLICY,
    "Vary": "Accept-Encoding",
}
_KINDS = {
    "css": "text/css",
    "html": "text/html",
    "js": "text/javascript",
    "png": "image/png",
    "svg": "image/svg+xml",
    "wasm": "application/wasm",
    "webmanifest": "application/manifest+json",
}
_PACKED = {"css", "html", "js", "svg", "wasm"}
_HASHED = re.compile(r"[A-Za-z0-9_-]+-[A-Za-z0-9]{8}\.(?:css|html|js|png|svg|wasm)")


def routes(build: Path | None = None) -> list[Route]:
    """Every door of the tablet app; `build` is a folder that holds another build than our own."""
    folder = build or FOLDER

    async def shell(request: Request) -> Response:
        """GET /tablet/ and any screen below it: the page, always the newest."""
        if "." in request.path_params.get("screen", ""):
            raise Problem("not_found")
        file = folder / "index.html"
        if not file.is_file():
            missing: Response = page(request, "offline_sync/no_tablet.html", status=503)
            return missing
        return FileResponse(file, media_type=_KINDS["html"], headers=_FRESH)

    async def named(request: Request) -> Response:
        """GET /tablet/sw.js and /tablet/manifest.webmanifest: under one name for ever, so never kept unasked."""
        file = folder / request.url.path.removeprefix("/tablet/")
        if not file.is_file():
            raise Problem("not_found")
        return FileResponse(file, media_type=_KINDS[file.suffix[1:]], headers=_FRESH)

    async def asset(request: Request) -> Response:
        """GET /tablet/assets/{name}"""
        name = request.path_params["name"]
        file = folder / "assets" / name
        if not _HASHED.fullmatch(name) or not file.is_file():
            raise Problem("not_found")
        kind = file.suffix[1:]
        if kind not in _PACKED or "gzip" not in request.headers.get("accept-encoding", ""):
            return FileResponse(file, media_type=_KINDS[kind], headers=_FOR_EVER)
        packed = await asyncio.to_thread(_pack, file)
        return Response(packed, media_type=_KINDS[kind], headers={**_FOR_EVER, "Content-Encoding": "gzip"})

    async def with_slash(_request: Request) -> Response:
        return RedirectResponse("/tablet/", 308)

    return [
        Route("/tablet", with_slash, methods=["GET"]),
        Route("/tablet/sw.js", named, methods=["GET"]),
        Route("/tablet/manifest.webmanifest", named, methods=["GET"]),
        Route("/tablet/assets/{name:str}", asset, methods=["GET"]),
        Route("/tablet/{screen:path}", shell, methods=["GET"]),
    ]


def build_name(folder: Path = FOLDER) -> str:
    """The build that is handed out now; empty where none was made."""
    file = folder / "index.html"
    try:
        return _named_in(file, file.stat().st_mtime_ns)
    except FileNotFoundError:
        return ""


@lru_cache(maxsize=4)
def _named_in(file: Path, _written: int) -> str:
    found = re.search(r'<meta name="build" content="([\w.-]+)"', file.read_text(encoding="utf-8"))
    return found[1] if found else ""


@lru_cache(maxsize=64)
def _pack(file: Path) -> bytes:
    """Gzip at its hardest, once for each file: a name never stands for other bytes."""
    return gzip.compress(file.read_bytes(), 9, mtime=0)
