"""Editions: what is printed is the record, a reprint is the same bytes, two issuers take one number."""

import asyncio
import contextlib
import hashlib
import io
import json
import subprocess
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pytest
import zxingcpp
from PIL import Image, ImageChops
from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionWrapper

from dispatch import editions
from dispatch.card_data import compose
from dispatch.card_notes import numbers
from dispatch.card_read import read_card
from dispatch.editions import anchors
from dispatch.models import Edition, Task
from dispatch.press import spaced
from dispatch.scorecards import check, fingerprint, issue
from inspections.evidence import mark_preview
from inspections.models import Inspection
from inspections.rounds import close_round
from tests.dispatch.press_house import BASE, NEIGHBOUR, TOWN, House, Sheet, drawn, house, rich_sheet
from tests.inspections.round_world import run, today
from tests.templates import card_sample
from villages.changes import Line
from villages.ground import clock
from villages.ground.problems import Problem
from villages.models import Change
from villages.verify import verify


@pytest.fixture
async def press(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as made:
        yield made


def text_of(pdf: bytes, folder: Path) -> str:
    """The words of a PDF, with white space taken out: columns break sentences anywhere."""
    (folder / "card.pdf").write_bytes(pdf)
    told = subprocess.run(["pdftotext", "-layout", folder / "card.pdf", "-"], capture_output=True, check=True)
    return "".join(told.stdout.decode().split())


def attached(pdf: bytes) -> dict[str, Any]:
    """The data inside the PDF."""
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        (file,) = opened.attachments.values()
        return json.loads(file.get_file().read_bytes())  # type: ignore[no-any-return]


def qr_of(pdf: bytes, folder: Path) -> list[str]:
    """What the QR codes say, read from the printed picture of the last page."""
    (folder / "card.pdf").write_bytes(pdf)
    with pikepdf.open(folder / "card.pdf") as opened:
        last = str(len(opened.pages))
    subprocess.run(
        [
            "pdftoppm",
            "-r",
            "150",
            "-f",
            last,
            "-l",
            last,
            "-gray",
            "-png",
            folder / "card.pdf",
            folder / "page",
        ],
        check=True,
    )
    (page,) = folder.glob("page-*.png")
    with Image.open(page) as image:
        return [code.text for code in zxingcpp.read_barcodes(image.convert("L"))]


async def bytes_of(press: House, edition: Edition) -> bytes:
    return press.press.path(edition).read_bytes()


async def a_visit(press: House) -> Inspection:
    return await press.hand_in(rich_sheet(), await press.round())


async def tasks_of(visit: Inspection) -> list[Task]:
    return await Task.filter(inspection=visit.id).order_by("number")


# --- what is on the card -----------------------------------------------------------------------------------


async def test_the_card_says_what_the_record_says(press: House) -> None:
    visit = await a_visit(press)
    read = await read_card(visit.id)
    card = compose(read)
    (sheet,) = card["sheets"]
    rows = {row["code"]: row for section in sheet["sections"] for row in section["items"]}
    assert [row["no"] for row in rows.values()] == [str(n) for n in range(1, 43)]
    assert (rows["RE-1.1"]["lost"], rows["RE-1.1"]["score"], rows["RE-1.1"]["photos"]) == ("2", "2", "1–3")
    assert rows["RE-1.1"]["note"] == "村委会东侧：路面散落垃圾 2处；村口停车场：成堆垃圾未清运，超过一天 1处"
    assert rows["RE-2.3"]["note"].startswith("实测 84%；三号投放点")
    assert (rows["RE-4.2"]["lost"], rows["RE-4.2"]["score"], rows["RE-4.2"]["na"]) == ("—", "—", True)
    assert rows["RE-4.2"]["note"] == "不适用：已接入市政管网，村内无处理站"
    assert rows["RE-9.2"]["note"].startswith("评为")
    # Sections add up to the total, and the total is the record's.
    for key, total in (("score", visit.earned), ("weight", visit.base)):
        assert sum(float(section[key]) for section in sheet["sections"]) == pytest.approx(float(total))
    result = sheet["result"]
    assert (result["total"], result["grade"], result["scaled"]) == (str(visit.score), "优秀", True)
    assert (result["town_rank"], result["district_rank"], result["change"]) == ("—", "—", "—")
    assert [photo["deduction"] for photo in card["photos"][:4]] == ["扣1分", "扣1分", "扣1分", "扣0.5分"]
    assert [photo["path"] is None for photo in card["photos"]] == [n == 5 for n in range(7)]
    assert [task["problem"].split()[0] for task in card["open_tasks"]] == [
        "RE-1.1",
        "RE-1.1",
        "RE-3.2",
        "RE-9.2",
    ]
    (pair,) = card["pairs"]
    assert pair["number"] == "当场整改"
    assert pair["after"]["path"].startswith("stored:")
    assert card["signed_on"]
    assert card["refusal"] is None


def _listening(real: Any, asked: list[str]) -> Any:
    """The client's own method, taking note of the statement."""

    def asking(self: Any, query: str, *more: Any) -> Any:
        asked.append(query)
        return real(self, query, *more)

    return asking


async def test_reading_takes_ten_queries_whatever_there_is(
    press: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = await press.round()
    bare = await press.hand_in(Sheet(NEIGHBOUR), found)
    rich = await press.hand_in(rich_sheet(), found)
    await press.close((await tasks_of(rich))[0].id)
    await press.publish(found)
    asked: list[str] = []
    for client in (SqliteClient, SqliteTransactionWrapper):
        for name in ("execute_query", "execute_query_dict"):
            if name in vars(client):
                monkeypatch.setattr(client, name, _listening(getattr(client, name), asked))
    for visit in (bare, rich):
        asked.clear()
        await read_card(visit.id)
        assert 8 <= len(asked) <= 10, "\n".join(asked)


async def test_ranks_and_means_come_with_publishing(press: House) -> None:
    found = await press.round()
    visit = await press.hand_in(rich_sheet(), found)
    await press.hand_in(Sheet(NEIGHBOUR), found)
    before = compose(await read_card(visit.id))
    assert (before["published"], before["sheets"][0]["bars_note"]) == (False, "")
    await press.publish(found)
    card = compose(await read_card(visit.id))
    assert card["published"]
    assert (card["sheets"][0]["result"]["town_rank"], card["sheets"][0]["result"]["district_rank"]) == (
        "2 / 2",
        "2 / 2",
    )
    # 村庄清洁: 14 of 16 here, 16 of 16 next door.
    assert card["sheets"][0]["bars"][0]["mark"] == pytest.approx(15)


async def test_the_trend_ends_with_this_visit(press: House) -> None:
    for month in range(9, 0, -1):
        opens = today() - timedelta(days=30 * month)
        earlier = await press.round(
            f"R-{month}", f"第{month}轮", opens=opens, closes=opens + timedelta(days=9)
        )
        sheet = Sheet()
        for _ in range(month % 3):
            sheet.found("RE-1.1", "后街", "散落垃圾")
        await press.hand_in(sheet, earlier)
    visit = await a_visit(press)
    later = await press.round("R-L", "下一轮", opens=today() + timedelta(days=3))
    await press.hand_in(Sheet(), later)
    card = compose(await read_card(visit.id))
    assert len(card["trend"]) == 8
    assert card["trend"][-1]["text"] == str(visit.score)
    before = (await Inspection.filter(village=visit.village, round__number="R-1").first()).score  # type: ignore[union-attr]
    assert before is not None
    assert visit.score is not None
    assert card["sheets"][0]["result"]["change"] == f"{visit.score - before:+.1f}"


async def test_refusal_late_and_veto_are_told(press: House, tmp_path: Path) -> None:
    found = await press.round()
    sheet = Sheet()
    second = str(press.people["liu"].id)
    veto = next(
        item
        for item in (await read_card((await press.hand_in(Sheet(NEIGHBOUR), found)).id)).checklist.items
        if item.veto
    )
    sheet.answers[veto.code]["veto"] = {"text": "污水直排入河", "second": second}
    await run(lambda line: _close_round(line, found.id), "round.close")
    visit = await press.hand_in(sheet, found, signature={"refused": "对扣分有异议"}, village_remarks="请复核")
    card = compose(await read_card(visit.id))
    assert card["refusal"] == {
        "reason": "对扣分有异议",
        "witnesses": "王平镇检查员 张志远、王平镇检查员 刘晓燕",
    }
    assert card["signatures"][1]["names"] == ""
    assert card["late"].startswith("迟报")
    assert card["remarks"] == "请复核"
    (told,) = card["sheets"][0]["vetoes"]
    assert told == f"{veto.code}　污水直排入河，王平镇检查员 刘晓燕确认；区级办公室尚未认定，暂按不合格计"
    assert card["sheets"][0]["result"]["grade"] == "不合格"
    made = await issue(press.press, await press.who("office"), visit.id)
    assert "一票否决待认定" in text_of(await bytes_of(press, made), tmp_path), "beside the grade, too"


async def _close_round(line: Line, round_id: Any) -> None:
    await close_round(line, round_id)


def test_photo_numbers_are_told_in_runs() -> None:
    assert [numbers(n) for n in ([], [4], [5, 6], [1, 2, 3, 7], [1, 3])] == [
        "",
        "4",
        "5、6",
        "1–3、7",
        "1、3",
    ]


# --- editions ----------------------------------------------------------------------------------------------


async def test_a_reprint_is_the_same_bytes_and_takes_no_number(press: House) -> None:
    visit = await a_visit(press)
    first = await issue(press.press, await press.who("li"), visit.id)
    before = await Change.all().count()
    again = await issue(press.press, await press.who("office"), visit.id)
    assert (again.id, again.number) == (first.id, 1)
    assert await bytes_of(press, again) == await bytes_of(press, first)
    assert await Change.all().count() == before
    assert hashlib.sha256(await bytes_of(press, first)).hexdigest() == first.pdf_sha256
    line = await Change.get(rev=first.rev)
    assert (line.verb, line.person, line.post, line.home) == (
        "card.issue",
        press.people["li"].id,
        "town_operator",
        visit.village,
    )


async def test_time_alone_makes_no_edition(press: House, monkeypatch: pytest.MonkeyPatch) -> None:
    visit = await a_visit(press)
    first = await issue(press.press, await press.who("li"), visit.id)
    later = clock.now() + timedelta(days=40)
    monkeypatch.setattr(clock, "now", lambda: later)
    card = compose(await read_card(visit.id))
    assert card["open_tasks"][0]["mark"].startswith("逾期")
    assert (await issue(press.press, await press.who("li"), visit.id)).id == first.id


async def test_a_closed_task_makes_a_new_edition(press: House, tmp_path: Path) -> None:
    visit = await a_visit(press)
    first = await issue(press.press, await press.who("li"), visit.id)
    task = (await tasks_of(visit))[0]
    await press.close(task.id)
    second = await issue(press.press, await press.who("li"), visit.id)
    assert (second.number, second.code == first.code) == (2, False)
    told = text_of(await bytes_of(press, second), tmp_path)
    assert "整改前后对比" in told
    assert "王平镇专管员李敏" in told
    assert "第2版" in told
    assert task.number in told
    # The first edition is what it was.
    assert hashlib.sha256(await bytes_of(press, first)).hexdigest() == first.pdf_sha256
    seen = await check(first.code)
    assert seen is not None
    assert (seen.newest.number, seen.changed) == (2, [])


async def test_paper_data_page_and_record_say_the_same(press: House, tmp_path: Path) -> None:
    visit = await a_visit(press)
    edition = await issue(press.press, await press.who("li"), visit.id)
    pdf = await bytes_of(press, edition)
    inside = attached(pdf)
    assert inside == edition.figures
    assert (inside["score"], inside["earned"], inside["base"]) == (str(visit.score), "89.45", "94")
    assert {s["code"]: [s["earned"], s["base"]] for s in inside["sections"]}["RE-1"] == ["14", "16"]
    told = text_of(pdf, tmp_path)
    for words in (inside["score"], "89.45÷94×100", inside["number"], f"第{edition.number}版", edition.chain_hash[:12],
                  spaced(edition.code)):  # fmt: skip
        assert words in told, words
    page = (await press.get(f"/verify/{edition.code}")).text
    for words in (
        inside["score"],
        "优秀",
        "14 / 16",
        "10.75 / 12",
        "第 1 版",
        "与系统记录一致",
        edition.pdf_sha256[:8],
    ):
        assert words in page, words
    assert qr_of(pdf, tmp_path) == [f"{BASE}/verify/{edition.code}"]


async def test_names_stay_off_the_figures(press: House) -> None:
    edition = await issue(press.press, await press.who("li"), (await a_visit(press)).id)
    everything = (
        json.dumps(edition.figures, ensure_ascii=False) + (await press.get(f"/verify/{edition.code}")).text
    )
    for name in ("张志远", "刘晓燕", "李敏", "王书记", "周主任"):
        assert name not in everything


async def test_a_photo_to_come_is_a_place_kept(press: House, tmp_path: Path) -> None:
    visit = await a_visit(press)
    awaited = await issue(press.press, await press.who("li"), visit.id)
    assert "照片待补传" in text_of(await bytes_of(press, awaited), tmp_path)
    await press.arrive(drawn(6))
    whole = await issue(press.press, await press.who("li"), visit.id)
    assert whole.number == 2
    assert "照片待补传" not in text_of(await bytes_of(press, whole), tmp_path)


async def test_a_preview_stands_in_and_says_so(press: House, tmp_path: Path) -> None:
    visit = await a_visit(press)
    sha = hashlib.sha256(drawn(6)).hexdigest()
    press.press.blobs.put_preview(sha, drawn(6, (320, 240)))
    await mark_preview("110109", sha)
    edition = await issue(press.press, await press.who("li"), visit.id)
    told = text_of(await bytes_of(press, edition), tmp_path)
    assert "预览图" in told
    assert "照片待补传" not in told


async def test_a_signature_ticks_its_box(press: House, tmp_path: Path) -> None:
    """Looked at as a picture: a tick that is no text is lost without any text test noticing."""
    pictures = []
    for signed in (True, False):
        context = card_sample.card(press.press.blobs.folder, village_signed=signed, refusal=None)
        (tmp_path / "card.pdf").write_bytes(await press.app.state.paper.render("scorecard", context))
        subprocess.run(
            ["pdftoppm", "-r", "100", "-gray", "-png", tmp_path / "card.pdf", tmp_path / f"{signed}"],
            check=True,
        )
        last = max(tmp_path.glob(f"{signed}-*.png"))
        pictures.append(Image.open(last).convert("L"))
    changed = ImageChops.difference(*pictures).point(lambda shade: 255 if shade > 96 else 0).getbbox()
    assert changed is not None
    assert changed[2] - changed[0] < 20, "the box and nothing else"


async def test_lost_bytes_are_printed_anew_as_a_new_edition(press: House) -> None:
    visit = await a_visit(press)
    first = await issue(press.press, await press.who("li"), visit.id)
    press.press.path(first).unlink()
    assert (await issue(press.press, await press.who("li"), visit.id)).number == 2


async def test_two_issuers_take_one_number(press: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """As two server processes would: no lock between them, only the change."""
    visit = await a_visit(press)
    monkeypatch.setattr(editions, "_turn", lambda _id: contextlib.nullcontext())
    both = await asyncio.gather(
        issue(press.press, await press.who("li"), visit.id),
        issue(press.press, await press.who("office"), visit.id),
    )
    assert both[0].id == both[1].id
    assert await Edition.filter(inspection=visit.id).count() == 1


async def test_what_is_void_is_not_printed_and_says_so(press: House) -> None:
    visit = await a_visit(press)
    edition = await issue(press.press, await press.who("li"), visit.id)
    await Inspection.filter(id=visit.id).update(stage="void")
    with pytest.raises(Problem) as told:
        await issue(press.press, await press.who("li"), visit.id)
    assert told.value.code == "nothing_to_print"
    page = (await press.get(f"/verify/{edition.code}")).text
    assert "已作废" in page
    assert "与系统记录一致" not in page


async def test_the_trail_can_be_held_against_paper(press: House) -> None:
    edition = await issue(press.press, await press.who("li"), (await a_visit(press)).id)
    assert await anchors() == [(edition.data_rev, edition.chain_hash)]
    assert (await verify(await anchors()))[0].faults == []
    forged = [(rev, digest[::-1]) for rev, digest in await anchors()]
    assert (await verify(forged))[0].faults


async def test_only_the_clocks_marks_are_left_out_of_the_fingerprint(press: House) -> None:
    card = compose(await read_card((await a_visit(press)).id))
    mark = fingerprint(card)
    assert fingerprint(card | {"remarks": "另有意见"}) != mark
    for changed in ({"mark": "逾期3天"}, {"stage": "整改中"}):
        tasks = [card["open_tasks"][0] | changed, *card["open_tasks"][1:]]
        assert (fingerprint(card | {"open_tasks": tasks}) == mark) == ("mark" in changed)


async def test_others_are_answered_while_a_card_is_printed(press: House) -> None:
    """The card is made in another process: while it is, this one goes on answering."""
    visit = await a_visit(press)
    await issue(press.press, await press.who("li"), visit.id)  # the worker and the thumbnails are warm
    await press.close((await tasks_of(visit))[0].id)
    answers = 0
    printing = asyncio.create_task(issue(press.press, await press.who("li"), visit.id))
    while not printing.done():
        assert (await press.get("/verify/KKKKKKKKKK")).status_code in (404, 429)
        answers += 1
        await asyncio.sleep(0.02)
    assert (await printing).number == 2
    assert answers > 3


async def test_a_town_prints_its_own_only(press: House) -> None:
    visit = await a_visit(press)
    for name, code in (("far", "not_found"), ("admin", "forbidden")):
        with pytest.raises(Problem) as told:
            await issue(press.press, await press.who(name), visit.id)
        assert told.value.code == code
    assert (await issue(press.press, await press.who("an"), visit.id)).village.startswith(TOWN)
