"""Acts on real rows: what is written, what is kept, who met whom (sync.md §4)."""

import json
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from dispatch import stages
from dispatch.models import Step, Task, TaskPhoto
from dispatch.moves import Outcome, act, move
from inspections.models import Photo
from tests.dispatch.cast import (
    DISTRICT,
    TOWN,
    VILLAGE,
    WATER,
    Cast,
    Rule,
    actor,
    cast,
    do,
    one_task,
    photo,
    rev_of,
    stage_of,
    who,
)
from villages.changes import Actor, Line, change
from villages.ground.settings import Settings
from villages.models import Change, ChangeBody, DistrictHead
from villages.permissions import Who


@pytest.fixture
async def people(district: Settings) -> AsyncIterator[Cast]:
    """The cast, in an open district where nothing is drawn for the office's check."""
    await set_share(0)
    yield cast()


async def set_share(share: int) -> None:
    """How many per cent of passed tasks the office checks."""
    head = await DistrictHead.get(district=DISTRICT)
    settings = {**head.settings, "limits": {**head.settings["limits"], "check_share": share}}
    await DistrictHead.filter(district=DISTRICT).update(settings=settings)


async def test_the_straight_way(people: Cast) -> None:
    task = await one_task(people.inspector)
    assert (await do(people.village, "accept", task)).status == "applied"
    after = photo()
    sent = await do(people.village, "submit", task, text="已清理", photos=[after])
    assert (sent.status, sent.stage, sent.data["missing"]) == ("applied", "submitted", [after.sha256])
    done = await do(people.town, "pass", task)
    assert (done.status, done.stage) == ("applied", "closed")
    row = await Task.get(id=task)
    assert row.closed_at == (await Step.get(task_id=task, verb="pass")).heard_at
    assert (row.rev, row.moved_rev, row.submitters) == (
        done.data["rev"],
        row.rev,
        [str(people.village.person)],
    )
    steps = await Step.filter(task_id=task).order_by("rev")
    assert [(s.verb, s.from_stage, s.to_stage, s.title, s.post) for s in steps] == [
        ("dispatch", "", "dispatched", "检查员", "inspector"),
        ("accept", "dispatched", "accepted", "王书记", "village_committee"),
        ("submit", "accepted", "submitted", "王书记", "village_committee"),
        ("pass", "submitted", "closed", "镇专管员", "town_operator"),
    ]
    link = await TaskPhoto.get(task_id=task, role="after")
    assert (link.photo, link.sha256, link.step) == (after.id, after.sha256, steps[2].id)
    assert (await Photo.get(id=after.id)).home == VILLAGE


async def test_the_trail_tells_what_was_moved(people: Cast) -> None:
    task = await one_task(people.inspector)
    await do(people.town, "submit", task, text="代村里提交", photos=[photo()])
    line = await Change.all().order_by("-rev").first()
    assert line is not None
    told = (line.subject_kind, line.subject_id, line.home, line.from_stage, line.to_stage, line.post)
    assert told == ("task", str(task), VILLAGE, "dispatched", "submitted", "town_operator")
    body = json.loads((await ChangeBody.get(id=line.id)).body or "")
    assert (body["text"], body["status"], len(body["photos"])) == ("代村里提交", "applied", 1)


async def test_submitting_signs_for_it_and_counts_from_the_server(people: Cast) -> None:
    task = await one_task(people.inspector)
    sent = await do(people.village, "submit", task, photos=[photo()], at=None)
    assert sent.stage == "submitted"
    row = await Task.get(id=task)
    assert row.submitted_at == (await Step.get(task_id=task, verb="submit")).heard_at


