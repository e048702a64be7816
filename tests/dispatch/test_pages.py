"""A task through the desk's own pages: signed for, sent back once, passed, closed; and everything that must fail."""

import asyncio
import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from uuid import UUID

import pytest
from starlette.applications import Starlette

from dispatch.models import Step, Task, TaskPhoto
from inspections.models import Photo
from tests.dispatch.desk_house import (
    NEIGHBOUR,
    WATER,
    a_task,
    at_desk,
    counted,
    form_in,
    house,
    jpeg,
    said,
    some_tasks,
    verbs_in,
)
from villages.models import DistrictHead


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[Starlette]:
    async with house(tmp_path) as made:
        yield made


async def stage(task: UUID) -> str:
    return (await Task.get(id=task)).stage


async def rev() -> int:
    return (await DistrictHead.get(district="110109")).rev


async def test_the_whole_circle_of_a_critical_task(app: Starlette) -> None:
    task = await a_task("critical")
    async with (
        at_desk(app, "village") as village,
        at_desk(app, "town") as town,
        at_desk(app, "office") as office,
    ):
        assert str(task) in await village.get("/")
        assert (await village.act(task, "accept")).status_code == 303
        sent = await village.act(task, "submit", files=1)
        assert sent.status_code == 303 and await stage(task) == "submitted"
        assert "等待王平镇复核" in await village.get(sent.headers["location"])
        back = await town.act(task, "reject", phrase="仍有残留，未清理到位")
        assert back.status_code == 303 and await stage(task) == "accepted"
        assert "仍有残留，未清理到位" in await village.get(f"/tasks/{task}")
        await village.act(task, "submit", files=2, text="角落也扫了")
        passed = await town.act(task, "pass")
        assert passed.status_code == 303 and await stage(task) == "checked"
        assert f"/tasks/{task}" in await office.get("/tasks?stage=checked")
        assert (await office.act(task, "close")).status_code == 303
        assert await stage(task) == "closed"
        assert verbs_in(await office.get(f"/tasks/{task}")) == {"reopen", "sweep"}
    verbs = await Step.filter(task_id=task).order_by("rev").values_list("verb", flat=True)
    assert verbs == ["dispatch", "accept", "submit", "reject", "submit", "pass", "close"]
    after = await TaskPhoto.filter(task_id=task, role="after").values_list("photo", flat=True)
    assert len(after) == 3
    assert {one.state for one in await Photo.filter(id__in=after)} == {"stored"}
    assert all(app.state.blobs.size(one.sha256) == one.size for one in await Photo.filter(id__in=after))


async def test_a_form_sent_twice_does_nothing_twice(app: Starlette) -> None:
    task = await a_task()
    async with at_desk(app, "village") as village:
        form = await village.form(f"/tasks/{task}", "/submit")
        shots = [(form.files[0], jpeg("after"))]
        first = await village.send(form, shots)
        number = await rev()
        second, third = await asyncio.gather(village.send(form, shots), village.send(form, shots))
    assert [one.status_code for one in (first, second, third)] == [303, 303, 303]
    assert await rev() == number, "a repeat takes no number"
    assert await Step.filter(task_id=task, verb="submit").count() == 1
    assert await TaskPhoto.filter(task_id=task, role="after").count() == 1


async def test_two_taps_at_once_make_one_submission(app: Starlette) -> None:
    task = await a_task()
    async with at_desk(app, "village") as village:
        form = await village.form(f"/tasks/{task}", "/submit")
        shots = [(form.files[0], jpeg("after"))]
        answers = await asyncio.gather(*(village.send(form, shots) for _ in range(4)))
    assert {one.status_code for one in answers} == {303}
    assert await Step.filter(task_id=task, verb="submit").count() == 1


async def test_whoever_submitted_may_not_review(app: Starlette) -> None:
    task = await a_task()
    async with at_desk(app, "town") as town, at_desk(app, "town2") as other:
        form = await other.form(f"/tasks/{task}", "/submit")
        await town.act(task, "submit", files=1, text="替村里提交")
        page = await town.get(f"/tasks/{task}")
        assert "整改是由您提交的" in page and "pass" not in verbs_in(page)
        forged = form_in(await other.get(f"/tasks/{task}"), "/pass")
        mine = form_in(page, "/note")
        forged.fields["csrf"] = mine.fields["csrf"]
        refused = await town.send(forged)
        assert refused.status_code == 403 and "同一人不能办理" in refused.text
        assert await stage(task) == "submitted"
        assert (await other.act(task, "pass")).status_code == 303
        late = await other.send(form, [(form.files[0], jpeg("late"))], text="我也去清了一遍")
        assert late.status_code in (303, 409)


