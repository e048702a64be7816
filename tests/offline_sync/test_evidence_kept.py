"""Evidence that met an obstacle: kept whole, counted on, and brought home when the way is free."""

import json
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from starlette.applications import Starlette

from inspections.models import Inspection, Photo, PhotoUse, Round
from inspections.rounds import close_round
from offline_sync.models import Replica
from tests.dispatch.desk_house import at_desk
from tests.offline_sync.tablet import VILLAGE, Tablet, photo, picture, visit
from tests.offline_sync.test_hostile_scopes import upload
from tests.offline_sync.test_leaving import as_fresh
from villages.changes import SYSTEM, Line, change
from villages.models import Change, Person


async def approve(app: Starlette, command: str) -> None:
    async with at_desk(app, "office") as office:
        answer = await office.send(await office.form(f"/held/{command}", "/approval"))
        assert answer.status_code == 303, answer.text


async def close() -> None:
    running = await Round.all().first()
    assert running

    async def work(line: Line) -> Any:
        return await close_round(line, running.id)

    await change(work, district="110109", actor=SYSTEM, verb="round.close")


def shots(count: int) -> list[dict[str, Any]]:
    """Announced photos that differ in nothing but their ids and hashes."""
    return [photo(b"jpeg") | {"sha256": f"{number:064x}"} for number in range(1, count + 1)]


# the count of a replica


async def test_a_known_act_under_a_new_number_moves_the_count(inspector: Tablet) -> None:
    """A tablet that numbers anew without taking a new replica must not stand before a gap for ever."""
    first = inspector.command("card.dismiss", {"card": str(uuid4())})
    [told] = await inspector.push(first)
    again = first | {"seq": 2}
    inspector.seq = 2
    [repeated] = await inspector.push(again)
    assert repeated == told | {"seq": 2}
    assert (await Replica.get(id=inspector.replica)).last_seq == 2
    [later] = await inspector.push(inspector.command("card.dismiss", {"card": str(uuid4())}))
    assert (later["seq"], later["reason"]) == (3, "unknown")
    assert (await inspector.push(first))[0] == told, "an old number moves nothing back"
    assert (await Replica.get(id=inspector.replica)).last_seq == 3


# who answers for a visit


async def test_the_author_answers_for_the_visit_too(inspector: Tablet) -> None:
    other = await Person.get(name="inspector2")
    args = visit(inspector, inspectors=[str(other.id), str(other.id)])
    assert (await inspector.do("inspection.submit", args))["status"] == "applied"
    taken = await Inspection.get(id=args["inspection"])
    assert (
        taken.inspectors == [inspector.me, str(other.id)]
        and inspector.me not in taken.document.split("photos")[0]
    )
    named = visit(inspector, village="110109005202", inspectors=[str(other.id), inspector.me])
    await inspector.do("inspection.submit", named)
    assert (await Inspection.get(id=named["inspection"])).inspectors == named["inspectors"]


# how many photos


async def test_too_many_photos_wait_for_the_office(app: Starlette, inspector: Tablet) -> None:
    args = visit(inspector, faults=0, photos=shots(121))
    command = inspector.command("inspection.submit", args)
    [told] = await inspector.push(command)
    assert (told["status"], told["reason"]) == ("held", "invalid")
    assert "121 张" in told["message"] and "120 张" in told["message"]
    assert len(told["data"]["missing"]) == 121, "every one of them can arrive"
    await approve(app, command["id"])
    assert await PhotoUse.filter(inspection=args["inspection"]).count() == 121
    full = visit(inspector, village="110109005202", faults=0, photos=shots(120))
    assert (await inspector.do("inspection.submit", full))["status"] == "applied"


async def test_partners_photos_count_with_the_visits(app: Starlette, inspector: Tablet) -> None:
    args = visit(inspector, faults=0, photos=shots(119))
    await inspector.do("inspection.submit", args)
    more = [photo(picture("甲")), photo(picture("乙"))]
    asked = {"inspection": args["inspection"], "photos": more[:1]}
    assert (await inspector.do("inspection.evidence", asked))["status"] == "applied"
    assert (await inspector.do("inspection.evidence", asked))["status"] == "applied", "the same one again"
    command = inspector.command("inspection.evidence", asked | {"photos": more})
    [told] = await inspector.push(command)
    assert (told["status"], told["reason"]) == ("held", "invalid")
    assert "120 张" in told["message"] and told["data"]["missing"]
    await approve(app, command["id"])
    assert await PhotoUse.filter(inspection=args["inspection"]).count() == 121


# bringing home


@pytest.fixture
async def strayed(inspector: Tablet) -> tuple[dict[str, Any], dict[str, Any]]:
    """(args, photo) of a visit that was held before its village could be read, its photo uploaded."""
    data = picture("留存")
    shot = photo(data)
    args = visit(inspector, photos=[shot], faults=1)
    told = await inspector.do("inspection.submit", args | {"village": "未知"})
    assert told["status"] == "held" and (await Photo.get(id=shot["id"])).home == f"u:{inspector.me}"
    assert await upload(inspector, data, shot["sha256"]) == 201
    await inspector.pull()
    assert inspector.scopes_of["photo", shot["id"]] == {f"u:{inspector.me}"}
    return args, shot


