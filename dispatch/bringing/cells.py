"""What a cell says: dates as people write them, severity, stage. Pure.

A value comes as JSON holds it (see reader.py): text, number, ["d", ISO], ["t", text], ["f"]. What cannot be
understood raises CellError with a sentence: why, and what to do.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from dispatch import deadlines

FIRST_YEAR = 2015
FARTHEST = timedelta(days=3 * 366)
_SERIALS = range(36_526, 73_051)  # 2000 to 2099 in Excel's days
_1904 = 1462
ERRORS = ("#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!")
SHOW = "请写成 2026-11-03 的样子"
_UNITS = {
    "〇": 0,
    "零": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}


class CellError(ValueError):
    """A cell that cannot be used; `str()` says why and what to do."""


@dataclass(frozen=True)
class Term:
    """A deadline as given: a moment, or days to count from dispatch (`kind`: natural, working)."""

    moment: datetime | None = None
    days: int = 0
    kind: str = deadlines.NATURAL


def text_of(value: Any) -> str:
    """The cell as text, as it would be read aloud. Raises CellError for a formula without a result."""
    if value is None:
        return ""
    if isinstance(value, list):
        if value[0] == "f":
            raise CellError("是没有算出结果的公式；请在 Excel 或 WPS 中打开、保存一次，再上传")
        return str(value[1]).removesuffix("T00:00:00").replace("T", " ")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip()
    if text in ERRORS:
        raise CellError(f"公式出错（{text}）；请改成文字")
    return text


def key(text: str) -> str:
    """A text for comparing: half-width, without any space, lower case."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).lower()


def day_of(value: Any, today: date, since: date | None = None, *, since1904: bool = False) -> date | None:
    """A date however it is written; None for an empty cell. Raises CellError.

    Without a year (11月3日): the first such day on or after `since` (for a deadline), else the last one up to today.
    """
    if isinstance(value, list) and value[0] == "d":
        return _within(datetime.fromisoformat(value[1]).date(), today)
    said = key(text_of(value))
    if said in ("", "/", "-", "—", "无"):
        return None
    if re.fullmatch(r"\d{5}(\.\d+)?", said) and (days := int(float(said))) in _SERIALS:
        return _within(date(1899, 12, 30) + timedelta(days=days + (_1904 if since1904 else 0)), today)
    if isinstance(value, float):
        raise CellError(f"“{value:g}”看不出是几月几日（11.3 和 11.30 在数字里一样）；{SHOW}")
    said = re.sub(r"(星期|周)[一二三四五六日天]", "", re.sub(r"[（(].*[)）]", "", said))
    said = re.sub(r"[^\d日]*?(前|止|底前|之前|以前)$", "", said)
    parts = re.fullmatch(
        r"(?:(\d{4}|\d{2})[年./\-])?(\d{1,2})[月./\-](\d{1,2})[日号]?(?:\d{1,2}:\d\d(?::\d\d)?)?", said
    )
    if packed := re.fullmatch(r"(20\d\d)(\d\d)(\d\d)", said):
        parts = packed
    if not parts:
        raise CellError(f"“{_short(text_of(value))}”不是能认的日期；{SHOW}")
    year, month, day = parts.groups()
    if year:
        return _within(_real(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day), value), today)
    if since:
        same = _real(since.year, int(month), int(day), value)
        return same if same >= since else _real(since.year + 1, int(month), int(day), value)
    same = _real(today.year, int(month), int(day), value)
    return same if same <= today else _real(today.year - 1, int(month), int(day), value)


def _real(year: int, month: int, day: int, value: Any) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise CellError(f"“{_short(text_of(value))}”：没有这一天；请改正日期") from None


def _within(day: date, today: date) -> date:
    if day.year < FIRST_YEAR or day > today + FARTHEST:
        raise CellError(f"“{day}”太早或太远，像是写错了年份；请改正日期")
    return day


def deadline_of(value: Any, today: date, since: date | None, *, since1904: bool = False) -> Term | None:
    """A deadline: a day (its end, Beijing), a day with a time, 立行立改, or a number of days; None for an empty cell."""
    if isinstance(value, list) and value[0] == "d" and not value[1].endswith("T00:00:00") and "T" in value[1]:
        moment = datetime.fromisoformat(value[1])
        _within(moment.date(), today)
        return Term(moment.replace(tzinfo=deadlines.SHANGHAI))
    said = key(text_of(value))
    if "立行立改" in said or "立即" in said:
        return Term(days=1)
    if counted := re.fullmatch(
        r"(\d{1,3}|[一二两三四五六七八九十]{1,3})(?:个)?(工作日|自然日|天|日)(?:之?内|以内)?", said
    ):
        days = int(counted[1]) if counted[1].isdigit() else _chinese(counted[1])
        if not 1 <= days <= 365:
            raise CellError(f"“{_short(text_of(value))}”：整改期限应在 1 天到 365 天之间；请改正")
        return Term(days=days, kind=deadlines.WORKING if counted[2] == "工作日" else deadlines.NATURAL)
    day = day_of(value, today, since, since1904=since1904)
    return None if day is None else Term(datetime.combine(day, time(23, 59, 59), deadlines.SHANGHAI))


def _chinese(text: str) -> int:
    tens, ten, ones = text.partition("十")
    if not ten:
        return _UNITS.get(text, 0)
    return (_UNITS.get(tens, 1) if tens else 1) * 10 + (_UNITS.get(ones, 0) if ones else 0)


SEVERITIES = {
    "critical": ("严重", "重大", "突出", "特急", "紧急", "critical"),
    "major": ("较重", "较大", "中等", "较严重", "major"),
    "minor": ("一般", "轻微", "轻", "普通", "minor"),
}


def severity_of(text: str) -> str:
    """minor, major or critical; "" for an empty cell. Raises CellError."""
    said = key(text).removesuffix("问题").removesuffix("的")
    if said in ("", "/", "-", "—"):
        return ""
    for severity, names in SEVERITIES.items():
        if said in names:
            return severity
    raise CellError(f"“{_short(text)}”不是能认的轻重；请写“一般”“较重”或“严重”")


CLOSED, DONE, CANCELLED, DEFERRED, OPEN = "closed", "done", "cancelled", "deferred", "open"
_NOT = re.compile(
    r"(未|没有|没|尚未|待|不|正在)[^，。；]{0,3}(销号|办结|完成|整改|到位|合格)|整改中|进行中|部分完成"
)
_SAYS = (
    (DEFERRED, ("挂账", "长期整治", "长期推进")),
    (CANCELLED, ("撤销", "作废", "取消")),
    (CLOSED, ("销号", "办结", "归档", "闭环")),
    (DONE, ("已完成", "完成", "已整改", "整改到位", "已清理", "已解决", "已处理", "合格")),
)


def stage_of(text: str, header: str = "") -> str:
    """What the ledger says of a row: closed, done (mended, by its own word), cancelled, deferred, open; "" unclear.

    `header`: what the column is called; under 是否销号 a plain 是 or √ means closed.
    """
    said = key(text)
    if not said:
        return OPEN
    if said in ("是", "√", "y", "yes", "已"):
        return CLOSED if "销号" in key(header) or "办结" in key(header) else DONE
    if said in (
        "否",
        "×",
        "x",
        "n",
        "no",
        "未",
        "待签收",
        "待复核",
        "镇街已核",
        "退单",
        "整改中",
    ) or _NOT.search(said):
        return OPEN
    return next((stage for stage, names in _SAYS if any(name in said for name in names)), "")


def _short(text: str) -> str:
    return text if len(text) <= 20 else text[:19] + "…"
