"""One task: what is wrong and what was done side by side, its history, and exactly the forms one may use now."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from msgspec import structs
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dispatch import commands
from dispatch.models import Task, TaskPhoto
from dispatch.moves import Outcome
from dispatch.pages.allowed import FORMS, allowed, destinations, own_work, reviewers
from dispatch.pages.asked import asked_in, next_in, queue_of
from dispatch.pages.beside import beside, shown
from dispatch.pages.clock_line import clock_line
from dispatch.pages.form_photos import BODY_MOST, MOST, taken
from dispatch.pages.naming import names_for
from dispatch.pages.showing import forms, history, marks_of, names_needed, next_step, pairs_of
from dispatch.queries import photos_of, steps_of, visible_task
from dispatch.shown_before import mark_reused
from dispatch.stages import OPEN
from inspections.checklists import checklist_by_sha
from inspections.models import Inspection
from templates import words
from villages.ground import clock
from villages.ground.problems import Problem
from villages.permissions import COMMITTEE, DEPARTMENT, Who, sees
from villages.shell import desk, desk_page, done
from villages.web import form

TEXT_MOST = 2000
DONE = ("applied", "merged", "noop")
ONWARD = (
    "pass",
    "reject",
    "close",
    "cancel",
    "extend_grant",
    "extend_refuse",
    "merge",
)  # after these the next task of the list is opened


@dataclass(frozen=True)
class Given:
    """What a form carried: shown again, word for word, when it could not be done."""

    verb: str = ""
    text: str = ""
    phrase: str = ""
    unit: str = ""
    until: str = ""  # a day, as an input of type date gives it
    interim: str = ""
    into: str = ""
    place: str = ""
    shots: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """The phrase chosen and the words typed, as one text."""
        return "；".join(part for part in (self.phrase, self.text) if part)


async def the_task(request: Request, who: Who) -> Task:
    """The task of the address. Raises not_found for what this person may not see."""
    task = await visible_task(who, request.path_params["task"])
    if task is None:
        raise Problem("not_found")
    return task


@desk_page
async def one_task(request: Request, who: Who) -> Response:
    """GET /tasks/{task}?queue=: `queue` is the sentence of the list somebody works through."""
    task = await the_task(request, who)
    return await show(request, who, task, request.query_params.get("queue", ""), Given())


async def show(
    request: Request, who: Who, task: Task, queue: str, given: Given, *, status: int = 200, wrong: str = ""
) -> Response:
    """The page of a task; `wrong` says why the form of `given` was not done."""
    photos = await mark_reused(who, task.id, (await photos_of([task.id]))[task.id])
    steps = (await steps_of([task.id]))[task.id]
    names = await names_for(names_needed(task))
    also = await beside(who, task, allowed(who, task), steps)
    verbs = also.verbs
    said = words.DONE.get(request.query_params.get("done", ""), "")
    hands = who.holds(COMMITTEE, DEPARTMENT) and not set(verbs) & {"pass", "reject", "close", "reassign"}
    return desk(
        request, who, "dispatch/task_phone.html" if hands else "dispatch/task.html", status=status,
        task=task, open=task.stage in OPEN, names=names, marks=marks_of(task), next_step=next_step(task, names),
        item=await _item(task), steps=history(steps, photos), shots=pairs_of(photos), forms=forms(verbs),
        units=[(unit, names.unit(unit)) for unit in destinations(who, task, names.departments)],
        barred=reviewers(task) if own_work(who, task) and task.stage in ("submitted", "checked") else "",
        flash=_flash(request, said, told="submit" not in verbs and hands), said=said, phrases=words.PHRASES, given=given, wrong=wrong, act=uuid4(), most=MOST, queue_text=queue,
        queue=await queue_of(who, asked_in(queue), task) if queue else None, department="-" in task.unit,
        sees_village=sees(who, task.village), beside=also, dates=shown(also),
        clock=clock_line(task, steps, clock.now()),
    )  # fmt: skip


def _flash(request: Request, said: str, *, told: bool) -> str:
    """What was done, said once: on the next task of a list it was the one before, on a phone what follows says it."""
    if told:
        return ""
    return f"上一项{said}" if said and "last" in request.query_params else said


async def _item(task: Task) -> dict[str, Any]:
    """The checklist's words on the item, and the visit that found it, where that is known."""
    visit = await Inspection.get_or_none(id=task.inspection).select_related("round")
    if visit is None:
        return {"text": "", "inspection": None}
    item = (await checklist_by_sha(visit.checklist_sha256)).by_code.get(task.item)
    return {
        "text": item.text if item else "", "lead": item.lead_dept if item else "",
        "round": visit.round.name, "at": visit.finished_at, "inspection": visit.id,
    }  # fmt: skip


