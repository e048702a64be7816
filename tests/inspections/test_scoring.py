"""Scoring seen from this side alone: types, words and habits that the shared cases cannot tell."""

import subprocess
import sys
from decimal import ROUND_DOWN, Decimal, localcontext
from uuid import UUID

import pytest

from inspections.answers import Answer, FindingIn, Veto
from inspections.scoring import check_answers, score
from tests.inspections.sheets import CHECKLISTS, changed, full, scored


def test_worked_example() -> None:
    got = scored(
        "RE",
        Answer(item="RE-1.1", counts={"each": 3, "heavy": 1}),
        Answer(item="RE-2.3", value=Decimal(84)),
        Answer(item="RE-4.2", na=True, note="已纳管"),
        Answer(item="RE-4.5", yes=False),
        Answer(item="RE-9.2", level="B"),
    )
    assert (str(got.score), got.grade, str(got.earned), str(got.base)) == (
        "94.8",
        "excellent",
        "91.95",
        "97.00",
    )


def test_ids_may_be_written_in_either_case() -> None:
    second = UUID("0193a000-0000-7000-8000-00000000abcd")
    veto = Answer(item="RE-2.4", counts={}, veto=Veto(text="x", second=second))
    persons = {"author": "0193A000-0000-7000-8000-00000000ABCE", "inspectors": [str(second).upper()]}
    assert scored("RE", veto, **persons).vetoes == ("RE-2.4",)
    assert scored("RE", veto, author=str(second).upper(), inspectors=[str(second)]).vetoes == ()


def test_the_callers_decimal_context_does_not_reach_the_score() -> None:
    half = Answer(item="H-2", points=Decimal("16.25"))
    plain = scored("HALF", half)
    assert str(plain.score) == "86.3"
    with localcontext() as context:
        context.prec, context.rounding = 3, ROUND_DOWN
        assert scored("HALF", half) == plain


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity", "1E+999999", "1E-999999"])
def test_no_figure_from_the_wire_makes_scoring_fail(value: str) -> None:
    figure = Decimal(value)
    for item in ("B-2", "B-3", "B-6"):
        answer = Answer(item=item, value=figure, points=figure)
        scored("ALL", answer)
        check_answers(CHECKLISTS["ALL"], [answer])
    assert score(CHECKLISTS["ALL"], full("ALL"), auto={"B-5": figure}).items.keys() >= {"B-4"}


def test_a_negative_finding_is_told() -> None:
    finding = FindingIn(id=UUID(int=1), text="x", action="record", rule="bag", count=-1)
    sheet = changed(full("ALL"), Answer(item="A-1", counts={}, findings=(finding,)))
    assert [problem.code for problem in check_answers(CHECKLISTS["ALL"], sheet)] == ["count_range"]


def test_problems_speak_to_the_inspector() -> None:
    sheet = changed(
        full("ALL"),
        Answer(item="A-1", counts={"bag": -1}),
        Answer(item="B-1", na=True),
        Answer(item="B-3", points=Decimal("2.50")),
    )
    assert [problem.sentence for problem in check_answers(CHECKLISTS["ALL"], sheet)] == [
        "A-1：数量应在 0 到 9999 之间（填的是 -1）",
        "B-1：选了不适用，请写明原因",
        "B-3：打分应在 0 到 2 之间",
    ]


def test_scoring_needs_neither_database_nor_web_nor_other_folders() -> None:
    code = "import sys, inspections.scoring; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    tops = {name.split(".")[0] for name in loaded.split()}
    assert not tops & {"tortoise", "starlette", "villages", "templates", "dispatch", "offline_sync"}
