"""The doors of paper: who gets in, what they are told, what a stranger with a code sees."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from dispatch import jobs
from dispatch.models import Edition, Task
from dispatch.press import spaced
from dispatch.scorecards import issue
from inspections.models import Inspection
from tests.dispatch.press_house import NEIGHBOUR, House, Sheet, house, rich_sheet
from villages.ground.ids import new_id
from villages.models import Job


@pytest.fixture
async def press(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as made:
        yield made


async def a_visit(press: House) -> Inspection:
    return await press.hand_in(Sheet(), await press.round())


async def test_a_card_by_bearer_and_by_cookie_is_one(press: House) -> None:
    path = f"/inspections/{(await a_visit(press)).id}/scorecard.pdf"
    by_bearer = await press.get(path, **await press.bearer("an"))
    cookie, _ = await press.desk("li")
    by_cookie = await press.get(path, **cookie)
    assert (by_bearer.status_code, by_bearer.headers["content-type"]) == (200, "application/pdf")
    assert by_bearer.content[:5] == b"%PDF-"
    assert by_cookie.content == by_bearer.content
    assert await Edition.all().count() == 1
    told = by_cookie.headers["content-disposition"]
    assert told.startswith("inline; ")
    assert unquote(told.split("UTF-8''")[1]) == "王平镇-安家庄村-RE-2026-11-M-第1版.pdf"
    again = await press.get(path, **cookie, **{"If-None-Match": by_cookie.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_an_earlier_edition_can_still_be_had(press: House) -> None:
    visit = await press.hand_in(rich_sheet(), await press.round())
    path = f"/inspections/{visit.id}/scorecard.pdf"
    me = await press.bearer("li")
    first = await press.get(path, **me)
    await press.close((await Task.filter(inspection=visit.id).order_by("number"))[0].id)
    second = await press.get(path, **me)
    assert (first.headers["x-xuncun-edition"], second.headers["x-xuncun-edition"]) == ("1", "2")
    assert (await press.get(f"{path}?edition=1", **me)).content == first.content
    assert (await press.get(f"{path}?edition=1", **await press.bearer("far"))).status_code == 404
    for none in ("3", "0", "x", "-1", "9" * 30):
        assert (await press.get(f"{path}?edition={none}", **me)).status_code == 404


async def test_who_has_no_business_finds_nothing(press: House) -> None:
    visit = await a_visit(press)
    found = visit.round_id  # type: ignore[attr-defined]
    for path in (
        f"/inspections/{visit.id}/scorecard.pdf",
        f"/inspections/{new_id()}/scorecard.pdf",
        f"/rounds/{new_id()}/scorecards.pdf",
    ):
        assert (await press.get(path, **await press.bearer("far"))).status_code == 404
    assert (
        await press.get(f"/rounds/{found}/scorecards.pdf", **await press.bearer("far"))
    ).status_code == 409
    assert (
        await press.get(f"/inspections/{visit.id}/scorecard.pdf", **await press.bearer("admin"))
    ).status_code == 403
    assert (await press.get(f"/inspections/{visit.id}/scorecard.pdf")).status_code == 303, (
        "to the sign-in page"
    )
    assert (
        await press.get(f"/inspections/{visit.id}/scorecard.pdf", Authorization="Bearer x")
    ).status_code == 401
    assert await Edition.all().count() == 0


async def test_nothing_to_print(press: House) -> None:
    found = await press.round()
    for path in (f"/rounds/{found.id}/scorecards.pdf", f"/rounds/{found.id}/scorecards"):
        answer = await press.get(path, **await press.bearer("office"))
        assert (answer.status_code, answer.json()["error"]) == (409, "nothing_to_print")
    assert await Job.all().count() == 0


# --- a round -----------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_a_program_asks_until_it_is_there(press: House) -> None:
    found = await press.round()
    for village in (NEIGHBOUR, "110109005201"):
        await press.hand_in(Sheet(village), found)
    path, me = f"/rounds/{found.id}/scorecards.pdf", await press.bearer("office")
    first = await press.get(path, **me)
    assert (first.status_code, first.headers["retry-after"]) == (202, "3")
    assert first.json() | {"job": ""} == {"job": "", "state": "waiting", "done": 0, "total": 0}
    assert (await press.get(path, **me)).json()["job"] == first.json()["job"], "asking again begins nothing"
    assert await Job.all().count() == 1
    job = f"/jobs/{first.json()['job']}"
    assert (await press.get(job, **me)).json()["state"] == "waiting"
    assert (await press.get(job, **await press.bearer("li"))).status_code == 404, (
        "it prints more than a town sees"
    )
    await jobs.run_one(press.app.state)
    told = (await press.get(job, **me)).json()
    assert (told["state"], told["done"], told["total"]) == ("done", 2, 2)
    ready = await press.get(path, **me)
    assert (ready.status_code, ready.headers["content-type"]) == (200, "application/pdf")
    assert (await press.get(told["url"], **me)).content == ready.content
    # The record moves on: what was watched is still to be had, what is asked for anew is made anew.
    await press.hand_in(Sheet("110109005203"), found)
    assert (await press.get(told["url"], **me)).content == ready.content
    assert (await press.get(path, **me)).status_code == 202


async def test_a_person_is_led_by_the_page(press: House) -> None:
    found = await press.round()
    await press.hand_in(Sheet(), found)
    cookie, token = await press.desk("li")
    page, pdf = f"/rounds/{found.id}/scorecards", f"/rounds/{found.id}/scorecards.pdf"
    away = await press.get(pdf, **cookie)
    assert (away.status_code, away.headers["location"]) == (303, page)
    assert await Job.all().count() == 0, "a link begins nothing"
    assert (await press.get(pdf, **cookie, Accept="application/json")).status_code == 409
    shown = await press.get(page, **cookie)
    assert "开始生成" in shown.text
    assert "1 份评分表" in shown.text
    assert 'http-equiv="refresh"' not in shown.text
    for data in ({}, {"csrf": "0" * 40}):
        assert (await press.http.post(page, data=data, headers=cookie)).status_code == 403
    assert await Job.all().count() == 0
    begun = await press.http.post(page, data={"csrf": token}, headers=cookie)
    assert (begun.status_code, begun.headers["location"]) == (303, page)
    waiting = (await press.get(page, **cookie)).text
    assert "排队等候" in waiting
    assert 'http-equiv="refresh"' in waiting
    await jobs.run_one(press.app.state)
    ready = (await press.get(page, **cookie)).text
    link = re.search(r'href="(/rounds/[^"]+\.pdf\?job=[^"]+)"', ready)
    assert link is not None
    assert (await press.get(link[1], **cookie)).headers["content-type"] == "application/pdf"


async def test_a_failure_is_told_and_can_be_begun_again(press: House) -> None:
    found = await press.round()
    await press.hand_in(Sheet(), found)
    me = await press.bearer("li")
    path = f"/rounds/{found.id}/scorecards.pdf"
    job = (await press.get(path, **me)).json()["job"]
    await Job.filter(id=job).update(state="failed", error="王平镇安家庄村的评分表未能生成")
    answer = await press.get(path, **me)
    assert (answer.status_code, answer.json()["message"]) == (503, "王平镇安家庄村的评分表未能生成")
    cookie, _ = await press.desk("li")
    page = (await press.get(f"/rounds/{found.id}/scorecards", **cookie)).text
    assert "王平镇安家庄村的评分表未能生成" in page
    assert "重新生成" in page
    again = await press.http.post(f"/rounds/{found.id}/scorecards", headers=me)
    assert (again.status_code, again.json()["job"], again.json()["state"]) == (202, job, "waiting")


# --- the page behind the QR --------------------------------------------------------------------------------


async def test_a_code_is_read_with_dashes_and_small_letters(press: House) -> None:
    edition = await issue(press.press, await press.who("li"), (await a_visit(press)).id)
    for typed in (edition.code, spaced(edition.code), edition.code.lower()):
        answer = await press.get(f"/verify/{typed}")
        assert answer.status_code == 200
        assert spaced(edition.code) in answer.text
    empty = await press.get("/verify")
    assert empty.status_code == 200 and "没有这个校验码" not in empty.text and 'name="code"' in empty.text
    typed_in = await press.get(f"/verify?code={spaced(edition.code)}")
    assert (typed_in.status_code, typed_in.headers["location"]) == (303, f"/verify/{spaced(edition.code)}")


async def test_an_unknown_code_is_a_clear_sentence(press: House) -> None:
    for code in ("ABCDEFGHJK", "x", "<script>", "%2e%2e"):
        answer = await press.get(f"/verify/{code}")
        assert answer.status_code == 404
        assert "没有印发过" in answer.text
        assert "<script>" not in answer.text.replace("<script src", "")


async def test_the_page_follows_the_record(press: House) -> None:
    found = await press.round()
    visit = await press.hand_in(rich_sheet(), found)
    edition = await issue(press.press, await press.who("li"), visit.id)
    page = (await press.get(f"/verify/{edition.code}")).text
    assert "与系统记录一致" in page
    assert "尚未发布" in page
    # Published since: figures stand, ranks are new.
    await press.publish(found)
    page = (await press.get(f"/verify/{edition.code}")).text
    assert "<b>与系统记录一致" not in page
    assert "结果现已发布，分数和等级未变" in page
    newer = await issue(press.press, await press.who("li"), visit.id)
    assert "最新为第 2 版" in (await press.get(f"/verify/{edition.code}")).text
    assert "<b>与系统记录一致" in (await press.get(f"/verify/{newer.code}")).text
    # A score that is no longer the printed one is named, the printed one stays on the page.
    await Inspection.filter(id=visit.id).update(score="81.5", grade="good")
    page = (await press.get(f"/verify/{newer.code}")).text
    assert "系统记录后来有变动" in page
    assert "现为 <b>81.5 分，良好</b>" in page
    assert f"<b>{edition.figures['score']}</b>" in page


async def test_guessing_codes_is_slowed(press: House) -> None:
    answers = [(await press.get(f"/verify/{n:010d}")).status_code for n in range(260)]
    assert answers[0] == 404
    assert answers[-1] == 429
