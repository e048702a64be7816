"""What a program is told where the frame around the wire turns it away: JSON with a code, as from every other door."""

import base64
import gzip
import json
from uuid import uuid4

import httpx2
import pytest

from tests.offline_sync.tablet import Tablet, photo, picture
from villages.shield import GUARDED


@pytest.mark.parametrize("path", ["/api/session", "/api/enrol"])
async def test_who_knocks_too_often_is_told_in_json(http: httpx2.AsyncClient, path: str) -> None:
    for _ in range(GUARDED[path]):
        assert (await http.post(path, content=b"{")).status_code == 400
    answer = await http.post(path, content=b"{")
    assert answer.status_code == 429
    assert answer.json()["error"] == "too_many" and answer.json()["message"]
    assert answer.headers["retry-after"] == str(answer.json()["seconds"])
    assert answer.headers["content-type"] == "application/json"


async def test_a_name_that_cannot_be_is_told_in_json(http: httpx2.AsyncClient, inspector: Tablet) -> None:
    for answer in (
        await http.get("/api/drafts/%00"),
        await http.get("/inspections/%00/scorecard.pdf", headers=inspector.auth),
    ):
        assert answer.status_code == 404 and answer.json()["error"] == "not_found"
    assert (await http.get("/villages/%00")).headers["content-type"].startswith("text/plain")


async def test_a_method_that_is_not_spoken_names_those_that_are(http: httpx2.AsyncClient) -> None:
    for method, path, allowed in (
        ("GET", "/api/sync/push", "POST"),
        ("GET", "/api/session", "DELETE, POST"),
        ("DELETE", "/api/drafts/x", "GET, HEAD, PUT"),
        ("GET", "/api/tus/" + "a" * 64, "HEAD, OPTIONS, PATCH, POST"),
    ):
        answer = await http.request(method, path)
        assert answer.status_code == 405 and answer.json()["error"] == "method"
        assert answer.headers["allow"] == allowed, path


async def test_gzip_is_gzip_however_it_is_called_and_cut(inspector: Tablet) -> None:
    body = json.dumps({"replica": inspector.replica, "commands": []}).encode()
    parts = gzip.compress(body[:20]) + gzip.compress(body[20:])
    for name, sent in (("GZIP", gzip.compress(body)), ("x-gzip", gzip.compress(body)), ("gzip", parts)):
        headers = inspector.auth | {"Content-Encoding": name}
        answer = await inspector.http.post("/api/sync/push", content=sent, headers=headers)
        assert answer.status_code == 200, (name, answer.text)
    empty = gzip.compress(b"") * 60_000  # unpacks to nothing
    for bombs in (gzip.compress(b"{}") + gzip.compress(b" " * 50_000_000), gzip.compress(body) + empty):
        answer = await inspector.http.post("/api/sync/push", content=bombs, headers=headers)
        assert answer.status_code == 413


async def test_an_upload_may_tell_more_than_we_ask(inspector: Tablet) -> None:
    """tus lets a program put any keys beside ours, with any bytes as value or none."""
    data = picture("多说几句")
    shot = photo(data)
    told = await inspector.do("inspection.evidence", {"inspection": str(uuid4()), "photos": [shot]})
    assert told["status"] == "applied"
    more = {
        "sha256": shot["sha256"].encode(),
        "name": "照片\u3000一.jpg".encode(),
        "raw": b"\xff\0",
        "odd": b"",
    }
    pairs = ",".join(f"{key} {base64.b64encode(value).decode()}".strip() for key, value in more.items())
    answer = await inspector.http.post(
        "/api/tus",
        headers=inspector.auth
        | {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(data)), "Upload-Metadata": pairs},
    )
    assert answer.status_code == 201, answer.text
