"""Where a ledger lies while it is being brought in: one folder each, bookkeeping that may go.

meta.json    whose, what file, and what its owner chose: sheet, head, columns
source       the file as it came, until it is read
sheets.json  rows-<n>.jsonl  pictures/   what was read
drafts.jsonl report.json                 what it comes to
"""

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from villages.ground import clock
from villages.ground.ids import new_id
from villages.ground.settings import Settings

KEPT = 14 * 86400.0  # seconds that a folder stays


@dataclass(frozen=True)
class Choice:
    """What stands for the reading: which sheet, its head's last row (0: as found), thing → column (0: none)."""

    sheet: int = -1  # -1: the one that looks most like a ledger
    head: int = 0
    columns: dict[str, int] = field(default_factory=dict)
    finished: str = "skip"


@dataclass(frozen=True)
class Meta:
    """One bringing-in. `checks`: how often it was judged, so that each judging is a job of its own."""

    id: str
    person: str
    name: str
    sha256: str
    size: int
    made: str
    checks: int = 1
    choice: Choice = field(default_factory=Choice)


class Shelf:
    """One folder. Every method may wait for the disk."""

    def __init__(self, settings: Settings, key: UUID) -> None:
        self.folder = _root(settings) / str(key)
        self.id = key

    @property
    def source(self) -> Path:
        return self.folder / "source"

    def picture(self, sha256: str) -> Path:
        """The file of a picture that was read."""
        return self.folder / "pictures" / sha256

    def begin(self, person: UUID, name: str, sha256: str, size: int) -> Meta:
        """Note whose it is; `source` must be there."""
        meta = Meta(str(self.id), str(person), name[:120], sha256, size, clock.rfc3339(clock.now()))
        self.keep(meta)
        return meta

    def meta(self) -> Meta | None:
        found = self.told("meta.json")
        return Meta(**{**found, "choice": Choice(**found["choice"])}) if found else None

    def keep(self, meta: Meta) -> None:
        self.tell("meta.json", asdict(meta))

    def choose(self, choice: Choice) -> Meta | None:
        """Another reading of the same file: what it came to before no longer counts."""
        meta = self.meta()
        if meta is None:
            return None
        chosen = replace(meta, choice=choice, checks=meta.checks + 1)
        (self.folder / "report.json").unlink(missing_ok=True)
        self.keep(chosen)
        return chosen

    def told(self, name: str) -> Any:
        """The JSON of one of its files; None when it is not there."""
        try:
            return json.loads((self.folder / name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None

    def tell(self, name: str, value: Any) -> None:
        """Write one of its files whole."""
        aside = self.folder / f"{name}.tmp"
        aside.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
        aside.replace(self.folder / name)

    def lines(self, name: str) -> Iterator[Any]:
        """The JSON lines of one of its files."""
        with (self.folder / name).open(encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)


def _root(settings: Settings) -> Path:
    return settings.data / "ledger-in"


def new(settings: Settings) -> Shelf:
    """An empty folder; older ones nobody needs any more go."""
    root = _root(settings)
    root.mkdir(parents=True, exist_ok=True)
    before = time.time() - KEPT
    for old in root.iterdir():
        if old.stat().st_mtime < before:
            shutil.rmtree(old, ignore_errors=True)
    shelf = Shelf(settings, new_id())
    shelf.folder.mkdir(mode=0o700)
    return shelf


def those_of(settings: Settings, person: UUID) -> list[Meta]:
    """What this person has brought or begun to bring, newest first."""
    root = _root(settings)
    if not root.is_dir():
        return []
    found = []
    for folder in root.iterdir():
        meta = Shelf(settings, UUID(folder.name)).meta()
        if meta and meta.person == str(person):
            found.append(meta)
    return sorted(found, key=lambda meta: meta.made, reverse=True)
