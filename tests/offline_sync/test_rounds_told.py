"""Whose tablets a round is told to, from its planning to its end, and what it lends before it starts: nothing."""

from typing import Any
from uuid import UUID

import httpx2
import pytest

from inspections.models import Round
from inspections.rounds import start_round, withdraw
from tests.inspections.round_world import a_round
from tests.offline_sync.tablet import Tablet, visit
from tests.offline_sync.test_hostile_scopes import account
from tests.offline_sync.test_leaving import as_fresh
from villages.changes import SYSTEM, Line, change
from villages.models import Person

HERE, THERE = "110109005", "110109104"  # 王平镇, 军庄镇


async def run(work: Any) -> Any:
    return await change(work, district="110109", actor=SYSTEM, verb="round.open")


@pytest.fixture
async def guest(http: httpx2.AsyncClient) -> Tablet:
    """An inspector of another town."""
    await account("guest", "inspector", THERE)
    tablet = await Tablet(http, "guest").sign_in()
    await tablet.pull()
    return tablet


async def self_check(*people: str, **more: Any) -> Round:
    """王平镇's own round."""
    ids = [(await Person.get(name=name)).id for name in people]
    return await a_round(
        ids, name="镇级自查", number="ZC-1", owner=HERE, type="self", villages=[f"{HERE}201"], **more
    )


def rounds(tablet: Tablet) -> set[str]:
    return {row["name"] for row in tablet.of("round")}


async def test_a_towns_own_round_stays_in_its_town(
    inspector: Tablet, village: Tablet, guest: Tablet, http: httpx2.AsyncClient
) -> None:
    await self_check("inspector")
    office = await Tablet(http, "office").sign_in()
    for tablet in (inspector, village, guest, office):
        await tablet.pull()
    assert "镇级自查" in rounds(inspector) & rounds(village)
    assert "镇级自查" not in rounds(guest) | rounds(office)
    assert len(rounds(guest)) == 1, "the district's round is everybody's"
    office.cursors |= {HERE: 0}
    await office.pull()
    assert "镇级自查" in rounds(office)


async def test_whoever_is_assigned_has_the_round_wherever_they_are_from(guest: Tablet) -> None:
    await self_check("guest")
    await guest.pull()
    assert "镇级自查" in rounds(guest)
    sent = visit(guest, faults=1, village=f"{HERE}201")
    sent["round"] = next(row["id"] for row in guest.of("round") if row["name"] == "镇级自查")
    assert (await guest.do("inspection.submit", sent))["status"] == "applied"

    async def published(line: Line) -> None:
        await Round.filter(id=sent["round"]).update(stage="published", rev=line.rev)

    await run(published)
    await guest.pull()
    assert f"{HERE}201" not in guest.cursors, "the reach ends"
    assert "镇级自查" in rounds(guest), "what was assigned keeps its name"
    await as_fresh(guest)


async def test_a_planned_round_lends_nothing_until_it_starts(guest: Tablet, inspector: Tablet) -> None:
    person = await Person.get(name="guest")
    planned = await a_round([person.id], name="交叉检查", number="JC-1", villages=[f"{HERE}201"], start=False)
    await guest.pull()
    assert "交叉检查" in rounds(guest) and f"{HERE}201" not in guest.cursors
    assert [row["village"] for row in guest.of("assignment")] == [f"{HERE}201"]
    args = visit(guest, village=f"{HERE}201", faults=1)
    args["round"] = str(planned.id)
    told = await guest.do("inspection.submit", args)
    assert (told["status"], told["reason"]) == ("held", "scope_lost")
    await inspector.pull()
    assert "交叉检查" not in rounds(inspector)
    await run(lambda line: start_round(line, planned.id))
    [page, *_] = await guest.pull()
    assert [(one["kind"], one["id"]) for one in page["gone"]] == [("round", str(planned.id))]
    assert "交叉检查" in rounds(guest) and f"{HERE}201" in guest.cursors
    await as_fresh(guest)


async def test_who_was_taken_off_a_planned_round_lets_go_of_it(guest: Tablet, inspector: Tablet) -> None:
    person = await Person.get(name="guest")
    planned = await a_round(
        [person.id, UUID(inspector.me)], name="交叉检查", number="JC-1", villages=[f"{HERE}201"], start=False
    )
    await guest.pull()
    assert "交叉检查" in rounds(guest)

    async def off(line: Line) -> int:
        return await withdraw(line, planned.id, person=person.id, reason="回避")

    await run(off)
    await guest.pull()
    assert "交叉检查" not in rounds(guest) and guest.of("assignment")[0]["stage"] == "withdrawn"
    await as_fresh(guest)
