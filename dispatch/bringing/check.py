"""The dry run: the file is read once by a process of its own, then judged as often as its owner changes the columns.

Writes `drafts.jsonl` (what would be opened) and `report.json`; nothing else anywhere.
"""

import asyncio
import contextlib
import itertools
import json
import shutil
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from openpyxl.utils.cell import get_column_letter

from dispatch.bringing import columns
from dispatch.bringing.cells import key
from dispatch.bringing.columns import Head
from dispatch.bringing.limits import MOST_ROWS, SECONDS
from dispatch.bringing.places import Place, Places
from dispatch.bringing.rows import ItemKnown, Known, Understanding
from dispatch.bringing.shelf import Choice, Meta, Shelf
from dispatch.bringing.sorting import Sorting
from inspections.checklists import checklist_by_sha
from inspections.models import ChecklistVersion
from villages.ground import clock
from villages.ground.problems import Problem
from villages.models import DistrictHead, Town, Unit, Village
from villages.permissions import Who, post_for

ROOT = Path(__file__).resolve().parents[2]
VERB = "ledger.bring"
BATCH = 400
log = structlog.get_logger()
Tell = Callable[[int, int], Awaitable[None]]


@dataclass(frozen=True)
class Laid:
    """A sheet as it is going to be read."""

    sheet: int
    head: Head
    columns: dict[str, int]


async def check(shelf: Shelf, who: Who, tell: Tell) -> dict[str, Any]:
    """Read (once) and judge; returns the report. Raises a Problem when the file cannot be taken at all."""
    meta = await asyncio.to_thread(shelf.meta)
    if meta is None:
        raise Problem("not_found")
    about = await asyncio.to_thread(shelf.told, "sheets.json")
    if about is None:
        await read(shelf)
        about = await asyncio.to_thread(shelf.told, "sheets.json")
    laid = lay(about, meta.choice)
    report = Sorting().report() | _beginning(about, laid, meta)
    if laid is None or report["too_many"] or not all(laid.columns.get(name) for name in columns.NEEDED):
        await asyncio.to_thread(shelf.tell, "report.json", report)
        return report
    known = await around(who, meta.choice.finished, since1904=about["since1904"])
    sorting = Sorting()
    await _judge(shelf, laid, known, sorting, about["sheets"][laid.sheet]["rows"], tell)
    report |= sorting.report() | {"checked": True}
    await asyncio.to_thread(shelf.tell, "report.json", report)
    return report


