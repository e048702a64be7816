"""What the office and the town decide on an inspection's page: 一票否决, photos that will not come."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from dispatch.card_data import compose
from dispatch.card_read import read_card
from dispatch.pages import inspection as inspection_pages
from inspections.models import Inspection, Photo
from inspections.publish import publish_round
from offline_sync.rows import inspections as told_rows
from offline_sync.rows import photos as photo_rows
from tests.dispatch.press_house import House, Sheet, drawn, house, run
from villages.ground.database import rows
from villages.ground.problems import Problem
from villages.models import Change, ChangeBody


@pytest.fixture
async def press(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as made:
        made.app.router.routes.extend(inspection_pages.routes)
        yield made


async def vetoed(press: House, *, second: str = "liu") -> Inspection:
    """A visit with a claim of 一票否决 on an item that has one."""
    found = await press.round()
    sheet = Sheet()
    plain = await press.hand_in(Sheet("110109005202"), found)
    item = next(one for one in (await read_card(plain.id)).checklist.items if one.veto)
    sheet.answers[item.code]["veto"] = {"text": "污水直排入河", "second": str(press.people[second].id)}
    return await press.hand_in(sheet, found)


async def post(press: House, name: str, visit: Inspection, path: str, **fields: Any) -> httpx2.Response:
    headers, token = await press.desk(name)
    data = {"csrf": token, **fields}
    return await press.http.post(f"/inspections/{visit.id}/{path}", data=data, headers=headers)


async def page(press: House, name: str, visit: Inspection) -> str:
    headers, _ = await press.desk(name)
    answer = await press.http.get(f"/inspections/{visit.id}", headers=headers)
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.text))


def item_of(visit: Inspection) -> str:
    return next(row["item"] for row in visit.answers if "veto" in row)


async def test_the_office_refuses_a_confirmed_claim_and_the_grade_follows(press: House) -> None:
    visit = await vetoed(press)
    item = item_of(visit)
    assert visit.vetoed and visit.grade == "fail"
    assert "区级办公室还没有认定，暂按不合格计" in await page(press, "office", visit)
    answer = await post(press, "office", visit, f"vetoes/{item}/refused", reason="排口为雨水口")
    assert answer.status_code == 303 and answer.headers["location"].endswith("?done=veto.decide")
    now = await Inspection.get(id=visit.id)
    assert (now.vetoed, now.grade, now.score) == (False, "excellent", visit.score)
    assert now.document == visit.document
    line = await Change.get(verb="veto.decide")
    assert (line.subject_id, line.rev, line.post) == (str(visit.id), now.rev, "district_office")
    body = (await ChangeBody.get(id=line.id)).body
    assert body and '"grade":["fail","excellent"]' in body and "排口为雨水口" in body and item in body
    (told,) = compose(await read_card(visit.id))["sheets"][0]["vetoes"]
    assert told.endswith("；区级办公室不予认定（排口为雨水口），等级按得分评定")
    assert "不予认定" in await page(press, "an", now)
    [row] = await told_rows(await rows("SELECT * FROM inspection WHERE id = ?", str(visit.id)))
    assert row["vetoed"] is False
    assert next(one for one in row["answers"] if one["item"] == item)["veto"]["decision"]["upheld"] is False


async def test_the_office_upholds_what_only_one_inspector_claimed(press: House) -> None:
    visit = await vetoed(press, second="zhang")  # the author: confirmed by nobody else
    assert not visit.vetoed
    assert "暂不影响等级" in await page(press, "office", visit)
    before = compose(await read_card(visit.id))["sheets"][0]
    assert "未生效" in before["vetoes"][0]
    assert not any(row["veto"] for part in before["sections"] for row in part["items"])
    answer = await post(press, "office", visit, f"vetoes/{item_of(visit)}/upheld", reason="现场复核属实")
    assert answer.status_code == 303
    now = await Inspection.get(id=visit.id)
    assert (now.vetoed, now.grade, now.score) == (True, "fail", visit.score)
    after = compose(await read_card(visit.id))["sheets"][0]
    assert after["result"]["grade"] == "不合格"
    assert "区级办公室认定（现场复核属实），等级为不合格" in after["vetoes"][0]
    assert any(row["veto"] for part in after["sections"] for row in part["items"])


async def test_nothing_is_published_before_the_decision_and_nothing_decided_after(press: House) -> None:
    visit = await vetoed(press)
    missing = 14
    found = visit.round_id  # type: ignore[attr-defined]
    with pytest.raises(Problem) as refused:
        await run(lambda line: publish_round(line, found, confirm_missing=missing), "round.publish")
    assert "一票否决还没有认定" in refused.value.sentence
    for decision in ("upheld", "refused", "upheld"):  # until then it may be decided anew
        answer = await post(press, "office", visit, f"vetoes/{item_of(visit)}/{decision}", reason="核实")
        assert answer.status_code == 303
    done = await run(lambda line: publish_round(line, found, confirm_missing=missing), "round.publish")
    assert done.inspections == 2
    late = await post(press, "office", visit, f"vetoes/{item_of(visit)}/refused", reason="再看")
    assert late.status_code == 422 and "等级不再变动" in late.text
    assert (await Inspection.get(id=visit.id)).grade == "fail"


async def test_only_the_office_decides_with_a_reason_on_what_was_claimed(press: House) -> None:
    visit = await vetoed(press)
    item, count = item_of(visit), await Change.all().count()
    for name, status in (("li", 403), ("zhang", 403), ("an", 403), ("far", 404)):
        assert (await post(press, name, visit, f"vetoes/{item}/refused", reason="x")).status_code == status
        if status == 403:
            assert "不予认定</button>" not in await page(press, name, visit)
    bare = await post(press, "office", visit, f"vetoes/{item}/refused", reason=" ")
    assert bare.status_code == 422 and "请写明认定或不认定的理由" in bare.text
    assert (await post(press, "office", visit, "vetoes/RE-1.1/upheld", reason="x")).status_code == 404
    assert (await post(press, "office", visit, f"vetoes/{item}/maybe", reason="x")).status_code == 404
    headers, _ = await press.desk("office")
    path = f"/inspections/{visit.id}/vetoes/{item}/refused"
    assert (await press.http.post(path, data={"reason": "x"}, headers=headers)).status_code == 403
    assert await Change.all().count() == count


async def lacking(press: House) -> tuple[Inspection, Photo]:
    sheet = Sheet()
    sheet.found("RE-1.1", "后街", "散落垃圾", [sheet.shot(1), sheet.shot(2, here=False)])
    visit = await press.hand_in(sheet, await press.round())
    return visit, await Photo.get(state="expected")


async def test_a_photo_that_will_not_come_is_waived_by_the_town(press: House) -> None:
    visit, photo = await lacking(press)
    shown = await page(press, "li", visit)
    assert "照片缺 1 张" in shown and "整改前 · RE-1.1 · 后街 散落垃圾" in shown
    answer = await post(press, "li", visit, "waivers", **{"photos[]": str(photo.id), "reason": "平板摔坏"})
    assert answer.status_code == 303
    now = await Photo.get(id=photo.id)
    line = await Change.get(verb="photo.waive")
    assert (now.state, now.rev) == ("waived", line.rev)
    assert (line.subject_kind, line.subject_id, line.home) == ("inspection", str(visit.id), visit.village)
    body = (await ChangeBody.get(id=line.id)).body
    assert body and "平板摔坏" in body and photo.sha256 in body
    [row] = await photo_rows(await rows("SELECT * FROM photo WHERE id = ?", str(photo.id)))
    assert row["state"] == "waived"
    after = await page(press, "li", visit)
    assert "照片缺" not in after and "已免补" in after
    again = await post(press, "li", visit, "waivers", **{"photos[]": str(photo.id), "reason": "再来"})
    assert again.status_code == 422
    await press.arrive(drawn(2))  # what comes after all is taken
    assert (await Photo.get(id=photo.id)).state == "stored"


async def test_what_may_not_be_waived(press: House) -> None:
    visit, photo = await lacking(press)
    here = await Photo.filter(state="stored").first()
    other = await press.hand_in(Sheet("110109005202"), await press.round("2026-11-N", "另一批"))
    assert here
    count = await Change.all().count()
    for name, at, fields, status in (
        ("an", visit, {"photos[]": str(photo.id), "reason": "x"}, 403),
        ("zhang", visit, {"photos[]": str(photo.id), "reason": "x"}, 403),
        ("far", visit, {"photos[]": str(photo.id), "reason": "x"}, 404),
        ("office", visit, {"photos[]": str(photo.id), "reason": ""}, 422),
        ("office", visit, {"reason": "x"}, 422),
        ("office", visit, {"photos[]": str(here.id), "reason": "x"}, 422),
        ("office", other, {"photos[]": str(photo.id), "reason": "x"}, 404),  # not a photo of that visit
        ("office", visit, {"photos[]": "x", "reason": "x"}, 404),
    ):
        assert (await post(press, name, at, "waivers", **fields)).status_code == status, (name, fields)
    assert await Change.all().count() == count and (await Photo.get(id=photo.id)).state == "expected"
