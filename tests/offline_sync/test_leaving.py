"""Rows that leave a scope leave the tablets that hold it, and nothing else does."""

import hashlib
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from offline_sync import feed
from tests.offline_sync.tablet import VILLAGE, Tablet, photo, picture, visit
from tests.offline_sync.test_hostile_scopes import DEPARTMENT, account
from villages.changes import SYSTEM, Line, change
from villages.ground.database import snapshot
from villages.leavings import leave, leave_found

OTHER = "110109-d04"


@pytest.fixture
async def office(http: httpx2.AsyncClient) -> Tablet:
    await account("office2", "district_office", "110109")
    return await Tablet(http, "office2").sign_in()


@pytest.fixture
async def water(http: httpx2.AsyncClient) -> Tablet:
    """A line department's tablet, pulled while it had nothing."""
    await account("water", "line_department", DEPARTMENT)
    tablet = await Tablet(http, "water").sign_in()
    await tablet.pull()
    return tablet


async def as_fresh(tablet: Tablet) -> None:
    """The tablet holds just what a fresh one would, scope by scope, and the server's sums say so."""
    fresh = await Tablet(tablet.http, tablet.name).sign_in()
    await fresh.pull()
    assert {key: row["rev"] for key, row in tablet.rows.items()} == {
        key: row["rev"] for key, row in fresh.rows.items()
    }
    assert tablet.scopes_of == fresh.scopes_of
    body = {"replica": tablet.replica, "scopes": tablet.cursors, "verify": list(tablet.cursors)}
    sums = (await tablet.post("/api/sync/pull", body)).json()["sums"]
    for scope, told in sums.items():
        held = [key for key, scopes in tablet.scopes_of.items() if scope in scopes]
        total = 0
        for kind, key in held:
            line = f"{kind}|{key}|{tablet.rows[kind, key]['rev']}".encode()
            total ^= int.from_bytes(hashlib.sha256(line).digest()[:8], "big")
        assert told == {"n": len(held), "x": f"{total:016x}"}, scope


async def reassign(office: Tablet, task: str, unit: str) -> None:
    told = await office.do("task.reassign", {"task": task, "unit": unit, "reason": "改由其他单位办理"})
    assert told["status"] == "applied", told


async def two_tasks(inspector: Tablet, **more: Any) -> tuple[list[str], list[str]]:
    """(tasks, photos) of a visit."""
    args = visit(inspector, **more)
    told = await inspector.do("inspection.submit", args)
    return told["data"]["tasks"], [one["id"] for one in args["photos"]]


async def test_a_task_taken_away_leaves_its_department(
    inspector: Tablet, office: Tablet, water: Tablet
) -> None:
    [first, second], photos = await two_tasks(inspector)
    await reassign(office, first, DEPARTMENT)
    await reassign(office, second, DEPARTMENT)
    await water.pull()
    assert len(water.of("task")) == 2 and len(water.of("photo")) == 2
    await reassign(office, first, VILLAGE)
    [page] = await water.pull()
    told = {(one["kind"], one["id"]) for one in page["gone"]}
    assert told == {("task", first), ("photo", photos[0])}, "the village still has the other task"
    assert {row["id"] for row in water.of("task")} == {second} and len(water.of("village")) == 1
    await as_fresh(water)
    await reassign(office, second, OTHER)
    await water.pull()
    assert not water.of("task") and not water.of("photo") and not water.of("village")
    await as_fresh(water)


async def test_a_task_that_came_back_stays(inspector: Tablet, office: Tablet, water: Tablet) -> None:
    [first, _], _ = await two_tasks(inspector)
    await reassign(office, first, DEPARTMENT)
    await water.pull()
    for unit in (OTHER, DEPARTMENT):
        await reassign(office, first, unit)
    [page] = await water.pull()
    assert page["gone"] == [] and [row["id"] for row in water.of("task")] == [first]
    await as_fresh(water)


async def test_what_left_is_told_in_small_pages_too(inspector: Tablet, office: Tablet, water: Tablet) -> None:
    tasks, _ = await two_tasks(inspector, faults=5)
    for task in tasks:
        await reassign(office, task, DEPARTMENT)
    await water.pull()
    for task in tasks:
        await reassign(office, task, VILLAGE)
    pages = await water.pull(limit=2)
    assert len([page for page in pages if page["gone"]]) == 5, "one change's leavings to a page"
    await as_fresh(water)


async def test_who_holds_the_place_too_keeps_the_row(
    inspector: Tablet, office: Tablet, http: httpx2.AsyncClient
) -> None:
    await account("both", "line_department", DEPARTMENT)
    from villages.models import Person, Post

    person = await Person.get(name="both")
    today = (await Post.filter(person_id=person.id).first()).since  # type: ignore[union-attr]
    await Post.create(
        id=uuid4(), person_id=person.id, role="village_committee", place=VILLAGE, since=today, rev=1
    )
    both = await Tablet(http, "both").sign_in()
    [first, _], photos = await two_tasks(inspector)
    await reassign(office, first, DEPARTMENT)
    await both.pull()
    await reassign(office, first, VILLAGE)
    await both.pull()
    assert ("task", first) in both.rows and ("photo", photos[0]) in both.rows
    await as_fresh(both)


async def test_an_old_photo_put_to_a_departments_task_reaches_it(
    inspector: Tablet, office: Tablet, village: Tablet, water: Tablet
) -> None:
    [first, second], photos = await two_tasks(inspector)
    await reassign(office, first, DEPARTMENT)
    await water.pull()
    shot = photo(picture("旧"))
    await village.do("task.note", {"task": second, "text": "看这张", "photos": [shot]})
    await water.pull()  # the photo is not theirs to see, and now lies below their cursor
    await inspector.do("task.note", {"task": first, "text": "同一处", "photos": [shot]})
    await water.pull()
    assert {row["id"] for row in water.of("photo")} == {photos[0], shot["id"]}
    await as_fresh(water)


async def test_leavings_are_read_on_either_engine(any_district: Any) -> None:
    scope = f"u:{uuid4()}"

    async def work(line: Line) -> int:
        leave(line, scope, "village", [VILLAGE, VILLAGE])
        leave_found(
            line, "d:110109-d03", "village", "SELECT code AS id FROM village WHERE town = ?", VILLAGE[:9]
        )
        return line.rev

    rev = await change(work, district="110109", actor=SYSTEM, verb="test")
    async with snapshot():
        told = await feed.gone(scope, "110109", rev - 1, rev)
        assert told == [{"scope": scope, "rev": rev, "kind": "village", "id": VILLAGE}]
        assert len(await feed.gone("d:110109-d03", "110109", rev - 1, rev)) == 16
        assert (
            await feed.gone(scope, "110109", 0, rev) == []
            and await feed.gone(scope, "110109", rev, rev) == []
        )
        assert await feed.revs(scope, "110109", rev - 1, 0, 10) == [rev]
