"""What a rescue holds and what of it is here already: looked at before anything is written, and again after."""

import asyncio
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from uuid import UUID, uuid5

import msgspec

from inspections.models import Inspection, Photo
from inspections.rounds import assigned_posts
from offline_sync import receipts
from offline_sync.devices import is_revoked
from offline_sync.loose import photo_hashes
from offline_sync.models import Draft
from offline_sync.rescue.archive import Archive, Listed, Seal, announced
from offline_sync.rescue.sealed import name_of, seal_of
from offline_sync.verdicts import Arrived, Carried, Kept
from villages.districts import the_district
from villages.ground import clock
from villages.ground.blobs import Blobs
from villages.ground.problems import Problem
from villages.models import Person, Session
from villages.people import who_is
from villages.permissions import Who


@dataclass
class Act:
    """One command of a rescue: where it lies, what it is, and its verdict once it has one."""

    listed: Listed
    arrived: Arrived | None = None
    kept: Kept | None = None
    fault: str = ""  # why it cannot be taken in, as a sentence
    args: dict[str, Any] = field(default_factory=dict)

    @property
    def new(self) -> bool:
        """True when it is still to be brought in."""
        return self.arrived is not None and self.kept is None and not self.fault


@dataclass
class View:
    """A rescue against what is here. `who` is the owner of the store, as the server takes their word in this file."""

    file: str
    owner: Person
    who: Who
    proven: bool
    archive: Archive
    acts: list[Act]
    photos: dict[str, str]  # hash → here, coming, refused (no photo), broken, stray (no record wants it)
    drafts: dict[UUID, str]  # inspection → new, here, done (handed in since), broken
    faults: list[str]  # a sentence for every photo and draft that is broken

    @property
    def coming(self) -> list[str]:
        """Photos that are still to be brought in."""
        return [sha256 for sha256, state in self.photos.items() if state == "coming"]

    @property
    def anything(self) -> bool:
        """True when an import would change something."""
        return bool(self.coming) or any(act.new for act in self.acts) or "new" in self.drafts.values()

    @property
    def replica(self) -> UUID:
        """What the file's commands count in: never the tablet's own replica, whose numbers stay as they are."""
        return uuid5(self.archive.manifest.replica, f"rescue {self.owner.id}")


async def look_over(archive: Archive, blobs: Blobs, file: str, by: UUID | None) -> View:
    """Read and compare, write nothing. `by`: who brings it in. Raises rescue_district, rescue_person."""
    manifest = archive.manifest
    head = await the_district()
    if manifest.district != head.district:
        raise Problem("rescue_district", district=manifest.district[:12])
    owner = await Person.get_or_none(id=manifest.person.id, district=head.district)
    if owner is None:
        raise Problem("rescue_person")
    session = await _proof(owner, archive.told, archive.seal)
    who = await _owner(owner, session)
    carried = Carried(file, by, session is not None)
    view = View(file, owner, who, session is not None, archive, [], {}, {}, [])
    for listed in manifest.commands:
        view.acts.append(await _act(view, listed, carried))
    view.photos = await _photos(view, blobs)
    view.drafts = await _drafts(view)
    return view


async def _proof(owner: Person, told: bytes, seal: Seal | None) -> Session | None:
    """The deposit session whose token sealed this manifest, when that token could hand in today."""
    if seal is None:
        return None
    live = Session.filter(person_id=owner.id, kind="deposit", revoked=False, expires__gt=clock.now())
    for session in await live:
        if name_of(session.token_hash) == seal.name:
            return session if hmac.compare_digest(seal_of(session.token_hash, told), seal.seal) else None
    return None


async def _owner(owner: Person, session: Session | None) -> Who:
    """The owner as a deposit from their tablet would meet them: a disabled person's or revoked device's waits."""
    who = await who_is(owner, session)
    if who.disabled or await is_revoked(who.device):
        return replace(who, disabled=True, posts=())
    return who.plus(await assigned_posts(who))


async def _act(view: View, listed: Listed, carried: Carried) -> Act:
    act = Act(listed)
    try:
        raw = await asyncio.to_thread(view.archive.command, listed)
        act.arrived = replace(_read(raw, view.replica), carried=carried)
        act.args = _args(act.arrived)
        act.kept = await receipts.stored(view.who, act.arrived)
    except Problem as problem:
        act.fault = problem.sentence
    return act


def _read(raw: bytes, replica: UUID) -> Arrived:
    try:
        return receipts.read(raw, replica, None)
    except Problem as problem:
        raise Problem("rescue_unread") from problem


def _args(arrived: Arrived) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(arrived.command.args)
    except (msgspec.DecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


async def _photos(view: View, blobs: Blobs) -> dict[str, str]:
    """A photo is here when its bytes are and no slot of it waits any more; the others are read, as an import will."""
    listed = {one.sha256: one for one in view.archive.manifest.photos}
    states: dict[str, list[str]] = {sha256: [] for sha256 in listed}
    hashes = list(listed)
    for start in range(0, len(hashes), 500):
        found = Photo.filter(sha256__in=hashes[start : start + 500])
        for sha256, state in await found.values_list("sha256", "state"):
            states[sha256].append(state)
    wanted = {one.sha256 for one in announced(view.archive.manifest)}
    for act in view.acts:
        if act.new and act.arrived:
            wanted |= set(photo_hashes(act.arrived.payload))
    out = {}
    for sha256, one in listed.items():
        standing = await asyncio.to_thread(blobs.standing, sha256)
        if standing.where == "refused":
            out[sha256] = "refused"
        elif standing.where == "stored" and states[sha256] and set(states[sha256]) == {"stored"}:
            out[sha256] = "here"
        elif not states[sha256] and sha256 not in wanted:
            out[sha256] = "stray"
        else:
            out[sha256] = "coming" if await _whole(view, partial(view.archive.photo, one)) else "broken"
    return out


async def _whole(view: View, read: Callable[[], bytes]) -> bool:
    try:
        await asyncio.to_thread(read)
    except Problem as problem:
        view.faults.append(problem.sentence)
        return False
    return True


async def _drafts(view: View) -> dict[UUID, str]:
    listed = {one.inspection: one for one in view.archive.manifest.drafts}
    ids = list(listed)
    if not ids:
        return {}
    kept = dict(await Draft.filter(person=view.owner.id, inspection__in=ids).values_list("inspection", "rev"))
    done = set(await Inspection.filter(id__in=ids).values_list("id", flat=True))
    out = {}
    for inspection, one in listed.items():
        if inspection in done:
            out[inspection] = "done"
        elif kept.get(inspection, -1) >= rev_of(view, one.rev):
            out[inspection] = "here"
        else:
            out[inspection] = "new" if await _whole(view, partial(view.archive.draft, one)) else "broken"
    return out


def rev_of(view: View, rev: int) -> int:
    """A draft that nobody can prove is kept only until its author's tablet sends one."""
    return rev if view.proven else 0
