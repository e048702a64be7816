"""A desk for tests: the pages of this step in a small application, and browsers that sign in to it."""

import re
from collections.abc import Sequence

import httpx2
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Route

from villages import pages
from villages.changes import SYSTEM, Line, change
from villages.ground.problems import Problem
from villages.ground.settings import Settings
from villages.models import Person
from villages.people import create_person, hash_password
from villages.shell import desk_page
from villages.web import problem_response

PASSWORD = "a good long word"


@desk_page
async def _today(_request: object, who: object) -> PlainTextResponse:
    return PlainTextResponse("today")


def make_app(settings: Settings, more: Sequence[BaseRoute] = ()) -> Starlette:
    """The step's routes with the project's own handling of problems."""
    app = Starlette(
        routes=[Route("/", _today), *pages.routes, *more], exception_handlers={Problem: problem_response}
    )
    app.state.secret = settings.secret()
    app.state.settings = settings
    return app


async def person(name: str, *posts: tuple[str, str], must_change: bool = False) -> Person:
    """An account with PASSWORD and the posts [(role, place)]."""
    hashed = await hash_password(PASSWORD)

    async def work(line: Line) -> Person:
        return await create_person(
            line, name=name, title=f"{name}的称呼", phone="", password_hash=hashed, must_change=must_change,
            posts=list(posts),
        )  # fmt: skip

    return await change(work, district="110109", actor=SYSTEM, verb="person.create")


def browser(app: Starlette) -> httpx2.AsyncClient:
    """A browser of its own, with its own cookies."""
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://desk.test")


async def sign_in(client: httpx2.AsyncClient, name: str, password: str = PASSWORD) -> httpx2.Response:
    """The answer to the posted sign-in form."""
    return await client.post("/sign-in", data={"name": name, "password": password, "next": "/villages"})


def token(html: str) -> str:
    """The form token on a page."""
    found = re.search(r'name="csrf" value="(\w+)"', html)
    assert found, html
    return found[1]


async def post(client: httpx2.AsyncClient, path: str, page: str, **data: str) -> httpx2.Response:
    """Post a form to `path` with the token found on `page`."""
    csrf = token((await client.get(page)).text)
    return await client.post(path, data={"csrf": csrf, **data})


def slip_password(html: str) -> str:
    """The one-time password that a slip shows."""
    found = re.search(r'id="password">([^<]+)<', html)
    assert found, html
    return found[1]
