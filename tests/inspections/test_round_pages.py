"""The desk's pages of rounds, over the real application parts: sign-in cookie, token, table of who may."""

import html
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
from starlette.applications import Starlette

import inspections.pages
import villages.pages
from inspections.models import Assignment, Inspection, Round
from inspections.queries import previous_inspection, seen_rounds, visits_of, whole_inspection
from inspections.rounds import assigned_posts
from tests.inspections.round_world import (
    DISTRICT,
    JUNZHUANG,
    Visit,
    a_round,
    person,
    today,
    towns,
    visit,
    who,
    world,
)
from villages.ground import database
from villages.ground.problems import Problem
from villages.models import Change, Person
from villages.people import open_session
from villages.permissions import OFFICE
from villages.web import COOKIE, problem_response

WANGPING = "110109005"


@dataclass
class Cast:
    office: Person
    team: Person
    town: Person
    committee: Person
    guest: Person
    app: Starlette


@pytest.fixture
async def cast(tmp_path: Path) -> AsyncIterator[Cast]:
    async with world(tmp_path) as settings:
        app = Starlette(
            routes=[*inspections.pages.routes, *villages.pages.routes],
            exception_handlers={Problem: problem_response},
        )
        app.state.secret = settings.secret()
        app.state.more_posts = assigned_posts
        village = (await towns())[JUNZHUANG][0]
        yield Cast(
            await person("office", ("district_office", DISTRICT), title="周主任"),
            await person("team", ("inspector", DISTRICT), title="区检查组甲"),
            await person("town", ("town_operator", JUNZHUANG), title="军庄镇专管员"),
            await person("committee", ("village_committee", village), title="村委会"),
            await person("guest", ("inspector", WANGPING), title="王平镇检查员"),
            app,
        )


class Desk:
    """A browser of one person: posts with the page's token."""

    def __init__(self, app: Starlette, token: str) -> None:
        self.client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app), base_url="http://desk", cookies={COOKIE: token}
        )

    async def get(self, path: str) -> Any:
        return await self.client.get(path)

    async def text(self, path: str) -> str:
        answer = await self.client.get(path)
        assert answer.status_code == 200, answer.text
        inline = re.sub(
            r'<span class="whole">(.*?)</span>', r"\1", answer.text
        )  # names in a row, said without a gap
        return html.unescape(re.sub(r"<[^>]+>|\s+", " ", inline))

    async def post(self, path: str, data: dict[str, Any], page: str = "/rounds") -> Any:
        found = re.search(r'name="csrf" value="(\w+)"', (await self.client.get(page)).text)
        assert found
        return await self.client.post(path, data={"csrf": found[1], **data})


async def desk(cast: Cast, one: Person) -> Desk:
    _, token = await open_session(one, "desk", device=None, label="test")
    return Desk(cast.app, token)


def filled(cast: Cast, **more: Any) -> dict[str, Any]:
    return {
        "name": "十一月检查", "number": "2026-11-M", "type": "monthly", "opens": today().isoformat(),
        "closes": (today() + timedelta(days=5)).isoformat(), "checklists[]": ["RE"], "scope": "all",
        "inspectors[]": [str(cast.team.id)], "mode": "own", **more,
    }  # fmt: skip


async def test_the_office_opens_a_round_by_the_form(cast: Cast) -> None:
    office = await desk(cast, cast.office)
    form = await office.text("/rounds/new")
    assert "区检查组甲" in form and "军庄镇 8" in re.sub(r"\s+", " ", form)
    answer = await office.post("/rounds/new", filled(cast, scope="towns", **{"towns[]": [JUNZHUANG]}))
    found = await Round.get()
    assert answer.status_code == 303 and answer.headers["location"] == f"/rounds/{found.id}?done=round.open"
    assert await Assignment.all().count() == 8
    line = await Change.get(rev=found.rev)
    assert (line.person, line.post, line.verb) == (cast.office.id, OFFICE, "round.open")
    page = await office.text(f"/rounds/{found.id}?done=round.open")
    assert "批次已开启" in page and "军庄镇" in page
    assert "十一月检查" in await office.text("/rounds")


