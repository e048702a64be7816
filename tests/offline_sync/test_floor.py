"""The floor: what was finished long ago leaves the tablets; whatever anything above it needs is told to a fresh one."""

from typing import Any

import httpx2
import pytest

from tests.offline_sync.tablet import VILLAGE, Tablet, finding, full_answers, photo, picture, visit
from tests.offline_sync.test_hostile_scopes import DEPARTMENT, account
from tests.offline_sync.test_leaving import as_fresh
from villages.changes import SYSTEM, Line, change, writer
from villages.models import DistrictHead


async def long_ago() -> int:
    """All that was done so far was done long ago; the number that becomes the floor."""
    await writer().execute_query("UPDATE change SET heard_at = '2020-01-01T00:00:00.000Z'", [])
    return (await DistrictHead.get(district="110109")).rev


async def stage(table: str, to: str, village: str = VILLAGE) -> None:
    async def work(line: Line) -> None:
        line.later(f"UPDATE {table} SET stage = ?, rev = ? WHERE village = ?", to, line.rev, village)

    await change(work, district="110109", actor=SYSTEM, verb="test")


async def fresh(tablet: Tablet) -> Tablet:
    made = await Tablet(tablet.http, tablet.name).sign_in()
    await made.pull()
    return made


def shots(tablet: Tablet) -> set[str]:
    return {row["id"] for row in tablet.of("photo")}


@pytest.fixture
async def seen(inspector: Tablet) -> dict[str, Any]:
    """A visit with two faults and a signature, its tasks closed."""
    args = visit(inspector)
    args["photos"].append(photo(picture("签字")))
    args["signature"]["photo"] = args["photos"][-1]["id"]
    assert (await inspector.do("inspection.submit", args))["status"] == "applied"
    await stage("task", "closed")
    return args


async def test_a_visit_published_lately_brings_its_old_photos(
    inspector: Tablet, seen: dict[str, Any]
) -> None:
    floor = await long_ago()
    await inspector.pull()
    await stage("inspection", "published")
    new = await fresh(inspector)
    assert new.of("inspection")[0]["rev"] > floor and not new.of("task")
    assert shots(new) == {one["id"] for one in seen["photos"]}
    await inspector.pull()
    assert shots(inspector) == shots(new)
    await stage("inspection", "published", "110109005299")
    await long_ago()
    assert shots(await fresh(inspector)) == set(), "and with the visit they go"


async def test_a_task_touched_lately_brings_its_old_photos(
    inspector: Tablet, village: Tablet, seen: dict[str, Any]
) -> None:
    await stage("inspection", "published")
    await long_ago()
    assert not (late := await fresh(inspector)).of("task") and not shots(late)
    await stage("task", "cancelled")
    old = await fresh(inspector)
    assert len(old.of("task")) == 2 and shots(old) == {one["id"] for one in seen["photos"][:2]}
    await long_ago()
    late = await fresh(inspector)
    [task, _] = [row["id"] for row in old.of("task")]
    assert (await village.do("task.note", {"task": task, "text": "又看了"}))["status"] == "applied"
    await late.pull()
    assert len(late.of("task")) == 1 and len(shots(late)) == 1, "touched with their task"
    await as_fresh(late)


async def test_evidence_for_an_old_visit_brings_it_back_whole(
    inspector: Tablet, village: Tablet, seen: dict[str, Any]
) -> None:
    await inspector.pull()
    spots = next(answer for answer in seen["answers"] if answer["item"] == "RE-1.1")["findings"]
    task = next(row["id"] for row in inspector.of("task") if row["finding"] == spots[0]["id"])
    after = photo(picture("整改后"))
    assert (await village.do("task.note", {"task": task, "text": "净", "photos": [after]}))["rev"]
    await stage("inspection", "published")
    await long_ago()
    late = await fresh(inspector)
    assert not late.of("inspection") and not shots(late)
    more = photo(picture("补充"))
    args = {"inspection": seen["inspection"], "photos": [more]}
    args |= {"item": "RE-1.1", "finding": spots[0]["id"]}
    assert (await inspector.do("inspection.evidence", args))["status"] == "applied"
    await late.pull()
    assert shots(late) == {one["id"] for one in seen["photos"]} | {more["id"], after["id"]}
    await as_fresh(late)


async def test_a_department_is_told_the_floor_too(inspector: Tablet, http: httpx2.AsyncClient) -> None:
    await account("water", "line_department", DEPARTMENT)
    args = visit(inspector, faults=1)
    args["answers"] = full_answers()
    first = next(answer for answer in args["answers"] if answer["item"] == "RE-1.1")
    first |= {"counts": {"each": 1}, "findings": [finding("污水", args["photos"], unit=DEPARTMENT)]}
    await inspector.do("inspection.submit", args)
    water = await Tablet(http, "water").sign_in()
    await water.pull()
    assert len(water.of("task")) == 1 and len(shots(water)) == 1
    await stage("task", "closed")
    await stage("inspection", "published")
    floor = await long_ago()
    water = await Tablet(http, "water").sign_in()
    [page, *_] = await water.pull()
    assert page["floor"][f"d:{DEPARTMENT}"] == floor and not water.of("task") and not shots(water)


async def test_a_persons_own_photos_know_no_floor(inspector: Tablet) -> None:
    """A photo that still waits for its visit is nobody's finished work."""
    early = photo(picture("早到"))
    args = {"inspection": early["id"], "photos": [early]}
    assert (await inspector.do("inspection.evidence", args))["status"] == "applied"
    await long_ago()
    assert shots(await fresh(inspector)) == {early["id"]}
