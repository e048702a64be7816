"""Towns, villages and units: reading them from the statistical list and finding them as people look for them."""

import csv
import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from villages.changes import Line
from villages.ground.problems import Problem
from villages.models import Town, Unit, Village

DATA = Path(__file__).parent / "data"
# Kinds of lead department the checklists name. The official names are the district's to set.
DEPARTMENTS = (
    ("d01", "农业农村部门"), ("d02", "城市管理部门"), ("d03", "水务部门"), ("d04", "生态环境部门"),
    ("d05", "园林绿化部门"), ("d06", "规划自然资源部门"), ("d07", "住房城乡建设部门"), ("d08", "交通部门"),
    ("d09", "应急管理部门"), ("d10", "发展改革部门"), ("d11", "文化旅游部门"), ("d12", "宣传部门"),
    ("d13", "政务服务部门"), ("d14", "妇联组织"),
)  # fmt: skip


@dataclass(frozen=True)
class PlaceList:
    """A district's places as read from files: rows ready for their tables."""

    towns: list[dict[str, Any]]
    villages: list[dict[str, Any]]


def read_places(folder: Path = DATA) -> PlaceList:
    """Towns and villages of the statistical list (columns: villages/data). Raises ValueError naming bad rows."""
    with (folder / "towns.csv").open(encoding="utf-8-sig", newline="") as file:
        towns = [
            {
                "code": row["town_code"],
                "name": row["name"],
                "stat_name": row["stat_name"],
                "kind": row["kind"],
            }
            for row in csv.DictReader(file)
        ]
    known = {town["code"] for town in towns}
    villages: list[dict[str, Any]] = []
    errors: list[str] = []
    with (folder / "villages.csv").open(encoding="utf-8-sig", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), 2):
            code = row["code"].strip()
            if not re.fullmatch(r"\d{12}", code):
                errors.append(f"第 {number} 行：村代码“{code}”不是 12 位数字")
            elif code[:9] not in known:
                errors.append(f"第 {number} 行：{row['name']} 的镇街代码 {code[:9]} 不在镇街表中")
            elif any(village["code"] == code for village in villages):
                errors.append(f"第 {number} 行：村代码 {code} 重复")
            else:
                villages.append(_village(code, row))
    if errors:
        raise ValueError("；".join(errors))
    return PlaceList(towns, villages)


def _village(code: str, row: dict[str, str]) -> dict[str, Any]:
    aliases = [part for part in re.split(r"[;；、,，|/]", row["alias"]) if part]
    tags = [part for part in re.split(r"[;；|]", row["tags"]) if part]
    return {
        "code": code, "name": row["name"], "stat_name": row["stat_name"], "aliases": aliases, "tags": tags,
        "town": code[:9], "home": code, "search": search_text(row["name"], aliases, code),
    }  # fmt: skip


def search_text(name: str, aliases: list[str], code: str) -> str:
    """What a village is found by: names, full pinyin and initials of each, and its code; spaces between."""
    from pypinyin import Style, lazy_pinyin  # noqa: PLC0415 - 50 MB of phrases, and few processes name a village

    words: list[str] = []
    for spelling in (name, *aliases):
        words += [
            spelling,
            "".join(lazy_pinyin(spelling)),
            "".join(lazy_pinyin(spelling, style=Style.FIRST_LETTER)),
        ]
    return " ".join([*dict.fromkeys(words), code])


async def load_places(line: Line, places: PlaceList, office: str) -> None:
    """Write a district's places and units inside one change. The tables must be empty."""
    await Town.bulk_create([Town(rev=line.rev, **town) for town in places.towns])
    await Village.bulk_create(
        [Village(rev=line.rev, **village) for village in places.villages], batch_size=60
    )
    await Unit.bulk_create(
        [
            Unit(code=line.district, district=line.district, name=office, kind="office", rev=line.rev),
            *(
                Unit(code=town["code"], district=line.district, name=town["name"], kind="town", rev=line.rev)
                for town in places.towns
            ),
            *(
                Unit(
                    code=f"{line.district}-{code}",
                    district=line.district,
                    name=name,
                    kind="department",
                    rev=line.rev,
                )
                for code, name in DEPARTMENTS
            ),
        ]
    )
    line.body.update(towns=len(places.towns), villages=len(places.villages))


async def find_villages(text: str, prefixes: tuple[str, ...], *, limit: int = 20) -> list[Village]:
    """Villages in reach whose name, alias, pinyin, initials or code has `text`; exact and leading hits first."""
    wanted = re.sub(r"\s+", "", text).lower()
    found: list[Village] = []
    for prefix in prefixes:
        query = Village.filter(code__startswith=prefix)
        found += await (query.filter(search__contains=wanted) if wanted else query)

    def order(village: Village) -> tuple[int, str]:
        words = village.search.split(" ")
        rank = 0 if wanted in words else 1 if any(word.startswith(wanted) for word in words) else 2
        return rank, village.code

    return sorted(found, key=order)[:limit]


async def village_names(codes: set[str]) -> dict[str, str]:
    """Display names by code, with the town's name where two villages share theirs."""
    everyone = await Village.all().values("code", "name", "town")
    towns = {town["code"]: town["name"] for town in await Town.all().values("code", "name")}
    count: dict[str, int] = {}
    for row in everyone:
        count[row["name"]] = count.get(row["name"], 0) + 1
    return {
        row["code"]: row["name"] if count[row["name"]] == 1 else f"{row['name']}（{towns[row['town']]}）"
        for row in everyone
        if row["code"] in codes
    }


async def locate(line: Line, code: str, lat: float, lng: float) -> None:
    """Set a village's point from someone who stood there. Raises not_found."""
    where = {"lat": Decimal(str(round(lat, 6))), "lng": Decimal(str(round(lng, 6)))}
    if not await Village.filter(code=code).update(**where, rev=line.rev):
        raise Problem("not_found")
    line.about("village", code, code)
    line.body.update(lat=str(where["lat"]), lng=str(where["lng"]))
