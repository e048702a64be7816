"""The real application over a demo district, spoken to by HTTP only."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette

from app import make_app
from dispatch.demo_district import load_demo
from tests.offline_sync.tablet import Tablet
from villages.ground.database import open_database
from villages.ground.migrations import migrate
from villages.ground.settings import Settings


@pytest.fixture(scope="session")
def demo_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo district as a file, made once."""
    folder = tmp_path_factory.mktemp("demo")

    async def make() -> None:
        settings = Settings(folder)
        await migrate(settings)
        async with open_database(settings):
            await load_demo()

    asyncio.run(make())
    return folder / "xuncun.db"


@pytest.fixture
async def app(tmp_path: Path, demo_template: Path) -> AsyncIterator[Starlette]:
    """The application, running its lifespan."""
    shutil.copy(demo_template, tmp_path / "xuncun.db")
    made = make_app(Settings(tmp_path))
    async with made.router.lifespan_context(made):
        yield made


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