async def test_reject_counts_and_the_next_photo_must_be_new(people: Cast) -> None:
    task = await one_task(people.inspector)
    await do(people.village, "submit", task, photos=[photo("swept")])
    still_dirty = photo()
    back = await do(people.inspector, "reject", task, text="东侧还有", photos=[still_dirty])
    assert back.stage == "accepted"
    row = await Task.get(id=task)
    assert row.rejected == 1
    assert (await TaskPhoto.get(photo=still_dirty.id)).role == "before"
    again = await do(people.village, "submit", task, photos=[photo("swept")])
    assert (again.status, again.reason, again.stage) == ("conflict", "invalid", "accepted")
    assert "新拍" in again.message
    assert (await do(people.village, "submit", task, photos=[photo("really swept")])).stage == "submitted"


async def test_the_before_photo_is_no_after_photo(people: Cast) -> None:
    task = await one_task(people.inspector)
    before = await TaskPhoto.get(task_id=task)
    old = photo()
    shown = type(old)(
        **{name: getattr(old, name) for name in old.__struct_fields__} | {"sha256": before.sha256}
    )
    assert (await do(people.village, "submit", task, photos=[shown])).status == "conflict"


async def test_photos_kept_as_a_note_can_be_sent_again(people: Cast) -> None:
    task = await one_task(people.inspector)
    picture = photo()
    kept = await do(people.village, "submit", task, text="", photos=[picture])
    assert (kept.status, kept.reason) == ("conflict", "invalid")
    sent = await do(people.village, "submit", task, text="已清理", photos=[picture])
    assert sent.status == "applied"
    links = await TaskPhoto.filter(task_id=task, role="after")
    assert [link.step for link in links] == [(await Step.get(task_id=task, verb="submit")).id]


@pytest.mark.parametrize("verb", ["pass", "reject"])
async def test_who_submitted_may_not_review_in_any_post(people: Cast, verb: str) -> None:
    both = who("两个岗位", ("town_operator", TOWN), ("inspector", VILLAGE), ("district_office", DISTRICT))
    task = await one_task(people.inspector)
    await do(both, "submit", task, photos=[photo()])
    no = await do(both, verb, task)
    assert (no.status, no.reason, no.stage) == ("rejected", "forbidden", "submitted")
    assert "本镇其他人员、检查员或区级办公室" in no.message
    assert (await do(people.town_too, verb, task)).status == "applied"


async def test_an_earlier_submitter_does_not_review_a_later_submission(people: Cast) -> None:
    task = await one_task(people.inspector)
    await do(people.town, "submit", task, photos=[photo()])
    await do(people.inspector, "reject", task)
    await do(people.village, "submit", task, photos=[photo()])
    assert (await do(people.town, "pass", task)).reason == "forbidden"
    assert (await do(people.town_too, "pass", task)).stage == "closed"


async def test_two_submit_together_both_names_are_kept(people: Cast) -> None:
    task = await one_task(people.inspector)
    seen = await rev_of(task)
    await do(people.village, "submit", task, photos=[photo()], base_rev=seen)
    second = photo()
    twice = await do(people.town, "submit", task, photos=[second], base_rev=seen)
    assert (twice.status, twice.stage, twice.data["missing"]) == ("noop", "submitted", [second.sha256])
    assert await TaskPhoto.exists(task_id=task, photo=second.id)
    row = await Task.get(id=task)
    assert row.submitters == [str(people.village.person), str(people.town.person)]
    assert row.rev == twice.data["rev"] > row.moved_rev
    assert [(s.title, s.verdict) for s in await Step.filter(task_id=task, verb="submit").order_by("rev")] == [
        ("王书记", "applied"), ("镇专管员", "noop"),
    ]  # fmt: skip
    assert (await do(people.town, "pass", task)).reason == "forbidden", "the second name counts as well"


async def test_critical_goes_to_the_office(people: Cast) -> None:
    task = await one_task(people.inspector, Rule(severity="critical"))
    await do(people.village, "submit", task, photos=[photo()])
    passed = await do(people.town, "pass", task)
    assert (passed.stage, passed.data["check"]["critical"]) == ("checked", True)
    assert (await do(people.town_too, "close", task)).reason == "forbidden"
    assert (await do(people.office, "close", task)).stage == "closed"


