"""The office's page: opened, looked at, imported, looked at again; and who may not."""

import re

import httpx2
import pytest
from starlette.applications import Starlette

from offline_sync.models import Command
from offline_sync.rescue import pages
from tests.dispatch.desk_house import Desk, at_desk, form_in
from tests.offline_sync.rescue.maker import Maker, draft_id
from tests.offline_sync.rescue.test_import import revs, sealed
from tests.offline_sync.tablet import Tablet


async def upload(office: Desk, data: bytes, passphrase: str = "", **more: str) -> httpx2.Response:
    token = re.search(r'name="csrf" value="([0-9a-f]+)"', await office.get("/held/rescue"))
    assert token
    fields = {"csrf": token[1], "passphrase": passphrase, **more}
    return await office.http.post("/held/rescue", data=fields, files={"file": ("rescue.zip", data)})


async def test_looked_at_then_imported_then_each_verdict(app: Starlette, inspector: Tablet) -> None:
    maker, command, _ = await sealed(inspector)
    maker.drafts[draft_id()] = (2, {"a": 1})
    async with at_desk(app, "office") as office:
        assert "/held/rescue" in await office.get("/held")
        before = await revs()
        sent = await upload(office, maker.locked("山路漫漫八个字"), "山路漫漫八个字")
        assert sent.status_code == 303, sent.text
        path = sent.headers["location"]
        page = await office.get(path)
        assert "操作 1 条、照片 2 张、草稿 1 份" in page and "封签核对无误" in page and "待导入" in page
        assert await revs() == before, "looking writes nothing"
        done = await office.send(form_in(page, "/import"))
        assert done.headers["location"] == f"{path}?done=rescue.import"
        page = await office.get(path)
        assert "不用再导入" in page and f"/inspections/{command['args']['inspection']}" in page
        assert "/import" not in page
        trail = await office.get("/trail?verb=rescue.import")
        assert "导入救援包" in trail
        await office.send(form_in(page, "/removal"))
        assert (await office.http.get(path)).status_code == 404


async def test_unproven_it_says_so_and_leads_to_what_waits(app: Starlette, inspector: Tablet) -> None:
    maker, command, _ = await sealed(inspector)
    maker.seal = False
    async with at_desk(app, "office") as office:
        path = (await upload(office, maker.zip())).headers["location"]
        page = await office.get(path)
        assert "不能证明出自本人的平板" in page
        await office.send(form_in(page, "/import"))
        assert f"/held/{command['id']}" in await office.get(path)
        held = await office.get(f"/held/{command['id']}")
        assert "待核对是否本人所写" in held and "请先向本人核对" in held
        assert (await office.send(form_in(held, "/approval"))).status_code == 303
    assert (await Command.get(id=command["id"])).decision == "approved"


async def test_what_is_wrong_is_said_on_the_form(
    app: Starlette, inspector: Tablet, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = Maker(inspector).locked("山路漫漫八个字")
    async with at_desk(app, "office") as office:
        wrong = await upload(office, locked, "错的口令")
        assert wrong.status_code == 422 and "口令不正确" in wrong.text and 'name="file"' in wrong.text
        assert "请输入导出时设定的口令" in (await upload(office, locked)).text
        assert "请先选择" in (await upload(office, b"")).text
        assert (await upload(office, locked, csrf="0" * 40)).status_code == 403
        assert (await office.http.get("/held/rescue/" + "0" * 64)).status_code == 404
        assert (await office.http.get("/held/rescue/..%2f..%2fsecret.key")).status_code == 404
        elsewhere = Maker(inspector, told={"district": "110111"}).zip()
        path = (await upload(office, elsewhere)).headers["location"]
        answer = await office.http.get(path)
        assert answer.status_code == 409 and "属于另一个区" in answer.text
        monkeypatch.setattr(pages, "MOST", 100)
        assert (await upload(office, locked)).status_code == 413


async def test_only_the_office(app: Starlette, inspector: Tablet) -> None:
    for name in ("town", "village", "admin"):
        async with at_desk(app, name) as other:
            assert (await other.http.get("/held/rescue")).status_code == 403
            assert (await other.http.get("/held/rescue/" + "0" * 64)).status_code == 403
            assert (await other.http.post("/held/rescue/" + "0" * 64 + "/import")).status_code == 403
    assert inspector.me
