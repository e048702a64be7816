"""Who inspects which village. Pure.

`own`: an inspector goes to the chosen villages inside their own posts; one whose posts hold none of them (a
district team, a guest) goes to all. `crossed` (交叉检查): nobody inspects a town they hold a post in; a town's
villages go to the team of the next town by code that has one, so that teams move round in a ring. A
district-wide inspector goes everywhere in both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

MODES = ("own", "crossed")
TOWN_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Inspector:
    """An inspector and the codes of their inspector posts."""

    person: UUID
    places: tuple[str, ...]

    @property
    def everywhere(self) -> bool:
        """True with a post wider than a town."""
        return any(len(place) < TOWN_DIGITS for place in self.places)

    @property
    def towns(self) -> frozenset[str]:
        """The towns this inspector holds a post in."""
        return frozenset(place[:TOWN_DIGITS] for place in self.places)

    def covers(self, village: str) -> bool:
        """True when the village lies in one of the posts."""
        return any(village.startswith(place) for place in self.places)


def spread(villages: Sequence[str], inspectors: Sequence[Inspector], mode: str) -> dict[str, list[UUID]]:
    """Who goes to each village, in the order the inspectors were given; an empty list where nobody can."""
    return _crossed(villages, inspectors) if mode == "crossed" else _own(villages, inspectors)


def _own(villages: Sequence[str], inspectors: Sequence[Inspector]) -> dict[str, list[UUID]]:
    guests = {one.person for one in inspectors if not any(one.covers(village) for village in villages)}
    return {
        village: [one.person for one in inspectors if one.covers(village) or one.person in guests]
        for village in villages
    }


def _crossed(villages: Sequence[str], inspectors: Sequence[Inspector]) -> dict[str, list[UUID]]:
    ring = sorted({town for one in inspectors if not one.everywhere for town in one.towns})
    teams: dict[str, set[UUID]] = {}
    for town in {village[:TOWN_DIGITS] for village in villages}:
        outward = [team for team in ring if team > town] + [team for team in ring if team < town]
        members = (
            {one.person for one in inspectors if team in one.towns and town not in one.towns}
            for team in outward
        )
        teams[town] = next((found for found in members if found), set())
    return {
        village: [
            one.person for one in inspectors if one.everywhere or one.person in teams[village[:TOWN_DIGITS]]
        ]
        for village in villages
    }