async def test_pasted_names_open_a_round_and_each_bad_line_is_named(cast: Cast) -> None:
    office = await desk(cast, cast.office)
    bad = filled(cast, scope="list", names="爨底下村\n桑峪村\n火星村")
    answer = await office.post("/rounds/new", bad)
    text = html.unescape(answer.text)
    assert answer.status_code == 422 and not await Round.exists()
    assert "第 2 行“桑峪村”" in text and "第 3 行“火星村”" in text
    assert "爨底下村\n桑峪村" in text and f'value="{cast.team.id}" checked' in text  # nothing typed is lost
    answer = await office.post("/rounds/new", bad | {"names": "爨底下村\n斋堂镇桑峪村"})
    assert answer.status_code == 303 and await Assignment.all().count() == 2


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"opens": "昨天"}, "不是日期"),
        ({"opens": ""}, "还没有选开始日期"),
        ({"checklists[]": []}, "检查单"),
        ({"inspectors[]": ["x"]}, "检查员"),
        ({"scope": "towns"}, "还没有选镇"),
        ({"scope": ""}, "还没有选村的范围"),
        ({"scope": "all", "names": "安家庄村"}, "范围选的不是它"),
        ({"scope": "list", "names": "安家庄村", "towns[]": [JUNZHUANG]}, "范围选的不是它"),
        ({"scope": "list", "names": " "}, "名单里还没有村"),
        ({"name": "<b>"}, "十一月"),
    ],
)
async def test_a_wrong_form_comes_back_with_the_reason(cast: Cast, wrong: dict[str, Any], told: str) -> None:
    office = await desk(cast, cast.office)
    await a_round([cast.team.id], name="十一月检查", number="2026-11-M")
    answer = await office.post("/rounds/new", filled(cast, **wrong))
    assert answer.status_code in (409, 422) and "<b><b>" not in answer.text
    if "name" not in wrong:
        assert told in html.unescape(answer.text)
    assert await Round.all().count() == 1


async def test_the_next_round_is_offered_as_the_last_one_was(cast: Cast) -> None:
    office = await desk(cast, cast.office)

    async def ticked() -> set[str]:
        page = (await office.get("/rounds/new")).text
        return {match[0] for match in re.findall(r'value="([^"]+)"( checked)', page)}

    assert await ticked() == {"all", "own", str(cast.team.id), str(cast.guest.id)}
    await a_round([cast.guest.id], villages=[JUNZHUANG], mode="crossed", checklists=["PO"])
    assert await ticked() == {"towns", JUNZHUANG, "crossed", "PO", str(cast.guest.id)}
    two = (await towns())[JUNZHUANG][:2]
    await a_round([cast.team.id], villages=two, name="二", number="2")
    await a_round(
        [cast.guest.id], villages=two, name="三", number="3", type="special"
    )  # another kind of round
    assert await ticked() == {"list", "own", "RE", str(cast.team.id)}
    assert "\n".join(two) in (await office.get("/rounds/new")).text


async def test_a_second_round_of_the_month_is_offered_a_name_and_number_of_its_own(cast: Cast) -> None:
    office = await desk(cast, cast.office)

    async def offered() -> tuple[str, ...]:
        page = (await office.get("/rounds/new")).text
        return tuple(re.findall(r'name="(?:name|number)" type="text" value="([^"]*)"', page))

    month, code = f"{today().year}年{today().month}月月检查", f"{today():%Y-%m}-M"
    assert await offered() == (month, code)
    await a_round([cast.team.id], name="别的名称", number=code)
    second = await offered()
    assert second == (f"{month}（第2次）", f"{code}2")
    await a_round([cast.team.id], name=second[0], number="x")
    assert await offered() == (f"{month}（第3次）", f"{code}3")


async def test_a_form_without_the_pages_token_does_nothing(cast: Cast) -> None:
    office = await desk(cast, cast.office)
    found = await a_round([cast.team.id])
    for path, data in (
        ("/rounds/new", filled(cast, name="另一批", number="2")),
        (f"/rounds/{found.id}/close", {}),
        (f"/rounds/{found.id}/publish", {"missing": "178"}),
        (f"/rounds/{found.id}/withdrawals", {"person": str(cast.team.id), "reason": "假"}),
    ):
        answer = await office.client.post(path, data={**data, "csrf": "0" * 40})
        assert answer.status_code == 403
    assert [one.stage for one in await Round.all()] == ["started"]
    assert not await Assignment.exists(stage="withdrawn")


