"""村牌: links that nobody can make up, pages that tell nobody's name, sheets whose codes can be read off the paper."""

import io
import re
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

import inspections.pages
import villages.pages
from tests.dispatch.press_house import BASE, FAR_TOWN, TOWN, VILLAGE, House, Sheet, house
from villages.models import DistrictHead, Person, Village
from villages.plates import plate_code, plate_path

SECRET = b"a district's secret, thirty-two b"


@pytest.fixture
async def press(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as made:
        made.app.router.routes.extend([*inspections.pages.routes, *villages.pages.routes])
        yield made


def test_every_changed_letter_is_noticed() -> None:
    path = plate_path(SECRET, VILLAGE)
    token = path.removeprefix("/p/")
    assert re.fullmatch(r"/p/110109005201\.[A-Z2-7]{16}", path)
    assert plate_code(SECRET, token) == VILLAGE
    assert plate_code(b"another secret", token) is None
    for at, char in enumerate(token):
        for other in "1A7":
            if other != char:
                assert plate_code(SECRET, token[:at] + other + token[at + 1 :]) is None, (at, other)
    swapped = VILLAGE[:-1] + "2" + token[12:]
    for odd in (
        swapped,
        token[:-1],
        token + "A",
        token.lower(),
        "",
        ".",
        "１" * 12 + token[12:],
        token + "\n",
    ):
        assert plate_code(SECRET, odd) is None, odd


def _path(press: House, code: str = VILLAGE) -> str:
    return plate_path(press.app.state.secret, code)


async def test_the_page_tells_the_published_grade_and_nothing_else(press: House) -> None:
    empty = await press.get(_path(press))
    assert empty.status_code == 200 and "安家庄村" in empty.text and "还没有已公布的检查结果" in empty.text
    found = await press.round()
    visit = await press.hand_in(Sheet(), found, village_remarks="王书记电话不要公开")
    before = await press.get(_path(press))
    assert "还没有已公布" in before.text, "what is not published is nobody's business yet"
    await press.publish(found)
    self_check = await press.round("2026-11-Z", "镇级自查", owner=TOWN, type="self")
    poor = Sheet()
    poor.set("RE-2.3", value="10")
    await press.hand_in(poor, self_check)
    await press.publish(self_check)
    await Village.filter(code=VILLAGE).update(head_name="王建国", head_phone="13800001111")
    shown = (await press.get(_path(press))).text
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", shown))
    assert "农村人居环境 优秀" in text and "王平镇" in text and "检查" in text
    people = [person.title for person in await Person.all()] + ["王建国", "13800001111", "王书记", "电话"]
    assert [name for name in people if name in shown] == []
    assert str(visit.id) not in shown and str(visit.score) not in shown and "/inspections/" not in shown


async def test_a_wrong_signature_is_not_found(press: House) -> None:
    good = _path(press)
    for bad in (
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        "/p/110109005201",
        "/p/x",
        good.replace("201", "202", 1),
    ):
        answer = await press.get(bad)
        assert answer.status_code == 404 and "没有这块村牌" in answer.text, bad
    nowhere = plate_path(press.app.state.secret, "110109999999")
    assert (await press.get(nowhere)).status_code == 404


def _read(pdf: bytes, folder: Path) -> dict[int, list[str]]:
    """The codes on each page, read off the raster as a phone's camera would."""
    (folder / "plates.pdf").write_bytes(pdf)
    command = ["pdftoppm", "-r", "110", "-png", str(folder / "plates.pdf"), str(folder / "sheet")]
    subprocess.run(command, check=True, timeout=60)
    pictures = sorted(folder.glob("sheet*.png"))
    return {
        number: sorted(code.text for code in zxingcpp.read_barcodes(Image.open(io.BytesIO(one.read_bytes()))))
        for number, one in enumerate(pictures, 1)
    }


async def test_the_towns_sheets_can_be_scanned(press: House, tmp_path: Path) -> None:
    headers, _ = await press.desk("li")
    assert "打印村牌" in (await press.http.get("/villages", headers=headers)).text
    page = (await press.http.get("/plates", headers=headers)).text
    assert VILLAGE in page and FAR_TOWN not in page
    answer = await press.http.get(f"/plates.pdf?town={TOWN}", headers=headers)
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/pdf"
    codes = sorted([str(one) for one in await Village.filter(town=TOWN).values_list("code", flat=True)])
    pages = _read(answer.content, tmp_path)
    assert len(pages) == -(-len(codes) // 4)
    assert sorted(code for ones in pages.values() for code in ones) == sorted(
        BASE + _path(press, code) for code in codes
    )
    [scanned] = [one for one in pages[1] if VILLAGE in one]
    assert (await press.get(scanned.removeprefix(BASE))).status_code == 200
    text = subprocess.run(
        ["pdftotext", str(tmp_path / "plates.pdf"), "-"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "安家庄村" in text.stdout and not [p.title for p in await Person.all() if p.title in text.stdout]


async def test_who_may_print_and_which(press: House) -> None:
    for name, path, status in (
        ("li", f"/plates.pdf?village={VILLAGE}", 200),
        ("li", f"/plates.pdf?town={FAR_TOWN}", 422),  # none of theirs
        ("li", "/plates.pdf", 422),
        ("an", "/plates", 403),
        ("an", f"/plates.pdf?village={VILLAGE}", 403),
        ("zhang", "/plates", 403),
        ("office", "/plates", 200),
    ):
        headers, _ = await press.desk(name)
        assert (await press.http.get(path, headers=headers)).status_code == status, (name, path)


async def test_a_real_district_prints_no_plate_without_an_address(press: House) -> None:
    await DistrictHead.filter(kind="demo").update(kind="real")
    headers, _ = await press.desk("office")
    refused = await press.http.get(f"/plates.pdf?village={VILLAGE}", headers=headers)
    assert refused.status_code == 409 and "manage.py address" in refused.text
