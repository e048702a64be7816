"""Signing in at the desk, one's own password, and forms that come from elsewhere."""

from datetime import timedelta
from urllib.parse import quote

import httpx2
import pytest
from starlette.applications import Starlette

from tests.villages.desk import PASSWORD, browser, make_app, person, post, sign_in, token
from villages.ground import clock
from villages.ground.settings import Settings
from villages.models import Change, Person, Session, SignInTry
from villages.pages import browser_label, local_path

TOWN = ("town_operator", "110109105")


@pytest.fixture
def app(district: Settings) -> Starlette:
    return make_app(district)


@pytest.fixture
def client(app: Starlette) -> httpx2.AsyncClient:
    return browser(app)


async def test_right_password_opens_the_page_that_was_asked_for(client: httpx2.AsyncClient) -> None:
    await person("zhang", TOWN)
    refused = await client.get("/villages?q=cdx")
    assert refused.status_code == 303
    assert refused.headers["location"] == "/sign-in?next=/villages%3Fq%3Dcdx"
    form = await client.get(refused.headers["location"])
    assert 'name="next" value="/villages?q=cdx"' in form.text
    answer = await sign_in(client, "zhang")
    assert (answer.status_code, answer.headers["location"]) == (303, "/villages")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie
    shown = await client.get("/villages")
    assert shown.status_code == 200
    assert "zhang的称呼" in shown.text and "镇街专管员" in shown.text and "演示数据" in shown.text


async def test_wrong_password_says_so_and_keeps_name_and_target(client: httpx2.AsyncClient) -> None:
    await person("zhang", TOWN)
    wrong = await sign_in(client, "zhang", "nearly")
    unknown = await sign_in(client, "nobody", "nearly")
    assert wrong.status_code == unknown.status_code == 401
    assert "用户名或密码不正确" in wrong.text
    assert 'value="zhang"' in wrong.text and 'name="next" value="/villages"' in wrong.text
    assert "nearly" not in wrong.text
    assert wrong.text.replace("zhang", "nobody") == unknown.text
    assert "set-cookie" not in wrong.headers


async def test_locked_account_says_when_to_come_back(client: httpx2.AsyncClient) -> None:
    await person("zhang", TOWN)
    for _ in range(5):
        await sign_in(client, "zhang", "nearly")
    locked = await sign_in(client, "zhang")
    assert locked.status_code == 429
    assert 0 < int(locked.headers["retry-after"]) <= 61
    assert "暂时锁定" in locked.text
    await SignInTry.filter(key="name:zhang").update(locked_until=clock.now() - timedelta(seconds=1))
    assert (await sign_in(client, "zhang")).status_code == 303


async def test_disabled_account_cannot_sign_in_nor_go_on(client: httpx2.AsyncClient) -> None:
    zhang = await person("zhang", TOWN)
    await sign_in(client, "zhang")
    await Person.filter(id=zhang.id).update(disabled=True)
    assert (await client.get("/villages")).headers["location"].startswith("/sign-in")
    answer = await sign_in(client, "zhang")
    assert answer.status_code == 401 and "已停用" in answer.text


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({}, True),
        ({"sec-fetch-site": "same-origin", "origin": "null"}, True),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"origin": "http://desk.test"}, True),
        ({"origin": "http://evil.test"}, False),
        ({"origin": "http://desk.test.evil.test"}, False),
        ({"origin": "null"}, False),
    ],
)
async def test_sign_in_form_of_another_site_is_refused(
    client: httpx2.AsyncClient, headers: dict[str, str], passes: bool
) -> None:
    await person("zhang", TOWN)
    answer = await client.post("/sign-in", data={"name": "zhang", "password": PASSWORD}, headers=headers)
    assert answer.status_code == (303 if passes else 403)
    assert ("set-cookie" in answer.headers) is passes


