"""How far rounds have come, by village and town. Three queries for any number of rounds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from villages.ground.database import rows

_TOWN_DIGITS = 9


@dataclass
class Progress:
    """Figures of a round, or of a town in it. A visit is one village with one checklist.

    `villages_done`: every assigned checklist of the village is in. `by_stage`: inspections by their stage, void
    ones too; nothing else counts those. `missing_photos`: announced and not yet arrived.
    """

    villages: int = 0
    villages_done: int = 0
    visits: int = 0
    visits_done: int = 0
    late: int = 0
    missing_photos: int = 0
    vetoed: int = 0
    na_over: int = 0
    by_stage: dict[str, int] = field(default_factory=dict)
    by_town: dict[str, "Progress"] = field(default_factory=dict)

    @property
    def missing(self) -> int:
        """Visits assigned and not in."""
        return self.visits - self.visits_done


async def progress(round_ids: Sequence[UUID], prefixes: Iterable[str] = ("",)) -> dict[UUID, Progress]:
    """Progress of each round, its towns within. `prefixes`: count only villages beginning with one of these."""
    answer = {one: Progress() for one in round_ids}
    if not answer:
        return answer
    reach = tuple(prefixes)
    marks = ", ".join("?" * len(answer))
    ids = [str(one) for one in answer]
    assigned = await rows(
        "SELECT DISTINCT round_id, village, checklist FROM assignment"
        f" WHERE stage <> 'withdrawn' AND round_id IN ({marks})",
        *ids,
    )
    visited = await rows(
        "SELECT round_id, village, checklist_code AS checklist, stage,"
        " CASE WHEN late THEN 1 ELSE 0 END AS late, CASE WHEN vetoed THEN 1 ELSE 0 END AS vetoed,"
        f" CASE WHEN na_over THEN 1 ELSE 0 END AS na_over FROM inspection WHERE round_id IN ({marks})",
        *ids,
    )
    photos = await rows(
        "SELECT i.round_id, i.village, COUNT(DISTINCT p.id) AS n FROM photo_use u"
        " JOIN photo p ON p.id = u.photo_id JOIN inspection i ON i.id = u.inspection"
        f" WHERE p.state = 'expected' AND i.stage <> 'void' AND i.round_id IN ({marks})"
        " GROUP BY i.round_id, i.village",
        *ids,
    )
    for one, figures in answer.items():
        _fill(
            figures, *([row for row in part if _is(row, one, reach)] for part in (assigned, visited, photos))
        )
    return answer


def _is(row: dict[str, Any], round_id: UUID, reach: tuple[str, ...]) -> bool:
    return str(row["round_id"]) == str(round_id) and str(row["village"]).startswith(reach)


def _fill(
    whole: Progress,
    assigned: list[dict[str, Any]],
    visited: list[dict[str, Any]],
    photos: list[dict[str, Any]],
) -> None:
    due: dict[str, set[str]] = {}
    done: dict[str, set[str]] = {}
    for row in assigned:
        due.setdefault(row["village"], set()).add(row["checklist"])
    for row in visited:
        town = _town(whole, row["village"])
        for part in (whole, town):
            part.by_stage[row["stage"]] = part.by_stage.get(row["stage"], 0) + 1
            if row["stage"] != "void":
                part.late += int(row["late"])
                part.vetoed += int(row["vetoed"])
                part.na_over += int(row["na_over"])
        if row["stage"] != "void":
            done.setdefault(row["village"], set()).add(row["checklist"])
    for village in due.keys() | done.keys():
        # A visit that nobody was assigned counts as due and done: it is in.
        wanted = due.get(village, set()) | done.get(village, set())
        here = done.get(village, set())
        for part in (whole, _town(whole, village)):
            part.villages += 1
            part.villages_done += wanted == here
            part.visits += len(wanted)
            part.visits_done += len(here)
    for row in photos:
        for part in (whole, _town(whole, row["village"])):
            part.missing_photos += int(row["n"])


def _town(whole: Progress, village: str) -> Progress:
    return whole.by_town.setdefault(village[:_TOWN_DIGITS], Progress())
