"""People, posts, sign-in and sessions.

Passwords are argon2id; tokens are 256 random bits kept only as hashes. Misses are counted per name and per
address, outside the trail; what changes a person (creation, reset, posts, disabling) is a change.
"""

import asyncio
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from villages.changes import Actor, Line, change, shielded
from villages.ground import clock
from villages.ground.database import look
from villages.ground.ids import new_id, new_token, short_code, token_hash
from villages.ground.problems import Problem
from villages.models import Person, Post, Session, SignInTry, Ticket
from villages.permissions import PostHeld, Who

_hasher = PasswordHasher(
    time_cost=2, memory_cost=19456, parallelism=1
)  # OWASP's floor: it must run beside us
_DUMMY = _hasher.hash("nobody's password")
_hashing = asyncio.Semaphore(2)  # two hashes at once is all the memory and cores we give to guessers
MISSES_ALLOWED = 5
LIFETIME = {"session": timedelta(days=14), "deposit": timedelta(days=180), "desk": timedelta(hours=12)}
TICKET_LIFE = timedelta(hours=24)


@dataclass(frozen=True)
class Tokens:
    """What a sign-in hands out; `deposit` only to devices."""

    session: str
    deposit: str
    who: Who
    offline_until: datetime


async def hash_password(password: str) -> str:
    """argon2id of a password, made off the event loop."""
    async with _hashing:
        return await asyncio.to_thread(_hasher.hash, password)


async def _matches(stored: str, password: str) -> bool:
    def check() -> bool:
        try:
            return _hasher.verify(stored, password)
        except (VerifyMismatchError, InvalidHashError):
            return False

    async with _hashing:
        return await asyncio.to_thread(check)


async def check_password(name: str, password: str, address: str) -> Person:
    """The person of this name and password. Raises wrong_password (same words, same time for an unknown name)
    or locked."""
    keys = (f"name:{name[:40]}", f"from:{address}")
    await _refuse_if_locked(keys)
    person = await Person.get_or_none(name=name)
    right = await _matches(person.password if person else _DUMMY, password)
    if not person or not right:
        await _count_miss(keys)
        raise Problem("wrong_password")
    if person.disabled:
        raise Problem("account_disabled", {"wipe": True})
    await shielded(SignInTry.filter(key=keys[0]).delete())
    return person