@pytest.mark.parametrize(
    ("asked", "goes"),
    [
        ("/tasks?stage=accepted", "/tasks?stage=accepted"),
        ("", "/"),
        ("//evil.test", "/"),
        ("/\\evil.test", "/"),
        ("/\t/evil.test", "/"),
        ("/a\\..\\b", "/"),
        ("https://evil.test/", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: x", "/"),
    ],
)
def test_sign_in_leads_only_into_the_house(asked: str, goes: str) -> None:
    assert local_path(asked) == goes


def test_browsers_are_named_by_app_and_machine() -> None:
    assert browser_label("Mozilla/5.0 (Linux; Android 9) MicroMessenger/8.0") == "微信 · 安卓"
    assert browser_label("curl/8") == "浏览器 · 电脑"


async def test_form_without_its_token_changes_nothing(client: httpx2.AsyncClient, app: Starlette) -> None:
    await person("zhang", TOWN)
    other = browser(app)
    await sign_in(client, "zhang")
    await sign_in(other, "zhang")
    fields = {"old": PASSWORD, "new": "another long one", "again": "another long one"}
    strange = token((await other.get("/password")).text)
    for csrf in ({}, {"csrf": ""}, {"csrf": strange}):
        refused = await client.post("/password", data=fields | csrf)
        assert refused.status_code == 403 and "页面已过期" in refused.text
    assert (await client.post("/sign-out")).status_code == 403
    assert (await client.get("/villages")).status_code == 200
    assert (await sign_in(browser(app), "zhang")).status_code == 303


@pytest.mark.parametrize(
    ("referer", "back"),
    [
        ("http://desk.test/people?role=inspector", "/people?role=inspector"),
        ("http://desk.test/sign-out", ""),  # only ever sent to
        ("http://desk.test//elsewhere.test/", ""),
        ("http://elsewhere.test/people", ""),
        ("http://[", ""),
        ("", ""),
    ],
)
async def test_a_refused_form_leads_back_to_its_page(
    client: httpx2.AsyncClient, app: Starlette, referer: str, back: str
) -> None:
    await person("zhang", TOWN)
    headers = {"referer": referer} if referer else {}
    out = await client.post("/people/new", data={"title": "某村"}, headers=headers)
    assert out.status_code == 401 and "刚才的内容没有提交" in out.text
    link = f"/sign-in?next={quote(back)}" if back else "/sign-in"
    assert f'<a class="button primary" href="{link}">去登录</a>' in out.text
    await sign_in(client, "zhang")
    old = await client.post("/people/new", data={"title": "某村"}, headers=headers)
    assert old.status_code == 403 and (">回到原来的页面</a>" in old.text) is bool(back)
    assert not back or f'href="{back}">回到原来的页面' in old.text
    seen = await client.get("/people/00000000-0000-4000-8000-000000000000")
    assert seen.status_code == 404 and "data-unsent" not in seen.text, "nothing was sent"


async def test_one_time_password_opens_only_its_own_change(client: httpx2.AsyncClient) -> None:
    await person("zhang", TOWN, must_change=True)
    await sign_in(client, "zhang")
    sent = await client.get("/villages")
    assert (sent.status_code, sent.headers["location"]) == (303, "/password?next=/villages")
    assert (await client.get("/")).headers["location"].startswith("/password")
    page = "/password?next=/villages"
    short = await post(client, "/password", page, old=PASSWORD, new="short", again="short")
    assert short.status_code == 422 and "至少 8 个字" in short.text
    unlike = await post(client, "/password", page, old=PASSWORD, new="new password", again="new passwort")
    assert unlike.status_code == 422 and "不一致" in unlike.text
    guess = await post(client, "/password", page, old="guess", new="new password", again="new password")
    assert guess.status_code == 422 and "原密码不正确" in guess.text
    good = {"old": PASSWORD, "new": "new password", "again": "new password", "next": "/villages"}
    changed = await post(client, "/password", page, **good)
    assert changed.headers["location"] == "/villages?done=person.password"
    assert "密码已修改" in (await client.get("/villages?done=person.password")).text
    assert (await sign_in(client, "zhang", "new password")).status_code == 303
    assert await Change.filter(verb="person.password").count() == 1


async def test_sign_out_ends_the_session_and_not_only_the_cookie(client: httpx2.AsyncClient) -> None:
    await person("zhang", TOWN, must_change=True)
    await sign_in(client, "zhang")
    kept = dict(client.cookies)
    out = await post(client, "/sign-out", "/password")
    assert out.headers["location"] == "/sign-in?done=sign-out"
    assert not client.cookies
    client.cookies.update(kept)
    assert (await client.get("/password")).headers["location"].startswith("/sign-in")


async def test_own_sign_ins_are_listed_and_ended(client: httpx2.AsyncClient, app: Starlette) -> None:
    await person("zhang", TOWN)
    li = await person("li", TOWN)
    phone, stranger = browser(app), browser(app)
    phone.headers["user-agent"] = "Android MicroMessenger"
    for one, name in ((client, "zhang"), (phone, "zhang"), (stranger, "li")):
        await sign_in(one, name)
    shown = (await client.get("/password")).text
    assert "微信 · 安卓" in shown and shown.count("退出该处") == 1
    other = await Session.get(label="微信 · 安卓")
    theirs = await Session.get(person_id=li.id)
    assert (await post(client, f"/password/sessions/{theirs.id}", "/password")).status_code == 404
    assert (await post(client, f"/password/sessions/{other.id}", "/password")).status_code == 303
    assert (await phone.get("/villages")).status_code == 303
    assert (await client.get("/villages")).status_code == 200
    assert (await stranger.get("/villages")).status_code == 200
