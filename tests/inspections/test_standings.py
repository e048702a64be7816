"""The order a page shows: provisional until publishing, and no place that cannot be known."""

from decimal import Decimal
from uuid import uuid4

from inspections.queries import Visit
from inspections.standings import give_places, town_lines

GRADES = ("excellent", "good", "pass", "fail")


def made(village: str, score: str | None, stage: str = "submitted", **more: int) -> Visit:
    return Visit(
        village, village, village[:9], f"镇{village[:9]}", "RE", [], uuid4() if stage else None, stage,
        Decimal(score) if score else None, "good" if score else "", **more,  # type: ignore[arg-type]
    )  # fmt: skip


def the_round() -> list[Visit]:
    return [
        made("110109001201", "81.0"), made("110109001202", "85.0"), made("110109002201", "83.0"),
        made("110109002202", None, ""),
    ]  # fmt: skip


def placed(visits: list[Visit]) -> list[tuple[int | None, int | None]]:
    return [(one.district_rank, one.town_rank) for one in visits]


def test_a_place_in_the_district_needs_all_of_a_district_round() -> None:
    visits = the_round()
    give_places(visits, GRADES, whole=True, district=True)
    assert placed(visits) == [(3, 2), (1, 1), (2, 1), (None, None)]
    for whole, district in ((False, True), (True, False)):
        visits = the_round()
        give_places(visits, GRADES, whole=whole, district=district)
        assert placed(visits) == [(None, 2), (None, 1), (None, 1), (None, None)]


def test_what_publishing_fixed_is_shown_as_it_was_fixed() -> None:
    visits = [
        made("110109001201", "81.0", "published", district_rank=7, town_rank=3),
        made("110109001202", "85.0", "published", district_rank=9, town_rank=4),
    ]
    give_places(visits, GRADES, whole=True, district=True)
    assert placed(visits) == [(7, 3), (9, 4)]


def test_towns_have_a_place_only_beside_all_the_others() -> None:
    visits = the_round()
    visits[0].late, visits[2].missing_photos = True, 3
    lines = town_lines(visits, whole=True)
    assert [(one.code, one.villages, one.done, one.late, one.missing_photos) for one in lines] == [
        ("110109001", 2, 2, 1, 0), ("110109002", 2, 1, 0, 3),
    ]  # fmt: skip
    assert [(one.average, one.place) for one in lines] == [(Decimal("83.00"), 1), (Decimal("83.00"), 1)]
    assert [one.place for one in town_lines(visits, whole=False)] == [None, None]
    assert [one.place for one in town_lines(visits[:2], whole=True)] == [None]
