"""Push: look-up first, one effect, one verdict, nothing blocked, nothing lost."""

import copy
import json
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from starlette.applications import Starlette

from dispatch.models import Task
from inspections.models import Assignment, ChecklistVersion, Finding, Inspection, Photo, Round
from offline_sync import commands
from offline_sync.models import Card, Command, CommandTry, Stranger
from tests.offline_sync.tablet import VILLAGE, Tablet, finding, photo, picture, visit
from villages.changes import SYSTEM, Line, change
from villages.models import DistrictHead, Person, Post
from villages.verify import verify

pytestmark = pytest.mark.quick


async def head() -> int:
    return (await DistrictHead.get(district="110109")).rev


async def test_a_visit_is_scored_dispatched_and_told(inspector: Tablet) -> None:
    args = visit(inspector, faults=3)
    result = await inspector.do("inspection.submit", args)
    assert result["status"] == "applied", result
    assert result["data"]["score"] == "98.5" and result["data"]["grade"] == "excellent"
    assert len(result["data"]["tasks"]) == 3
    assert result["data"]["missing"] == [one["sha256"] for one in args["photos"]]
    row = await Inspection.get(id=args["inspection"])
    assert json.loads(row.document) == args and row.rev == result["rev"]
    assert await Finding.filter(inspection_id=row.id).count() == 3
    assert await Photo.filter(home=VILLAGE, state="expected").count() == 3
    open_ones = Assignment.filter(round_id=row.round_id, village=VILLAGE, checklist="RE", stage="open")  # type: ignore[attr-defined]
    assert await open_ones.count() == 0
    await inspector.pull()
    told = inspector.rows["inspection", args["inspection"]]
    assert told["score"] == "98.5" and told["answers"][0]["points"] == "2.50"
    assert {task["stage"] for task in inspector.of("task")} == {"dispatched"}
    assert (await verify())[0].faults == []


async def test_the_same_push_again_changes_nothing_and_says_the_same(inspector: Tablet) -> None:
    command = inspector.command("inspection.submit", visit(inspector))
    first = await inspector.push(command)
    before = await head()
    for _ in range(3):
        assert await inspector.push(command) == first
    reordered = dict(reversed(command.items()))
    assert await inspector.push(reordered) == first
    assert await head() == before
    assert await Inspection.all().count() == 1 and await Task.all().count() == 2


async def test_a_deposit_hands_in_but_is_told_no_rows(inspector: Tablet) -> None:
    answer = await inspector.push_raw(
        inspector.command("inspection.submit", visit(inspector)), headers=inspector.deposit
    )
    [result] = answer.json()["results"]
    assert result["status"] == "applied" and set(result["data"]) == {"missing"}
    refused = await inspector.post(
        "/api/sync/pull", {"replica": inspector.replica, "scopes": {}}, headers=inspector.deposit
    )
    assert refused.status_code == 403 and refused.json()["error"] == "deposit_only"


async def test_another_body_under_the_same_id_is_set_aside(inspector: Tablet) -> None:
    command = inspector.command("inspection.submit", visit(inspector))
    await inspector.push(command)
    other = copy.deepcopy(command)
    other["args"]["village_remarks"] = "另一份内容"
    for _ in range(2):
        answer = await inspector.push_raw(other)
        assert answer.status_code == 409 and answer.json()["error"] == "id_reuse"
    assert await Stranger.all().count() == 1
    assert "另一份内容" in (await Stranger.first()).payload  # type: ignore[union-attr]
    assert (await Inspection.first()).remarks == ""  # type: ignore[union-attr]


async def test_a_gap_and_a_fork_are_named(inspector: Tablet) -> None:
    command = inspector.command("card.dismiss", {"card": str(uuid4())})
    await inspector.push(command)
    late = inspector.command("card.dismiss", {"card": str(uuid4())}) | {"seq": 5}
    answer = await inspector.push_raw(late)
    assert (answer.status_code, answer.json()["error"], answer.json()["expected"]) == (409, "gap", 2)
    stranger = inspector.command("card.dismiss", {"card": str(uuid4())}) | {"seq": 1}
    answer = await inspector.push_raw(stranger)
    assert (answer.status_code, answer.json()["error"]) == (409, "replica_fork")


async def test_a_gap_in_a_batch_keeps_what_came_before_it(inspector: Tablet) -> None:
    first = inspector.command("inspection.submit", visit(inspector))
    far = inspector.command("card.dismiss", {"card": str(uuid4())}) | {"seq": 9}
    answer = await inspector.push_raw(first, far)
    body = answer.json()
    assert answer.status_code == 409 and body["last_seq"] == 1
    assert [result["status"] for result in body["results"]] == ["applied"]


