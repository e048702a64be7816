"""Publishing freezes scores, places and the round."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from inspections.models import Inspection, Round
from inspections.publish import Published, publish_round
from inspections.rounds import close_round
from tests.inspections.round_world import (
    DISTRICT,
    JUNZHUANG,
    Visit,
    a_round,
    person,
    run,
    today,
    towns,
    visit,
    world,
)
from villages.ground.problems import Problem

OTHER = "110109108"


@pytest.fixture(autouse=True)
async def _world(tmp_path: Path) -> AsyncIterator[Any]:
    async with world(tmp_path) as settings:
        yield settings


async def publish(found: Round, confirm: int | None = None) -> Published:
    return await run(lambda line: publish_round(line, found.id, confirm_missing=confirm), "round.publish")


async def test_places_are_frozen_with_ties_and_only_among_one_checklist() -> None:
    team = await person("丙", ("inspector", DISTRICT))
    found = await a_round([team.id], villages=[JUNZHUANG, OTHER], checklists=["RE", "PO"])
    here, there = (await towns())[JUNZHUANG], (await towns())[OTHER]
    made = [
        Visit(here[0], "90.0"),
        Visit(here[1], "95.0"),
        Visit(there[0], "90.0"),
        Visit(there[1], "97.0", "fail", vetoed=True),
        Visit(there[2], None, ""),
        Visit(here[0], "70.0", "pass", checklist="PO"),
    ]
    visits = [await visit(found, team, one) for one in made]
    missing = 2 * (len(here) + len(there)) - len(made)
    done = await publish(found, missing)
    assert (done.inspections, done.missing, done.fresh) == (6, missing, True)
    after = {one.id: one for one in await Inspection.all()}
    assert [(after[one.id].district_rank, after[one.id].town_rank) for one in visits] == [
        (2, 2), (1, 1), (2, 1), (4, 2), (None, None), (1, 1),
    ]  # fmt: skip
    assert {one.stage for one in after.values()} == {"published"}
    frozen = await Round.get(id=found.id)
    assert {one.rev for one in after.values()} == {frozen.rev} and frozen.rev > found.rev
    assert frozen.stage == "published" and frozen.published_at is not None


async def test_publishing_twice_changes_nothing() -> None:
    team = await person("丙", ("inspector", DISTRICT))
    found = await a_round([team.id], villages=[JUNZHUANG])
    await visit(found, team, Visit((await towns())[JUNZHUANG][0]))
    await publish(found, 7)
    before = [dict(row) for row in await Inspection.all().values()] + [
        dict(row) for row in await Round.all().values()
    ]
    again = await publish(found)
    assert (again.fresh, again.inspections, again.missing) == (False, 1, 7)
    assert before == [dict(row) for row in await Inspection.all().values()] + [
        dict(row) for row in await Round.all().values()
    ]


async def test_before_the_window_closes_the_office_must_name_what_is_missing() -> None:
    team = await person("丙", ("inspector", DISTRICT))
    found = await a_round([team.id], villages=[JUNZHUANG])
    here = (await towns())[JUNZHUANG]
    await visit(found, team, Visit(here[0]))
    with pytest.raises(Problem) as refused:
        await publish(found)
    assert refused.value.data["missing"] == 7 and "7 份" in refused.value.sentence
    await visit(found, team, Visit(here[1]))
    with pytest.raises(Problem) as refused:
        await publish(found, 7)
    assert refused.value.code == "stale"
    assert (await Round.get(id=found.id)).stage == "started"
    assert (await publish(found, 6)).fresh


async def test_after_the_window_it_publishes_by_itself() -> None:
    team = await person("丙", ("inspector", DISTRICT))
    here = (await towns())[JUNZHUANG]
    past = {"opens": today() - timedelta(days=9), "closes": today() - timedelta(days=1)}
    over = await a_round([team.id], villages=[JUNZHUANG], **past)
    await visit(over, team, Visit(here[0]))
    assert (await publish(over)).missing == 7
    closed = await a_round([team.id], villages=[JUNZHUANG], name="二", number="2")
    await visit(closed, team, Visit(here[0]))
    await run(lambda line: close_round(line, closed.id))
    assert (await publish(closed)).fresh


async def test_a_planned_or_empty_round_is_not_published() -> None:
    team = await person("丙", ("inspector", DISTRICT))
    planned = await a_round([team.id], villages=[JUNZHUANG], start=False)
    empty = await a_round([team.id], villages=[JUNZHUANG], name="二", number="2")
    for found, missing in ((planned, 8), (empty, 8)):
        with pytest.raises(Problem):
            await publish(found, missing)


async def test_a_towns_own_round_has_no_place_in_the_district_and_void_visits_none_at_all() -> None:
    team = await person("丙", ("inspector", DISTRICT))
    found = await a_round([team.id], owner=JUNZHUANG, type="self")
    here = (await towns())[JUNZHUANG]
    good = await visit(found, team, Visit(here[0], "80.0", "good"))
    void = await visit(found, team, Visit(here[1], "99.0"))
    void.stage = "void"
    await void.save()
    await publish(found, 7)
    await good.refresh_from_db()
    await void.refresh_from_db()
    assert (good.district_rank, good.town_rank, good.stage) == (None, 1, "published")
    assert (void.district_rank, void.town_rank, void.stage) == (None, None, "void")
