"""A row becomes a task to open, or a list of cells to mend; and which row is which."""

from datetime import UTC, datetime
from typing import Any

import pytest

from dispatch.bringing.places import Place, Places
from dispatch.bringing.rows import ItemKnown, Known, Read, Understanding

NOW = datetime(2026, 11, 29, 4, tzinfo=UTC)
WANG, AN = "110109005", "110109005201"
COLUMNS = {
    "number": 1, "town": 2, "village": 3, "found_on": 4, "category": 5, "text": 6, "place": 7, "unit": 8, "deadline": 9,
    "requirement": 10, "severity": 11, "stage": 12, "remarks": 13, "closed_on": 14, "before": 15, "after": 16,
}  # fmt: skip
PLAIN = {
    "town": "王平镇", "village": "安家庄村", "found_on": "2026-11-03", "category": "村庄保洁", "text": "垃圾外溢", "place": "村口",
    "deadline": "2026-12-05",
}  # fmt: skip


def shot(name: str) -> dict[str, Any]:
    return {"sha256": name * 64, "size": 9, "mime": "image/jpeg", "width": 4, "height": 3}


@pytest.fixture
def known() -> Known:
    places = Places(
        {WANG: "王平镇"}, [Place(AN, "安家庄村", ("安家庄村",))], {"110109-d03": "水务部门"}, "门头沟区"
    )
    item = ItemKnown("RE-1.1", "无散落垃圾", "村庄保洁", "major", 2, "working")
    return Known(places, {"re-1.1": item, "无散落垃圾": item}, NOW, lambda _: True)


def line(
    at: int, before: list[dict[str, Any]] | None = None, after: list[dict[str, Any]] | None = None, **said: Any
) -> dict[str, Any]:  # fmt: skip
    cells = {str(COLUMNS[name]): value for name, value in (PLAIN | said).items() if value is not None}
    return {"r": at, "c": cells, "p": {"15": before or [], "16": after or []}}


def read(known: Known, *lines: dict[str, Any]) -> list[Read]:
    understanding = Understanding(known, COLUMNS, {12: "状态"})
    return [understanding.read(one) for one in lines]


def faults(found: Read) -> list[tuple[str, str]]:
    return [(fault.cell, fault.grade) for fault in found.faults]


def test_a_row_in_order(known: Known) -> None:
    [found] = read(known, line(7, before=[shot("a")], unit="水务局", number="A-1", severity="严重"))
    assert found.faults == [] and found.draft is not None
    told = {
        "row": 7, "village": AN, "unit": "110109-d03", "text": "垃圾外溢", "place": "村口", "category": "村庄保洁", "item": "",
        "severity": "critical", "found_on": "2026-11-03", "number": "A-1", "deferred": "", "days": 0, "kind": "natural",
    }  # fmt: skip
    assert {name: found.draft[name] for name in told} == told
    assert found.draft["deadline"] == "2026-12-05T23:59:59+08:00" and found.draft["before"] == [shot("a")]


def test_an_item_gives_what_the_row_leaves_open(known: Known) -> None:
    [found] = read(known, line(2, category="RE-1.1", deadline=None))
    assert found.draft is not None
    told = {"item": "RE-1.1", "category": "", "severity": "major", "days": 2, "kind": "working", "requirement": "无散落垃圾"}  # fmt: skip
    assert {name: found.draft[name] for name in told} == told
    assert faults(found) == [("I2", "note")] and "给 2 个工作日" in found.faults[0].why


def test_every_bad_cell_by_its_address(known: Known) -> None:
    [found] = read(
        known,
        line(17, [{"bad": "图片已损坏，读不出来；请重新插入这张照片"}], found_on="明天", deadline="下周三", unit="火星", severity="三级", text=None),
    )  # fmt: skip
    assert (
        faults(found) == [(cell, "wrong") for cell in ("F17", "D17", "K17", "H17", "I17", "O17")]
        and found.draft is None
    )
    assert all("请" in fault.why for fault in found.faults)


