"""The table of moves with one condition left out at a time: some test of the table must go red, else it guards nothing."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any

import pytest

from dispatch.stages import ROWS, STAGES, Row
from tests.dispatch import test_stages
from villages.permissions import ROLES

FLAGS = [one.name for one in fields(Row) if one.type in ("bool", bool)]
WIDER = {"unit": "unit_or_town", "unit_or_town": "seen", "inside": "place", "place": "seen"}


def mutants() -> Iterator[tuple[str, Row]]:
    """(what was left out, the row without it)."""
    for verb, row in ROWS.items():
        for flag in FLAGS:
            if getattr(row, flag):
                yield f"{verb} without {flag}", replace(row, **{flag: False})
        if row.reach in WIDER:
            yield f"{verb} reaching {WIDER[row.reach]}", replace(row, reach=WIDER[row.reach])
        if verb == "dispatch":
            continue
        more = next((stage for stage in STAGES if stage not in row.froms), None)
        if more:
            yield f"{verb} from {more}", replace(row, froms=(*row.froms, more))
        for role in sorted(set(ROLES) - set(row.roles)):
            yield f"{verb} by {role}", replace(row, roles=(*row.roles, role))


def checks() -> Iterator[Callable[[], Any]]:
    """Every test of the table with each of its parameters, to be called here and now."""
    for name, test in vars(test_stages).items():
        if not name.startswith("test_") or hasattr(test, "hypothesis"):
            continue
        sets: list[dict[str, Any]] = [{}]
        for mark in getattr(test, "pytestmark", []):
            names = mark.args[0] if isinstance(mark.args[0], tuple) else (mark.args[0],)
            values = [one if len(names) > 1 else (one,) for one in mark.args[1]]
            sets = [{**known, **dict(zip(names, one, strict=True))} for known in sets for one in values]
        assert set(inspect.signature(test).parameters) == set(sets[0]), name
        for known in sets:
            yield lambda test=test, known=known: test(**known)


CHECKS = list(checks())


def red() -> bool:
    """Whether any test of the table fails now."""
    for check in CHECKS:
        try:
            check()
        except (AssertionError, IndexError, KeyError):
            return True
    return False


def test_the_whole_table_is_green_and_every_flag_is_known() -> None:
    assert not red()
    assert {"photo", "text", "unit", "by_other", "until", "asks", "answers", "into", "daily", "drawn"} <= set(
        FLAGS
    )
    assert all(any(getattr(row, flag) for row in ROWS.values()) for flag in FLAGS), "a flag that no row has"


@pytest.mark.slow
def test_each_condition_left_out_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    missed = []
    listed = list(mutants())
    assert len(listed) > 100
    for told, row in listed:
        with monkeypatch.context() as patch:
            patch.setitem(ROWS, row.verb, row)
            if not red():
                missed.append(told)
    assert missed == []
