"""A round from opening to publishing on either engine: the hand-written statements mean the same on both."""

import pytest

from inspections.checklists import load_builtin
from inspections.models import Assignment, Inspection
from inspections.progress import progress
from inspections.publish import publish_round
from inspections.queries import missing_photos, previous_inspection, seen_rounds, visits_of, whole_inspection
from inspections.rounds import assigned_posts, withdraw
from tests.inspections.round_world import DISTRICT, JUNZHUANG, Visit, a_round, person, run, towns, visit, who
from villages.ground.settings import Settings
from villages.permissions import PostHeld


@pytest.mark.usefixtures("any_district")
async def test_a_round_from_opening_to_publishing(any_district: Settings) -> None:
    await load_builtin(DISTRICT)
    team = await person("team", ("inspector", DISTRICT))
    guest = await person("guest", ("inspector", "110109005"))
    town = await person("town", ("town_operator", JUNZHUANG))
    here = (await towns())[JUNZHUANG]
    before = await a_round([team.id], name="一", number="1", villages=[JUNZHUANG])
    old = await visit(before, team, Visit(here[0], days_ago=30))
    found = await a_round([team.id, guest.id], villages=[JUNZHUANG], checklists=["RE", "PO"])
    assert await assigned_posts(await who(guest)) == [PostHeld("inspector", JUNZHUANG)]
    made = await visit(found, team, Visit(here[0], "91.5", photos=("expected", "stored"), late=True))
    await visit(found, team, Visit(here[1], "91.5", vetoed=True, grade="fail"))
    assert await Assignment.filter(round_id=found.id, stage="done").count() == 4
    await run(lambda line: withdraw(line, found.id, person=guest.id, reason="病假"))
    assert await Assignment.filter(round_id=found.id, stage="withdrawn").count() == 14
    figures = (await progress([found.id, before.id], [JUNZHUANG]))[found.id]
    assert (figures.villages, figures.visits, figures.visits_done) == (8, 16, 2)
    assert (figures.late, figures.missing_photos, figures.vetoed, figures.na_over) == (1, 1, 1, 0)
    assert [one.id for one in await seen_rounds(await who(town))] == [found.id, before.id]
    assert [one.id for one in await seen_rounds(await who(town), before.id)] == [before.id]
    assert await missing_photos([made.id, old.id]) == {made.id: 1}
    previous = await previous_inspection(made)
    assert previous is not None and previous.id == old.id
    done = await run(lambda line: publish_round(line, found.id, confirm_missing=14))
    assert done.inspections == 2
    shown = {one.village: one for one in await visits_of(found, [JUNZHUANG]) if one.inspection}
    assert [(shown[code].district_rank, shown[code].town_rank) for code in here[:2]] == [(1, 1), (2, 2)]
    assert len((await whole_inspection(await who(town), made.id)).photos) == 4
    assert await Inspection.filter(stage="published").count() == 2
