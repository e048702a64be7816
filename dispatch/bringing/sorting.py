"""Sorting what was read: what will be opened, what is here already, what changed since, what is wrong; the counts."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from dispatch.bringing.rows import Fault, Known, Read
from dispatch.models import Task
from dispatch.stages import FINISHED

MOST_TOLD = 1_000  # faults that a report names


class Sorting:
    """Takes rows in their order and counts."""

    def __init__(self) -> None:
        self.rows = self.ready = self.wrong = self.photos = self.bare = self.late = self.deferred = 0
        self.skips: Counter[str] = Counter()
        self.towns: Counter[str] = Counter()
        self.strays: Counter[str] = Counter()
        self.faults: list[Fault] = []
        self.more_faults = 0
        self.here: list[dict[str, Any]] = []  # brought in before: {row, task, number, changed}

    async def take(self, found: Sequence[Read], known: Known) -> list[dict[str, Any]]:
        """Count these rows; returns the drafts of those that are to be opened. Two queries."""
        there = await self._there(found)
        drafts = []
        for read in found:
            if read.skip == "blank":
                continue
            self.rows += 1
            task = there.get(read.id) or (read.draft and there.get(f"n{read.draft['number']}"))
            if task and self._is_here(read, task):
                continue
            self._note(read.faults)
            if read.skip:
                self.skips[read.skip] += 1
            elif read.draft is None:
                self.wrong += 1
            else:
                self._count(read.draft, known)
                drafts.append(read.draft)
        return drafts

    async def _there(self, found: Sequence[Read]) -> dict[str, dict[str, Any]]:
        """Tasks of these rows by id, and by `n` + number where our own ledger comes back to its house."""
        columns = ("id", "number", "village", "text", "finding", "stage", "origin")
        ids = [UUID(read.id) for read in found if read.id]
        numbers = [read.draft["number"] for read in found if read.draft and read.draft["number"]]
        tasks = {str(row["id"]): row for row in await Task.filter(id__in=ids).values(*columns)} if ids else {}
        own = await Task.filter(number__in=numbers).values(*columns) if numbers else []
        return tasks | {f"n{row['number']}": row for row in own}

    def _is_here(self, read: Read, task: dict[str, Any]) -> bool:
        """Note a row whose task is there; False when only the number is alike (another house's ledger)."""
        draft = read.draft
        mine = str(task["id"]) == read.id
        if not mine and draft and (task["village"], task["text"]) != (draft["village"], draft["text"]):
            return False
        changed = ""
        if mine and draft and str(task["finding"]) != draft["content"]:
            changed = "content"
        elif draft is None and read.skip in ("closed", "done") and task["stage"] not in FINISHED:
            changed = "closed"
        self.here.append(
            {"row": read.row, "task": str(task["id"]), "number": task["number"], "changed": changed}
        )
        return True

    def _note(self, faults: Sequence[Fault]) -> None:
        room = MOST_TOLD - len(self.faults)
        self.faults += faults[:room]
        self.more_faults += len(faults[room:])

    def _count(self, draft: dict[str, Any], known: Known) -> None:
        self.ready += 1
        self.towns[draft["village"][:9]] += 1
        self.photos += len(draft["before"]) + len(draft["after"])
        self.bare += not draft["before"]
        self.deferred += bool(draft["deferred"])
        if draft["deadline"] and not draft["deferred"]:
            self.late += datetime.fromisoformat(draft["deadline"]) < known.now

    def report(self) -> dict[str, Any]:
        """All of it as JSON."""
        return {
            "rows": self.rows, "ready": self.ready, "wrong": self.wrong, "photos": self.photos,
            "bare": self.bare, "late": self.late, "deferred": self.deferred, "skips": dict(self.skips),
            "towns": dict(self.towns), "strays": dict(self.strays), "here": len(self.here),
            "changed": [one for one in self.here if one["changed"]][:200],
            "faults": [asdict(one) for one in self.faults], "more_faults": self.more_faults,
        }  # fmt: skip
