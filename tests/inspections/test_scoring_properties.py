"""What must hold of every sheet, found by looking for a sheet where it does not."""

import random
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspections.answers import Answer, FindingIn
from inspections.methods import Bonus, Deduct, Levels, Measure, Range, Sample, YesNo
from inspections.scoring import check_answers, score
from inspections.sheet import Checklist, Item
from tests.inspections.sheets import CHECKLISTS

NAMES = st.sampled_from(sorted(CHECKLISTS))
CENTS = st.integers(0, 10_000).map(lambda cents: Decimal(cents) / 100)


def sound(item: Item) -> st.SearchStrategy[Answer]:
    """Answers that fit the item."""
    method, code = item.scoring, st.just(item.code)
    if isinstance(method, Deduct):
        counts = st.fixed_dictionaries({}, optional={rule.key: st.integers(0, 12) for rule in method.rules})
        answers = st.builds(Answer, item=code, counts=counts)
    elif isinstance(method, Levels):
        answers = st.builds(Answer, item=code, level=st.sampled_from([one.key for one in method.levels]))
    elif isinstance(method, YesNo):
        answers = st.builds(Answer, item=code, yes=st.booleans())
    elif isinstance(method, Measure):
        answers = st.builds(Answer, item=code, value=CENTS.map(lambda value: min(value, method.high)))
    elif isinstance(method, Range):
        answers = st.builds(Answer, item=code, points=CENTS.map(lambda points: min(points, item.weight)))
    elif isinstance(method, Sample):
        drawn = st.lists(st.integers(1, 99), min_size=1, max_size=9, unique=True)
        answers = drawn.flatmap(
            lambda homes: st.builds(
                Answer,
                item=code,
                drawn=st.just(tuple(homes)),
                failed=st.lists(st.sampled_from(homes), unique=True).map(tuple),
            )
        )
    else:
        answers = st.builds(Answer, item=code, points=CENTS)
    if item.na_allowed:
        answers = st.one_of(answers, st.builds(Answer, item=code, na=st.just(True), note=st.just("无")))
    return answers


@st.composite
def sheets(draw: st.DrawFn) -> tuple[Checklist, list[Answer], dict[str, Decimal | None]]:
    checklist = CHECKLISTS[draw(NAMES)]
    answers = [draw(sound(item)) for item in checklist.items if not item.auto_source]
    auto = {item.code: draw(st.none() | CENTS) for item in checklist.items if item.auto_source}
    return checklist, answers, auto


def worse(item: Item, answer: Answer, rng: random.Random) -> Answer:
    """The same answer with one more thing wrong."""
    method = item.scoring
    if answer.na:
        return answer
    if isinstance(method, Deduct):
        rule = rng.choice(method.rules).key
        counts = dict(answer.counts or {})
        return msgspec.structs.replace(
            answer, counts={**counts, rule: counts.get(rule, 0) + rng.randint(1, 3)}
        )
    if isinstance(method, Levels):
        keys = [one.key for one in method.levels]
        return msgspec.structs.replace(
            answer, level=keys[min(keys.index(answer.level or "") + 1, len(keys) - 1)]
        )
    if isinstance(method, YesNo):
        return msgspec.structs.replace(answer, yes=False)
    if isinstance(method, Measure):
        assert answer.value is not None
        return msgspec.structs.replace(answer, value=method.high if method.lower else answer.value / 2)
    if isinstance(method, Sample):
        left = sorted(set(answer.drawn or ()) - set(answer.failed or ()))
        return msgspec.structs.replace(answer, failed=(*(answer.failed or ()), *left[:1]))
    assert answer.points is not None
    assert isinstance(method, Range | Bonus)
    return msgspec.structs.replace(answer, points=answer.points * Decimal("0.7"))


