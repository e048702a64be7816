"""Accounts: who may see, open, reset, disable and enrol whom."""

import re
from datetime import timedelta
from uuid import UUID

import httpx2
import pytest
from starlette.applications import Starlette

from tests.villages.desk import PASSWORD, browser, make_app, person, post, sign_in, slip_password
from villages.ground import clock
from villages.ground.ids import token_hash
from villages.ground.problems import Problem
from villages.ground.settings import Settings
from villages.models import Change, ChangeBody, Person, Post, Session, SignInTry, Ticket
from villages.people import open_session, redeem_ticket, who_by_token

WANGPING, ZHAITANG = "110109105", "110109107"
VILLAGE, OTHER = "110109105210", "110109107201"
COMMITTEE = {"role": "village_committee", "place": VILLAGE}


@pytest.fixture
def app(district: Settings) -> Starlette:
    return make_app(district)


@pytest.fixture
async def town(app: Starlette) -> httpx2.AsyncClient:
    """The operator of the town, signed in."""
    await person("town", ("town_operator", WANGPING))
    client = browser(app)
    await sign_in(client, "town")
    return client


async def _office(app: Starlette, role: str = "district_office") -> httpx2.AsyncClient:
    await person("office", (role, "110109"))
    client = browser(app)
    await sign_in(client, "office")
    return client


async def test_town_opens_its_villages_account_and_the_slip_lets_it_in(
    app: Starlette, town: httpx2.AsyncClient
) -> None:
    form = (await town.get("/people/new", params=COMMITTEE)).text
    assert f'value="{VILLAGE}" selected' in form and f'value="{OTHER}"' not in form
    slip = await post(
        town, "/people/new", "/people/new", name="anjia", title="某村村委会", phone="", **COMMITTEE
    )
    assert slip.status_code == 200 and slip.headers["cache-control"] == "no-store"
    assert "某村村委会" in slip.text and "http://desk.test/sign-in" in slip.text
    password = slip_password(slip.text)
    village = browser(app)
    assert (await sign_in(village, "anjia", password)).status_code == 303
    assert (await village.get("/villages")).headers["location"].startswith("/password")
    fields = {"old": password, "new": "our own word", "again": "our own word"}
    assert (await post(village, "/password", "/password", **fields)).status_code == 303
    assert (await village.get("/villages")).status_code == 200
    line = await Change.get(verb="person.create", post="town_operator")
    body = await ChangeBody.get(id=line.id)
    assert body.body and "anjia" in body.body and password not in body.body


async def test_a_form_without_a_place_comes_back_as_it_was_typed(
    app: Starlette, town: httpx2.AsyncClient
) -> None:
    blank = COMMITTEE | {"place": "", "name": "anjia", "title": "某村村委会", "phone": "13800000000"}
    page = await post(town, "/people/new", "/people/new", **blank)
    assert page.status_code == 422 and "还没有选择“哪个村”" in page.text
    assert all(f'value="{typed}"' in page.text for typed in ("anjia", "某村村委会", "13800000000"))
    assert (await post(town, "/people/new", "/people/new", **blank | {"place": OTHER})).status_code == 404
    assert not await Person.filter(name="anjia").exists()


async def test_reset_gives_a_new_word_ends_sign_ins_and_locks(
    app: Starlette, town: httpx2.AsyncClient
) -> None:
    anjia = await person("anjia", ("village_committee", VILLAGE))
    village = browser(app)
    await sign_in(village, "anjia")
    _, session = await open_session(anjia, "session", device=None, label="平板")
    _, deposit = await open_session(anjia, "deposit", device=None, label="平板")
    await SignInTry.create(
        key="name:anjia", misses=9, seen=clock.now(), locked_until=clock.now() + timedelta(hours=1)
    )
    assert (await sign_in(browser(app), "anjia")).status_code == 429
    slip = await post(town, f"/people/{anjia.id}/reset", f"/people/{anjia.id}")
    assert slip.status_code == 200 and "anjia" in slip.text
    assert (await village.get("/villages")).headers["location"].startswith("/sign-in")
    assert await who_by_token(session) is None
    assert await who_by_token(deposit) is not None
    assert (await sign_in(browser(app), "anjia")).status_code == 401
    assert (await sign_in(village, "anjia", slip_password(slip.text))).status_code == 303
    assert (await village.get("/villages")).headers["location"].startswith("/password")