@pytest.mark.parametrize(
    ("said", "cell", "told"),
    [
        ({"village": None}, "C2", "没有写村名"), ({"village": "李家庄"}, "C2", "本区没有叫“李家庄”的村"),
        ({"town": "火星镇"}, "B2", "没有叫“火星镇”的镇街"), ({"found_on": "2026-12-24"}, "D2", "还没有到"),
        ({"deadline": "2026-11-01"}, "I2", "整改期限早于检查日期"), ({"text": "长" * 601}, "F2", "最多 600 字"),
        ({"text": ["f"]}, "F2", "没有算出结果的公式"), ({"place": "#REF!"}, "G2", "公式出错"),
    ],
)  # fmt: skip
def test_what_keeps_a_row_out(known: Known, said: dict[str, Any], cell: str, told: str) -> None:
    [found] = read(known, line(2, **said))
    assert found.draft is None and (cell, "wrong") in faults(found)
    assert any(told in fault.why for fault in found.faults)


def test_a_village_that_is_not_ones_own(known: Known) -> None:
    other = Known(known.places, known.items, NOW, lambda village: village != AN)
    [found] = read(other, line(2))
    assert found.draft is None and "不在您的管辖范围内" in found.faults[0].why


def test_how_rows_stand(known: Known) -> None:
    lines = [
        line(2, stage="已销号"), line(3, stage="整改中", place="二"), line(4, closed_on="2026-11-20", place="三"),
        line(5, stage="已整改", place="四"), line(6, stage="挂账至2026年12月20日", place="五"), line(7, remarks="待复核；严重", place="六"),
        line(8, remarks="已销号；照片共3张", place="七"), line(9, stage="看情况", place="八"), line(10, stage="已销号", village="没有的村"),
    ]  # fmt: skip
    found = read(known, *lines)
    assert [one.skip for one in found] == [
        "closed", "", "closed", "done", "", "", "closed", "", "closed",
    ]  # fmt: skip
    assert found[4].draft is not None and found[4].draft["deferred"] == "2026-12-20"
    assert found[5].draft is not None and found[5].draft["severity"] == "critical"
    assert faults(found[7]) == [("L9", "note")] and found[7].draft is not None
    assert found[8].faults == []  # what stays in the old ledger need not be mended
    assert read(Known(known.places, {}, NOW, lambda _: True, "bring"), lines[3])[0].draft is not None


def test_lines_that_are_no_rows(known: Known) -> None:
    blank = {"r": 2, "c": {}, "p": {}}
    footer = {"r": 3, "c": {"1": "填表人：张三", "6": "审核：李四"}, "p": {}}
    heading = {"r": 4, "c": {"3": "王平镇"}, "p": {}}
    assert [one.skip for one in read(known, blank, footer, heading)] == ["blank"] * 3


def test_the_same_row_twice_is_brought_once(known: Known) -> None:
    first, second, other = read(known, line(2, [shot("a")]), line(3, [shot("a")]), line(4, [shot("b")]))
    assert (
        first.draft
        and second.draft is None
        and second.skip == "twin"
        and "第 2 行完全相同" in second.faults[0].why
    )
    assert other.draft and other.id != first.id  # alike, but with another picture: another problem


def test_a_number_used_twice(known: Known) -> None:
    _, found = read(known, line(2, number="9"), line(3, number="9", text="另一件"))
    assert found.draft is None and faults(found) == [("A3", "wrong")]


def test_a_row_keeps_its_identity(known: Known) -> None:
    lines = [line(2), line(3, [shot("a")]), line(4, place="桥头"), line(5, number="9")]
    before = [one.id for one in read(known, *lines)]
    moved = [lines[2] | {"r": 20}, lines[3], lines[0] | {"r": 21}, lines[1] | {"r": 30}]
    assert {one.id for one in read(known, *moved)} == set(before)
    assert [one.id for one in read(known, line(2, stage="已销号"), lines[1])] == before[:2]
    changed = read(known, line(5, number="9", text="改了说法"))[0]
    assert changed.id == before[3] and changed.draft is not None
    first = read(known, lines[3])[0]
    assert first.draft is not None and first.draft["content"] != changed.draft["content"]
    assert read(known, lines[3] | {"r": 77})[0].draft["content"] == first.draft["content"]  # type: ignore[index]
