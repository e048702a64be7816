"""What lies beyond somebody's reach stays there; what comes into it arrives; no photo is left without a slot."""

import base64
import copy
import hashlib
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from starlette.applications import Starlette

from dispatch.models import Task
from inspections.models import Inspection, Photo, Round
from offline_sync import pull
from offline_sync.models import Device
from tests.offline_sync.tablet import VILLAGE, Tablet, finding, full_answers, photo, picture, visit
from villages.changes import SYSTEM, Line, change
from villages.models import Person, Post
from villages.people import create_person

DEPARTMENT = "110109-d03"
OTHER_VILLAGE = "110109006201"  # another town's


async def account(name: str, role: str, place: str) -> None:
    """A further person with the demo's password."""
    known = await Person.get(name="inspector")

    async def work(line: Line) -> None:
        await create_person(
            line, name=name, title=name, phone="", password_hash=known.password, must_change=False,
            posts=[(role, place)],
        )  # fmt: skip

    await change(work, district="110109", actor=SYSTEM, verb="person.create")


async def upload(tablet: Tablet, data: bytes, sha256: str) -> int:
    answer = await tablet.http.post(
        "/api/tus", content=data,
        headers={
            **tablet.auth, "Tus-Resumable": "1.0.0", "Upload-Length": str(len(data)),
            "Upload-Metadata": f"sha256 {_b64(sha256)},mime {_b64('image/jpeg')}",
            "Content-Type": "application/offset+octet-stream",
        },
    )  # fmt: skip
    return answer.status_code


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


async def test_the_photos_of_a_second_sheet_under_the_same_id_can_arrive(inspector: Tablet) -> None:
    """The content differs, so it waits for the office; its photos are evidence all the same."""
    args = visit(inspector)
    assert (await inspector.do("inspection.submit", args))["status"] == "applied"
    other = copy.deepcopy(args)
    data = picture("另一张")
    other["photos"].append(photo(data))
    held = await inspector.do("inspection.submit", other)
    assert (held["status"], held["reason"]) == ("held", "duplicate_visit")
    assert other["photos"][-1]["sha256"] in held["data"]["missing"]
    assert await upload(inspector, data, other["photos"][-1]["sha256"]) == 201
    assert (await Photo.get(id=other["photos"][-1]["id"])).state == "stored"


@pytest.mark.parametrize("village", [OTHER_VILLAGE, "110109005999", "x"])
async def test_the_photo_of_a_place_beyond_reach_waits_for_the_office(
    inspector: Tablet, village: str
) -> None:
    data = picture("村口")
    shot = photo(data)
    told = await inspector.do(
        "village.locate", {"village": village, "position": {"lat": 39.97, "lng": 116.01}, "photo": shot}
    )
    assert told["status"] == "held"
    assert await upload(inspector, data, shot["sha256"]) == 201


async def test_a_revoked_device_sees_nothing_more(inspector: Tablet, http: httpx2.AsyncClient) -> None:
    args = visit(inspector)
    await inspector.do("inspection.submit", args)
    data = picture("照片")
    await inspector.do("inspection.evidence", {"inspection": args["inspection"], "photos": [photo(data)]})
    sha256 = hashlib.sha256(data).hexdigest()
    await upload(inspector, data, sha256)
    assert (await http.get(f"/api/blobs/{sha256}", headers=inspector.auth)).status_code == 200
    await Device.filter(id=inspector.device).update(revoked=True)
    for path in (
        f"/api/blobs/{sha256}",
        "/tasks",
        f"/villages/{VILLAGE}",
        f"/inspections/{args['inspection']}",
    ):
        answer = await http.get(path, headers=inspector.auth)
        assert answer.status_code == 401, path
        assert answer.json()["wipe"] is True


async def test_a_visit_of_a_village_outside_its_round_waits_for_the_office(inspector: Tablet) -> None:
    """A town's self-check is its own: a neighbour's inspector cannot put a sheet into it."""
    running = await Round.all().first()
    assert running
    await Round.filter(id=running.id).update(owner="110109006")
    told = await inspector.do("inspection.submit", visit(inspector))
    assert (told["status"], told["reason"]) == ("held", "invalid"), told
    assert await Inspection.all().count() == 0


async def test_a_department_gets_the_village_and_the_photos_with_its_task(
    inspector: Tablet, town: Tablet, http: httpx2.AsyncClient
) -> None:
    await account("water", "line_department", DEPARTMENT)
    water = await Tablet(http, "water").sign_in()
    await water.pull()
    args = visit(inspector, faults=1)
    args["answers"] = full_answers()
    first = next(answer for answer in args["answers"] if answer["item"] == "RE-1.1")
    first["counts"] = {"each": 1}
    first["findings"] = [finding("污水", args["photos"][:1], unit=DEPARTMENT)]
    told = await inspector.do("inspection.submit", args)
    assert len(told["data"]["tasks"]) == 1
    await water.pull()
    assert ("village", VILLAGE) in water.rows and ("photo", args["photos"][0]["id"]) in water.rows
    await _complete(water)


