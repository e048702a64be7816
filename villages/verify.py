"""Proving the trail: walk the chain from its beginning and compare it with the head and with issued paper.

Works on a database nobody serves as well; reads only. Each fault names the line and what is wrong with it.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from villages.changes import GENESIS, body_hash, chain, line_of
from villages.ground.database import rows

BATCH = 2000


@dataclass
class Report:
    """What a walk found. `faults` are sentences; none means the trail is whole."""

    district: str
    lines: int = 0
    erased: int = 0
    head: int = 0
    faults: list[str] = field(default_factory=list)


def told(report: Report) -> str:
    """A report as people read it."""
    counts = f"{report.district}：共 {report.lines} 行，登记 {report.head} 行，正文已删除 {report.erased} 行"
    return "\n".join([counts, *([f"  ✗ {fault}" for fault in report.faults] or ["  操作记录完整"])])


async def verify(anchors: list[tuple[int, str]] | None = None) -> list[Report]:
    """Walk every district's chain. `anchors` are (rev, hash) pairs kept elsewhere, as on issued paper."""
    reports = []
    for head in await rows("SELECT district, rev, chain_hash FROM district_head ORDER BY district"):
        reports.append(await _walk(head, dict(anchors or [])))
    return reports


async def _walk(head: dict[str, Any], anchors: dict[int, str]) -> Report:
    report = Report(head["district"], head=int(head["rev"]))
    prev, expected = GENESIS, 1
    async for row in _lines(head["district"]):
        rev = int(row["rev"])
        if rev != expected:
            report.faults.append(f"缺少第 {expected} 至第 {rev - 1} 行")
        if row["prev_hash"] != prev:
            report.faults.append(f"第 {rev} 行与上一行不相接（行被改动、调换或删除）")
        if chain(row["prev_hash"], line_of(row)) != row["hash"]:
            report.faults.append(f"第 {rev} 行内容与其校验值不符（被改动）")
        _check_body(row, report)
        if rev in anchors and anchors.pop(rev) != row["hash"]:
            report.faults.append(f"第 {rev} 行与已印发文件上的校验值不符")
        prev, expected = row["hash"], rev + 1
        report.lines += 1
    if report.head != expected - 1:
        report.faults.append(f"登记为 {report.head} 行，实有至第 {expected - 1} 行（尾部被截去或登记被改动）")
    elif head["chain_hash"] != prev:
        report.faults.append(f"最后一行（第 {report.head} 行）与登记的校验值不符")
    report.faults += [f"已印发文件引用的第 {rev} 行不存在（尾部被截去）" for rev in anchors]
    return report


def _check_body(row: dict[str, Any], report: Report) -> None:
    if row["salt"] is None or row["body"] is None:
        report.erased += 1
    elif body_hash(row["salt"], row["body"]) != row["body_hash"]:
        report.faults.append(f"第 {row['rev']} 行的正文与其校验值不符（被改动）")


async def _lines(district: str) -> AsyncIterator[dict[str, Any]]:
    after = 0
    while True:
        batch = await rows(
            "SELECT c.*, b.salt, b.body FROM change c LEFT JOIN change_body b ON b.id = c.id"
            f" WHERE c.district = ? AND c.rev > ? ORDER BY c.rev LIMIT {BATCH}",
            district, after,
        )  # fmt: skip
        for row in batch:
            yield row
        if len(batch) < BATCH:
            return
        after = int(batch[-1]["rev"])
