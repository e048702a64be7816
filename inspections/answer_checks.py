"""What is wrong with the answers of a sheet, worded for the inspector. Pure.

A sheet without problems scores; one with problems is kept and waits (`held/invalid`), it is never thrown
away.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from inspections.answers import Answer
from inspections.methods import Bonus, Deduct, Levels, Measure, Range, Sample, YesNo
from inspections.points import MOST_COUNT, ordinals
from inspections.sheet import Checklist, Item
from inspections.sheet_reader import plain


class AnswerProblem(NamedTuple):
    """One thing wrong: the item's code, a Chinese sentence, and a code for machines."""

    item: str
    sentence: str
    code: str


Wrong = Iterator[tuple[str, str]]


def check_answers(checklist: Checklist, answers: Sequence[Answer]) -> list[AnswerProblem]:
    """Everything that keeps a finished sheet from being scored, in the order of the sheet, strangers last.

    Codes: `item_missing` `item_twice` `item_unknown` `auto_answered` `na_not_allowed` `na_no_reason`
    `rule_unknown` `count_range` `level_unknown` `value_range` `points_range` `sample_wrong`
    `veto_not_allowed` `veto_on_na`.
    """
    times = Counter(answer.item for answer in answers)
    by_item = {answer.item: answer for answer in answers}
    found: list[AnswerProblem] = []
    for item in checklist.items:
        found += [
            AnswerProblem(item.code, f"{item.code}：{text}", code)
            for code, text in _item(item, times, by_item)
        ]
    for code in dict.fromkeys(answer.item for answer in answers):
        if code not in checklist.by_code:
            found.append(AnswerProblem(code, f"{code}：检查单上没有这一项", "item_unknown"))
    return found


def _item(item: Item, times: Counter[str], by_item: dict[str, Answer]) -> Wrong:
    answer = by_item.get(item.code)
    if answer is None:
        if not item.auto_source and not isinstance(item.scoring, Bonus):
            yield "item_missing", "还没有填写"
    elif item.auto_source:
        yield "auto_answered", "本项由系统取数，不用填写"
    elif times[item.code] > 1:
        yield "item_twice", f"填写了 {times[item.code]} 次，只能有一次"
    else:
        yield from _answer(item, answer)


def _answer(item: Item, answer: Answer) -> Wrong:
    if answer.veto is not None and not item.veto:
        yield "veto_not_allowed", "本项没有设一票否决"
    if any(not 0 <= finding.count <= MOST_COUNT for finding in answer.findings):
        yield "count_range", f"问题的数量应在 0 到 {MOST_COUNT} 之间"
    if not answer.na:
        yield from _METHODS[type(item.scoring)](item, item.scoring, answer)
    elif not item.na_allowed:
        yield "na_not_allowed", "本项不能选不适用"
    else:
        if not answer.note.strip():
            yield "na_no_reason", "选了不适用，请写明原因"
        if answer.veto is not None:
            yield "veto_on_na", "选了不适用，不能同时提出一票否决"


def _counts(item: Item, method: Deduct, answer: Answer) -> Wrong:
    if answer.counts is None:
        yield "item_missing", "还没有填写"
        return
    known = {rule.key for rule in method.rules}
    for key, count in sorted(answer.counts.items()):
        if key not in known:
            yield "rule_unknown", f"没有“{key}”这条扣分规则"
        elif not 0 <= count <= MOST_COUNT:
            yield "count_range", f"数量应在 0 到 {MOST_COUNT} 之间（填的是 {count}）"


def _level(item: Item, method: Levels, answer: Answer) -> Wrong:
    if answer.level is None:
        yield "item_missing", "还没有选等级"
    elif answer.level not in {level.key for level in method.levels}:
        yield "level_unknown", f"没有“{answer.level}”这个等级"


def _yes(item: Item, method: YesNo, answer: Answer) -> Wrong:
    if answer.yes is None:
        yield "item_missing", "还没有选是或否"


def _value(item: Item, method: Measure, answer: Answer) -> Wrong:
    if answer.value is None:
        yield "item_missing", "还没有填写数值"
    elif not _between(method.low, answer.value, method.high):
        yield "value_range", f"数值应在 {plain(method.low)} 到 {plain(method.high)} 之间"


def _points(item: Item, method: Range, answer: Answer) -> Wrong:
    if answer.points is None:
        yield "item_missing", "还没有打分"
    elif not _between(Decimal(0), answer.points, item.weight):
        yield "points_range", f"打分应在 0 到 {plain(item.weight)} 之间"


def _sample(item: Item, method: Sample, answer: Answer) -> Wrong:
    drawn, failed = answer.drawn, answer.failed
    if drawn is None or failed is None:
        yield "item_missing", "还没有填写抽查结果"
    elif not drawn:
        yield "sample_wrong", "没有抽中的户，无法计分"
    elif not ordinals(drawn) or not ordinals(failed):
        yield "sample_wrong", "户的序号应从 1 起，不能重复"
    elif not set(failed) <= set(drawn):
        yield "sample_wrong", "不合格的户不在抽中的户里"


def _bonus(item: Item, method: Bonus, answer: Answer) -> Wrong:
    if answer.points is not None and not (answer.points.is_finite() and answer.points >= 0):
        yield "points_range", f"加分应在 0 到 {plain(method.most)} 之间"


def _between(low: Decimal, value: Decimal, high: Decimal) -> bool:
    return value.is_finite() and low <= value <= high


_METHODS: dict[type[Any], Callable[[Item, Any, Answer], Wrong]] = {
    Deduct: _counts,
    Levels: _level,
    YesNo: _yes,
    Measure: _value,
    Range: _points,
    Sample: _sample,
    Bonus: _bonus,
}
