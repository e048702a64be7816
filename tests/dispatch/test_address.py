"""What printed codes lead to: the address that was set, in a demo the request's, never somebody's Host header."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from dispatch.models import Edition
from tests.dispatch.press_house import House, Sheet, house
from villages.models import Change, DistrictHead, Job

ADDRESS = "https://xuncun.example.cn"


@pytest.fixture
async def press(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as made:
        await DistrictHead.filter(kind="demo").update(kind="real")
        yield made


async def test_a_real_district_without_an_address_prints_nothing(press: House) -> None:
    found = await press.round()
    visit = await press.hand_in(Sheet(), found)
    count = await Change.all().count()
    headers = await press.bearer("office")
    for path in (f"/inspections/{visit.id}/scorecard.pdf", f"/rounds/{found.id}/scorecards.pdf"):
        refused = await press.get(path, **headers, Host="evil.example")
        assert refused.status_code == 409 and refused.json()["error"] == "no_address"
        assert "manage.py address" in refused.json()["message"]
    assert not await Edition.exists() and not await Job.exists() and await Change.all().count() == count


async def test_the_address_that_was_set_wins_over_the_hosts_name(press: House) -> None:
    press.app.state.settings = replace(press.app.state.settings, public_url=ADDRESS)
    found = await press.round()
    visit = await press.hand_in(Sheet(), found)
    headers = await press.bearer("office")
    assert (
        await press.get(f"/rounds/{found.id}/scorecards.pdf", **headers, Host="evil.example")
    ).status_code == 202
    assert (await Job.get()).args["base"] == ADDRESS
    assert (
        await press.get(f"/inspections/{visit.id}/scorecard.pdf", **headers, Host="evil.example")
    ).status_code == 200
