"""A 督办单 from the ladder's proposal to the bytes that a reprint serves."""

import os
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from starlette.applications import Starlette

from dispatch import daily, letters
from dispatch.models import Letter, LetterTask, Notice, Step, Task
from tests.dispatch.desk_house import TOWN, WATER, at_desk, counted, house, said, some_tasks
from tests.dispatch.test_notice_sheets import text_of
from villages.ground import clock
from villages.models import Change

NUMBER = re.compile(r'<a href="/letters"[^>]*><b>(\d+)</b><span>([^<]+)</span>')


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[Starlette]:
    async with house(tmp_path) as running:
        yield running


async def two_overdue(monkeypatch: pytest.MonkeyPatch) -> tuple[list[UUID], str]:
    """Two tasks that the ladder proposes for a letter, eight days from now, and a day it may name."""
    tasks = await some_tasks(2)
    later = clock.now() + timedelta(days=8)
    monkeypatch.setattr(clock, "now", lambda: later)
    await daily.run()
    return tasks, clock.local(later + timedelta(days=3)).date().isoformat()


async def test_a_letter_from_proposal_to_reprint(app: Starlette, monkeypatch: pytest.MonkeyPatch) -> None:
    tasks, due = await two_overdue(monkeypatch)
    async with at_desk(app, "office") as office, at_desk(app, "town") as town, at_desk(app, "town3") as far:
        assert ("2", "拟督办") in NUMBER.findall(await office.get("/"))
        assert "拟督办" not in await town.get("/")
        assert "拟督办：王平镇 2 项逾期满 3 天" in said(await office.get("/letters"))
        form = await office.form("/letters", "/letters")
        chosen = {**form.fields, "task[]": [str(task) for task in tasks], "note": "请镇里主要同志过问。"}
        past = await office.http.post("/letters", data=chosen | {"deadline": "2026-01-01"})
        assert past.status_code == 422 and not await Letter.exists()
        for _ in range(2):  # a form that is sent twice
            answer = await office.http.post("/letters", data=chosen | {"deadline": due})
            assert answer.status_code == 303, said(answer.text)
        letter = await Letter.get()
        year = clock.local(clock.now()).year
        assert (letter.year, letter.ordinal, letter.unit, letter.note) == (
            year,
            1,
            TOWN,
            "请镇里主要同志过问。",
        )
        assert await Change.filter(verb="letter.issue").count() == 1
        assert {row.supervised for row in await Task.filter(id__in=tasks)} == {1}
        assert await LetterTask.all().count() == 2 and await Step.filter(verb="supervise").count() == 2
        assert await Notice.filter(kind="letter", subject=str(letter.id), place=TOWN).exists()
        page = said(await office.get("/letters"))
        assert f"督办〔{year}〕1号" in page and "拟督办" not in page
        assert ("0", "拟督办") in NUMBER.findall(await office.get("/"))
        own = await town.http.get(f"/letters/{letter.id}.pdf")
        again = await office.http.get(f"/letters/{letter.id}.pdf")
        assert own.status_code == 200 and own.content == again.content and own.content.startswith(b"%PDF")
        told = text_of(own)
        for words in (
            "王平镇人民政府：",
            "你镇有2项整改任务",
            "特此督办。",
            "请镇里主要同志过问。",
            "印发单位（盖章）",
        ):
            assert words in told, words
        if keep := os.environ.get("XUNCUN_KEEP_PDF"):
            Path(keep).write_bytes(own.content)
        assert (await far.http.get(f"/letters/{letter.id}.pdf")).status_code == 404
        assert f"督办〔{year}〕1号" in said(await town.get("/letters")) and "1号" not in said(
            await far.get("/letters")
        )
        refused = await town.http.post("/letters", data=chosen | {"csrf": "x", "deadline": due})
        assert refused.status_code == 403


