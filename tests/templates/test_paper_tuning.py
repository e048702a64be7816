"""What a print worker remembers changes no byte; what it cuts from the typefaces changes no character."""

import subprocess
import sys
from pathlib import Path

import pytest
import weasyprint
from fontTools.ttLib import TTFont

from templates import paper_faces, paper_tuning
from templates.fonts import FACES, SANS, font_files

ROOT = Path(__file__).parents[2]
# Printed by WeasyPrint as it is, then twice from memory. The second of each pair shares all but a little with the
# first, as a village's card does with its neighbour's: what is remembered too broadly shows there.
PROOF = """
import sys
from pathlib import Path
from templates import paper_worker as worker
from tests.templates.card_sample import card
from tests.templates.test_pdf_card import CASES

folder = Path(sys.argv[1])
worker.be_strict()
cases = [make(folder) for make in CASES.values()]
cases += [card(folder, village="吴家堃村", town="王平镇", remarks="同意。\\n另附说明一份。", trend_note="")]
cases[-1]["sheets"][0]["sections"][0]["items"][1]["note"] = "村委会西侧1处"
plain = [worker.render("scorecard", one, str(folder)) for one in cases]
print("tuned", worker.tune())
for turn in range(2):
    for number, one in enumerate(cases):
        print(turn, number, worker.render("scorecard", one, str(folder)) == plain[number])
"""


@pytest.mark.slow
def test_what_is_remembered_changes_no_byte(tmp_path: Path) -> None:
    run = [sys.executable, "-c", PROOF, str(tmp_path)]
    told = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True, timeout=300)
    first, *rest = told.stdout.splitlines()
    assert first == "tuned True"  # after an upgrade: read the new version's insides, then name it in the file
    assert len(rest) >= 16
    assert [line for line in rest if not line.endswith("True")] == []


def test_another_version_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weasyprint, "__version__", "70.1")
    assert paper_tuning.tune() is False


def test_a_small_face_has_what_is_frequent_and_the_whole_one_stands_behind_it() -> None:
    rules = paper_faces.face_rules()
    assert rules.count("@font-face") == 2 * len(FACES)
    for face in FACES:
        small = Path(paper_faces._common_faces()[face.file])
        assert small.stat().st_size < font_files()[face].stat().st_size / 3
        with TTFont(small, lazy=True) as font:
            known = font.getBestCmap()
        assert {ord(char) for char in "爨底下村检查评分表：、“”（）—÷①0.5"} <= known.keys()
        assert ord("堃") not in known
    assert paper_faces.with_whole(SANS) == f"{SANS},{SANS} Whole"
    assert paper_faces.with_whole(f'font: 9pt "{SANS}"; x') == f'font: 9pt "{SANS}","{SANS} Whole"; x'


def test_without_the_cutter_the_whole_faces_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise OSError("libharfbuzz-subset.so.0")

    paper_faces._common_faces.cache_clear()
    monkeypatch.setattr(paper_faces, "_libraries", missing)
    try:
        for face, path in font_files().items():
            assert (
                f'"{face.family}";font-weight:{face.weight};src:url("{path.as_uri()}")'
                in paper_faces.face_rules()
            )
    finally:
        paper_faces._common_faces.cache_clear()