async def test_a_renumbered_command_of_a_forked_replica_is_recognised(inspector: Tablet) -> None:
    command = inspector.command("inspection.submit", visit(inspector))
    first = await inspector.push(command)
    inspector.replica, inspector.seq = str(uuid4()), 1
    again = await inspector.push(command | {"seq": 1})
    assert again[0]["rev"] == first[0]["rev"] and await Inspection.all().count() == 1
    result = await inspector.do("card.dismiss", {"card": str(uuid4())})
    assert (result["seq"], result["status"], result["reason"]) == (2, "rejected", "unknown")


async def test_another_person_on_a_replica_is_refused(inspector: Tablet, town: Tablet) -> None:
    await inspector.do("card.dismiss", {"card": str(uuid4())})
    town.replica = inspector.replica
    answer = await town.push_raw(town.command("card.dismiss", {"card": str(uuid4())}))
    assert (answer.status_code, answer.json()["error"]) == (403, "replica_owner")


HELD: dict[str, tuple[dict[str, Any], str]] = {
    "another town": ({"village": "110109106209"}, "scope_lost"),
    "another district": ({"village": "110108001201"}, "scope_lost"),
    "no such village": ({"village": "110109005999"}, "invalid"),
    "unknown version": (
        {"checklist": {"code": "RE", "version": "9.9", "sha256": "a" * 64}},
        "checklist_unknown",
    ),
    "no such round": ({"round": str(uuid4())}, "invalid"),
    "unknown inspector": ({"inspectors": [str(uuid4())]}, "invalid"),
    "counts below zero": ({"answers": [{"item": "RE-1.1", "counts": {"each": -1}}]}, "invalid"),
    "half a sheet": ({"answers": []}, "invalid"),
    "not a shape": ({"answers": 5}, "invalid"),
    "a stray photo": ({"signature": {"name": "王", "photo": str(uuid4())}}, "invalid"),
}


@pytest.mark.parametrize("how", HELD)
async def test_evidence_that_cannot_be_applied_is_held_whole(inspector: Tablet, how: str) -> None:
    more, reason = HELD[how]
    args = visit(inspector) | more
    result = await inspector.do("inspection.submit", args)
    assert (result["status"], result["reason"]) == ("held", reason), result
    assert result["message"] and "留存" in result["message"]
    kept = await Command.get(id=result["id"])
    assert json.loads(kept.payload)["args"] == args
    assert await Inspection.all().count() == 0 and await Task.all().count() == 0
    # its photos can still arrive, and the author has a card
    assert set(result["data"]["missing"]) == {one["sha256"] for one in args["photos"]}
    assert await Photo.filter(state="expected").count() == 2
    await inspector.pull()
    assert [card["reason"] for card in inspector.of("card")] == [reason]
    # nothing is blocked behind it
    assert (await inspector.do("inspection.submit", visit(inspector)))["status"] == "applied"


async def test_a_draft_is_no_version_to_inspect_by_and_a_retired_one_still_is(inspector: Tablet) -> None:
    args = visit(inspector)
    version = ChecklistVersion.filter(sha256=args["checklist"]["sha256"])
    await version.update(stage="draft")
    assert (await inspector.do("inspection.submit", args))["reason"] == "checklist_unknown"
    await version.update(stage="retired")
    assert (await inspector.do("inspection.submit", visit(inspector)))["status"] == "applied"


async def test_two_visits_in_one_round_second_is_held(inspector: Tablet) -> None:
    await inspector.do("inspection.submit", visit(inspector))
    second = await inspector.do("inspection.submit", visit(inspector))
    assert (second["status"], second["reason"]) == ("held", "duplicate_visit")
    assert await Inspection.all().count() == 1


async def test_the_same_visit_under_a_new_command_is_a_noop(inspector: Tablet) -> None:
    args = visit(inspector)
    await inspector.do("inspection.submit", args)
    again = await inspector.do("inspection.submit", args)
    assert again["status"] == "noop"
    other = await inspector.do("inspection.submit", args | {"village_remarks": "改过"})
    assert (other["status"], other["reason"]) == ("held", "duplicate_visit")


async def _stage(round_id: str, stage: str) -> None:
    async def work(line: Line) -> None:
        line.about("round", round_id, "110109")
        await Round.filter(id=round_id).update(stage=stage, rev=line.rev)

    await change(work, district="110109", actor=SYSTEM, verb="round.close")


