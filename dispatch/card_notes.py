"""What a card says of each point lost: how it came about, where, how many places, which photos. Pure text."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from inspections.methods import Deduct, Levels, Measure, Rule, Sample
from inspections.models import Finding
from inspections.sheet import Item
from inspections.vetoes import Claim
from templates.filters import figure

_PLACE, _TEXT, _NOTE = 24, 28, 80  # characters that a cell has room for; the record has all of it


def clip(text: str, most: int) -> str:
    """The text on one line, cut with … when it is longer than `most`."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def lost_points(row: Mapping[str, Any]) -> Decimal:
    """Weight less points of an answered item; a bonus or an item not applicable loses nothing."""
    if row.get("na") or "points" not in row:
        return Decimal(0)
    return max(Decimal(row["weight"]) - Decimal(row["points"]), Decimal(0))


def comment(item: Item, row: Mapping[str, Any], findings: Sequence[Finding]) -> str:
    """扣分说明: the reason when not applicable; else what was measured, then place and count of every finding."""
    note = clip(str(row.get("note", "")), _NOTE)
    if row.get("na"):
        why = note or ("系统暂无可计算的数据" if item.auto_source else "")
        return f"不适用：{why}" if why else "不适用"
    if "points" not in row:
        return "未填写"
    parts = [_reached(item, row)] if lost_points(row) else []
    parts += [_spot(item, finding) for finding in findings]
    parts += [_uncovered(item, row, findings), note]
    return "；".join(part for part in parts if part)


def _reached(item: Item, row: Mapping[str, Any]) -> str:
    """What was chosen or measured, where the method knows such a thing."""
    method = item.scoring
    if isinstance(method, Levels):
        return next((f"评为{level.name}" for level in method.levels if level.key == row.get("level")), "")
    if isinstance(method, Measure) and "value" in row:
        how = "系统计算" if item.auto_source else "实测"
        return f"{how} {figure(row['value'])}{method.unit}"
    if isinstance(method, Sample):
        return (
            f"抽查{len(row.get('drawn', ()))}{method.unit}，不合格{len(row.get('failed', ()))}{method.unit}"
        )
    return ""


def _spot(item: Item, finding: Finding) -> str:
    """村委会东侧散落垃圾 2处；what was mended at once says so."""
    unit = item.scoring.unit if isinstance(item.scoring, Deduct) else "处"
    place = clip(finding.place, _PLACE)
    told = f"{place}：{clip(finding.text, _TEXT)}" if place else clip(finding.text, _TEXT)
    count = f" {finding.count}{unit}" if isinstance(item.scoring, Deduct) or finding.count > 1 else ""
    return told + count + ("（当场整改）" if finding.action == "fixed" else "")


def _uncovered(item: Item, row: Mapping[str, Any], findings: Iterable[Finding]) -> str:
    """Counted places that no finding names."""
    if not isinstance(item.scoring, Deduct):
        return ""
    counted = sum(int(count) for count in row.get("counts", {}).values())
    rest = counted - sum(finding.count for finding in findings if finding.rule)
    return f"另计 {rest}{item.scoring.unit}，未逐处登记" if rest > 0 else ""


def deduction(item: Item, row: Mapping[str, Any], finding: Finding) -> str:
    """The points one finding cost, as under its photo. Where the whole item is judged, the item's points."""
    lost = lost_points(row)
    rule = _rule(item, finding)
    if rule is None:
        return f"本项扣{figure(lost)}分" if lost else "未扣分"
    if rule.zero:
        return "本项不得分"
    off = rule.per * finding.count
    capped = sum((Decimal(part[2]) for part in row.get("detail", ())), Decimal(0)) > lost
    return f"扣{figure(off)}分" + ("（本项扣完为止）" if capped else "")


def _rule(item: Item, finding: Finding) -> Rule | None:
    if not isinstance(item.scoring, Deduct):
        return None
    return next((rule for rule in item.scoring.rules if rule.key == finding.rule), None)


def veto_lines(claims: Iterable[Claim], people: Mapping[str, str]) -> list[str]:
    """One sentence for every claim of 一票否决: who confirmed it, what the office decided, and what follows."""
    told = []
    for claim in claims:
        second = people.get(claim.second, "")
        by = f"，{second}确认" if second else ""
        told.append(f"{claim.item}　{clip(claim.text, 120)}{by}；{_effect(claim)}")
    return told


def _effect(claim: Claim) -> str:
    if claim.upheld is None:
        return "区级办公室尚未认定，暂按不合格计" if claim.confirmed else "未经第二名检查人员确认，未生效"
    why = clip(claim.reason, 80)
    if claim.upheld:
        return f"区级办公室认定（{why}），等级为不合格"
    return f"区级办公室不予认定（{why}），等级按得分评定"


def numbers(values: Sequence[int]) -> str:
    """[1, 2, 3, 5] as `1–3、5`; "" for none."""
    runs: list[list[int]] = []
    for value in values:
        if runs and value == runs[-1][-1] + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    return "、".join(
        str(run[0]) if len(run) == 1 else f"{run[0]}{'–' if len(run) > 2 else '、'}{run[-1]}" for run in runs
    )
