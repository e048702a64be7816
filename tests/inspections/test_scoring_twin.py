"""The tablet's scoring and ours, held to each other over random sheets: every digit, every sentence.

One node process answers all of them, a line each; what hypothesis finds it can therefore also shrink.
"""

import json
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspections.answers import Answer
from inspections.scoring import check_answers, score
from tests.inspections.sheets import CHECKLISTS
from tests.inspections.test_scoring_properties import CENTS, sheets, wild
from tests.inspections.test_scoring_shared import told

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PEOPLE = [f"0193a000-0000-7000-8000-00000000000{n}" for n in "abc"]
Twin = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    node = shutil.which("node")
    assert node is not None, "node is needed: ./dev sets it up"
    program = tmp_path_factory.mktemp("twin") / "scored.mjs"
    build = [
        node, str(ROOT / "node_modules/esbuild/bin/esbuild"), str(ROOT / "tests/tablet/scored-lines.ts"), "--bundle",
        "--platform=node", "--format=esm", f"--outfile={program}", "--log-level=warning",
    ]  # fmt: skip
    subprocess.run(build, check=True, timeout=60, cwd=ROOT)
    with subprocess.Popen(
        [node, program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        stdin, stdout = process.stdin, process.stdout

        def ask(case: dict[str, Any]) -> dict[str, Any]:
            stdin.write(json.dumps(case) + "\n")
            stdin.flush()
            answer: dict[str, Any] = json.loads(stdout.readline())
            return answer

        yield ask
        stdin.close()


def ours(name: str, answers: list[Answer], **how: Any) -> dict[str, Any]:
    """What this side says, as text."""
    checklist = CHECKLISTS[name]
    got = score(checklist, answers, **how)
    problems = check_answers(checklist, answers)
    return {
        "score": None if got.score is None else str(got.score), "grade": got.grade,
        "earned": str(got.earned), "base": str(got.base), "na_weight": str(got.na_weight),
        "na_over_limit": got.na_over_limit, "vetoes": list(got.vetoes),
        "vetoes_unconfirmed": list(got.vetoes_unconfirmed), "missing": list(got.missing),
        "problems": [[one.item, one.code] for one in problems], "sentences": [one.sentence for one in problems],
        "sections": {code: [str(earned), str(base)] for code, (earned, base) in got.sections.items()},
        "items": {code: told(item) for code, item in got.items.items()},
    }  # fmt: skip


def same(twin: Twin, name: str, answers: list[Answer], **how: Any) -> None:
    travelling = json.loads(msgspec.json.encode(answers))
    auto = {code: None if value is None else str(value) for code, value in how.get("auto", {}).items()}
    case = {"name": "", "checklist": name, "answers": travelling, "expect": {}, **how, "auto": auto}
    assert twin(case) == ours(name, answers, **how)


@given(sheets(), st.booleans(), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_sound_sheets_score_alike(twin: Twin, sheet: Any, provisional: bool, rng: random.Random) -> None:
    checklist, answers, auto = sheet
    kept = [answer for answer in answers if rng.random() < 0.9]
    same(twin, _name(checklist), kept, auto=auto, provisional=provisional)


# Figures as tablets write them: no exponent, no more digits than anybody can type.
PLAIN = st.none() | CENTS | st.decimals(-99, 20_000, places=3)
VETOES = st.none() | st.builds(dict, text=st.just("x"), second=st.sampled_from([None, *PEOPLE]))


@given(st.sampled_from(sorted(CHECKLISTS)), st.data(), st.booleans())
@settings(max_examples=100, deadline=None)
def test_whatever_stands_on_a_sheet_is_judged_alike(
    twin: Twin, name: str, data: st.DataObject, provisional: bool
) -> None:
    checklist = CHECKLISTS[name]
    codes = data.draw(
        st.lists(st.sampled_from([item.code for item in checklist.items] + ["Z-9"]), max_size=8)
    )
    answers = []
    for code in codes:
        answer = msgspec.structs.replace(
            data.draw(wild(code)), value=data.draw(PLAIN), points=data.draw(PLAIN)
        )
        veto = data.draw(VETOES)
        note = data.draw(st.sampled_from(["", " ", "无"]))
        whole = {**json.loads(msgspec.json.encode(answer)), "veto": veto, "note": note}
        answers.append(msgspec.convert(whole, Answer, strict=False))
    auto: dict[str, Decimal | None] = {
        item.code: data.draw(st.none() | CENTS)
        for item in checklist.items
        if item.auto_source and data.draw(st.booleans())
    }
    people = data.draw(st.lists(st.sampled_from([*PEOPLE, PEOPLE[0].upper()]), max_size=3))
    same(twin, name, answers, auto=auto, provisional=provisional, author=PEOPLE[0], inspectors=people)


def _name(checklist: Any) -> str:
    return next(name for name, one in CHECKLISTS.items() if one is checklist)
