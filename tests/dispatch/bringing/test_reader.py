"""Taking workbooks apart: where pictures lie, merged cells, what a file says of itself, and files that mean harm."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from dispatch.bringing import package, pictures, reader
from dispatch.bringing.limits import UnreadableError
from dispatch.bringing.reader import take_apart
from tests.dispatch.bringing.books import HEAD, absolute, book, in_cells, jpeg, one_cell, repacked, row

BEFORE, AFTER = HEAD.index("整改前照片") + 1, HEAD.index("整改后照片") + 1


def apart(file: Path) -> tuple[dict[str, Any], dict[int, dict[str, Any]]]:
    """(what was told of the sheets, the first sheet's rows by number)."""
    take_apart(file, file.parent)
    about = json.loads((file.parent / "sheets.json").read_text(encoding="utf-8"))
    lines = (file.parent / "rows-0.jsonl").read_text(encoding="utf-8").splitlines()
    return about, {one["r"]: one for one in map(json.loads, lines)}


def shots(rows: dict[int, dict[str, Any]]) -> dict[tuple[int, int], int]:
    """How many readable pictures lie where."""
    return {
        (number, int(column)): sum("sha256" in shot for shot in found)
        for number, one in rows.items()
        for column, found in one["p"].items()
    }


def test_pictures_between_two_cells(tmp_path: Path) -> None:
    wanted = {(2, "整改前照片"): jpeg("a"), (3, "整改后照片"): jpeg("b")}
    about, rows = apart(book(tmp_path / "a.xlsx", [row(), row()], photos=wanted))
    assert shots(rows) == {(2, BEFORE): 1, (3, AFTER): 1}
    found = rows[2]["p"][str(BEFORE)][0]
    assert (tmp_path / "pictures" / found["sha256"]).read_bytes() == jpeg("a")
    assert (found["size"], found["mime"], found["width"]) == (len(jpeg("a")), "image/jpeg", 64)
    assert about["sheets"][0]["name"] == "台账" and not about["macros"]


def test_a_picture_that_begins_a_hair_too_high(tmp_path: Path) -> None:
    photos = {(2, "整改前照片"): jpeg("a", (40, 15))}
    file = book(tmp_path / "a.xlsx", [row(), row()], photos=photos, options={"y_offset": 17, "x_offset": 60})
    assert shots(apart(file)[1]) == {(3, AFTER): 1}


def test_a_picture_on_one_cell_and_far_larger(tmp_path: Path) -> None:
    file = one_cell(tmp_path / "a.xlsx", [row(), row()], "N2", jpeg("a", (900, 700)))
    assert shots(apart(file)[1]) == {(2, AFTER): 1}


def test_a_picture_at_a_point(tmp_path: Path) -> None:
    file = absolute(tmp_path / "a.xlsx", [row(), row()], 64 * (BEFORE - 1) + 4, 20 * 2 + 2, jpeg("a"))
    assert shots(apart(file)[1]) == {(3, BEFORE): 1}


def test_pictures_inside_cells_as_wps_has_them(tmp_path: Path) -> None:
    wanted = {(2, "整改前照片"): jpeg("a"), (3, "整改后照片"): jpeg("b")}
    _, rows = apart(in_cells(tmp_path / "a.xlsx", [row(), row()], wanted))
    assert shots(rows) == {(2, BEFORE): 1, (3, AFTER): 1}
    assert str(BEFORE) not in rows[2]["c"]  # the formula is no text


def test_merged_cells_are_filled_down_and_pictures_come_home(tmp_path: Path) -> None:
    def merge(_book: Any, sheet: Any) -> None:
        sheet.merge_range(1, 2, 3, 2, "斋堂镇")
        sheet.merge_range(1, BEFORE - 1, 2, BEFORE - 1, "")

    lines = [row(镇街=None), row(镇街=None, 问题描述="二"), row(镇街=None, 问题描述="三"), row(问题描述="四")]
    file = book(tmp_path / "a.xlsx", lines, photos={(3, "整改前照片"): jpeg("a")}, more=merge)
    _, rows = apart(file)
    assert [rows[n]["c"]["3"] for n in (2, 3, 4, 5)] == ["斋堂镇", "斋堂镇", "斋堂镇", "王平镇"]
    assert shots(rows) == {(2, BEFORE): 1, (3, BEFORE): 1}


def test_a_tall_cell_makes_no_rows_of_its_own(tmp_path: Path) -> None:
    file = book(
        tmp_path / "a.xlsx", [row()], more=lambda _, sheet: sheet.merge_range(3, 0, 40_000, 0, "合并")
    )
    assert list(apart(file)[1]) == [1, 2, 4]


def test_values(tmp_path: Path) -> None:
    lines = [row(检查日期=date(2026, 11, 3), 问题描述="换行_x000D_\n第二行", 序号=1.5, 编号="007")]

    def more(_book: Any, sheet: Any) -> None:
        sheet.write_formula(1, HEAD.index("备注"), "=1+1", None, 2)

    _, rows = apart(book(tmp_path / "a.xlsx", lines, more=more))
    found = rows[2]["c"]
    assert found[str(HEAD.index("检查日期") + 1)] == ["d", "2026-11-03T00:00:00"]
    assert found["1"] == 1.5 and found["2"] == "007" and found[str(HEAD.index("备注") + 1)] == 2
    assert found[str(HEAD.index("问题描述") + 1)] == "换行\r\n第二行"


def test_a_formula_without_its_result(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    made.active.append(["村", "问题描述"])
    made.active.append(["安家庄村", '="垃圾"&"外溢"'])
    made.save(tmp_path / "a.xlsx")
    assert apart(tmp_path / "a.xlsx")[1][2]["c"] == {"1": "安家庄村", "2": ["f"]}


def test_what_a_sheet_says_of_its_size_is_not_believed(tmp_path: Path) -> None:
    def lie(parts: dict[str, bytes]) -> None:
        sheet = parts["xl/worksheets/sheet1.xml"]
        begin = sheet.index(b"<dimension ")
        end = sheet.index(b"/>", begin) + 2
        parts["xl/worksheets/sheet1.xml"] = sheet[:begin] + b'<dimension ref="A1:XFD1048576"/>' + sheet[end:]

    _, rows = apart(repacked(book(tmp_path / "a.xlsx", [row()]), lie))
    assert sorted(rows) == [1, 2]


def test_macros_are_told_and_not_run(tmp_path: Path) -> None:
    def add(parts: dict[str, bytes]) -> None:
        parts["xl/vbaProject.bin"] = b"\0" * 40

    assert apart(repacked(book(tmp_path / "a.xlsm", [row()]), add))[0]["macros"]


def _png_of(kind: bytes) -> Callable[[dict[str, bytes]], None]:
    def change(parts: dict[str, bytes]) -> None:
        name = next(one for one in parts if one.startswith("xl/media/"))
        parts[name] = kind

    return change


@pytest.mark.parametrize(
    ("data", "told"),
    [(b"GIF89a" + b"\0" * 40, "GIF"), (b"", "空文件"), (jpeg("a")[:200], "JPEG"), (b"\xff\xd8\xff\xe0" + b"\0" * (15 << 20), "最多 15 MB")],
)  # fmt: skip
def test_a_picture_that_is_none_is_told_by_its_cell(tmp_path: Path, data: bytes, told: str) -> None:
    file = repacked(book(tmp_path / "a.xlsx", [row()], photos={(2, "整改前照片"): jpeg("a")}), _png_of(data))
    [shot] = apart(file)[1][2]["p"][str(BEFORE)]
    assert told in shot["bad"] and "请" in shot["bad"]


def test_a_picture_that_is_only_a_link(tmp_path: Path) -> None:
    def unlink(parts: dict[str, bytes]) -> None:
        name = "xl/drawings/_rels/drawing1.xml.rels"
        parts[name] = parts[name].replace(b"/>", b' TargetMode="External"/>')

    file = repacked(book(tmp_path / "a.xlsx", [row()], photos={(2, "整改前照片"): jpeg("a")}), unlink)
    assert "只是链接" in apart(file)[1][2]["p"][str(BEFORE)][0]["bad"]


@pytest.mark.slow
def test_five_thousand_pictures(tmp_path: Path) -> None:
    count = 5_000
    photos = {(2 + n // 2, "整改前照片" if n % 2 else "整改后照片"): jpeg(str(n % 50)) for n in range(count)}
    file = book(tmp_path / "a.xlsx", [row(位置=str(n)) for n in range(count // 2)], photos=photos)
    done = subprocess.run(
        [sys.executable, "-m", "dispatch.bringing.reader", str(file), str(tmp_path)],
        capture_output=True, check=True, cwd=Path(reader.__file__).parents[2],
    )  # fmt: skip
    assert json.loads(done.stdout) == {}
    lines = (tmp_path / "rows-0.jsonl").read_text(encoding="utf-8").splitlines()
    assert sum(len(found) for line in lines for found in json.loads(line)["p"].values()) == count
    assert len(list((tmp_path / "pictures").iterdir())) == 50


def test_more_pictures_than_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MOST_PICTURES", 3)
    photos = {(n, "整改前照片"): jpeg("a") for n in range(2, 6)}
    file = book(tmp_path / "a.xlsx", [row() for _ in range(4)], photos=photos)
    with pytest.raises(UnreadableError, match=r"超过 3 张.*请按镇街拆成几份"):
        take_apart(file, tmp_path)


def test_more_rows_than_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MOST_ROWS", 3)
    about, rows = apart(book(tmp_path / "a.xlsx", [row() for _ in range(9)]))
    assert about["sheets"][0]["rows"] == 4 and len(rows) == 3


def test_a_bomb_is_judged_by_its_contents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def swell(parts: dict[str, bytes]) -> None:
        parts["xl/sharedStrings.xml"] = b"<sst>" + b" " * (9 << 20)

    monkeypatch.setattr(package, "MOST_XML", 8 << 20)
    file = repacked(book(tmp_path / "a.xlsx", [row()]), swell)
    assert file.stat().st_size < 1 << 20
    with pytest.raises(UnreadableError, match="解开后有 9 MB，超过上限，没有打开"):
        take_apart(file, tmp_path)


def test_entities_of_a_documents_own_are_refused(tmp_path: Path) -> None:
    def entity(parts: dict[str, bytes]) -> None:
        name = "xl/worksheets/sheet1.xml"
        parts[name] = parts[name].replace(b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet', 1)

    with pytest.raises(UnreadableError, match="文档类型声明"):
        take_apart(repacked(book(tmp_path / "a.xlsx", [row()]), entity), tmp_path)


@pytest.mark.slow
def test_memory_is_bounded(tmp_path: Path) -> None:
    """A package within its bounds that would need more than the process may have ends in a sentence."""

    def swell(parts: dict[str, bytes]) -> None:
        strings = b"".join(b"<si><t>%07d%s</t></si>" % (n, b"a" * 200) for n in range(150_000))
        head = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        parts["xl/sharedStrings.xml"] = head + strings + b"</sst>"

    file = repacked(book(tmp_path / "a.xlsx", [row()]), swell)
    code = (
        "import sys; from pathlib import Path; from dispatch.bringing import reader;"
        " pages = int(Path('/proc/self/statm').read_text().split()[0]);"
        " reader.MEMORY = pages * 4096 + (16 << 20); print(reader.main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(file), str(tmp_path)], capture_output=True, text=True,
        cwd=Path(reader.__file__).parents[2],
    )  # fmt: skip
    assert "内存不够" in done.stdout, done.stderr[-500:]
