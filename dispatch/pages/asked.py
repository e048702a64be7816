"""What a list of tasks was asked for: the filter sentence in the link, the query behind it, its neighbours."""

from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from starlette.datastructures import QueryParams
from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from dispatch.models import Task
from dispatch.pages.naming import Names
from dispatch.queries import filtered
from dispatch.stages import STAGES
from templates import words
from villages.permissions import Who, prefixes

PAGE = 50
ALL, OPEN = "all", "open"
DUE = (("", "不限期限"), ("overdue", "逾期"), ("soon", "临期"))
MARKS = (
    ("", "不限标记"), ("asked", "申请延期"), ("supervised", "督办"), ("reopened", "反弹"), ("rejected", "曾退回"),
    ("basis_gone", "依据已撤"), ("raised", "提级"), ("sweeping", "举一反三"),
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """The words of the sentence; empty means any. `stage` may be open (未销号, the default) or all."""

    stage: str = OPEN
    due: str = ""
    severity: str = ""
    town: str = ""
    village: str = ""
    unit: str = ""
    mark: str = ""
    item: str = ""
    page: int = 1

    @property
    def link(self) -> str:
        """The address of this list."""
        return f"/tasks?{self.query}" if self.query else "/tasks"

    @property
    def query(self) -> str:
        """What stands behind the question mark: only what differs from the plain list."""
        plain = Asked()
        return urlencode({key: value for key, value in vars(self).items() if value != getattr(plain, key)})

    @property
    def anywhere(self) -> "Asked":
        """The same list of every village."""
        return replace(self, village="", page=1)

    @property
    def any_item(self) -> "Asked":
        """The same list of every item."""
        return replace(self, item="", page=1)

    def at(self, page: int) -> "Asked":
        """The same list on another page."""
        return replace(self, page=page)

    def tasks(self, who: Who) -> QuerySet[Task]:
        """The tasks of the list that this person may see, in no order yet."""
        found = filtered(
            who, stage=None if self.stage == ALL else self.stage, overdue=True if self.due == "overdue" else None,
            due_soon=True if self.due == "soon" else None, village=self.village or None, town=self.town or None,
            unit=self.unit or None, mark=self.mark or None, item=self.item or None,
        )  # fmt: skip
        return found.filter(severity=self.severity) if self.severity else found


def asked_by(params: QueryParams | dict[str, str]) -> Asked:
    """The sentence a link says; a word that nobody knows is as if it were not said."""

    def one_of(key: str, choices: tuple[str, ...], default: str = "") -> str:
        given = str(params.get(key, "")) or default
        return given if given in choices else default

    def code(key: str, most: int) -> str:
        given = str(params.get(key, ""))
        return given if given.replace("-", "").isalnum() and given.isascii() and len(given) <= most else ""

    return Asked(
        stage=one_of("stage", (*STAGES, OPEN, ALL), OPEN), due=one_of("due", ("overdue", "soon")),
        severity=one_of("severity", tuple(words.SEVERITY)), town=code("town", 9),
        village=code("village", 12), unit=code("unit", 16), mark=one_of("mark", tuple(key for key, _ in MARKS)),
        item=_item(str(params.get("item", ""))), page=_page(str(params.get("page", ""))),
    )  # fmt: skip


def _item(given: str) -> str:
    known = given.replace("-", "").replace(".", "").isalnum() and given.isascii() and len(given) <= 12
    return given if known else ""


def _page(given: str) -> int:
    known = given.isascii() and given.isdigit() and len(given) < 5
    return int(given) or 1 if known else 1


def asked_in(query: str) -> Asked:
    """The list that somebody is working through, from the `queue` of a form or a link."""
    return asked_by(dict(parse_qsl(query[:300])))


@dataclass(frozen=True)
class Queue:
    """Where a task stands in the list somebody works through: `at` counts from 1; neighbours' ids or None."""

    asked: Asked
    total: int
    at: int
    before: UUID | None
    after: UUID | None


async def queue_of(who: Who, asked: Asked, task: Task) -> Queue:
    """Four queries. A task that has left the list meanwhile keeps its place between its neighbours."""
    others = asked.tasks(who).exclude(id=task.id)
    earlier = others.filter(Q(deadline__lt=task.deadline) | Q(deadline=task.deadline, id__lt=task.id))
    before = await earlier.order_by("-deadline", "-id").limit(1).values_list("id", flat=True)
    return Queue(
        asked, await others.count() + 1, await earlier.count() + 1, UUID(str(before[0])) if before else None,
        await next_in(who, asked, task),
    )  # fmt: skip


async def next_in(who: Who, asked: Asked, task: Task) -> UUID | None:
    """The task after this one in the list, by deadline; None at its end."""
    later = Q(deadline__gt=task.deadline) | Q(deadline=task.deadline, id__gt=task.id)
    found = (
        await asked.tasks(who).filter(later).order_by("deadline", "id").limit(1).values_list("id", flat=True)
    )
    return UUID(str(found[0])) if found else None


def choices(asked: Asked, names: Names, who: Who) -> dict[str, list[tuple[str, str]]]:
    """The words one may put into each place of the sentence."""
    reach = prefixes(who)
    towns = [(code, name) for code, name in names.towns.items() if any(_meet(code, one) for one in reach)]
    found = {
        "stage": [(OPEN, "未销号"), *((one, words.STAGE[one]) for one in STAGES), (ALL, "全部阶段")],
        "due": list(DUE),
        "severity": [("", "不限轻重"), *words.SEVERITY.items()],
        "mark": list(MARKS),
        "town": [("", "全部镇街"), *towns] if len(towns) > 1 else [],
        "unit": [("", "全部单位"), *names.departments.items()] if reach else [],
    }
    if asked.unit and asked.unit not in dict(found["unit"]):
        found["unit"].append((asked.unit, names.unit(asked.unit)))
    return found


def _meet(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)
