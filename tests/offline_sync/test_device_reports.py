"""A device's own report on the wire, and the office's page about devices."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from starlette.applications import Starlette

from offline_sync import device_list
from offline_sync.device_reports import LOW, marks
from offline_sync.models import Device, DeviceReport, Replica
from tests.dispatch.desk_house import at_desk, counted, said
from tests.offline_sync.tablet import Tablet, visit
from villages.ground import clock
from villages.models import Change

GIB = 1024**3


def word(**more: Any) -> dict[str, Any]:
    """A report of a device on which all is well."""
    told = {
        "build": "c7dc9ece", "platform": "Linux; Android 12; SCMR-W09",
        "storage": {"used": 2 * GIB, "quota": 40 * GIB, "persisted": True},
        "waiting": {"commands": 0, "photos": 0, "bytes": 0, "oldest_seconds": None},
        "skew_ms": 1500, "last_ok": clock.rfc3339(clock.now()), "bytes_per_second": 180_000,
    }  # fmt: skip
    return told | more


async def test_the_newest_word_of_a_device_is_kept_outside_the_trail(inspector: Tablet) -> None:
    before = await Change.all().count()
    waits = {"commands": 3, "photos": 12, "bytes": 4_100_000, "oldest_seconds": 5 * 86_400}
    assert (await inspector.post("/api/sync/report", word())).status_code == 204
    told = await inspector.post(
        "/api/sync/report", word(waiting=waits, skew_ms=-900_000), headers=inspector.deposit
    )
    assert told.status_code == 204, "a deposit token may say it too"
    [row] = await DeviceReport.all()
    assert (row.device, row.commands, row.photos, row.photo_bytes) == (
        UUID(inspector.device),
        3,
        12,
        4_100_000,
    )
    assert row.oldest and abs(clock.now() - row.oldest - timedelta(days=5)) < timedelta(minutes=1)
    assert (row.skew_seconds, row.persisted, row.bytes_per_second) == (-900, True, 180_000)
    assert await Change.all().count() == before


async def test_a_word_without_sense_is_refused_and_a_short_one_is_enough(inspector: Tablet) -> None:
    for wrong in ({"storage": {"used": -1}}, {"waiting": {"commands": "three"}}, {"skew_ms": 1e40}):
        assert (await inspector.post("/api/sync/report", wrong)).status_code == 422
    assert (await inspector.http.post("/api/sync/report", json=word())).status_code == 401
    assert not await DeviceReport.all().count()
    ages = {"waiting": {"commands": 1, "oldest_seconds": 2**52}}
    for fine in ({}, {"nobody": "knows this"}, ages):
        assert (await inspector.post("/api/sync/report", fine)).status_code == 204
    assert await DeviceReport.all().count() == 1


async def test_hello_says_when_a_device_was_last_heard_of(inspector: Tablet) -> None:
    old = clock.now() - timedelta(days=30)
    await Replica.filter(id=inspector.replica).update(seen=old)
    body = {"replica": inspector.replica, "device": inspector.device}
    assert (await inspector.post("/api/sync/hello", body)).status_code == 200
    assert (await Replica.get(id=inspector.replica)).seen > old


def row(**more: Any) -> DeviceReport:
    plain: dict[str, Any] = {
        "used": GIB, "quota": 40 * GIB, "commands": 0, "photos": 0, "oldest": None, "skew_seconds": 3, "build": "b2"
    }  # fmt: skip
    return DeviceReport(device=UUID(int=1), district="110109", heard_at=clock.now(), **(plain | more))


@pytest.mark.parametrize(
    ("report", "days", "found"),
    [
        (row(), 0, []),
        (row(), 6.9, []),
        (row(), 7.1, ["silent"]),
        (None, 0, []),
        (None, None, ["silent"]),
        (row(quota=GIB + LOW - 1), 0, ["space"]),
        (row(quota=GIB + LOW), 0, []),
        (row(quota=GIB - 5), 0, ["space"]),
        (row(used=None), 0, []),
        (row(skew_seconds=600), 0, []),
        (row(skew_seconds=-601), 0, ["clock"]),
        (row(skew_seconds=None), 0, []),
        (row(build="b1"), 0, ["build"]),
        (row(build=""), 0, []),
        (row(commands=1, oldest=clock.now() - timedelta(days=2.9)), 0, []),
        (row(commands=1, oldest=clock.now() - timedelta(days=3.1), build="b1", skew_seconds=999), 8,
         ["waiting", "silent", "clock", "build"]),
    ],
)  # fmt: skip
def test_what_the_office_should_look_at(
    report: DeviceReport | None, days: float | None, found: list[str]
) -> None:
    heard = None if days is None else clock.now() - timedelta(days=days)
    assert marks(report, heard, "b2") == found


async def test_the_page_says_what_is_wrong_and_nothing_of_diligence(
    app: Starlette, http: httpx2.AsyncClient, inspector: Tablet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_list, "build_name", lambda: "c7dc9ece")
    await inspector.do("inspection.submit", visit(inspector))
    await Device.filter(id=inspector.device).update(label="01 平板")
    await inspector.post("/api/sync/report", word())
    await inspector.post("/api/sync/hello", {"replica": inspector.replica, "device": inspector.device})
    ill = await Tablet(http, "inspector2").sign_in()
    await ill.post("/api/sync/hello", {"replica": ill.replica, "device": ill.device})
    waits = {"commands": 3, "photos": 12, "bytes": 4_100_000, "oldest_seconds": 5 * 86_400}
    room = {"used": GIB, "quota": GIB + 100 * 1024**2, "persisted": False}
    await ill.post("/api/sync/report", word(waiting=waits, storage=room, skew_ms=-900_000, build="0ld0ld00"))
    async with at_desk(app, "office") as office:
        page = said(await office.get("/devices"))
        for words in ("有内容久未上传", "空间不足", "时钟不准", "版本较旧", "3 项、照片 12 张（4.1 MB）", "最久 5 天",
                      "系统未允许长期保存", "快 15 分钟"):  # fmt: skip
            assert words in page, words
        assert page.rindex("有内容久未上传") < page.index("01 平板"), "what presses stands first"
        assert "次检查" not in page and "得分" not in page
        look = said(await office.get("/devices?show=look"))
        assert "01 平板" not in look and "1 台" in look
        assert "没有找到“nobody”" in said(await office.get("/devices?q=nobody"))
        assert "01 平板" in said(await office.get("/devices?q=01"))
        assert "没有停用过平板" in said(await office.get("/devices?show=off"))
        form = await office.form("/devices", f"{ill.device}/revocation")
        assert (await office.send(form)).status_code == 303
        assert "没有要留意的平板" in said(await office.get("/devices?show=look"))
        assert "已停用" in said(await office.get("/devices?show=off"))


async def test_hundreds_of_devices_are_one_page_and_as_many_questions(
    app: Starlette, inspector: Tablet
) -> None:
    many = [
        Device(id=UUID(int=n + 1), district="110109", label=f"平板{n:03}", first_seen=clock.now(), rev=1)
        for n in range(260)
    ]
    async with at_desk(app, "office") as office:
        with counted() as few:
            await office.get("/devices")
        await Device.bulk_create(many)
        with counted() as asked:
            html = await office.get("/devices")
    page = said(html)
    assert 0 < len(few) == len(asked)
    assert html.count('<th scope="row">') == 200
    assert "只显示前 200 台" in page and "261 台" in page and "多天没有联网 260 台" in page
