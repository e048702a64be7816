"""Which village and which unit a ledger means: by name, alias or code, within a town where it names one. Pure."""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dispatch.bringing.cells import CellError, key

_OFFICES = re.compile(r"^(区|县|市|北京市|门头沟区)|(部门|委员会|局|委|中心|办公室|办|处|站)$")

# What people say for a department's kind.
_SHORT = {
    "城管": "城市管理", "环保": "生态环境", "规自": "规划自然资源", "住建": "住房城乡建设", "文旅": "文化旅游",
    "园林": "园林绿化", "农业": "农业农村", "农": "农业农村", "应急": "应急管理", "发改": "发展改革", "政务": "政务服务",
    "妇联": "妇联组织", "水利": "水务",
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """A village as it may be written."""

    code: str
    name: str
    names: tuple[str, ...]  # name, statistical name, aliases

    @property
    def town(self) -> str:
        return self.code[:9]


@dataclass(frozen=True)
class Places:
    """The district's places and departments; what they are called, made ready for comparing."""

    towns: Mapping[str, str]
    villages: Sequence[Place]
    departments: Mapping[str, str]
    district: str = ""  # its name
    _by_name: dict[str, list[Place]] = field(default_factory=dict)
    _by_code: dict[str, Place] = field(default_factory=dict)
    _towns: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for place in self.villages:
            self._by_code[place.code] = place
            for name in dict.fromkeys(_bare(one) for one in place.names):
                self._by_name.setdefault(name, []).append(place)
        for code, name in self.towns.items():
            self._towns.update({key(name): code, _stem(name): code, code: code})

    def town(self, said: str) -> str:
        """A town's code by name (王平镇, 王平, 王平镇人民政府) or code. Raises CellError."""
        wanted = re.sub(r"(人民政府|政府|街道办事处|办事处)$", "", key(said)).removeprefix(key(self.district))
        code = self._towns.get(wanted) or self._towns.get(_stem(wanted))
        if code:
            return code
        near = difflib.get_close_matches(wanted, [key(name) for name in self.towns.values()], 1, 0.5)
        hint = f"，是不是“{near[0]}”？" if near else "；"
        raise CellError(f"本区没有叫“{said[:20]}”的镇街{hint}请改正镇街名")

    def village(self, said: str, town: str) -> Place:
        """The village, inside the town when one is named. Raises CellError: none, elsewhere, or more than one."""
        wanted = key(said)
        if wanted.isdigit():
            return self._coded(wanted, town)
        found = self._named(wanted)
        for code, name in self.towns.items():  # 王平镇安家庄村 in one cell
            if not found and wanted.startswith(key(name)):
                town = town or code
                found = self._named(wanted.removeprefix(key(name)))
        inside = [place for place in found if not town or place.town == town]
        if len(inside) == 1:
            return inside[0]
        if inside:
            where = "、".join(f"{self.towns[place.town]}（{place.code}）" for place in inside)
            raise CellError(
                f"本区有 {len(inside)} 个“{said[:20]}”：{where}；请在镇街一栏写明是哪个镇，或写村代码"
            )
        if found:
            where = "、".join(self.towns[place.town] for place in found)
            raise CellError(f"{self.towns[town]}没有“{said[:20]}”，这个村在{where}；请改正镇街或村名")
        raise CellError(f"本区没有叫“{said[:20]}”的村{self._near(wanted, town)}请改正村名，或写 12 位村代码")

    def _coded(self, code: str, town: str) -> Place:
        place = self._by_code.get(code)
        if place is None:
            raise CellError(f"村代码“{code[:20]}”不是本区的村；请改正代码，外区的问题不能带入")
        if town and place.town != town:
            raise CellError(
                f"村代码 {code} 是{self.towns[place.town]}{place.name}，与镇街一栏不符；请改正其中一个"
            )
        return place

    def _named(self, said: str) -> list[Place]:
        found = self._by_name.get(_bare(re.sub(r"(村民委员会|村委会|村党支部)$", "村", said)), [])
        return list({place.code: place for place in found}.values())

    def _near(self, wanted: str, town: str) -> str:
        names = [_bare(one.name) for one in self.villages if not town or one.town == town]
        near = difflib.get_close_matches(_bare(wanted), names, 2, 0.6)
        return f"，是不是“{'”或“'.join(self._by_name[one][0].name for one in near)}”？" if near else "；"

    def unit(self, said: str, village: Place) -> str:
        """Who it lies with: the village, its town, or a department of the district, by code. Raises CellError."""
        wanted = key(said)
        bare = re.sub(r"(村民委员会|村委会|村党支部|村两委|委员会)$", "村", wanted)
        if wanted in ("", "村", "村委会", "本村", "属地村", "村两委", "村级", village.code):
            return village.code
        if any(
            place.code == village.code
            for place in self._named(bare.removeprefix(key(self.towns[village.town])))
        ):
            return village.code
        if wanted in ("镇", "镇政府", "属地", "属地镇街", "镇街", "街道"):
            return village.town
        for code, name in self.departments.items():
            if wanted in (key(code), key(name)) or (
                _office(wanted) and _office(wanted) == _office(key(name))
            ):
                return code
        try:
            town = self.town(wanted)
        except CellError:
            offices = "、".join(name.removesuffix("部门") for name in self.departments.values())
            raise CellError(
                f"“{said[:20]}”对不上责任单位；请写本村村委会、{self.towns[village.town]}，或部门（{offices}）"
            ) from None
        if town != village.town:
            raise CellError(
                f"责任单位“{said[:20]}”不是这个村所在的{self.towns[village.town]}；请改正责任单位或村名"
            )
        return town


def _bare(name: str) -> str:
    said = key(name)
    return said.removesuffix("村委会").removesuffix("村") or said


def _stem(name: str) -> str:
    said = key(name)
    for ending in ("地区办事处", "街道办事处", "地区", "街道", "镇", "乡"):
        said = said.removesuffix(ending) or said
    return said


def _office(name: str) -> str:
    """水务 of 区水务局, 水务部门."""
    before = ""
    while before != name:
        before, name = name, _OFFICES.sub("", name)
    return _SHORT.get(name, name)
