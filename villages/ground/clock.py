"""Time: UTC in storage, Asia/Shanghai on screen. Every "now" of the server comes from here."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """The server's time, aware, UTC, whole milliseconds (so that it survives text and databases alike)."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def local(moment: datetime) -> datetime:
    """The same instant on a wall clock in Beijing."""
    return moment.astimezone(SHANGHAI)


def plausible(moment: datetime | None) -> datetime | None:
    """A device's time in UTC when it lies in 2000 to 2100; None otherwise: no calendar, column or page can take it."""
    try:
        found = moment.astimezone(UTC) if moment else None
    except OverflowError:
        return None
    return found if found and 2000 <= found.year < 2100 else None


def rfc3339(moment: datetime) -> str:
    """`2026-11-22T08:05:11.123Z`: fixed width, so that text order is time order."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def end_of_day(day: date) -> datetime:
    """The last second of a Beijing day, in UTC."""
    return datetime.combine(day, time(23, 59, 59), SHANGHAI).astimezone(UTC)


def start_of_day(day: date) -> datetime:
    """The first instant of a Beijing day, in UTC."""
    return datetime.combine(day, time(0, 0), SHANGHAI).astimezone(UTC)


__all__ = ["SHANGHAI", "end_of_day", "local", "now", "plausible", "rfc3339", "start_of_day", "timedelta"]
