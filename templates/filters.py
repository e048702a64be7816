"""How values are written on screen and paper: Beijing's clock, plain decimals, 0 as 0, missing as —."""

import base64
import io
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import qrcode

from templates import words

SHANGHAI = ZoneInfo("Asia/Shanghai")
MISSING = "—"


def _now() -> datetime:
    return datetime.now(UTC)


def _local(value: datetime | str) -> datetime:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(SHANGHAI)


def moment(value: datetime | str | None, now: datetime | None = None) -> str:
    """`11月22日 16:05`; the year too when it is not this year's. Takes aware times, or RFC 3339 text."""
    if not value:
        return MISSING
    then, today = _local(value), _local(now or _now())
    year = f"{then.year}年" if then.year != today.year else ""
    return f"{year}{then.month}月{then.day}日 {then:%H:%M}"


def day(value: date | datetime | str | None, now: datetime | None = None) -> str:
    """`11月22日`; the year too when it is not this year's."""
    if not value:
        return MISSING
    then = _date(value)
    year = f"{then.year}年" if then.year != _local(now or _now()).year else ""
    return f"{year}{then.month}月{then.day}日"


def full_day(value: date | datetime | str | None) -> str:
    """`2026年11月22日`, for paper."""
    if not value:
        return MISSING
    then = _date(value)
    return f"{then.year}年{then.month}月{then.day}日"


def committee(village: str) -> str:
    """A village's committee by its name: 安家庄村委会 of 安家庄村."""
    return f"{village.removesuffix('村')}村委会"


def _date(value: date | datetime | str) -> date:
    if isinstance(value, str) and len(value) == 10:
        return date.fromisoformat(value)
    if isinstance(value, datetime | str):
        return _local(value).date()
    return value


def left(deadline: datetime | str | None, now: datetime | None = None) -> str:
    """Days to a deadline by Beijing's calendar: `还剩2天`, `今天到期`, `逾期3天`."""
    if not deadline:
        return MISSING
    then, today = _local(deadline), _local(now or _now())
    days = (then.date() - today.date()).days
    if days > 0:
        return f"还剩{days}天"
    if days < 0:
        return f"逾期{-days}天"
    return "今天到期" if then >= today else "今天已逾期"


def overdue(deadline: datetime | str | None, now: datetime | None = None) -> bool:
    """True once the deadline has passed."""
    return bool(deadline) and _local(deadline or "") < (now or _now())


def age(value: datetime | str, now: datetime | None = None) -> int:
    """Days since, by Beijing's calendar; 0 for today."""
    return (_local(now or _now()).date() - _local(value).date()).days


def figure(value: Decimal | float | str | None, places: int | None = None) -> str:
    """A number as people write it: `86.5`, `0`, `1,204`; with `places` that many decimals; missing —."""
    if value is None or value == "":
        return MISSING
    number = Decimal(str(value))
    if places is not None:
        return f"{number:,.{places}f}"
    text = f"{number:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(value: Decimal | float | None, places: int = 0) -> str:
    """`0.84` as `84%`; missing —."""
    return MISSING if value is None else f"{Decimal(str(value)) * 100:.{places}f}%"


def room(size: int | None) -> str:
    """Bytes as people say them: `1.2 GB`, `430 MB`, `4.1 MB`, `0 MB`; missing —."""
    if size is None:
        return MISSING
    if size >= 1000**3:
        return f"{size / 1000**3:.1f}\u00a0GB"
    return f"{size / 1000**2:.{0 if size >= 10 * 1000**2 or not size else 1}f}\u00a0MB"


def span(seconds: int) -> str:
    """How long, in the largest whole unit: `40 秒`, `12 分钟`, `3 小时`, `9 天`."""
    for unit, word in ((86_400, "天"), (3600, "小时"), (60, "分钟")):
        if abs(seconds) >= unit:
            return f"{abs(seconds) // unit} {word}"
    return f"{abs(seconds)} 秒"


def dash(value: Any) -> Any:
    """The value; nothing (None or empty text) as —, zero as 0."""
    return MISSING if value is None or value == "" else value


def short(value: object, length: int = 8) -> str:
    """The first digits of a hash or id."""
    return str(value).replace("-", "")[:length] if value else MISSING


def qr(text: str) -> str:
    """A QR code as a PNG data address; our pages may not draw with inline styles."""
    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, box_size=8, border=2)
    code.add_data(text)
    out = io.BytesIO()
    code.make_image().save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


def _worded(table: Mapping[str, str]) -> Callable[[str | None], str]:
    def word(value: str | None) -> str:
        if value is None:
            return MISSING
        return table.get(value, value) or MISSING

    return word


TABLES = (
    "ROLE", "STAGE", "MARK", "GRADE", "SEVERITY", "STATUS", "DECISION", "REASON", "ROUND_TYPE", "ROUND_STAGE",
    "INSPECTION_STAGE", "ASSIGNMENT_STAGE", "CHECKLIST_STAGE", "CHECKLIST", "PHOTO_STATE", "PHOTO_ROLE",
    "ACTION", "METHOD", "SESSION_KIND", "UNIT_KIND", "DRAFT_STATE", "SUBJECT", "NOTICE", "DEVICE_MARK",
)  # fmt: skip
FILTERS: dict[str, Callable[..., Any]] = {
    "moment": moment, "day": day, "full_day": full_day, "left": left, "overdue": overdue, "age": age, "figure": figure,
    "room": room, "span": span, "percent": percent, "qr": qr, "dash": dash, "short": short, "verb": words.verb,
    **{name.lower(): _worded(getattr(words, name)) for name in TABLES},
}  # fmt: skip