async def test_nobody_below_opens_closes_publishes_or_withdraws_the_districts_round(cast: Cast) -> None:
    found = await a_round([cast.team.id])
    await visit(found, cast.team, Visit((await towns())[JUNZHUANG][0]))
    for one in (cast.town, cast.team, cast.guest):
        other = await desk(cast, one)
        if one is not cast.town:  # a town opens its own self-checks
            assert (await other.get("/rounds/new")).status_code == 403
            assert (
                await other.post("/rounds/new", filled(cast, name="另一批", number="2"))
            ).status_code == 403
        for act, data in (("close", {}), ("publish", {"missing": "177"}), ("withdrawals", {})):
            answer = await other.post(f"/rounds/{found.id}/{act}", data)
            assert answer.status_code in (403, 404), (one.name, act)
    assert [one.stage for one in await Round.all()] == ["started"]


async def test_a_town_opens_its_own_self_check(cast: Cast) -> None:
    local = await person("local", ("inspector", JUNZHUANG), title="军庄镇检查员")
    town = await desk(cast, cast.town)
    page = await town.text("/rounds/new")
    assert "军庄镇检查员" in page and "王平镇检查员" not in page
    whole = (await town.get("/rounds/new")).text
    assert "交叉检查" not in whole and 'type="hidden" name="mode" value="own"' in whole, (
        "nobody to cross with"
    )
    answer = await town.post("/rounds/new", filled(cast, **{"inspectors[]": [str(local.id)], "type": "self"}))
    assert answer.status_code == 303
    found = await Round.get()
    assert found.owner == JUNZHUANG
    names = filled(cast, scope="list", names="安家庄村", name="二", number="2")
    assert "没有找到这个村" in (await town.post("/rounds/new", names)).text


async def test_a_planned_round_is_told_to_nobody_it_will_visit(cast: Cast) -> None:
    found = await a_round([cast.team.id, cast.guest.id], villages=[JUNZHUANG], start=False)
    for one, sees in ((cast.office, True), (cast.guest, True), (cast.town, False), (cast.committee, False)):
        other = await desk(cast, one)
        assert ((await other.get(f"/rounds/{found.id}")).status_code == 200) is sees, one.name
        assert ("十一月检查" in await other.text("/rounds")) is sees, one.name
    office = await desk(cast, cast.office)
    assert (await office.post(f"/rounds/{found.id}/start", {})).status_code == 303
    for one in (cast.town, cast.committee):
        assert "十一月检查" in await (await desk(cast, one)).text(f"/rounds/{found.id}")


async def test_each_sees_only_their_own_villages_of_a_round(cast: Cast) -> None:
    found = await a_round([cast.team.id])
    own, neighbour = (await towns())[JUNZHUANG][:2]
    far = (await towns())[WANGPING][0]
    made = {code: await visit(found, cast.team, Visit(code, score)) for code, score in (
        (own, "81.0"), (neighbour, "82.5"), (far, "93.5"),
    )}  # fmt: skip
    for one, seen in (
        (cast.office, {own, neighbour, far}), (cast.town, {own, neighbour}), (cast.committee, {own}),
        (cast.guest, {far}),
    ):  # fmt: skip
        page = (await (await desk(cast, one)).get(f"/rounds/{found.id}")).text
        linked = {UUID(text) for text in re.findall(r'href="/inspections/([0-9a-f-]{36})"', page)}
        assert linked == {made[code].id for code in seen}, one.name
        for code in set(made) - seen:
            assert str(made[code].score) not in page, one.name


async def test_a_round_out_of_reach_is_not_found(cast: Cast) -> None:
    found = await a_round([cast.team.id], villages=[JUNZHUANG])
    stranger = await person("stranger", ("town_operator", WANGPING))
    department = await person("department", ("line_department", "110109-d03"))
    for one in (stranger, department):
        other = await desk(cast, one)
        assert (await other.get(f"/rounds/{found.id}")).status_code == 404
        assert "十一月检查" not in await other.text("/rounds")
    assert (
        await (await desk(cast, cast.office)).get("/rounds/00000000-0000-7000-8000-000000000000")
    ).status_code == 404