@desk_page
async def act_on(request: Request, who: Who) -> Response:
    """POST /tasks/{task}/{verb}: one of `allowed.FORMS`; a form that comes twice is answered as the first was."""
    task, verb = await the_task(request, who), request.path_params["verb"]
    if verb not in FORMS:
        raise Problem("not_found")
    if int(request.headers.get("content-length", "0")) > BODY_MOST:
        raise Problem("too_large", what="一次提交的照片", limit=f"{BODY_MOST >> 20} MB")
    data = await form(request, who, max_fields=80, max_files=MOST + 4)
    queue = str(data.get("queue", ""))
    given = Given(
        verb, str(data.get("text", "")).strip()[:TEXT_MOST], str(data.get("phrase", "")).strip()[:200],
        str(data.get("unit", ""))[:16], str(data.get("until", ""))[:10],
        str(data.get("interim", "")).strip()[:TEXT_MOST], str(data.get("into", ""))[:36],
        str(data.get("place", "")).strip()[:200], tuple(str(one)[:36] for one in data.get("shots[]", [])[:40]),
    )  # fmt: skip
    try:
        outcome = await _do(request, who, task, data, given)
    except Problem as problem:
        return await show(request, who, task, queue, given, status=problem.status, wrong=problem.sentence)
    if outcome.status in DONE:
        return await _onward(who, task, verb, queue)
    fresh = await the_task(request, who)
    status = 409 if outcome.status == "conflict" else 403 if outcome.reason == "forbidden" else 422
    return await show(request, who, fresh, queue, given, status=status, wrong=outcome.message)


async def _do(request: Request, who: Who, task: Task, data: dict[str, Any], given: Given) -> Outcome:
    try:
        act, base = UUID(str(data.get("act", ""))), int(str(data.get("base_rev", "")))
    except ValueError:
        raise Problem("csrf") from None
    photos = await taken(data, act, request.app.state.blobs)
    before = set(
        await TaskPhoto.filter(task_id=task.id, role="before").values_list("photo", flat=True)
        if photos
        else []
    )
    photos = [photo if photo.pairs in before else structs.replace(photo, pairs=None) for photo in photos]
    return await commands.do_move(
        who, task.id, given.verb, act=act, base_rev=base, text=given.said, photos=photos, unit=given.unit,
        until=_day_given(given.until), interim=given.interim, into=_id_given(given.into),
        place=given.place, shots=[one for one in map(_id_given, given.shots) if one],
    )  # fmt: skip


def _day_given(text: str) -> datetime | None:
    """The end of the day in Beijing; None for what is no date."""
    try:
        return clock.end_of_day(date.fromisoformat(text))
    except (ValueError, OverflowError):
        return None


def _id_given(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


async def _onward(who: Who, task: Task, verb: str, queue: str) -> Response:
    """On to the next of the list somebody works through; without a list, back to the task."""
    name = f"task.{verb}"
    if not queue:
        return done(f"/tasks/{task.id}", name)
    if verb not in ONWARD:
        return done(f"/tasks/{task.id}?{_again(queue)}", name)
    asked = asked_in(queue)
    after = await next_in(who, asked, task)
    return done(f"/tasks/{after}?{_again(queue)}&last=1" if after else asked.at(1).link, name)


def _again(queue: str) -> str:
    return urlencode({"queue": queue[:300]})


routes: list[Route] = [
    Route("/tasks/{task:uuid}", one_task, methods=["GET"]),
    # The router's own limit is for bodies that do not say their length: it answers without our sentence.
    Route("/tasks/{task:uuid}/{verb:str}", act_on, methods=["POST"], max_body_size=2 * BODY_MOST),
]