async def test_the_draw_is_on_record_and_can_be_drawn_again(people: Cast) -> None:
    await set_share(50)
    seen: set[bool] = set()
    for _ in range(12):
        task = await one_task(people.inspector)
        await do(people.village, "submit", task, photos=[photo()])
        before = await DistrictHead.get(district=DISTRICT)
        passed = await do(people.town, "pass", task)
        line = await Change.get(district=DISTRICT, rev=passed.data["rev"])
        check = json.loads((await ChangeBody.get(id=line.id)).body or "")["check"]
        assert check["seed"] == line.prev_hash == before.chain_hash, "fixed before, by all that went before"
        again = stages.drawn(check["seed"], str(task), check["share"])
        assert (again, passed.stage) == (check["drawn"], "checked" if again else "closed")
        seen.add(again)
    assert seen == {True, False}


# Two who met


async def test_a_stale_act_under_a_higher_authority_is_kept_as_a_note(people: Cast) -> None:
    task = await one_task(people.inspector)
    seen = await rev_of(task)
    await do(people.office, "cancel", task, text="重复")
    picture = photo()
    kept = await do(people.village, "submit", task, text="已清理", photos=[picture], base_rev=seen)
    assert (kept.status, kept.reason, kept.stage) == ("conflict", "stale_stage", "cancelled")
    note = await Step.get(id=kept.data["kept_as"].removeprefix("note:"))
    assert (note.verb, note.text, note.title, note.verdict) == ("note", "已清理", "王书记", "conflict")
    assert (await TaskPhoto.get(photo=picture.id)).step == note.id
    assert kept.data["missing"] == [picture.sha256]
    assert "撤销" in kept.message


async def test_reassigned_by_the_town_meanwhile(people: Cast) -> None:
    task = await one_task(people.inspector)
    seen = await rev_of(task)
    await do(people.town, "reassign", task, unit=TOWN)
    for verb in ("accept", "submit", "return"):
        more = {"photos": [photo()]} if verb == "submit" else {}
        met = await do(people.village, verb, task, base_rev=seen, **more)
        assert (met.status, met.reason, met.stage) == ("conflict", "stale_stage", "dispatched")
    now = await do(people.village, "accept", task)
    assert (now.status, now.reason) == ("rejected", "forbidden")
    assert (await do(people.town, "accept", task)).stage == "accepted"


async def test_a_lower_authority_does_not_defeat_an_older_act(people: Cast) -> None:
    task = await one_task(people.inspector)
    seen = await rev_of(task)
    await do(people.village, "accept", task)
    late = await do(people.town, "submit", task, photos=[photo()], base_rev=seen)
    assert (late.status, late.stage) == ("applied", "submitted")


async def test_an_equal_does_not_defeat_an_older_act_nor_does_a_note_of_the_office(people: Cast) -> None:
    task = await one_task(people.inspector)
    seen = await rev_of(task)
    await do(people.village, "accept", task)
    await do(people.office, "note", task, text="请尽快")
    late = await do(people.village_too, "submit", task, photos=[photo()], base_rev=seen)
    assert (late.status, late.stage) == ("applied", "submitted")


async def test_ones_own_act_in_a_higher_post_does_not_defeat_ones_next(people: Cast) -> None:
    double = who("兼职", ("district_office", DISTRICT), ("village_committee", VILLAGE))
    task = await one_task(people.inspector)
    await do(people.village, "return", task)
    seen = await rev_of(task)
    assert (await do(double, "reassign", task, unit=VILLAGE, base_rev=seen)).status == "applied"
    assert (await do(double, "submit", task, photos=[photo()], base_rev=seen)).status == "applied"


