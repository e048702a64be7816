"""More posts for an account, and the end of one: who may give what to whom, and what is refused."""

from datetime import timedelta
from uuid import UUID

import httpx2
import pytest
from starlette.applications import Starlette

from tests.villages.desk import browser, make_app, person, post, sign_in
from villages.ground import clock
from villages.ground.settings import Settings
from villages.models import Change, Post
from villages.people import posts_of

TOWN, ELSEWHERE = "110109105", "110109107"
VILLAGE, NEXT, FAR = "110109105210", "110109105211", "110109107201"


@pytest.fixture
def app(district: Settings) -> Starlette:
    return make_app(district)


async def _signed_in(app: Starlette, name: str, *posts: tuple[str, str]) -> httpx2.AsyncClient:
    await person(name, *posts)
    client = browser(app)
    await sign_in(client, name)
    return client


def _today(days: int = 0) -> str:
    return (clock.local(clock.now()).date() + timedelta(days=days)).isoformat()


async def _add(client: httpx2.AsyncClient, who: UUID, role: str, place: str, **more: str) -> httpx2.Response:
    fields = {"role": role, "place": place, "since": _today(), "until": "", **more}
    return await post(client, f"/people/{who}/posts", "/people/new", **fields)


async def test_a_post_is_added_shown_with_its_dates_and_ended(app: Starlette) -> None:
    office = await _signed_in(app, "office", ("district_office", "110109"))
    anna = await person("anna", ("inspector", TOWN))
    form = (await office.get(f"/people/{anna.id}/posts/new", params={"role": "inspector"})).text
    assert "增加岗位" in form and f'value="{ELSEWHERE}"' in form
    added = await _add(office, anna.id, "inspector", ELSEWHERE, until=_today(30))
    assert added.status_code == 303 and added.headers["location"].endswith("?done=person.post_add")
    assert {(one.role, one.place) for one in await posts_of(anna.id)} == {
        ("inspector", TOWN), ("inspector", ELSEWHERE)
    }  # fmt: skip
    page = (await office.get(added.headers["location"])).text
    assert "岗位已增加" in page and "至" in page and "清水镇 · 检查员" in page
    first = await Post.get(person_id=anna.id, place=TOWN)
    ended = await post(office, f"/people/{anna.id}/posts/{first.id}/end", f"/people/{anna.id}")
    assert ended.status_code == 303
    assert [one.place for one in await posts_of(anna.id)] == [ELSEWHERE]
    row = await Post.get(id=first.id)
    line = await Change.get(verb="person.post_end")
    assert row.ended and row.until == clock.local(clock.now()).date() and row.rev == line.rev
    assert (line.post, line.subject_kind, line.subject_id) == ("district_office", "person", str(anna.id))
    assert "已结束" in (await office.get(f"/people/{anna.id}")).text
    again = await post(office, f"/people/{anna.id}/posts/{first.id}/end", f"/people/{anna.id}")
    assert again.status_code == 409


async def test_a_post_that_begins_later_gives_nothing_today(app: Starlette) -> None:
    office = await _signed_in(app, "office", ("district_office", "110109"))
    anna = await person("anna", ("inspector", TOWN))
    assert (await _add(office, anna.id, "town_operator", TOWN, since=_today(3))).status_code == 303
    assert [one.role for one in await posts_of(anna.id)] == ["inspector"]
    assert "尚未到任" in (await office.get(f"/people/{anna.id}")).text


@pytest.mark.parametrize(
    ("held", "role", "place"),
    [
        ([("village_committee", VILLAGE)], "village_committee", FAR),  # not the town's village
        ([("village_committee", VILLAGE)], "town_operator", TOWN),  # not a role a town gives
        ([("village_committee", VILLAGE)], "admin", "110109"),
        ([("village_committee", VILLAGE)], "nobody", VILLAGE),
        ([("village_committee", VILLAGE)], "village_committee", "110109105"),  # no village's code
        ([("town_operator", TOWN)], "village_committee", VILLAGE),  # an account beyond the town's reach
        ([("village_committee", VILLAGE), ("district_office", "110109")], "village_committee", NEXT),
    ],
)
async def test_a_town_gives_only_what_is_its_own(
    app: Starlette, held: list[tuple[str, str]], role: str, place: str
) -> None:
    town = await _signed_in(app, "town", ("town_operator", TOWN))
    other = await person("other", *held)
    count = await Change.all().count()
    assert (await _add(town, other.id, role, place)).status_code == 404
    assert await Change.all().count() == count and await Post.filter(person_id=other.id).count() == len(held)


async def test_a_town_gives_its_villages(app: Starlette) -> None:
    town = await _signed_in(app, "town", ("town_operator", TOWN))
    other = await person("other", ("village_committee", VILLAGE))
    assert (await _add(town, other.id, "village_committee", NEXT)).status_code == 303
    assert {one.place for one in await posts_of(other.id)} == {VILLAGE, NEXT}


async def test_nobody_gives_themselves_anything_or_ends_their_own(app: Starlette) -> None:
    admin = await _signed_in(app, "boss", ("admin", "110109"))
    me = (await Post.get(place="110109", role="admin")).person_id  # type: ignore[attr-defined]
    refused = await _add(admin, me, "district_office", "110109")
    assert refused.status_code == 422 and "不能调整自己的岗位" in refused.text
    assert "增加岗位" not in (await admin.get(f"/people/{me}")).text
    mine = await Post.get(person_id=me)
    ended = await post(admin, f"/people/{me}/posts/{mine.id}/end", "/people/new")
    assert ended.status_code == 422 and not (await Post.get(id=mine.id)).ended


async def test_what_makes_no_sense_is_said_on_the_form(app: Starlette) -> None:
    office = await _signed_in(app, "office", ("district_office", "110109"))
    anna = await person("anna", ("inspector", TOWN))
    count = await Change.all().count()
    for more, told in (
        ({"since": "昨天"}, "不是日期"),
        ({"since": ""}, "还没有选择开始日期"),
        ({"place": ""}, "还没有选择“管辖范围”"),
        ({"until": _today(-1)}, "结束日期不能早于"),
        ({"since": _today(5), "until": _today(4)}, "结束日期不能早于"),
        ({"since": _today(9999)}, "十年以内"),
    ):
        refused = await _add(office, anna.id, "inspector", **{"place": ELSEWHERE, **more})
        assert refused.status_code == 422 and told in refused.text, more
    twice = await _add(office, anna.id, "inspector", TOWN)
    assert twice.status_code == 422 and "已有这个岗位" in twice.text
    only = await Post.get(person_id=anna.id)
    last = await post(office, f"/people/{anna.id}/posts/{only.id}/end", f"/people/{anna.id}")
    assert last.status_code == 422 and "唯一的岗位" in last.text
    assert await Change.all().count() == count


async def test_a_form_without_its_token_does_nothing(app: Starlette) -> None:
    office = await _signed_in(app, "office", ("district_office", "110109"))
    anna = await person("anna", ("inspector", TOWN))
    bare = {"role": "inspector", "place": ELSEWHERE, "since": _today()}
    assert (await office.post(f"/people/{anna.id}/posts", data=bare)).status_code == 403
    assert await Post.filter(person_id=anna.id).count() == 1