async def read(shelf: Shelf) -> None:
    """Take the file apart in a process of its own; the file itself is let go. Raises a Problem with a sentence."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "dispatch.bringing.reader", str(shelf.source), str(shelf.folder),
        cwd=ROOT, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        said, complaint = await asyncio.wait_for(child.communicate(), SECONDS + 30)
    except TimeoutError:
        said, complaint = b"", b""
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    try:
        told = json.loads(said)
    except ValueError:
        told = {
            "wrong": "读取这份文件用的时间或内存超过上限，没有读完；请只留台账这一张表，或按镇街拆成几份。"
        }
    if "wrong" in told:
        log.warning("ledger_unread", told=told["wrong"], complaint=complaint[-600:].decode(errors="replace"))
        await asyncio.to_thread(shutil.rmtree, shelf.folder / "pictures", True)
        raise Problem("invalid", what=f"没有带入：{told['wrong']}")
    await asyncio.to_thread(shelf.source.unlink, True)


def lay(about: Mapping[str, Any], choice: Choice) -> Laid | None:
    """The sheet, head and columns that stand: what the owner chose, else what the headings say. None: no sheet."""
    sheets = about["sheets"]
    if not sheets:
        return None
    number = choice.sheet if 0 <= choice.sheet < len(sheets) else _best(sheets)
    sheet = sheets[number]
    head = _chosen_head(sheet, choice.head) or columns.find_head(sheet["head"], sheet["merges"])
    if head is None:
        rows = [row for row in sheet["head"] if len(row["c"]) > 2] or sheet["head"]
        if not rows:
            return None
        head = columns.one(rows[0])
    given = {thing: column for thing, column in choice.columns.items() if column}
    return Laid(number, head, given if choice.columns else head.guessed)


def _best(sheets: list[dict[str, Any]]) -> int:
    def score(number: int) -> tuple[int, int, int]:
        sheet = sheets[number]
        head = columns.find_head(sheet["head"], sheet["merges"])
        return (0 if sheet["hidden"] else 1, len(head.guessed) if head else 0, -number)

    return max(range(len(sheets)), key=score)


def _chosen_head(sheet: Mapping[str, Any], row: int) -> Head | None:
    rows = sheet["head"]
    at = next((at for at, one in enumerate(rows) if one["r"] == row), None)
    if at is None:
        return None
    both = columns.two(rows[at - 1], rows[at], sheet["merges"]) if at else None
    return both or columns.one(rows[at])


def _beginning(about: Mapping[str, Any], laid: Laid | None, meta: Meta) -> dict[str, Any]:
    sheets = [{"name": one["name"], "rows": one["rows"], "hidden": one["hidden"]} for one in about["sheets"]]
    told = {"sheets": sheets, "macros": about["macros"], "choice": asdict(meta.choice), "checked": False}
    if laid is None:
        nothing: dict[str, Any] = {"names": {}, "columns": {}, "heads": [], "too_many": False}
        return told | nothing | {"sheet": -1, "head": 0, "empty": True}
    sheet = about["sheets"][laid.sheet]
    heads = [
        {"r": row["r"], "told": "　".join(str(value) for value in row["c"].values() if isinstance(value, str))[:60]}
        for row in sheet["head"][:15]
    ]  # fmt: skip
    letters = {column: f"{get_column_letter(column)} {name}" for column, name in laid.head.names.items()}
    return told | {
        "sheet": laid.sheet, "head": laid.head.row, "names": letters, "columns": laid.columns, "heads": heads,
        "empty": not [row for row in sheet["head"] if row["r"] > laid.head.row] and sheet["rows"] <= len(sheet["head"]),
        "too_many": sheet["rows"] > MOST_ROWS,
    }  # fmt: skip


async def around(who: Who, finished: str, *, since1904: bool) -> Known:
    """What the district calls its places, units and items; six queries."""
    head = await DistrictHead.get(district=who.district)
    towns = dict(await Town.filter(code__startswith=who.district).values_list("code", "name"))
    villages = [
        Place(row["code"], row["name"], (row["name"], row["stat_name"], *row["aliases"]))
        for row in await Village.filter(code__startswith=who.district).values("code", "name", "stat_name", "aliases")
    ]  # fmt: skip
    units = Unit.filter(district=who.district, kind="department", active=True)
    places = Places(towns, villages, dict(await units.values_list("code", "name")), head.name)
    items: dict[str, ItemKnown] = {}
    newest: dict[str, str] = {}
    published = ChecklistVersion.filter(district=who.district, stage="published").order_by("rev")
    for code, sha256 in await published.values_list("code", "sha256"):
        newest[code] = sha256
    for sha256 in newest.values():
        for item in (await checklist_by_sha(sha256)).items:
            known = ItemKnown(
                item.code, item.text, item.section, item.severity, item.deadline_days, item.deadline_kind
            )
            items |= {key(item.code): known, key(item.text): known}
    now: datetime = clock.now()
    return Known(
        places, items, now, lambda village: post_for(who, VERB, village) is not None, finished, since1904
    )


async def _judge(shelf: Shelf, laid: Laid, known: Known, sorting: Sorting, total: int, tell: Tell) -> None:
    """Every row below the head, some hundred at a time."""
    understanding = Understanding(known, laid.columns, laid.head.names)
    aside = shelf.folder / "drafts.tmp"
    below = (row for row in shelf.lines(f"rows-{laid.sheet}.jsonl") if row["r"] > laid.head.row)
    done = 0
    with aside.open("w", encoding="utf-8") as out:
        while part := await asyncio.to_thread(_some, below):
            found = await asyncio.to_thread(lambda rows: [understanding.read(row) for row in rows], part)
            drafts = await sorting.take(found, known)
            sorting.strays.update(_strays(part, laid.columns))
            out.writelines(json.dumps(draft, ensure_ascii=False) + "\n" for draft in drafts)
            done += len(part)
            await tell(done, max(total, done))
    aside.replace(shelf.folder / "drafts.jsonl")


def _some(rows: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    return list(itertools.islice(rows, BATCH))


def _strays(rows: list[dict[str, Any]], known: Mapping[str, int]) -> Counter[str]:
    """Pictures in columns that nobody named."""
    named = {str(known.get(name, 0)) for name in columns.PHOTOS}
    return Counter(
        get_column_letter(int(column))
        for row in rows
        for column, shots in row["p"].items()
        if column not in named
        for _ in shots
    )