async def test_a_higher_act_still_counts_when_a_lower_one_came_after_it(people: Cast) -> None:
    task = await one_task(people.inspector)
    seen = await rev_of(task)
    await do(people.office, "reassign", task, unit=TOWN)
    await do(people.office, "reassign", task, unit=VILLAGE)
    await do(people.village, "accept", task)
    met = await do(people.town, "cancel", task, base_rev=seen)
    assert (met.status, met.reason, met.stage) == ("conflict", "stale_stage", "accepted")


async def test_ones_own_offline_acts_in_a_row_do_not_defeat_each_other(people: Cast) -> None:
    double = who("兼职", ("village_committee", VILLAGE), ("town_operator", TOWN))
    task = await one_task(people.inspector)
    seen = await rev_of(task)
    assert (await do(double, "accept", task, base_rev=seen)).status == "applied"
    assert (await do(double, "submit", task, base_rev=seen, photos=[photo()])).status == "applied"


async def test_a_note_meanwhile_is_done_together(people: Cast) -> None:
    task = await one_task(people.inspector)
    seen = await rev_of(task)
    await do(people.office, "note", task, text="请尽快")
    assert (await do(people.village, "accept", task, base_rev=seen)).status == "merged"
    assert (await do(people.office, "note", task, text="仍请尽快", base_rev=seen)).status == "applied"


async def test_a_stale_move_that_the_table_refuses(people: Cast) -> None:
    task = await one_task(people.inspector)
    seen = await rev_of(task)
    await do(people.village, "submit", task, photos=[photo()])
    stale = await do(people.village_too, "accept", task, text="", base_rev=seen)
    assert (stale.status, stale.reason, stale.stage) == ("conflict", "stale_stage", "submitted")
    current = await do(people.village_too, "accept", task, text="", base_rev=await rev_of(task))
    assert (current.status, current.reason) == ("rejected", "invalid")
    assert "待复核" in current.message


async def test_a_rejected_act_leaves_the_task_alone(people: Cast) -> None:
    task = await one_task(people.inspector)
    before = await rev_of(task)
    for verb, person in (("close", people.office), ("pass", people.village), ("return", people.town)):
        assert (await do(person, verb, task, text="")).status == "rejected"
    assert await rev_of(task) == before
    assert await Step.filter(task_id=task).count() == 1


# Where a task can go, and who reaches it


async def test_return_and_reassign_to_a_department(people: Cast) -> None:
    task = await one_task(people.inspector)
    await do(people.village, "return", task, text="水管归水务")
    assert (await do(people.town, "reassign", task, unit=WATER)).status == "conflict"
    assert (await do(people.office, "reassign", task, unit=f"{DISTRICT}-d99")).status == "conflict"
    sent = await do(people.office, "reassign", task, unit=WATER, text="请水务处理")
    assert (sent.status, sent.stage, (await Task.get(id=task)).unit) == ("applied", "dispatched", WATER)
    same = await do(people.office_too, "reassign", task, unit=WATER, text="请水务处理")
    assert same.status == "noop"
    assert (await do(people.water, "accept", task)).stage == "accepted"
    assert (await do(people.water, "submit", task, photos=[photo()])).stage == "submitted"
    assert (await do(people.town, "pass", task)).stage == "closed"


async def test_out_of_sight(people: Cast) -> None:
    task = await one_task(people.inspector)
    for person in (people.neighbour, people.far_town, people.water, who("无岗位")):
        got = await do(person, "note", task) if person.posts else await nobodys_note(person, task)
        assert (got.status, got.reason) == ("rejected", "unknown")
    assert (await do(people.village, "note", uuid4())).reason == "unknown"
    assert (await do(people.admin, "note", task)).reason == "forbidden", "sees, but does not act"
    assert await Step.filter(task_id=task).count() == 1


async def nobodys_note(person: Who, task: UUID) -> Outcome:
    """A note by somebody who holds no post at all."""

    async def work(line: Line) -> Outcome:
        return await act(line, person, "note", task, text="路过")

    return await change(work, district=DISTRICT, actor=Actor(person.person, "none"), verb="task.note")


