"""更正 and 作废 on the wire: the version before is kept, tasks follow the findings, nothing published is touched."""

import copy
import json
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette

from dispatch.models import Step, Task
from inspections.models import Finding, Inspection, InspectionVersion, PhotoUse, Round
from offline_sync.models import Command
from tests.dispatch.desk_house import at_desk
from tests.offline_sync.tablet import Tablet, finding, photo, picture, visit
from villages.ground import clock
from villages.models import Change
from villages.verify import verify


async def handed_in(inspector: Tablet, faults: int = 2) -> dict[str, Any]:
    args = visit(inspector, faults=faults)
    told = await inspector.do("inspection.submit", args)
    assert told["status"] == "applied", told
    return args | {"tasks": told["data"]["tasks"]}


def corrected(args: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The sheet with its first place found to be none, and another found instead."""
    sheet = {key: copy.deepcopy(value) for key, value in args.items() if key != "tasks"}
    shot = photo(picture("又一处"))
    first = next(answer for answer in sheet["answers"] if answer["item"] == "RE-1.1")
    first["counts"] = {"each": 1, "heavy": 1}
    first["findings"] = [*first["findings"][1:], finding("成堆垃圾", [shot], rule="heavy")]
    sheet["photos"] = [*sheet["photos"][1:], shot]
    return sheet | {"base_rev": None, **more}


async def test_the_author_puts_a_visit_right(inspector: Tablet, village: Tablet) -> None:
    args = await handed_in(inspector)
    before = await Inspection.get(id=args["inspection"])
    kept_task = await Task.get(finding=args["answers"][0]["findings"][1]["id"])
    sheet = corrected(args)
    command = inspector.command("inspection.amend", sheet)
    [told] = await inspector.push(command)
    assert told["status"] == "applied", told
    assert told["data"]["score"] == "98.5" and len(told["data"]["tasks"]) == 1
    assert told["data"]["missing"] == [one["sha256"] for one in sheet["photos"]]
    row = await Inspection.get(id=args["inspection"])
    assert json.loads(row.document) == sheet and row.rev == told["rev"] and row.stage == "submitted"
    [old] = await InspectionVersion.all()
    assert (old.number, old.document, old.score, old.rev) == (1, before.document, before.score, row.rev)
    assert {str(one.id) for one in await Finding.filter(inspection_id=row.id)} == {
        one["id"] for one in sheet["answers"][0]["findings"]
    }
    uses = {str(use) for use in await PhotoUse.filter(inspection=row.id).values_list("photo_id", flat=True)}
    assert uses == {one["id"] for one in sheet["photos"]}
    gone, stays, new = [await Task.get(id=one) for one in (*args["tasks"], *told["data"]["tasks"])]
    assert (gone.stage, stays.stage, new.stage) == ("cancelled", "dispatched", "dispatched")
    assert stays.rev == kept_task.rev, "a task whose finding stands is not touched"
    assert (await inspector.push(command))[0] == told
    assert await InspectionVersion.all().count() == 1
    [line] = await Change.filter(verb="inspection.amend")
    assert (line.from_stage, line.to_stage) == ("submitted", "submitted")
    await inspector.pull()
    await village.pull()
    assert village.rows["task", args["tasks"][0]]["stage"] == "cancelled"
    assert inspector.rows["inspection", args["inspection"]]["score"] == "98.5"
    assert (await verify())[0].faults == []


async def test_the_author_gets_the_sheet_back_and_nobody_else(inspector: Tablet, town: Tablet) -> None:
    """A tablet that did not hand it in needs all of it to put it right: what was sent, to the byte, and its revision."""
    args = await handed_in(inspector)
    path = f"/api/inspections/{args['inspection']}"
    told = (await inspector.http.get(path, headers=inspector.auth)).json()
    row = await Inspection.get(id=args["inspection"])
    assert json.dumps(told["args"]) == json.dumps(json.loads(row.document)) and told["rev"] == row.rev
    assert told["heard_at"] == clock.rfc3339(row.heard_at)
    assert (await town.http.get(path, headers=town.auth)).status_code == 404
    assert (await inspector.http.get(path)).status_code == 401
    refused = await inspector.http.get(path, headers=inspector.deposit)
    assert (refused.status_code, refused.json()["error"]) == (403, "deposit_only")
    for odd in ("nonsense", "0193a000-0000-7000-8000-000000000001"):
        assert (
            await inspector.http.get(f"/api/inspections/{odd}", headers=inspector.auth)
        ).status_code == 404
    sheet = corrected(args, base_rev=told["rev"])
    assert (await inspector.do("inspection.amend", sheet))["status"] == "applied"
    again = (await inspector.http.get(path, headers=inspector.auth)).json()
    assert again["args"] == sheet and again["rev"] > told["rev"] and again["heard_at"] == told["heard_at"]
    await Inspection.filter(id=row.id).update(stage="void")
    assert (await inspector.http.get(path, headers=inspector.auth)).status_code == 404


async def test_a_task_under_way_is_marked_and_a_finding_that_comes_back_gets_another(
    inspector: Tablet, village: Tablet
) -> None:
    args = await handed_in(inspector)
    await village.pull()
    assert (await village.do("task.accept", {"task": args["tasks"][0]}))["status"] == "applied"
    assert (await inspector.do("inspection.amend", corrected(args)))["status"] == "applied"
    marked = await Task.get(id=args["tasks"][0])
    assert (marked.stage, marked.basis_gone) == ("accepted", True)
    assert "检查已更正" in (await Step.filter(task_id=marked.id).order_by("-rev").first()).text  # type: ignore[union-attr]
    less = {key: value for key, value in args.items() if key != "tasks"} | {"base_rev": None}
    less["answers"] = copy.deepcopy(args["answers"])
    less["answers"][0].update(counts={}, findings=[])
    assert (await inspector.do("inspection.amend", less))["status"] == "applied"
    assert (await Task.get(id=args["tasks"][1])).stage == "cancelled"
    back = {key: value for key, value in args.items() if key != "tasks"} | {"base_rev": None}
    told = await inspector.do("inspection.amend", back)
    assert told["status"] == "applied" and len(told["data"]["tasks"]) == 1, "the first still has its task"
    assert [one.number for one in await InspectionVersion.all().order_by("number")] == [1, 2, 3]


async def test_a_partners_photos_stay(inspector: Tablet, http: httpx2.AsyncClient) -> None:
    args = await handed_in(inspector)
    partner = await Tablet(http, "inspector2").sign_in()
    await partner.pull()
    shot = photo(picture("伙伴拍的"))
    told = await partner.do(
        "inspection.evidence",
        {"inspection": args["inspection"], "item": "RE-1.1", "finding": None, "photos": [shot]},
    )
    assert told["status"] == "applied", told
    assert (await inspector.do("inspection.amend", corrected(args)))["status"] == "applied"
    assert await PhotoUse.filter(inspection=args["inspection"], photo_id=shot["id"]).exists()


@pytest.mark.parametrize("what", ["another's", "late", "published", "void", "elsewhere", "old", "unknown"])
async def test_what_may_not_be_put_right_is_held_whole(
    inspector: Tablet, http: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    args = await handed_in(inspector)
    author, sheet = inspector, corrected(args)
    sentence = {
        "another's": "本人", "late": "24 小时", "published": "已发布", "void": "已作废", "elsewhere": "不能换村", "old": "已更正过",
        "unknown": "没有收到过",
    }[what]  # fmt: skip
    if what == "another's":
        author = await Tablet(http, "inspector2").sign_in()
        await author.pull()
    if what == "late":
        later = clock.now() + timedelta(hours=24, minutes=1)
        monkeypatch.setattr(clock, "now", lambda: later)
    if what == "published":
        await Round.filter(stage="started").update(stage="published")
    if what == "void":
        await Inspection.filter(id=args["inspection"]).update(stage="void")
    if what == "elsewhere":
        sheet["village"] = "110109005202"
    if what == "old":
        assert (await inspector.do("inspection.amend", sheet))["status"] == "applied"
        sheet = corrected(args, base_rev=1)
    if what == "unknown":
        sheet["inspection"] = photo(b"x")["id"]
    before = dict(await Inspection.get(id=args["inspection"]))
    told = await author.do("inspection.amend", sheet)
    assert told["status"] == "held" and sentence in told["message"], told
    assert told["reason"] == ("round_closed" if what == "published" else "invalid")
    assert dict(await Inspection.get(id=args["inspection"])) == before
    assert json.loads((await Command.get(id=told["id"])).payload)["args"] == sheet
    assert told["data"]["missing"], "its photos may come all the same"


async def test_the_office_lets_a_late_one_through(
    inspector: Tablet, app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    args = await handed_in(inspector)
    now = clock.now
    with monkeypatch.context() as late:
        late.setattr(clock, "now", lambda: now() + timedelta(hours=30))
        told = await inspector.do("inspection.amend", corrected(args))
        assert told["status"] == "held"
    async with at_desk(app, "office") as office:
        answer = await office.send(await office.form(f"/held/{told['id']}", "/approval"))
        assert answer.status_code == 303, answer.text
        page = await office.get(f"/inspections/{args['inspection']}")
    assert (await InspectionVersion.all().count(), "更正前" in page) == (1, True)


async def test_the_offices_word_on_a_claim_stands_while_the_claim_does(
    inspector: Tablet, app: Starlette
) -> None:
    args = visit(inspector, faults=0)
    claimed = next(answer for answer in args["answers"] if answer["item"] == "RE-2.4")
    claimed["veto"] = {"text": "河道倾倒垃圾", "second": None}
    assert (await inspector.do("inspection.submit", args))["status"] == "applied"
    row = await Inspection.get(id=args["inspection"])
    decision = {"upheld": True, "reason": "属实", "by": "办公室", "at": "2026-11-20T01:00:00Z"}
    row.answers = [
        {**one, "veto": {**one["veto"], "decision": decision}} if one.get("veto") else one
        for one in row.answers
    ]
    await row.save(update_fields=["answers"])
    sheet = copy.deepcopy(args) | {"base_rev": None, "village_remarks": "同意"}
    assert (await inspector.do("inspection.amend", sheet))["status"] == "applied"
    after = await Inspection.get(id=args["inspection"])
    assert after.vetoed and after.grade == "fail" and after.remarks == "同意"
    claimed["veto"]["text"] = "另一件事"
    assert (await inspector.do("inspection.amend", copy.deepcopy(args) | {"base_rev": None}))[
        "status"
    ] == "applied"
    assert not (await Inspection.get(id=args["inspection"])).vetoed


async def test_only_the_office_voids(inspector: Tablet, http: httpx2.AsyncClient) -> None:
    args = await handed_in(inspector)
    office = await Tablet(http, "office").sign_in()
    await office.pull()
    ask = {"inspection": args["inspection"], "reason": "走错了村"}
    assert (await inspector.do("inspection.void", ask))["reason"] == "forbidden"
    nothing = await office.do("inspection.void", {"inspection": args["inspection"], "reason": " "})
    assert (nothing["status"], nothing["reason"]) == ("rejected", "invalid") and "原因" in nothing["message"]
    assert (await Inspection.get(id=args["inspection"])).stage == "submitted"
    told = await office.do("inspection.void", ask)
    assert told["status"] == "applied" and sorted(told["data"]["cancelled"]) == sorted(args["tasks"])
    assert (await Inspection.get(id=args["inspection"])).stage == "void"
    assert (await office.do("inspection.void", ask))["status"] == "noop"
    lost = await office.do("inspection.void", {"inspection": photo(b"x")["id"], "reason": "x"})
    assert lost["reason"] == "unknown"


async def test_why_a_visit_was_put_right_stands_beside_each_version(
    inspector: Tablet, app: Starlette
) -> None:
    args = await handed_in(inspector)
    for reason in ("漏记了问题", ""):
        told = await inspector.do("inspection.amend", corrected(args, reason=reason))
        assert told["status"] == "applied", told
    assert await inspector.do("inspection.amend", corrected(args, reason="  与村里核对后更正 "))
    async with at_desk(app, "office") as office:
        page = await office.get(f"/inspections/{args['inspection']}")
    said = [
        line.split("由检查人更正")[1].split("；")[0] for line in page.splitlines() if "由检查人更正" in line
    ]
    assert said == ["（漏记了问题）", "", "（与村里核对后更正）"]
