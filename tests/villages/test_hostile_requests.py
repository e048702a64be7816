"""Odd addresses, queries and forms on both engines: an answer with a name, never an unexpected error."""

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx2
import pytest

from app import make_app
from villages.ground.settings import Settings

PASSWORD = "xuncun-demo"


@pytest.fixture
async def office(either_demo: Settings) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser of the office's, signed in, on either engine."""
    made = make_app(either_demo)
    async with made.router.lifespan_context(made):
        transport = httpx2.ASGITransport(app=made, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://xuncun.test") as client:
            answer = await client.post("/sign-in", data={"name": "office", "password": PASSWORD, "next": "/"})
            assert answer.status_code == 303
            yield client


ODD = (
    "%00",
    "x" * 400,
    "1" * 60,
    "-1",
    "99999999999999999999",
    "%ED%A0%BD",
    "²",
    "0001-01-01",
    "9999-12-31",
    "%25_",
    "'\"<",
)
SOME = uuid4()
GETS = (
    "/villages?q={}", "/villages/{}", "/tasks?village={}", "/tasks?town={}", "/tasks?unit={}", "/tasks?page={}",
    "/tasks?stage={}", "/tasks?accepted={}&left={}", "/trail?verb={}", "/trail?person={}", "/trail?place={}",
    "/trail?since={}", "/trail?until={}", "/trail?before={}", "/trail/{}", "/rounds?stage={}", "/held?decision={}",
    "/people?q={}&town={}", "/people?role={}", "/people?state={}", "/people/new?role={}&place={}", "/verify/{}",
    "/verify?code={}", "/jobs/{}", "/sign-in?next={}", "/password?next={}", "/?done={}", "/static/{}",
    "/api/blobs/{}", "/api/tus/{}", f"/tasks/{SOME}?queue={{}}", f"/inspections/{SOME}/scorecard.pdf?edition={{}}",
    f"/rounds/{SOME}/scorecards.pdf?job={{}}",
)  # fmt: skip


async def test_odd_addresses_get_an_answer_with_a_name(office: httpx2.AsyncClient) -> None:
    wrong = []
    for pattern in GETS:
        for odd in ODD:
            answer = await office.get(pattern.replace("{}", odd))
            if answer.status_code >= 500:
                wrong.append((pattern, odd[:20], answer.status_code))
    assert not wrong, "\n".join(map(str, wrong))


async def test_odd_names_at_the_door(office: httpx2.AsyncClient) -> None:
    device = {"id": str(uuid4()), "label": "平\0板"}
    for name in ("a\0b", "名" * 80, "", " ", "'--", "office\0"):
        answer = await office.post("/sign-in", data={"name": name, "password": "x", "next": "/"})
        assert answer.status_code == 401, name
        answer = await office.post("/api/session", json={"name": name, "password": "x", "device": device})
        assert answer.status_code == 401, (name, answer.text)
    right = await office.post("/api/session", json={"name": "town", "password": PASSWORD, "device": device})
    assert right.status_code == 200, right.text


async def test_odd_words_in_forms(office: httpx2.AsyncClient) -> None:
    page = await office.get("/people/new")
    csrf = page.text.partition('name="csrf" value="')[2].partition('"')[0]
    for odd in ("a\0b", "x" * 5000, "\ud83d".encode("utf-8", "surrogatepass").decode("latin-1")):
        for field in ("name", "title", "phone", "role", "place"):
            given = {"name": "甲乙", "title": "某人", "phone": "", "role": "inspector", "place": "110109005"}
            answer = await office.post("/people/new", data={**given, field: odd, "csrf": csrf})
            assert answer.status_code < 500, (field, odd[:9])
    for field in ("name", "number", "opens", "closes", "names", "inspectors[]", "checklists[]", "towns[]"):
        for odd in ("a\0b", "0001-01-01", "9999-12-31"):
            given = {
                "name": "试", "number": "T-1", "type": "monthly", "opens": "2026-11-01", "closes": "2026-11-30",
                "checklists[]": "RE", "scope": "all", "mode": "own", "inspectors[]": str(SOME), "csrf": csrf,
            }  # fmt: skip
            answer = await office.post("/rounds/new", data={**given, field: odd})
            assert answer.status_code < 500, (field, odd)


async def test_a_token_in_strange_letters_is_a_wrong_token(office: httpx2.AsyncClient) -> None:
    for token in ("é", "票", "", "\ufffd"):
        answer = await office.post("/sign-out", data={"csrf": token})
        assert answer.status_code == 403, token
