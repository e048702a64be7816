"""What a reviewer is told of two shots: how far apart they lie, and whether the same picture was used before."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from starlette.applications import Starlette

from dispatch.models import TaskPhoto
from dispatch.pages.showing import apart, metres
from dispatch.queries import ShownPhoto
from inspections.models import Photo
from tests.dispatch.desk_house import at_desk, house, jpeg, said, some_tasks
from villages.ground import clock

REUSED = "与以前用过的照片相同"


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[Starlette]:
    async with house(tmp_path) as made:
        yield made


def shot(**more: object) -> ShownPhoto:
    return ShownPhoto(uuid4(), "0" * 64, "after", None, None, "stored", False, **more)  # type: ignore[arg-type]


def test_a_degree_of_latitude_is_111_kilometres() -> None:
    assert 111_100 < metres((40.0, 116.0), (41.0, 116.0)) < 111_300
    assert 85_000 < metres((40.0, 116.0), (40.0, 117.0)) < 85_400, "shorter the further north"


def test_what_two_shots_say_of_each_other() -> None:
    now = clock.now()
    here, there = (39.9702, 115.9801), (39.9703, 115.9801)
    assert apart(shot(position=here), shot(position=there)) == "相距约 11 米"
    assert apart(shot(position=here, taken_at=now), shot(taken_at=now + timedelta(days=3))) == "相隔 3 天"
    assert apart(shot(taken_at=now), shot(taken_at=now + timedelta(minutes=5))) == "相隔 5 分钟"
    assert "早于整改前" in apart(shot(taken_at=now), shot(taken_at=now - timedelta(hours=1)))
    assert apart(shot(position=here), shot(position=(40.0702, 115.9801))) == "相距约 11.1 公里"
    assert apart(shot(), shot(position=here, taken_at=now)) == ""


async def test_the_same_picture_on_two_tasks_is_told_on_the_later_only(app: Starlette) -> None:
    first, second, third = await some_tasks(3)
    async with at_desk(app, "village") as village, at_desk(app, "town") as town:
        for task, picture in ((first, "one"), (second, "one"), (third, "other")):
            form = await village.form(f"/tasks/{task}", "/submit")
            assert (await village.send(form, [(form.files[0], jpeg(picture))])).status_code == 303
        assert [REUSED in await town.get(f"/tasks/{task}") for task in (first, second, third)] == [
            False, True, False,
        ]  # fmt: skip


async def test_the_distance_is_on_the_reviewers_page(app: Starlette) -> None:
    [task] = await some_tasks(1)
    async with at_desk(app, "village") as village, at_desk(app, "town") as town:
        form = await village.form(f"/tasks/{task}", "/submit")
        await village.send(form, [(form.files[0], jpeg("after"))])
        page = await town.get(f"/tasks/{task}")
        assert "data-slider" not in page and "两张照片" not in page, "nothing is known, nothing is said"
        after = await Photo.get(id=(await TaskPhoto.get(task_id=task, role="after")).photo)
        before = await TaskPhoto.get(task_id=task, role="before")
        await Photo.filter(id=after.id).update(position={"lat": 39.9705, "lng": 115.98}, taken_at=clock.now())
        await Photo.create(
            id=before.photo, sha256=before.sha256, size=1, mime="image/jpeg", person=after.person, home=after.home,
            town=after.town, rev=after.rev, state="stored", position={"lat": 39.97, "lng": 115.98}, taken_at=clock.now() - timedelta(hours=5, minutes=1),
        )  # fmt: skip
        page = await town.get(f"/tasks/{task}")
        assert "两张照片相距约 56 米，相隔 5 小时" in said(page) and "data-slider" in page
