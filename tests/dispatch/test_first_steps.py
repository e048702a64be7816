"""The first page of a new district: what is to be done first, until there is a round; the slip of a house without address."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import offline_sync.pages
import villages.pages
from tests.dispatch.press_house import House, house
from villages.models import DistrictHead


@pytest.fixture
async def press(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as made:
        made.app.router.routes.extend([*offline_sync.pages.routes, *villages.pages.routes])
        await DistrictHead.filter(kind="demo").update(kind="real")
        yield made


async def today(press: House, name: str) -> str:
    headers, _ = await press.desk(name)
    answer = await press.http.get("/", headers=headers)
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


async def test_the_first_steps_are_told_until_a_round_is_opened(press: House) -> None:
    admin, office = await today(press, "admin"), await today(press, "office")
    assert "开始使用" in admin and "开通区级办公室账号 已办" in admin and "开启第一个批次" not in admin
    assert "已开通 2 个镇街，共 9 个" in office and "开启第一个批次" in office
    assert "设置对外网址 已办" not in office and "设置对外网址" in office
    assert "开通检查员账号，登记平板 已办" in office
    for name in ("li", "zhang", "an"):
        assert "开始使用" not in await today(press, name)
    await press.round()
    assert "开始使用" not in await today(press, "office")


async def test_without_an_address_a_slip_has_no_code_and_a_tablet_gets_none(press: House) -> None:
    headers, token = await press.desk("admin")
    person = press.people["an"].id
    slip = await press.http.post(
        f"/people/{person}/reset", data={"csrf": token}, headers={**headers, "Host": "evil.example"}
    )
    assert slip.status_code == 200 and "一次性密码" in slip.text, "the password is not lost"
    assert "evil.example" not in slip.text and "data:image/png" not in slip.text
    enrol = await press.http.post(f"/people/{person}/enrol", data={"csrf": token}, headers=headers)
    assert enrol.status_code == 409 and "manage.py address" in enrol.text
