"""Places, averages and ties."""

from decimal import Decimal as D

from hypothesis import given
from hypothesis import strategies as st

from inspections.ranking import Standing, average, places, rank, towns

GRADES = ("excellent", "good", "pass", "fail")


def test_ties_share_a_place_and_the_next_is_skipped() -> None:
    assert rank([("a", D("90.0")), ("b", D("95.5")), ("c", D("95.50")), ("d", None), ("e", D("0"))]) == {
        "a": 3, "b": 1, "c": 1, "d": None, "e": 4,
    }  # fmt: skip
    assert rank([]) == {}


@given(st.lists(st.none() | st.decimals(0, 100, places=1), max_size=30))
def test_a_place_is_one_more_than_the_number_of_those_who_are_better(scores: list[D | None]) -> None:
    placed = rank(enumerate(scores))
    for key, score in enumerate(scores):
        better = sum(1 for other in scores if other is not None and score is not None and other > score)
        assert placed[key] == (None if score is None else better + 1)


def test_an_average_is_exact_and_rounded_half_up() -> None:
    assert average([D("0.1")] * 3) == D("0.10")
    assert average([D("90.0"), D("90.1"), D("90.1"), D("90.1")]) == D("90.08")  # 90.075: half up, not to even
    assert average([D("88.4"), D("88.3"), D("88.3")]) == D("88.33")
    assert average([None, D(80)]) == D("80.00")
    assert average([None]) is None


def test_towns_go_by_the_figure_that_is_shown() -> None:
    rows = towns(
        [("B", D("88.3")), ("B", D("88.4")), ("B", D("88.3")), ("A", D("88.33")), ("C", None), ("D", D(90))]
    )
    assert [(row.town, row.average, row.villages, row.place) for row in rows] == [
        ("D", D("90.00"), 1, 1), ("A", D("88.33"), 1, 2), ("B", D("88.33"), 3, 2), ("C", None, 0, None),
    ]  # fmt: skip


def test_a_vetoed_village_stands_behind_all_that_passed() -> None:
    standings = [
        Standing("vetoed", "A", D("96.0"), "fail"),
        Standing("best", "A", D("92.0"), "excellent"),
        Standing("weak", "B", D("61.0"), "pass"),
        Standing("failed", "B", D("55.0"), "fail"),
        Standing("unscored", "B", None, ""),
    ]
    assert places(standings, GRADES) == {
        "best": (1, 1), "weak": (2, 1), "vetoed": (3, 2), "failed": (4, 2), "unscored": (None, None),
    }  # fmt: skip
