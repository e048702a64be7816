"""Everything programs name has a word, and values are written as people write them."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from templates import STATIC, environment, filters, words
from villages.permissions import AUTHORITY, MAY, ROLES

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 22, 8, 5, tzinfo=UTC)  # 16:05 in Beijing


def _chinese(text: str) -> bool:
    return bool(re.search(r"[一-鿿]", text))


@pytest.mark.parametrize("verb", sorted(MAY))
def test_every_verb_of_the_permission_table_has_a_word(verb: str) -> None:
    assert _chinese(words.VERB.get(verb, "")), f"templates/words.py has no word for {verb}"


def test_every_verb_the_code_writes_into_the_trail_has_a_word() -> None:
    written: set[str] = set()
    for folder in ("villages", "inspections", "dispatch", "offline_sync"):
        for file in (ROOT / folder).rglob("*.py"):
            if "migrations" not in file.parts:
                written |= set(re.findall(r'verb="([a-z]+\.[a-z_]+)"', file.read_text(encoding="utf-8")))
    assert "person.create" in written
    assert sorted(written - words.VERB.keys()) == []


@pytest.mark.parametrize("role", sorted({*ROLES, *AUTHORITY}))
def test_every_role_has_a_word(role: str) -> None:
    assert _chinese(words.ROLE.get(role, ""))


@pytest.mark.parametrize("name", [*filters.TABLES, "VERB", "DONE"])
def test_every_word_is_chinese(name: str) -> None:
    assert [key for key, word in getattr(words, name).items() if not _chinese(word)] == []


def test_what_is_said_to_be_done_are_verbs() -> None:
    assert sorted(words.DONE.keys() - words.VERB.keys()) == ["sign-out"]


def test_a_step_may_name_its_verb_short() -> None:
    assert words.verb("accept") == words.verb("task.accept") == "签收"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("2026-11-22T08:05:00Z", "11月22日 16:05"),
        (datetime(2025, 12, 31, 16, 30, tzinfo=UTC), "1月1日 00:30"),
        (datetime(2025, 12, 31, 15, 30, tzinfo=UTC), "2025年12月31日 23:30"),
        (None, "—"),
    ],
)
def test_moments_are_beijings(value: datetime | str | None, shown: str) -> None:
    assert filters.moment(value, NOW) == shown


def test_days() -> None:
    assert filters.day(date(2026, 3, 5), NOW) == "3月5日"
    assert filters.day("2025-03-05", NOW) == "2025年3月5日"
    assert filters.full_day(datetime(2026, 3, 4, 16, 0, tzinfo=UTC)) == "2026年3月5日"


@pytest.mark.parametrize(
    ("deadline", "shown", "late"),
    [
        ("2026-11-24T15:59:59Z", "还剩2天", False),
        ("2026-11-22T15:59:59Z", "今天到期", False),
        ("2026-11-22T07:00:00Z", "今天已逾期", True),
        ("2026-11-21T15:59:59Z", "逾期1天", True),
        ("2026-11-19T15:59:59Z", "逾期3天", True),
        (None, "—", False),
    ],
)
def test_days_left(deadline: str | None, shown: str, late: bool) -> None:
    assert filters.left(deadline, NOW) == shown
    assert filters.overdue(deadline, NOW) is late


@pytest.mark.parametrize(
    ("value", "places", "shown"),
    [
        (0, None, "0"), (Decimal("0.00"), None, "0"), ("86.50", None, "86.5"), (Decimal("100"), None, "100"),
        (1204, None, "1,204"), ("86.5", 2, "86.50"), (None, None, "—"), ("", 1, "—"), (Decimal("1E+2"), None, "100"),
    ],
)  # fmt: skip
def test_figures(value: object, places: int | None, shown: str) -> None:
    assert filters.figure(value, places) == shown  # type: ignore[arg-type]


def test_pages_escape_and_miss_nothing_in_silence() -> None:
    shown = environment.from_string("{{ a }} {{ b|dash }} {{ 0|dash }} {{ s|stage }}")
    assert shown.render(a="<b>", b="", s="closed") == "&lt;b&gt; — 0 已销号"
    with pytest.raises(Exception, match="undefined"):
        shown.render(a="x")


def _tokens(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))


def _light(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    dark, bright = sorted((_light(one), _light(other)))
    return (bright + 0.05) / (dark + 0.05)


ON_PAPER = ("good", "pass")  # grades stand on white only
TEXT = ("ink", "ink-2", "pine", "pine-deep", "excellent", "good", "pass", "fail", "amber", "red")
WASHES = [("amber", "amber-wash"), ("ink", "amber-wash"), ("red", "red-wash"), ("ink", "red-wash"), ("pine", "pine-wash"),
          ("ink", "pine-wash"), ("ink-2", "pine-wash"), ("on-pine", "pine"), ("on-pine", "pine-deep")]  # fmt: skip


def test_every_text_can_be_read_on_what_it_stands_on() -> None:
    css = (STATIC / "tokens.css").read_text(encoding="utf-8")
    plain, _, sun = css.partition('[data-theme="sun"]')
    at_desk = _tokens(plain)
    in_sun = at_desk | _tokens(sun)
    grounds = [(text, "paper") for text in TEXT] + [(text, "ground") for text in TEXT if text not in ON_PAPER]
    for colours, least, pairs in ((at_desk, 4.5, grounds + WASHES), (in_sun, 7.0, grounds + WASHES)):
        poor = {pair: round(_contrast(colours[pair[0]], colours[pair[1]]), 2) for pair in pairs}
        assert {pair: ratio for pair, ratio in poor.items() if ratio < least} == {}
    assert _contrast(at_desk["line-2"], at_desk["paper"]) >= 3  # edges of inputs


def test_colours_are_named_in_one_file_only() -> None:
    desk = (STATIC / "desk.css").read_text(encoding="utf-8")
    assert re.findall(r"#[0-9a-f]{3,8}\b", desk) in ([], ["#000"])  # black: the cut line of a printed slip


def test_no_page_breaks_the_content_policy() -> None:
    for file in (ROOT / "templates").rglob("*.html"):
        if "pdf" not in file.parts:
            text = re.sub(r"\{[{%#].*?[}%#]\}", "", file.read_text(encoding="utf-8"), flags=re.S)
            inside = r'\sstyle="|<style|\son\w+="|<script(?![^>]*\ssrc=)|javascript:'
            assert not re.search(inside, text), f"{file.name} has inline style or script"
