"""What is done to accounts: opened, reset, disabled, signed out, given a tablet's enrolment code.

Who may is decided against every post the account holds: a town that could reset someone who is also of the
office would thereby become the office. An account out of reach is not found, whatever its id.
"""

import re
from dataclasses import dataclass
from uuid import UUID

from villages.changes import Actor, Line, change
from villages.ground import clock
from villages.ground.problems import Problem
from villages.models import Person, Post, Session, SignInTry, Ticket, Town, Unit, Village
from villages.people import create_person, fresh_password, hash_password, issue_ticket
from villages.permissions import (
    ADMIN,
    COMMITTEE,
    DEPARTMENT,
    GRANTS,
    INSPECTOR,
    MAY,
    OFFICE,
    ROLES,
    TOWN,
    PostHeld,
    Who,
)

Choices = dict[str, list[tuple[str, str]]]  # group (a town's name, or "") -> [(code, name)]


@dataclass(frozen=True)
class Account:
    """A person with the posts that were not ended."""

    person: Person
    posts: tuple[PostHeld, ...]


def over(who: Who, posts: tuple[PostHeld, ...], verb: str) -> PostHeld | None:
    """The post by which `who` may do `verb` to an account with these posts; None when they may not."""
    for post in who.posts:
        if post.role not in MAY[verb]:
            continue
        handed = GRANTS.get(post.role, ())
        if all(held.role in handed and post.covers(held.place) for held in posts) and (
            posts or post.role == ADMIN
        ):
            return post
    return None


async def accounts(who: Who) -> list[Account]:
    """Every account this person may see, by place and role."""
    held: dict[UUID, list[PostHeld]] = {}
    for row in await Post.filter(ended=False).order_by("place", "role").values("person_id", "role", "place"):
        held.setdefault(UUID(str(row["person_id"])), []).append(PostHeld(row["role"], row["place"]))
    people = await Person.filter(district=who.district)
    found = [Account(person, tuple(held.get(person.id, ()))) for person in people]
    reached = [account for account in found if over(who, account.posts, "people.see")]
    return sorted(reached, key=lambda one: ([(p.place, p.role) for p in one.posts], one.person.name))


async def account(who: Who, person_id: UUID) -> Account:
    """One account within reach. Raises not_found for any other."""
    person = await Person.get_or_none(id=person_id, district=who.district)
    rows = await Post.filter(person_id=person_id, ended=False).order_by("place", "role")
    posts = tuple(PostHeld(row.role, row.place) for row in rows)
    if person is None or not over(who, posts, "people.see"):
        raise Problem("not_found")
    return Account(person, posts)


def roles_to_give(who: Who) -> tuple[str, ...]:
    """The roles this person may hand out, in the table's order."""
    given = {
        role for post in who.posts if post.role in MAY["person.create"] for role in GRANTS.get(post.role, ())
    }
    return tuple(role for role in ROLES if role in given)


async def places_for(who: Who, role: str) -> Choices:
    """Where this person may hand out `role`: villages grouped by town, everything else in one group."""

    def given(code: str) -> bool:
        return over(who, (PostHeld(role, code),), "person.create") is not None

    towns = {town.code: town.name for town in await Town.all().order_by("code")}
    district = [(who.district, "全区")]
    choices: Choices = {}
    if role == COMMITTEE:
        for village in await Village.all().order_by("code"):
            if given(village.code):
                choices.setdefault(towns[village.town], []).append((village.code, village.name))
        return choices
    if role == DEPARTMENT:
        units = await Unit.filter(kind="department", active=True).order_by("code")
        choices[""] = [(unit.code, unit.name) for unit in units]
    elif role in (TOWN, INSPECTOR):
        choices[""] = [*(district if role == INSPECTOR else []), *towns.items()]
    elif role in (OFFICE, ADMIN):
        choices[""] = district
    return {group: [one for one in ones if given(one[0])] for group, ones in choices.items()}


