"""Who may: one table from verb to roles, and the reach of a post (its place's code is a prefix).

A verb that is not here is nobody's; a house test holds that every verb of the wire and of the desk has a row.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import UUID

INSPECTOR = "inspector"
TOWN = "town_operator"
COMMITTEE = "village_committee"
DEPARTMENT = "line_department"
OFFICE = "district_office"
ADMIN = "admin"

ROLES = (INSPECTOR, TOWN, COMMITTEE, DEPARTMENT, OFFICE, ADMIN)
# Whose act outweighs whose when two met on one task (sync.md §4).
AUTHORITY = {"system": 0, COMMITTEE: 1, DEPARTMENT: 1, INSPECTOR: 2, TOWN: 3, OFFICE: 4, ADMIN: 4}

_UNITS = (COMMITTEE, DEPARTMENT, TOWN)
_REVIEWERS = (TOWN, INSPECTOR, OFFICE)
_ALL = (INSPECTOR, TOWN, COMMITTEE, DEPARTMENT, OFFICE)

MAY: dict[str, tuple[str, ...]] = {
    # inspections
    "inspection.submit": (INSPECTOR,),
    "inspection.evidence": (INSPECTOR,),
    "inspection.amend": (INSPECTOR,),  # its author, within a day
    "inspection.void": (OFFICE,),
    "round.open": (OFFICE, TOWN),  # a town: its own self-check rounds, outside the ranking
    "round.close": (OFFICE, TOWN),
    "round.publish": (OFFICE, TOWN),
    "assignment.withdraw": (OFFICE, TOWN),
    "assignment.replace": (OFFICE, TOWN),
    "veto.decide": (OFFICE,),
    "photo.waive": (OFFICE, TOWN),
    # tasks: the rows of dispatch/stages.py say from which stage
    "task.dispatch": (INSPECTOR, TOWN, OFFICE),
    "task.accept": _UNITS,
    "task.return": _UNITS,
    "task.submit": _UNITS,
    "task.reassign": (TOWN, OFFICE),
    "task.pass": _REVIEWERS,
    "task.reject": _REVIEWERS,
    "task.close": (OFFICE,),
    "task.close_on_site": (INSPECTOR,),
    "task.cancel": (TOWN, OFFICE),
    "task.extend": _UNITS,
    "task.extend_grant": (TOWN, OFFICE),
    "task.extend_refuse": (TOWN, OFFICE),
    "task.defer": (OFFICE,),
    "task.resume": (OFFICE,),
    "task.reopen": (INSPECTOR, OFFICE),
    "task.supervise": (OFFICE,),
    "task.merge": (TOWN, OFFICE),
    "task.link": (INSPECTOR, TOWN, OFFICE),
    "task.urge": (TOWN, OFFICE),
    "task.split": (TOWN, OFFICE),
    "task.sweep": (TOWN, OFFICE),
    "task.sweep_answer": _UNITS,
    "task.look_back": (INSPECTOR,),
    "task.take_back": _ALL,
    "task.note": _ALL,
    "card.dismiss": _ALL,
    "village.locate": (INSPECTOR, TOWN, OFFICE),
    # reading and paper
    "see": (*_ALL, ADMIN),
    "plate.print": (TOWN, OFFICE),
    "card.print": (INSPECTOR, TOWN, COMMITTEE, OFFICE),
    "sheet.print": (INSPECTOR, TOWN, COMMITTEE, OFFICE),
    "letter.issue": (OFFICE,),
    "letter.print": (TOWN, DEPARTMENT, OFFICE),
    "look_back.see": (INSPECTOR, TOWN, OFFICE),
    "look_back.fix": (OFFICE,),
    "look_back.draw": (OFFICE,),
    "look_back.replace": (OFFICE,),
    "shares.see": (OFFICE, ADMIN),
    "shares.set": (OFFICE,),
    "trail.see": (OFFICE, ADMIN),
    "figures.see": (TOWN, OFFICE),
    "ledger.bring": (OFFICE,),
    "held.decide": (OFFICE,),
    "rescue.import": (OFFICE,),
    # people and devices
    "people.see": (TOWN, OFFICE, ADMIN),
    "person.create": (TOWN, OFFICE, ADMIN),
    "person.reset": (TOWN, OFFICE, ADMIN),
    "person.disable": (TOWN, OFFICE, ADMIN),
    "person.enable": (TOWN, OFFICE, ADMIN),
    "session.revoke": (TOWN, OFFICE, ADMIN),  # another person's sign-in; one's own is everybody's to end
    "person.posts": (TOWN, OFFICE, ADMIN),
    "enrol.issue": (TOWN, OFFICE, ADMIN),
    "device.revoke": (OFFICE, ADMIN),
}

# Which roles a holder of a role may hand out (a town makes and resets its villages' accounts).
GRANTS: dict[str, tuple[str, ...]] = {
    TOWN: (COMMITTEE,),
    OFFICE: (INSPECTOR, TOWN, COMMITTEE, DEPARTMENT),
    ADMIN: ROLES,
}


@dataclass(frozen=True)
class PostHeld:
    """A post in force: a role and the code it reaches."""

    role: str
    place: str

    def covers(self, code: str) -> bool:
        """True when the code lies in this post's place. A department's code covers only itself."""
        return code == self.place if "-" in self.place else code.startswith(self.place)


@dataclass(frozen=True)
class Who:
    """The person behind a request, with the posts in force now and the session they came by."""

    person: UUID
    name: str
    title: str
    district: str
    posts: tuple[PostHeld, ...]
    session: UUID | None = None
    kind: str = "desk"  # desk, session, deposit
    device: UUID | None = None
    must_change: bool = False
    disabled: bool = False

    def plus(self, posts: Iterable[PostHeld]) -> "Who":
        """The same person with further posts (villages assigned in a running round)."""
        fresh = [
            post
            for post in posts
            if not any(p.role == post.role and p.covers(post.place) for p in self.posts)
        ]
        return replace(self, posts=(*self.posts, *fresh)) if fresh else self

    def holds(self, *roles: str) -> bool:
        """True when any post has one of the roles."""
        return any(post.role in roles for post in self.posts)


def post_for(who: Who, verb: str, *codes: str) -> PostHeld | None:
    """The weightiest post by which this person may do `verb` at any of the codes (a place, a unit); else None."""
    fit = [
        post
        for post in who.posts
        if post.role in MAY.get(verb, ()) and any(post.covers(code) for code in codes if code)
    ]
    return max(fit, key=lambda post: (AUTHORITY[post.role], len(post.place)), default=None)


def prefixes(who: Who, verb: str = "see") -> tuple[str, ...]:
    """The fewest division codes that cover what this person may see; department codes are left out."""
    places = sorted(
        {post.place for post in who.posts if post.role in MAY[verb] and "-" not in post.place}, key=len
    )
    kept: list[str] = []
    for place in places:
        if not any(place.startswith(shorter) for shorter in kept):
            kept.append(place)
    return tuple(sorted(kept))


def departments(who: Who) -> tuple[str, ...]:
    """The unit codes of the line departments this person acts for."""
    return tuple(sorted({post.place for post in who.posts if "-" in post.place}))


def sees(who: Who, code: str) -> bool:
    """True when the code lies in what this person may see."""
    return any(code.startswith(prefix) for prefix in prefixes(who))
