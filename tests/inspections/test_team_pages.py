"""Sending somebody else: hand-overs, what is taken back from everybody, and the conflicts that are refused."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from inspections.models import Assignment, Round
from inspections.replacing import uncovered
from inspections.rounds import assigned_posts
from tests.inspections import test_round_pages
from tests.inspections.round_world import JUNZHUANG, Visit, a_round, finish, person, run, towns, visit, who
from tests.inspections.test_round_pages import Cast, Desk, desk
from villages.models import Change, ChangeBody, Person

cast = test_round_pages.cast
WANGPING = "110109005"


@pytest.fixture
async def office(cast: Cast) -> Desk:
    return await desk(cast, cast.office)


@pytest.fixture
async def two(cast: Cast) -> AsyncIterator[tuple[Person, Person]]:
    """Two inspectors of 军庄镇, who go together."""
    yield (
        await person("one", ("inspector", JUNZHUANG), title="甲"),
        await person("other", ("inspector", JUNZHUANG), title="乙"),
    )


async def _on(found: Round, village: str) -> dict[Any, tuple[str, list[str]]]:
    rows = await Assignment.filter(round_id=found.id, village=village)
    return {row.person: (row.stage, row.partners) for row in rows}


async def test_a_stand_in_takes_over_what_is_open_and_the_partner_is_told(
    cast: Cast, office: Desk, two: tuple[Person, Person]
) -> None:
    one, other = two
    found = await a_round([one.id, other.id], villages=[JUNZHUANG])
    here = (await towns())[JUNZHUANG]
    await finish(found, here[0])
    page = f"/rounds/{found.id}/team/{one.id}"
    shown = await office.text(page)
    assert "还有 7 份检查没有完成" in shown and "同去：乙" in shown and "区检查组甲" in shown
    data = {"person": str(one.id), "stand_in": str(cast.team.id), "reason": "请假", "villages[]": here[1:3]}
    answer = await office.post(f"/rounds/{found.id}/replacements", data, page)
    assert answer.status_code == 303 and answer.headers["location"].endswith("?done=assignment.replace")
    for village in here[1:3]:
        rows = await _on(found, village)
        assert {key: stage for key, (stage, _) in rows.items()} == {
            one.id: "withdrawn", other.id: "open", cast.team.id: "open"
        }  # fmt: skip
        assert rows[other.id][1] == [str(cast.team.id)] and rows[cast.team.id][1] == [str(other.id)]
    assert {stage for stage, _ in (await _on(found, here[0])).values()} == {"done"}
    assert (await _on(found, here[3]))[one.id][0] == "open"
    line = await Change.get(verb="assignment.replace")
    body = (await ChangeBody.get(id=line.id)).body
    assert body and "请假" in body and str(cast.team.id) in body and here[1] in body
    touched = await Assignment.filter(round_id=found.id, village__in=here[1:3])
    assert {row.rev for row in touched} == {line.rev}
    assert {post.place for post in await assigned_posts(await who(cast.team))} >= set(here[1:3])


async def test_what_was_taken_back_can_be_given_again(
    cast: Cast, office: Desk, two: tuple[Person, Person]
) -> None:
    one, other = two
    found = await a_round([one.id], villages=[JUNZHUANG])
    here = (await towns())[JUNZHUANG]
    page = f"/rounds/{found.id}/team/{one.id}"
    taken = {"person": str(one.id), "reason": "病假", "some": "1", "villages[]": here[:2]}
    assert (await office.post(f"/rounds/{found.id}/withdrawals", taken, page)).status_code == 303
    assert {village for village, _ in await uncovered(found.id)} == set(here[:2])
    assert "有 2 个村的检查安排已全部撤回" in await office.text(f"/rounds/{found.id}")
    nobody = f"/rounds/{found.id}/team/none"
    assert "检查安排已全部撤回" in await office.text(nobody)
    for stand_in in (other, one):  # the second: somebody who was withdrawn comes back
        give = {"stand_in": str(stand_in.id), "reason": "补派", "villages[]": [here[two.index(stand_in)]]}
        assert (await office.post(f"/rounds/{found.id}/replacements", give, nobody)).status_code == 303
    assert await uncovered(found.id) == []
    assert (await _on(found, here[0]))[one.id][0] == "open"
    assert {key: stage for key, (stage, _) in (await _on(found, here[1])).items()} == {
        one.id: "withdrawn", other.id: "open"
    }  # fmt: skip


async def test_in_a_crossed_round_nobody_is_sent_to_their_own_town(cast: Cast, office: Desk) -> None:
    local = await person("local", ("inspector", JUNZHUANG), title="军庄镇检查员")
    found = await a_round([cast.guest.id], villages=[JUNZHUANG], mode="crossed")
    count = await Change.all().count()
    page = f"/rounds/{found.id}/team/{cast.guest.id}"
    here = (await towns())[JUNZHUANG]
    data = {"person": str(cast.guest.id), "stand_in": str(local.id), "reason": "请假", "villages[]": here}
    answer = await office.post(f"/rounds/{found.id}/replacements", data, page)
    assert answer.status_code == 422 and "军庄镇检查员不能检查本镇的村" in answer.text
    assert await Change.all().count() == count
    good = data | {"stand_in": str(cast.team.id)}
    assert (await office.post(f"/rounds/{found.id}/replacements", good, page)).status_code == 303


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"reason": " "}, "须写明原因"),
        ({"stand_in": ""}, "还没有选接替的检查员"),
        ({"stand_in": "me"}, "就是原检查员本人"),
        ({"stand_in": "town"}, "不是在岗检查员"),
        ({"villages[]": []}, "还没有勾选村"),
        ({"villages[]": ["110109001001"]}, "没有可改派的检查"),
    ],
)
async def test_what_cannot_be_is_said_and_nothing_is_written(
    cast: Cast, office: Desk, change: dict[str, Any], told: str
) -> None:
    found = await a_round([cast.team.id, cast.guest.id], villages=[JUNZHUANG])
    count = await Change.all().count()
    page = f"/rounds/{found.id}/team/{cast.guest.id}"
    data = {"person": str(cast.guest.id), "stand_in": str(cast.team.id), "reason": "请假",
            "villages[]": (await towns())[JUNZHUANG]} | change  # fmt: skip
    known = {"me": cast.guest.id, "town": cast.town.id}
    data["stand_in"] = str(known.get(data["stand_in"], data["stand_in"]))
    answer = await office.post(f"/rounds/{found.id}/replacements", data, page)
    assert answer.status_code == 422 and told in answer.text
    assert await Change.all().count() == count


async def test_only_who_owns_the_round_sends(cast: Cast) -> None:
    found = await a_round([cast.team.id], villages=[JUNZHUANG])
    town = await desk(cast, cast.town)
    for path in (f"/rounds/{found.id}/team/{cast.team.id}", f"/rounds/{found.id}/team/none"):
        assert (await town.get(path)).status_code in (403, 404)
    data = {"person": str(cast.team.id), "stand_in": str(cast.guest.id), "reason": "请假",
            "villages[]": (await towns())[JUNZHUANG]}  # fmt: skip
    assert (await town.post(f"/rounds/{found.id}/replacements", data)).status_code in (403, 404)
    assert not await Assignment.exists(stage="withdrawn")


async def test_the_round_page_names_who_was_there(
    cast: Cast, office: Desk, two: tuple[Person, Person]
) -> None:
    one, other = two
    found = await a_round([one.id], villages=[JUNZHUANG])
    made = await visit(found, one, Visit((await towns())[JUNZHUANG][0]))

    async def together(_line: object) -> None:
        made.inspectors = [str(other.id), str(one.id)]
        await made.save(update_fields=["inspectors"])

    await run(together, "inspection.evidence")
    assert "甲、乙" in await office.text(f"/rounds/{found.id}?show=done")