async def _refuse_if_locked(keys: tuple[str, ...]) -> None:
    now = clock.now()
    for row in await SignInTry.filter(key__in=keys):
        if row.locked_until and row.locked_until > now:
            seconds = int((row.locked_until - now).total_seconds()) + 1
            raise Problem("locked", {"retry_after": seconds}, minutes=max(1, -(-seconds // 60)))


async def _count_miss(keys: tuple[str, ...]) -> None:
    now = clock.now()
    for key in keys:
        named = key.startswith("name:")
        allowed = MISSES_ALLOWED if named else MISSES_ALLOWED * 10
        await SignInTry.get_or_create(key=key, defaults={"seen": now})
        while True:
            row = await SignInTry.get(key=key)
            misses = _remembered(row, now, named) + 1
            told: dict[str, Any] = {"misses": misses, "seen": now}
            if misses >= allowed:
                # 1, 2, 4 … minutes, at most an hour: a guesser loses days, an old committee head a cup of tea.
                told["locked_until"] = now + timedelta(minutes=min(60, 2 ** min(6, misses - allowed)))
            if await SignInTry.filter(key=key, misses=row.misses, seen=row.seen).update(**told):
                break  # else somebody else's guess was counted in between


def _remembered(row: SignInTry, now: datetime, named: bool) -> int:
    """The misses that still count: a name's for a day; an address's less one a minute, for whole town halls share it."""
    passed: timedelta = now - row.seen
    if named:
        return row.misses if passed < timedelta(hours=24) else 0
    return max(0, row.misses - int(passed.total_seconds() // 60))


async def open_session(
    person: Person, kind: str, *, device: UUID | None, label: str, by_ticket: bool = False
) -> tuple[Session, str]:
    """A new bearer of `kind` for the person; returns the row and the token, which is told only once."""
    token = new_token()
    now = clock.now()
    session = Session(
        id=new_id(), token_hash=token_hash(token), kind=kind, person_id=person.id, device=device,
        label=label[:80], created=now, seen=now, expires=now + LIFETIME[kind], by_ticket=by_ticket,
    )  # fmt: skip
    await session.save(force_create=True)
    return session, token


async def sign_in_device(person: Person, device: UUID, label: str, *, by_ticket: bool = False) -> Tokens:
    """Session and deposit token for a tablet. `by_ticket`: an enrolment code stood for the password."""
    session, token = await open_session(person, "session", device=device, label=label, by_ticket=by_ticket)
    _, deposit = await open_session(person, "deposit", device=device, label=label)
    who = await who_is(person, session)
    return Tokens(token, deposit, who, session.expires)


async def who_by_token(token: str) -> Who | None:
    """The person behind a live token, also a disabled one (marked); None when dead or unknown."""
    found = await look(
        "SELECT s.id, s.kind, s.person_id, s.device, s.seen, s.expires, s.revoked, s.by_ticket, p.name, p.title, p.district,"
        " p.disabled, p.must_change, t.role, t.place, t.since, t.until"
        " FROM session s JOIN person p ON p.id = s.person_id"
        " LEFT JOIN post t ON t.person_id = p.id AND NOT t.ended"
        " WHERE s.token_hash = ? ORDER BY t.place, t.role",
        token_hash(token),
    )
    if not found or found[0]["revoked"]:
        return None
    row = found[0]
    now = clock.now()
    if _moment(row["expires"]) <= now:
        return None
    person_id, session_id = _uuid(row["person_id"]), _uuid(row["id"])
    if now - _moment(row["seen"]) > timedelta(minutes=30):
        # A session in use is renewed; a deposit token only ages.
        fresh = (
            {"seen": now}
            if row["kind"] == "deposit"
            else {"seen": now, "expires": now + LIFETIME[row["kind"]]}
        )
        await shielded(Session.filter(id=session_id).update(**fresh))
    return Who(
        person_id, row["name"], row["title"], row["district"], _in_force(found), session_id, row["kind"],
        _uuid(row["device"]) if row["device"] else None, bool(row["must_change"] and not row["by_ticket"]),
        bool(row["disabled"]),
    )  # fmt: skip


async def who_is(person: Person, session: Session | None = None) -> Who:
    """A person with the posts in force today."""
    return Who(
        person.id, person.name, person.title, person.district, await posts_of(person.id),
        session.id if session else None, session.kind if session else "desk", session.device if session else None,
        person.must_change and not (session and session.by_ticket), person.disabled,
    )  # fmt: skip


async def posts_of(person: UUID) -> tuple[PostHeld, ...]:
    """Posts in force today (Beijing's date), weightiest place first."""
    return _in_force(
        await look(
            "SELECT role, place, since, until FROM post WHERE person_id = ? AND NOT ended ORDER BY place, role",
            str(person),
        )
    )


def _in_force(held: list[dict[str, Any]]) -> tuple[PostHeld, ...]:
    """Of posts that nobody ended, those of today; a row without a role is nobody's post (an outer join's)."""
    today = clock.local(clock.now()).date()
    return tuple(
        PostHeld(row["role"], row["place"])
        for row in held
        if row["role"]
        and _date(row["since"]) <= today
        and (row["until"] is None or _date(row["until"]) >= today)
    )


async def end_session(session: UUID) -> None:
    """Sign out: the bearer is dead from now on."""
    await shielded(Session.filter(id=session).update(revoked=True))


async def create_person(
    line: Line, *, name: str, title: str, phone: str, password_hash: str, must_change: bool,
    posts: list[tuple[str, str]], person_id: UUID | None = None, since: date | None = None,
) -> Person:  # fmt: skip
    """Add a person with posts [(role, place)] inside a change. Raises invalid when the name is taken."""
    if await Person.exists(name=name):
        raise Problem("invalid", what=f"用户名“{name}”已有人使用，请换一个。")
    person = await Person.create(
        id=person_id or new_id(), district=line.district, name=name, title=title, phone=phone,
        password=password_hash, must_change=must_change, rev=line.rev,
    )  # fmt: skip
    for role, place in posts:
        await Post.create(
            id=new_id(), person_id=person.id, role=role, place=place, rev=line.rev,
            since=since or clock.local(line.heard_at).date(),
        )  # fmt: skip
    line.about("person", person.id, line.district)
    line.body.update(name=name, title=title, posts=[list(post) for post in posts])
    return person


async def set_password(who: Who, old: str, new: str) -> None:
    """A person changes their own password; other sessions of theirs end, except deposits (work goes on).

    Raises wrong_password and locked (a guess here counts as one at sign-in), password_weak.
    """
    person = await Person.get(id=who.person)
    keys = (f"name:{person.name}",)
    await _refuse_if_locked(keys)
    if not await _matches(person.password, old):
        await _count_miss(keys)
        raise Problem("wrong_password")
    if len(new) < 8 or new in (old, person.name):
        raise Problem("password_weak")
    fresh = await hash_password(new)

    async def work(line: Line) -> None:
        line.about("person", who.person, who.district)
        await Person.filter(id=who.person).update(password=fresh, must_change=False, rev=line.rev)
        others = Session.filter(person_id=who.person, kind__in=("session", "desk")).exclude(id=who.session)
        await others.update(revoked=True)
        await SignInTry.filter(key=keys[0]).delete()

    await change(work, district=who.district, actor=_self(who), verb="person.password")


def fresh_password() -> str:
    """A one-time password that can be read over the phone, 10 characters (about 46 bits)."""
    code = short_code(10)
    return f"{code[:5]}-{code[5:]}"


async def issue_ticket(person: UUID) -> str:
    """A one-time enrolment ticket, alive for a day. Runs inside the caller's change."""
    token = new_token()
    await Ticket.create(token_hash=token_hash(token), person_id=person, expires=clock.now() + TICKET_LIFE)
    return token


async def redeem_ticket(ticket: str) -> Person:
    """The person a ticket was made for; it works once. Raises ticket_dead."""
    now = clock.now()
    used = await shielded(
        Ticket.filter(token_hash=token_hash(ticket), used_at=None, expires__gt=now).update(used_at=now)
    )
    if not used:
        raise Problem("ticket_dead")
    row = await Ticket.get(token_hash=token_hash(ticket))
    person = await Person.get(id=row.person_id)  # type: ignore[attr-defined]
    if person.disabled:
        raise Problem("account_disabled", {"wipe": True})
    return person


def _self(who: Who) -> Actor:
    role = who.posts[0].role if who.posts else "system"
    return Actor(who.person, role, who.posts[0].place if who.posts else "", who.title, who.device)


def _uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(str(value))


def _date(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))


def _moment(value: Any) -> datetime:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=clock.now().tzinfo)
