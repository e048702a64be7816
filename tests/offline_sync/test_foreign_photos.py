"""A visit, a correction or a partner names another village's photo by its id: it is taken in under an id of its own."""

import copy
from typing import Any
from uuid import UUID

import httpx2

from dispatch.models import TaskPhoto
from inspections.models import Inspection, Photo, PhotoUse
from tests.offline_sync.tablet import VILLAGE, Tablet, finding, photo, picture, visit
from tests.offline_sync.test_backup import _upload

NEXT_DOOR = "110109005202"


async def next_door(inspector: Tablet) -> dict[str, Any]:
    """A photo of the next village whose bytes are here."""
    data = picture("隔壁村")
    other = visit(inspector, village=NEXT_DOOR, faults=1, photos=[photo(data)])
    assert (await inspector.do("inspection.submit", other))["status"] == "applied"
    await _upload(inspector, data)
    shot: dict[str, Any] = other["photos"][0]
    return shot


async def used(inspection: str) -> dict[UUID, Photo]:
    """The photos of a visit by id; none is of another village."""
    ids = await PhotoUse.filter(inspection=inspection).values_list("photo_id", flat=True)
    found = {row.id: row for row in await Photo.filter(id__in=ids)}
    assert set(found) == set(ids) and {row.home for row in found.values()} <= {VILLAGE}
    return found


async def reads(tablet: Tablet, sha256: str) -> int:
    """What a person is answered who asks for these bytes."""
    return (await tablet.http.get(f"/api/blobs/{sha256}", headers=tablet.auth)).status_code


async def test_other_bytes_under_a_foreign_id_show_nobody_the_foreign_photo(
    inspector: Tablet, village: Tablet
) -> None:
    """Whoever knows no more than the id of another village's photo gets no look at it, and loses nothing."""
    theirs = await next_door(inspector)
    data = picture("自己的")
    slip = photo(data) | {"id": theirs["id"]}
    signed = photo(picture("签字")) | {"id": theirs["id"][:-1] + ("0" if theirs["id"][-1] != "0" else "1")}
    args = visit(inspector, faults=1, photos=[slip, signed])
    args["signature"] = {"name": "王书记", "photo": theirs["id"], "refused": None}
    told = await inspector.do("inspection.submit", args)
    assert told["status"] == "applied" and told["data"]["missing"] == [slip["sha256"], signed["sha256"]]
    await _upload(inspector, data)
    found = await used(args["inspection"])
    [own] = [row for row in found.values() if row.sha256 == slip["sha256"]]
    assert own.state == "stored" and own.id != UUID(theirs["id"]) and UUID(signed["id"]) in found
    link = await TaskPhoto.get(task_id=told["data"]["tasks"][0])
    assert (link.photo, link.sha256) == (own.id, slip["sha256"])
    row = await Inspection.get(id=args["inspection"])
    assert row.signature["photo"] == str(own.id)
    await village.pull()
    shown = village.rows["inspection", args["inspection"]]["answers"][0]["findings"][0]["photos"]
    assert shown == [str(own.id)] and ("photo", str(own.id)) in village.rows
    assert ("photo", theirs["id"]) not in village.rows
    assert await reads(village, theirs["sha256"]) == 404 and await reads(village, slip["sha256"]) == 200
    kept = await Photo.get(id=theirs["id"])
    assert (kept.home, kept.sha256, kept.state) == (NEXT_DOOR, theirs["sha256"], "stored"), "and theirs stays"


async def test_a_photo_of_another_village_is_evidence_here_too(inspector: Tablet, village: Tablet) -> None:
    theirs = await next_door(inspector)
    args = visit(inspector, faults=1, photos=[theirs])
    command = inspector.command("inspection.submit", args)
    [told] = await inspector.push(command)
    assert told["status"] == "applied" and told["data"]["missing"] == []
    assert (await inspector.push(command)) == [told]
    [own] = (await used(args["inspection"])).values()
    assert own.state == "stored" and own.sha256 == theirs["sha256"]
    await village.pull()
    assert ("photo", str(own.id)) in village.rows and ("photo", theirs["id"]) not in village.rows
    assert [one["id"] for one in village.of("task")[0]["photos"]] == [str(own.id)], (
        "whoever sees the task sees it"
    )


