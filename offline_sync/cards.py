"""Cards: what became of a command that needs its author. They live in `u:<person>` and survive the tablet."""

from typing import Any
from uuid import UUID

from offline_sync.models import Card
from villages.changes import Line
from villages.ground.clock import rfc3339


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


def card_row(card: dict[str, Any]) -> dict[str, Any]:
    """A card as the feed tells it."""
    return {
        "id": str(card["id"]), "command": str(card["command"]), "status": card["status"], "reason": card["reason"],
        "about": {"kind": card["about_kind"], "id": card["about_id"]}, "text": card["text"],
        "at": rfc3339(card["at"]), "dismissed": bool(card["dismissed"]),
    }  # fmt: skip
