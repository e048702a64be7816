"""The sentence a person reads when an act on a task was not done: what, why, and what to do."""

from dispatch.stages import ROWS, Refusal
from templates import words
from villages.ground.problems import Problem

UNKNOWN = Problem("not_found").sentence
OUT_OF_REACH = "该任务已不在您的管辖范围内，内容和照片已原样留存，等待区级办公室确认。"
REUSED = "有 {n} 张照片与别处或以前用过的照片相同：已经收下，并提示复核人员到现场核实。如果选错了，请补交一张新拍的。"
_REGISTERS = {
    "until": "请选择一个有效的日期：须晚于今天，申请延期还须晚于现在的期限。",
    "into": "请选择同一个村的另一项任务；合并时那项任务须未销号。",
    "late": "申请延期须至少提前一天（立行立改的任务须在期限之内），现在已不能申请；请尽快整改，或向镇街说明情况。",
    "once": "这项任务已经延期过一次，不能再延；确有困难请向区级办公室申请挂账。",
    "asked": "已有一份延期申请等待答复，请等镇街答复后再办。",
    "not_asked": "这项任务现在没有待答复的延期申请，可能已由他人办理。",
    "own_asking": "延期是由您申请的，须由另一位同志答复。",
    "urged": "今天已经有人催办过这项任务，明天可以再催；要更重的提醒请用督办。",
    "shots": "请至少选一张整改前照片，说明是哪一处；也可以另附一张新照片。",
    "sweeping": "已有一份举一反三的要求等待回复，请等责任单位回复后再提。",
    "not_swept": "这项任务现在没有待回复的举一反三要求，可能已由他人回复。",
    "not_drawn": "这项任务不在您的回头看名单里，或已经看过；名单以抽取结果为准。",
    "not_undone": "已不能撤回：超过 10 分钟，或之后已有人办理、看过消息。确有错误请退回或请区级办公室处理。",
    "beyond": "申请的时间超过该项规定的整改天数，须由区级办公室批准。",
}
_KEPT = "您填写的内容和照片已作为备注保存。"


def sentence(verb: str, refusal: Refusal, stage: str) -> str:
    """The Chinese sentence for a refusal of `verb` on a task that stands at `stage`."""
    told = _told(verb, refusal.why, stage)
    return told + _KEPT if refusal.status == "conflict" else told


def _told(verb: str, why: str, stage: str) -> str:
    act = words.verb(verb)
    now = words.STAGE.get(stage, stage)
    if why == "verb":
        return f"没有“{verb}”这种办理方式，请更新应用后再试。"
    if why == "role":
        return Problem("forbidden", act=act, who=_roles(verb)).sentence
    if why == "reach":
        return f"该任务不由您的单位{act}；如有疑问，请联系所在镇街或区级办公室。"
    if why == "self_review":
        return f"整改是由您提交的，同一人不能办理“{act}”；请由本镇其他人员、检查员或区级办公室办理。"
    if why == "stale":
        return f"在您办理“{act}”之前，任务已由他人办理，现为“{now}”，本次未生效；请看过最新情况后再办。"
    if why == "stage":
        froms = "、".join(words.STAGE[one] for one in ROWS[verb].froms if one)
        return f"任务现为“{now}”，不能办理“{act}”；只有{froms}的任务可以。"
    if why == "photo":
        return f"“{act}”须附至少 1 张新拍的现场照片（此前用过的照片不算），请补拍后再提交。"
    if why in _REGISTERS:
        return _REGISTERS[why]
    if why == "unit":
        return "只能派给本村、所属镇街或本区行业部门（镇街只能派给本村或本镇），请重新选择责任单位。"
    return f"“{act}”须写明原因或办理情况，请填写后再提交。"


def _roles(verb: str) -> str:
    return "、".join(words.ROLE[role] for role in ROWS[verb].roles if role != "system")
