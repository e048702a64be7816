"""Opening rounds, who is assigned what, and how far they have come."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from inspections.assigning import Inspector, spread
from inspections.models import Assignment, ChecklistVersion, Round
from inspections.progress import progress
from inspections.rounds import (
    assigned_posts,
    close_round,
    start_round,
    withdraw,
)
from tests.inspections.round_world import (
    DISTRICT,
    JUNZHUANG,
    Visit,
    a_round,
    finish,
    person,
    run,
    today,
    towns,
    visit,
    who,
    world,
)
from villages.ground import database
from villages.ground.problems import Problem
from villages.models import Change, Post
from villages.permissions import PostHeld

QINGSHUI = "110109107"


@pytest.fixture(autouse=True)
async def _world(tmp_path: Path) -> AsyncIterator[Any]:
    async with world(tmp_path) as settings:
        yield settings


async def test_a_district_round_gives_every_village_its_towns_inspectors() -> None:
    by_town = await towns()
    people = [await person(f"{town}-{n}", ("inspector", town)) for town in by_town for n in (1, 2)]
    found = await a_round([one.id for one in people], checklists=["RE", "PO"])
    rows = await Assignment.filter(round_id=found.id)
    assert len(rows) == 178 * 2 * 2
    assert {row.rev for row in rows} == {found.rev}
    home = {one.id: await who(one) for one in people}
    assert all(row.village.startswith(home[row.person].posts[0].place) for row in rows)
    first = rows[0]
    assert first.partners == [
        str(row.person)
        for row in rows
        if (row.village, row.checklist) == (first.village, first.checklist) and row.person != first.person
    ]
    pinned = {one["code"]: one["sha256"] for one in found.checklists}
    assert pinned == {row.code: row.sha256 for row in await ChecklistVersion.all()}
    assert (found.stage, found.opens.isoformat()) == ("started", today().isoformat())
    line = await Change.filter(rev=found.rev).first()
    assert line is not None and (line.subject_kind, line.home, line.to_stage) == (
        "round",
        DISTRICT,
        "started",
    )


async def test_who_covers_none_of_the_villages_gets_them_all() -> None:
    local = await person("甲", ("inspector", JUNZHUANG))
    guest = await person("乙", ("inspector", QINGSHUI))
    team = await person("丙", ("inspector", DISTRICT))
    found = await a_round([local.id, guest.id, team.id], villages=[JUNZHUANG])
    villages = (await towns())[JUNZHUANG]
    for one in (local, guest, team):
        assert set(
            await Assignment.filter(round_id=found.id, person=one.id).values_list("village", flat=True)
        ) == set(villages)


@pytest.mark.database
def test_crossed_inspectors_never_see_their_own_town() -> None:
    a, b, c, wide = (uuid4() for _ in range(4))
    villages = ["110109001201", "110109002201", "110109003201", "110109003202"]
    team = [
        Inspector(a, ("110109001",)),
        Inspector(b, ("110109002",)),
        Inspector(c, ("110109003201", "110109001")),
        Inspector(wide, ("110109",)),
    ]
    assert spread(villages, team, "crossed") == {
        "110109001201": [b, wide],  # c holds a post there too
        "110109002201": [c, wide],
        "110109003201": [a, wide],
        "110109003202": [a, wide],
    }
    assert spread(villages[:1], [Inspector(a, ("110109001",))], "crossed") == {"110109001201": []}


async def test_a_village_nobody_can_inspect_is_named_and_nothing_is_written() -> None:
    local = await person("甲", ("inspector", JUNZHUANG))
    with pytest.raises(Problem) as refused:
        await a_round([local.id])
    assert refused.value.code == "invalid" and len(refused.value.data["uncovered"]) == 170
    assert "170 个村" in refused.value.sentence
    assert not await Round.exists() and not await Assignment.exists()
    with pytest.raises(Problem):
        await a_round([local.id], villages=[JUNZHUANG], mode="crossed")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"name": " "}, "批次名称"),
        ({"number": "x" * 21}, "编号"),
        ({"type": "weekly"}, "weekly"),
        ({"mode": "drawn"}, "drawn"),
        ({"closes": today() - timedelta(days=1)}, "早于"),
        ({"checklists": []}, "检查单"),
        ({"checklists": ["XX"]}, "XX"),
        ({"villages": [JUNZHUANG, "999999999999"]}, "999999999999"),
        ({"owner": JUNZHUANG, "villages": [QINGSHUI]}, QINGSHUI),
    ],
)
async def test_what_is_wrong_is_named(wrong: dict[str, Any], told: str) -> None:
    team = await person("丙", ("inspector", DISTRICT))
    with pytest.raises(Problem) as refused:
        await a_round([team.id], **wrong)
    assert told in refused.value.sentence
    assert not await Round.exists()


async def test_only_inspectors_in_post_can_be_sent() -> None:
    town = await person("镇街张", ("town_operator", JUNZHUANG))
    gone = await person("离岗李", ("inspector", JUNZHUANG))
    await run(lambda line: Post.filter(person_id=gone.id).update(until=today() - timedelta(days=1)))
    with pytest.raises(Problem) as refused:
        await a_round([town.id, gone.id], villages=[JUNZHUANG])
    assert "镇街张" in refused.value.sentence and "离岗李" in refused.value.sentence
    with pytest.raises(Problem):
        await a_round([], villages=[JUNZHUANG])


async def test_a_towns_own_round_stays_in_the_town_and_names_are_its_own() -> None:
    local = await person("甲", ("inspector", JUNZHUANG))
    found = await a_round([local.id], owner=JUNZHUANG, type="self")
    assert found.owner == JUNZHUANG and found.scope["villages"] == [JUNZHUANG]
    assert set(await Assignment.all().values_list("village", flat=True)) == set((await towns())[JUNZHUANG])
    with pytest.raises(Problem) as refused:
        await a_round([local.id], owner=JUNZHUANG, type="self", number="2")
    assert refused.value.code == "round_exists"
    await a_round([local.id], villages=[JUNZHUANG])  # the district may use the same name
    with pytest.raises(Problem) as refused:
        await a_round([local.id], villages=[JUNZHUANG], name="另一批")
    assert "2026-11-M" in refused.value.sentence


async def test_a_round_goes_forward_only() -> None:
    local = await person("甲", ("inspector", JUNZHUANG))
    found = await a_round([local.id], villages=[JUNZHUANG], start=False)
    assert found.stage == "planned"
    with pytest.raises(Problem):
        await run(lambda line: close_round(line, found.id))
    started = await run(lambda line: start_round(line, found.id))
    assert (await run(lambda line: start_round(line, found.id))).rev == started.rev
    closed = await run(lambda line: close_round(line, found.id))
    assert (closed.stage, closed.rev > started.rev) == ("closed", True)
    with pytest.raises(Problem):
        await run(lambda line: start_round(line, found.id))
    with pytest.raises(Problem) as refused:
        await run(lambda line: close_round(line, uuid4()))
    assert refused.value.code == "not_found"


async def test_withdrawing_touches_the_partners_and_spares_what_is_done() -> None:
    one, other = [await person(name, ("inspector", JUNZHUANG)) for name in ("甲", "乙")]
    found = await a_round([one.id, other.id], villages=[JUNZHUANG])
    villages = (await towns())[JUNZHUANG]
    await finish(found, villages[0])
    assert (
        await Assignment.filter(stage="done", village=villages[0]).count()
        == 2
        == await Assignment.filter(stage="done").count()
    )
    with pytest.raises(Problem):
        await run(lambda line: withdraw(line, found.id, person=one.id, reason=" "))
    assert await run(lambda line: withdraw(line, found.id, person=one.id, reason="请假")) == 7
    stages = {(row.village, row.person): row for row in await Assignment.all()}
    assert stages[villages[0], one.id].stage == "done" and stages[villages[1], one.id].stage == "withdrawn"
    assert stages[villages[0], other.id].partners == [str(one.id)]
    assert stages[villages[1], other.id].partners == []
    assert stages[villages[1], other.id].rev == stages[villages[1], one.id].rev > found.rev
    with pytest.raises(Problem):
        await run(lambda line: withdraw(line, found.id, person=one.id, reason="请假"))
    # what comes in now leaves the withdrawn one withdrawn
    await finish(found, villages[1])
    assert {row.person: row.stage for row in await Assignment.filter(village=villages[1])} == {
        one.id: "withdrawn",
        other.id: "done",
    }


async def test_assignments_lend_villages_and_whole_towns_as_towns(monkeypatch: pytest.MonkeyPatch) -> None:
    guest = await person("乙", ("inspector", QINGSHUI))
    two = (await towns())["110109108"][:2]
    found = await a_round([guest.id], villages=[JUNZHUANG, *two])
    asked: list[str] = []
    real = database.look

    async def counting(text: str, *values: Any) -> list[dict[str, Any]]:
        asked.append(text)
        return await real(text, *values)

    monkeypatch.setattr("inspections.rounds.look", counting)
    assert await assigned_posts(await who(guest)) == [
        PostHeld("inspector", place) for place in (JUNZHUANG, *two)
    ]
    assert len(asked) == 2
    await run(lambda line: withdraw(line, found.id, person=guest.id, reason="病假", villages=[two[0]]))
    assert [post.place for post in await assigned_posts(await who(guest))] == [JUNZHUANG, two[1]]
    await run(lambda line: close_round(line, found.id))
    assert len(await assigned_posts(await who(guest))) == 2  # late work is still theirs
    await Round.filter(id=found.id).update(stage="published")
    assert await assigned_posts(await who(guest)) == []


async def test_an_assignment_lends_no_role_to_who_has_lost_it() -> None:
    guest = await person("乙", ("inspector", QINGSHUI))
    await a_round([guest.id], villages=[JUNZHUANG])
    await run(lambda line: Post.filter(person_id=guest.id).update(ended=True))
    assert await assigned_posts(await who(guest)) == []


async def test_progress_counts_villages_visits_late_and_photos(monkeypatch: pytest.MonkeyPatch) -> None:
    team = await person("丙", ("inspector", DISTRICT))
    found = await a_round([team.id], villages=[JUNZHUANG, "110109108"], checklists=["RE", "PO"])
    other = await a_round([team.id], name="另一批", number="2", villages=[JUNZHUANG])
    all_towns = await towns()
    first, second = all_towns[JUNZHUANG][:2]
    await visit(found, team, Visit(first, photos=("expected", "stored", "waived"), late=True))
    await visit(found, team, Visit(first, checklist="PO"))
    await visit(found, team, Visit(second, vetoed=True, grade="fail"))
    void = await visit(found, team, Visit(all_towns["110109108"][0], photos=("expected",)))
    void.stage = "void"
    await void.save()
    asked: list[str] = []
    real = database.look

    async def counting(text: str, *values: Any) -> list[dict[str, Any]]:
        asked.append(text)
        return await real(text, *values)

    monkeypatch.setattr("inspections.progress.rows", counting)
    both = await progress([found.id, other.id])
    assert len(asked) == 3
    size = len(all_towns["110109108"])
    got = both[found.id]
    assert (got.villages, got.villages_done, got.visits, got.visits_done) == (8 + size, 1, 2 * (8 + size), 3)
    assert (got.missing, got.late, got.missing_photos, got.vetoed) == (2 * (8 + size) - 3, 1, 1, 1)
    assert got.by_stage == {"submitted": 3, "void": 1}
    assert (got.by_town[JUNZHUANG].visits_done, got.by_town["110109108"].visits_done) == (3, 0)
    assert (both[other.id].villages, both[other.id].visits_done) == (8, 0)
    assert (await progress([found.id], [JUNZHUANG]))[found.id].villages == 8
    assert await progress([]) == {}