async def test_late_is_taken_until_published(inspector: Tablet) -> None:
    args = visit(inspector)
    await _stage(args["round"], "closed")
    result = await inspector.do("inspection.submit", args)
    assert result["status"] == "applied" and result["data"]["late"] is True
    await _stage(args["round"], "published")
    result = await inspector.do(
        "inspection.submit", visit(inspector, village="110109005202") | {"round": args["round"]}
    )
    assert (result["status"], result["reason"]) == ("held", "round_closed")


async def test_a_verb_we_do_not_know_yet_is_held(inspector: Tablet) -> None:
    result = await inspector.do("inspection.photograph", {"x": 1})
    assert (result["status"], result["reason"]) == ("held", "client_too_new")
    newer = inspector.command("inspection.submit", visit(inspector)) | {"v": 99}
    [result] = await inspector.push(newer)
    assert (result["status"], result["reason"]) == ("held", "client_too_new")


async def test_a_disabled_persons_deposit_is_held(inspector: Tablet) -> None:
    args = visit(inspector)
    await Person.filter(id=inspector.me).update(disabled=True)
    answer = await inspector.push_raw(inspector.command("inspection.submit", args), headers=inspector.deposit)
    [result] = answer.json()["results"]
    assert (result["status"], result["reason"]) == ("held", "account_disabled")
    refused = await inspector.post("/api/sync/pull", {"replica": inspector.replica, "scopes": {}})
    assert refused.status_code == 401 and refused.json()["wipe"] is True


async def test_scope_lost_meanwhile_is_held_not_refused(inspector: Tablet) -> None:
    args = visit(inspector)
    await Post.filter(person_id=inspector.me).update(ended=True)
    await Assignment.filter(person=inspector.me).update(stage="withdrawn")
    result = await inspector.do("inspection.submit", args)
    assert (result["status"], result["reason"]) == ("held", "scope_lost")


async def test_a_clock_ten_years_off_changes_no_order(inspector: Tablet) -> None:
    for year, village in (("2036", "110109005202"), ("2016", "110109005203")):
        when = f"{year}-11-20T08:00:00+08:00"
        args = visit(inspector, village=village, started_at=when, finished_at=when)
        [result] = await inspector.push(inspector.command("inspection.submit", args) | {"at": when})
        assert result["status"] == "applied"
        row = await Inspection.get(id=args["inspection"])
        assert row.finished_at.year == int(year) and row.heard_at.year not in (2016, 2036)
        task = await Task.filter(inspection=row.id).first()
        assert task is not None and task.dispatched_at == row.heard_at


async def test_an_unexpected_error_is_told_twice_and_then_held(
    inspector: Tablet, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> Any:
        raise ZeroDivisionError("a bug of ours")

    verb = commands.VERBS["inspection.submit"]
    monkeypatch.setitem(commands.VERBS, "inspection.submit", commands.Verb(verb.args, broken, evidence=True))
    good = inspector.command("card.dismiss", {"card": str(uuid4())})
    bad = inspector.command("inspection.submit", visit(inspector))
    for _ in range(2):
        answer = await inspector.push_raw(good, bad)
        body = answer.json()
        assert answer.status_code == 500 and body["error"] == "internal"
        assert [result["seq"] for result in body["results"]] == [1] and body["last_seq"] == 1
    [_, held] = await inspector.push(good, bad)
    assert (held["status"], held["reason"]) == ("held", "internal_error")
    assert await Photo.filter(state="expected").count() == 2
    assert await Command.all().count() == 2 and await Card.filter(reason="internal_error").count() == 1


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (OSError(28, "No space left on device"), 507, "disk_full"),
        (ConnectionResetError(104, "reset"), 503, "database_away"),
    ],
)
async def test_the_machines_own_trouble_is_no_try_of_a_command(
    inspector: Tablet, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, code: str
) -> None:
    """However long the disk is full or the database away, no command is set aside for it."""

    async def in_trouble(*_: object) -> Any:
        raise error

    verb = commands.VERBS["inspection.submit"]
    good = inspector.command("card.dismiss", {"card": str(uuid4())})
    waits = inspector.command("inspection.submit", visit(inspector))
    with monkeypatch.context() as patched:
        patched.setitem(
            commands.VERBS, "inspection.submit", commands.Verb(verb.args, in_trouble, evidence=True)
        )
        for _ in range(5):
            answer = await inspector.push_raw(good, waits)
            body = answer.json()
            assert (answer.status_code, body["error"]) == (status, code)
            assert [result["seq"] for result in body["results"]] == [1] and body["last_seq"] == 1
            assert ("retry-after" in answer.headers) == (status == 503)
    [_, told] = await inspector.push(good, waits)
    assert told["status"] == "applied"
    assert not await CommandTry.all().count()


