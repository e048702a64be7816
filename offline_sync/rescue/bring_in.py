"""Bringing a rescue in: the very roads that a tablet's own push, drafts and photos take.

The author is always the owner of the store. Where the file's seal proves it, commands are carried out as a deposit's;
where it does not, each is held for the office. A second import finds everything here and takes no number.
"""

import asyncio
from dataclasses import dataclass, field, replace

import msgspec

from inspections import evidence
from offline_sync import drafts, receipts
from offline_sync.arrivals import expected, forget, lock, refused_again, settle_found, take_in
from offline_sync.push import own_replica
from offline_sync.receipts import Counted
from offline_sync.rescue.archive import Listed, announced
from offline_sync.rescue.look import Act, View, rev_of
from villages.changes import Actor, Line, change, shielded
from villages.ground.blobs import Blobs
from villages.ground.problems import Problem
from villages.permissions import Who

MEANWHILE = ("gap", "replica_fork")  # another request took our number: look again


@dataclass
class Report:
    """What came of an import: numbers, and a sentence for everything that was not taken in."""

    acts: int = 0
    photos: int = 0
    drafts: int = 0
    faults: list[str] = field(default_factory=list)


async def bring_in(view: View, blobs: Blobs, actor: Actor) -> Report:
    """Import what is not here. `actor`: who does it, named in the trail before anything else is written."""
    report = Report()
    if not view.anything:
        return report
    await _tell(view, actor)
    counted: Counted | None = None
    for act in view.acts:
        if act.fault:
            report.faults.append(act.fault)
        elif act.new:
            counted = counted or await own_replica(view.who, view.replica, view.who.device)
            await _carry(view.who, act, counted)
            report.acts += 1
    await _bring_drafts(view, report)
    for listed in view.archive.manifest.photos:
        if view.photos[listed.sha256] == "coming":
            await _bring_photo(view, listed, blobs, report)
    return report


async def _tell(view: View, actor: Actor) -> None:
    """The import's own line in the trail, with slots for the photos that no command announces."""
    manifest = view.archive.manifest
    listed = {one.sha256 for one in manifest.photos}
    loose = [one for one in announced(manifest) if one.sha256 in listed]

    async def work(line: Line) -> None:
        line.about("person", view.owner.id, view.who.district)
        line.body.update(
            file=view.file, person=str(view.owner.id), replica=str(manifest.replica), made_at=manifest.made_at,
            device=manifest.device, build=manifest.build, proven=view.proven,
            commands=sum(act.new for act in view.acts), photos=len(view.coming),
            drafts=sum(state == "new" for state in view.drafts.values()),
        )  # fmt: skip
        await evidence.expect_photos(line, loose, home=f"u:{view.owner.id}", person=view.owner.id)

    await change(work, district=view.who.district, actor=actor, verb="rescue.import")


async def _carry(who: Who, act: Act, counted: Counted) -> None:
    """One command to its verdict, as often as a push would try it."""
    assert act.arrived is not None
    for last in (False, False, True, True):
        command = msgspec.structs.replace(act.arrived.command, seq=counted.last_seq + 1)
        try:
            act.kept = await receipts.settle_one(who, replace(act.arrived, command=command), counted)
            return
        except Problem as problem:
            if last or problem.code not in MEANWHILE:
                act.fault = problem.sentence
                return
            counted.last_seq = (await own_replica(who, counted.id, who.device)).last_seq
        except Exception:
            if last:
                raise


async def _bring_drafts(view: View, report: Report) -> None:
    for listed in view.archive.manifest.drafts:
        if view.drafts[listed.inspection] != "new":
            continue
        try:
            text = await asyncio.to_thread(view.archive.draft, listed)
            await drafts.keep(view.owner.id, listed.inspection, rev_of(view, listed.rev), _json(text))
        except Problem as problem:
            report.faults.append(problem.sentence)
        else:
            report.drafts += 1
            view.drafts[listed.inspection] = "here"


def _json(text: bytes) -> str:
    try:
        msgspec.json.decode(text)
        return text.decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem("rescue_unreadable", what="有一份草稿的内容不完整") from error


async def _bring_photo(view: View, listed: Listed, blobs: Blobs, report: Report) -> None:
    try:
        data = await asyncio.to_thread(view.archive.photo, listed)
        await _take_photo(blobs, view.who, listed.sha256, data)
    except Problem as problem:
        report.faults.append(f"照片 {listed.sha256[:8]}：{problem.sentence}")
    else:
        report.photos += 1
        view.photos[listed.sha256] = "here"


async def _take_photo(blobs: Blobs, who: Who, sha256: str, data: bytes) -> None:
    """Bytes to their slots, by the uploads' own last step. Raises what an upload would."""
    slots = await expected(who, sha256)
    standing = await asyncio.to_thread(blobs.standing, sha256)
    if standing.where == "refused":
        return await refused_again(blobs, who, slots, sha256)
    if standing.where == "stored":
        return await settle_found(blobs, who, slots, sha256)
    partial = await lock(blobs, sha256)
    mine = True
    try:
        # Whole bytes are better than those that a line cut: what was half here is written anew.
        await asyncio.to_thread(partial.cut, 0)
        await asyncio.to_thread(partial.append, data)
        mine = False
        await shielded(take_in(blobs, partial, who, slots))
    finally:
        if mine:
            await asyncio.to_thread(partial.close)
    await forget(sha256)
    return None
