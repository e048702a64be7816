"""Checklist versions: a file comes in once, is frozen by the hash of its content, stays readable for ever.

An inspection names its version by code, version and hash.
Nothing here changes a version: another content under the same code and version is refused.
"""

from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from inspections.models import ChecklistVersion
from inspections.sheet import Checklist, body_json, checklist_sha256, parse_checklist
from villages.changes import SYSTEM, Line, change
from villages.ground.problems import Problem

DATA = Path(__file__).parent / "data"
BUILTIN = ("checklist-rural-environment.yaml", "checklist-poetic-village.yaml")
_PARSED_KEPT = 32
_parsed: OrderedDict[str, Checklist] = OrderedDict()  # by hash: the content behind a hash never changes


def read_yaml(path: Path) -> dict[str, Any]:
    """The document of a checklist file. Raises ChecklistError (through parse) only when it is used."""
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


async def load_checklist(line: Line, doc: Mapping[str, Any]) -> ChecklistVersion:
    """Take a checklist in as a published version; the same content again changes nothing.

    Raises ChecklistError with all that is wrong in it, and invalid when this code and version already stands
    for another content (both hashes are named).
    """
    checklist = parse_checklist(doc)
    sha256 = checklist_sha256(doc)
    line.about("checklist", sha256, line.district)
    line.body.update(code=checklist.code, version=checklist.version, sha256=sha256)
    there = await ChecklistVersion.get_or_none(sha256=sha256)
    if there:
        return there
    clash = await ChecklistVersion.get_or_none(
        district=line.district, code=checklist.code, version=checklist.version
    )
    if clash:
        raise Problem(
            "invalid",
            {"have": clash.sha256, "given": sha256},
            what=f"检查单 {checklist.code} 的 {checklist.version} 版已经发布（{clash.sha256[:12]}），"
            f"与这一份（{sha256[:12]}）内容不同；已发布的版本不能改动，请另取一个版本号。",
        )
    return await ChecklistVersion.create(
        sha256=sha256, district=line.district, code=checklist.code, version=checklist.version,
        title=checklist.title, stage="published", body=body_json(doc), rev=line.rev,
    )  # fmt: skip


async def load_builtin(district: str) -> list[ChecklistVersion]:
    """Take in the two checklists that come with the program, in one change; again changes nothing."""
    documents = [read_yaml(DATA / name) for name in BUILTIN]  # before the change: YAML is slow to read
    hashes = [checklist_sha256(document) for document in documents]
    there = {row.sha256: row for row in await ChecklistVersion.filter(sha256__in=hashes)}
    if len(there) == len(hashes):
        return [there[sha256] for sha256 in hashes]

    async def work(line: Line) -> list[ChecklistVersion]:
        loaded = [await load_checklist(line, document) for document in documents]
        line.about("checklist", "builtin", district)
        line.body.clear()
        line.body["checklists"] = [[row.code, row.version, row.sha256] for row in loaded]
        return loaded

    return await change(work, district=district, actor=SYSTEM, verb="checklist.publish")


async def newest_version(district: str, code: str) -> ChecklistVersion:
    """The published version of a checklist that came last. Raises invalid when there is none."""
    newest = (
        await ChecklistVersion.filter(district=district, code=code, stage="published")
        .order_by("-rev")
        .first()
    )
    if newest is None:
        raise Problem("invalid", what=f"没有已发布的检查单 {code}，请先导入并发布。")
    return newest


async def checklist_by_sha(sha256: str) -> Checklist:
    """The checklist of this hash, parsed once and kept in memory. Raises LookupError when unknown."""
    kept = _parsed.get(sha256)
    if kept is None:
        row = await ChecklistVersion.get_or_none(sha256=sha256)
        if row is None:
            raise LookupError(f"no checklist {sha256}")
        kept = parse_checklist(row.body)
    _parsed[sha256] = kept
    _parsed.move_to_end(sha256)
    if len(_parsed) > _PARSED_KEPT:
        _parsed.popitem(last=False)
    return kept
