"""The only way to change a task after its opening: an act, judged by the table, written with its step.

Everything runs inside an open change. Whoever acted, the step keeps their name; whatever they carried is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from dispatch import aside, notices, refusals, registers, stages
from dispatch.departments import hand_over, touch_photos
from dispatch.models import Step, Task, TaskPhoto
from dispatch.queries import visible_task
from dispatch.registers import Act
from dispatch.shares import CHECK, shares_of
from dispatch.shown_before import fresh, reused
from dispatch.stages import Already, Facts, Move, Refusal
from inspections.answers import PhotoIn
from inspections.evidence import expect_photos, own_slots
from inspections.models import Photo
from villages.changes import Actor, Line
from villages.ground import clock
from villages.ground.ids import new_id
from villages.models import DistrictHead, Unit
from villages.permissions import AUTHORITY, PostHeld, Who

# What the photos of an act show: what is still wrong or wrong again is a before-photo, elsewhere is 举一反三.
ROLES = {"reject": "before", "reopen": "before", "split": "before", "sweep_answer": "similar"}
TEXT = 600  # what a step shows of a text; the change's body has all of it


@dataclass(frozen=True)
class Outcome:
    """What became of an act. `status`: applied, merged, noop, conflict, rejected; from `act` also held.
    `message` tells a person why it was not done. `data`: stage, rev, and as far as there are any: kept_as,
    missing (hashes), check."""

    status: str
    reason: str = ""
    stage: str = ""
    message: str = ""
    data: dict[str, Any] = field(default_factory=dict)


async def act(
    line: Line, who: Who, verb: str, task_id: UUID, *, base_rev: int | None = None, text: str = "",
    photos: Sequence[PhotoIn] = (), unit: str = "", at: datetime | None = None, **more: Any,
) -> Outcome:  # fmt: skip
    """`move` (with `until`, `interim`, `into` of an `Act` in `more`) by whichever of the person's posts fits the task best.

    A task they do not see: rejected/unknown; held/scope_lost when photos came with it, whose slots are opened.
    """
    task = await visible_task(who, task_id)
    if task is None or not task.village.startswith(line.district):
        return await _out_of_reach(line, who, task_id, photos)
    post = _post(who, verb, task)
    actor = Actor(who.person, post.role, post.place, who.title, who.device)
    return await _move(line, task, Act(verb, actor, base_rev, text, photos, unit, at, **more))


async def move(
    line: Line, task_id: UUID, verb: str, actor: Actor, *, base_rev: int | None, text: str = "",
    photos: Sequence[PhotoIn] = (), unit: str = "", at: datetime | None = None, **more: Any,
) -> Outcome:  # fmt: skip
    """Do one verb of `stages.ROWS` to a task, by the rules of sync.md §4, and make it the change's subject.

    The caller has chosen the actor's post and answers for its truth; whether it may is judged here.
    """
    task = await Task.get_or_none(id=task_id)
    if task is None or not task.village.startswith(line.district):
        return _unknown(line, task_id)
    return await _move(line, task, Act(verb, actor, base_rev, text, photos, unit, at, **more))


async def _move(line: Line, task: Task, ask: Act) -> Outcome:
    before = task.stage
    line.actor = ask.actor
    done = await apply(line, task, ask)
    moved = (before, done.stage) if done.stage != before else ("", "")
    line.about("task", task.id, task.home, moved=moved)
    line.body.update(
        verb=ask.verb, text=ask.text, base_rev=ask.base_rev, status=done.status, reason=done.reason
    )
    if ask.until or ask.into or ask.interim or ask.place or ask.shots:
        until = clock.rfc3339(ask.until) if ask.until else None
        line.body.update(until=until, into=str(ask.into or ""), interim=ask.interim, place=ask.place)
        line.body["shots"] = [str(one) for one in ask.shots]
    line.body.update(unit=ask.unit, photos=[[str(photo.id), photo.sha256] for photo in ask.photos])
    if "check" in done.data:
        line.body["check"] = done.data["check"]
    return done


async def apply(line: Line, task: Task, ask: Act) -> Outcome:
    """Judge one act and write it: for changes whose subject is something else than this task."""
    ask = replace(ask, photos=await own_slots(ask.photos, task.home, ask.actor.person))
    facts, check = await _facts(line, task, ask)
    verdict = stages.judge(ask.verb, facts)
    if isinstance(verdict, Refusal):
        return await _refuse(line, task, ask, verdict)
    touched: dict[str, Any] = {"rev": line.rev}
    if isinstance(verdict, Already):
        status, stage = "noop", task.stage
        if ask.verb == "submit":
            touched["submitters"] = _with(task.submitters, ask.actor.person)
    else:
        behind = ask.base_rev is not None and ask.base_rev < task.rev
        status, stage = ("merged" if behind and not facts.stale else "applied"), verdict.to
        touched |= _effects(line, task, ask, verdict)
        touched |= registers.effects(line, task, ask)
        if ask.verb == "merge":
            await registers.merge(line, task, ask)
    data: dict[str, Any] = {"stage": stage, "rev": line.rev}
    if ask.verb == "pass" and isinstance(verdict, Move):
        data["check"] = check
    step = await _step(line, task, ask, ask.verb, stage, status)
    data |= await _keep_photos(line, task, ask, step)
    await Task.filter(id=task.id).update(**touched)
    _tell_photos(line, task, ask)
    if ask.verb == "split" and isinstance(verdict, Move):
        data["task"] = str(await aside.split(line, task, ask))
    if ask.verb in ("look_back", "reopen") and isinstance(verdict, Move):
        await aside.looked_at(line, task, "fine" if ask.verb == "look_back" else "back")
    if status != "noop":
        await notices.tell_move(line, task, ask, stage)
    again = await reused(task, ask.photos) if ROLES.get(ask.verb, "after") == "after" else []
    if again:
        data["reused"] = again
    return Outcome(
        status, stage=stage, message=refusals.REUSED.format(n=len(again)) if again else "", data=data
    )


async def _refuse(line: Line, task: Task, ask: Act, refusal: Refusal) -> Outcome:
    told = refusals.sentence(ask.verb, refusal, task.stage)
    data: dict[str, Any] = {"stage": task.stage, "rev": line.rev}
    if refusal.status == "conflict":
        step = await _step(line, task, ask, "note", task.stage, "conflict")
        data["kept_as"] = f"note:{step.id}"
        data |= await _keep_photos(line, task, ask, step)
        await Task.filter(id=task.id).update(rev=line.rev)
        _tell_photos(line, task, ask)
    return Outcome(refusal.status, refusal.reason, task.stage, told, data)


def _tell_photos(line: Line, task: Task, ask: Act) -> None:
    """Photos that lie below somebody's cursor: of a task that had left the tablets, or an old one's new use for a
    department, which did not see it before."""
    if task.stage in stages.FINISHED or (ask.photos and "-" in task.unit):
        touch_photos(line, task)


def _unknown(line: Line, task_id: UUID) -> Outcome:
    line.about("task", task_id, line.district)
    return Outcome("rejected", "unknown", message=refusals.UNKNOWN)


async def _out_of_reach(line: Line, who: Who, task_id: UUID, photos: Sequence[PhotoIn]) -> Outcome:
    """Evidence for a task that was taken away meanwhile waits for the office; a bare act is refused."""
    if not photos:
        return _unknown(line, task_id)
    line.about("task", task_id, line.district)
    missing = await expect_photos(line, photos, home=f"u:{who.person}", person=who.person)
    return Outcome("held", "scope_lost", message=refusals.OUT_OF_REACH, data={"missing": missing})


def _effects(line: Line, task: Task, ask: Act, verdict: Move) -> dict[str, Any]:
    """The columns that a move sets beside `rev`."""
    if not verdict.moves:
        return {}
    found: dict[str, Any] = {"stage": verdict.to, "moved_rev": line.rev}
    if ask.verb == "reassign":
        found["unit"] = ask.unit
        hand_over(line, task, ask.unit)
    if ask.verb == "submit":
        found |= {"submitted_at": line.heard_at, "submitters": _with(task.submitters, ask.actor.person)}
    if ask.verb == "reject":
        found["rejected"] = task.rejected + 1
    if verdict.to == stages.CLOSED:
        found["closed_at"] = line.heard_at
    return found


def _with(people: Sequence[str], person: UUID | None) -> list[str]:
    return list(dict.fromkeys([*people, str(person)]))


async def _facts(line: Line, task: Task, ask: Act) -> tuple[Facts, dict[str, Any]]:
    """All that the judge asks for, and the draw behind `to_check`."""
    stale = ask.base_rev is not None and ask.base_rev < task.moved_rev
    check = await _check(line, task) if ask.verb == "pass" else {}
    facts = Facts(
        stage=task.stage, village=task.village, unit=task.unit, role=ask.actor.post, place=ask.actor.place,
        person=str(ask.actor.person or ""), submitters=frozenset(task.submitters), text=ask.text,
        photos=len(ask.photos), fresh=await fresh(task, ask.photos),
        new_unit=await _known_unit(line, ask.unit or (task.unit if ask.verb == "split" else "")), stale=stale,
        outranked=stale and await _outranked(task, ask), to_check=bool(check.get("drawn") or check.get("critical")),
        **await registers.facts(line, task, ask), **await aside.facts(line, task, ask),
    )  # fmt: skip
    return facts, check


async def _check(line: Line, task: Task) -> dict[str, Any]:
    """Whether a passed task goes to the office as well. The seed is the chain's hash before this change: nobody
    can choose it, and whoever holds the trail can draw again."""
    head = await DistrictHead.get(district=line.district)
    share = shares_of(head.settings)[CHECK]
    seed = line.prev_hash
    return {
        "critical": task.severity == "critical", "seed": seed, "share": share,
        "drawn": stages.drawn(seed, str(task.id), share),
    }  # fmt: skip


async def _outranked(task: Task, ask: Act) -> bool:
    """Whether somebody of higher authority moved the task after the act's base."""
    since = await Step.filter(task_id=task.id, rev__gt=ask.base_rev, verdict__in=("applied", "merged"))
    mine = AUTHORITY.get(ask.actor.post, 0)
    return any(
        (step.from_stage != step.to_stage or step.verb == "reassign") and AUTHORITY.get(step.post, 0) > mine
        for step in since
        if step.person is None or step.person != ask.actor.person
    )


