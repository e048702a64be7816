"""Pull: exactly the rows a person may see, in whole pages, from one moment."""

import itertools
import json
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from inspections.models import Assignment
from offline_sync.pull import granted
from tests.offline_sync.tablet import VILLAGE, Tablet, visit
from villages.ground.database import rows
from villages.models import DistrictHead, Person, Post
from villages.permissions import PostHeld, Who


def kinds(tablet: Tablet) -> dict[str, int]:
    counted: dict[str, int] = {}
    for kind, _ in tablet.rows:
        counted[kind] = counted.get(kind, 0) + 1
    return counted


async def test_a_first_pull_brings_the_town_and_what_all_need(inspector: Tablet) -> None:
    held = kinds(inspector)
    assert held["village"] == 16 and held["town"] == 13 and held["checklist"] == 2
    assert held["assignment"] == 32 and held["round"] == 1 and held["settings"] == 1
    assert set(inspector.cursors) == {"g", f"u:{inspector.me}", "110109005"}
    head = (await DistrictHead.get(district="110109")).rev
    assert set(inspector.cursors.values()) == {head}
    body = inspector.of("checklist")[0]["body"]
    assert body["sections"] and json.dumps(body)


async def test_the_committee_gets_its_village_only(village: Tablet) -> None:
    assert [row["code"] for row in village.of("village")] == [VILLAGE]
    assert set(village.cursors) == {"g", f"u:{village.me}", VILLAGE}


async def test_the_office_gets_at_most_two_towns_it_asks_for(http: httpx2.AsyncClient) -> None:
    office = await Tablet(http, "office").sign_in()
    await office.pull()
    assert set(office.cursors) == {"g", f"u:{office.me}"}
    office.cursors |= {"110109005": 0, "110109106": 0, "110109107": 0, "110108001": 0}
    [first, *_] = await office.pull()
    assert set(first["drop"]) == {"110109107", "110108001"}
    assert kinds(office)["village"] == 16 + 29


async def test_pages_are_whole_and_small(inspector: Tablet) -> None:
    for code in ("110109005201", "110109005202", "110109005203"):
        await inspector.do("inspection.submit", visit(inspector, village=code, faults=3))
    whole = dict(inspector.rows)
    await inspector.pull()
    whole = dict(inspector.rows)
    fresh = Tablet(inspector.http, "inspector", session=inspector.session)
    pages = await fresh.pull(limit=4)
    assert len(pages) > 5 and fresh.rows == whole
    for page in pages:
        seen: dict[str, list[int]] = {}
        for change in page["changes"]:
            seen.setdefault(change["scope"], []).append(change["rev"])
        for scope, revs in seen.items():
            assert revs == sorted(revs) and page["scopes"][scope] >= revs[-1]
    # no number of a scope is cut in two
    for first, second in itertools.pairwise(pages):
        cut = {(c["scope"], c["rev"]) for c in first["changes"]} & {
            (c["scope"], c["rev"]) for c in second["changes"]
        }
        assert not cut


async def test_nothing_new_is_an_empty_page(inspector: Tablet) -> None:
    [page] = await inspector.pull()
    assert page["changes"] == [] and page["more"] is False


async def test_a_lost_scope_is_dropped_and_leaves_nothing(inspector: Tablet) -> None:
    await inspector.do("inspection.submit", visit(inspector))
    await inspector.pull()
    await Assignment.filter(person=inspector.me).update(stage="withdrawn")
    await Post.filter(person_id=inspector.me).update(place=VILLAGE)
    [page, *_] = await inspector.pull()
    assert page["drop"] == ["110109005"]
    assert {row["home"] if "home" in row else row.get("code") for row in inspector.of("village")} <= {VILLAGE}
    assert len(inspector.of("task")) == 2


async def test_another_town_sees_nothing_of_it(http: httpx2.AsyncClient, inspector: Tablet) -> None:
    await inspector.do("inspection.submit", visit(inspector))
    other = await Person.get(name="inspector2")
    await Assignment.filter(person=other.id).update(stage="withdrawn")
    await Post.filter(person_id=other.id).update(place="110109106")
    stranger = await Tablet(http, "inspector2").sign_in()
    pages = await stranger.pull()
    text = json.dumps(pages, ensure_ascii=False)
    assert not stranger.of("inspection") and not stranger.of("task") and not stranger.of("photo")
    assert "散落垃圾0" not in text and VILLAGE not in {row["code"] for row in stranger.of("village")}


