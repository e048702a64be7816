"""A draft's backup: newest wins, the author alone sees it, a deposit puts it, a submission ends it."""

from uuid import uuid4

import httpx2
import pytest

from offline_sync import drafts
from offline_sync.models import Draft
from tests.offline_sync.tablet import Tablet, visit


async def put(tablet: Tablet, inspection: str, rev: int, doc: object, **more: object) -> httpx2.Response:
    return await tablet.http.put(
        f"/api/drafts/{inspection}", json={"rev": rev, "doc": doc}, headers=more.get("headers", tablet.auth)
    )  # type: ignore[arg-type]


async def test_the_newest_is_kept_and_an_older_one_changes_nothing(inspector: Tablet) -> None:
    name = str(uuid4())
    assert (await put(inspector, name, 3, {"a": ["三"]})).status_code == 204
    assert (await put(inspector, name, 2, {"a": "旧"})).status_code == 204
    told = (await inspector.http.get(f"/api/drafts/{name}", headers=inspector.auth)).json()
    assert (told["rev"], told["doc"]) == (3, {"a": ["三"]}) and told["heard_at"]
    await put(inspector, name, 4, {"a": "新"})
    assert (await inspector.http.get(f"/api/drafts/{name}", headers=inspector.auth)).json()["doc"] == {
        "a": "新"
    }
    listed = (await inspector.http.get("/api/drafts", headers=inspector.auth)).json()["drafts"]
    assert listed == [{"inspection": name, "rev": 4}] and await Draft.all().count() == 1


async def test_nobody_else_sees_it(inspector: Tablet, town: Tablet) -> None:
    name = str(uuid4())
    await put(inspector, name, 1, {"secret": "草稿"})
    assert (await town.http.get(f"/api/drafts/{name}", headers=town.auth)).status_code == 404
    assert (await town.http.get("/api/drafts", headers=town.auth)).json() == {"drafts": []}
    await put(town, name, 9, {"mine": 1})
    assert (await inspector.http.get(f"/api/drafts/{name}", headers=inspector.auth)).json()["rev"] == 1
    assert (await town.http.get(f"/api/drafts/{name}")).status_code == 401


async def test_a_deposit_puts_and_reads_nothing(inspector: Tablet) -> None:
    name = str(uuid4())
    assert (await put(inspector, name, 1, {}, headers=inspector.deposit)).status_code == 204
    answer = await inspector.http.get(f"/api/drafts/{name}", headers=inspector.deposit)
    assert (answer.status_code, answer.json()["error"]) == (403, "deposit_only")


async def test_handed_in_it_is_a_draft_no_more(inspector: Tablet) -> None:
    args = visit(inspector)
    await put(inspector, args["inspection"], 1, {})
    assert (await inspector.do("inspection.submit", args))["status"] == "applied"
    assert (
        await inspector.http.get(f"/api/drafts/{args['inspection']}", headers=inspector.auth)
    ).status_code == 404
    assert (await inspector.http.get("/api/drafts", headers=inspector.auth)).json() == {"drafts": []}


async def test_what_is_no_draft(inspector: Tablet, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await put(inspector, "nonsense", 1, {})).status_code == 404
    assert (await put(inspector, str(uuid4()), -1, {})).status_code == 422
    large = await put(inspector, str(uuid4()), 1, "字" * 300_000)
    assert large.status_code == 413 and "草稿备份" in large.json()["message"]
    monkeypatch.setattr(drafts, "MOST", 1)
    await put(inspector, str(uuid4()), 1, {})
    assert (await put(inspector, str(uuid4()), 1, {})).status_code == 413


async def test_a_draft_that_ended_is_offered_no_more_and_may_begin_anew(inspector: Tablet) -> None:
    name = str(uuid4())
    await put(inspector, name, 2, {"a": 1})
    assert (await put(inspector, name, 4, None)).status_code == 204
    assert (await inspector.http.get("/api/drafts", headers=inspector.auth)).json() == {"drafts": []}
    assert (await inspector.http.get(f"/api/drafts/{name}", headers=inspector.auth)).status_code == 404
    await put(inspector, name, 2, {"a": "late"})
    assert (await inspector.http.get(f"/api/drafts/{name}", headers=inspector.auth)).status_code == 404
    await put(inspector, name, 6, {"a": 2})
    assert (await inspector.http.get(f"/api/drafts/{name}", headers=inspector.auth)).json()["rev"] == 6
