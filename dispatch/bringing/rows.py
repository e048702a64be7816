"""A row of an office's ledger becomes a task to open, or a list of cells that must be mended. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from openpyxl.utils.cell import get_column_letter

from dispatch import deadlines
from dispatch.bringing import cells
from dispatch.bringing.cells import CellError, Term, key, text_of
from dispatch.bringing.identity import Identities, Identity
from dispatch.bringing.places import Place, Places
from dispatch.bringing.standing import look_again, severity_among, standing

TERMS = {"critical": 1, "major": 3, "minor": 7}  # days where neither the row nor its item names a term
LONGEST = {
    "text": 600,
    "place": 200,
    "requirement": 600,
    "category": 60,
    "number": 60,
    "person": 40,
    "remarks": 600,
}
FOOTERS = (
    "合计",
    "总计",
    "小计",
    "填表",
    "制表",
    "审核",
    "说明",
    "注：",
    "注:",
    "备注：",
    "单位负责人",
    "联系电话",
)


@dataclass(frozen=True)
class ItemKnown:
    """What a checklist says of an item."""

    code: str
    text: str
    section: str
    severity: str
    days: int
    kind: str


@dataclass(frozen=True)
class Known:
    """All that understanding rests on."""

    places: Places
    items: Mapping[str, ItemKnown]  # by code and by text, made comparable
    now: datetime
    may: Callable[[str], bool]  # whether the person may bring in tasks of this village
    finished: str = "skip"  # rows that call themselves mended but not struck off: skip, bring
    since1904: bool = False

    @property
    def today(self) -> date:
        return self.now.astimezone(deadlines.SHANGHAI).date()


@dataclass(frozen=True)
class Fault:
    """A cell that needs a look. `cell`: C17, or the row's number; `grade`: wrong (keeps the row out), note."""

    row: int
    cell: str
    why: str
    grade: str = "wrong"


@dataclass
class Read:
    """One row understood. `skip`: why it is left out without a fault ("" else); `draft` when it can be opened."""

    row: int
    skip: str = ""
    id: str = ""  # of its task, whether it is to be opened or left out
    draft: dict[str, Any] | None = None
    faults: list[Fault] = field(default_factory=list)


