"""Jobs: one a key, done once, taken again after a crash, failing with a sentence; and the bundle of a round."""

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from dispatch import jobs, round_cards
from dispatch.models import Edition, Task
from dispatch.scorecards import check, issue
from inspections.models import Round
from tests.dispatch.press_house import BASE, NEIGHBOUR, VILLAGE, House, Sheet, house, rich_sheet
from tests.worlds import Worlds
from villages.ground import clock
from villages.ground.problems import Problem
from villages.models import Job


@pytest.fixture
async def press(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as made:
        yield made


@pytest.fixture
def kind(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A kind of job that notes its keys, stumbles over `stumble` and refuses `refuse`."""
    done: list[str] = []

    async def make(_state: Any, job: Job, tell: jobs.Tell) -> str:
        done.append(job.key)
        await tell(1, 2)
        if job.key == "stumble":
            raise RuntimeError("a disk has gone")
        if job.key == "refuse":
            raise Problem("nothing_to_print")
        if job.key == "slow":
            await asyncio.sleep(60)
        return "made"

    monkeypatch.setitem(jobs.KINDS, "note", make)
    return done


async def test_one_key_one_job(press: House, kind: list[str]) -> None:
    first, second = await asyncio.gather(
        jobs.enqueue("note", "a", {}, None), jobs.enqueue("note", "a", {}, None)
    )
    assert first.id == second.id
    assert await jobs.run_one(press.app.state)
    assert not await jobs.run_one(press.app.state)
    assert kind == ["a"]
    done = await jobs.enqueue("note", "a", {}, None)
    assert (done.state, done.result, done.done, done.total, done.tries) == ("done", "made", 1, 2, 1)


async def test_the_loop_wakes_at_once(press: House, kind: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "POLL", 3600.0)
    loop = asyncio.create_task(jobs.run_jobs(press.app.state))
    await asyncio.sleep(0.1)  # it has looked, found nothing, and lies down for an hour
    await jobs.enqueue("note", "a", {}, None)
    for _ in range(6000):
        if (await Job.get(key="a")).state == "done":
            break
        await asyncio.sleep(0.01)
    assert (await Job.get(key="a")).state == "done"
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)


async def test_a_crash_lets_another_take_it(press: House, kind: list[str]) -> None:
    job = await jobs.enqueue("note", "a", {}, None)
    held = clock.now() + timedelta(seconds=30)
    await Job.filter(id=job.id).update(state="running", tries=1, lease_until=held)
    assert not await jobs.run_one(press.app.state), "its holder may still be alive"
    await Job.filter(id=job.id).update(lease_until=clock.now() - timedelta(seconds=1))
    assert await jobs.run_one(press.app.state)
    assert ((await Job.get(id=job.id)).state, (await Job.get(id=job.id)).tries) == ("done", 2)


async def test_what_kills_its_process_is_not_tried_for_ever(press: House, kind: list[str]) -> None:
    job = await jobs.enqueue("note", "a", {}, None)
    gone = clock.now() - timedelta(seconds=1)
    await Job.filter(id=job.id).update(state="running", tries=jobs.TRIES, lease_until=gone)
    assert not await jobs.run_one(press.app.state)
    failed = await Job.get(id=job.id)
    assert (failed.state, kind) == ("failed", [])
    assert "中断" in failed.error


async def test_a_stumble_is_tried_again_later_then_told(press: House, kind: list[str]) -> None:
    job = await jobs.enqueue("note", "stumble", {}, None)
    for tries in range(1, jobs.TRIES + 1):
        assert await jobs.run_one(press.app.state)
        now = await Job.get(id=job.id)
        assert now.tries == tries
        if tries < jobs.TRIES:
            assert now.state == "waiting"
            assert not await jobs.run_one(press.app.state), "not at once"
            await Job.filter(id=job.id).update(lease_until=clock.now())
    assert now.state == "failed"
    assert "disk" not in now.error
    assert str(job.id)[-8:] in now.error


async def test_a_refusal_is_told_at_once_and_can_be_asked_again(press: House, kind: list[str]) -> None:
    job = await jobs.enqueue("note", "refuse", {}, None)
    await jobs.run_one(press.app.state)
    failed = await Job.get(id=job.id)
    assert (failed.state, failed.tries, failed.error) == ("failed", 1, Problem("nothing_to_print").sentence)
    again = await jobs.enqueue("note", "refuse", {}, None)
    assert (again.id, again.state, again.tries) == (job.id, "waiting", 0)


async def test_going_down_gives_the_job_back(press: House, kind: list[str]) -> None:
    job = await jobs.enqueue("note", "slow", {}, None)
    loop = asyncio.create_task(jobs.run_jobs(press.app.state))
    while not kind:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)
    left = await Job.get(id=job.id)
    assert (left.state, left.tries, left.lease_until) == ("waiting", 0, None)


async def test_a_lost_lease_is_lost(press: House, kind: list[str]) -> None:
    """Whoever was thought dead and comes back late writes nothing over its successor."""
    job = await jobs.enqueue("note", "a", {}, None)
    late = await jobs._take()
    assert late is not None
    await Job.filter(id=job.id).update(lease_until=clock.now() - timedelta(seconds=1))
    await jobs.run_one(press.app.state)
    await jobs._mine(late, state="failed", error="late")
    assert (await Job.get(id=job.id)).state == "done"


# --- the bundle --------------------------------------------------------------------------------------------


async def bundle_of(press: House, found: Round, name: str = "office") -> Job:
    me = await press.who(name)
    _, key = await round_cards.job_key(found.id, round_cards.reach(me))
    args = round_cards.args_of(found.id, round_cards.reach(me), BASE)
    return await jobs.enqueue(round_cards.KIND, key, args, me.person)


async def finished(press: House, job: Job) -> bytes:
    assert await jobs.run_one(press.app.state)
    done = await Job.get(id=job.id)
    assert done.state == "done", done.error
    return round_cards.file_of(press.app.state.settings, done).read_bytes()


@pytest.mark.slow
async def test_a_round_in_one_file(press: House) -> None:
    found = await press.round()
    visit = await press.hand_in(rich_sheet(), found)
    await press.hand_in(Sheet(NEIGHBOUR), found)
    before = await issue(press.press, await press.who("li"), visit.id)
    job = await bundle_of(press, found)
    whole = await finished(press, job)
    done = await Job.get(id=job.id)
    assert (done.done, done.total) == (2, 2)
    # What was issued already is not issued again.
    assert await Edition.filter(inspection=visit.id).count() == 1
    with pikepdf.open(io.BytesIO(whole)) as opened, opened.open_outline() as outline:
        (town,) = outline.root
        assert (town.title, [village.title for village in town.children]) == (
            "王平镇",
            ["安家庄村 RE", "吕家坡村 RE"],
        )
        pages = sum(len(pikepdf.open(press.press.path(one)).pages) for one in await Edition.all())
        assert len(opened.pages) == pages
    assert before.number == 1
    # Same record, same job; another record, another job, and only one file is kept.
    assert (await bundle_of(press, found)).id == job.id
    await press.close((await Task.filter(inspection=visit.id).order_by("number"))[0].id)
    second = await bundle_of(press, found)
    assert second.id != job.id
    assert await finished(press, second) != whole
    assert len(list((press.app.state.settings.data / "paper").iterdir())) == 1
    assert await Edition.filter(inspection=visit.id).count() == 2


@pytest.mark.slow
async def test_a_bundle_goes_on_where_it_died(press: House, monkeypatch: pytest.MonkeyPatch) -> None:
    found = await press.round()
    for village in (VILLAGE, NEIGHBOUR):
        await press.hand_in(Sheet(village), found)
    job = await bundle_of(press, found)
    real = press.app.state.paper.merge

    async def dies(*_: Any) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(press.app.state.paper, "merge", dies)
    with pytest.raises(asyncio.CancelledError):
        await jobs.run_one(press.app.state)
    assert await Edition.all().count() == 2
    monkeypatch.setattr(press.app.state.paper, "merge", real)
    await finished(press, job)
    assert await Edition.all().count() == 2, "what was printed before the crash was not printed again"


async def test_a_town_bundles_its_own(press: House) -> None:
    found = await press.round()
    await press.hand_in(Sheet(VILLAGE), found)
    assert [
        card.village for card in await round_cards.bundle(found.id, round_cards.reach(await press.who("li")))
    ] == ["安家庄村"]
    assert await round_cards.bundle(found.id, round_cards.reach(await press.who("far"))) == []
    for name, code in (("far", "nothing_to_print"), ("admin", "not_found")):
        with pytest.raises(Problem) as told:
            await round_cards.round_for(await press.who(name), found.id)
        assert told.value.code == code
    keys = {(await round_cards.job_key(found.id, places))[1] for places in (["110109005"], ["110109"])}
    assert len(keys) == 2


@pytest.mark.postgres
@pytest.mark.slow
async def test_the_same_on_the_other_engine(tmp_path: Path, worlds: Worlds) -> None:
    async with house(tmp_path, worlds.copy("postgres", "migrated", tmp_path).database_url) as press:
        found = await press.round()
        visit = await press.hand_in(rich_sheet(), found)
        await press.hand_in(Sheet(NEIGHBOUR), found)
        first = await issue(press.press, await press.who("li"), visit.id)
        await press.close((await Task.filter(inspection=visit.id).order_by("number"))[0].id)
        await press.publish(found)
        job = await bundle_of(press, found)
        assert (await finished(press, job))[:5] == b"%PDF-"
        assert await Edition.filter(inspection=visit.id).count() == 2
        seen = await check(first.code)
        assert seen is not None
        assert (seen.newest.number, seen.moved) == (2, False)
        assert (await bundle_of(press, found)).id == job.id
