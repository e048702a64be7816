"""抽取比例: how many of the passed tasks the office checks too, and of the closed ones are looked back at.

A district sets its own; each setting is one line of the trail, which tells who set what and when.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dispatch import look_back, stages
from villages.changes import Actor, Line, change
from villages.ground.problems import Problem
from villages.models import Change, ChangeBody, DistrictHead, Person
from villages.permissions import Who
from villages.web import need

CHECK, LOOK_BACK = "check_share", "look_back_share"
USUAL = {CHECK: stages.CHECK_SHARE, LOOK_BACK: look_back.SHARE}
BOUNDS = {CHECK: (5, 100), LOOK_BACK: (look_back.LEAST, look_back.MOST)}
_WORD = {CHECK: "区级抽核比例", LOOK_BACK: "回头看抽取比例"}


@dataclass(frozen=True)
class Setting:
    """One line of the trail: who set which shares, from what to what in per cent."""

    rev: int
    at: datetime
    by: str
    told: list[tuple[str, int, int]]  # (what, from, to)


def shares_of(settings: dict[str, Any]) -> dict[str, int]:
    """Per cent by name, as the district has set it, within the bounds."""
    limits = settings.get("limits", {})
    return {
        name: min(max(int(limits.get(name, usual)), 0 if name == CHECK else BOUNDS[name][0]), BOUNDS[name][1])
        for name, usual in USUAL.items()
    }


async def set_shares(who: Who, given: dict[str, int]) -> bool:
    """Set them; False when they are so already and nothing is written. Raises forbidden, or invalid beyond the bounds."""
    post = need(who, "shares.set", who.district)
    for name, (least, most) in BOUNDS.items():
        if not least <= given[name] <= most:
            raise Problem("invalid", what=f"{_WORD[name]}须在 {least}% 至 {most}% 之间。")

    async def work(line: Line) -> None:
        settings: dict[str, Any] = dict((await DistrictHead.get(district=who.district)).settings)
        before = shares_of(settings)
        moved = {name: [before[name], given[name]] for name in USUAL if before[name] != given[name]}
        if not moved:
            raise _NothingNewError
        settings["limits"] = settings.get("limits", {}) | {name: given[name] for name in moved}
        await DistrictHead.filter(district=who.district).update(settings=settings, settings_rev=line.rev)
        line.about("district", who.district, who.district)
        line.body.update(moved)

    actor = Actor(who.person, post.role, post.place, who.title, who.device)
    try:
        await change(work, district=who.district, actor=actor, verb="shares.set")
    except _NothingNewError:
        return False
    return True


class _NothingNewError(Exception):
    """They are so already: the change is given up before it spends its number."""


async def settings_made(district: str, limit: int = 20) -> list[Setting]:
    """Who set what, newest first; three queries."""
    lines = await Change.filter(district=district, verb="shares.set").order_by("-rev").limit(limit)
    bodies = dict(await ChangeBody.filter(id__in=[line.id for line in lines]).values_list("id", "body"))
    people = dict(await Person.filter(id__in=[line.person for line in lines]).values_list("id", "title"))
    return [
        Setting(
            line.rev, datetime.fromisoformat(line.at), str(people.get(line.person, "")),
            [(_WORD[name], *ends) for name, ends in json.loads(bodies.get(line.id) or "{}").items() if name in _WORD],
        )
        for line in lines
    ]  # fmt: skip