async def test_a_correction_that_names_it_and_one_that_leaves_it_out(inspector: Tablet) -> None:
    theirs = await next_door(inspector)
    args = visit(inspector, faults=1)
    await inspector.do("inspection.submit", args)
    sheet = copy.deepcopy(args) | {"base_rev": None}
    sheet["answers"][0]["findings"][0]["photos"].append(theirs["id"])
    sheet["photos"].append(theirs)
    for _ in range(2):  # the second is another command with a word more
        told = await inspector.do("inspection.amend", sheet)
        assert told["status"] == "applied", told
        found = await used(args["inspection"])
        assert len(found) == 2 and UUID(theirs["id"]) not in found
        sheet["village_remarks"] = "又改一次"
    without = copy.deepcopy(args) | {"base_rev": None}
    assert (await inspector.do("inspection.amend", without))["status"] == "applied"
    assert set(await used(args["inspection"])) == {UUID(args["photos"][0]["id"])}, (
        "left out, it is no part of it"
    )


async def test_a_partner_names_it_before_and_after_the_visit_is_in(
    inspector: Tablet, http: httpx2.AsyncClient
) -> None:
    partner = await Tablet(http, "inspector2").sign_in()
    theirs = await next_door(inspector)
    args = visit(inspector, faults=1)
    spot = args["answers"][0]["findings"][0]["id"]
    added = {"inspection": args["inspection"], "item": "RE-1.1", "finding": spot, "photos": [theirs]}
    early = await partner.do("inspection.evidence", added)
    assert early["status"] == "applied", early
    [waits] = await PhotoUse.filter(inspection=args["inspection"]).values_list("photo_id", flat=True)
    assert waits != UUID(theirs["id"]) and (await Photo.get(id=waits)).home == f"u:{partner.me}"
    told = await inspector.do("inspection.submit", args)
    assert told["status"] == "applied", told
    assert (await partner.do("inspection.evidence", added))["status"] == "applied"
    found = await used(args["inspection"])
    assert UUID(theirs["id"]) not in found and waits in found
    links = await TaskPhoto.filter(task_id=told["data"]["tasks"][0]).values_list("photo", flat=True)
    assert UUID(theirs["id"]) not in links and set(links) == set(found)


async def test_photos_of_ones_own_keep_their_ids(inspector: Tablet, http: httpx2.AsyncClient) -> None:
    """Sent ahead by a partner, or named again by a correction: nothing is copied."""
    partner = await Tablet(http, "inspector2").sign_in()
    args = visit(inspector, faults=1)
    spot, ahead = args["answers"][0]["findings"][0], photo(picture("先到"))
    added = {"inspection": args["inspection"], "item": "RE-1.1", "finding": spot["id"], "photos": [ahead]}
    assert (await partner.do("inspection.evidence", added))["status"] == "applied"
    spot["photos"].append(ahead["id"])
    args["photos"].append(ahead)
    assert (await inspector.do("inspection.submit", args))["status"] == "applied"
    assert set(await used(args["inspection"])) == {UUID(one["id"]) for one in args["photos"]}
    assert await Photo.all().count() == 2
    other = finding("另一处", [ahead])
    sheet = copy.deepcopy(args) | {"base_rev": None}
    sheet["answers"][0]["findings"].append(other)
    sheet["answers"][0]["counts"] = {"each": 2}
    assert (await inspector.do("inspection.amend", sheet))["status"] == "applied"
    assert await Photo.all().count() == 2


async def test_a_place_that_is_marked_names_it(inspector: Tablet, village: Tablet) -> None:
    """As it is, and with bytes of its own under that id: both are this village's from then on, the other's stays."""
    theirs = await next_door(inspector)
    data = picture("村口")
    for shot, missing in ((theirs, []), (photo(data) | {"id": theirs["id"]}, [photo(data)["sha256"]])):
        where = {"lat": 39.97, "lng": 116.01, "accuracy": 5}
        command = inspector.command("village.locate", {"village": VILLAGE, "position": where, "photo": shot})
        [told] = await inspector.push(command)
        assert told["status"] == "applied" and told["data"]["missing"] == missing
        assert (await inspector.push(command)) == [told]
        own = await Photo.get(home=VILLAGE, sha256=shot["sha256"])
        assert own.id != UUID(theirs["id"])
    await _upload(inspector, data)
    await village.pull()
    assert {row["sha256"] for row in village.of("photo")} == {theirs["sha256"], photo(data)["sha256"]}
    assert ("photo", theirs["id"]) not in village.rows
    kept = await Photo.get(id=theirs["id"])
    assert (kept.home, kept.sha256) == (NEXT_DOOR, theirs["sha256"])
