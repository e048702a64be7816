"""Signing in on a tablet: two tokens, the same words for every miss, locks that open again, tickets that die."""

from datetime import timedelta
from uuid import uuid4

import httpx2

from offline_sync.models import Device
from tests.offline_sync.tablet import Tablet
from villages.ground import clock
from villages.models import Change, Person, Session, SignInTry, Ticket
from villages.people import issue_ticket


def body(name: str, password: str) -> dict[str, object]:
    return {
        "name": name,
        "password": password,
        "device": {"id": str(uuid4()), "label": "a", "platform": "b", "build": "1"},
    }


async def test_the_answer_has_what_sync_says(http: httpx2.AsyncClient) -> None:
    tablet = await Tablet(http, "inspector").sign_in()
    assert set(tablet.session) >= {"session", "deposit", "district", "person", "offline_until", "server_time"}
    assert tablet.session["person"]["posts"][0] | {"from": ""} == {
        "role": "inspector", "place": "110109005", "from": "", "until": None,
    }  # fmt: skip
    assert await Device.filter(id=tablet.device).count() == 1
    assert await Change.filter(verb="device.enrol", subject_id=tablet.device).count() == 1
    stored = await Session.all().values_list("token_hash", flat=True)
    assert tablet.session["session"] not in stored and tablet.session["deposit"] not in stored


async def test_a_wrong_name_and_a_wrong_password_sound_the_same(http: httpx2.AsyncClient) -> None:
    one = await http.post("/api/session", json=body("inspector", "wrong"))
    two = await http.post("/api/session", json=body("nobody", "wrong"))
    assert one.status_code == two.status_code == 401 and one.json() == two.json()
    assert one.json()["error"] == "wrong_password" and "重新输入" in one.json()["message"]


async def test_five_misses_lock_for_a_growing_time(http: httpx2.AsyncClient) -> None:
    for _ in range(5):
        assert (await http.post("/api/session", json=body("inspector", "wrong"))).status_code == 401
    locked = await http.post("/api/session", json=body("inspector", "xuncun-demo"))
    assert locked.status_code == 429 and 0 < int(locked.headers["retry-after"]) <= 61
    assert locked.json()["error"] == "locked" and "分钟" in locked.json()["message"]
    await SignInTry.filter(key="name:inspector").update(locked_until=clock.now() - timedelta(seconds=1))
    assert (await http.post("/api/session", json=body("inspector", "wrong"))).status_code == 401
    again = await http.post("/api/session", json=body("inspector", "xuncun-demo"))
    assert again.status_code == 429 and int(again.headers["retry-after"]) > 61
    await SignInTry.filter(misses__gte=0).update(locked_until=None)
    assert (await http.post("/api/session", json=body("inspector", "xuncun-demo"))).status_code == 200
    assert not await SignInTry.exists(key="name:inspector")


async def test_signing_out_ends_the_session_and_not_the_deposit(inspector: Tablet) -> None:
    assert (await inspector.http.delete("/api/session", headers=inspector.auth)).status_code == 204
    hello = {"replica": inspector.replica, "device": inspector.device, "build": "1", "platform": "t"}
    assert (await inspector.post("/api/sync/hello", hello)).status_code == 401
    deposit = await inspector.post("/api/sync/hello", hello, headers=inspector.deposit)
    assert deposit.status_code == 200 and deposit.json()["last_seq"] == 0


async def test_a_ticket_enrols_once(http: httpx2.AsyncClient) -> None:
    person = await Person.get(name="inspector")
    ticket = await issue_ticket(person.id)
    asked = {"ticket": ticket, "device": {"id": str(uuid4())}}
    first = await http.post("/api/enrol", json=asked)
    assert first.status_code == 200 and first.json()["person"]["name"] == "inspector"
    second = await http.post("/api/enrol", json=asked)
    assert second.status_code == 401 and second.json()["error"] == "ticket_dead"
    late = await issue_ticket(person.id)
    await Ticket.filter(used_at=None).update(expires=clock.now() - timedelta(seconds=1))
    assert (await http.post("/api/enrol", json=asked | {"ticket": late})).json()["error"] == "ticket_dead"


async def test_an_expired_session_is_told_apart(inspector: Tablet) -> None:
    await Session.filter(kind="session").update(expires=clock.now() - timedelta(seconds=1))
    answer = await inspector.post("/api/sync/pull", {"replica": inspector.replica, "scopes": {}})
    assert (answer.status_code, answer.json()["error"]) == (401, "sign_in_needed")


async def test_health_and_headers(http: httpx2.AsyncClient) -> None:
    answer = await http.get("/healthz")
    assert answer.json()["status"] == "ok"
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_device_may_have_a_name_of_its_own(http: httpx2.AsyncClient) -> None:
    for _ in range(2):
        asked = body("inspector", "xuncun-demo") | {"device": {"id": "王平镇一号平板"}}
        assert (await http.post("/api/session", json=asked)).status_code == 200
    assert await Device.filter(label="").count() == 1
