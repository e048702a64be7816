"""Slow work beside the requests: a table of jobs, each held under a lease by whoever does it.

A process that dies lets its lease run out, and another takes the job again; three tries, then it stands as failed
with a sentence. Jobs are written outside the trail, a statement at a time, and can be done twice without harm.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from tortoise.exceptions import IntegrityError
from tortoise.expressions import Q

from dispatch import daily, ledger, round_cards, town_sheets
from dispatch.bringing import run as bringing
from villages.changes import shielded
from villages.ground import clock
from villages.ground.ids import new_id
from villages.ground.problems import Problem
from villages.models import Job

LEASE = timedelta(seconds=60)
TRIES = 3
PAUSE = timedelta(seconds=10)  # after an unforeseen failure, times the tries so far
POLL = 5.0  # seconds; work enqueued in this process does not wait for it
Tell = Callable[[int, int], Awaitable[None]]

# What kinds there are, and what does them: (app state, job, tell(done, total)) → result, 200 characters at most.
KINDS: dict[str, Callable[[Any, Job, Tell], Awaitable[str]]] = {
    "round_cards": round_cards.make,
    "daily": daily.job,
    "ledger": ledger.make,
    town_sheets.KIND: town_sheets.make,
    town_sheets.ONE: town_sheets.make_one,
    bringing.CHECK: bringing.check_job,
    bringing.BRING: bringing.bring_job,
}

log = structlog.get_logger()
_bells: set[asyncio.Event] = set()


async def enqueue(kind: str, key: str, args: dict[str, Any], person: UUID | None) -> Job:
    """The job of this key: made, or found as it is; one that had failed is begun anew."""
    job = await Job.get_or_none(key=key)
    if job is None:
        job = Job(
            id=new_id(), kind=kind, key=key, args=args, person=person, state="waiting", created=clock.now()
        )
        try:
            await shielded(job.save(force_create=True))
        except IntegrityError:  # somebody else asked in the same breath
            job = await Job.get(key=key)
    if job.state == "failed":
        job = await again(job)
    _ring()
    return job


async def again(job: Job) -> Job:
    """Let a job that has ended (failed, or done with its result gone) be done once more."""
    await shielded(
        Job.filter(id=job.id, state=job.state).update(
            state="waiting", tries=0, done=0, result="", error="", lease_until=None
        )
    )
    _ring()
    return await Job.get(id=job.id)


async def finished_file(job: Job | None, path: Callable[[Job], Path]) -> Path | None:
    """Where the file lies that this job made; None while it is not done, or when its file has gone."""
    if job is None or job.state != "done":
        return None
    found = path(job)
    return found if await asyncio.to_thread(found.is_file) else None


async def under_way(kind: str, beginning: str) -> Job | None:
    """The newest job not yet ended whose key begins so."""
    query = Job.filter(kind=kind, key__startswith=beginning, state__in=("waiting", "running"))
    return await query.order_by("-created").first()


def _ring() -> None:
    for bell in _bells:
        bell.set()


async def run_jobs(state: Any) -> None:
    """Do jobs one after the other, for ever. `state` is the application's."""
    bell = asyncio.Event()
    _bells.add(bell)
    try:
        while True:
            bell.clear()
            try:
                busy = await run_one(state)
            except Exception as error:  # a database away for a moment must not end the loop
                log.error("jobs", kind=type(error).__name__, exc_info=error)
                busy = False
            if not busy:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(bell.wait(), POLL)
    finally:
        _bells.discard(bell)


async def run_one(state: Any) -> bool:
    """Take the oldest job that is due and do it to its end; False when there is none."""
    job = await _take()
    if job is None:
        return False
    keeper = asyncio.create_task(_keep(job))
    try:
        result = await KINDS[job.kind](state, job, _teller(job))
        await _mine(job, state="done", result=result[:200], error="", lease_until=None)
    except asyncio.CancelledError:  # the server is going down: the next one need not wait for the lease
        await _mine(job, state="waiting", tries=job.tries - 1, lease_until=None)
        raise
    except Problem as problem:
        await _mine(job, state="failed", error=problem.sentence[:300], lease_until=None)
    except Exception as error:
        await _stumbled(job, error)
    finally:
        keeper.cancel()
    return True


async def _stumbled(job: Job, error: Exception) -> None:
    log.error("job", job=str(job.id), kind=job.kind, tries=job.tries, exc_info=error)
    if job.tries >= TRIES:
        sentence = (
            f"连续 {job.tries} 次未能完成，请稍后重新开始；仍不成功请把编号 {str(job.id)[-8:]} 告诉管理员。"
        )
        await _mine(job, state="failed", error=sentence, lease_until=None)
    else:
        await _mine(job, state="waiting", lease_until=clock.now() + PAUSE * job.tries)


async def _take() -> Job | None:
    """The oldest job that waits or whose holder has died, under our lease now."""
    now = clock.now()
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    while True:
        job = (
            await Job.filter(Q(state="waiting") & free | Q(state="running", lease_until__lte=now))
            .order_by("created", "id")
            .first()
        )
        if job is None:
            return None
        if job.tries >= TRIES:  # it took its process down each time
            await _mine(
                job,
                state="failed",
                error=f"连续 {job.tries} 次中断，未能完成，请重新开始。",
                lease_until=None,
            )
            continue
        taken = await shielded(
            Job.filter(id=job.id, state=job.state, tries=job.tries).update(
                state="running", tries=job.tries + 1, lease_until=now + LEASE, error=""
            )
        )
        if taken:
            job.state, job.tries = "running", job.tries + 1
            return job


async def _keep(job: Job) -> None:
    """Renew the lease while the work goes on."""
    while True:
        await asyncio.sleep(LEASE.total_seconds() / 3)
        with contextlib.suppress(Exception):  # the next renewal, or the lease's end, will tell
            await _mine(job, lease_until=clock.now() + LEASE)


def _teller(job: Job) -> Tell:
    async def tell(done: int, total: int) -> None:
        await _mine(job, done=done, total=total)

    return tell


async def _mine(job: Job, **columns: Any) -> None:
    """Write to the job as long as nobody else has taken it since."""
    await shielded(Job.filter(id=job.id, tries=job.tries).update(**columns))
