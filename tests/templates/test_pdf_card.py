"""The scorecard as a sheet of paper: what is on which page, how many pictures, which fonts, which bytes."""

import asyncio
import io
import json
import re
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from PIL import Image, ImageStat

from templates.pdf import CardContext, PaperPool
from tests.templates.card_sample import card, photo, words

pytestmark = pytest.mark.slow

LONG = "潭柘寺镇平原村第三村民小组吴家垸碣石村联合村民委员会"
LONG_NOTE = "村委会东侧、文化广场北侧、一号巷、二号巷口、村口停车场共5处散落；村西沟边成堆1处，约2立方米"


def unpublished(folder: Path) -> dict[str, Any]:
    """Before publication, late, refused, vetoed, with a name that fills two lines and markup in the remarks."""
    made = card(
        folder, published=False, late="迟报：2026年5月9日补录", village=LONG, remarks="<b>不同意</b> & 见附件"
    )
    made["refusal"] = {"reason": "线缆属供电公司管理", "witnesses": "张伟、李秀英"}
    sheet = made["sheets"][0]
    sheet["sections"][3]["items"][5]["veto"] = True
    sheet["vetoes"] = ["RE-4.6 水源保护范围内倾倒有毒有害物质，检查组两人确认，区级办公室审定。"]
    return made


def wordy(folder: Path) -> dict[str, Any]:
    made = card(folder, photos=[], pairs=[], open_tasks=[], trend=[])
    for section in made["sheets"][0]["sections"]:
        for item in section["items"]:
            item["note"] = LONG_NOTE
    return made


def unbroken(folder: Path) -> dict[str, Any]:
    """An office's own checklist with one section of thirty rows."""
    made = card(folder, photos=[], pairs=[], open_tasks=[], trend=[])
    sections = made["sheets"][0]["sections"]
    sections[2:7] = [{**sections[2], "items": [item for one in sections[2:7] for item in one["items"]]}]
    sections[2]["items"] += [{**sections[2]["items"][0], "no": str(number)} for number in range(61, 67)]
    return made


def broken(folder: Path) -> dict[str, Any]:
    """A photo cut short on its way, a text file called .jpg, and one that is not there."""
    whole = Path(photo(folder, 1)["path"]).read_bytes()
    (folder / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "text.jpg").write_text("not a picture")
    names = ("cut.jpg", "text.jpg", "gone.jpg")
    return card(
        folder,
        pairs=[],
        photos=[photo(folder, n, path=str(folder / name)) for n, name in enumerate(names, 1)],
    )