@given(sheets(), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_more_faults_never_raise_the_score(sheet: Any, rng: random.Random) -> None:
    checklist, answers, auto = sheet
    before = score(checklist, answers, auto=auto)
    spoiled = list(answers)
    for at in rng.sample(range(len(spoiled)), k=min(3, len(spoiled))):
        spoiled[at] = worse(checklist.by_code[spoiled[at].item], spoiled[at], rng)
    after = score(checklist, spoiled, auto=auto)
    assert after.earned <= before.earned
    assert (after.score is None) == (before.score is None)
    if after.score is not None and before.score is not None:
        assert after.score <= before.score


@given(sheets())
@settings(max_examples=60, deadline=None)
def test_sound_sheets_score_within_bounds_and_add_up(sheet: Any) -> None:
    checklist, answers, auto = sheet
    got = score(checklist, answers, auto=auto)
    assert check_answers(checklist, answers) == []
    assert got.missing == ()
    assert (got.score is None) == (got.base == 0)
    if got.score is not None:
        # the same sum in fractions: whole tenths, half up
        tenths = Fraction(got.earned) * 100 * 10**checklist.total_places / Fraction(got.base) + Fraction(1, 2)
        assert 0 <= got.score <= 100
        assert got.score.scaleb(checklist.total_places) == min(
            floor(tenths), 100 * 10**checklist.total_places
        )
    assert got.base + got.na_weight == checklist.total
    assert got.base == sum(base for _, base in got.sections.values())
    assert got.earned == sum(earned for earned, _ in got.sections.values())
    for code, item in got.items.items():
        assert item.na or item.lost == item.weight - item.points or checklist.by_code[code].method == "bonus"
        assert 0 <= item.lost <= item.weight


@given(sheets(), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_order_of_answers_changes_nothing(sheet: Any, rng: random.Random) -> None:
    checklist, answers, auto = sheet
    answers = answers + rng.sample(answers, k=rng.randint(0, min(2, len(answers))))  # some of them twice
    shuffled = rng.sample(answers, k=len(answers))
    assert score(checklist, shuffled, auto=auto) == score(checklist, answers, auto=auto)
    assert check_answers(checklist, shuffled) == check_answers(checklist, answers)


@pytest.mark.slow
@given(sheets(), st.data())
@settings(max_examples=40, deadline=None)
def test_what_stands_in_a_not_applicable_answer_is_irrelevant(sheet: Any, data: st.DataObject) -> None:
    checklist, answers, auto = sheet
    plain = [Answer(item=a.item, na=True, note=a.note) if a.na else a for a in answers]
    stuffed = [
        msgspec.structs.replace(data.draw(wild(a.item)), na=True, note=a.note) if a.na else a for a in answers
    ]
    assert score(checklist, stuffed, auto=auto) == score(checklist, plain, auto=auto)


NUMBERS = st.none() | st.decimals() | CENTS
ORDINALS = st.none() | st.lists(st.integers(-1, 6), max_size=4).map(tuple)
FINDINGS = st.lists(
    st.builds(
        FindingIn,
        id=st.just(UUID(int=1)),
        text=st.just("x"),
        action=st.just("record"),
        rule=st.sampled_from([None, "each", "bag"]),
        count=st.integers(0, 3),
    ),
    max_size=2,
).map(tuple)


def wild(code: str) -> st.SearchStrategy[Answer]:
    """Whatever the wire lets through, fitting the item or not."""
    return st.builds(
        Answer,
        item=st.just(code),
        counts=st.none()
        | st.dictionaries(
            st.sampled_from(["each", "heavy", "bag", "x"]), st.integers(-1, 20_000), max_size=2
        ),
        level=st.sampled_from([None, "A", "B", "Z"]),
        yes=st.sampled_from([None, True, False]),
        value=NUMBERS,
        points=NUMBERS,
        drawn=ORDINALS,
        failed=ORDINALS,
        na=st.booleans(),
        note=st.just("无"),
        findings=FINDINGS,
    )


@given(NAMES, st.data())
@settings(max_examples=60, deadline=None)
def test_an_answer_is_scored_exactly_where_nothing_is_wrong_with_it(name: str, data: st.DataObject) -> None:
    checklist = CHECKLISTS[name]
    asked = [item for item in checklist.items if not item.auto_source]
    answers = [data.draw(wild(item.code)) for item in data.draw(st.permutations(asked))[:6]]
    got = score(checklist, answers)
    wrong = {problem.item for problem in check_answers(checklist, answers)}
    assert wrong == {code for code in got.missing if not checklist.by_code[code].auto_source}
    assert score(checklist, answers, provisional=True).items == got.items
