"""Which column is which: an office's own headings, read by what they are usually called. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dispatch.bringing.cells import CellError, key, text_of

Box = Sequence[int]  # first row, first column, last row, last column

# What each thing is called in the offices' ledgers; the first is our own word. A heading that is one of these is sure,
# one that holds one of them is taken when no other column fits better.
CALLED: dict[str, tuple[str, ...]] = {
    "number": ("编号", "任务编号", "问题编号", "台账编号", "单号", "交办编号", "档案号"),
    "town": ("镇街", "乡镇", "镇", "街道", "镇乡街道", "乡镇街道", "镇街道", "街镇", "所属镇街", "所属镇", "属地镇街", "镇名"),
    "village": ("村", "村名", "行政村", "村庄", "村居", "村社区", "所属村", "村庄名称", "村级", "点位所在村", "村代码"),
    "found_on": ("检查日期", "检查时间", "发现时间", "发现日期", "交办日期", "交办时间", "巡查时间", "日期"),
    "category": ("问题类别", "问题类型", "类别", "类型", "检查项", "检查内容", "项目", "检查大类", "指标"),
    "text": ("问题描述", "存在问题", "问题", "具体问题", "问题内容", "问题情况", "发现问题", "问题说明", "主要问题"),
    "place": ("位置", "地点", "点位", "具体位置", "问题位置", "问题点位", "具体地点", "问题地点", "所在位置"),
    "unit": ("责任单位", "整改单位", "责任主体", "整改责任单位", "牵头单位", "承办单位", "责任部门"),
    "person": ("责任人", "整改责任人", "联系人", "负责人", "包村干部"),
    "deadline": ("整改期限", "整改时限", "完成时限", "期限", "限期", "时限", "整改完成时限", "要求完成时间", "办结期限", "计划完成时间", "截止日期", "到期日"),
    "requirement": ("整改措施", "整改要求", "措施", "处理意见", "整改建议", "整改内容"),
    "severity": ("轻重", "严重程度", "问题等级", "程度", "等级", "轻重程度"),
    "done_on": ("完成时间", "完成日期", "实际完成时间", "整改完成时间", "整改日期"),
    "before": ("整改前照片", "整改前", "问题照片", "现场照片", "照片", "整改前图片", "检查照片", "图片", "照片前"),
    "after": ("整改后照片", "整改后", "整改后图片", "整改完成照片", "复查照片", "照片后"),
    "reviewer": ("复核人", "复查人", "验收人", "核查人"),
    "stage": ("状态", "阶段", "整改状态", "办理状态", "销号状态", "是否销号", "是否整改", "是否完成", "是否办结", "整改情况", "完成情况", "整改进展", "办理情况", "整改结果", "进展"),
    "closed_on": ("销号日期", "销号时间", "办结时间", "办结日期"),
    "remarks": ("备注", "说明"),
}  # fmt: skip
NEEDED = ("village", "text")
PHOTOS = ("before", "after")
_LEAST = 2  # headings that make a row a head
_SURE = 100  # the weight of a heading that is the very word


@dataclass(frozen=True)
class Head:
    """The table's head: its last row, and what each column is called (columns from 1)."""

    row: int
    names: Mapping[int, str]

    @property
    def guessed(self) -> dict[str, int]:
        """Thing → column, as far as the headings say."""
        return guess(self.names)


def guess(names: Mapping[int, str]) -> dict[str, int]:
    """Thing → column; each column once, the surest first, the left one of two alike."""
    fits = sorted(
        (-weight, column, thing) for column, name in names.items() for thing, weight in _weights(name).items()
    )
    found: dict[str, int] = {}
    for _, column, thing in fits:
        if thing not in found and column not in found.values():
            found[thing] = column
    return found


def _weights(heading: str) -> dict[str, int]:
    """How well a heading fits each thing."""
    whole = key(heading)
    bare = re.sub(r"[（(\[【].*?[)）\]】]|[*※:：、/_\-]", "", whole)
    joined = re.sub(r"[（()）\[\]【】*※:：、/_\-]", "", whole)
    found = {}
    for thing, names in CALLED.items():
        exact = [_SURE + len(name) for name in names if name in (bare, joined)]
        inside = [len(name) for name in names if len(name) > 1 and name in joined]
        if exact or inside:
            found[thing] = max(exact or inside)
    return found


def find_head(rows: Sequence[Mapping[str, Any]], merges: Sequence[Box]) -> Head | None:
    """The head among a sheet's first rows ({r, c}); one row, or two where the upper one holds groups. None: unsure."""
    best: tuple[int, int, Head] | None = None
    for at, row in enumerate(rows):
        below = rows[at + 1] if at + 1 < len(rows) and rows[at + 1]["r"] == row["r"] + 1 else None
        for head in (one(row), two(row, below, merges) if below else None):
            if head is None:
                continue
            found = head.guessed
            sure = sum(_weights(head.names[column])[thing] >= _SURE for thing, column in found.items())
            score = len(found) + sure + 3 * sum(name in found for name in NEEDED)
            if len(found) >= _LEAST and (best is None or score > best[0]):
                best = (score, at, head)
    return best[2] if best and any(name in best[2].guessed for name in NEEDED) else None


def one(row: Mapping[str, Any]) -> Head:
    """A head of this one row."""
    return Head(row["r"], {int(column): name for column, value in row["c"].items() if (name := _name(value))})


def two(upper: Mapping[str, Any], lower: Mapping[str, Any], merges: Sequence[Box]) -> Head | None:
    """A head of two rows, when something in the upper one is merged across columns or down into the lower."""
    groups = [box for box in merges if box[0] == upper["r"] and box[2] <= lower["r"]]
    if not any(box[3] > box[1] and box[2] == box[0] for box in groups):
        return None
    above = dict(one(upper).names)
    for top, left, _, right in groups:
        if top == upper["r"] and left in above:
            above |= dict.fromkeys(range(left, right + 1), above[left])
    under = one(lower).names
    names = {}
    for column in sorted({*above, *under}):
        over, beneath = above.get(column, ""), under.get(column, "")
        names[column] = over if over == beneath else f"{over}{beneath}"
    return Head(lower["r"], names)


def _name(value: Any) -> str:
    try:
        return re.sub(r"\s+", "", text_of(value))[:40] if isinstance(value, str) else ""
    except CellError:
        return ""
