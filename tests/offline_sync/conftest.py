"""The real application over a demo district, spoken to by HTTP only."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from starlette.applications import Starlette

from app import make_app
from tests.dispatch.kept import counts_hold_in
from tests.offline_sync.tablet import Tablet
from villages.ground.settings import Settings


@pytest.fixture
async def app(demo_settings: Settings) -> AsyncIterator[Starlette]:
    """The application, running its lifespan."""
    made = make_app(demo_settings)
    async with made.router.lifespan_context(made):
        yield made
    counts_hold_in(demo_settings.sqlite_file)


@pytest.fixture
async def http(app: Starlette) -> AsyncIterator[httpx2.AsyncClient]:
    """A client that reaches the application without a socket."""
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://xuncun.test") as client:
        yield client


@pytest.fixture
async def inspector(http: httpx2.AsyncClient) -> Tablet:
    """The inspector's tablet, signed in and pulled."""
    tablet = await Tablet(http, "inspector").sign_in()
    await tablet.pull()
    return tablet


@pytest.fixture
async def town(http: httpx2.AsyncClient) -> Tablet:
    """The town operator's."""
    tablet = await Tablet(http, "town").sign_in()
    await tablet.pull()
    return tablet


@pytest.fixture
async def village(http: httpx2.AsyncClient) -> Tablet:
    """The village committee's."""
    tablet = await Tablet(http, "village").sign_in()
    await tablet.pull()
    return tablet
