"""The sentence a person reads when an act on a task was not done: what, why, and what to do."""

from dispatch.stages import ROWS, Refusal
from templates import words
from villages.ground.problems import Problem

UNKNOWN = Problem("not_found").sentence
OUT_OF_REACH = "该任务已不在您的管辖范围内，内容和照片已原样留存，等待区级办公室确认。"
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
    if why == "unit":
        return "只能派给本村、所属镇街或本区行业部门（镇街只能派给本村或本镇），请重新选择责任单位。"
    return f"“{act}”须写明原因或办理情况，请填写后再提交。"


def _roles(verb: str) -> str:
    return "、".join(words.ROLE[role] for role in ROWS[verb].roles if role != "system")