CASES: dict[str, Callable[[Path], dict[str, Any]]] = {
    "full": card,
    "unpublished": unpublished,
    "wordy": wordy,
    "unbroken": unbroken,
    "broken": broken,
    "bare": lambda folder: card(folder, photos=[], pairs=[], open_tasks=[], trend=[]),
    "sixty": lambda folder: card(folder, photos=[photo(folder, n) for n in range(1, 61)], pairs=[]),
    "again": card,  # after the others, so that nothing a worker keeps can have leaked into the bytes
}


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every case, printed once, by name."""
    folder = tmp_path_factory.mktemp("cards")

    async def print_all() -> None:
        pool = PaperPool(1, photo_root=folder)
        try:
            for name, make in CASES.items():
                (folder / f"{name}.pdf").write_bytes(await pool.render("scorecard", make(folder)))
        finally:
            pool.close()

    asyncio.run(print_all())
    return {name: folder / f"{name}.pdf" for name in CASES}


def text(pdf: Path, first: int = 1, last: int = 99) -> str:
    run = ["pdftotext", "-layout", "-f", str(first), "-l", str(last), str(pdf), "-"]
    return subprocess.run(run, capture_output=True, check=True, text=True).stdout


def flat(read: str) -> str:
    return re.sub(r"\s", "", read)


def pictures(pdf: Path) -> dict[int, int]:
    """Photos drawn, by page; photos are JPEG, the QR is not."""
    run = subprocess.run(["pdfimages", "-list", str(pdf)], capture_output=True, check=True, text=True)
    return dict(Counter(int(row.split()[0]) for row in run.stdout.splitlines()[2:] if " jpeg " in row))


def test_every_page_is_a4_and_counts_itself(printed: dict[str, Path]) -> None:
    for name, pdf in printed.items():
        with pikepdf.open(pdf) as opened:
            sizes = {tuple(round(float(v)) for v in page.mediabox) for page in opened.pages}
            count = len(opened.pages)
        assert sizes == {(0, 0, 595, 842)}, name
        for page in range(1, count + 1):
            assert f"第{page}页/共{count}页" in flat(text(pdf, page, page)), name


def test_the_forty_two_rows_take_two_pages_and_the_head_comes_again(printed: dict[str, Path]) -> None:
    pdf = printed["full"]
    first, second = text(pdf, 1, 1), text(pdf, 2, 2)
    for page in (first, second):
        assert "检查内容" in page
        assert "扣分说明" in page
    left = [word for page in (1, 2) for word, (_, _, x1, _) in words(pdf, page) if x1 < 82 and word.isdigit()]
    assert sorted(int(word) for word in left) == list(range(1, 43))
    assert "90.45 ÷ 97 × 100" in second
    assert re.search(r"总得分\s+93\.2.*全镇排名\s+3 / 29.*全区排名\s+21 / 178.*较上期\s+\+1\.6", second)
    assert "序号" not in text(pdf, 3)


def test_a_wordy_table_runs_on_without_losing_a_row(printed: dict[str, Path]) -> None:
    pdf = printed["wordy"]
    whole = text(pdf)
    assert whole.count("检查内容") >= 3
    for section in card(pdf.parent)["sheets"][0]["sections"]:
        assert f"得分{section['score']}" in flat(whole), section["name"]


def rows(pdf: Path) -> list[list[int]]:
    """The running numbers of the table's rows, page by page; pages without any are left out."""
    with pikepdf.open(pdf) as opened:
        count = len(opened.pages)
    pages = [
        [int(word) for word, (_, _, x1, _) in words(pdf, page) if x1 < 82 and word.isdigit()]
        for page in range(1, count + 1)
    ]
    return [page for page in pages if page]


@pytest.mark.parametrize("name", ["full", "wordy", "unbroken"])
def test_no_page_begins_in_the_middle_of_a_section_without_its_name(
    printed: dict[str, Path], name: str
) -> None:
    pdf = printed[name]
    sections = CASES[name](pdf.parent)["sheets"][0]["sections"]
    starts = {int(one["items"][at]["no"]) for one in sections for at in range(0, len(one["items"]), 12)}
    pages = rows(pdf)
    assert sum(map(len, pages)) == sum(len(one["items"]) for one in sections)
    assert len(pages) > 1 and all(page[0] in starts for page in pages), pages
    assert "全镇排名" in text(pdf, len(pages), len(pages)), "the sums stand with the last rows"
    goes_on = sum(len(one["items"]) > 12 for one in sections)
    assert text(pdf).count("（续）") == (2 if goes_on else 0)


def test_photos_are_all_there_and_one_awaited_is_said(printed: dict[str, Path]) -> None:
    assert pictures(printed["full"]) == {3: 10, 4: 4}
    assert text(printed["full"]).count("照片待补传") == 1
    assert text(printed["full"]).count("预览图") == 1
    assert sum(pictures(printed["sixty"]).values()) == 60
    assert pictures(printed["bare"]) == {}
    assert "扣分明细与照片" not in text(printed["bare"])


def test_a_broken_photo_is_named_never_drawn(printed: dict[str, Path]) -> None:
    assert pictures(printed["broken"]) == {}
    assert text(printed["broken"]).count("照片无法读取") == 2
    assert text(printed["broken"]).count("照片待补传") == 1


