"""Devices and the tablet's sign-in: two tokens, one device row, enrolment by one-time ticket."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from offline_sync.models import Device
from offline_sync.protocol import (
    DeviceIn,
    EnrolIn,
    PasswordIn,
    PersonOut,
    PostOut,
    SessionIn,
    SessionOut,
    device_id,
)
from offline_sync.wire import answer, decode, raw_body
from villages.changes import Actor, Line, change
from villages.ground import clock
from villages.ground.database import look
from villages.ground.problems import Problem
from villages.models import Person, Post
from villages.people import (
    Tokens,
    check_password,
    end_session,
    redeem_ticket,
    set_password,
    sign_in_device,
)
from villages.web import bearer

SMALL = 16 * 1024


async def sign_in(request: Request) -> Response:
    """POST /api/session."""
    asked = decode(await raw_body(request, SMALL, "登录请求"), SessionIn)
    address = request.client.host if request.client else ""
    person = await check_password(asked.name[:40], asked.password, address)
    return await _hand_out(person, asked.device)


async def enrol(request: Request) -> Response:
    """POST /api/enrol: the ticket stands for name and password, once."""
    asked = decode(await raw_body(request, SMALL, "登记请求"), EnrolIn)
    return await _hand_out(await redeem_ticket(asked.ticket), asked.device, by_ticket=True)


async def password(request: Request) -> Response:
    """POST /api/password: one's own, changed; the only door of a session that a one-time password opened.

    Raises invalid (at old: not the present password), password_weak, locked, deposit_only.
    """
    who = await bearer(request, one_time_ok=True)
    if who.kind == "deposit":
        raise Problem("deposit_only")
    if await is_revoked(who.device):
        raise Problem("account_disabled", {"wipe": True})
    asked = decode(await raw_body(request, SMALL, "请求"), PasswordIn)
    try:
        await set_password(who, asked.old, asked.new)
    except Problem as problem:
        if problem.code != "wrong_password":
            raise
        # Not 401: the session lives, it is the old password that is not right.
        raise Problem("invalid", {"at": "old"}, what="原密码不正确，请重新输入。") from problem
    return Response(status_code=204)


async def sign_out(request: Request) -> Response:
    """DELETE /api/session: this bearer is dead from now on; the deposit token goes on handing in."""
    who = await bearer(request, disabled_ok=True, one_time_ok=True)
    if who.session:
        await end_session(who.session)
    return Response(status_code=204)


async def _hand_out(person: Person, device: DeviceIn, *, by_ticket: bool = False) -> Response:
    known = device_id(device.id)
    await know_device(person, known, device)
    tokens: Tokens = await sign_in_device(person, known, device.label, by_ticket=by_ticket)
    posts = await Post.filter(person_id=person.id, ended=False).order_by("place", "role")
    return answer(
        SessionOut(
            session=tokens.session, deposit=tokens.deposit, district=person.district,
            person=PersonOut(
                id=person.id, name=person.name, title=person.title,
                posts=[
                    PostOut(
                        role=post.role, place=post.place, since=post.since.isoformat(),
                        until=post.until.isoformat() if post.until else None,
                    )
                    for post in posts
                ],
            ),
            offline_until=clock.rfc3339(tokens.offline_until), server_time=clock.rfc3339(clock.now()),
            must_change=tokens.who.must_change,
        )
    )  # fmt: skip


async def know_device(person: Person, key: UUID, device: DeviceIn) -> None:
    """Enrol a device at first sight (a change); later only its build is brought up to date."""
    known = await Device.get_or_none(id=key)
    if known is None:

        async def work(line: Line) -> None:
            line.about("device", key, person.district)
            line.body.update(label=device.label, platform=device.platform)
            if not await Device.exists(id=key):
                await Device.create(
                    id=key, district=person.district, label=device.label, platform=device.platform,
                    build=device.build, first_seen=line.heard_at, rev=line.rev,
                )  # fmt: skip

        post = await Post.filter(person_id=person.id, ended=False).order_by("place").first()
        actor = Actor(person.id, post.role if post else "none", post.place if post else "", person.title, key)
        await change(work, district=person.district, actor=actor, verb="device.enrol")
    elif known.build != device.build:
        await Device.filter(id=key).update(build=device.build)


async def is_revoked(device: UUID | None) -> bool:
    """True when the office revoked this device: what it hands in waits for the office."""
    return device is not None and bool(
        await look("SELECT id FROM device WHERE id = ? AND revoked", str(device))
    )
