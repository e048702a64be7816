"""Chance that can be played again: everything drawn or named here depends on the seed and on words, nothing else.

So a second run of the same demo makes the same commands to the byte, and the server answers them as it did before.
"""

import hashlib
import random
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def chance(*words: object) -> random.Random:
    """A generator of its own for these words."""
    return random.Random("/".join(map(str, words)))  # noqa: S311 - a play, not a secret


def share(*words: object) -> float:
    """A number from 0 up to 1, for these words."""
    return int.from_bytes(_digest(words)[:8]) / 2**64


def id_for(moment: datetime, *words: object) -> str:
    """A UUIDv7 of that moment whose random part comes from the words."""
    millis = int(moment.timestamp() * 1000)
    number = (millis << 80) | int.from_bytes(_digest(words)[:10])
    number = number & ~(0xF << 76) | 7 << 76
    return str(UUID(int=number & ~(0x3 << 62) | 2 << 62))


def _digest(words: tuple[object, ...]) -> bytes:
    return hashlib.sha256("/".join(map(str, words)).encode()).digest()
