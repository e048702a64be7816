"""The life of a task: the one table of moves, and the judge that reads it. Pure.

A row says from which stages a verb leads where, whose it is, how far that post must reach, and what must be
carried. There is no other way to change a task's stage. A verb that is not here is nobody's.
"""

import hashlib
from dataclasses import dataclass

DISPATCHED, ACCEPTED, SUBMITTED, CHECKED = "dispatched", "accepted", "submitted", "checked"
CLOSED, RETURNED, DEFERRED, CANCELLED = "closed", "returned", "deferred", "cancelled"
STAGES = (DISPATCHED, ACCEPTED, SUBMITTED, CHECKED, CLOSED, RETURNED, DEFERRED, CANCELLED)
OPEN = frozenset({DISPATCHED, ACCEPTED, SUBMITTED, CHECKED, RETURNED})
FINISHED = frozenset({CLOSED, CANCELLED})

LOOKED_FOR = tuple(stage for stage in STAGES if stage != CANCELLED)

INSPECTOR, TOWN, COMMITTEE = "inspector", "town_operator", "village_committee"
DEPARTMENT, OFFICE, SYSTEM = "line_department", "district_office", "system"
UNITS, REVIEWERS = (COMMITTEE, DEPARTMENT, TOWN), (TOWN, INSPECTOR, OFFICE)

CHECK_SHARE = 20  # per cent of passed tasks that the office checks too; a district may set another


@dataclass(frozen=True)
class Row:
    """One verb. `to` empty: the stage stays; two: `judge` chooses. `reach`: see `reaches`."""

    verb: str
    froms: tuple[str, ...]
    to: tuple[str, ...]
    roles: tuple[str, ...]
    reach: str  # unit, unit_or_town, place, inside, seen
    photo: bool = False  # at least one photo that this task has not shown before
    text: bool = False  # a reason, or what was done
    unit: bool = False  # the unit it goes to
    by_other: bool = False  # never by somebody who submitted it
    until: bool = False  # a date in the future
    asks: bool = (
        False  # asks for more time: a day before the deadline, once, and not while one is being decided
    )
    answers: bool = False  # decides what was asked, never by whoever asked
    into: bool = False  # another task of the same village that stays
    daily: bool = False  # by hand once a day
    shots: bool = False  # chosen before-photos, as far as there are any, or a new photo
    sweeps: bool = False  # opens a request to look elsewhere; one at a time
    swept: bool = False  # answers one
    drawn: bool = False  # only by whom the look-back was drawn for
    undoes: bool = False  # takes back one's own last move, while nobody has acted on it


ROWS: dict[str, Row] = {
    row.verb: row
    for row in (
        Row("dispatch", ("",), (DISPATCHED,), (INSPECTOR, TOWN, OFFICE), "place", unit=True),
        Row("accept", (DISPATCHED,), (ACCEPTED,), UNITS, "unit_or_town"),
        Row("return", (DISPATCHED, ACCEPTED), (RETURNED,), UNITS, "unit", text=True),
        Row("reassign", (RETURNED, DISPATCHED, ACCEPTED), (DISPATCHED,), (TOWN, OFFICE), "inside",
            text=True, unit=True),
        Row("submit", (DISPATCHED, ACCEPTED), (SUBMITTED,), UNITS, "unit_or_town", photo=True, text=True),
        Row("reject", (SUBMITTED, CHECKED), (ACCEPTED,), REVIEWERS, "place", text=True, by_other=True),
        Row("pass", (SUBMITTED,), (CHECKED, CLOSED), REVIEWERS, "place", by_other=True),
        Row("close", (CHECKED,), (CLOSED,), (OFFICE,), "place", by_other=True),
        Row("close_on_site", (DISPATCHED, ACCEPTED, SUBMITTED), (CLOSED,), (INSPECTOR,), "place",
            photo=True, by_other=True),
        Row("cancel", tuple(sorted(OPEN)), (CANCELLED,), (TOWN, OFFICE, SYSTEM), "place", text=True),
        Row("extend", tuple(sorted(OPEN)), (), UNITS, "unit_or_town", text=True, until=True, asks=True),
        Row("extend_grant", tuple(sorted(OPEN)), (), (TOWN, OFFICE), "inside", answers=True),
        Row("extend_refuse", tuple(sorted(OPEN)), (), (TOWN, OFFICE), "inside", text=True, answers=True),
        Row("defer", tuple(sorted(OPEN)), (DEFERRED,), (OFFICE,), "place", text=True, until=True),
        Row("resume", (DEFERRED,), (ACCEPTED,), (OFFICE,), "place", text=True),
        Row("reopen", (CLOSED,), (ACCEPTED,), (INSPECTOR, OFFICE), "place", photo=True, text=True),
        Row("supervise", tuple(sorted(OPEN)), (), (OFFICE, SYSTEM), "place", text=True),
        Row("merge", (DISPATCHED, ACCEPTED, RETURNED), (CANCELLED,), (TOWN, OFFICE), "place", text=True,
            into=True),
        Row("urge", tuple(sorted(OPEN)), (), (TOWN, OFFICE), "place", daily=True),
        Row("split", (DISPATCHED, ACCEPTED), (), (TOWN, OFFICE), "inside", text=True, unit=True, shots=True),
        Row("sweep", LOOKED_FOR, (), (TOWN, OFFICE), "inside", text=True, until=True, sweeps=True),
        Row("sweep_answer", LOOKED_FOR, (), UNITS, "unit_or_town", text=True, swept=True),
        Row("look_back", (CLOSED,), (), (INSPECTOR,), "place", photo=True, by_other=True, drawn=True),
        Row("take_back", (ACCEPTED, CHECKED, CLOSED), (DISPATCHED, SUBMITTED), (*UNITS, INSPECTOR, OFFICE), "seen",
            undoes=True),
        Row("link", STAGES, (), (INSPECTOR, TOWN, OFFICE), "place", into=True),
        Row("note", STAGES, (), (*UNITS, INSPECTOR, OFFICE), "seen"),
    )
}  # fmt: skip