async def open_account(
    who: Who, *, name: str, title: str, phone: str, role: str, place: str
) -> tuple[Person, str]:
    """A new account with one post and a one-time password (returned, stored only as a hash).

    Raises not_found for a role or place that is not this person's to give, invalid for a bad or taken name.
    """
    post = over(who, (PostHeld(role, place),), "person.create")
    choices = await places_for(who, role)
    if post is None or not any(place == code for ones in choices.values() for code, _ in ones):
        raise Problem("not_found")
    if not re.fullmatch(r"[\w.-]{2,40}", name):
        raise Problem("invalid", what="用户名为 2 至 40 个汉字、字母或数字，中间不能有空格。")
    if not 1 <= len(title) <= 40:
        raise Problem("invalid", what="请填写显示名称，不超过 40 个字。")
    if not re.fullmatch(r"[\d +()-]{0,20}", phone):
        raise Problem("invalid", what="电话只能由数字组成，不超过 20 位。")
    password = fresh_password()
    hashed = await hash_password(password)

    async def work(line: Line) -> Person:
        return await create_person(
            line,
            name=name,
            title=title,
            phone=phone,
            password_hash=hashed,
            must_change=True,
            posts=[(role, place)],
        )

    person = await change(work, district=who.district, actor=_actor(who, post), verb="person.create")
    return person, password


async def reset_password(who: Who, target: Account) -> str:
    """A one-time password for the account (returned, stored only as a hash); its lock and its sign-ins end.

    Tablets keep their deposit tokens, so work that is not yet handed in still arrives.
    """
    post = _may(who, target, "person.reset")
    password = fresh_password()
    hashed = await hash_password(password)
    person = target.person

    async def work(line: Line) -> None:
        line.about("person", person.id, line.district)
        line.body["name"] = person.name
        await Person.filter(id=person.id).update(password=hashed, must_change=True, rev=line.rev)
        await Session.filter(person_id=person.id, kind__in=("session", "desk")).update(revoked=True)
        await Ticket.filter(person_id=person.id, used_at=None).update(used_at=line.heard_at)
        await SignInTry.filter(key=f"name:{person.name}").delete()

    await change(work, district=who.district, actor=_actor(who, post), verb="person.reset")
    return password


async def set_disabled(who: Who, target: Account, disabled: bool) -> None:
    """Close the account, or open it again. Raises invalid for one's own."""
    verb = "person.disable" if disabled else "person.enable"
    post = _may(who, target, verb)
    if target.person.id == who.person:
        raise Problem("invalid", what="不能停用自己的账号，请由另一位管理人员办理。")

    async def work(line: Line) -> None:
        line.about("person", target.person.id, line.district)
        line.body.update(name=target.person.name, disabled=disabled)
        await Person.filter(id=target.person.id).update(disabled=disabled, rev=line.rev)
        # A tablet of a disabled account must still be told to wipe, so its session dies only at re-opening.
        kind = "desk" if disabled else "session"
        await Session.filter(person_id=target.person.id, kind=kind).update(revoked=True)

    await change(work, district=who.district, actor=_actor(who, post), verb=verb)


async def enrol_ticket(who: Who, target: Account) -> str:
    """A ticket by which one tablet is enrolled for the account, once, within a day. Raises invalid if disabled."""
    post = _may(who, target, "enrol.issue")
    if target.person.disabled:
        raise Problem("invalid", what="该账号已停用，请先启用再登记平板。")

    async def work(line: Line) -> str:
        line.about("person", target.person.id, line.district)
        line.body["name"] = target.person.name
        return await issue_ticket(target.person.id)

    return await change(work, district=who.district, actor=_actor(who, post), verb="enrol.issue")


async def live_sessions(person: UUID) -> list[Session]:
    """Where the person is signed in now, newest use first; deposit tokens are not sign-ins."""
    return await Session.filter(
        person_id=person, revoked=False, kind__in=("desk", "session"), expires__gt=clock.now()
    ).order_by("-seen")


async def revoke_session(who: Who, target: Account | None, session: UUID) -> None:
    """End one sign-in, of an account within reach or (target None) of one's own. Raises not_found."""
    person = target.person.id if target else who.person
    post = (
        _may(who, target, "session.revoke")
        if target
        else who.posts[0]
        if who.posts
        else PostHeld("system", "")
    )

    async def work(line: Line) -> None:
        line.about("person", person, line.district)
        line.body["session"] = str(session)
        kinds = ("desk", "session")
        if not await Session.filter(id=session, person_id=person, kind__in=kinds).update(revoked=True):
            raise Problem("not_found")

    await change(work, district=who.district, actor=_actor(who, post), verb="session.revoke")


def _may(who: Who, target: Account, verb: str) -> PostHeld:
    post = over(who, target.posts, verb)
    if post is None:
        raise Problem("not_found")
    return post


def _actor(who: Who, post: PostHeld) -> Actor:
    return Actor(who.person, post.role, post.place, who.title, who.device)
