"""How long the faults run, the demo district they run on, and the figures that are told in the end.

`FAULTS=long` is the full run of `./dev faults`; without it each fault is tried a few times within seconds.
"""

import os
import random
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.house import House

LONG = os.environ.get("FAULTS") == "long"
_told: list[str] = []
Tell = Callable[..., None]


@pytest.fixture(scope="session")
def demo_data(tmp_path_factory: pytest.TempPathFactory, demo_template: Path) -> Path:
    """A data folder with the demo district, to be copied."""
    folder = tmp_path_factory.mktemp("faults")
    shutil.copy(demo_template, folder / "xuncun.db")
    return folder


@pytest.fixture
def house(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[House]:
    """The server on the demo district; a test starts it, and whatever happened it is gone afterwards. The sheets are short
    where the module is marked so, but for the long run."""
    short = request.node.get_closest_marker("short_sheet") and not LONG
    (tmp_path / "data").mkdir()
    shutil.copy(
        request.getfixturevalue("short_template" if short else "demo_template"), tmp_path / "data/xuncun.db"
    )
    made = House(tmp_path / "data")
    yield made
    made.stop()


@pytest.fixture
def dice(request: pytest.FixtureRequest) -> random.Random:
    """Chance of this test's own: the same in every `./dev test`, another in each long run, told so that it can be had
    again: FAULTS_SEED=n."""
    seed = int(os.environ.get("FAULTS_SEED") or (time.time_ns() % 1_000_000 if LONG else 1))
    print(f"FAULTS_SEED={seed}")
    return random.Random(f"{seed} {request.node.name}")  # no two tests on one server make the same photos


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Iterator[Tell]:
    """Note figures of this test; its duration is added."""
    begun, notes = time.monotonic(), []
    yield lambda **figures: notes.extend(f"{name} {value}" for name, value in figures.items())
    if notes:
        _told.append(f"{request.node.name}: {', '.join(notes)}, {time.monotonic() - begun:.0f} s")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in _told:
        terminalreporter.write_line(line)
