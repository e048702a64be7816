"""A house that serves before its district was founded: up, and saying what is to be done."""

from pathlib import Path

import httpx2

from app import make_app
from tests import worlds
from villages.districts import found_district


async def test_an_empty_house_says_so_until_it_is_founded(tmp_path: Path) -> None:
    app = make_app(worlds.migrated(tmp_path / "empty"))
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://xuncun.test") as client,
    ):
        assert (await client.get("/healthz")).json() == {"status": "ok", "district": None, "rev": 0}
        for path in ("/", "/sign-in", "/tablet/", "/verify/ABCD"):
            page = await client.get(path)
            assert page.status_code == 503 and "还没有建区" in page.text, path
        asked = {"name": "admin", "password": "x", "device": {"id": "d"}}
        told = await client.post("/api/session", json=asked)
        assert (told.status_code, told.json()["error"]) == (503, "no_district")
        assert (await client.get("/static/tokens.css")).status_code == 200
        await found_district("110109", "门头沟区", "real")
        assert (await client.get("/sign-in")).status_code == 200
        assert (await client.get("/healthz")).json()["district"] == "110109"
