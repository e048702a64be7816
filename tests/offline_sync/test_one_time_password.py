"""A one-time password opens one door: setting one's own. Work that was made before is handed in all the same."""

from uuid import uuid4

import httpx2
import pytest

from tests.offline_sync.tablet import PASSWORD, VILLAGE, Tablet, photo, picture, visit
from villages.models import Person, Session
from villages.people import issue_ticket

OWN = "自己的新密码123"


@pytest.fixture
async def slip(inspector: Tablet) -> Tablet:
    """The inspector, whose password was reset to a one-time one, signed in with it on the same tablet."""
    await Person.filter(name="inspector").update(must_change=True)
    await Session.filter(person_id=inspector.me, kind="session").update(revoked=True)
    return await inspector.sign_in()


async def test_nothing_but_a_new_password(slip: Tablet) -> None:
    assert slip.session["must_change"] is True
    hello = {"replica": slip.replica, "device": slip.device}
    doors = [
        await slip.post("/api/sync/hello", hello),
        await slip.post("/api/sync/pull", {"replica": slip.replica, "scopes": {}}),
        await slip.push_raw(slip.command("task.accept", {"task": str(uuid4())})),
        await slip.post("/api/blobs/missing", {"sha256": []}),
        await slip.http.get("/tasks", headers=slip.auth),
    ]
    for door in doors:
        assert (door.status_code, door.json()["error"]) == (403, "must_change"), door.url
        assert "一次性密码" in door.json()["message"]
    assert (await slip.http.delete("/api/session", headers=slip.auth)).status_code == 204


async def test_own_work_is_handed_in_by_deposit(slip: Tablet) -> None:
    data = picture("迟到的照片")
    args = visit(slip, faults=1, photos=[photo(data)])
    answer = await slip.push_raw(slip.command("inspection.submit", args), headers=slip.deposit)
    assert answer.json()["results"][0]["status"] == "applied"
    asked = {"sha256": [args["photos"][0]["sha256"]]}
    told = await slip.post("/api/blobs/missing", asked, headers=slip.deposit)
    assert told.json()["missing"] == asked["sha256"]


async def test_with_an_own_password_all_doors_open(slip: Tablet) -> None:
    other = await Tablet(slip.http, "inspector").sign_in()
    for old, new, error in (("wrong", OWN, "invalid"), (PASSWORD, "short", "password_weak")):
        answer = await slip.post("/api/password", {"old": old, "new": new})
        assert (answer.status_code, answer.json()["error"]) == (422, error)
    denied = await slip.post("/api/password", {"old": PASSWORD, "new": OWN}, headers=slip.deposit)
    assert (denied.status_code, denied.json()["error"]) == (403, "deposit_only")
    assert (await slip.post("/api/password", {"old": PASSWORD, "new": OWN})).status_code == 204
    [page, *_] = await slip.pull()
    assert page["head"] > 0 and VILLAGE in {row["code"] for row in slip.of("village")}
    gone = await other.post("/api/sync/hello", {"replica": other.replica})
    assert (gone.status_code, gone.json()["error"]) == (401, "sign_in_needed")
    again = await Tablet(slip.http, "inspector").sign_in(OWN)
    assert again.session["must_change"] is False


async def test_guessing_the_old_password_locks_as_at_sign_in(slip: Tablet) -> None:
    for _ in range(5):
        assert (await slip.post("/api/password", {"old": "guess", "new": OWN})).status_code == 422
    locked = await slip.post("/api/password", {"old": PASSWORD, "new": OWN})
    assert (locked.status_code, locked.json()["error"]) == (429, "locked") and locked.headers["retry-after"]


async def test_an_enrolment_code_is_no_one_time_password(http: httpx2.AsyncClient) -> None:
    """Who scanned the code never saw the slip: the tablet works, the password waits for the next sign-in."""
    await Person.filter(name="inspector").update(must_change=True)
    person = await Person.get(name="inspector")
    tablet = Tablet(http, "inspector")
    asked = {"ticket": await issue_ticket(person.id), "device": {"id": tablet.device}}
    tablet.session = (await http.post("/api/enrol", json=asked)).json()
    assert tablet.session["must_change"] is False
    await tablet.pull()
    assert tablet.of("village")
    slip = await Tablet(http, "inspector").sign_in()
    assert slip.session["must_change"] is True
    assert (await slip.post("/api/sync/hello", {"replica": slip.replica})).status_code == 403