ACTS = ("reset", "enrol", "disable")


async def _untouched(person_id: UUID, count: int) -> None:
    row = await Person.get(id=person_id)
    assert not row.disabled and not row.must_change
    assert await Ticket.all().count() == 0 and await Change.all().count() == count


@pytest.mark.parametrize(
    "posts",
    [
        [("village_committee", OTHER)],
        [("town_operator", WANGPING)],
        [("inspector", WANGPING)],
        [("district_office", "110109")],
        [("admin", "110109")],
        [("village_committee", VILLAGE), ("district_office", "110109")],
        [("village_committee", VILLAGE), ("village_committee", OTHER)],
        [],
    ],
)
async def test_town_finds_nobody_beyond_its_villages(
    town: httpx2.AsyncClient, posts: list[tuple[str, str]]
) -> None:
    other = await person("other", *posts)
    lines = await Change.all().count()
    assert (await town.get(f"/people/{other.id}")).status_code == 404
    assert str(other.id) not in (await town.get("/people")).text
    for act in ACTS:
        refused = await post(town, f"/people/{other.id}/{act}", "/people/new", disabled="yes")
        assert refused.status_code == 404 and "不在您的管辖范围内" in refused.text
    await _untouched(other.id, lines)


@pytest.mark.parametrize(
    ("role", "place"),
    [
        ("village_committee", OTHER),
        ("village_committee", WANGPING),
        ("village_committee", "110109105999"),
        ("town_operator", WANGPING),
        ("district_office", "110109"),
        ("admin", "110109"),
        ("nobody", VILLAGE),
    ],
)
async def test_town_hands_out_nothing_but_its_villages_posts(
    town: httpx2.AsyncClient, role: str, place: str
) -> None:
    answer = await post(
        town, "/people/new", "/people/new", name="fresh", title="新账号", phone="", role=role, place=place
    )
    assert answer.status_code == 404
    assert not await Person.exists(name="fresh")


async def test_office_makes_everyone_but_its_equals(app: Starlette) -> None:
    office = await _office(app)
    for role, place in (
        ("inspector", "110109"),
        ("town_operator", ZHAITANG),
        ("line_department", "110109-d03"),
    ):
        made = await post(
            office, "/people/new", "/people/new", name=role, title="某人", phone="", role=role, place=place
        )
        assert made.status_code == 200, role
        assert await Post.exists(role=role, place=place)
    for role in ("district_office", "admin"):
        refused = await post(
            office, "/people/new", "/people/new", name=role, title="某人", phone="", role=role, place="110109"
        )
        assert refused.status_code == 404


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": "a b"}, "不能有空格"),
        ({"name": "x"}, "2 至 40 个"),
        ({"title": ""}, "显示名称"),
        ({"phone": "电话"}, "电话只能"),
        ({"name": "town"}, "已有人使用"),
    ],
)
async def test_a_bad_field_is_named_and_the_others_kept(
    town: httpx2.AsyncClient, fields: dict[str, str], sentence: str
) -> None:
    given = {"name": "anjia", "title": "某村村委会", "phone": "", **COMMITTEE} | fields
    answer = await post(town, "/people/new", "/people/new", **given)
    assert answer.status_code == 422 and sentence in answer.text
    assert f'value="{given["name"]}"' in answer.text and f'value="{VILLAGE}" selected' in answer.text
    assert not await Person.exists(name="anjia")


async def test_disabled_is_out_everywhere_and_comes_back_only_by_signing_in(
    app: Starlette, town: httpx2.AsyncClient
) -> None:
    anjia = await person("anjia", ("village_committee", VILLAGE))
    village, page = browser(app), f"/people/{anjia.id}"
    await sign_in(village, "anjia")
    _, session = await open_session(anjia, "session", device=None, label="平板")
    off = await post(town, f"{page}/disable", page, disabled="yes")
    assert off.headers["location"] == f"{page}?done=person.disable"
    assert "已停用" in (await town.get(page)).text
    assert (await village.get("/villages")).headers["location"].startswith("/sign-in")
    assert (await sign_in(village, "anjia")).status_code == 401
    told = await who_by_token(session)
    assert told and told.disabled  # so that the tablet is told to wipe
    await post(town, f"{page}/disable", page, disabled="no")
    assert await who_by_token(session) is None
    assert (await village.get("/villages")).status_code == 303
    assert (await sign_in(village, "anjia")).status_code == 303


