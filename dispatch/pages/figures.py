"""统计: the rates of rectification by town, village, item, unit or month; behind each number the list it counts."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dispatch.models import Task
from dispatch.pages.asked import PAGE
from dispatch.pages.naming import Names, names_for
from dispatch.pages.tasks import row
from dispatch.rates import COUNTED, RATES, Figures
from dispatch.rates_asked import Asking
from dispatch.rates_count import figures_by, listed
from inspections.checklists import checklist_by_sha
from inspections.models import ChecklistVersion
from villages.ground import clock
from villages.ground.problems import Problem
from villages.permissions import Who, prefixes
from villages.shell import desk, desk_page

VERB = "figures.see"
BY = {"town": "镇街", "village": "村", "item": "检查项", "unit": "责任单位", "month": "派单月份"}
PERIODS = {
    "month": "本月派单", "last_month": "上月派单", "quarter": "本季度派单", "year": "本年派单", "last_year": "上年派单",
    "all": "全部时间",
}  # fmt: skip
ORDERS = {"": "按名称排列", "late": "按期整改率低的在前"}
RATE = {
    "completion_rate": "整改率", "on_time_rate": "按期整改率", "closure_rate": "销号率", "first_pass_rate": "复核通过率",
    "recurrence_rate": "反弹率",
}  # fmt: skip
PART = {
    "asked": "应整改", "handed_in": "已提交整改", "closed": "已销号", "due": "已到期限", "met": "按期销号",
    "missed": "到期未按期销号", "reviewed": "已复核", "first_passed": "首次复核通过", "was_closed": "曾销号",
    "came_back": "反弹",
}  # fmt: skip


@dataclass(frozen=True)
class Sentence:
    """What was asked: grouped how, dispatched when, narrowed to what. `period` may be a month, 2026-11."""

    by: str = ""
    period: str = "year"
    town: str = ""
    unit: str = ""
    item: str = ""
    order: str = ""

    def link(self, path: str = "/figures", **more: str) -> str:
        """An address that says the same."""
        said = {key: value for key, value in (vars(self) | more).items() if value}
        return f"{path}?{urlencode(said)}"

    def span(self, today: date) -> tuple[datetime | None, datetime | None]:
        """[since, until) of the period, by Beijing's calendar."""
        first = today.replace(day=1)
        quarter = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
        begin, end = {
            "month": (first, None), "last_month": (_earlier(first), first), "quarter": (quarter, None),
            "year": (date(today.year, 1, 1), None), "last_year": (date(today.year - 1, 1, 1), date(today.year, 1, 1)),
            "all": (None, None),
        }.get(self.period) or _month(self.period)  # fmt: skip
        return (clock.start_of_day(begin) if begin else None), (clock.start_of_day(end) if end else None)


def _earlier(first: date) -> date:
    return date(first.year - (first.month == 1), (first.month - 2) % 12 + 1, 1)


def _later(first: date) -> date:
    return date(first.year + (first.month == 12), first.month % 12 + 1, 1)


def _month(text: str) -> tuple[date, date]:
    first = date.fromisoformat(f"{text}-01")
    return first, _later(first)


def sentence(params: QueryParams, who: Who) -> Sentence:
    """The sentence a link says; a word that nobody knows is as if it were not said."""

    def code(key: str, most: int) -> str:
        given = params.get(key, "")
        plain = given.isascii() and given.replace("-", "").replace(".", "").isalnum()
        return given if plain and len(given) <= most else ""

    period = params.get("period", "")
    if period not in PERIODS:
        try:
            period = _month(period)[0].strftime("%Y-%m") if "2000" <= period[:4] < "2100" else "year"
        except ValueError:
            period = "year"
    by = params.get("by", "")
    wide = any(len(place) == 6 for place in prefixes(who, VERB))
    return Sentence(
        by if by in BY else "town" if wide else "village", period, code("town", 9), code("unit", 16),
        params.get("item", "")[:12], "late" if params.get("order") == "late" else "",
    )  # fmt: skip


def _asked(who: Who, said: Sentence, now: datetime) -> Asking:
    places = prefixes(who, VERB)
    if not places:
        raise Problem("forbidden", act="查看统计", who="镇街或区级办公室")
    since, until = said.span(clock.local(now).date())
    return Asking(places, since, until, town=said.town, unit=said.unit, item=said.item)


