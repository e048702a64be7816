"""The jobs of a bringing-in: judging it, and carrying it out in batches of changes that are each whole.

A job that dies is taken up again: what is there already is passed over inside the change, and no batch without
something new spends a number.
"""

import asyncio
import contextlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tortoise.queryset import QuerySet

from dispatch.bringing.check import VERB, Tell, check
from dispatch.bringing.opening import Draft, Source, open_brought
from dispatch.bringing.shelf import Meta, Shelf
from dispatch.models import Task
from dispatch.unclaimed import mark
from villages.changes import Actor, Line, change
from villages.ground.blobs import Blobs
from villages.ground.problems import Problem
from villages.models import Job, Person
from villages.people import who_is
from villages.permissions import Who, post_for

CHECK, BRING = "ledger_check", "ledger_bring"
BATCH = 40  # rows of one change


class _NothingNewError(Exception):
    """Every row of the batch is there: the change is given up before it spends its number."""


@dataclass(frozen=True)
class Brought:
    """What came of it."""

    opened: int
    there: int


async def check_job(state: Any, job: Job, tell: Tell) -> str:
    """The dry run as a job; the report lies on the shelf."""
    shelf = Shelf(state.settings, UUID(job.args["bringing"]))
    report = await check(shelf, await office_of(job.person), tell)
    return f"{report.get('ready', 0)}"


async def bring_job(state: Any, job: Job, tell: Tell) -> str:
    """Carry it out as a job; the result is "opened there"."""
    shelf = Shelf(state.settings, UUID(job.args["bringing"]))
    done = await bring(shelf, await office_of(job.person), state.blobs, tell)
    return f"{done.opened} {done.there}"


async def office_of(person: UUID | None) -> Who:
    """The person who asked, as they are now. Raises forbidden when it is no office's any more."""
    found = await Person.get_or_none(id=person)
    if found is None or found.disabled:
        raise Problem("forbidden", act="带入台账", who="区级办公室")
    who = await who_is(found)
    if post_for(who, VERB, who.district) is None:
        raise Problem("forbidden", act="带入台账", who="区级办公室")
    return who


async def bring(shelf: Shelf, who: Who, blobs: Blobs, tell: Tell) -> Brought:
    """Open what the dry run found ready. Raises not_found when there was none, forbidden when this is no office's."""
    meta, report = await asyncio.to_thread(shelf.meta), await asyncio.to_thread(shelf.told, "report.json")
    if meta is None or not report or not report["checked"]:
        raise Problem("not_found")
    total, done = report["ready"], 0
    drafts = shelf.lines("drafts.jsonl")
    await tell(0, total)
    while batch := await asyncio.to_thread(lambda: list(itertools.islice(drafts, BATCH))):
        await _one(shelf, meta, who, blobs, batch)
        done += len(batch)
        await tell(done, total)
    opened = await opened_by(UUID(meta.id)).count()
    return Brought(opened, done - opened)


def opened_by(bringing: UUID) -> QuerySet[Task]:
    """The tasks that came of it, over every attempt."""
    return Task.filter(inspection=bringing, origin="ledger")


async def _one(shelf: Shelf, meta: Meta, who: Who, blobs: Blobs, batch: Sequence[Draft]) -> None:
    """One batch, one change."""
    post = post_for(who, VERB, who.district)
    if post is None:
        raise Problem("forbidden", act="带入台账", who="区级办公室")
    there = await Task.filter(id__in=[UUID(draft["id"]) for draft in batch]).values_list("id", flat=True)
    fresh = [draft for draft in batch if UUID(draft["id"]) not in set(there)]
    if not fresh:
        return
    await asyncio.to_thread(_keep, shelf, blobs, fresh)
    source = Source(UUID(meta.id), meta.name, meta.sha256)

    async def work(line: Line) -> None:
        if not await open_brought(line, source, fresh):
            raise _NothingNewError

    actor = Actor(who.person, post.role, post.place, who.title, who.device)
    with contextlib.suppress(_NothingNewError):
        await change(work, district=who.district, actor=actor, verb="ledger.bring")


def _keep(shelf: Shelf, blobs: Blobs, drafts: Sequence[Draft]) -> None:
    """The photos' bytes go into the store before the change that names them; marked, should it never come."""
    for sha256 in {
        shot["sha256"] for draft in drafts for role in ("before", "after") for shot in draft[role]
    }:
        mark(blobs, sha256)
        blobs.put(shelf.picture(sha256).read_bytes())
