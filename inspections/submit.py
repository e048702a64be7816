"""The only door for a finished inspection.

`prepare` reads, checks and scores before the change opens (writers of a district stand in line); `submit` writes
inside it. Evidence is applied or held, never refused: a `Hold` names why, and the caller keeps the whole command.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace as renew

from inspections import evidence
from inspections.answers import FindingIn, PhotoIn, Submission
from inspections.models import Finding, Inspection, PhotoUse
from inspections.partners import early_question, restate
from inspections.rounds import complete
from inspections.scoring import Score, score
from inspections.sheet import Checklist
from inspections.understanding import Hold
from templates.words import CHECKLIST
from villages.changes import Line
from villages.ground import clock
from villages.ground.bulk import Question
from villages.permissions import Who

MOST_DAYS = 3650  # of a deadline: more is a slip of the finger


@dataclass(frozen=True)
class Prepared:
    """A submission that was understood, checked and scored."""

    submission: Submission
    checklist: Checklist
    scored: Score
    document: str
    person: UUID
    inspectors: list[str]
    answers: list[dict[str, Any]]
    asks: list[Question]  # what `submit` must know under the lock; who can asks it as the change begins
    heard: datetime | None = None  # when it arrived, for one that waited for the office


def prepare(
    submission: Submission,
    checklist: Checklist,
    auto: Mapping[str, Decimal | None],
    *,
    who: Who,
    document: str,
    heard: datetime | None = None,
) -> Prepared:
    """Score an understood submission; `auto` are the figures of items that the system computes."""
    inspectors = team_of(submission, who.person)
    scored = score(checklist, submission.answers, auto=auto, author=str(who.person), inspectors=inspectors)
    said = {row["item"]: row for row in msgspec.to_builtins(submission.answers)}
    answers = [
        _answer_row(said.get(code) or {"item": code}, scored, auto.get(code))
        for section in checklist.sections
        for code in (item.code for item in section.items)
    ]
    asks = [
        _round_question(submission),
        evidence.slots_question(submission.photos),
        early_question(submission.inspection),
    ]
    return Prepared(submission, checklist, scored, document, who.person, inspectors, answers, asks, heard)


def team_of(submission: Submission, author: UUID) -> list[str]:
    """Who answers for the visit: the inspectors named, and its author first where the sheet forgot to name them."""
    named = list(dict.fromkeys(str(person) for person in submission.inspectors))
    return named if str(author) in named else [str(author), *named]


@dataclass(frozen=True)
class Taken:
    """An inspection as it was taken in."""

    id: UUID
    village: str
    score: Decimal | None
    grade: str
    late: bool
    said: Submission  # the sheet, its photos under ids of their own (`own_photos`)
    early: tuple[UUID, ...] = ()  # photos that a partner sent before the visit itself came


async def submit(line: Line, ready: Prepared) -> tuple[Taken, list[str]]:
    """Queue the inspection, its answers, findings and photo slots; returns it and the hashes still missing.

    Raises Hold for round_closed and duplicate_visit, which only the write lock can decide.
    """
    sub = ready.submission
    rounds, slots, early = await line.ask(*ready.asks)
    late = _round_takes(rounds, sub) and not await _came_in_time(line, ready)
    came = tuple(UUID(str(row["id"])) for row in early)
    ready = own_photos(ready, slots, home=sub.village, person=ready.person, early=came)
    sub = ready.submission
    scored = ready.scored
    line.add(
        Inspection,
        [
            dict(
                id=sub.inspection, round_id=sub.round, village=sub.village, checklist_code=sub.checklist.code,
                checklist_version=sub.checklist.version, checklist_sha256=sub.checklist.sha256,
                author=ready.person, inspectors=ready.inspectors,
                started_at=clock.plausible(sub.started_at) or line.heard_at,
                finished_at=clock.plausible(sub.finished_at) or line.heard_at, heard_at=line.heard_at,
                stage="submitted", late=late, score=scored.score, grade=scored.grade or "",
                vetoed=bool(scored.vetoes), na_over=scored.na_over_limit, earned=scored.earned,
                base=scored.base, answers=ready.answers,
                sections={code: [str(earned), str(base)] for code, (earned, base) in scored.sections.items()},
                document=ready.document, remarks=sub.village_remarks[:600],
                signature=sub.signature, position=sub.position,
                home=sub.village, town=sub.village[:9], rev=line.rev,
            )
        ],
    )  # fmt: skip
    missing = evidence.open_slots(line, sub.photos, slots, home=sub.village, person=ready.person)
    restate(line, sub.inspection, set(came) & {photo.id for photo in sub.photos})
    add_parts(line, ready)
    complete(line, sub.round, sub.village, sub.checklist.code)
    line.about("inspection", sub.inspection, sub.village, moved=("", "submitted"))
    if len(ready.inspectors) > len(set(sub.inspectors)):
        line.body["author_added"] = True
    line.body.update(
        round=str(sub.round), village=sub.village, checklist=sub.checklist.sha256,
        score=str(scored.score), grade=scored.grade, late=late, vetoes=list(scored.vetoes),
    )  # fmt: skip
    return Taken(sub.inspection, sub.village, scored.score, scored.grade or "", late, sub, came), missing


def own_photos(
    ready: Prepared, slots: list[dict[str, Any]], *, home: str, person: UUID, early: Collection[UUID] = ()
) -> Prepared:
    """The same, with each photo under an id that is its own to use (`evidence.own_ids`), wherever the sheet names it."""
    sub = ready.submission
    ids = evidence.own_ids(sub.photos, slots, home=home, person=person, early=early)
    if not ids:
        return ready

    def own(named: Sequence[UUID]) -> tuple[UUID, ...]:
        return tuple(ids.get(photo, photo) for photo in named)

    def one(finding: FindingIn) -> FindingIn:
        return renew(finding, photos=own(finding.photos), after=own(finding.after))

    told = tuple(renew(answer, findings=tuple(map(one, answer.findings))) for answer in sub.answers)
    signed = sub.signature
    if signed and signed.photo:
        signed = renew(signed, photo=ids.get(signed.photo, signed.photo))
    photos = tuple(renew(photo, id=ids.get(photo.id, photo.id)) for photo in sub.photos)
    said = renew(sub, answers=told, photos=photos, signature=signed)
    findings = {answer.item: msgspec.to_builtins(answer.findings) for answer in told}
    answers = [
        {**row, "findings": findings[row["item"]]} if row.get("findings") else row for row in ready.answers
    ]
    return replace(ready, submission=said, answers=answers)


def _round_question(sub: Submission) -> Question:
    text = (
        "SELECT r.stage, r.name, (SELECT COUNT(*) FROM inspection i WHERE i.round_id = r.id AND i.village = ?"
        " AND i.checklist_code = ? AND i.stage <> 'void') AS twins FROM round r WHERE r.id = ?"
    )
    return text, [sub.village, sub.checklist.code, str(sub.round)]


def _round_takes(found: list[dict[str, Any]], sub: Submission) -> bool:
    """True when the visit comes after its round was closed; raises Hold when it cannot be taken."""
    stage, name = (found[0]["stage"], found[0]["name"]) if found else ("", "")
    if stage == "published":
        raise Hold("round_closed", f"批次“{name}”已发布，这份检查已原样留存，等待区级办公室决定是否补录。")
    if stage == "planned":
        raise Hold("round_closed", f"批次“{name}”尚未开始，这份检查已原样留存，等待区级办公室确认。")
    if found and found[0]["twins"]:
        raise Hold(
            "duplicate_visit",
            f"本批次中该村已有一份{CHECKLIST.get(sub.checklist.code, sub.checklist.code)}检查，这一份已原样留存，等待区级办公室确认。",
        )
    return bool(stage == "closed")


async def _came_in_time(line: Line, ready: Prepared) -> bool:
    """Whether a visit that waited for the office had arrived before its round was closed."""
    if ready.heard is None:
        return False
    closing = "SELECT MIN(heard_at) AS at FROM change WHERE subject_id = ? AND subject_kind = 'round' AND to_stage = 'closed'"
    [found] = await line.run(closing, str(ready.submission.round))
    return bool(found["at"] and clock.rfc3339(ready.heard) < found["at"])


def add_parts(line: Line, ready: Prepared) -> None:
    """Queue the rows of the sheet: its findings and what each photo proves. Its answers stand in the inspection's own row."""
    sub = ready.submission
    inspection = str(sub.inspection)
    findings = [(answer.item, finding) for answer in sub.answers for finding in answer.findings]
    line.add(Finding, [_finding(sub, ready, item, finding) for item, finding in findings])
    uses = [
        dict(photo_id=photo, inspection=inspection, item=item, finding=finding.id, role=role)
        for item, finding in findings
        for role, ids in (("before", finding.photos), ("after", finding.after))
        for photo in dict.fromkeys(ids)
    ]
    used = {use["photo_id"] for use in uses}
    signed = sub.signature.photo if sub.signature else None
    uses += [
        dict(photo_id=photo.id, inspection=inspection, item="", finding=None,
             role="signature" if photo.id == signed else "scene")
        for photo in _once(sub.photos)
        if photo.id not in used
    ]  # fmt: skip
    line.add(PhotoUse, uses)