# What an act may merely lack: its words are kept all the same.
LACKED = (
    "photo", "text", "unit", "until", "into", "late", "once", "asked", "shots", "sweeping", "not_swept", "not_drawn",
)  # fmt: skip


@dataclass(frozen=True)
class Facts:
    """All that a judgement rests on: the task, the actor's post, what is carried, what happened meanwhile."""

    stage: str
    village: str
    unit: str
    role: str
    place: str
    person: str = ""  # "": the system
    submitters: frozenset[str] = frozenset()  # everyone who ever submitted this task
    text: str = ""
    photos: int = 0  # carried
    fresh: int = 0  # of them, not yet shown on this task as before or after
    new_unit: str = ""
    stale: bool = False  # decided on an older stage or unit than the present one
    outranked: bool = False  # … and a higher authority moved it meanwhile
    to_check: bool = False  # critical, or drawn for the office's check
    until: bool = False  # carries a date that lies ahead (of a deadline: beyond the present one)
    cut: bool = False  # carries a date at all: grants less than was asked
    in_time: bool = True  # a day or more before the deadline
    asked: bool = False  # more time was asked for and is not decided
    asked_by: str = ""  # by whom
    extended: bool = False  # more time was given once
    beyond: bool = False  # what was asked is more than the item's own length: the office's to give
    into: bool = False  # carries another task of the same village that is not finished (link: any)
    urged: bool = False  # somebody has urged by hand today
    shots: bool = (
        False  # carries before-photos of this very task, or there are none to choose from, or a new photo
    )
    sweeping: bool = False  # a request to look elsewhere waits for its answer
    drawn: bool = False  # a look-back of this task was drawn for this person and is not done
    undo_to: str = ""  # where one's own last move came from, while it can be taken back


@dataclass(frozen=True)
class Move:
    """Do it. `to` is the stage after; `moves` False for an act that leaves stage and unit alone."""

    to: str
    moves: bool = True


@dataclass(frozen=True)
class Already:
    """It is there already: nothing to do, both names are kept."""

    stage: str


@dataclass(frozen=True)
class Refusal:
    """Not done. `status`: conflict (content kept as a note) or rejected; `why` names the failed condition:
    verb, role, reach, self_review, stale, stage, photo, text, unit."""

    status: str
    reason: str
    why: str


def reaches(reach: str, role: str, place: str, unit: str, village: str) -> bool:
    """Whether a post (role, place) reaches a task (unit, village) as far as a row asks."""
    if reach == "unit":
        return place == unit
    if reach == "unit_or_town":  # a town acts for the villages inside it, not for a department
        return place == unit or (role == TOWN and unit.startswith(place))
    if reach == "inside":  # a department's task is not the town's to move
        return village.startswith(place) and (role != TOWN or unit.startswith(place))
    if reach == "seen":
        return place == unit or village.startswith(place)
    return village.startswith(place)


def fits_unit(unit: str, village: str) -> bool:
    """Who a village's task can be sent to: the village, its town, or a department of its district."""
    return unit in (village, village[:9]) or unit.startswith(f"{village[:6]}-")


