"""A small cast around one village, and the few lines that open a task and act on it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

from dispatch.models import Task
from dispatch.moves import Outcome, act
from dispatch.open_tasks import open_tasks
from inspections.answers import Answer, ChecklistRef, FindingIn, PhotoIn, Submission
from inspections.models import Inspection
from villages.changes import Actor, Line, change
from villages.permissions import PostHeld, Who

DISTRICT = "110109"
TOWN, OTHER_TOWN = "110109105", "110109104"
VILLAGE, NEIGHBOUR, FAR = "110109105210", "110109105211", "110109104200"
WATER, POWER = "110109-d03", "110109-d02"
NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)  # 12:00 in Beijing


def who(title: str, *posts: tuple[str, str]) -> Who:
    """Somebody with posts [(role, place)]."""
    held = tuple(PostHeld(role, place) for role, place in posts)
    return Who(uuid4(), title, title, DISTRICT, held)


@dataclass(frozen=True)
class Cast:
    """Everybody a task of VILLAGE may meet, and some who have no business with it."""

    village: Who
    village_too: Who
    neighbour: Who
    town: Who
    town_too: Who
    far_town: Who
    water: Who
    power: Who
    inspector: Who
    inspector_too: Who
    office: Who
    office_too: Who
    admin: Who


def cast() -> Cast:
    """A fresh cast, with ids of its own."""
    return Cast(
        village=who("王书记", ("village_committee", VILLAGE)),
        village_too=who("李委员", ("village_committee", VILLAGE)),
        neighbour=who("邻村", ("village_committee", NEIGHBOUR)),
        town=who("镇专管员", ("town_operator", TOWN)),
        town_too=who("镇专管员乙", ("town_operator", TOWN)),
        far_town=who("外镇", ("town_operator", OTHER_TOWN)),
        water=who("水务", ("line_department", WATER)),
        power=who("城管", ("line_department", POWER)),
        inspector=who("检查员", ("inspector", VILLAGE)),
        inspector_too=who("检查员乙", ("inspector", TOWN)),
        office=who("区办", ("district_office", DISTRICT)),
        office_too=who("区办乙", ("district_office", DISTRICT)),
        admin=who("管理员", ("admin", DISTRICT)),
    )


@dataclass(frozen=True)
class Rule:
    """A checklist item as far as tasks care."""

    severity: str = "minor"
    deadline_days: int = 3
    text: str = "清理干净，恢复原貌。"
    deadline_kind: str = "natural"


def photo(name: str = "", *, pairs: UUID | None = None) -> PhotoIn:
    """An announced photo; the same name gives the same bytes, never the same id."""
    digest = hashlib.sha256((name or uuid4().hex).encode()).hexdigest()
    return PhotoIn(
        id=uuid4(), sha256=digest, size=300_000, mime="image/jpeg", width=1600, height=1200, taken_at=NOON,
        pairs=pairs,
    )  # fmt: skip


def finding(**more: object) -> FindingIn:
    """A finding to be dispatched."""
    return FindingIn(**({"id": uuid4(), "text": "散落垃圾", "place": "后街", "action": "dispatch"} | more))  # type: ignore[arg-type]


def visit(*findings: FindingIn, photos: Sequence[PhotoIn] = (), village: str = VILLAGE) -> Submission:
    """A submission whose first item has these findings."""
    return Submission(
        inspection=uuid4(), round=uuid4(), village=village,
        checklist=ChecklistRef(code="RE", version="1.0", sha256="a" * 64), inspectors=(uuid4(),),
        started_at=NOON, finished_at=NOON, photos=tuple(photos),
        answers=(Answer(item="RE-1.1", findings=tuple(findings)), Answer(item="RE-1.2")),
    )  # fmt: skip


def actor(person: Who) -> Actor:
    """A person in their first post."""
    return Actor(person.person, person.posts[0].role, person.posts[0].place, person.title)


async def open_for(person: Who, submission: Submission, rule: Rule | None = None) -> list[UUID]:
    """Open the tasks of a submission in a change of its own."""
    items = {"RE-1.1": rule or Rule(), "RE-1.2": Rule()}

    async def work(line: Line) -> list[UUID]:
        inspection = Inspection(id=submission.inspection, village=submission.village)
        line.about("inspection", submission.inspection, submission.village)
        return await open_tasks(line, inspection, submission, items)

    return await change(work, district=DISTRICT, actor=actor(person), verb="inspection.submit")


async def one_task(person: Who, rule: Rule | None = None, **more: object) -> UUID:
    """Open one task with one before-photo."""
    before = photo()
    submission = visit(finding(photos=(before.id,), **more), photos=[before])
    return (await open_for(person, submission, rule))[0]


async def do(person: Who, verb: str, task: UUID, **more: object) -> Outcome:
    """One act in a change of its own. `text` is filled in unless given."""

    async def work(line: Line) -> Outcome:
        return await act(line, person, verb, task, **({"text": "情况说明"} | more))  # type: ignore[arg-type]

    return await change(work, district=DISTRICT, actor=actor(person), verb=f"task.{verb}")


async def rev_of(task: UUID) -> int:
    """The task's revision now, as a tablet would have seen it."""
    row = await Task.get(id=task)
    return int(row.rev)


async def stage_of(task: UUID) -> str:
    """The task's stage now."""
    return (await Task.get(id=task)).stage
