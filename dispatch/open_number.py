"""编号 of a task. Pure."""

from datetime import datetime

from villages.ground import clock


def number(heard_at: datetime, rev: int, ordinal: int) -> str:
    """编号 for people, unique in a district: year, the change's number, which of its tasks: 2026-000829-1."""
    return f"{clock.local(heard_at).year}-{rev:06d}-{ordinal}"
