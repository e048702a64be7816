"""Pages about accounts: who can sign in, a new one, one account, its printed slip, a tablet's enrolment code."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from templates.words import ROLE, VERB
from villages import commands
from villages.commands import Account
from villages.ground.problems import Problem
from villages.permissions import COMMITTEE, MAY, Who
from villages.post_pages import need_place, place_word, shown_posts
from villages.posts import may_adjust
from villages.shell import desk, desk_page, done, place_names
from villages.web import form, public_address

TABLET = "/tablet/"  # where the tablet app is served
_NO_STORE = {"Cache-Control": "no-store"}


def _need(who: Who, verb: str) -> None:
    if not who.holds(*MAY[verb]):
        raise Problem("forbidden", act=VERB[verb], who="镇街专管员或区级办公室")


async def _shown(accounts: list[Account]) -> list[dict[str, Any]]:
    names = await place_names({post.place for account in accounts for post in account.posts})
    return [
        {
            "id": account.person.id, "name": account.person.name, "title": account.person.title,
            "disabled": account.person.disabled, "waiting": account.person.must_change,
            "posts": [(ROLE[post.role], names.get(post.place, post.place)) for post in account.posts],
        }
        for account in accounts
    ]  # fmt: skip


def _matches(account: Account, text: str, role: str, town: str, state: str) -> bool:
    person = account.person
    return (
        (not text or text in person.name or text in person.title)
        and (not role or any(post.role == role for post in account.posts))
        and (not town or any(post.place.startswith(town) for post in account.posts))
        and (state != "off" or person.disabled)
        and (state != "on" or not person.disabled)
        and (state != "new" or person.must_change)
    )


@desk_page
async def people(request: Request, who: Who) -> Response:
    """GET /people?q=&role=&town=&state=: the accounts within reach, and villages still without one."""
    _need(who, "people.see")
    asked = {key: request.query_params.get(key, "").strip()[:40] for key in ("q", "role", "town", "state")}
    reached = await commands.accounts(who)
    shown = [
        one for one in reached if _matches(one, asked["q"], asked["role"], asked["town"], asked["state"])
    ]
    roles = commands.roles_to_give(who)
    served = {post.place for one in reached if not one.person.disabled for post in one.posts}
    committees = await commands.places_for(who, COMMITTEE)
    lacking = {
        town: [(code, name) for code, name in ones if code not in served] for town, ones in committees.items()
    }
    return desk(
        request, who, "villages/people.html", people=await _shown(shown), asked=asked, total=len(reached),
        roles=[("", "全部岗位"), *((role, ROLE[role]) for role in roles)],
        towns=[("", "全部镇街"), *((ones[0][0][:9], town) for town, ones in committees.items() if ones)],
        states=[("", "全部状态"), ("on", "在用"), ("new", "未改初始密码"), ("off", "已停用")],
        lacking={town: ones for town, ones in lacking.items() if ones},
        lacking_count=sum(len(ones) for ones in lacking.values()),
    )  # fmt: skip


async def _new_page(
    request: Request, who: Who, given: dict[str, str], status: int = 200, wrong: str = ""
) -> Response:
    roles = commands.roles_to_give(who)
    role = given["role"] if given["role"] in roles else roles[0]
    choices: Any = await commands.places_for(who, role)
    return desk(
        request, who, "villages/person_new.html", status=status, wrong=wrong, role=role, given=given,
        roles=[(role, ROLE[role]) for role in roles], choices=choices.get("", choices), place_word=place_word(role),
    )  # fmt: skip


@desk_page
async def new_person(request: Request, who: Who) -> Response:
    """GET /people/new?role=&place="""
    _need(who, "person.create")
    given = {key: request.query_params.get(key, "")[:40] for key in ("role", "place")}
    return await _new_page(request, who, {"name": "", "title": "", "phone": "", **given})


@desk_page
async def create_person(request: Request, who: Who) -> Response:
    """POST /people/new: opens the account and answers with its slip, the only time its password is seen."""
    _need(who, "person.create")
    data = await form(request, who, max_fields=12)
    given = {key: str(data.get(key, "")).strip() for key in ("name", "title", "phone", "role", "place")}
    try:
        need_place(given)
        person, password = await commands.open_account(who, **given)
    except Problem as problem:
        if problem.code != "invalid":
            raise
        return await _new_page(request, who, given, problem.status, problem.sentence)
    return await _slip(request, who, await commands.account(who, person.id), password)


async def _slip(request: Request, who: Who, account: Account, password: str) -> Response:
    [shown] = await _shown([account])
    try:
        address = f"{await public_address(request)}/sign-in"
    except Problem:
        address = ""  # the password cannot be shown a second time: the slip is printed without
    return desk(
        request, who, "villages/slip.html", headers=_NO_STORE, person=shown, password=password, address=address
    )  # fmt: skip


async def _account(request: Request, who: Who) -> Account:
    return await commands.account(who, request.path_params["person"])


@desk_page
async def one_person(request: Request, who: Who) -> Response:
    """GET /people/{person}: posts, state, sign-ins."""
    account = await _account(request, who)
    [shown] = await _shown([account])
    return desk(
        request, who, "villages/person.html", person=shown, phone=account.person.phone,
        sessions=await commands.live_sessions(account.person.id), own=account.person.id == who.person,
        posts_held=await shown_posts(account), may_adjust=may_adjust(who, account),
    )  # fmt: skip


@desk_page
async def reset(request: Request, who: Who) -> Response:
    """POST /people/{person}/reset: a one-time password, on a slip."""
    account = await _account(request, who)
    await form(request, who, max_fields=5)
    return await _slip(request, who, account, await commands.reset_password(who, account))


@desk_page
async def enrol(request: Request, who: Who) -> Response:
    """POST /people/{person}/enrol: a QR by which one tablet signs in as this person."""
    account = await _account(request, who)
    await form(request, who, max_fields=5)
    base = await public_address(request)
    ticket = await commands.enrol_ticket(who, account)
    [shown] = await _shown([account])
    # After the #, so that the ticket reaches no server log and no referrer.
    address = f"{base}{TABLET}#enrol={ticket}"
    return desk(request, who, "villages/enrol.html", headers=_NO_STORE, person=shown, address=address)


@desk_page
async def disable(request: Request, who: Who) -> Response:
    """POST /people/{person}/disable with `disabled` yes or no."""
    account = await _account(request, who)
    data = await form(request, who, max_fields=5)
    disabled = data.get("disabled") == "yes"
    await commands.set_disabled(who, account, disabled)
    return done(f"/people/{account.person.id}", "person.disable" if disabled else "person.enable")


@desk_page
async def revoke(request: Request, who: Who) -> Response:
    """POST /people/{person}/sessions/{session}: end one sign-in of theirs."""
    account = await _account(request, who)
    await form(request, who, max_fields=5)
    await commands.revoke_session(who, account, request.path_params["session"])
    return done(f"/people/{account.person.id}", "session.revoke")


routes: list[Route] = [
    Route("/people", people, methods=["GET"]),
    Route("/people/new", new_person, methods=["GET"]),
    Route("/people/new", create_person, methods=["POST"]),
    Route("/people/{person:uuid}", one_person, methods=["GET"]),
    Route("/people/{person:uuid}/reset", reset, methods=["POST"]),
    Route("/people/{person:uuid}/enrol", enrol, methods=["POST"]),
    Route("/people/{person:uuid}/disable", disable, methods=["POST"]),
    Route("/people/{person:uuid}/sessions/{session:uuid}", revoke, methods=["POST"]),
]
