"""Places in a ranking. Pure, exact decimals.

Ties share a place and the next place is skipped (1, 1, 3). A grade stands before a score: a visit under
一票否决 is 不合格 whatever it scored, so it cannot stand before a village that passed; among those that
failed it stands by its score. What has no score has no place.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Protocol, TypeVar


class Ordered(Protocol):
    """Whatever can be put in order: a Decimal, a tuple of figures."""

    def __lt__(self, other: Any, /) -> bool: ...


Key = TypeVar("Key", bound=Hashable)
Worth = TypeVar("Worth", bound=Ordered)


def rank(scores: Iterable[tuple[Key, Worth | None]]) -> dict[Key, int | None]:
    """The place of each key, 1 for the highest; ties share a place; None where there is no score."""
    known = list(scores)
    order = sorted((worth for _, worth in known if worth is not None), reverse=True)
    place: dict[Any, int] = {}
    for position, worth in enumerate(order, 1):
        place.setdefault(worth, position)
    return {key: None if worth is None else place[worth] for key, worth in known}


def average(scores: Iterable[Decimal | None], places: int = 2) -> Decimal | None:
    """The mean of the scores there are, rounded half up; None of none.

    Towns are ranked by this rounded figure, so that two towns shown with one figure share a place.
    """
    known = [score for score in scores if score is not None]
    if not known:
        return None
    mean = sum(known, Decimal(0)) / len(known)
    return mean.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Standing:
    """One visit as it enters a ranking. `grades` of its checklist run from best to worst."""

    key: Hashable
    town: str
    score: Decimal | None
    grade: str

    def worth(self, grades: Sequence[str]) -> tuple[int, Decimal] | None:
        """Grade first, then score; higher is better. An unknown grade stands below all."""
        if self.score is None:
            return None
        behind = grades.index(self.grade) if self.grade in grades else len(grades)
        return -behind, self.score


def places(
    standings: Sequence[Standing], grades: Sequence[str]
) -> Mapping[Hashable, tuple[int | None, int | None]]:
    """Each visit's place (in the whole ranking, in its town)."""
    overall = rank((one.key, one.worth(grades)) for one in standings)
    in_town: dict[Hashable, int | None] = {}
    for town in {one.town for one in standings}:
        in_town |= rank((one.key, one.worth(grades)) for one in standings if one.town == town)
    return {one.key: (overall[one.key], in_town[one.key]) for one in standings}


@dataclass(frozen=True, slots=True)
class TownStanding:
    """A town in the ranking: average of its scored villages (two places), how many there are, its place."""

    town: str
    average: Decimal | None
    villages: int
    place: int | None


def towns(scores: Iterable[tuple[str, Decimal | None]]) -> list[TownStanding]:
    """The towns by average score, best first; a town without a score comes last and has no place.

    `scores` has one (town, score) for each visit.
    """
    grouped: dict[str, list[Decimal]] = {}
    for town, score in scores:
        grouped.setdefault(town, []).extend([] if score is None else [score])
    averages = {town: average(found) for town, found in grouped.items()}
    place = rank(averages.items())
    rows = [TownStanding(town, averages[town], len(found), place[town]) for town, found in grouped.items()]
    return sorted(rows, key=lambda row: (row.place is None, row.place or 0, row.town))