def test_nothing_leaves_the_paper(printed: dict[str, Path], tmp_path: Path) -> None:
    """No ink in the outer margins of any page of any case: 9 mm left and right, 6 mm above and below."""
    for name, pdf in printed.items():
        subprocess.run(["pdftoppm", "-r", "50", "-gray", str(pdf), str(tmp_path / name)], check=True)
        for page in sorted(tmp_path.glob(f"{name}-*.pgm")):
            with Image.open(page) as image:
                width, height = image.size
                side, top = round(9 / 25.4 * 50), round(6 / 25.4 * 50)
                edges = [(0, 0, side, height), (width - side, 0, width, height), (0, 0, width, top)]
                edges.append((0, height - top, width, height))
                assert min(ImageStat.Stat(image.crop(edge)).extrema[0][0] for edge in edges) > 245, page.name


def test_before_publication_it_says_so_and_why(printed: dict[str, Path]) -> None:
    whole = flat(text(printed["unpublished"]))
    for expected in (
        "未发布，分数以发布为准",
        "迟报：2026年5月9日补录",
        "一票否决",
        "理由：线缆属供电公司管理",
        "见证：张伟、李秀英",
    ):
        assert expected in whole
    assert LONG in whole
    assert "<b>不同意</b>&见附件" in whole  # escaped, so printed as written
    assert "未发布" not in text(printed["full"])
    assert "已发布" in text(printed["full"])


def test_the_veto_is_edged_in_red(printed: dict[str, Path], tmp_path: Path) -> None:
    def red(pdf: Path) -> int:
        subprocess.run(
            ["pdftoppm", "-r", "72", "-f", "1", "-l", "2", str(pdf), str(tmp_path / pdf.stem)], check=True
        )
        total = 0
        for page in tmp_path.glob(f"{pdf.stem}-*.ppm"):
            with Image.open(page) as image:
                total += sum(1 for r, g, b in image.get_flattened_data() if r > 140 and g < 110 and b < 110)
        return total

    assert red(printed["unpublished"]) > 800
    assert red(printed["full"]) == 0


def test_fonts_are_our_truetype_subsets(printed: dict[str, Path]) -> None:
    run = subprocess.run(["pdffonts", str(printed["full"])], capture_output=True, check=True, text=True)
    rows = run.stdout.splitlines()[2:]
    assert len(rows) == 4, run.stdout
    for row in rows:
        assert re.match(r"[A-Z]{6}\+.*(Sans|Serif).*CID TrueType +Identity-H +yes yes yes", row), row


def test_the_same_card_gives_the_same_bytes(printed: dict[str, Path]) -> None:
    assert printed["full"].read_bytes() == printed["again"].read_bytes()


def test_it_is_an_archive_copy_with_its_figures(printed: dict[str, Path], tmp_path: Path) -> None:
    with pikepdf.open(printed["full"]) as opened:
        meta = opened.open_metadata()
        assert (meta["pdfaid:part"], meta["pdfaid:conformance"]) == ("3", "U")
        assert str(meta["dc:title"]).startswith("门头沟区农村人居环境检查评分表 爨底下村")
        data = opened.attachments["figures.json"].get_file().read_bytes()
        assert opened.Root.Lang == "zh-CN"
    assert json.loads(data) == card(tmp_path)["figures"]


def test_a_grey_copy_still_tells_lost_from_earned(printed: dict[str, Path]) -> None:
    """The hatched end of the first bar is neither the bar's grey nor white."""
    run = ["pdftoppm", "-r", "200", "-f", "1", "-l", "1", "-gray", str(printed["full"])]
    image = Image.open(io.BytesIO(subprocess.run(run, capture_output=True, check=True).stdout))
    box = [round(v / 25.4 * 200) for v in (110, 30, 190, 74)]
    levels = image.crop((box[0], box[1], box[2], box[3])).histogram()
    dark, middle, white = sum(levels[:110]), sum(levels[110:240]), sum(levels[240:])
    assert dark > 4 * 1000
    assert middle > 1000
    assert white > dark


def test_the_sample_has_the_shape_the_printer_asks_for(tmp_path: Path) -> None:
    assert set(card(tmp_path)) == set(CardContext.__annotations__)