def may(verb: str, role: str, place: str, unit: str, village: str) -> bool:
    """Whether this post is one for the verb on this task, whatever its stage."""
    row = ROWS.get(verb)
    return bool(row and role in row.roles and reaches(row.reach, role, place, unit, village))


def judge(verb: str, facts: Facts) -> Move | Already | Refusal:
    """What becomes of an act (sync.md §4)."""
    row = ROWS.get(verb)
    if row is None:
        return _refused(facts, "invalid", "verb")
    if facts.role not in row.roles:
        return _refused(facts, "forbidden", "role")
    if row.by_other and facts.person in facts.submitters:
        return _refused(facts, "forbidden", "self_review")
    reached = reaches(row.reach, facts.role, facts.place, facts.unit, facts.village)
    if reached and _already(row, facts):
        return Already(facts.stage)
    if row.to and facts.outranked:
        return _refused(facts, "stale_stage", "stale")
    if not reached:
        return _refused(facts, *(("stale_stage", "stale") if facts.stale else ("forbidden", "reach")))
    if facts.stage not in row.froms:
        return _refused(facts, *(("stale_stage", "stale") if facts.stale else ("invalid", "stage")))
    missing = _missing(row, facts)
    if missing:
        return _refused(facts, "invalid", missing)
    return Move(_target(row, facts), moves=bool(row.to))


def _already(row: Row, facts: Facts) -> bool:
    if row.verb == "reassign":
        return facts.stage == DISPATCHED and facts.new_unit == facts.unit
    return facts.stage in row.to and facts.stage not in row.froms


def _missing(row: Row, facts: Facts) -> str:
    """The first condition that is not met; "" when all are."""
    said = bool(facts.text.strip())
    if row.photo and not facts.fresh:
        return "photo"
    if row.text and not said:
        return "text"
    if row.verb == "note" and not said and not facts.photos:
        return "text"  # a note of nothing
    if row.unit and not _may_send(facts):
        return "unit"
    if row.into and not facts.into:
        return "into"
    if row.until and not facts.until:
        return "until"
    return _beside(row, facts) or _extending(row, facts)


def _beside(row: Row, facts: Facts) -> str:
    """The conditions of urging, splitting, looking elsewhere, looking back and taking back."""
    unmet = (
        (row.daily and facts.urged, "urged"),
        (row.shots and not facts.shots, "shots"),
        (row.sweeps and facts.sweeping, "sweeping"),
        (row.swept and not facts.sweeping, "not_swept"),
        (row.drawn and not facts.drawn, "not_drawn"),
        (row.undoes and not facts.undo_to, "not_undone"),
    )
    return next((why for fails, why in unmet if fails), "")


def _extending(row: Row, facts: Facts) -> str:
    return _asking(facts) if row.asks else _answering(row, facts) if row.answers else ""


def _asking(facts: Facts) -> str:
    if facts.extended:
        return "once"
    if facts.asked:
        return "asked"
    return "" if facts.in_time else "late"


def _answering(row: Row, facts: Facts) -> str:
    if not facts.asked:
        return "not_asked"
    if facts.person and facts.person == facts.asked_by:
        return "own_asking"
    if row.verb == "extend_grant" and facts.cut and not facts.until:
        return "until"  # a grant never shortens what is left
    return "beyond" if row.verb == "extend_grant" and facts.beyond and facts.role == TOWN else ""


def _may_send(facts: Facts) -> bool:
    inside = facts.role != TOWN or facts.new_unit.startswith(facts.place)
    return fits_unit(facts.new_unit, facts.village) and inside


def _target(row: Row, facts: Facts) -> str:
    if row.verb == "pass":
        return CHECKED if facts.to_check else CLOSED
    if row.undoes:
        return facts.undo_to
    return row.to[0] if row.to else facts.stage


def _refused(facts: Facts, reason: str, why: str) -> Refusal:
    """Photos are evidence, never refused, nor are words that only lacked something: they stay as a note."""
    incomplete = why in LACKED and bool(facts.text.strip())
    kept = reason == "stale_stage" or facts.photos > 0 or incomplete
    return Refusal("conflict" if kept else "rejected", reason, why)


def drawn(seed: str, task: str, share: int) -> bool:
    """Whether the task falls to the office's check: `share` per cent do, replayable from the seed on record.

    The first 8 bytes of SHA-256(`seed|task id`) as a number, modulo 2⁶⁴, against share/100 of the range.
    """
    lot = int.from_bytes(hashlib.sha256(f"{seed}|{task}".encode()).digest()[:8])
    return lot * 100 < share << 64