async def _known_unit(line: Line, unit: str) -> str:
    """The unit, or "" for a department that there is not; a village or town is known by the task itself."""
    if "-" in unit and (
        len(unit) > 16 or not await Unit.exists(code=unit, district=line.district, active=True)
    ):
        return ""
    return unit


async def _step(line: Line, task: Task, ask: Act, verb: str, stage: str, verdict: str) -> Step:
    actor = ask.actor
    text = ask.text if len(ask.text) <= TEXT else ask.text[: TEXT - 1] + "…"
    step = Step(
        id=new_id(), task_id=task.id, rev=line.rev, verb=verb, at=ask.at or line.at, heard_at=line.heard_at,
        person=actor.person, post=actor.post, title=actor.title[:40], text=text, from_stage=task.stage,
        to_stage=stage, verdict=verdict, until=ask.until,
    )  # fmt: skip
    await step.save(force_create=True)
    return step


async def _keep_photos(line: Line, task: Task, ask: Act, step: Step) -> dict[str, Any]:
    """Expect the photos and link them to the task; `{missing: hashes}`."""
    if not ask.photos or ask.actor.person is None:
        return {}
    missing = await expect_photos(line, ask.photos, home=task.home, person=ask.actor.person)
    # Photos of an act that was held live with their author until the task takes them in.
    early = Photo.filter(id__in=[photo.id for photo in ask.photos], person=ask.actor.person, town="")
    await early.update(home=task.home, town=task.town, rev=line.rev)
    role = ROLES.get(ask.verb, "after")
    links = {
        photo.id: TaskPhoto(
            task_id=task.id, photo=photo.id, sha256=photo.sha256, role=role, pairs=photo.pairs, step=step.id
        )
        for photo in ask.photos
    }
    # Sent again after a conflict had kept it as a note, a photo belongs to the act that succeeded.
    await TaskPhoto.bulk_create(
        links.values(), on_conflict=["task_id", "photo", "role"], update_fields=["pairs", "step"]
    )
    return {"missing": missing}


def _post(who: Who, verb: str, task: Task) -> PostHeld:
    """The weightiest post that may do it here; else the weightiest that reaches the task, to be refused."""

    def order(post: PostHeld) -> tuple[bool, bool, int, int]:
        fits = stages.may(verb, post.role, post.place, task.unit, task.village)
        here = post.covers(task.village) or post.covers(task.unit)
        return fits, here, AUTHORITY.get(post.role, 0), len(post.place)

    return max(who.posts, key=order)
