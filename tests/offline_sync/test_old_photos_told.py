"""A photo that was there before a line department could see it is told to the department when its task shows it."""

import copy
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette

from offline_sync import feed
from tests.offline_sync.tablet import Tablet, finding, full_answers, visit
from tests.offline_sync.test_evidence_kept import approve
from tests.offline_sync.test_hostile_scopes import DEPARTMENT, account
from tests.offline_sync.test_leaving import as_fresh, reassign, two_tasks
from villages.changes import writer


@pytest.fixture
async def water(http: httpx2.AsyncClient) -> Tablet:
    """The department's tablet, pulled while it had nothing."""
    await account("water", "line_department", DEPARTMENT)
    tablet = await Tablet(http, "water").sign_in()
    await tablet.pull()
    return tablet


def for_the_department(inspector: Tablet) -> dict[str, Any]:
    """A visit with one finding, which goes to the department."""
    args = visit(inspector, faults=1)
    args["answers"] = full_answers()
    first = next(answer for answer in args["answers"] if answer["item"] == "RE-1.1")
    first |= {"counts": {"each": 1}, "findings": [finding("污水", args["photos"], unit=DEPARTMENT)]}
    return args


async def test_of_a_visit_that_waited(inspector: Tablet, water: Tablet, app: Starlette) -> None:
    await two_tasks(inspector)
    command = inspector.command("inspection.submit", for_the_department(inspector))
    [told] = await inspector.push(command)
    assert told["reason"] == "duplicate_visit"
    await water.pull()
    await approve(app, command["id"])
    await water.pull()
    assert len(water.of("task")) == 1 and len(water.of("photo")) == 1
    await as_fresh(water)


async def test_of_a_correction(inspector: Tablet, water: Tablet) -> None:
    """The spot was first called mended, its photo taken; then it is put right and goes to the department."""
    args = for_the_department(inspector)
    sheet = copy.deepcopy(args)
    first = next(answer for answer in args["answers"] if answer["item"] == "RE-1.1")
    first["findings"][0] |= {"action": "record", "unit": None}
    assert (await inspector.do("inspection.submit", args))["status"] == "applied"
    await water.pull()
    sheet |= {"base_rev": None, "reason": "写错了"}
    assert (await inspector.do("inspection.amend", sheet))["status"] == "applied"
    await water.pull()
    assert len(water.of("task")) == 1 and len(water.of("photo")) == 1
    await as_fresh(water)


async def test_of_a_task_that_was_merged_into_its_own(
    inspector: Tablet, water: Tablet, http: httpx2.AsyncClient
) -> None:
    await account("office2", "district_office", "110109")
    await account("town2", "town_operator", "110109005")
    office, town = await Tablet(http, "office2").sign_in(), await Tablet(http, "town2").sign_in()
    [goes, stays], photos = await two_tasks(inspector)
    await reassign(office, stays, DEPARTMENT)
    await water.pull()
    assert len(water.of("photo")) == 1
    got = await town.do("task.merge", {"task": goes, "base_rev": None, "reason": "同一处", "into": stays})
    assert got["status"] == "applied", got
    await water.pull()
    assert {row["id"] for row in water.of("photo")} == set(photos)
    await as_fresh(water)


async def test_pictures_of_a_sweep_need_nothing(inspector: Tablet) -> None:
    """What no row shows keeps nothing above the floor: a tablet could not know it either."""
    [first, _], photos = await two_tasks(inspector)
    for text, values in (
        ("UPDATE task_photo SET role = 'similar' WHERE task_id = ?", [first]),
        ("DELETE FROM photo_use WHERE photo_id = ?", [photos[0]]),
        ("UPDATE inspection SET stage = 'published'", []),
    ):
        await writer().execute_query(text, values)
    kept = {key for kind, key, _ in await feed.keys("110109005", "110109", 10_000) if kind == "photo"}
    assert kept == {photos[1]}
