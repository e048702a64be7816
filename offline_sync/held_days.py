"""待批 for days: the office is told once of every held command nobody has decided on (sync.md §5's rule of five days).

Beside the ladder in the daily run. What was told stands in `notice` itself, read inside the change, so a second run or a
second process finds nothing left to tell; the decision makes it needless (held.py).
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from dispatch import daily, jobs
from dispatch.hands import Hand, directory
from dispatch.notices import Told, write
from dispatch.stages import OFFICE
from villages.changes import SYSTEM, Line, change
from villages.districts import the_district
from villages.ground import clock
from villages.ground.database import open_database, stored
from villages.ground.settings import Settings
from villages.models import Job

DAYS = 5  # by Beijing's calendar, as the page counts them
KIND = "held"
BATCH = 500  # commands a change
_UNTOLD = (
    "SELECT c.id FROM command c JOIN person p ON p.id = c.person WHERE c.status = 'held' AND c.decision = ''"
    " AND c.heard_at < ? AND p.district = ?"
    f" AND NOT EXISTS (SELECT 1 FROM notice n WHERE n.subject = {{id}} AND n.kind = '{KIND}')"
    f" ORDER BY c.heard_at, c.id LIMIT {BATCH}"
)


class _Nothing(Exception):
    """Told meanwhile, or nobody to tell: no number is taken."""


async def tell_old(day: date | None = None) -> int:
    """Tell the office of what has waited DAYS up to a Beijing day (today). → how many commands."""
    now = clock.local(clock.now()).date()
    today = min(day or now, now)
    head = await the_district()
    known = await directory(now, [head.district])
    people = known.people.get(Hand(OFFICE, head.district), [])
    before = stored(clock.start_of_day(today - timedelta(days=DAYS - 1)))
    done = 0

    async def work(line: Line) -> int:
        text = _UNTOLD.format(id="c.id" if line.client.capabilities.dialect == "sqlite" else "c.id::text")
        found: Sequence[dict[str, Any]] = await line.run(text, before, head.district)
        if not found or not people:
            raise _Nothing
        told = [str(one["id"]) for one in found]
        write(line, [Told(person, KIND, one, head.district) for one in told for person in people])
        line.about("district", head.district, head.district)
        line.body.update(day=today.isoformat(), held=told)
        return len(told)

    while True:
        try:
            done += await change(work, district=head.district, actor=SYSTEM, verb="held.remind")
        except _Nothing:
            return done


async def job(state: Any, work: Job, tell: jobs.Tell) -> str:
    """The day's job: the ladder (dispatch/daily.py), then what is held."""
    return _said(await daily.job(state, work, tell), await tell_old())


async def at_command(settings: Settings, text: str) -> str:
    """The same up to a Beijing day as it is typed, while the database is not open here; a server may be running.

    Raises Problem invalid for a day that is none or is to come.
    """
    async with open_database(settings):
        ran = await daily.run_up_to(text)
        return _said(str(ran), await tell_old(ran.day))


def _said(ladder: str, told: int) -> str:
    return f"{ladder}，待批满 {DAYS} 天 {told}"
