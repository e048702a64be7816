"""A desk's act becomes a change: the same verbs as a tablet's, judged and written by the same functions.

Every form carries a one-time id (`act`). It stands on the trail's line as the command's id, so a form that is
sent twice is recognised inside the change, takes no number and gets the first answer again.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from dispatch import moves
from dispatch.moves import Outcome
from dispatch.open_tasks import basis_gone
from inspections import void
from inspections.answers import PhotoIn
from inspections.models import Inspection, Photo
from villages.changes import Actor, Line, change
from villages.models import Change, ChangeBody
from villages.permissions import Who
from villages.web import need

KEPT = ("applied", "merged", "noop", "conflict")  # what a repeat finds done; a refused act is judged again


class _Repeated(Exception):
    """This very form was carried out before: nothing is written, no number is taken."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.status)
        self.outcome = outcome


async def do_move(
    who: Who, task_id: UUID, verb: str, *, act: UUID, base_rev: int | None, text: str = "",
    photos: Sequence[PhotoIn] = (), unit: str = "", until: datetime | None = None, interim: str = "",
    into: UUID | None = None, place: str = "", shots: Sequence[UUID] = (),
) -> Outcome:  # fmt: skip
    """One act on a task by a person at the desk, as one change (`dispatch.moves.act`).

    The bytes of `photos` must be in the store already: their slots are opened and filled in the same change.
    `base_rev` is the revision of the task that the form was made from; `until`, `interim`, `into` as in `registers.Act`.
    """

    async def work(line: Line) -> Outcome:
        if told := await _told_before(who, task_id, act):
            raise _Repeated(told)
        outcome = await moves.act(
            line, who, verb, task_id, base_rev=base_rev, text=text, photos=photos, unit=unit, until=until,
            interim=interim, into=into, place=place, shots=shots,
        )  # fmt: skip
        if photos and outcome.status != "rejected":
            await line.flush()  # the slots must be there to be filled
            ids = [photo.id for photo in photos]
            waiting = Photo.filter(id__in=ids, state="expected")
            await waiting.update(state="stored", stored_at=line.heard_at, fault="", rev=line.rev)
        line.body["message"] = outcome.message
        return outcome

    try:
        return await change(
            work, district=who.district, actor=actor_of(who), verb=f"task.{verb}", command_id=act
        )
    except _Repeated as again:
        return again.outcome


async def _told_before(who: Who, task_id: UUID, act: UUID) -> Outcome | None:
    lines = Change.filter(subject_id=str(task_id), command_id=act, person=who.person)
    for line in await lines.order_by("-rev"):
        kept = await ChangeBody.get_or_none(id=line.id)
        said = msgspec.json.decode(kept.body) if kept and kept.body else {}
        if said.get("status") in KEPT:
            stage = line.to_stage or str(said.get("stage", ""))
            return Outcome(said["status"], said.get("reason", ""), stage, said.get("message", ""))
    return None


async def void_inspection(who: Who, inspection: Inspection, reason: str) -> dict[str, list[str]]:
    """Void an inspection with a reason; its tasks are cancelled or marked in the same change.

    Returns {cancelled, marked} task ids. Raises forbidden, invalid without a reason or when it is published, stale.
    """
    post = need(who, "inspection.void", inspection.village)

    async def work(line: Line) -> dict[str, list[str]]:
        await void.void(line, inspection.id, reason)
        return await basis_gone(line, inspection.id)

    actor = Actor(who.person, post.role, post.place, who.title, who.device)
    return await change(work, district=who.district, actor=actor, verb="inspection.void")


def actor_of(who: Who) -> Actor:
    """The person in their weightiest post, until the act itself names the one that fits."""
    post = who.posts[0] if who.posts else None
    return Actor(who.person, post.role if post else "none", post.place if post else "", who.title, who.device)