async def test_one_addressee_at_a_time_and_no_more_than_a_letter_takes(
    app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The totals are true whatever is shown; the page is no longer for more tasks."""
    monkeypatch.setattr(letters, "MOST", 3)
    await some_tasks(5)
    later = clock.now() + timedelta(days=8)
    monkeypatch.setattr(clock, "now", lambda: later)
    [water] = await some_tasks(1)
    await Task.filter(id=water).update(unit=WATER, deadline=later - timedelta(days=4))
    await daily.run()
    async with at_desk(app, "office") as office:
        page = await office.get("/letters")
        assert "6 项逾期满 3 天，涉及 2 个责任单位" in said(page) and 'name="task[]"' not in page
        assert page.index(f"/letters?unit={WATER}") and page.index(f"/letters?unit={TOWN}")
        page = await office.get(f"/letters?unit={TOWN}")
        assert "拟督办：王平镇 5 项逾期满 3 天" in said(page) and page.count('name="task[]"') == 3
        assert "最多列 3 项" in said(page) and "其余 2 项" in said(page)
        page = await office.get(f"/letters?unit={WATER}")
        assert page.count('name="task[]"') == 1 and "最多列" not in page
        assert "王平镇安家庄村" in said(page), "a department knows no villages of its own"
        assert 'name="task[]"' not in await office.get("/letters?unit=110109104"), "nothing waits for it"
        with counted() as one:
            await office.get(f"/letters?unit={TOWN}")
        await some_tasks(5)
        await Task.filter(rev__gt=0).update(deadline=later - timedelta(days=4))
        await daily.run()
        with counted() as more:
            assert "11 项逾期满 3 天" in said(await office.get(f"/letters?unit={TOWN}"))
        assert len(one) == len(more), "\n".join(more)


async def test_a_towns_old_letter_is_found_behind_any_number_of_others(app: Starlette) -> None:
    at = clock.now()
    await Letter.bulk_create(
        [
            Letter(
                id=uuid4(), district=TOWN[:6], year=2026, ordinal=n, unit=TOWN if n == 1 else "110109104", note="抓紧",
                deadline=at, issued_at=at, data_rev=1, chain_hash="0" * 64, pdf_sha256="0" * 64, rev=1,
            )
            for n in range(1, 503)
        ]
    )  # fmt: skip
    async with at_desk(app, "town") as town, at_desk(app, "office") as office:
        assert re.findall(r"督办〔2026〕\d+号", await town.get("/letters")) == ["督办〔2026〕1号"]
        assert "督办〔2026〕502号" in await office.get("/letters")


async def test_another_deadline_is_proposed_when_it_is_three_days_past_itself(
    app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    [task] = await some_tasks(1)
    began = clock.now()

    async def proposed(days: int) -> tuple[str, bool]:
        monkeypatch.setattr(clock, "now", lambda: began + timedelta(days=days))
        await daily.run()
        async with at_desk(app, "office") as office:
            [(number, _)] = NUMBER.findall(await office.get("/"))
            return number, "1 项逾期满 3 天" in said(await office.get("/letters"))

    assert await proposed(8) == ("1", True)
    await Task.filter(id=task).update(deadline=began + timedelta(days=12))
    assert await proposed(13) == ("0", False), "the ladder begins anew with another deadline"
    assert await proposed(16) == ("1", True)


async def test_a_task_that_is_not_the_addressees_or_is_closed_stops_the_letter(
    app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks, due = await two_overdue(monkeypatch)
    async with at_desk(app, "office") as office:
        form = await office.form("/letters", "/letters")
        await office.act(tasks[0], "cancel", text="重复派单")
        chosen = {**form.fields, "task[]": [str(task) for task in tasks], "note": "抓紧", "deadline": due}
        assert (await office.http.post("/letters", data=chosen)).status_code == 409
        wrong = chosen | {"task[]": [str(tasks[1])], "unit": "110109104"}
        assert (await office.http.post("/letters", data=wrong)).status_code == 409
    assert not await Letter.exists() and (await Task.get(id=tasks[1])).supervised == 0


async def test_a_refused_letter_keeps_what_was_typed_and_ticked(
    app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    (kept, dropped), due = await two_overdue(monkeypatch)
    async with at_desk(app, "office") as office:
        form = await office.form("/letters", "/letters")
        typed = {**form.fields, "task[]": [str(kept)], "note": "请镇长过问", "deadline": due}
        for slip, word in (
            ({"deadline": "下周"}, "请选择办结期限"),
            ({"deadline": "2026-01-01"}, "把办结期限定在今天以后"),
            ({"note": " "}, "请写明领导批示"),
            ({"task[]": []}, "勾选 1 至"),
        ):
            page = await office.http.post("/letters", data=typed | slip)
            assert page.status_code == 422 and word in said(page.text), slip
            sent = typed | slip
            assert f">{str(sent['note']).strip()}</textarea>" in page.text
            assert f'value="{sent["deadline"]}"' in page.text and str(form.fields["act"]) in page.text
            ticked = re.findall(r'name="task\[\]" value="([^"]+)" checked', page.text)
            assert ticked == sent["task[]"] and f'value="{dropped}"' in page.text
        await office.act(dropped, "cancel", text="重复派单")
        moved = await office.http.post("/letters", data=typed | {"task[]": [str(kept), str(dropped)]})
        assert moved.status_code == 409 and "刚刚被他人更新过" in said(moved.text)
        assert ">请镇长过问</textarea>" in moved.text and str(dropped) not in moved.text
        assert (await office.http.post("/letters", data=typed)).status_code == 303
    assert (await Letter.get()).note == "请镇长过问"


@pytest.mark.parametrize(
    ("code", "name", "to", "you"),
    [
        ("110109005", "王平镇", "王平镇人民政府", "你镇"),
        ("110109001", "大峪街道", "大峪街道办事处", "你街道"),
        ("110109006", "永定地区", "永定地区办事处", "你地区"),
        ("110109-d03", "区水务局", "区水务局", "你单位"),
        ("110109009", "园区", "园区", "你单位"),
    ],
)
def test_a_letter_speaks_to_each_as_an_office_does(code: str, name: str, to: str, you: str) -> None:
    assert letters.addressed(code, name) == (to, you)
