"""Names for codes on the desk's pages: three queries for any number of them."""

from collections.abc import Iterable
from dataclasses import dataclass

from villages.models import Town, Unit, Village


@dataclass(frozen=True)
class Names:
    """What places and units are called. A code that nobody knows is shown as it is."""

    towns: dict[str, str]
    villages: dict[str, str]
    departments: dict[str, str]

    def village(self, code: str) -> str:
        """安家庄村"""
        return self.villages.get(code, code)

    def town(self, code: str) -> str:
        """王平镇, of a town's or a village's code."""
        return self.towns.get(code[:9], code[:9])

    def place(self, code: str) -> str:
        """王平镇安家庄村, 王平镇, or 全区"""
        if len(code) == 12:
            return f"{self.town(code)}{self.village(code)}"
        return self.town(code) if len(code) == 9 else "全区"

    def unit(self, code: str) -> str:
        """Who a task lies with: 安家庄村委会, 王平镇, 水务部门."""
        if "-" in code:
            return self.departments.get(code, code)
        name = self.village(code) if len(code) == 12 else self.town(code)
        return f"{name.removesuffix('村')}村委会" if len(code) == 12 else name


async def names_for(villages: Iterable[str]) -> Names:
    """Names of these villages and of every town and department."""
    wanted = {code for code in villages if len(code) == 12}
    found = await Village.filter(code__in=wanted).values_list("code", "name") if wanted else []
    towns = await Town.all().order_by("code").values_list("code", "name")
    departments = await Unit.filter(kind="department").order_by("code").values_list("code", "name")
    return Names(dict(towns), dict(found), dict(departments))
