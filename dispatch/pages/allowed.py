"""Which verbs a person may do to a task now: the table of moves, asked beforehand so that no button lies."""

from collections.abc import Collection

from dispatch import deadlines
from dispatch.models import Task
from dispatch.stages import ACCEPTED, DEFERRED, DISPATCHED, OPEN, ROWS, may
from villages.ground import clock
from villages.permissions import MAY, TOWN, PostHeld, Who

# What the desk has forms for; 现场销号 is done where the place is, on the tablet.
FORMS = (
    "submit", "pass", "reject", "close", "accept", "return", "reassign", "cancel", "note", "extend", "extend_grant",
    "extend_refuse", "defer", "resume", "reopen", "supervise", "merge", "link", "urge", "split", "sweep", "sweep_answer",
    "take_back",
)  # fmt: skip


def allowed(who: Who, task: Task) -> list[str]:
    """The verbs of FORMS that would not be refused for who asks, where the task stands, the stage, or its clock.

    Whether there is another task to merge or link with is not known here.
    """
    return [verb for verb in FORMS if _ready(verb, who, task) and not _own_work(verb, who, task)]


def own_work(who: Who, task: Task) -> bool:
    """True when the only thing between this person and a review is that they submitted it themselves."""
    return any(_ready(verb, who, task) and _own_work(verb, who, task) for verb in ("pass", "close"))


def reviewers(task: Task) -> str:
    """Who reviews it, in words."""
    return "本镇其他专管员、检查员或区级办公室"


def beyond_town(who: Who, verb: str, task: Task) -> bool:
    """True for a town's hand that may only give the item's own term, not all that the office may."""
    return not any(post.role != TOWN and _fits(verb, post, task) for post in who.posts)


def _ready(verb: str, who: Who, task: Task) -> bool:
    if task.stage not in ROWS[verb].froms or (verb == "note" and task.stage not in {*OPEN, DEFERRED}):
        return False
    return any(_fits(verb, post, task) for post in who.posts) and _in_time(verb, who, task)


def _in_time(verb: str, who: Who, task: Task) -> bool:
    """Whether more time can be asked for now, or was asked for by somebody else and waits for an answer."""
    if ROWS[verb].asks:
        last = deadlines.latest_to_ask(task.dispatched_at, task.deadline, task.days)
        free = not task.extended and task.asked_until is None and task.stage in (DISPATCHED, ACCEPTED)
        return free and clock.now() <= last
    if ROWS[verb].answers:
        return task.asked_until is not None and task.asked_by != who.person
    if ROWS[verb].sweeps or ROWS[verb].swept:
        return (task.sweep_until is not None) == ROWS[verb].swept
    return True


def _fits(verb: str, post: PostHeld, task: Task) -> bool:
    return post.role in MAY[f"task.{verb}"] and may(verb, post.role, post.place, task.unit, task.village)


def _own_work(verb: str, who: Who, task: Task) -> bool:
    return ROWS[verb].by_other and str(who.person) in task.submitters


def destinations(who: Who, task: Task, departments: Collection[str]) -> list[str]:
    """The units a person may reassign this task to, the present one left out."""
    inside = [task.village, task.village[:9]]
    wide = any(post.role != TOWN and _fits("reassign", post, task) for post in who.posts)
    found = [*inside, *sorted(departments)] if wide else inside
    return [unit for unit in found if unit != task.unit]
