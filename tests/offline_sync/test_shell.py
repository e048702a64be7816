"""What the server hands a tablet: the newest page, a worker of the right scope, assets for ever, no more rights than needed."""

import gzip
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

from offline_sync import shell
from villages.ground.problems import Problem
from villages.shield import Shield
from villages.web import problem_response

SCRIPT = b"export const a = 1;" * 80
FILES = {
    "index.html": b"<!doctype html><title>a</title>",
    "sw.js": b"self;",
    "manifest.webmanifest": b"{}",
    "assets/main-ABCDEFGH.js": SCRIPT,
    "assets/icon-0a1b2c3d.png": b"\x89PNG",
    "assets/zxing_reader-ABCDEFGH.wasm": b"\0asm",
    "assets/notes.txt": b"no",
}


def client(folder: Path) -> httpx2.AsyncClient:
    app = Starlette(
        routes=shell.routes(folder),
        middleware=[Middleware(Shield), Middleware(GZipMiddleware, minimum_size=800)],
        exception_handlers={Problem: problem_response},
    )
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://tablet.test")


@pytest.fixture
def built(tmp_path: Path) -> httpx2.AsyncClient:
    (tmp_path / "assets").mkdir()
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    return client(tmp_path)


@pytest.mark.parametrize(
    "path", ["/tablet/", "/tablet/sw.js", "/tablet/manifest.webmanifest", "/tablet/village/1"]
)
async def test_what_keeps_its_name_is_asked_for_anew(built: httpx2.AsyncClient, path: str) -> None:
    answer = await built.get(path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"


async def test_each_file_is_what_it_says(built: httpx2.AsyncClient) -> None:
    kinds = {
        "": "text/html; charset=utf-8",
        "sw.js": "text/javascript; charset=utf-8",
        "manifest.webmanifest": "application/manifest+json",
        "assets/main-ABCDEFGH.js": "text/javascript; charset=utf-8",
        "assets/zxing_reader-ABCDEFGH.wasm": "application/wasm",
        "assets/icon-0a1b2c3d.png": "image/png",
    }
    told = {path: (await built.get(f"/tablet/{path}")).headers["content-type"] for path in kinds}
    assert told == kinds


async def test_a_hashed_file_is_kept_for_ever_and_packed_once(built: httpx2.AsyncClient) -> None:
    path = "/tablet/assets/main-ABCDEFGH.js"
    packed = await built.get(path, headers={"accept-encoding": "gzip"})
    plain = await built.get(path, headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) == len(gzip.compress(SCRIPT, 9, mtime=0))
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content == SCRIPT
    for answer in (packed, plain):
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert "accept-encoding" in answer.headers["vary"].lower()


@pytest.mark.parametrize(
    "path",
    [
        "assets/notes.txt",
        "assets/main-HGFEDCBA.js",
        "assets/..%2Findex.html",
        "assets/%2E%2E%2Fsw.js",
        "index.html",
        "sw.js.map",
    ],
)
async def test_nothing_else_lies_there(built: httpx2.AsyncClient, path: str) -> None:
    assert (await built.get(f"/tablet/{path}")).status_code == 404


async def test_rights_go_no_further_than_the_tablet(built: httpx2.AsyncClient) -> None:
    policy = (await built.get("/tablet/")).headers["content-security-policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["script-src"] == "'self' 'wasm-unsafe-eval'"
    assert rules["worker-src"] == rules["connect-src"] == rules["style-src"] == "'self'"
    assert rules["img-src"] == "'self' data: blob:"
    assert "wasm" not in (await built.get("/elsewhere")).headers["content-security-policy"]


async def test_the_address_without_its_slash_leads_in(built: httpx2.AsyncClient) -> None:
    answer = await built.get("/tablet")
    assert (answer.status_code, answer.headers["location"]) == (308, "/tablet/")


async def test_without_a_build_it_says_so(tmp_path: Path) -> None:
    async with client(tmp_path) as bare:
        answer = await bare.get("/tablet/")
        worker = await bare.get("/tablet/sw.js")
    assert answer.status_code == 503 and worker.status_code == 404
    assert "./dev setup" in answer.text and "平板端" in answer.text
    assert answer.headers["cache-control"] == "no-store"