async def test_half_a_json_body_says_where_it_breaks_off(inspector: Tablet) -> None:
    whole = json.dumps({"replica": inspector.replica, "commands": []})
    answer = await inspector.http.post("/api/sync/push", content=whole[:-9].encode(), headers=inspector.auth)
    assert answer.status_code == 400 and answer.json()["error"] == "bad_json"
    assert "字节" in answer.json()["message"]


async def test_gzipped_bodies_and_bombs(inspector: Tablet) -> None:
    import gzip

    body = json.dumps(
        {
            "replica": inspector.replica,
            "commands": [inspector.command("card.dismiss", {"card": str(uuid4())})],
        }
    )
    headers = inspector.auth | {"Content-Encoding": "gzip"}
    answer = await inspector.http.post(
        "/api/sync/push", content=gzip.compress(body.encode()), headers=headers
    )
    assert answer.status_code == 200 and answer.json()["last_seq"] == 1
    bomb = gzip.compress(b" " * 50_000_000)
    answer = await inspector.http.post("/api/sync/push", content=bomb, headers=headers)
    assert answer.status_code == 413


async def test_too_many_and_too_large(inspector: Tablet) -> None:
    many = [inspector.command("card.dismiss", {"card": str(uuid4())}) for _ in range(51)]
    answer = await inspector.push_raw(*many)
    assert answer.status_code == 413 and "50 条" in answer.json()["message"]
    fat = inspector.command("task.note", {"task": str(uuid4()), "text": "长" * 100_000})
    answer = await inspector.push_raw(fat)
    assert answer.status_code == 413 and "256" in answer.json()["message"]


async def test_a_partners_photos_join_in_either_order(http: httpx2.AsyncClient, inspector: Tablet) -> None:
    partner = await Tablet(http, "inspector2").sign_in()
    await partner.pull()
    args = visit(inspector)
    spot = args["answers"][0]["findings"][0]["id"]
    early = photo(picture("early"))
    evidence = {"inspection": args["inspection"], "item": "RE-1.1", "finding": spot, "photos": [early]}
    first = await partner.do("inspection.evidence", evidence)
    assert first["status"] == "applied" and first["data"]["missing"] == [early["sha256"]]
    assert (await Photo.get(id=early["id"])).town == ""
    assert (await inspector.do("inspection.submit", args))["status"] == "applied"
    adopted = await Photo.get(id=early["id"])
    assert (adopted.home, adopted.town) == (VILLAGE, VILLAGE[:9])
    late = photo(picture("late"))
    await partner.do("inspection.evidence", evidence | {"photos": [late]})
    await inspector.pull()
    shown = {one["id"] for one in inspector.rows["inspection", args["inspection"]]["photos"]}
    assert {early["id"], late["id"]} <= shown
    task = next(task for task in inspector.of("task") if task["finding"] == spot)
    assert {early["id"], late["id"]} <= {one["id"] for one in task["photos"]}


async def test_one_push_of_many_visits(inspector: Tablet) -> None:
    codes = [f"1101090052{n:02d}" for n in range(1, 17)]
    batch = [inspector.command("inspection.submit", visit(inspector, village=code)) for code in codes]
    results = await inspector.push(*batch)
    assert [result["status"] for result in results] == ["applied"] * 16
    revs = [result["rev"] for result in results]
    assert revs == sorted(revs) and len(set(revs)) == 16


async def test_two_at_once_end_in_one_effect(app: Starlette, inspector: Tablet) -> None:
    import asyncio

    command = inspector.command("inspection.submit", visit(inspector))
    answers = await asyncio.gather(*(inspector.push_raw(command) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({json.dumps(answer.json()["results"]) for answer in answers}) == 1
    assert await Inspection.all().count() == 1


async def test_findings_fixed_or_recorded_make_no_task(inspector: Tablet) -> None:
    shots = [photo(picture("a")), photo(picture("b"))]
    args = visit(inspector, photos=shots)
    found = args["answers"][0]["findings"]
    found[0] |= {"action": "fixed", "after": [shots[1]["id"]]}
    found[1] = finding("只记录", [], action="record")
    result = await inspector.do("inspection.submit", args)
    assert result["data"]["tasks"] == []
