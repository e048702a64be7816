"""What waits for the office: shown beside what is in, decided, told to its author; and the office's other pages."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from starlette.applications import Starlette

from dispatch.models import Step, Task, TaskPhoto
from inspections.models import Assignment, Inspection, Photo
from offline_sync.models import Card, Command
from tests.dispatch.desk_house import at_desk, counted, form_in, said
from tests.offline_sync.tablet import VILLAGE, Tablet, photo, picture, visit
from villages.changes import SYSTEM, Line, change
from villages.ground import clock
from villages.models import Change, Person
from villages.verify import verify

FAR = "110109104201"  # in another town


@pytest.fixture
async def second(http: httpx2.AsyncClient) -> Tablet:
    """The other inspector's tablet."""
    tablet = await Tablet(http, "inspector2").sign_in()
    await tablet.pull()
    return tablet


async def twin(inspector: Tablet, second: Tablet) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Two visits of one village: the first is in, the second is held. (first's id, second's command, verdict)"""
    first = visit(inspector, faults=3)
    assert (await inspector.do("inspection.submit", first))["status"] == "applied"
    command = second.command("inspection.submit", visit(second, faults=1))
    [verdict] = await second.push(command)
    assert (verdict["status"], verdict["reason"]) == ("held", "duplicate_visit")
    return first["inspection"], command, verdict


async def test_the_second_visit_takes_the_place_of_the_first(
    app: Starlette, inspector: Tablet, second: Tablet
) -> None:
    first, command, _ = await twin(inspector, second)
    async with at_desk(app, "office") as office:
        assert "待批内容" in await office.get("/") and command["id"] in await office.get("/held")
        page = await office.get(f"/held/{command['id']}")
        assert "98.5" in page and "99.5" in page, "both scores stand beside each other"
        answer = await office.send(form_in(page, "/approval"))
        assert answer.status_code == 303, said(answer.text)
        assert command["id"] not in await office.get("/held")
        page = await office.get(f"/held/{command['id']}")
        assert "已同意" in page and "采用的这一份" in page
        assert "在册的那一份" not in page, "it is not shown beside itself"
        assert "等待区级办公室确认" not in said(page), "nothing waits any more"
    assert (await Inspection.get(id=first)).stage == "void"
    taken = await Inspection.get(id=command["args"]["inspection"])
    assert taken.stage == "submitted" and taken.author == UUID(second.me)
    assert {task.stage for task in await Task.filter(inspection=first)} == {"cancelled"}
    assert await Task.filter(inspection=taken.id, stage="dispatched").count() == 1
    done = await Assignment.filter(village=VILLAGE, checklist="RE").values_list("stage", flat=True)
    assert set(done) == {"done"}
    line = await Change.get(verb="held.decide")
    assert line.post == "district_office" and line.subject_id == str(taken.id)
    [again] = await second.push(command)
    assert again["status"] == "held", "a repeat is answered as the first time"
    await second.pull()
    [card] = [one for one in second.of("card") if one["command"] == command["id"]]
    assert card["status"] == "held" and "已同意" in card["text"]
    assert not (await verify())[0].faults


async def test_what_waits_for_days_says_so(app: Starlette, inspector: Tablet, second: Tablet) -> None:
    """Nothing that is held is forgotten: the list has its age, red from the fifth day on, the oldest first."""
    _, command, _ = await twin(inspector, second)
    async with at_desk(app, "office") as office:
        assert "今天收到" in await office.get("/held")
        for days, shade in ((4, "quiet"), (5, "red")):
            moment = clock.now() - timedelta(days=days)
            await Command.filter(id=command["id"]).update(heard_at=moment)
            assert f'<small class="sub {shade}">已等 {days} 天</small>' in await office.get("/held")
        [later] = await second.push(second.command("inspection.submit", visit(second, faults=1)))
        assert later["status"] == "held"
        page = await office.get("/held")
        assert page.index(command["id"]) < page.index(later["id"])


async def test_the_trail_names_what_waits_and_leads_to_it(
    app: Starlette, inspector: Tablet, second: Tablet
) -> None:
    _, command, _ = await twin(inspector, second)
    named = "王平镇安家庄村 检查 农村人居环境"
    async with at_desk(app, "office") as office:
        listed = await office.get("/trail?verb=inspection.submit")
        assert said(listed).count(named) == 2 and said(listed).count("已收到，待批") == 1
        assert f'href="/held/{command["id"]}"' in listed
        form = await office.form(f"/held/{command['id']}", "/note")
        assert (await office.send(form)).status_code == 303
        decided = await office.get("/trail?verb=held.decide")
        assert "王平镇安家庄村 上传内容 农村人居环境" in said(decided) and "已存为备注" in said(decided)
    async with at_desk(app, "admin") as admin:
        listed = await admin.get("/trail?verb=inspection.submit")
        assert named in said(listed) and "/held/" not in listed, "who may not open it gets no link"


async def test_no_needs_words_and_the_author_reads_them(
    app: Starlette, inspector: Tablet, second: Tablet
) -> None:
    first, command, _ = await twin(inspector, second)
    async with at_desk(app, "office") as office:
        form = await office.form(f"/held/{command['id']}", "/note")
        form.action = f"/held/{command['id']}/refusal"
        assert (await office.send(form)).status_code == 422
        assert (await office.send(form, words="以先到的一份为准")).status_code == 303
        again = await office.send(form, words="再来一次")
        assert again.status_code == 409
    assert (await Command.get(id=command["id"])).decision == "declined"
    assert "以先到的一份为准" in (await Card.get(command=command["id"])).text
    assert (await Inspection.get(id=first)).stage == "submitted"
    assert not await Inspection.exists(id=command["args"]["inspection"])


async def test_a_visit_out_of_reach_is_taken_when_the_office_says_so(
    app: Starlette, inspector: Tablet
) -> None:
    shot = photo(picture("far"))
    command = inspector.command("inspection.submit", visit(inspector, village=FAR, photos=[shot], faults=1))
    [verdict] = await inspector.push(command)
    assert (verdict["status"], verdict["reason"]) == ("held", "scope_lost")
    async with at_desk(app, "office") as office:
        page = await office.get(f"/held/{command['id']}")
        assert "99.5" in page and "照片 1 张，已到 0 张" in said(page)
        assert (await office.send(form_in(page, "/approval"))).status_code == 303
    assert (await Inspection.get(id=command["args"]["inspection"])).village == FAR
    assert (await Photo.get(id=shot["id"])).home == FAR


async def test_a_visit_of_a_disabled_person_is_taken(app: Starlette, inspector: Tablet) -> None:
    command = inspector.command("inspection.submit", visit(inspector, faults=1))

    async def disable(line: Line) -> None:
        await Person.filter(name="inspector").update(disabled=True, rev=line.rev)

    await change(disable, district="110109", actor=SYSTEM, verb="person.disable")
    answer = await inspector.push_raw(command, headers=inspector.deposit)
    [verdict] = answer.json()["results"]
    assert (verdict["status"], verdict["reason"]) == ("held", "account_disabled")
    async with at_desk(app, "office") as office:
        assert (
            await office.send(await office.form(f"/held/{command['id']}", "/approval"))
        ).status_code == 303
    assert await Inspection.exists(id=command["args"]["inspection"], village=VILLAGE)


async def test_what_still_cannot_be_is_told_and_nothing_written(app: Starlette, inspector: Tablet) -> None:
    args = visit(inspector, faults=0)
    args["checklist"]["sha256"] = "0" * 64
    command = inspector.command("inspection.submit", args)
    await inspector.push(command)
    before = await Change.all().count()
    async with at_desk(app, "office") as office:
        form = await office.form(f"/held/{command['id']}", "/approval")
        answer = await office.send(form)
        assert answer.status_code == 422 and "不能按原样办理" in answer.text
    assert await Change.all().count() == before
    assert (await Command.get(id=command["id"])).decision == ""


async def test_only_the_office_decides(app: Starlette, inspector: Tablet, second: Tablet) -> None:
    _, command, _ = await twin(inspector, second)
    for name in ("town", "admin", "inspector", "village"):
        async with at_desk(app, name) as desk:
            await desk.get("/held", 403)
            await desk.get(f"/held/{command['id']}", 403)


async def test_a_sheet_shows_what_was_lost_and_can_be_voided(
    app: Starlette, inspector: Tablet, village: Tablet
) -> None:
    sent = visit(inspector, faults=2, village_remarks="垃圾桶不够")
    result = await inspector.do("inspection.submit", sent)
    await village.pull()
    base = village.rows["task", result["data"]["tasks"][0]]["rev"]
    await village.do("task.accept", {"task": result["data"]["tasks"][0], "base_rev": base})
    path = f"/inspections/{sent['inspection']}"
    async with at_desk(app, "office") as office, at_desk(app, "town") as town:
        page = said(await office.get(path))
        assert "99.0" in page and "垃圾桶不够" in page and "照片缺 2 张" in page and "扣 1" in page
        assert "/void" not in await town.get(path)
        form = await office.form(path, "/void")
        assert (await office.send(form)).status_code == 422
        assert (await office.send(form, reason="检查表选错")).status_code == 303
        assert "已作废" in await office.get(path)
        assert (await office.send(form, reason="再来")).status_code == 409
        assert "依据已撤" in await office.get(f"/tasks/{result['data']['tasks'][0]}")
    assert [(await Task.get(id=task)).stage for task in result["data"]["tasks"]] == ["accepted", "cancelled"]
    assert (await Task.get(id=result["data"]["tasks"][0])).basis_gone
    open_again = await Assignment.filter(village=VILLAGE, checklist="RE").values_list("stage", flat=True)
    assert set(open_again) == {"open"}


async def test_the_trail_is_told_and_each_line_checked(app: Starlette, inspector: Tablet) -> None:
    await inspector.do("inspection.submit", visit(inspector, faults=2))
    newest = await Change.all().order_by("-rev").first()
    assert newest is not None
    async with at_desk(app, "office") as office, at_desk(app, "town") as town:
        await town.get("/trail", 403)
        listed = await office.get("/trail")
        assert "提交检查" in listed and newest.hash[:8] in listed
        assert "提交检查" not in said(await office.get("/trail?verb=task.accept")).split("校验值")[-1]
        assert str(newest.rev) in await office.get(f"/trail?place={VILLAGE[:9]}&person=张志远")
        page = await office.get(f"/trail/{newest.rev}")
        assert "与它的校验值一致" in page and "99.0" in page
        await Change.filter(id=newest.id).update(to_stage="published")
        assert "核验不符" in await office.get(f"/trail/{newest.rev}")
        await office.get("/trail/999999", 404)


async def test_devices_can_be_taken_out_of_service(app: Starlette, inspector: Tablet, town: Tablet) -> None:
    async with at_desk(app, "office") as office:
        form = await office.form("/devices", f"{inspector.device}/revocation")
        assert (await office.send(form)).status_code == 303
    verdict = await inspector.push_raw(
        inspector.command("card.dismiss", {"card": inspector.replica}), headers=inspector.deposit
    )
    assert verdict.json()["results"][0]["reason"] == "account_disabled"
    async with at_desk(app, "town") as desk:
        await desk.get("/devices", 403)


async def test_pages_of_the_office_ask_no_more_for_more(app: Starlette, inspector: Tablet) -> None:
    async def held(number: int) -> None:
        for _ in range(number):
            await inspector.do("inspection.submit", visit(inspector, village=FAR, faults=1))

    await held(1)
    async with at_desk(app, "office") as office:
        await office.get("/held")
        for path in ("/held", "/trail", "/"):
            with counted() as few:
                await office.get(path)
            await held(3)
            with counted() as many:
                await office.get(path)
            assert 0 < len(few) == len(many) <= 24, path


@pytest.mark.parametrize(
    ("decision", "stage", "verb"), [("approval", "submitted", "submit"), ("note", "dispatched", "note")]
)
async def test_a_mending_out_of_reach_can_count_or_be_noted(
    app: Starlette, inspector: Tablet, village: Tablet, decision: str, stage: str, verb: str
) -> None:
    sent = await inspector.do("inspection.submit", visit(inspector, village="110109005202", faults=1))
    [task] = sent["data"]["tasks"]
    shot = photo(picture("mended"))
    command = village.command(
        "task.submit", {"task": task, "base_rev": sent["rev"], "text": "帮邻村清走了", "photos": [shot]}
    )
    [verdict] = await village.push(command)
    assert (verdict["status"], verdict["reason"]) == ("held", "scope_lost")
    async with at_desk(app, "office") as office:
        page = await office.get(f"/held/{command['id']}")
        assert "帮邻村清走了" in page
        assert (await office.send(form_in(page, f"/{decision}"))).status_code == 303
    assert (await Task.get(id=task)).stage == stage
    step = await Step.filter(task_id=task).order_by("-rev").first()
    assert step is not None and (step.verb, step.person) == (verb, UUID(village.me))
    kept = await Photo.get(id=shot["id"])
    assert kept.home == "110109005202" and await TaskPhoto.exists(task_id=task, photo=kept.id)
    assert (await Change.get(verb="held.decide")).post == "district_office"
