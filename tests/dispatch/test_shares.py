"""抽取比例: who sets them, what they do from then on, and that the page says who did it when."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.applications import Starlette

from dispatch.look_backs import usual_share
from dispatch.models import Task
from dispatch.shares import shares_of
from tests.dispatch.desk_house import DISTRICT, a_task, at_desk, house, said
from villages.models import Change, ChangeBody, DistrictHead


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[Starlette]:
    async with house(tmp_path) as made:
        yield made


async def test_the_office_sets_them_and_the_page_says_who_did(app: Starlette) -> None:
    async with at_desk(app, "office") as office:
        page = await office.get("/shares")
        assert "20% 镇街复核通过" in said(page) and "还没有调整过" in page
        form = await office.form("/shares", "/shares")
        assert (form.fields["check_share"], form.fields["look_back_share"]) == ("20", "15")
        for _ in range(2):  # tapped twice: one line
            assert (await office.send(form, check_share="100", look_back_share="18")).status_code in (
                200,
                303,
            )
        page = said(await office.get("/shares?done=shares.set"))
        assert (
            "区级抽核比例由 20% 改为 100%，回头看抽取比例由 15% 改为 18%" in page and "抽取比例已保存" in page
        )
        line = await Change.get(verb="shares.set")
        head = await DistrictHead.get(district=DISTRICT)
        assert head.settings_rev == line.rev, "tablets read it from the settings row"
        assert head.settings["limits"]["push_commands"] == 50, "nothing else is touched"
        assert await usual_share(DISTRICT) == 18
        await office.send(await office.form("/shares", "/shares"), look_back_share="18", check_share="90")
        assert said(await office.get("/shares")).count("改为") == 3, "only what moved is told"


async def test_from_then_on_every_passed_task_is_checked_or_few(app: Starlette) -> None:
    async with (
        at_desk(app, "office") as office,
        at_desk(app, "village") as village,
        at_desk(app, "town") as town,
    ):
        for share, stage in (("100", "checked"), ("5", "closed")):
            await office.send(await office.form("/shares", "/shares"), check_share=share)
            shares = []
            for n in range(8):
                task = await a_task(text=f"{share}-{n}")
                await village.act(task, "submit", files=1)
                await town.act(task, "pass")
                shares.append((await Task.get(id=task)).stage)
                line = await Change.filter(verb="task.pass").order_by("-rev").first()
                assert line is not None
                assert f'"share":{share}' in str((await ChangeBody.get(id=line.id)).body)
            assert stage in shares and (share == "5" or set(shares) == {stage})


async def test_who_may_not_and_what_is_no_share(app: Starlette) -> None:
    async with at_desk(app, "town") as town, at_desk(app, "admin") as admin, at_desk(app, "office") as office:
        assert "/shares" not in await town.get("/")
        await town.get("/shares", 403)
        assert '<form class="fields"' not in await admin.get("/shares")
        token = (await admin.form("/password", "/password")).fields["csrf"]
        given = {"csrf": token, "check_share": "50", "look_back_share": "15"}
        assert (await admin.http.post("/shares", data=given)).status_code == 403
        form = await office.form("/shares", "/shares")
        for wrong, sentence in (
            ({"check_share": "4"}, "区级抽核比例须在 5% 至 100% 之间"),
            ({"look_back_share": "21"}, "回头看抽取比例须在 10% 至 20% 之间"),
            ({"check_share": "两成"}, "抽取比例请填整数"),
            ({"check_share": ""}, "抽取比例请填整数"),
        ):
            answer = await office.send(form, **wrong)
            assert answer.status_code == 422 and sentence in said(answer.text)
            assert all(not value or f'value="{value}"' in answer.text for value in wrong.values()), (
                "what was typed stays"
            )
    assert not await Change.filter(verb="shares.set").exists()


def test_what_a_database_says_is_kept_within_the_bounds() -> None:
    assert shares_of({}) == {"check_share": 20, "look_back_share": 15}
    assert shares_of({"limits": {"check_share": 0, "look_back_share": 50}}) == {
        "check_share": 0,
        "look_back_share": 20,
    }
    assert shares_of({"limits": {"check_share": 101}})["check_share"] == 100
