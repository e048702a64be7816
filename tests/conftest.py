"""What every test may ask for: an empty migrated district on SQLite, or on either engine."""

import inspect
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from PIL import ImageFile

from tests import postgres
from tests.dispatch.kept import counts_hold
from tests.staying import STAYING
from tests.worlds import Worlds, share
from villages.ground.database import open_database
from villages.ground.settings import Settings

# Every run of the suite draws the same, however slow the machine is; `--hypothesis-profile=free` draws anew.
for _profile in ("free", "suite"):
    hypothesis_settings.register_profile(
        _profile,
        derandomize=_profile == "suite",
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    hypothesis_settings.load_profile(_profile)  # "suite" in the end

# They drive browsers and servers of their own. Last, when the tablet's tests against the server no longer run beside
# them: on a crowded machine a browser waits in vain.
LONG = ("journeys", "faults", "tablet_browser", "hostile")
# Of these the longest first: in the end no worker stands idle beside another that has just begun one of them.
LONGEST = (
    "test_tablet_day.py",
    "test_desk_screens.py",
    "test_tablet_bad_days.py",
    "test_tablet_amend.py",
    "test_builds.py",
    "test_tablet_evidence.py",
    "test_thirty_days.py",
    "test_the_line.py",
    "test_scope_taken_away.py",
    "test_tablet_twelve.py",
    "test_bad_line.py",
    "test_tablet_traps.py",
    "test_tablet_device.py",
    "test_three_on_a_task.py",
    "test_sheet_page.py",
    "test_rescue_broken.py",
    "test_rescue.py",
    "test_camera.py",
    "test_tablet_forms.py",
    "test_tablet_dialogs.py",
    "test_keep.py",
    "test_machine.py",
    "test_writers.py",
    "test_tablet_refused.py",
    "test_ledger_in.py",
    "test_tablet_lan.py",
    "test_killed_browser.py",
    "test_tablet_screens.py",
    "test_scenarios.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What opens a database or the application is too much for `./dev check`, but for what is
    marked quick."""
    place = {name: at for at, name in enumerate(reversed(LONGEST), 1)}
    items.sort(
        key=lambda item: item.path.parent.name in LONG and 1 + len(LONGEST) - place.get(item.path.name, 0)
    )
    for item in items:
        opens = "worlds" in getattr(item, "fixturenames", ()) or inspect.iscoroutinefunction(
            getattr(item, "function", None)
        )
        if opens and "quick" not in item.keywords:
            item.add_marker("database")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """The browser driver stays for a file of browser tests that comes next."""
    try:
        return (yield)
    finally:
        same = nextitem is not None and nextitem.path == item.path
        if not same and "playwright" not in getattr(nextitem, "fixturenames", ()):
            STAYING.end()


def pytest_unconfigure() -> None:
    """A run that was stopped ends here."""
    STAYING.end()


@pytest.fixture(scope="session", autouse=True)
def _shared(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> None:
    """A folder that all workers of this run see."""
    folder = tmp_path_factory.getbasetemp()
    share(folder.parent if hasattr(request.config, "workerinput") else folder)


@pytest.fixture(autouse=True)
def _whole_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """WeasyPrint lets Pillow read truncated pictures in its whole process; the server's own process never does."""
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", False)


@pytest.fixture(scope="session")
def worlds(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Worlds:
    """Databases made once; PostgreSQL is started only when a test asks for it."""
    return Worlds(tmp_path_factory.mktemp("worlds"), lambda: str(request.getfixturevalue("postgres_url")))


@pytest.fixture(scope="session")
def sqlite_template(worlds: Worlds) -> Path:
    """A founded district as a database file, to be copied."""
    return worlds.made("sqlite", "founded").sqlite_file


@pytest.fixture(scope="session")
def demo_template(worlds: Worlds) -> Path:
    """The demo district as a database file, to be copied."""
    return worlds.made("sqlite", "demo").sqlite_file


@pytest.fixture(scope="session")
def short_template(worlds: Worlds) -> Path:
    """The demo district with a short checklist as a database file, to be copied."""
    return worlds.made("sqlite", "short").sqlite_file


@pytest.fixture
def settings(tmp_path: Path, worlds: Worlds) -> Settings:
    """Settings of a founded district in a folder of this test's own."""
    return worlds.copy("sqlite", "founded", tmp_path)


@pytest.fixture
def demo_settings(tmp_path: Path, worlds: Worlds) -> Settings:
    """Settings of the demo district in a folder of this test's own."""
    return worlds.copy("sqlite", "demo", tmp_path)


@pytest.fixture
async def district(settings: Settings) -> AsyncIterator[Settings]:
    """The founded district, open, on SQLite."""
    async with open_database(settings):
        yield settings
        await counts_hold()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL cluster of the tests' own."""
    with postgres.cluster() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest) -> str:
    """Either engine, one after the other."""
    return str(request.param)


@pytest.fixture
def engine_settings(engine: str, tmp_path: Path, worlds: Worlds) -> Settings:
    """Settings of an empty database on either engine, not yet migrated."""
    return worlds.copy(engine, "empty", tmp_path)


@pytest.fixture
def either_demo(engine: str, tmp_path: Path, worlds: Worlds) -> Settings:
    """Settings of the demo district on either engine."""
    return worlds.copy(engine, "demo", tmp_path)


@pytest.fixture
def either_founded(engine: str, tmp_path: Path, worlds: Worlds) -> Settings:
    """Settings of a founded district on either engine."""
    return worlds.copy(engine, "founded", tmp_path)


@pytest.fixture
async def any_district(either_founded: Settings) -> AsyncIterator[Settings]:
    """A founded district, open, on either engine."""
    async with open_database(either_founded):
        yield either_founded
        await counts_hold()