async def test_evidence_for_a_task_taken_away_waits_for_the_office(people: Cast) -> None:
    task = await one_task(people.inspector)
    await do(people.office, "reassign", task, unit=WATER)
    seen = await rev_of(task)
    await do(people.office, "reassign", task, unit=VILLAGE)
    picture = photo()
    held = await do(people.water, "submit", task, photos=[picture], base_rev=seen)
    assert (held.status, held.reason, held.data["missing"]) == ("held", "scope_lost", [picture.sha256])
    assert (await Photo.get(id=picture.id)).home == f"u:{people.water.person}"
    await do(people.office, "reassign", task, unit=WATER)
    await do(people.water, "submit", task, photos=[picture])
    assert (await Photo.get(id=picture.id)).home == VILLAGE, "the task takes the photo in"


async def test_a_task_of_another_district_is_unknown(people: Cast) -> None:
    task = await one_task(people.inspector)
    await DistrictHead.create(
        district="110108", name="海淀区", kind="demo", rev=0, chain_hash="0" * 64, epoch=uuid4(), settings={}
    )

    async def strangely(line: Line) -> list[str]:
        chosen = await move(line, task, "cancel", actor(people.office), base_rev=None, text="越区")
        found = await act(line, people.office, "cancel", task, text="越区")
        return [chosen.reason, found.reason]

    told = await change(strangely, district="110108", actor=actor(people.office), verb="task.cancel")
    assert told == ["unknown", "unknown"]
    assert await stage_of(task) == "dispatched"


async def test_the_post_that_fits_is_the_one_on_record(people: Cast) -> None:
    double = who("兼职", ("town_operator", TOWN), ("village_committee", VILLAGE))
    task = await one_task(people.inspector)
    assert (await do(double, "return", task)).stage == "returned", "a town could not, the committee can"
    assert (await Step.get(task_id=task, verb="return")).post == "village_committee"
    line = await Change.all().order_by("-rev").first()
    assert line is not None
    assert line.post == "village_committee"


async def test_a_long_text_is_shortened_on_screen_only(people: Cast) -> None:
    task = await one_task(people.inspector)
    words = "长" * 700
    await do(people.village, "note", task, text=words)
    step = await Step.get(task_id=task, verb="note")
    assert step.text == "长" * 599 + "…"
    line = await Change.all().order_by("-rev").first()
    assert line is not None
    assert json.loads((await ChangeBody.get(id=line.id)).body or "")["text"] == words


async def test_close_on_site(people: Cast) -> None:
    task = await one_task(people.inspector)
    assert (await do(people.inspector, "close_on_site", task, text="")).reason == "invalid"
    done = await do(people.inspector, "close_on_site", task, text="", photos=[photo()])
    assert (done.status, done.stage) == ("applied", "closed")
    assert (await Task.get(id=task)).closed_at is not None


async def test_the_same_on_either_engine(any_district: Settings) -> None:
    await set_share(100)
    people = cast()
    task = await one_task(people.inspector)
    seen = await rev_of(task)
    picture = photo()
    assert (await do(people.village, "submit", task, text="", photos=[picture])).status == "conflict"
    assert (await do(people.village, "submit", task, photos=[picture], base_rev=seen)).status == "merged"
    assert (await do(people.town, "reassign", task, unit=WATER, base_rev=seen)).reason == "stale_stage"
    assert (await do(people.town, "pass", task)).stage == "checked"
    assert (await do(people.office, "reject", task, photos=[photo()])).stage == "accepted"
    assert (await do(people.office, "reassign", task, unit=WATER)).stage == "dispatched"
    late = await do(people.village, "submit", task, photos=[photo()], base_rev=seen)
    assert (late.status, late.reason) == ("conflict", "stale_stage")
    assert (await do(people.water, "submit", task, photos=[photo()])).stage == "submitted"
    assert await TaskPhoto.filter(task_id=task).count() == 5
    assert await Step.filter(task_id=task).count() == 9
