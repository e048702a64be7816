"""The demo district: Mentougou's real villages, sample people, both checklists and one round under way.

It can be loaded only into a database that has no district yet; its accounts exist nowhere else.
"""

import calendar
from uuid import UUID

from inspections.checklists import load_builtin
from inspections.rounds import open_round
from villages.changes import SYSTEM, Line, change
from villages.districts import found_district
from villages.ground import clock
from villages.people import create_person, hash_password

DISTRICT = "110109"
NAME = "门头沟区"
PASSWORD = "xuncun-demo"  # noqa: S105 - told in the README, demo districts only
TOWN = "110109005"
PEOPLE = (
    ("admin", "系统管理员", "admin", DISTRICT),
    ("office", "区级办公室 周主任", "district_office", DISTRICT),
    ("town", "王平镇专管员 李敏", "town_operator", TOWN),
    ("inspector", "王平镇检查员 张志远", "inspector", TOWN),
    ("inspector2", "王平镇检查员 刘晓燕", "inspector", TOWN),
    ("village", "安家庄村委会 王书记", "village_committee", "110109005201"),
)


async def load_demo() -> None:
    """Make the demo district. Raises real_district when the database has a district already."""
    await found_district(DISTRICT, NAME, "demo")
    await load_builtin(DISTRICT)
    hashed = await hash_password(PASSWORD)
    made: dict[str, UUID] = {}
    for name, title, role, place in PEOPLE:

        async def person(
            line: Line, name: str = name, title: str = title, post: tuple[str, str] = (role, place)
        ) -> UUID:
            row = await create_person(
                line, name=name, title=title, phone="", password_hash=hashed, must_change=False, posts=[post]
            )
            return row.id

        made[name] = await change(person, district=DISTRICT, actor=SYSTEM, verb="person.create")
    await change(lambda line: _round(line, made), district=DISTRICT, actor=SYSTEM, verb="round.open")


async def _round(line: Line, made: dict[str, UUID]) -> None:
    today = clock.local(line.heard_at).date()
    last = calendar.monthrange(today.year, today.month)[1]
    await open_round(
        line, name=f"{today.year}年{today.month}月王平镇检查（演示）", number=f"{today:%Y-%m}-M", type="monthly",
        opens=today.replace(day=1), closes=today.replace(day=last), checklists=["RE", "PO"],
        inspectors=[made["inspector"], made["inspector2"]], villages=[TOWN],
    )  # fmt: skip