async def test_a_stale_page_says_so_and_keeps_the_words(app: Starlette) -> None:
    task = await a_task()
    async with at_desk(app, "village") as village, at_desk(app, "town") as town:
        form = await village.form(f"/tasks/{task}", "/submit")
        moved = await town.act(task, "reassign", unit=WATER, text="不归我镇")
        assert moved.status_code == 409 and "只能派给本村" in moved.text
        await town.act(task, "cancel", text="重复")
        answer = await village.send(form, [(form.files[0], jpeg("late"))], text="垃圾已经全部清走")
        assert answer.status_code == 409
        assert "已由他人办理" in answer.text and "作为备注保存" in answer.text
        assert "垃圾已经全部清走" in answer.text
    note = await Step.filter(task_id=task, verb="note").order_by("-rev").first()
    assert note is not None
    assert "垃圾已经全部清走" in note.text
    assert await TaskPhoto.filter(task_id=task, step=note.id).count() == 1


async def test_a_repeat_of_a_late_act_gets_the_same_sentence(app: Starlette) -> None:
    task = await a_task()
    async with at_desk(app, "village") as village, at_desk(app, "town") as town:
        form = await village.form(f"/tasks/{task}", "/submit")
        await town.act(task, "cancel", text="重复")
        shots = [(form.files[0], jpeg("late"))]
        first, second = (
            await village.send(form, shots, text="清了"),
            await village.send(form, shots, text="清了"),
        )
    assert first.status_code == second.status_code == 409
    assert "作为备注保存" in second.text
    assert await Step.filter(task_id=task, verb="note").count() == 1


async def test_other_places_do_not_exist(app: Starlette) -> None:
    task = await a_task()
    elsewhere = await a_task(village=NEIGHBOUR)
    async with at_desk(app, "village") as village, at_desk(app, "town3") as far:
        form = await village.form(f"/tasks/{task}", "/accept")
        await far.get(f"/tasks/{task}", 404)
        await village.get(f"/tasks/{elsewhere}", 404)
        await village.get(f"/villages/{NEIGHBOUR}", 404)
        form.action = f"/tasks/{elsewhere}/accept"
        assert (await village.send(form)).status_code == 404
        form.fields["csrf"] = (await far.form("/password", "/password")).fields["csrf"]
        form.action = f"/tasks/{task}/accept"
        assert (await far.send(form)).status_code == 404
    assert await stage(task) == await stage(elsewhere) == "dispatched"


async def test_a_form_without_its_token_is_refused(app: Starlette) -> None:
    task = await a_task()
    async with at_desk(app, "village") as village:
        form = await village.form(f"/tasks/{task}", "/accept")
        del form.fields["csrf"]
        refused = await village.send(form)
    assert refused.status_code == 403 and await stage(task) == "dispatched"


async def test_the_wrong_files_are_named_and_the_words_kept(app: Starlette) -> None:
    task = await a_task()
    async with at_desk(app, "village") as village:
        for data, status, sentence in (
            (jpeg("big", pad=20 << 20), 413, "超过上限 15 MB"),
            (b"%PDF-1.7 not a photo", 415, "不是照片"),
            (jpeg("cut")[:-20], 415, "不完整"),
        ):
            form = await village.form(f"/tasks/{task}", "/submit")
            answer = await village.send(form, [(form.files[0], data)], text="后街已扫净")
            assert answer.status_code == status and sentence in answer.text, said(answer.text)[:600]
            assert form_in(answer.text, "/submit").fields["text"] == "后街已扫净"
        none = await village.send(await village.form(f"/tasks/{task}", "/submit"), text="后街已扫净")
        assert none.status_code in (409, 422) and "现场照片" in none.text
    assert await stage(task) == "dispatched"
    assert await TaskPhoto.filter(task_id=task, role="after").count() == 0


