"""All cards of a round as one PDF: a job that issues what changed, takes what did not, and merges.

The file can always be made again, so it lies beside the evidence, not in it; the last one of a round and reach stays.
"""

import asyncio
import contextlib
import hashlib
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from dispatch.press import Press
from dispatch.scorecards import issue
from inspections.models import Inspection, Round
from templates.pdf import PaperError
from villages.ground.database import rows
from villages.ground.problems import Problem
from villages.ground.settings import Settings
from villages.models import Job, Person, Town, Village
from villages.people import who_is
from villages.permissions import Who, prefixes

AT_ONCE = 2  # cards under way: the print workers are few and the requests come first
KIND = "round_cards"


@dataclass(frozen=True)
class Card:
    """One card of the bundle."""

    inspection: UUID
    town: str
    village: str
    checklist: str


def reach(who: Who) -> list[str]:
    """The places whose cards this person may print."""
    return list(prefixes(who, "card.print"))


async def round_for(who: Who, round_id: UUID) -> Round:
    """The round, when this person may print anything of it. Raises not_found, nothing_to_print."""
    found = await Round.get_or_none(id=round_id)
    places = reach(who)
    if found is None or not any(found.owner.startswith(p) or p.startswith(found.owner) for p in places):
        raise Problem("not_found")
    if not await bundle(round_id, places):
        raise Problem("nothing_to_print")
    return found


async def bundle(round_id: UUID, places: Sequence[str]) -> list[Card]:
    """The cards of a round inside the places, by town, village and checklist; voided visits have none."""
    towns = {town.code: town.name for town in await Town.all()}
    visits = (
        await Inspection.filter(round_id=round_id)
        .exclude(stage="void")
        .order_by("village", "-checklist_code")
        .values("id", "village", "checklist_code")
    )
    inside = [visit for visit in visits if visit["village"].startswith(tuple(places))]
    codes = [visit["village"] for visit in inside]
    names = {row["code"]: row["name"] for row in await Village.filter(code__in=codes).values("code", "name")}
    return [
        Card(visit["id"], towns[visit["village"][:9]], names[visit["village"]], visit["checklist_code"])
        for visit in inside
    ]


async def job_key(round_id: UUID, places: Sequence[str]) -> tuple[str, str]:
    """(beginning, whole key) of the bundle's job: round and reach, then the newest number of what is printed."""
    beginning = f"{KIND}:{round_id}:{hashlib.sha256(','.join(places).encode()).hexdigest()[:12]}:"
    found = (await rows(_STATE, *[str(round_id)] * 5))[0]
    return beginning, beginning + "-".join(str(found[key] or 0) for key in ("r", "n", "i", "t", "p"))


_STATE = (
    "SELECT (SELECT rev FROM round WHERE id = ?) AS r,"
    " (SELECT COUNT(*) FROM inspection WHERE round_id = ? AND stage <> 'void') AS n,"
    " (SELECT MAX(rev) FROM inspection WHERE round_id = ?) AS i,"
    " (SELECT MAX(k.rev) FROM task k JOIN inspection i ON i.id = k.inspection WHERE i.round_id = ?) AS t,"
    " (SELECT MAX(p.rev) FROM photo p WHERE p.home IN (SELECT village FROM inspection WHERE round_id = ?)) AS p"
)


def args_of(round_id: UUID, places: Sequence[str], base_url: str) -> dict[str, Any]:
    """The arguments of the job."""
    return {"round": str(round_id), "places": list(places), "base": base_url}


def file_of(settings: Settings, job: Job) -> Path:
    """Where a finished job's PDF lies (it may be gone: then the job is done again)."""
    return settings.data / "paper" / Path(job.result or "-").name


async def make(state: Any, job: Job, tell: Callable[[int, int], Awaitable[None]]) -> str:
    """The job: issue, merge, put away. Returns the file's name. Raises a Problem that names the card that failed."""
    who = await who_asked(state, job)
    press = Press(state.paper, state.blobs, job.args["base"])
    cards = await bundle(UUID(job.args["round"]), job.args["places"])
    if not cards:
        raise Problem("nothing_to_print")
    parts = await _issue_all(press, who, cards, tell)
    return await merged(
        press, state.settings, job, parts, [f"{c.town}/{c.village} {c.checklist}" for c in cards]
    )


async def who_asked(state: Any, job: Job) -> Who:
    """The person who asked, as far as they still reach."""
    person = await Person.get_or_none(id=job.person)
    if person is None or person.disabled:
        raise Problem("nothing_to_print")
    who = await who_is(person)
    more = getattr(state, "more_posts", None)
    return who.plus(await more(who)) if more else who


async def _issue_all(
    press: Press, who: Who, cards: Sequence[Card], tell: Callable[[int, int], Awaitable[None]]
) -> list[Path]:
    """Every card's edition, a few at a time; the first failure ends the whole."""
    paths: dict[int, Path] = {}
    left = iter(enumerate(cards))

    async def hand() -> None:
        for index, card in left:
            paths[index] = await _one(press, who, card)
            await tell(len(paths), len(cards))

    await tell(0, len(cards))
    hands = [asyncio.create_task(hand()) for _ in range(AT_ONCE)]
    try:
        await asyncio.gather(*hands)
    finally:
        for task in hands:
            task.cancel()
        await asyncio.gather(*hands, return_exceptions=True)
    return [paths[index] for index in range(len(cards))]


async def _one(press: Press, who: Who, card: Card) -> Path:
    where = f"{card.town}{card.village}的评分表（{card.checklist}）"
    try:
        return press.path(await issue(press, who, card.inspection))
    except Problem as problem:
        raise Problem("invalid", what=f"{where}未能生成：{problem.sentence}") from problem
    except PaperError as error:
        raise Problem("invalid", what=f"{where}未能生成：打印组件出错。请稍后重新开始。") from error


async def merged(
    press: Press, settings: Settings, job: Job, parts: Sequence[Path], names: Sequence[str]
) -> str:
    """One file of all the parts, whole under its own name (returned); the earlier ones of the same round and reach go.

    A worker writes it: a district's whole round is some hundred megabytes that this process need not hold.
    """
    folder = settings.data / "paper"
    family = job.key.rpartition(":")[0].replace(":", "-")
    target = folder / f"{family}-{job.id}.pdf"
    aside = target.with_suffix(".tmp")
    await asyncio.to_thread(folder.mkdir, exist_ok=True)
    await press.paper.merge(parts, names, aside)
    await asyncio.to_thread(_put_away, aside, target, family)
    return target.name


def _put_away(aside: Path, target: Path, family: str) -> None:
    with aside.open("rb") as file:
        os.fsync(file.fileno())
    aside.replace(target)
    for old in target.parent.glob(f"{family}-*.pdf"):
        if old != target:
            with contextlib.suppress(FileNotFoundError):
                old.unlink()
