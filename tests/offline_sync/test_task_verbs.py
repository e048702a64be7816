"""Tasks through the wire: the circle, and what two people at once are told."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest

from dispatch.models import Step, Task, TaskPhoto
from dispatch.queries import photos_of
from dispatch.shown_before import mark_reused
from inspections.models import Photo
from tests.dispatch.cast import cast
from tests.offline_sync.tablet import VILLAGE, Tablet, photo, picture, visit
from villages.ground import clock
from villages.ground.ids import new_id

NEXT_DOOR, THIRD = "110109005202", "110109005203"


async def dispatched(inspector: Tablet, **more: Any) -> str:
    """One task of 安家庄村, as its id."""
    result = await inspector.do("inspection.submit", visit(inspector, faults=1, **more))
    return str(result["data"]["tasks"][0])


def held(tablet: Tablet, task: str) -> dict[str, Any]:
    return tablet.rows["task", task]


async def test_the_circle_with_one_return(inspector: Tablet, village: Tablet, town: Tablet) -> None:
    task = await dispatched(inspector)
    await village.pull()
    base = held(village, task)["rev"]
    accepted = await village.do("task.accept", {"task": task, "base_rev": base})
    assert accepted["status"] == "applied"
    shot = photo(picture("after"), pairs=held(village, task)["photos"][0]["id"])
    sent = await village.do(
        "task.submit", {"task": task, "base_rev": accepted["rev"], "text": "已清理", "photos": [shot]}
    )
    assert sent["status"] == "applied" and sent["data"]["missing"] == [shot["sha256"]]
    await town.pull()
    assert held(town, task)["stage"] == "submitted"
    back = await town.do(
        "task.reject", {"task": task, "base_rev": held(town, task)["rev"], "text": "角落还有"}
    )
    assert back["status"] == "applied"
    await village.pull()
    assert held(village, task)["stage"] == "accepted" and held(village, task)["marks"]["rejected"] == 1
    again = photo(picture("after 2"))
    await village.do(
        "task.submit",
        {"task": task, "base_rev": held(village, task)["rev"], "text": "再清", "photos": [again]},
    )
    await town.pull()
    passed = await town.do("task.pass", {"task": task, "base_rev": held(town, task)["rev"], "text": "合格"})
    assert passed["status"] == "applied" and passed["data"]["stage"] in ("checked", "closed")
    await village.pull()
    verbs = [step["verb"] for step in held(village, task)["steps"]]
    assert verbs == ["dispatch", "accept", "submit", "reject", "submit", "pass"]
    roles = [one["role"] for one in held(village, task)["photos"]]
    assert roles.count("after") == 2


async def test_submitting_without_a_photo_is_turned_down(inspector: Tablet, village: Tablet) -> None:
    task = await dispatched(inspector)
    await village.pull()
    result = await village.do(
        "task.submit", {"task": task, "base_rev": held(village, task)["rev"], "text": "", "photos": []}
    )
    assert (result["status"], result["reason"]) == ("rejected", "invalid") and "照片" in result["message"]
    assert (await Task.get(id=task)).stage == "dispatched"


async def test_accepting_twice_is_a_noop_with_both_names(
    inspector: Tablet, village: Tablet, town: Tablet
) -> None:
    task = await dispatched(inspector)
    await village.pull()
    await town.pull()
    base = held(village, task)["rev"]
    await village.do("task.accept", {"task": task, "base_rev": base})
    second = await town.do("task.accept", {"task": task, "base_rev": base})
    assert second["status"] == "noop"
    assert await Step.filter(task_id=task, verb="accept").count() == 2


async def test_work_done_before_a_higher_hand_closed_it_is_kept(inspector: Tablet, village: Tablet) -> None:
    task = await dispatched(inspector)
    await village.pull()
    base = held(village, task)["rev"]
    on_site = await inspector.do(
        "task.close_on_site",
        {"task": task, "base_rev": base, "text": "现场已清", "photos": [photo(picture("site"))]},
    )
    assert on_site["status"] == "applied"
    shot = photo(picture("mine"))
    late = await village.do(
        "task.submit", {"task": task, "base_rev": base, "text": "已清理", "photos": [shot]}
    )
    assert (late["status"], late["reason"]) == ("conflict", "stale_stage")
    assert late["data"]["stage"] == "closed" and late["data"]["kept_as"].startswith("note:")
    assert await TaskPhoto.filter(task_id=task, photo=shot["id"]).count() == 1
    await village.pull()
    assert [card["status"] for card in village.of("card")] == ["conflict"]
    card = village.of("card")[0]["id"]
    assert (await village.do("card.dismiss", {"card": card}))["status"] == "applied"
    assert (await village.do("card.dismiss", {"card": card}))["status"] == "noop"


async def test_beside_a_note_a_move_is_merged(inspector: Tablet, village: Tablet) -> None:
    task = await dispatched(inspector)
    await village.pull()
    base = held(village, task)["rev"]
    await inspector.do("task.note", {"task": task, "text": "注意墙角", "photos": []})
    result = await village.do("task.accept", {"task": task, "base_rev": base})
    assert result["status"] == "merged"


async def test_who_submitted_may_not_review(inspector: Tablet, town: Tablet) -> None:
    task = await dispatched(inspector)
    await town.pull()
    shot = photo(picture("town"))
    sent = await town.do(
        "task.submit",
        {"task": task, "base_rev": held(town, task)["rev"], "text": "镇里代办", "photos": [shot]},
    )
    assert sent["status"] == "applied"
    own = await town.do("task.pass", {"task": task, "base_rev": sent["rev"], "text": ""})
    assert (own["status"], own["reason"]) == ("rejected", "forbidden")
    other = await inspector.do("task.pass", {"task": task, "base_rev": sent["rev"], "text": ""})
    assert other["status"] == "applied"


async def test_critical_goes_to_the_office(
    http: httpx2.AsyncClient, inspector: Tablet, village: Tablet, town: Tablet
) -> None:
    args = visit(inspector, faults=1)
    args["answers"][0]["findings"][0]["severity"] = "critical"
    task = (await inspector.do("inspection.submit", args))["data"]["tasks"][0]
    sent = await village.do("task.submit", {"task": task, "text": "好了", "photos": [photo(picture("x"))]})
    passed = await town.do("task.pass", {"task": task, "base_rev": sent["rev"], "text": ""})
    assert passed["data"]["stage"] == "checked"
    refused = await town.do("task.close", {"task": task, "base_rev": passed["rev"], "text": ""})
    assert (refused["status"], refused["reason"]) == ("rejected", "forbidden")
    office = await Tablet(http, "office").sign_in()
    closed = await office.do("task.close", {"task": task, "base_rev": passed["rev"], "text": "同意销号"})
    assert closed["status"] == "applied" and (await Task.get(id=task)).closed_at is not None


@pytest.mark.parametrize(
    "verb", ["accept", "submit", "pass", "reject", "return", "close", "close_on_site", "note"]
)
async def test_a_foreign_task_is_unknown(inspector: Tablet, http: httpx2.AsyncClient, verb: str) -> None:
    from villages.models import Person, Post

    task = await dispatched(inspector)
    person = await Person.get(name="village")
    await Post.filter(person_id=person.id).update(place="110109005202")
    stranger = await Tablet(http, "village").sign_in()
    result = await stranger.do(f"task.{verb}", {"task": task, "base_rev": 1, "text": "x"})
    assert (result["status"], result["reason"]) == ("rejected", "unknown")
    assert "stage" not in result["data"] and (await Task.get(id=task)).stage == "dispatched"


async def test_a_return_needs_its_reason(inspector: Tablet, village: Tablet) -> None:
    task = await dispatched(inspector)
    await village.pull()
    base = held(village, task)["rev"]
    assert (await village.do("task.return", {"task": task, "base_rev": base, "reason": ""}))[
        "status"
    ] == "rejected"
    done = await village.do("task.return", {"task": task, "base_rev": base, "reason": "属水务部门管网"})
    assert done["status"] == "applied" and (await Task.get(id=task)).stage == "returned"


async def test_more_time_is_asked_for_and_given_through_the_wire(
    inspector: Tablet, village: Tablet, town: Tablet
) -> None:
    """The rows tell both sides what is asked, what was given, and the new deadline."""
    task = await dispatched(inspector)
    await village.pull()
    until = "2026-12-20T15:59:59.000Z"
    await Task.filter(id=task).update(days=60, deadline=clock.now() + timedelta(days=5))
    asked = await village.do(
        "task.extend", {"task": task, "base_rev": None, "reason": "等料", "until": until}
    )
    assert asked["status"] == "applied", asked
    await town.pull()
    assert held(town, task)["extension"] == {"given": 0, "asked_until": until}
    assert held(town, task)["steps"][-1]["until"] == until
    given = await town.do("task.extend_grant", {"task": task, "base_rev": held(town, task)["rev"]})
    assert given["status"] == "applied", given
    await village.pull()
    assert held(village, task)["extension"] == {"given": 1, "asked_until": None}
    assert held(village, task)["deadline"] == until


async def test_merging_is_told_on_both_tasks(inspector: Tablet, town: Tablet) -> None:
    result = await inspector.do("inspection.submit", visit(inspector, faults=2))
    stays, goes = result["data"]["tasks"]
    got = await town.do("task.merge", {"task": goes, "base_rev": None, "reason": "同一处", "into": stays})
    assert got["status"] == "applied", got
    await town.pull()
    assert held(town, goes)["merged_into"] == stays and held(town, goes)["stage"] == "cancelled"
    assert held(town, stays)["steps"][-1]["verb"] == "merge"


async def test_a_date_that_is_none_is_a_sentence(inspector: Tablet, village: Tablet) -> None:
    task = await dispatched(inspector)
    for until in ("昨天", "9999-12-31T23:59:59Z", "2026-13-40"):
        got = await village.do(
            "task.extend", {"task": task, "base_rev": None, "reason": "等料", "until": until}
        )
        assert got["status"] in ("rejected", "conflict") and got["reason"] == "invalid" and got["message"]


async def test_a_photo_of_another_village_is_taken_in_as_ones_own_and_said_to_be_that(
    inspector: Tablet, village: Tablet
) -> None:
    """The id on the wire names another village's photo: its bytes are evidence here too, under an id of their own."""
    other = visit(inspector, village=NEXT_DOOR, faults=1)
    await inspector.do("inspection.submit", other)
    theirs = other["photos"][0]
    task = await dispatched(inspector)
    sent = await village.do("task.submit", {"task": task, "text": "好了", "photos": [theirs]})
    assert sent["status"] == "applied" and sent["data"]["stage"] == "submitted", "evidence is never refused"
    [own] = sent["data"]["reused"]
    assert own != theirs["id"] and "有 1 张照片与别处或以前用过的照片相同" in sent["message"]
    foreign, mine = await Photo.get(id=theirs["id"]), await Photo.get(id=own)
    assert (foreign.home, mine.home, mine.sha256) == (NEXT_DOOR, VILLAGE, foreign.sha256)
    await village.pull()
    assert [one["id"] for one in held(village, task)["photos"] if one["role"] == "after"] == [own]
    assert ("photo", own) in village.rows and ("photo", theirs["id"]) not in village.rows, (
        "and it can be seen"
    )

    honest = await village.do(
        "task.note", {"task": task, "text": "补一张", "photos": [photo(picture("new"))]}
    )
    assert "reused" not in honest["data"] and not honest["message"]


