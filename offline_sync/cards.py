"""Cards: what became of a command that needs its author. They live in `u:<person>` and survive the tablet."""

from uuid import UUID

from offline_sync.models import Card
from villages.changes import Line


async def dismiss(line: Line, card: UUID, person: UUID) -> str:
    """Put a card away: applied, noop when it was already, unknown when it is nobody's or another's."""
    row = await Card.get_or_none(id=card, person=person)
    if row is None:
        return "unknown"
    if row.dismissed:
        return "noop"
    await Card.filter(id=card).update(dismissed=True, rev=line.rev)
    line.about("card", card, f"u:{person}")
    return "applied"