async def test_a_held_photo_comes_home_when_its_visit_is_sent_again(
    inspector: Tablet, village: Tablet, strayed: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    args, shot = strayed
    again = await inspector.do("inspection.submit", args)
    assert again["status"] == "applied" and again["data"]["missing"] == []
    await inspector.pull()
    assert inspector.scopes_of["photo", shot["id"]] == {VILLAGE[:9]}
    assert inspector.rows["photo", shot["id"]]["state"] == "stored"
    await as_fresh(inspector)
    await village.pull()
    assert ("photo", shot["id"]) in village.rows


async def test_nobody_brings_home_what_another_keeps(inspector: Tablet, village: Tablet) -> None:
    shot = photo(picture("别人的"))
    early = {"inspection": str(uuid4()), "photos": [shot]}
    assert (await inspector.do("inspection.evidence", early))["status"] == "applied"
    position = {"lat": 39.97, "lng": 116.01}
    town = await Tablet(inspector.http, "town").sign_in()
    await town.do("village.locate", {"village": VILLAGE, "position": position, "photo": shot})
    assert (await Photo.get(id=shot["id"])).home == f"u:{inspector.me}"


async def test_a_partners_early_photo_leaves_the_partners_own_rows(
    inspector: Tablet, http: httpx2.AsyncClient
) -> None:
    partner = await Tablet(http, "inspector2").sign_in()
    args = visit(inspector)
    shot = photo(picture("搭档"))
    await partner.do("inspection.evidence", {"inspection": args["inspection"], "photos": [shot]})
    await partner.pull()
    assert partner.scopes_of["photo", shot["id"]] == {f"u:{partner.me}"}
    await inspector.do("inspection.submit", args)
    await partner.pull()
    assert partner.scopes_of["photo", shot["id"]] == {VILLAGE[:9]}
    await as_fresh(partner)


async def test_what_the_office_approves_comes_home(
    app: Starlette, inspector: Tablet, village: Tablet
) -> None:
    await Person.filter(name="inspector").update(disabled=True)
    shot = photo(picture("停用"))
    told = await inspector.do("inspection.submit", visit(inspector))  # makes the visit to add to
    assert told["reason"] == "account_disabled"
    await Person.filter(name="inspector").update(disabled=False)
    args = visit(inspector, faults=0)
    assert (await inspector.do("inspection.submit", args))["status"] == "applied"
    await Person.filter(name="inspector").update(disabled=True)
    command = inspector.command("inspection.evidence", {"inspection": args["inspection"], "photos": [shot]})
    [held] = (await inspector.push_raw(command, headers=inspector.deposit)).json()["results"]
    assert held["reason"] == "account_disabled"
    assert (await Photo.get(id=shot["id"])).home == f"u:{inspector.me}"
    await approve(app, command["id"])
    assert (await Photo.get(id=shot["id"])).home == VILLAGE
    await village.pull()
    assert ("photo", shot["id"]) in village.rows


# late or not


@pytest.mark.parametrize("in_time", [True, False])
async def test_a_held_visit_is_late_by_its_arrival(app: Starlette, inspector: Tablet, in_time: bool) -> None:
    command = inspector.command("inspection.submit", visit(inspector, village="110109104201", faults=1))
    if not in_time:
        await close()
    [told] = await inspector.push(command)
    assert (told["status"], told["reason"]) == ("held", "scope_lost")
    if in_time:
        await close()
    await approve(app, command["id"])
    taken = await Inspection.get(id=command["args"]["inspection"])
    assert taken.late is not in_time and taken.author == UUID(inspector.me)
    assert await Change.filter(verb="round.close").count() == 1


# photos whose announcement, or the sheet around it, cannot be read


NO_NUMBER = 987654321  # stands for a figure beyond all numbers
WRONG: list[dict[str, Any]] = [
    {"id": "七"}, {"id": None}, {"size": 0}, {"size": NO_NUMBER}, {"mime": None}, {"width": -1}, {"taken_at": ""},
    {"pairs": "x"}, {"position": {"lat": 91, "lng": 116}}, {"position": NO_NUMBER},
]  # fmt: skip


async def twice(tablet: Tablet, verb: str, args: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The verdict on a command, and on its repeat."""
    body = json.dumps(tablet.command(verb, args)).replace(str(NO_NUMBER), "1e400")
    push = f'{{"replica":"{tablet.replica}","commands":[{body}]}}'.encode()
    first, again = [await tablet.http.post("/api/sync/push", content=push, headers=tablet.auth) for _ in "ab"]
    assert (first.status_code, again.status_code) == (200, 200), first.text
    return first.json()["results"][0], again.json()["results"][0]


@pytest.mark.parametrize("verb", ["inspection.submit", "village.locate"])
async def test_a_photo_announced_badly_can_still_arrive(inspector: Tablet, verb: str) -> None:
    for wrong in WRONG:
        data, other = picture(f"{uuid4()}"), photo(picture(f"{uuid4()}"))
        bad = photo(data) | wrong
        if verb == "inspection.submit":
            args, announced = visit(inspector, photos=[bad, other], faults=0), [bad, other]
        else:
            args = {"village": VILLAGE, "position": {"lat": 40, "lng": 116}, "photo": bad}
            announced = [bad]
        told, again = await twice(inspector, verb, args)
        assert (told["status"], told["reason"]) == ("held", "invalid"), wrong
        assert told["data"]["missing"] == [one["sha256"] for one in announced], wrong
        assert again == told, wrong
        assert await upload(inspector, data, bad["sha256"]) == 201, wrong
        assert await Photo.filter(sha256=bad["sha256"]).values_list("state", flat=True) == ["stored"]


async def test_a_figure_beyond_all_numbers_hides_no_photo_beside_it(inspector: Tablet) -> None:
    data = picture("旁边")
    shown = photo(data)
    args = {"village": NO_NUMBER, "position": {"lat": 40, "lng": 116}, "photo": shown}
    told, again = await twice(inspector, "village.locate", args)
    assert told["status"] == "held" and again == told
    assert await upload(inspector, data, shown["sha256"]) == 201
