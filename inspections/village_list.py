"""Villages as an office pastes them: names, other spellings or codes, one a line. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A village that may be named. `names`: its name and its other spellings."""

    code: str
    names: tuple[str, ...]
    town_name: str


def read_villages(text: str, places: Iterable[Place]) -> tuple[list[str], list[str]]:
    """The codes meant, each once and in order, and a Chinese sentence for every entry that names no one village.

    Entries stand on lines of their own, or between 、 ， , ；. A village may be written with its town before it
    or in brackets behind it (斋堂镇桑峪村, 桑峪村（斋堂镇）), and without 村.
    """
    known = _spellings(places)
    codes: list[str] = []
    wrong: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        for entry in re.split(r"[、，,;；\t]", line):
            wanted = re.sub(r"[\s（）()]", "", entry)
            if not wanted:
                continue
            found = known.get(wanted, [])
            if len(found) == 1:
                codes.append(found[0].code)
            else:
                wrong.append(f"第 {number} 行“{entry.strip()[:30]}”：{_why(found)}")
    return list(dict.fromkeys(codes)), wrong


def _why(found: Sequence[Place]) -> str:
    if not found:
        return "没有找到这个村"
    return f"同名的有 {len(found)} 个（{'、'.join(one.town_name for one in found)}），请在前面写上镇名"


def _spellings(places: Iterable[Place]) -> dict[str, list[Place]]:
    known: dict[str, list[Place]] = {}
    for place in places:
        bare = {name.removesuffix("村") for name in place.names if len(name) > 2}
        names = {*place.names, *bare}
        forms = {place.code, *names}
        for name in names:
            forms |= {place.town_name + name, name + place.town_name}
        for form in forms:
            known.setdefault(form, []).append(place)
    return known
