"""回头看: which closed tasks are looked at again, and by whom. Pure, so that anybody can draw again and compare.

The seed is fixed and shown before the draw. A lot is SHA-256 of `seed|what it is for` in hex; lots are compared as text.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

SHARE, LEAST, MOST = 15, 10, 20  # per cent of the tasks closed; a district sets its own within these
FROM_DAYS, TO_DAYS = 30, 90  # closed so long ago


@dataclass(frozen=True)
class Closed:
    """A closed task. `known`: people who may not look again, having found it, mended it or passed it."""

    id: str
    village: str
    known: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Inspector:
    """Who may be sent, and the places of their posts (prefixes of village codes)."""

    id: str
    places: tuple[str, ...]


@dataclass(frozen=True)
class Pick:
    """A task that was drawn, and who looks at it; "" where everybody is barred."""

    task: str
    person: str


def lot(seed: str, *what: str) -> str:
    """64 hex digits."""
    return hashlib.sha256("|".join((seed, *what)).encode()).hexdigest()


def size_of(count: int, share: int) -> int:
    """How many of so many are drawn: the share, rounded up."""
    return -(-count * share // 100)


def draw(seed: str, share: int, tasks: Iterable[Closed], inspectors: Sequence[Inspector]) -> list[Pick]:
    """The tasks with the lowest lots, by village and id, each with its inspector.

    A village goes to one person where one may see all its tasks. First choice is somebody whose posts reach the
    village, then who has fewer tasks so far, then the lower lot.
    """
    listed = sorted(tasks, key=lambda task: (lot(seed, task.id), task.id))
    chosen = sorted(listed[: size_of(len(listed), share)], key=lambda task: (task.village, task.id))
    load = {one.id: 0 for one in inspectors}
    picks: list[Pick] = []
    for village in sorted({task.village for task in chosen}):
        mine = [task for task in chosen if task.village == village]
        whole = _who(seed, village, frozenset().union(*(task.known for task in mine)), inspectors, load)
        for task in mine:
            person = whole or _who(seed, village, task.known, inspectors, load)
            if person:
                load[person] += 1
            picks.append(Pick(task.id, person))
    return picks


def _who(
    seed: str, village: str, barred: frozenset[str], inspectors: Sequence[Inspector], load: dict[str, int]
) -> str:
    free = [one for one in inspectors if one.id not in barred]

    def order(one: Inspector) -> tuple[bool, int, str, str]:
        return not village.startswith(one.places), load[one.id], lot(seed, village, one.id), one.id

    return min(free, key=order).id if free else ""