async def test_a_department_gets_all_that_a_task_sent_to_it_later_needs(
    inspector: Tablet, http: httpx2.AsyncClient
) -> None:
    await account("water", "line_department", DEPARTMENT)
    await account("office2", "district_office", "110109")
    args = visit(inspector, faults=1)
    [task] = (await inspector.do("inspection.submit", args))["data"]["tasks"]
    water = await Tablet(http, "water").sign_in()
    await water.pull()
    assert water.of("task") == []
    office = await Tablet(http, "office2").sign_in()
    told = await office.do("task.reassign", {"task": task, "unit": DEPARTMENT, "reason": "需水务部门办理"})
    assert told["status"] == "applied", told
    await water.pull()
    held = set(water.rows)
    assert {("task", task), ("village", VILLAGE), ("photo", args["photos"][0]["id"])} <= held
    await _complete(water)


async def _complete(tablet: Tablet) -> None:
    """The tablet holds just what a fresh one would."""
    fresh = await Tablet(tablet.http, tablet.name).sign_in()
    await fresh.pull()
    assert {key: row["rev"] for key, row in tablet.rows.items()} == {
        key: row["rev"] for key, row in fresh.rows.items()
    }


async def test_paper_is_no_photo_whoever_knows_its_hash(
    app: Starlette, inspector: Tablet, http: httpx2.AsyncClient
) -> None:
    """A card's hash is told on its public verify page: announcing it as a photo must not hand the card out."""
    sha256 = app.state.blobs.put(b"%PDF-1.7 somebody's card")
    shot = {"id": str(uuid4()), "sha256": sha256, "size": 24, "mime": "image/jpeg"}
    await inspector.do("inspection.evidence", {"inspection": str(uuid4()), "photos": [shot]})
    await inspector.post("/api/blobs/missing", {"sha256": [sha256]})
    for query in ("", "?w=480"):
        assert (await http.get(f"/api/blobs/{sha256}{query}", headers=inspector.auth)).status_code == 404
    assert (await Photo.get(id=UUID(shot["id"]))).state == "expected"


async def test_a_sum_asked_for_often_is_made_once(inspector: Tablet, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    real = pull._sum

    async def counted(scope: str, *rest: Any) -> dict[str, Any]:
        made.append(scope)
        return await real(scope, *rest)

    monkeypatch.setattr(pull, "_sum", counted)
    body = {"replica": inspector.replica, "scopes": inspector.cursors, "verify": ["g"] * 1000}
    answer = await inspector.post("/api/sync/pull", body)
    assert set(answer.json()["sums"]) == {"g"} and made == ["g"]


async def test_an_ended_post_ends_its_reach(inspector: Tablet, http: httpx2.AsyncClient) -> None:
    args = visit(inspector)
    [task, _] = (await inspector.do("inspection.submit", args))["data"]["tasks"]
    await Post.filter(person_id=inspector.me, role="inspector").update(ended=True)
    for path in (f"/tasks/{task}", f"/inspections/{args['inspection']}", f"/villages/{VILLAGE}"):
        assert (await http.get(path, headers=inspector.auth)).status_code == 404, path
    assert (await inspector.do("task.note", {"task": task, "text": "看看"}))["reason"] == "unknown"
    assert (await inspector.do("inspection.submit", visit(inspector, code="PO")))["reason"] == "scope_lost"
    await inspector.pull()
    assert inspector.of("task") == [] and inspector.of("inspection") == []
    assert await Task.all().count() == 2


async def test_a_photo_sent_ahead_and_named_in_the_sheet_too_is_one_photo(inspector: Tablet) -> None:
    args = visit(inspector, faults=1)
    spot = next(answer for answer in args["answers"] if answer["item"] == "RE-1.1")["findings"][0]
    ahead = {
        "inspection": args["inspection"], "item": "RE-1.1", "finding": spot["id"], "photos": args["photos"],
    }  # fmt: skip
    assert (await inspector.do("inspection.evidence", ahead))["status"] == "applied"
    told = await inspector.do("inspection.submit", args)
    assert told["status"] == "applied", told
    await inspector.pull()
    [task] = inspector.of("task")
    assert [one["id"] for one in task["photos"]] == [args["photos"][0]["id"]]


async def test_only_who_announced_a_photo_sends_its_preview(
    inspector: Tablet, village: Tablet, http: httpx2.AsyncClient
) -> None:
    """Nothing proves a preview: who merely sees the slot must not put another picture before the evidence."""
    args = visit(inspector, faults=1)
    await inspector.do("inspection.submit", args)
    address = f"/api/blobs/{args['photos'][0]['sha256']}/preview"
    theirs = await http.put(address, content=picture("干净的街道"), headers=village.auth)
    assert theirs.status_code == 404, theirs.text
    assert (await http.put(address, content=picture("垃圾"), headers=inspector.deposit)).status_code == 204


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Upload-Metadata", "sha256 é"),
        ("Upload-Checksum", "sha1 é"),
        ("Upload-Metadata", "sha256 {sha},mime AGEA"),
    ],
)
async def test_odd_upload_headers_are_refused_with_a_name(inspector: Tablet, header: str, value: str) -> None:
    data = picture("头")
    shot = photo(data)
    await inspector.do("inspection.evidence", {"inspection": str(uuid4()), "photos": [shot]})
    headers = {
        **inspector.auth, "Tus-Resumable": "1.0.0", "Upload-Length": str(len(data)),
        "Upload-Metadata": f"sha256 {_b64(shot['sha256'])}", "Content-Type": "application/offset+octet-stream",
        header: value.replace("{sha}", _b64(shot["sha256"])),
    }  # fmt: skip
    raw = [(key.encode(), text.encode("latin-1")) for key, text in headers.items()]
    answer = await inspector.http.post("/api/tus", content=data, headers=raw)
    assert answer.status_code == 400, answer.text
