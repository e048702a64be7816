"""Whether a finished sheet can be taken in, judged before any change opens: district, reach, checklist, round, people.

Evidence is applied or held, never refused: a `Hold` names why it waits for the office.
"""

from dataclasses import dataclass

from inspections.answers import Submission
from inspections.checklists import checklist_by_sha
from inspections.scoring import check_answers
from inspections.sheet import Checklist
from villages.districts import LIMITS
from villages.ground.database import look
from villages.permissions import Who, post_for

VERB = "inspection.submit"
MOST_PHOTOS = LIMITS["photos_per_inspection"]


class Hold(Exception):
    """The submission is kept whole and waits for the office. `reason` is the wire's, `sentence` a person's."""

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.sentence = sentence


@dataclass(frozen=True)
class Known:
    """What the database knows of the things a submission names, read at once. `document`: the text under which the
    inspection itself is in already; None when it is not. `round` None: there is no such round."""

    document: str | None
    round: str | None
    owner: str
    checklists: str
    village: bool
    version: bool
    people: bool


async def look_up(submission: Submission) -> Known:
    """Read what `understand` judges by."""
    ref = submission.checklist
    people = sorted({str(person) for person in submission.inspectors})
    marks = ", ".join("?" * len(people))
    found = await look(
        "SELECT i.document, r.name, r.owner, r.checklists, (SELECT COUNT(*) FROM village WHERE code = ?) AS villages,"
        " (SELECT COUNT(*) FROM checklist_version WHERE sha256 = ? AND code = ? AND version = ?"
        f" AND stage <> 'draft') AS versions, (SELECT COUNT(*) FROM person WHERE id IN ({marks})) AS people"
        " FROM (SELECT 1 AS one) o LEFT JOIN round r ON r.id = ? LEFT JOIN inspection i ON i.id = ?",
        submission.village, ref.sha256, ref.code, ref.version, *people, str(submission.round),
        str(submission.inspection),
    )  # fmt: skip
    row = found[0]
    return Known(
        row["document"], row["name"], row["owner"] or "", str(row["checklists"]), bool(row["villages"]), bool(row["versions"]),
        row["people"] == len(people),
    )  # fmt: skip


async def understand(
    submission: Submission, who: Who, known: Known | None = None, *, most_photos: int | None = MOST_PHOTOS
) -> Checklist:
    """Check what needs no score: district, reach, checklist, round, people, figures, photos. Raises Hold.

    `known`: what `look_up` found, where the caller has looked already. `most_photos` None: as many as there are.
    """
    village = submission.village
    if not village.startswith(who.district):
        raise Hold("scope_lost", f"村代码 {village} 不属于本区，已原样留存，等待区级办公室处理。")
    ref = submission.checklist
    known = known or await look_up(submission)
    if not known.village:
        raise Hold("invalid", f"没有代码为 {village} 的村，已原样留存，等待区级办公室处理。")
    if post_for(who, VERB, village) is None:
        raise Hold("scope_lost", "提交时该村已不在您的检查范围内，检查结果已原样留存，等待区级办公室确认。")
    if not known.version:
        told = f"检查单 {ref.code} {ref.version} 不是本区发布的版本，结果已留存，等待区级办公室确认。"
        raise Hold("checklist_unknown", told)
    if known.round is None:
        raise Hold("invalid", "没有找到这次检查所属的批次，结果已留存，等待区级办公室确认。")
    if not village.startswith(known.owner):
        raise Hold("invalid", f"批次“{known.round}”不查该村，结果已留存，等待区级办公室确认。")
    if ref.sha256 not in known.checklists:
        told = f"本批次“{known.round}”不使用检查单 {ref.code} {ref.version}，结果已留存，等待区级办公室确认。"
        raise Hold("checklist_unknown", told)
    checklist = await checklist_by_sha(ref.sha256)
    # What was typed for an item that the system computes stays in the document, unused: nobody is held up for it.
    problems = [p.sentence for p in check_answers(checklist, submission.answers) if p.code != "auto_answered"]
    problems += _loose_ends(submission)
    photos = len({photo.id for photo in submission.photos})
    if most_photos is not None and photos > most_photos:
        problems.append(f"照片共 {photos} 张，超过每次检查 {most_photos} 张的上限")
    if not known.people:
        problems.append("检查人员中有系统里没有的人员")
    if problems:
        told = "；".join(problems[:6])
        more = f"等 {len(problems)} 处" if len(problems) > 6 else ""
        raise Hold("invalid", f"检查单填写有误，已原样留存，等待区级办公室处理：{told}{more}。")
    return checklist


def _loose_ends(sub: Submission) -> list[str]:
    """Ids that must fit together: photos named but not declared, findings or photos declared twice."""
    declared = {photo.id for photo in sub.photos}
    findings = [finding for answer in sub.answers for finding in answer.findings]
    named = {photo for finding in findings for photo in (*finding.photos, *finding.after)}
    if sub.signature and sub.signature.photo:
        named.add(sub.signature.photo)
    wrong: list[str] = []
    if lost := named - declared:
        wrong.append(f"有 {len(lost)} 张照片被引用但没有登记")
    if len({finding.id for finding in findings}) != len(findings):
        wrong.append("有两条问题使用了同一编号")
    if any(finding.count < 1 for finding in findings):
        wrong.append("问题的处数应为 1 以上")
    return wrong