async def test_one_id_for_two_pictures_shows_the_one_that_was_sent(
    inspector: Tablet, village: Tablet
) -> None:
    task = await dispatched(inspector)
    await village.pull()
    before = next(one for one in held(village, task)["photos"] if one["role"] == "before")
    slip = photo(picture("another")) | {"id": before["id"]}
    assert (await village.do("task.submit", {"task": task, "text": "好了", "photos": [slip]}))[
        "status"
    ] == "applied"
    after = await TaskPhoto.get(task_id=task, role="after")
    assert after.photo != UUID(before["id"]) and (await Photo.get(id=after.photo)).sha256 == slip["sha256"]


async def test_bytes_that_a_visit_brought_before_are_marked_and_later_ones_are_not(
    inspector: Tablet, village: Tablet
) -> None:
    scene, later = photo(picture("scene")), photo(picture("later"))
    await inspector.do("inspection.submit", visit(inspector, village=NEXT_DOOR, faults=0, photos=[scene]))
    task = await dispatched(inspector)
    copies = [one | {"id": str(new_id())} for one in (scene, later)]
    sent = await village.do("task.submit", {"task": task, "text": "好了", "photos": copies})
    assert sent["data"]["reused"] == [copies[0]["id"]], (
        "the bytes of another village, under an id of one's own"
    )
    await inspector.do("inspection.submit", visit(inspector, village=THIRD, faults=0, photos=[later]))
    shown = await mark_reused(cast().office, UUID(task), (await photos_of([UUID(task)]))[UUID(task)])
    assert {str(one.id): one.seen_before for one in shown if one.role == "after"} == {
        copies[0]["id"]: True, copies[1]["id"]: False,
    }  # fmt: skip
