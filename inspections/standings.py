"""The order of a round as a page shows it: places frozen by publishing, provisional ones before."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from inspections.queries import Visit
from inspections.ranking import Standing, average, places, rank


@dataclass(frozen=True)
class TownLine:
    """A town of a round by one checklist: how many of its villages are in, late, short of photos; the average of
    those scored, and the town's place by it (None where it cannot be known)."""

    code: str
    name: str
    villages: int
    done: int
    late: int
    missing_photos: int
    average: Decimal | None
    place: int | None


def give_places(visits: Sequence[Visit], grades: Sequence[str], *, whole: bool, district: bool) -> None:
    """Put provisional places on visits of one checklist that publishing has not yet given any.

    `whole`: all of the round's villages are here, so that places in it can be known. `district`: the round ranks
    across the district. A town's place needs that town only, so it is always given.
    """
    done = [one for one in visits if one.inspection]
    if any(one.stage == "published" for one in done):
        return
    found = places([Standing(one.village, one.town, one.score, one.grade) for one in done], grades)
    for one in done:
        overall, in_town = found[one.village]
        one.district_rank = overall if whole and district else None
        one.town_rank = in_town


def town_lines(visits: Iterable[Visit], *, whole: bool) -> list[TownLine]:
    """The towns among these visits of one checklist, by code; places only when all of the round is here."""
    by_town: dict[str, list[Visit]] = {}
    for one in visits:
        by_town.setdefault(one.town, []).append(one)
    averages = {town: average(one.score for one in ones) for town, ones in by_town.items()}
    place = rank(averages.items()) if whole and len(averages) > 1 else {}
    return [
        TownLine(
            town, ones[0].town_name, len(ones), sum(1 for one in ones if one.inspection),
            sum(1 for one in ones if one.late), sum(one.missing_photos for one in ones), averages[town],
            place.get(town),
        )
        for town, ones in sorted(by_town.items())
    ]  # fmt: skip