async def test_resets_are_named(inspector: Tablet) -> None:
    ahead = {"replica": inspector.replica, "epoch": inspector.epoch, "scopes": {"g": 10**9}}
    answer = await inspector.post("/api/sync/pull", ahead)
    assert (answer.status_code, answer.json()["error"], answer.json()["reason"]) == (409, "reset", "ahead")
    other = {"replica": inspector.replica, "epoch": str(uuid4()), "scopes": {}}
    answer = await inspector.post("/api/sync/pull", other)
    assert (answer.status_code, answer.json()["reason"]) == (409, "epoch")


async def test_sums_equal_what_the_tablet_holds(inspector: Tablet) -> None:
    import hashlib

    await inspector.do("inspection.submit", visit(inspector))
    await inspector.pull()
    scopes = list(inspector.cursors)
    body = {"replica": inspector.replica, "scopes": inspector.cursors, "verify": scopes}
    sums = (await inspector.post("/api/sync/pull", body)).json()["sums"]
    for scope in scopes:
        total, count = 0, 0
        for (kind, key), row in inspector.rows.items():
            if scope in inspector.scopes_of[kind, key]:
                count += 1
                total ^= int.from_bytes(
                    hashlib.sha256(f"{kind}|{key}|{row['rev']}".encode()).digest()[:8], "big"
                )
        assert sums[scope] == {"n": count, "x": f"{total:016x}"}


async def test_what_is_finished_long_ago_stays_off_the_tablet(inspector: Tablet) -> None:
    args = visit(inspector)
    await inspector.do("inspection.submit", args)
    old = visit(inspector, village="110109005202")
    await inspector.do("inspection.submit", old)
    head = (await DistrictHead.get(district="110109")).rev
    await _sql("UPDATE change SET heard_at = '2020-01-01T00:00:00.000Z' WHERE rev <= ?", head)
    await _sql("UPDATE inspection SET stage = 'published' WHERE village = ?", "110109005202")
    await _sql("UPDATE task SET stage = 'closed' WHERE village = ?", "110109005202")
    fresh = Tablet(inspector.http, "inspector", session=inspector.session)
    [page, *_] = await fresh.pull()
    assert page["floor"]["110109005"] == head
    assert {row["village"] for row in fresh.of("inspection")} == {VILLAGE}
    assert {row["village"] for row in fresh.of("task")} == {VILLAGE}
    assert len(fresh.of("photo")) == 2  # the open tasks still need theirs


async def _sql(text: str, *values: Any) -> None:
    from villages.changes import writer

    await writer().execute_query(text, list(values))


def who(*posts: tuple[str, str]) -> Who:
    return Who(UUID(int=1), "n", "t", "110109", tuple(PostHeld(*post) for post in posts))


@pytest.mark.parametrize(
    ("posts", "asked", "scopes"),
    [
        ([("inspector", "110109005"), ("inspector", "110109005201")], [], ["110109005"]),
        ([("village_committee", "110109005201")], [], ["110109005201"]),
        ([("line_department", "110109-d03")], [], ["d:110109-d03"]),
        ([("inspector", "110109106"), ("inspector", "110109005")], ["110109106"], ["110109106", "110109005"]),
        (
            [("district_office", "110109")],
            ["110109107", "110109005", "110109106"],
            ["110109107", "110109005"],
        ),
        ([], ["110109005"], []),
    ],
)
def test_the_fewest_prefixes(posts: list[tuple[str, str]], asked: list[str], scopes: list[str]) -> None:
    assert granted(who(*posts), asked)[2:] == scopes


async def test_the_feed_is_read_from_one_moment_on_either_engine(any_district: Any) -> None:
    from offline_sync import feed
    from villages.ground.database import snapshot

    async with snapshot():
        before = await rows("SELECT rev FROM district_head")
        numbers = await feed.revs("110109005", "110109", 0, 0, 500)
        told = await feed.tell("110109005", "110109", 0, 10, 0)
        for scope in ("g", f"u:{uuid4()}", "110109005201", "d:110109-d03"):
            await feed.tell(scope, "110109", 0, 10, 1)
            await feed.keys(scope, "110109", 1)
        assert len(numbers) == len(told) == 16
        assert await rows("SELECT rev FROM district_head") == before
