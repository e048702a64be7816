"""Somebody else goes: a stand-in takes over open visits, or visits that nobody is left for."""

from collections.abc import Collection, Sequence
from uuid import UUID

from inspections.assigning import Inspector
from inspections.models import Assignment, Inspection, Round
from inspections.rounds import round_in, team_of, withdraw
from villages.changes import Line
from villages.ground.ids import new_id
from villages.ground.problems import Problem
from villages.models import Person
from villages.places import village_names

Pair = tuple[str, str]  # village, checklist
_NAMED = 12  # villages in a sentence


async def open_visits(round_id: UUID, person: UUID) -> list[Pair]:
    """What a person still has to visit in a round, by village."""
    rows = Assignment.filter(round_id=round_id, person=person, stage="open").order_by("village", "-checklist")
    return [(str(village), str(code)) for village, code in await rows.values_list("village", "checklist")]


async def uncovered(round_id: UUID) -> list[Pair]:
    """Visits that were assigned, then taken back from everybody, and never made; by village."""
    rows = await Assignment.filter(round_id=round_id).values("village", "checklist", "stage")
    there = {(row["village"], row["checklist"]) for row in rows if row["stage"] != "withdrawn"}
    made = Inspection.filter(round_id=round_id).exclude(stage="void")
    there |= {
        (str(village), str(code)) for village, code in await made.values_list("village", "checklist_code")
    }
    return sorted({(row["village"], row["checklist"]) for row in rows} - there)


async def send(
    line: Line, round_id: UUID, *, stand_in: UUID, reason: str, instead_of: UUID | None, villages: Collection[str] = ()
) -> int:  # fmt: skip
    """The stand-in gets the open visits of `instead_of` (who loses them), or with None those nobody is left for.

    `villages`: only those of these villages. Returns how many visits. Raises not_found; stale after publishing;
    invalid without a reason, for somebody who is no inspector or may not go there, or when nothing is to be handed over.
    """
    found = await round_in(line, round_id)
    if found.stage == "published":
        raise Problem("stale")
    if not reason.strip():
        raise Problem("invalid", what="改派检查员须写明原因。")
    if stand_in == instead_of:
        raise Problem("invalid", what="接替的人就是原检查员本人，请另选一位。")
    pairs = await (open_visits(round_id, instead_of) if instead_of else uncovered(round_id))
    pairs = [pair for pair in pairs if not villages or pair[0] in villages]
    if not pairs:
        raise Problem("invalid", what="没有可改派的检查：可能刚刚已完成或已撤回，请刷新后再看。")
    [inspector] = await team_of(line, [stand_in])
    await _refuse_conflict(found, inspector, pairs)
    if instead_of:
        await withdraw(line, round_id, person=instead_of, reason=reason, villages=_villages(pairs))
    fresh = await _assign(line, round_id, stand_in, pairs)
    line.about("round", found.id, found.owner)
    line.body.update(stand_in=str(stand_in), villages=_villages(pairs), reason=reason.strip())
    if not fresh and not instead_of:
        raise Problem("invalid", what="这些村已经安排给这位检查员，不用再改派。")
    return len(pairs)


def _villages(pairs: Sequence[Pair]) -> list[str]:
    return sorted({village for village, _ in pairs})


async def _refuse_conflict(found: Round, inspector: Inspector, pairs: Sequence[Pair]) -> None:
    """Cross-checking means that nobody inspects a town of their own."""
    if found.scope.get("mode") != "crossed" or inspector.everywhere:
        return
    own = [village for village in _villages(pairs) if village[:9] in inspector.towns]
    if own:
        person = await Person.get(id=inspector.person)
        names = list((await village_names(set(own))).values())
        more = f"等 {len(names)} 个村" if len(names) > _NAMED else ""
        raise Problem(
            "invalid",
            what=f"本批次是交叉检查，{person.title}不能检查本镇的村：{'、'.join(names[:_NAMED])}{more}。"
            "请另选其他镇或区级的检查员。",
        )


async def _assign(line: Line, round_id: UUID, person: UUID, pairs: Sequence[Pair]) -> int:
    """Give the visits to the person and tell everybody on them who goes along; returns how many are new to them."""
    wanted = set(pairs)
    rows = await Assignment.filter(round_id=round_id, village__in=_villages(pairs))
    here = [row for row in rows if (row.village, row.checklist) in wanted]
    fresh = 0
    for village, checklist in pairs:
        visit = [row for row in here if (row.village, row.checklist) == (village, checklist)]
        mine = next((row for row in visit if row.person == person), None)
        going = [row for row in visit if row.stage != "withdrawn" and row is not mine]
        fresh += mine is None or mine.stage == "withdrawn"
        if mine is None:
            mine = Assignment(
                id=new_id(), round_id=round_id, village=village, checklist=checklist, person=person, stage="open"
            )  # fmt: skip
        mine.stage = "open"
        for row in (mine, *going):
            row.partners = [str(other.person) for other in (*going, mine) if other is not row]
            row.rev = line.rev
            await row.save()
    return fresh
