"""Which row a row is, however often its file comes. Pure.

A row is the same row by village and 编号, else by village, kind, words, place and day of finding, and by its ordinal
among rows alike in these. Its task has an id made from that: brought in once, it is not brought in again. All that
the row says makes a second id, by which a row that was changed since is known.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from dispatch.bringing.cells import key

SPACE = UUID("7b1f5c52-6a0e-4d5b-9d5c-0f6c1f7c9a31")
_PASSING = ("row", "deferred")  # where it stood, and what was counted from today


@dataclass(frozen=True)
class Identity:
    """A row's own name. `numbered`: it rests on the ledger's 编号."""

    name: str
    numbered: bool

    @property
    def task(self) -> UUID:
        """The id of the task it becomes."""
        return uuid5(SPACE, self.name)

    def content(self, draft: Mapping[str, Any]) -> UUID:
        """The id of all that it says now."""
        return uuid5(SPACE, f"{self.name}|{digest(draft)}")


class Identities:
    """The rows of one file, in order."""

    def __init__(self) -> None:
        self._alike: dict[str, int] = {}
        self._numbers: dict[str, int] = {}
        self._whole: dict[str, int] = {}

    def of(self, village: str, said: Mapping[str, str]) -> Identity:
        """Who this row is. `said`: the row's texts by thing."""
        if number := key(said.get("number", "")):
            return Identity(f"{village}|no|{number}", True)
        parts = (key(said.get(name, "")) for name in ("category", "text", "place", "found_on"))
        base = "|".join((village, *parts))
        self._alike[base] = self._alike.get(base, 0) + 1
        return Identity(f"{base}|{self._alike[base]}", False)

    def twin(self, identity: Identity, draft: Mapping[str, Any], row: int) -> tuple[int, bool]:
        """(an earlier row that is this one, whether it says the very same); (0, False) for a row of its own."""
        whole = digest(draft)
        if whole in self._whole:
            return self._whole[whole], True
        self._whole[whole] = row
        if identity.numbered:
            earlier = self._numbers.setdefault(identity.name, row)
            if earlier != row:
                return earlier, False
        return 0, False


def digest(draft: Mapping[str, Any]) -> str:
    """SHA-256 of all that a row says."""
    told = {name: value for name, value in draft.items() if name not in _PASSING}
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