async def test_publishing_asks_with_what_is_missing_and_asks_again_when_it_changed(cast: Cast) -> None:
    found = await a_round([cast.team.id], villages=[JUNZHUANG])
    here = (await towns())[JUNZHUANG]
    await visit(found, cast.team, Visit(here[0], photos=("expected",), vetoed=True, grade="fail"))
    office = await desk(cast, cast.office)
    page = await office.text(f"/rounds/{found.id}/publish")
    assert "缺 7 份，仍然发布" in page and "一票否决" in page and "缺 1 张" in page
    await visit(found, cast.team, Visit(here[1], "88.0", "good"))
    answer = await office.post(f"/rounds/{found.id}/publish", {"missing": "7"})
    assert answer.status_code == 409 and "缺 6 份，仍然发布" in answer.text
    assert (await Round.get()).stage == "started"
    answer = await office.post(f"/rounds/{found.id}/publish", {"missing": "6"})
    assert answer.status_code == 303 and (await Round.get()).stage == "published"
    assert sorted((one.score, one.district_rank) for one in await Inspection.all()) == [(88, 1), (90, 2)]
    page = await office.text(f"/rounds/{found.id}")
    assert "全区名次" in page and "暂列" not in page and "发布结果" not in page
    assert (await office.get(f"/rounds/{found.id}/publish")).status_code == 303


async def test_closing_and_withdrawing_by_the_page(cast: Cast) -> None:
    found = await a_round([cast.team.id, cast.guest.id], villages=[JUNZHUANG])
    office = await desk(cast, cast.office)
    answer = await office.post(
        f"/rounds/{found.id}/withdrawals", {"person": str(cast.guest.id), "reason": "请假"}
    )
    assert answer.status_code == 303
    assert await Assignment.filter(person=cast.guest.id, stage="withdrawn").count() == 8
    for data in ({"person": str(cast.guest.id), "reason": ""}, {"person": "x", "reason": "y"}):
        assert (await office.post(f"/rounds/{found.id}/withdrawals", data)).status_code in (404, 422)
    assert (await office.post(f"/rounds/{found.id}/close", {})).status_code == 303
    assert (await Round.get()).stage == "closed"
    page = await office.text(f"/rounds/{found.id}?done=round.close")
    assert "已结束" in page and "结束检查" not in page


async def test_cards_are_offered_to_whoever_may_print_them(cast: Cast) -> None:
    found = await a_round([cast.team.id], villages=[JUNZHUANG])
    await visit(found, cast.team, Visit((await towns())[JUNZHUANG][0], "70.0", "pass"))
    admin = await person("admin", ("admin", DISTRICT), title="系统管理员")
    for one, offered in ((cast.office, True), (cast.town, True), (admin, False)):
        page = await (await desk(cast, one)).text(f"/rounds/{found.id}")
        assert ("打印评分表" in page) is offered, one.title


async def test_the_filter_leaves_what_its_figure_says(cast: Cast) -> None:
    found = await a_round([cast.team.id], villages=[JUNZHUANG], checklists=["RE", "PO"])
    here = (await towns())[JUNZHUANG]
    await visit(found, cast.team, Visit(here[0], "70.0", "pass", late=True))
    await visit(found, cast.team, Visit(here[1], "95.0", photos=("expected", "stored")))
    await visit(found, cast.team, Visit(here[2], checklist="PO"))
    office = await desk(cast, cast.office)
    for show, count in (("", 8), ("done", 2), ("missing", 6), ("late", 1), ("photos", 1), ("doubt", 0)):
        page = (await office.get(f"/rounds/{found.id}?checklist=RE&show={show}")).text
        assert f'<span class="count">{count} 个村</span>' in page
        assert page.count('data-label="检查时间"') + page.count('href="/villages/') == count
    page = (await office.get(f"/rounds/{found.id}?checklist=PO&show=done&order=village")).text
    assert '<span class="count">1 个村</span>' in page
    assert (await office.get(f"/rounds/{found.id}?checklist=zz&show=zz&town=zz")).status_code == 200


