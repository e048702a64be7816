"""What every test may ask for: an empty migrated district on SQLite, or on either engine."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from PIL import ImageFile

from tests import postgres
from villages.districts import found_district
from villages.ground.database import open_database
from villages.ground.migrations import migrate
from villages.ground.settings import Settings

DISTRICT = "110109"


@pytest.fixture(autouse=True)
def _whole_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """WeasyPrint lets Pillow read truncated pictures in its whole process; the server's own process never does."""
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", False)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A founded district as a database file, made once and copied for each test."""
    import asyncio

    folder = tmp_path_factory.mktemp("template")

    async def make() -> None:
        settings = Settings(folder)
        await migrate(settings)
        async with open_database(settings):
            await found_district(DISTRICT, "门头沟区", "demo")

    asyncio.run(make())
    return folder / "xuncun.db"


@pytest.fixture
def settings(tmp_path: Path, sqlite_template: Path) -> Settings:
    """Settings of a founded district in a folder of this test's own."""
    shutil.copy(sqlite_template, tmp_path / "xuncun.db")
    return Settings(tmp_path)


@pytest.fixture
async def district(settings: Settings) -> AsyncIterator[Settings]:
    """The founded district, open, on SQLite."""
    async with open_database(settings):
        yield settings


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL cluster of the tests' own."""
    with postgres.cluster() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of an empty database on either engine, not yet migrated."""
    if request.param == "sqlite":
        return Settings(tmp_path)
    url = request.getfixturevalue("postgres_url")
    return Settings(tmp_path, database_url=postgres.make_database(url, f"t{uuid4().hex}"))


@pytest.fixture
async def any_district(engine_settings: Settings) -> AsyncIterator[Settings]:
    """A founded district, open, on either engine."""
    await migrate(engine_settings)
    async with open_database(engine_settings):
        await found_district(DISTRICT, "门头沟区", "demo")
        yield engine_settings