class Understanding:
    """Reads rows one after the other; remembers which it has seen."""

    def __init__(self, known: Known, columns: Mapping[str, int], names: Mapping[int, str]) -> None:
        self._known, self._columns, self._names = known, columns, names
        self._identities = Identities()

    def read(self, row: Mapping[str, Any]) -> Read:
        """Understand one row ({r, c, p})."""
        found = Read(row["r"])
        if self._is_none(row):
            found.skip = "blank"
            return found
        said = {
            name: self._say(found, row, name) for name in self._columns if name not in ("before", "after")
        }
        stage = self._standing(found, said)
        village = self._village(found, said)
        over = stage in (cells.CLOSED, cells.DONE, cells.CANCELLED)
        if over:  # history stays in the old ledger, and nobody has to mend it first
            found.faults, found.skip = [], stage
        if village is None:
            return found
        identity = self._identities.of(village.code, said)
        if over:
            found.id = str(identity.task)
            return found
        draft = self._draft(found, row, said, village)
        if stage == cells.DEFERRED:
            draft["deferred"] = look_again(said, self._known.today).isoformat()
        if not [fault for fault in found.faults if fault.grade == "wrong"]:
            self._identify(found, draft, identity)
        return found

    def _identify(self, found: Read, draft: dict[str, Any], identity: Identity) -> None:
        """Give the task its ids, unless an earlier row of this file is the same one."""
        twin, same = self._identities.twin(identity, draft, found.row)
        if twin and same:
            found.skip = "twin"
            self._wrong(found, "text", f"与第 {twin} 行完全相同，只带入一次", "note")
        elif twin:
            self._wrong(found, "number", f"编号与第 {twin} 行相同，内容却不同；请改正其中一个编号")
        else:
            found.id = str(identity.task)
            found.draft = draft | {"id": found.id, "content": str(identity.content(draft))}

    def _is_none(self, row: Mapping[str, Any]) -> bool:
        """A row that says nothing of a task: empty, a footer, a sub-heading, the head again."""
        values = [self._raw(row, name) for name in self._columns if name not in ("before", "after")]
        said = [str(value) for value in values if value not in (None, "")]
        if any(row["p"].get(str(self._columns.get(name))) for name in ("before", "after")) and said:
            return False
        words = [str(value).strip() for value in row["c"].values()]
        if not said or (words and words[0].startswith(FOOTERS)):
            return True
        head = sum(
            self._names.get(column) == str(self._raw(row, name)) for name, column in self._columns.items()
        )
        return head > 1 or (len(words) < 2 and not row["p"])

    def _raw(self, row: Mapping[str, Any], name: str) -> Any:
        return row["c"].get(str(self._columns[name])) if name in self._columns else None

    def _cell(self, row: int, name: str) -> str:
        return f"{get_column_letter(self._columns[name])}{row}" if name in self._columns else f"第 {row} 行"

    def _wrong(self, found: Read, name: str, why: object, grade: str = "wrong") -> None:
        found.faults.append(Fault(found.row, self._cell(found.row, name), str(why), grade))

    def _say(self, found: Read, row: Mapping[str, Any], name: str) -> str:
        try:
            said = text_of(self._raw(row, name))
        except CellError as wrong:
            self._wrong(found, name, wrong)
            return ""
        most = LONGEST.get(name, 4_000)
        if len(said) > most:
            self._wrong(found, name, f"有 {len(said)} 个字，最多 {most} 字；请缩短，或把后面的内容挪到别的栏")
        return said

    def _standing(self, found: Read, said: Mapping[str, str]) -> str:
        header = self._names.get(self._columns.get("stage", 0), "")
        stage, unclear = standing(said, header, self._known.finished)
        if unclear:
            told = f"“{said['stage'][:20]}”看不出是否已销号，按未销号带入，原话记入任务记录"
            self._wrong(found, "stage", told, "note")
        return stage

    def _village(self, found: Read, said: Mapping[str, str]) -> Place | None:
        if not said.get("village"):
            self._wrong(found, "village", "没有写村名；请补上村名或村代码")
            return None
        town, places = "", self._known.places
        try:
            if said.get("town"):
                town = places.town(said["town"])
        except CellError as wrong:
            self._wrong(found, "town", wrong)
            return None
        try:
            village = places.village(said["village"], town)
        except CellError as wrong:
            self._wrong(found, "village", wrong)
            return None
        if not self._known.may(village.code):
            self._wrong(found, "village", f"{village.name}不在您的管辖范围内；只有区级办公室可以带入")
            return None
        return village

    def _draft(
        self, found: Read, row: Mapping[str, Any], said: Mapping[str, str], village: Place
    ) -> dict[str, Any]:
        if not said.get("text"):
            self._wrong(found, "text", "没有写问题描述；请补上，一行写一个问题")
        item = self._known.items.get(key(said.get("category", ""))) if said.get("category") else None
        found_on = self._day(found, row, "found_on")
        severity = self._tried(found, "severity", lambda: cells.severity_of(said.get("severity", "")))
        unit = self._tried(found, "unit", lambda: self._known.places.unit(said.get("unit", ""), village))
        severity = (
            severity or severity_among(said.get("remarks", "")) or (item.severity if item else "") or "minor"
        )
        term = self._deadline(found, row, found_on, severity, item)
        return {
            "row": found.row, "village": village.code, "unit": unit or village.code, "text": said.get("text", ""),
            "place": said.get("place", ""), "item": item.code if item else "", "severity": severity,
            "category": "" if item else said.get("category", ""), "number": said.get("number", ""),
            "requirement": said.get("requirement") or (item.text if item else ""),
            "found_on": found_on.isoformat() if found_on else "",
            "deadline": term.moment.isoformat() if term.moment else "", "days": term.days, "kind": term.kind,
            "person": said.get("person", ""), "done_on": said.get("done_on", "")[:40], "stage": (said.get("stage") or said.get("remarks", ""))[:120], "deferred": "",
            "before": self._photos(found, row, "before"), "after": self._photos(found, row, "after"),
        }  # fmt: skip

    def _tried(self, found: Read, name: str, read: Callable[[], str]) -> str:
        try:
            return read()
        except CellError as wrong:
            self._wrong(found, name, wrong)
            return ""

    def _day(self, found: Read, row: Mapping[str, Any], name: str) -> date | None:
        try:
            day = cells.day_of(self._raw(row, name), self._known.today, since1904=self._known.since1904)
            if day and day > self._known.today:
                raise CellError(f"“{day}”还没有到，不会是检查日期；请改正")
        except CellError as wrong:
            self._wrong(found, name, wrong)
            return None
        return day

    def _deadline(
        self, found: Read, row: Mapping[str, Any], since: date | None, severity: str, item: ItemKnown | None
    ) -> Term:
        known = self._known
        try:
            given = cells.deadline_of(
                self._raw(row, "deadline"), known.today, since, since1904=known.since1904
            )
        except CellError as wrong:
            self._wrong(found, "deadline", wrong)
            return Term(days=1)
        if given is None:
            term = Term(days=item.days, kind=item.kind) if item else Term(days=TERMS[severity])
            unit = "个工作日" if term.kind == deadlines.WORKING else "天"
            self._wrong(found, "deadline", f"没有整改期限，从带入之日起给 {term.days} {unit}", "note")
            return term
        if given.moment and since and given.moment.astimezone(deadlines.SHANGHAI).date() < since:
            self._wrong(found, "deadline", "整改期限早于检查日期；请改正其中一个")
        return given

    def _photos(self, found: Read, row: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
        kept: dict[str, dict[str, Any]] = {}
        for shot in row["p"].get(str(self._columns.get(name)), []):
            if "bad" in shot:
                self._wrong(found, name, shot["bad"])
            else:
                kept.setdefault(shot["sha256"], shot)
        if (
            name in self._columns
            and not kept
            and (said := str(self._raw(row, name) or ""))
            and said[0] == "#"
        ):
            self._wrong(
                found, name, "照片嵌在单元格里，这种形式读不出来；请改为浮动图片（右键—放在单元格之上）"
            )
        if len(kept) > 12:
            self._wrong(found, name, f"一格里有 {len(kept)} 张照片，最多 12 张；请删减")
        return list(kept.values())
