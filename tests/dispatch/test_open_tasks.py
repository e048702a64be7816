"""From findings to tasks, on either engine; and what becomes of them when the inspection falls."""

import logging
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import yaml

import inspections
from dispatch.deadlines import deadline_for
from dispatch.models import Step, Task, TaskPhoto
from dispatch.open_tasks import basis_gone, number, open_tasks
from inspections.models import Inspection
from inspections.sheet import parse_checklist
from tests.dispatch.cast import (
    DISTRICT,
    FAR,
    NOON,
    POWER,
    TOWN,
    VILLAGE,
    WATER,
    Rule,
    actor,
    cast,
    do,
    finding,
    one_task,
    open_for,
    photo,
    visit,
)
from villages.changes import Line, change
from villages.ground.settings import Settings
from villages.models import Change, ChangeBody

RURAL = Path(inspections.__file__).parent / "data" / "checklist-rural-environment.yaml"


async def test_only_what_is_to_be_dispatched(any_district: Settings) -> None:
    people = cast()
    before = [photo(), photo()]
    submission = visit(
        finding(photos=(before[0].id, before[1].id, before[0].id, uuid4())),
        finding(action="fixed"), finding(action="record"),
        finding(rule="heavy", days=1, severity="critical", unit=WATER, text="黑水", place="渠边"),
        photos=before,
    )  # fmt: skip
    ids = await open_for(people.inspector, submission, Rule("major", 7, "清到见底"))
    plain, heavy = [await Task.get(id=task) for task in ids]
    assert (plain.unit, plain.severity, plain.days, plain.requirement) == (VILLAGE, "major", 7, "清到见底")
    assert (heavy.unit, heavy.severity, heavy.days, heavy.text) == (WATER, "critical", 1, "黑水")
    assert (plain.stage, plain.home, plain.town, plain.inspection) == (
        "dispatched", VILLAGE, TOWN, submission.inspection,
    )  # fmt: skip
    line = await Change.get(district=DISTRICT, rev=plain.rev)
    assert plain.dispatched_at.isoformat()[:19] == line.heard_at[:19]
    assert plain.deadline == deadline_for(plain.dispatched_at, 7)
    assert heavy.deadline == heavy.dispatched_at + timedelta(hours=24)
    assert [plain.number, heavy.number] == [number(plain.dispatched_at, line.rev, n) for n in (1, 2)]
    assert plain.moved_rev == plain.rev == line.rev
    links = await TaskPhoto.filter(task_id=plain.id).order_by("id")
    assert [(link.photo, link.role, link.step) for link in links] == [(p.id, "before", None) for p in before]
    first = await Step.get(task_id=heavy.id)
    assert (first.verb, first.person, first.to_stage) == ("dispatch", people.inspector.person, "dispatched")


def test_numbers_are_for_people() -> None:
    assert number(NOON, 829, 1) == "2026-000829-1"
    assert number(NOON.replace(month=12, day=31, hour=20), 1_000_829, 12) == "2027-1000829-12"


@pytest.mark.parametrize("unit", [FAR, "110108-d03", f"{DISTRICT}-d99", "", "胡写"])
async def test_an_impossible_unit_becomes_the_village_and_is_told(district: Settings, unit: str) -> None:
    spot = finding(unit=unit)
    task = await Task.get(id=(await open_for(cast().inspector, visit(spot)))[0])
    assert task.unit == VILLAGE
    body = (await ChangeBody.get(id=int(DISTRICT) * 10**12 + task.rev)).body or ""
    assert (str(spot.id) in body) == bool(unit)


@pytest.mark.parametrize("unit", [VILLAGE, TOWN, POWER])
async def test_possible_units_stand(district: Settings, unit: str) -> None:
    task = await Task.get(id=(await open_for(cast().inspector, visit(finding(unit=unit))))[0])
    assert task.unit == unit


async def test_nothing_to_dispatch(district: Settings) -> None:
    assert await open_for(cast().inspector, visit(finding(action="record"))) == []


async def test_real_checklists_say_all_that_is_asked(district: Settings) -> None:
    items = parse_checklist(yaml.safe_load(RURAL.read_text(encoding="utf-8"))).by_code
    submission = visit(finding())

    async def work(line: Line) -> list[object]:
        inspection = Inspection(id=submission.inspection, village=VILLAGE)
        return list(await open_tasks(line, inspection, submission, items))

    made = await change(work, district=DISTRICT, actor=actor(cast().inspector), verb="inspection.submit")
    task = await Task.get(id=made[0])
    assert (task.days, task.severity) == (items["RE-1.1"].deadline_days, items["RE-1.1"].severity)
    assert task.requirement == items["RE-1.1"].text


async def test_the_items_way_of_counting_days_is_the_tasks(district: Settings) -> None:
    made = await open_for(cast().inspector, visit(finding()), Rule(deadline_days=7, deadline_kind="working"))
    task = await Task.get(id=made[0])
    assert (task.deadline_kind, task.days) == ("working", 7)
    assert (
        task.deadline == deadline_for(task.dispatched_at, 7, "working") > deadline_for(task.dispatched_at, 7)
    )


async def test_six_tasks_with_twelve_photos_are_three_statements_and_one_for_notices(
    district: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    photos = [photo() for _ in range(12)]
    spots = [finding(photos=(photos[2 * n].id, photos[2 * n + 1].id)) for n in range(6)]
    with caplog.at_level(logging.DEBUG, logger="tortoise.db_client"):
        await open_for(cast().inspector, visit(*spots, photos=photos))
    said = [r.getMessage() for r in caplog.records]
    assert len([text for text in said if 'INTO "' in text]) == 3
    assert len([text for text in said if "FROM post " in text]) == 1, "who is told is one question"
    assert await TaskPhoto.all().count() == 12


async def test_a_voided_inspection(any_district: Settings) -> None:
    people = cast()
    spots = visit(*(finding() for _ in range(5)))
    waiting, signed, sent, closed, cancelled = await open_for(people.inspector, spots)
    elsewhere = await one_task(people.inspector)
    await do(people.village, "accept", signed)
    await do(people.village, "submit", sent, photos=[photo()])
    await do(people.inspector, "close_on_site", closed, photos=[photo()])
    await do(people.town, "cancel", cancelled)

    async def void(line: Line) -> dict[str, list[str]]:
        line.about("inspection", spots.inspection, VILLAGE, moved=("submitted", "void"))
        return await basis_gone(line, spots.inspection)

    told = await change(void, district=DISTRICT, actor=actor(people.office), verb="inspection.void")
    assert told["cancelled"] == [str(waiting)]
    assert set(told["marked"]) == {str(signed), str(sent)}
    rows = {task.id: task for task in await Task.all()}
    assert {task: (rows[task].stage, rows[task].basis_gone) for task in rows} == {
        waiting: ("cancelled", False), signed: ("accepted", True), sent: ("submitted", True),
        closed: ("closed", False), cancelled: ("cancelled", False), elsewhere: ("dispatched", False),
    }  # fmt: skip
    line = await Change.all().order_by("-rev").first()
    assert line is not None
    assert (line.subject_kind, line.verb, line.post) == ("inspection", "inspection.void", "district_office")
    assert rows[signed].rev == line.rev > rows[signed].moved_rev
    last = await Step.filter(task_id=waiting).order_by("-rev").first()
    assert last is not None
    assert (last.verb, last.post, last.person) == ("cancel", "system", None)