async def test_counts_of_both_checklists_open_the_visits_of_both(cast: Cast) -> None:
    found = await a_round([cast.team.id], villages=[JUNZHUANG], checklists=["RE", "PO"])
    here = (await towns())[JUNZHUANG]
    await visit(found, cast.team, Visit(here[0], "70.0", "pass", late=True))
    await visit(found, cast.team, Visit(here[1], "95.0", photos=("expected", "stored")))
    await visit(found, cast.team, Visit(here[2], "88.0", checklist="PO", late=True))
    office = await desk(cast, cast.office)
    page = (await office.get("/rounds")).text
    for show, count in (("done", 3), ("late", 2), ("photos", 1)):
        link = f"/rounds/{found.id}?show={show}"
        assert f'<a href="{link}">{count}</a>' in page
        behind = (await office.get(link)).text
        assert f'<span class="count">{count} 份</span>' in behind
        assert behind.count('data-label="检查时间"') == count
    page = (await office.get(f"/rounds/{found.id}?show=missing")).text
    assert '<span class="count">13 份</span>' in page and page.count('href="/villages/') == 8, "each once"
    assert len(re.findall(r'class="whole">(?:农村人居环境|诗画乡村)', page)) == 13 and "8 个村，13 份" in page
    page = (await office.get(f"/rounds/{found.id}")).text
    assert page.count("诗画乡村</td>") == 1 and page.count("农村人居环境</td>") == 2
    assert "3<small> / 16 份</small>" in page and "平均分" not in page, (
        "unlike checklists have no common average"
    )


async def test_a_rounds_page_asks_the_same_few_questions_for_one_village_or_all(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    client = type(database.connections.get("reader"))
    for name in ("execute_query", "execute_query_dict"):
        real = getattr(client, name)

        async def counting(self: Any, query: str, *rest: Any, real: Any = real, **more: Any) -> Any:
            asked.append(query)
            return await real(self, query, *rest, **more)

        monkeypatch.setattr(client, name, counting)
    counts = []
    few = await a_round([cast.team.id], name="小", number="1", villages=[(await towns())[JUNZHUANG][0]])
    many = await a_round([cast.team.id], name="大", number="2")
    for found in (few, many):
        await visit(found, cast.team, Visit((await towns())[JUNZHUANG][0], photos=("expected",)))
    for code in (await towns())[WANGPING][:5]:
        await visit(many, cast.team, Visit(code))
    seen = await who(cast.office)
    for found in (few, many):
        asked.clear()
        assert [one.id for one in await seen_rounds(seen, found.id)] == [found.id]
        visits = await visits_of(found, ["110109"])
        counts.append((len(visits), len(asked)))
    assert [count for count, _ in counts] == [1, 178]
    assert counts[0][1] == counts[1][1] <= 16


async def test_one_inspection_whole_and_the_one_before(cast: Cast) -> None:
    first = await a_round([cast.team.id], name="九月", number="9", villages=[JUNZHUANG])
    second = await a_round([cast.team.id], name="十月", number="10", villages=[JUNZHUANG])
    own = await a_round([cast.team.id], name="自查", number="z", owner=JUNZHUANG, type="self")
    code, other = (await towns())[JUNZHUANG][:2]
    before = await visit(first, cast.team, Visit(code, days_ago=30))
    await visit(own, cast.team, Visit(code, days_ago=10))  # a self-check is another thing
    await visit(first, cast.team, Visit(code, checklist="PO", days_ago=5))
    now = await visit(second, cast.team, Visit(code, photos=("stored",)))
    found = await previous_inspection(now)
    assert found is not None and found.id == before.id
    assert await previous_inspection(before) is None
    await Inspection.filter(id=before.id).update(stage="void")
    assert await previous_inspection(now) is None
    whole = await whole_inspection(await who(cast.committee), now.id)
    assert (whole.round.name, whole.people[cast.team.id], len(whole.photos)) == ("十月", "区检查组甲", 2)
    assert {one.role for one in whole.photos} == {"scene", "before"}
    elsewhere = await visit(second, cast.team, Visit(other))
    with pytest.raises(Problem) as refused:
        await whole_inspection(await who(cast.committee), elsewhere.id)
    assert refused.value.code == "not_found"
