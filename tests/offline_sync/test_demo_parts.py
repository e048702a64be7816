"""The parts of the demo that need no server: sheets, scripts, photos, ids, and the reading of pages."""

import io
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import msgspec
import pytest
from PIL import Image

from dispatch import stages
from dispatch.stages import Facts, Move
from inspections.answers import Answer
from inspections.checklists import BUILTIN, DATA, read_yaml
from inspections.pictures import check_bytes
from inspections.scoring import check_answers, score
from inspections.sheet import Checklist, parse_checklist
from offline_sync.demo.answers import MOST_FINDINGS, MOST_IN_A_BAD_VILLAGE, Character, fill
from offline_sync.demo.forms import Page
from offline_sync.demo.pictures import KINDS, Shot, draw
from offline_sync.demo.scripts import INSPECTOR, UNIT, fate
from offline_sync.demo.seeds import chance, id_for, share

VILLAGE = "110109005201"


@pytest.fixture(scope="module", params=BUILTIN)
def checklist(request: pytest.FixtureRequest) -> Checklist:
    """Each checklist that comes with the program."""
    return parse_checklist(read_yaml(DATA / request.param))


def _scores(checklist: Checklist, seed: str, villages: int) -> list[tuple[Decimal | None, int]]:
    found = []
    for village in range(villages):
        sheet = fill(checklist, chance(seed, village), Character(urban=village % 5 == 0, veto=village == 7))
        answers = [msgspec.convert(answer, Answer, strict=False) for answer in sheet.answers.values()]
        assert check_answers(checklist, answers) == []
        auto = {item.code: None for item in checklist.items if item.auto_source}
        found.append((score(checklist, answers, auto=auto).score, len(sheet.faults)))
    return found


def test_sheets_are_whole_and_look_like_a_district(checklist: Checklist) -> None:
    found = _scores(checklist, "1", 178)
    scores = [points for points, _ in found if points is not None]
    assert len(scores) == 178
    usual = sum(1 for points in scores if 80 <= points <= 95)
    assert usual > 89  # most
    assert sum(1 for points in scores if points > 95) > 5
    assert 3 <= sum(1 for points in scores if points < 80) <= 40
    assert any(points < 60 for points in scores)
    assert max(number for points, number in found if points is not None and points >= 80) <= MOST_FINDINGS + 1
    assert max(number for _, number in found) <= MOST_IN_A_BAD_VILLAGE + 1


def test_a_seed_draws_the_same_again(checklist: Checklist) -> None:
    assert _scores(checklist, "3", 30) == _scores(checklist, "3", 30)
    assert _scores(checklist, "3", 30) != _scores(checklist, "4", 30)


def test_every_script_is_legal_and_together_they_reach_every_stage() -> None:
    ends: Counter[str] = Counter()
    for number in range(400):
        fated = fate(chance("fate", number))
        unit = {"town": VILLAGE[:9], "department": "110109-d03"}.get(fated.unit, VILLAGE)
        stage, submitters = stages.DISPATCHED, frozenset[str]()
        for move in fated.moves:
            role, place = (stages.INSPECTOR if move.by == INSPECTOR else stages.TOWN), VILLAGE[:9]
            new_unit = VILLAGE if move.to_village else ""
            facts = Facts(
                stage, VILLAGE, unit, role, place, person=role, submitters=submitters, text=move.text,
                photos=int(move.photo), fresh=int(move.photo), new_unit=new_unit,
            )  # fmt: skip
            verdict = stages.judge(move.verb, facts)
            assert isinstance(verdict, Move), (fated, move, verdict)
            stage, unit = verdict.to, new_unit or unit
            if move.verb == "submit":
                submitters |= {role}
                assert move.by == UNIT
        ends[stage] += 1
    assert set(ends) == {
        stages.DISPATCHED, stages.ACCEPTED, stages.RETURNED, stages.SUBMITTED, stages.CLOSED,
    }  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_photo_is_small_marked_and_the_same_again(kind: str) -> None:
    lines = ("2026-11-20 08:11　王平镇安家庄村　村委会东侧", "无定位　检查员 张志远")
    before, again = (draw(Shot("scene", kind, True, lines)) for _ in range(2))
    after = draw(Shot("scene", kind, False, lines))
    assert before.data == again.data
    assert before.data != after.data
    assert check_bytes(before.data).width == 1600
    assert len(before.data) <= 120_000
    assert len(before.preview) <= 24_000
    assert max(Image.open(io.BytesIO(before.preview)).size) <= 320
    other = draw(Shot("scene", kind, True, ("2026-11-20 08:12　王平镇安家庄村　村口", lines[1])))
    assert other.sha256 != before.sha256


def test_ids_are_version_7_in_time_order_and_repeatable() -> None:
    early, late = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)
    assert UUID(id_for(early, "a")).version == 7
    assert id_for(early, "z") < id_for(late, "a")
    assert id_for(early, "a") == id_for(early, "a") != id_for(early, "b")
    assert 0 <= share("x") < 1


def test_a_page_is_read_as_a_browser_reads_it() -> None:
    page = Page(
        """<form action="/a"><input type="hidden" name="csrf" value="t"><input name="n" value="1">
        <input type="checkbox" name="c[]" value="x"><input type="checkbox" name="c[]" value="y" checked>
        <select name="s"><option value="1">一<option value="2" selected>二</select><textarea name="w">字</textarea>
        <button>好</button></form><p role="alert">不<b>行</b></p>
        <table><tr><th><a href="/people/7">甲</a></th><td>jc-1</td></tr></table><dd id="password">AB-CD</dd>"""
    )
    form = page.form("/a")
    assert form is not None
    assert form.fields == [("csrf", "t"), ("n", "1"), ("c[]", "y"), ("s", "2"), ("w", "字")]
    assert form.filled({"n": "2", "c[]": ["x", "y"], "w": []}) == [
        ("csrf", "t"), ("s", "2"), ("n", "2"), ("c[]", "x"), ("c[]", "y"),
    ]  # fmt: skip
    assert page.choices == {"c[]": ["x", "y"]}
    assert page.alerts == ["不行"]
    assert page.by_id["password"] == "AB-CD"
    assert (page.rows[0].links, page.rows[0].cells) == (["/people/7"], ["甲", "jc-1"])