@desk_page
async def figures_page(request: Request, who: Who) -> Response:
    """GET /figures?by=&period=&town=&unit=&item=&order="""
    said, now = sentence(request.query_params, who), clock.now()
    parts, whole, total = await figures_by(_asked(who, said, now), said.by, now)
    names = await names_for([*parts, said.unit] if said.by in ("village", "unit") else [said.unit])
    items = await item_names(who.district) if said.by == "item" or said.item else {}
    lines = [_line(said, key, _name(said.by, key, names, items), found) for key, found in parts.items()]
    if said.order:
        lines.sort(key=lambda line: (line["on_time"] is None, line["on_time"] or Decimal(0)))
    return desk(
        request, who, "dispatch/figures.html", said=said, lines=lines, word=BY[said.by], rates=RATE, now=now,
        whole=_line(said, "", "合计", whole), choices=_choices(who, said, names, items), total=total,
    )  # fmt: skip


def _line(said: Sentence, key: str, name: str, found: Figures) -> dict[str, Any]:
    """A row of the table: each number with the address of its list."""

    def to(part: str) -> dict[str, Any]:
        return {"value": found.counts[part], "href": said.link("/figures/tasks", of=key, part=part)}

    cells = [
        {"word": RATE[name], "rate": found.rate(name).per_cent, "part": to(part), "whole": to(whole)}
        for name, (part, whole) in RATES.items()
    ]
    return {
        "name": name, "asked": to("asked"), "cells": cells, "days": found.median_days, "closed": to("closed"),
        "on_time": found.rate("on_time_rate").per_cent,
    }  # fmt: skip


def _name(by: str, key: str, names: Names, items: dict[str, str]) -> str:
    if by == "town":
        return names.town(key)
    if by == "village":
        return names.place(key)
    if by == "unit":
        return names.unit(key)
    if by == "month":
        return f"{int(key[:4])}年{int(key[5:])}月"
    return f"{key} {items[key]}" if key in items else key or "未分类"


async def item_names(district: str) -> dict[str, str]:
    """What the items of the published checklists are called, by code; of two versions the newer one's."""
    found: dict[str, str] = {}
    versions = ChecklistVersion.filter(district=district, stage="published").order_by("rev")
    for sha256 in await versions.values_list("sha256", flat=True):
        checklist = await checklist_by_sha(str(sha256))
        found |= {item.code: item.text for item in checklist.items}
    return found


def _choices(who: Who, said: Sentence, names: Names, items: dict[str, str]) -> dict[str, Any]:
    reach = prefixes(who, VERB)
    towns = [
        (code, name)
        for code, name in names.towns.items()
        if any(code.startswith(one) or one.startswith(code) for one in reach)
    ]
    months = (
        [] if said.period in PERIODS else [(said.period, f"{_name('month', said.period, names, items)}派单")]
    )
    units = [("", "全部单位"), *names.departments.items()]
    if said.unit and said.unit not in dict(units):
        units.append((said.unit, names.unit(said.unit)))
    return {
        "by": [(key, f"按{word}") for key, word in BY.items()], "period": [*PERIODS.items(), *months],
        "town": [("", "全部镇街"), *towns] if len(towns) > 1 else [], "unit": units, "order": [*ORDERS.items()],
        "item": [("", "全部检查项"), (said.item, _name("item", said.item, names, items))] if said.item else [],
    }  # fmt: skip


@desk_page
async def figure_tasks(request: Request, who: Who) -> Response:
    """GET /figures/tasks?…&of=&part=&page=: the tasks that one number of the table counts; `of` empty: the total."""
    params = request.query_params
    said, now, part, of = (
        sentence(params, who),
        clock.now(),
        params.get("part", ""),
        params.get("of", "")[:16],
    )
    if part not in COUNTED:
        raise Problem("not_found")
    asked = params.get("page", "")
    page = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 6 else 1
    shown = await listed(_asked(who, said, now), said.by, of, part, now, page, PAGE)
    found = await Task.filter(id__in=shown.ids).order_by("deadline", "id")
    names = await names_for({*(task.village for task in found), of})
    items = await item_names(who.district) if said.by == "item" else {}
    return desk(
        request, who, "dispatch/figures_tasks.html", tasks=[row(task, names) for task in found], said=said,
        total=shown.total, page=shown.page, pages=shown.pages, part=PART[part], now=now,
        place=_name(said.by, of, names, items) if of else "合计",
        links={n: said.link("/figures/tasks", of=of, part=part, page=str(n)) for n in (shown.page - 1, shown.page + 1)},
    )  # fmt: skip


routes: list[Route] = [
    Route("/figures", figures_page, methods=["GET"]),
    Route("/figures/tasks", figure_tasks, methods=["GET"]),
]
