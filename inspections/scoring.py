"""What a filled checklist scores. Pure, exact decimals; the tablet's twin runs the same
`tests/shared/scoring.json`.

**The sum.** An item earns points by its method, rounded half up to the checklist's `item_places`. Items
that are not applicable leave the base. Score = earned ÷ base × 100, at most 100, rounded half up once to
`total_places`; the grade follows the rounded score. A bonus adds to what is earned (not to the base), up
to its own most, and like everything else cannot lift the score above 100.

**Unanswered.** An item with no answer, an answer that says nothing its method can use (`answer_checks`
tells why), or two answers, is `missing`. An incomplete sheet has no final score and no grade.
`provisional=True` is for the tablet while the sheet is being filled: it scores what is answered so far,
missing items leave the base, so the figure neither starts at 0 nor at a flattering 100. A bonus without
an answer is no bonus, not a gap.

**Not applicable** counts only where the item allows it; an `auto` item is so when its value has no
denominator (None). If nothing is left in the base there is no score and no grade.

**Veto** (一票否决) counts on a veto item when the second inspector is one of the inspection's inspectors
and not the author: then the grade is the lowest and the score stays. Otherwise it is listed in
`vetoes_unconfirmed`.

**Unproven.** Counted places that the findings do not add up to, rule by rule, or points lost without any
finding. It is a mark, never a refusal.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from types import MappingProxyType

from inspections.answer_checks import AnswerProblem, check_answers
from inspections.answers import Answer
from inspections.points import ItemScore, auto_points, item_points
from inspections.sheet import FULL, Checklist, Section

__all__ = ["AnswerProblem", "ItemScore", "Score", "check_answers", "grade_of", "score"]

# our own, so that no caller's precision or rounding reaches a score
_EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
_NO_AUTO: Mapping[str, Decimal | None] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Score:
    """A scored sheet. Points carry `item_places` decimals, `score` carries `total_places`; dicts go by code.

    `items` lacks what is missing; `sections` hold (earned, base); `na_weight` is what left the base as
    不适用.
    """

    score: Decimal | None
    grade: str | None
    earned: Decimal
    base: Decimal
    items: dict[str, ItemScore]
    sections: dict[str, tuple[Decimal, Decimal]]
    vetoes: tuple[str, ...]
    vetoes_unconfirmed: tuple[str, ...]
    na_weight: Decimal
    na_over_limit: bool
    missing: tuple[str, ...]


def score(
    checklist: Checklist,
    answers: Sequence[Answer],
    *,
    auto: Mapping[str, Decimal | None] = _NO_AUTO,
    author: str = "",
    inspectors: Sequence[str] = (),
    provisional: bool = False,
) -> Score:
    """Score a sheet by the rules above; never raises, whatever the answers hold.

    `auto` gives the value of each item that the system itself computes, None where it has no denominator.
    `author` and `inspectors` are person ids, for the veto.
    """
    given = _by_item(answers)
    vetoes, unconfirmed = _vetoes(checklist, given, author, inspectors)
    with localcontext(_EXACT):
        quantum = Decimal(1).scaleb(-checklist.item_places)
        zero = Decimal(0).quantize(quantum)
        items, missing = _items(checklist, given, auto, quantum)
        sections = {part.code: _section(part, items, zero, provisional) for part in checklist.sections}
        earned = sum((part for part, _ in sections.values()), zero)
        base = sum((part for _, part in sections.values()), zero)
        na_weight = sum((item.weight for item in items.values() if item.na), zero)
        usable = base > 0 and (provisional or not missing)
        total = _total(earned, base, checklist.total_places) if usable else None
    return Score(
        score=total,
        grade=grade_of(checklist, total, bool(vetoes)),
        earned=earned,
        base=base,
        items=items,
        sections=sections,
        vetoes=vetoes,
        vetoes_unconfirmed=unconfirmed,
        na_weight=na_weight,
        na_over_limit=na_weight > checklist.na_limit,
        missing=missing,
    )


def _items(
    checklist: Checklist,
    given: Mapping[str, Answer],
    auto: Mapping[str, Decimal | None],
    quantum: Decimal,
) -> tuple[dict[str, ItemScore], tuple[str, ...]]:
    """Every item that can be scored, and the codes of those that cannot."""
    scored: dict[str, ItemScore] = {}
    missing: list[str] = []
    for item in checklist.items:
        if not item.auto_source:
            got = item_points(item, given.get(item.code), quantum)
        else:
            got = auto_points(item, auto[item.code], quantum) if item.code in auto else None
        if got is None:
            missing.append(item.code)
        else:
            scored[item.code] = got
    return scored, tuple(missing)


def _section(
    section: Section, items: Mapping[str, ItemScore], zero: Decimal, provisional: bool
) -> tuple[Decimal, Decimal]:
    """What the section earned, and of how much."""
    earned = base = zero
    for item in section.items:
        got = items.get(item.code)
        if got is None:
            base += zero if provisional else item.weight
        elif not got.na:
            earned += got.points
            base += got.weight
    return earned, base


def _by_item(answers: Iterable[Answer]) -> dict[str, Answer]:
    """Answers by item; an item answered twice has no answer, whichever came first."""
    found: dict[str, Answer] = {}
    twice: set[str] = set()
    for answer in answers:
        if answer.item in found:
            twice.add(answer.item)
        found[answer.item] = answer
    for code in twice:
        del found[code]
    return found


def _total(earned: Decimal, base: Decimal, places: int) -> Decimal:
    # 60 digits first: no quotient of numbers this small comes so near a half that it would round twice
    whole = min(earned * FULL / base, FULL)
    return whole.quantize(Decimal(1).scaleb(-places))


def grade_of(checklist: Checklist, total: Decimal | None, vetoed: bool) -> str | None:
    """The grade of a total; the lowest when vetoed, none without a total."""
    if total is None:
        return None
    if vetoed:
        return checklist.grades[-1].key
    return next(grade.key for grade in checklist.grades if total >= grade.min)


def _vetoes(
    checklist: Checklist, given: Mapping[str, Answer], author: str, inspectors: Iterable[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    others = {str(person).lower() for person in inspectors} - {str(author).lower()}
    confirmed: list[str] = []
    unconfirmed: list[str] = []
    for item in checklist.items:
        answer = given.get(item.code) if item.veto else None
        if answer is None or answer.veto is None or (answer.na and item.na_allowed):
            continue
        (confirmed if str(answer.veto.second) in others else unconfirmed).append(item.code)
    return tuple(confirmed), tuple(unconfirmed)
