"""Finding a village as people look for it, within what one's posts reach."""

import re

import httpx2
import pytest

from tests.villages.desk import browser, make_app, person, sign_in
from villages.ground.settings import Settings


async def _client(settings: Settings, *posts: tuple[str, str]) -> httpx2.AsyncClient:
    await person("someone", *posts)
    client = browser(make_app(settings))
    await sign_in(client, "someone")
    return client


def _villages(html: str) -> list[str]:
    return re.findall(r'<a href="/villages/(\d{12})">', html)


@pytest.mark.parametrize("text", ["cdx", "爨底下", "川底下", "chuandixia", "CDX", " 爨 底下 "])
async def test_one_village_by_any_of_its_names(district: Settings, text: str) -> None:
    client = await _client(district, ("district_office", "110109"))
    page = (await client.get("/villages", params={"q": text})).text
    assert "川底下村" in page and "又名爨底下村" in page and "斋堂镇" in page
    assert len(_villages(page)) == 1


async def test_two_villages_of_one_name_stand_under_their_towns(district: Settings) -> None:
    client = await _client(district, ("district_office", "110109"))
    page = (await client.get("/villages", params={"q": "桑峪村"})).text
    assert len(_villages(page)) == 2
    assert re.findall(r'<h2 id="t\d+">(\S+) <small>', page) == ["潭柘寺镇", "斋堂镇"]


async def test_each_post_sees_the_villages_it_reaches(district: Settings) -> None:
    client = await _client(district, ("district_office", "110109"))
    everything = _villages((await client.get("/villages")).text)
    assert len(everything) == len(set(everything)) == 178
    await person("town", ("town_operator", "110109107"))
    await sign_in(client, "town")
    town = _villages((await client.get("/villages")).text)
    assert town == [code for code in sorted(everything) if code.startswith("110109107")]
    await person("village", ("village_committee", town[0]))
    await sign_in(client, "village")
    assert _villages((await client.get("/villages")).text) == town[:1]
    assert _villages((await client.get("/villages", params={"q": town[1]})).text) == []
    await person("water", ("line_department", "110109-d03"))
    await sign_in(client, "water")
    page = (await client.get("/villages")).text
    assert _villages(page) == [] and "没有管辖的村庄" in page


async def test_what_is_searched_for_is_shown_as_text(district: Settings) -> None:
    client = await _client(district, ("district_office", "110109"))
    page = (await client.get("/villages", params={"q": '"><script>x'})).text
    assert "<script>x" not in page and "没有找到这样的村" in page
