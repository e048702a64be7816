"""Setting the stage: whose round it is, who plays in it, which village is what."""

import threading
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from inspections.sheet import parse_checklist
from offline_sync.demo.answers import Character
from offline_sync.demo.link import DemoError, Link
from offline_sync.demo.office import NAMES, Office
from offline_sync.demo.seeds import SHANGHAI, share
from offline_sync.demo.tablet import Row, Tablet
from offline_sync.demo.town import Step, Town
from offline_sync.demo.visits import Play, Where

COMMITTEES = {"110109005201": "village"}  # 安家庄村, whose committee the demo district has an account for
URBAN = ("永定镇", "龙泉镇")
DAYS = 6


@dataclass
class Stage:
    """Everything the play needs to begin."""

    office: Office
    round: Row
    towns: list[Town]

    @property
    def villages(self) -> int:
        """How many villages are played."""
        return sum(len(town.villages) for town in self.towns)


@dataclass(frozen=True)
class Wish:
    """What was asked for: `villages` None means all."""

    url: str
    seed: str
    villages: int | None
    all_photos: bool


def set_stage(wish: Wish, office: Office, step: Step, stopping: threading.Event) -> Stage:
    """Open accounts and the round where there are none yet, sign tablets in, pull; `step` hears of each town."""
    rows = office.towns()
    team = [
        (office.account(f"jc-{row['code']}", f"{row['name']}检查员 {NAMES[place % len(NAMES)]}", "inspector", row["code"]),
         f"{row['name']}检查员 {NAMES[place % len(NAMES)]}")
        for place, row in enumerate(rows)
    ]  # fmt: skip
    found = office.round([person for person, _ in team])
    play = _play(wish, office, found)
    left = wish.villages if wish.villages is not None else 10**6
    towns: list[Town] = []
    for place, row in enumerate(rows):
        if left <= 0:
            break
        town = _town(office, wish, play, row, place, stopping)
        pair = (team[place], team[(place + 1) % len(team)])
        mine = _villages(play, town.inspector, row, place, pair if len(team) > 1 else pair[:1], found)
        town.villages = mine[:left]
        left -= len(town.villages)
        towns.append(town)
        step(1)
    return Stage(office, found, towns)


def _play(wish: Wish, office: Office, found: Row) -> Play:
    ref = next((one for one in found["checklists"] if one["code"] == "RE"), None)
    if ref is None:
        raise DemoError(f"批次“{found['name']}”没有用检查单 RE；请换一个 --seed 另开一个批次。")
    body = office.checklist(ref)["body"]
    told = {key: ref[key] for key in ("code", "version", "sha256")}
    return Play(wish.seed, found["id"], found["number"], parse_checklist(body), told, wish.all_photos)


def _town(office: Office, wish: Wish, play: Play, row: Row, place: int, stopping: threading.Event) -> Town:
    code, name = row["code"], row["name"]
    title = f"{name}专管员 {NAMES[(place + 12) % len(NAMES)]}"
    office.account(f"zg-{code}", title, "town_operator", code)
    link = Link(wish.url, stopping)
    inspector = Tablet(link, f"jc-{code}", f"{name}检查员 {NAMES[place % len(NAMES)]}", wish.seed)
    operator = Tablet(link, f"zg-{code}", title, wish.seed)
    committees = {
        village: Tablet(link, account, "村委会", wish.seed)
        for village, account in COMMITTEES.items()
        if village.startswith(code)
    }
    for tablet, role in (
        (inspector, "inspector"), (operator, "town_operator"), *((one, "village_committee") for one in committees.values()),
    ):  # fmt: skip
        office.admit(tablet, role)
        tablet.begin(str(uuid5(NAMESPACE_URL, "/".join(map(str, play.key("replica", tablet.name))))))
    inspector.pull()
    link.close()
    return Town(link, play, inspector, operator, committees)


def _villages(
    play: Play, tablet: Tablet, town: Row, place: int, pair: tuple[tuple[str, str], ...], found: Row
) -> list[Where]:
    rows = sorted(
        (row for row in tablet.of("village") if row["town"] == town["code"]), key=lambda row: str(row["code"])
    )
    if not rows:
        return []
    # One special village of a kind in the whole district, whichever villages are played.
    chosen = min(rows, key=lambda row: share(*play.key(row["code"], "special")))["code"]
    departments = {row["name"]: row["code"] for row in tablet.of("unit") if row["kind"] == "department"}
    urban = town["name"] in URBAN
    return [
        Where(
            row["code"], row["name"], town["name"], row["location"], pair, departments,
            Character(urban, urban and row["code"] == chosen, place == 3 and row["code"] == chosen),
            place == 1 and row["code"] == chosen, _day(found, number, len(rows)), row["code"] in COMMITTEES,
        )
        for number, row in enumerate(rows)
    ]  # fmt: skip


def _day(found: Row, number: int, of: int) -> datetime:
    """When the visit began: a few villages a day from the round's first day on, one after the other."""
    spread = number * DAYS / of
    hour = 8 + (spread % 1) * 8
    day = date.fromisoformat(found["opens"]) + timedelta(days=int(spread))
    return datetime.combine(day, time(int(hour), int(hour * 60) % 60, (number * 17) % 60), SHANGHAI)


def rows_of(towns: list[Town], kind: str) -> list[dict[str, Any]]:
    """The rows of a kind on all operators' tablets."""
    return [row for town in towns for row in town.operator.of(kind)]