async def test_the_camera_s_orientation_is_kept(app: Starlette) -> None:
    from PIL import Image

    task = await a_task()
    exif = Image.Exif()
    exif[0x0112] = 6
    import io

    out = io.BytesIO()
    Image.new("RGB", (40, 30)).save(out, "JPEG", exif=exif)
    async with at_desk(app, "village") as village:
        form = await village.form(f"/tasks/{task}", "/submit")
        await village.send(form, [(form.files[0], out.getvalue())])
        photo = await Photo.get(id=(await TaskPhoto.get(task_id=task, role="after")).photo)
        served = await village.http.get(f"/api/blobs/{photo.sha256}")
    assert served.content == out.getvalue()


async def test_what_one_may_do_is_what_there_are_forms_for(app: Starlette) -> None:
    task = await a_task()
    async with (
        at_desk(app, "village") as village,
        at_desk(app, "town") as town,
        at_desk(app, "office") as office,
    ):
        assert verbs_in(await village.get(f"/tasks/{task}")) == {
            "submit",
            "accept",
            "return",
            "extend",
            "note",
        }
        assert verbs_in(await town.get(f"/tasks/{task}")) == {
            "submit", "accept", "extend", "reassign", "cancel", "note", "urge", "split", "sweep",
        }  # fmt: skip
        assert verbs_in(await office.get(f"/tasks/{task}")) == {
            "reassign", "cancel", "supervise", "defer", "note", "urge", "split", "sweep",
        }  # fmt: skip
        await village.act(task, "return", phrase="设施产权属于其他单位")
        assert verbs_in(await village.get(f"/tasks/{task}")) == {"note"}
        assert (await office.act(task, "reassign", unit=WATER, text="产权属水务")).status_code == 303
    async with at_desk(app, "water") as water:
        assert str(task) in await water.get("/")
        assert (await water.act(task, "submit", files=1)).status_code == 303


async def test_the_review_queue_goes_on_by_itself(app: Starlette) -> None:
    tasks = await some_tasks(3)
    async with at_desk(app, "village") as village, at_desk(app, "town") as town:
        for task in tasks:
            await village.act(task, "submit", files=1)
        listed = await town.get("/tasks?stage=submitted")
        path = listed.split("逐项复核")[0].rpartition('href="')[2].split('"')[0].replace("&amp;", "&")
        seen = []
        for _ in tasks:
            seen.append(path.split("?")[0])
            answer = await town.send(await town.form(path, "/pass"))
            path = answer.headers["location"]
    assert len(set(seen)) == 3 and path.startswith("/tasks?stage=submitted")
    assert {await stage(task) for task in tasks} <= {"checked", "closed"}


@pytest.mark.parametrize(
    ("name", "path", "most"),
    [
        ("village", "/", 20),
        ("town", "/", 24),
        ("office", "/", 24),
        ("inspector", "/", 24),
        ("town", "/tasks", 20),
    ],
)
async def test_as_many_queries_for_thirty_as_for_one(app: Starlette, name: str, path: str, most: int) -> None:
    await a_task()
    async with at_desk(app, name) as desk:
        await desk.get(path)
        with counted() as one:
            await desk.get(path)
        await some_tasks(15)
        await some_tasks(14, village=NEIGHBOUR)
        with counted() as thirty:
            await desk.get(path)
    assert 0 < len(thirty) == len(one) <= most, "\n".join(thirty)


async def test_a_form_beyond_all_measure_is_not_read(app: Starlette) -> None:
    task = await a_task()
    async with at_desk(app, "village") as village:
        form = await village.form(f"/tasks/{task}", "/submit")
        answer = await village.http.post(
            form.action,
            content=b"",
            headers={"Content-Type": "multipart/form-data; boundary=x", "Content-Length": "120000000"},
        )
    assert answer.status_code == 413 and "96 MB" in answer.text


async def test_a_department_reads_its_own_words_and_no_link_leads_it_astray(app: Starlette) -> None:
    task = await a_task(unit=WATER)
    async with at_desk(app, "water") as desk:
        page = await desk.get(f"/tasks/{task}")
        assert "王平镇安家庄村" in said(page) and "不归本部门管" in page and "不属于本部门职责" in page
        assert "不是我村的" not in page and "不属于本村职责" not in page
        listed = await desk.get("/tasks")
        assert "安家庄村" in listed and "签收后，整改期限照旧计算" in listed and "替村里签收" not in listed
        for page in (listed, await desk.get("/"), await desk.get(f"/tasks/{task}")):
            for link in set(re.findall(r'href="(/(?!static|api)[^"#]*)"', page)):
                assert (await desk.http.get(unescape(link))).status_code in (200, 303), link
