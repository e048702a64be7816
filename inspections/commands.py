"""What is done to rounds and inspections at the desk: each act is checked against the table, then run as one change."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from inspections.evidence import waive_all
from inspections.models import Inspection, Round
from inspections.publish import Published, publish_round
from inspections.replacing import send
from inspections.rounds import close_round, open_round, start_round, withdraw
from inspections.vetoes import decide
from templates.words import VERB
from villages.changes import Actor, Line, change
from villages.ground.problems import Problem
from villages.permissions import MAY, Who, post_for
from villages.web import need

T = TypeVar("T")


async def _act(who: Who, verb: str, owner: str, work: Callable[[Line], Awaitable[T]]) -> T:
    post = need(who, verb, owner)
    actor = Actor(who.person, post.role, post.place, who.title, who.device)
    return await change(work, district=who.district, actor=actor, verb=verb)


def may(who: Who, verb: str, owner: str) -> bool:
    """True when the person may do this to a round of this owner."""
    return post_for(who, verb, owner) is not None


def owner_for(who: Who) -> str:
    """For whom this person opens rounds: the district, else their town. Raises forbidden."""
    verb = "round.open"
    owners = [post.place for post in who.posts if post.role in MAY[verb] and len(post.place) in (6, 9)]
    if not owners:
        raise Problem("forbidden", act=VERB[verb], who="区级办公室")
    return min(owners, key=lambda place: (len(place), place))


async def open_at_desk(who: Who, owner: str, given: dict[str, Any]) -> Round:
    """Open a round of `owner`; `given` are the named arguments of `rounds.open_round`."""
    return await _act(who, "round.open", owner, lambda line: open_round(line, owner=owner, **given))


async def start_at_desk(who: Who, found: Round) -> Round:
    """Let a planned round begin."""
    return await _act(who, "round.open", found.owner, lambda line: start_round(line, found.id))


async def close_at_desk(who: Who, found: Round) -> Round:
    """End a round's window."""
    return await _act(who, "round.close", found.owner, lambda line: close_round(line, found.id))


async def publish_at_desk(who: Who, found: Round, confirm_missing: int) -> Published:
    """Publish a round after its confirmation page was read: `confirm_missing` is the number it showed."""
    return await _act(
        who,
        "round.publish",
        found.owner,
        lambda line: publish_round(line, found.id, confirm_missing=confirm_missing),
    )


async def withdraw_at_desk(
    who: Who, found: Round, person: UUID, reason: str, villages: Sequence[str] = ()
) -> int:
    """Take a person's open assignments in a round back (all, or those of these villages); returns how many."""
    return await _act(
        who,
        "assignment.withdraw",
        found.owner,
        lambda line: withdraw(line, found.id, person=person, reason=reason, villages=villages),
    )


async def replace_at_desk(
    who: Who, found: Round, *, person: UUID | None, stand_in: UUID, villages: Sequence[str], reason: str
) -> int:
    """Somebody else goes to these villages, in place of `person` or where nobody is left; returns how many visits."""
    return await _act(
        who,
        "assignment.replace",
        found.owner,
        lambda line: send(
            line, found.id, stand_in=stand_in, reason=reason, instead_of=person, villages=villages
        ),
    )


async def waive_at_desk(who: Who, visit: Inspection, photos: Sequence[UUID], reason: str) -> int:
    """Go without photos of an inspection that will not come; returns how many."""
    return await _act(
        who, "photo.waive", visit.village, lambda line: waive_all(line, visit.id, visit.home, photos, reason)
    )


async def decide_veto_at_desk(
    who: Who, visit: Inspection, item: str, *, upheld: bool, reason: str
) -> Inspection:
    """The office upholds a claim of 一票否决, or not; the grade follows."""
    return await _act(
        who,
        "veto.decide",
        visit.village,
        lambda line: decide(line, visit.id, item, upheld=upheld, reason=reason),
    )
