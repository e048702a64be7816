"""The figures a checklist takes from the system, by the glossary's definitions; on either engine."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
import yaml

from dispatch.figures import AUTO_SOURCES, auto_values
from dispatch.models import Task
from inspections.models import Inspection, Round
from inspections.sheet import parse_checklist
from tests.dispatch.cast import DISTRICT, NEIGHBOUR, NOON, TOWN, VILLAGE
from tests.dispatch.test_open_tasks import RURAL
from villages.ground.settings import Settings

DAY = timedelta(days=1)
LAST, YEAR, MEAN = AUTO_SOURCES


async def a_round(opens: date, owner: str = DISTRICT) -> UUID:
    """A round that opens on a day."""
    row = await Round.create(
        id=uuid4(), owner=owner, name="批次", number="n", type="monthly", opens=opens, closes=opens, stage="started",
        checklists=[], rev=1,
    )  # fmt: skip
    return row.id


async def visited(held: UUID, when: datetime, *, score: str | None = "90.0", **more: object) -> UUID:
    """An inspection of VILLAGE in a round."""
    fields: dict[str, Any] = {
        "village": VILLAGE, "checklist_code": "RE", "stage": "published", "home": VILLAGE, "town": TOWN,
    } | more  # fmt: skip
    row = await Inspection.create(
        id=uuid4(), round_id=held, checklist_version="1.0", checklist_sha256="a" * 64, author=uuid4(),
        inspectors=[], started_at=when, finished_at=when, heard_at=when, score=score and Decimal(score), earned=1,
        base=1, answers=[], sections={}, document="{}", rev=1, **fields,
    )  # fmt: skip
    return row.id


async def a_task(inspection: UUID, due: datetime, closed: datetime | None = None, **more: object) -> None:
    """A task due then, closed then or not at all."""
    fields: dict[str, Any] = {"stage": "closed" if closed else "accepted", "village": VILLAGE} | more
    await Task.create(
        id=uuid4(), number="n", inspection=inspection, finding=uuid4(), item="RE-1.1", unit=VILLAGE,
        severity="minor", days=3, place="", text="", dispatched_at=due - 3 * DAY, deadline=due, closed_at=closed,
        moved_rev=1, home=VILLAGE, town=TOWN, rev=1, **fields,
    )  # fmt: skip


async def value(source: str, held: UUID, now: datetime = NOON) -> Decimal | None:
    """One auto value for VILLAGE."""
    return (await auto_values(VILLAGE, held, {"X-1": source}, checklist="RE", now=now))["X-1"]


async def test_on_time_rate_of_twelve_months(any_district: Settings) -> None:
    held = await a_round(date(2026, 11, 1))
    assert await value(YEAR, held) is None
    visit = uuid4()
    due = NOON - 5 * DAY
    await a_task(visit, due, due)  # to the second
    await a_task(visit, due, due + timedelta(seconds=1))
    await a_task(visit, due)  # still open
    assert await value(YEAR, held) == Decimal("33.33")
    await a_task(visit, NOON + DAY, NOON - DAY)  # not due yet
    await a_task(visit, NOON + DAY)
    await a_task(visit, due, stage="deferred")
    await a_task(visit, due, stage="cancelled")
    await a_task(visit, due, basis_gone=True)
    await a_task(visit, due, due, village=NEIGHBOUR)
    await a_task(visit, NOON - 366 * DAY)
    assert await value(YEAR, held) == Decimal("33.33")
    await a_task(visit, NOON, NOON - DAY)
    assert await value(YEAR, held) == Decimal("50.00")


async def test_on_time_rate_of_the_last_round(any_district: Settings) -> None:
    older, last = await a_round(date(2026, 9, 1)), await a_round(date(2026, 10, 1))
    unvisited, now = await a_round(date(2026, 10, 20)), await a_round(date(2026, 11, 1))
    later, towns = await a_round(date(2026, 12, 1)), await a_round(date(2026, 10, 25), TOWN)
    due = NOON - 5 * DAY
    for held, closed in ((older, due), (now, due), (later, due), (towns, due)):
        await a_task(await visited(held, NOON), due, closed)
    assert await value(LAST, now) == Decimal("100.00"), "the older round, until there is a later one"
    await visited(unvisited, NOON, village=NEIGHBOUR)
    await visited(unvisited, NOON, checklist_code="PO")
    await visited(unvisited, NOON, stage="void")
    seen = await visited(last, NOON, stage="submitted")
    assert await value(LAST, now) is None, "the last round gave nothing to mend"
    await a_task(seen, due)
    again = await visited(last, NOON)
    await a_task(again, due, due)
    assert await value(LAST, now) == Decimal("50.00"), "a re-inspection belongs to its round"
    assert await value(LAST, older) is None
    assert await value(LAST, uuid4()) is None


async def test_average_score_of_twelve_months(any_district: Settings) -> None:
    before, now = await a_round(date(2026, 10, 1)), await a_round(date(2026, 11, 1))
    towns = await a_round(date(2026, 10, 1), TOWN)
    assert await value(MEAN, now) is None
    await visited(before, NOON - 30 * DAY, score="90.0")
    await visited(before, NOON - 60 * DAY, score="84.5")
    await visited(before, NOON - 364 * DAY, score="90.0")
    assert await value(MEAN, now) == Decimal("88.17")
    await visited(before, NOON - 366 * DAY, score="10.0")
    await visited(before, NOON - DAY, score="10.0", stage="void")
    await visited(before, NOON - DAY, score="10.0", stage="submitted")
    await visited(before, NOON - DAY, score="10.0", checklist_code="PO")
    await visited(before, NOON - DAY, score="10.0", village=NEIGHBOUR)
    await visited(before, NOON - DAY, score=None)
    await visited(towns, NOON - DAY, score="10.0")
    await visited(now, NOON, score="10.0")
    assert await value(MEAN, now) == Decimal("88.17")


async def test_every_source_of_our_checklists_is_computed(district: Settings) -> None:
    sources: dict[str, str] = {}
    for path in RURAL.parent.glob("*.yaml"):
        items = parse_checklist(yaml.safe_load(path.read_text(encoding="utf-8"))).items
        sources |= {item.code: item.auto_source for item in items if item.auto_source}
    assert len(sources) == 3
    held = await a_round(date(2026, 11, 1))
    assert await auto_values(VILLAGE, held, sources, checklist="RE") == dict.fromkeys(sources)
    with pytest.raises(ValueError, match="moon"):
        await auto_values(VILLAGE, held, {"RE-1.1": "moon_phase"}, checklist="RE")