def _finding(sub: Submission, ready: Prepared, item: str, finding: FindingIn) -> dict[str, Any]:
    kind = ready.checklist.by_code[item]
    return dict(
        id=finding.id, inspection_id=sub.inspection, item=item, rule=(finding.rule or "")[:20], count=finding.count,
        place=finding.place[:200], text=finding.text[:600], action=finding.action,
        position=finding.position,
        unit=(finding.unit or sub.village)[:16], severity=finding.severity or kind.severity,
        days=min(finding.days or kind.deadline_days, MOST_DAYS),
    )  # fmt: skip


def _answer_row(row: dict[str, Any], scored: Score, auto: Decimal | None) -> dict[str, Any]:
    """What was said about an item, and what it scored; the change encodes it once, as it stands."""
    if auto is not None:
        row["value"] = str(auto)
    item = scored.items.get(row["item"])
    if item is not None:
        row["points"] = item.points
        row["weight"] = item.weight
        if item.na:
            row["na"] = True
        if item.unproven:
            row["unproven"] = True
        if item.detail:
            row["detail"] = [[rule, count, str(off)] for rule, count, off in item.detail]
    return row


def _once(photos: Sequence[PhotoIn]) -> list[PhotoIn]:
    return list({photo.id: photo for photo in photos}.values())