async def test_nobody_disables_themselves(app: Starlette) -> None:
    admin = await _office(app, "admin")
    own = await Person.get(name="office")
    answer = await post(admin, f"/people/{own.id}/disable", f"/people/{own.id}", disabled="yes")
    assert answer.status_code == 422 and "不能停用自己" in answer.text
    assert not (await Person.get(id=own.id)).disabled


async def test_a_tablets_ticket_works_once_and_dies_with_a_reset(town: httpx2.AsyncClient) -> None:
    anjia = await person("anjia", ("village_committee", VILLAGE))
    page = f"/people/{anjia.id}"
    shown = await post(town, f"{page}/enrol", page)
    assert shown.headers["cache-control"] == "no-store" and "data:image/png;base64," in shown.text
    first = await Ticket.get(person_id=anjia.id)
    assert first.expires - clock.now() <= timedelta(hours=24)
    assert not re.search(first.token_hash, shown.text)
    await post(town, f"{page}/reset", page)
    assert await Ticket.filter(used_at=None).count() == 0
    await Ticket.create(
        token_hash=token_hash("a ticket"), person_id=anjia.id, expires=clock.now() + timedelta(hours=1)
    )
    assert (await redeem_ticket("a ticket")).id == anjia.id
    with pytest.raises(Problem, match="已使用"):
        await redeem_ticket("a ticket")


async def test_sign_ins_of_an_account_are_ended_one_by_one(app: Starlette, town: httpx2.AsyncClient) -> None:
    anjia = await person("anjia", ("village_committee", VILLAGE))
    strange = await person("strange", ("village_committee", OTHER))
    village, other = browser(app), browser(app)
    await sign_in(village, "anjia")
    await sign_in(other, "strange")
    page = f"/people/{anjia.id}"
    theirs = await Session.get(person_id=strange.id)
    assert (await post(town, f"{page}/sessions/{theirs.id}", page)).status_code == 404
    own = await Session.get(person_id=anjia.id)
    assert (await post(town, f"{page}/sessions/{own.id}", page)).status_code == 303
    assert (await village.get("/villages")).status_code == 303
    assert (await other.get("/villages")).status_code == 200


async def test_list_is_filtered_and_names_the_villages_without_account(app: Starlette) -> None:
    office = await _office(app)
    for name, post_held in (
        ("anjia", ("village_committee", VILLAGE)),
        ("far", ("village_committee", OTHER)),
        ("water", ("line_department", "110109-d03")),
    ):
        await person(name, post_held)
    await Person.filter(name="far").update(disabled=True)

    async def names(**asked: str) -> set[str]:
        page = (await office.get("/people", params=asked)).text
        return set(re.findall(r'data-label="用户名">(\w+)<', page))

    assert await names() == {"anjia", "far", "water"}
    assert await names(role="village_committee") == {"anjia", "far"}
    assert await names(town=ZHAITANG) == {"far"}
    assert await names(state="off") == {"far"}
    assert await names(q="wat") == {"water"}
    # A village whose only account is disabled has none.
    assert "还有 177 个村没有账号" in (await office.get("/people")).text


@pytest.mark.parametrize("post_held", [("inspector", "110109"), ("village_committee", VILLAGE)])
async def test_people_are_not_everyones_business(app: Starlette, post_held: tuple[str, str]) -> None:
    anjia = await person("anjia", ("village_committee", VILLAGE))
    await person("plain", post_held)
    client = browser(app)
    await sign_in(client, "plain")
    for path in ("/people", "/people/new"):
        assert (await client.get(path)).status_code == 403
    assert (await client.get(f"/people/{anjia.id}")).status_code == 404
    assert "/people" not in (await client.get("/villages")).text


async def test_signed_out_or_without_token_nothing_is_done(app: Starlette, town: httpx2.AsyncClient) -> None:
    anjia = await person("anjia", ("village_committee", VILLAGE))
    lines = await Change.all().count()
    for act in ACTS:
        assert (await town.post(f"/people/{anjia.id}/{act}", data={"disabled": "yes"})).status_code == 403
        assert (await browser(app).post(f"/people/{anjia.id}/{act}")).status_code == 401
    assert (await town.post("/people/new", data=COMMITTEE | {"name": "xx", "title": "x"})).status_code == 403
    await _untouched(anjia.id, lines)
    assert (await sign_in(browser(app), "anjia", PASSWORD)).status_code == 303
