"""Other people's programs through a line that cuts, delays and repeats: plain HTTP, tuspy, tus-js-client, our engine."""

import hashlib
import json
import os
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

from tests.benchmarks.server import ROOT
from tests.faults.client import TUS, Tablet, World
from tests.faults.conftest import LONG, Tell
from tests.faults.house import House
from tests.faults.ledger import same
from tests.faults.line import BadLine

pytestmark = pytest.mark.slow
BAD = {"cut": 0.3, "delay": 0.2, "repeat": 0.3}


@dataclass
class Running:
    """One server for all of this file, and every tablet that ever spoke to it."""

    house: House
    tablets: list[Tablet] = field(default_factory=list)


@pytest.fixture(scope="module")
def running(demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("line") / "data"
    shutil.copytree(demo_data, folder)
    made = Running(House(folder).start())
    yield made
    made.house.stop()


def test_a_plain_client(running: Running, dice: random.Random, tell: Tell) -> None:
    house = running.house
    with BadLine(house.port, dice.randrange(9**9), **BAD) as line:
        tablet = Tablet(line.url, World(dice), slow=0).sign_in()
        running.tablets.append(tablet)
        for _ in range(400 if LONG else 12):
            tablet.make()
            if dice.random() < 0.5:
                tablet.drain()
        tablet.drain()
        line.turn_good()
        time.sleep(0.6)  # what was to be repeated is on its way by now
        tablet.url = house.url
        figures = same(house, running.tablets)
        did = line.end()
    assert did["cut"] and did["repeated"]
    tell(**figures, line=did, tablet=dict(tablet.counts))


def announced(running: Running, url: str, dice: random.Random, folder: Path, count: int) -> Tablet:
    """A tablet whose records are on the server and whose photos, all larger than a piece, lie in the folder."""
    tablet = Tablet(running.house.url, World(dice), slow=0).sign_in()
    running.tablets.append(tablet)
    while sum(len(data) > 64 * 1024 for data in tablet.photos.values()) < count:
        tablet.make()
    while tablet.waiting:
        tablet.push(tablet.waiting[:3])
    tablet.url = url
    folder.mkdir()
    for name, data in tablet.photos.items():
        (folder / f"{name}.jpg").write_bytes(data)
    return tablet


@pytest.mark.parametrize("way", ["plain", "with-data", "pieces"])
def test_tus_js_client(running: Running, dice: random.Random, tell: Tell, tmp_path: Path, way: str) -> None:
    house = running.house
    with BadLine(house.port, dice.randrange(9**9), cut=0.4, delay=0.1, repeat=0.1) as line:
        tablet = announced(running, line.url, dice, tmp_path / "photos", 100 if LONG else 6)
        script = [
            str(ROOT / "tests/faults/tus_js.mjs"),
            line.url,
            tablet.token,
            way,
            str(tmp_path / "photos"),
        ]
        done = subprocess.run(["node", *script], cwd=ROOT, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr
        tablet.stored.update(tablet.photos)
        tablet.url = house.url
        figures = same(house, running.tablets)
        did = line.end()
    assert did["cut"]
    tell(**figures, line=did, client=json.loads(done.stdout))


def test_tuspy(running: Running, dice: random.Random, tell: Tell, tmp_path: Path) -> None:
    house = running.house
    tries = 0
    with BadLine(house.port, dice.randrange(9**9), cut=0.4, delay=0.1, repeat=0.1) as line:
        tablet = announced(running, line.url, dice, tmp_path / "photos", 100 if LONG else 6)
        bearer = {"Authorization": f"Bearer {tablet.token}"}
        client = TusClient(f"{line.url}/api/tus", headers=bearer)
        for path in sorted((tmp_path / "photos").iterdir()):
            told = {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "mime": "image/jpeg"}
            begun = requests.head(f"{house.url}/api/tus/{told['sha256']}", headers=bearer | TUS, timeout=20)
            assert begun.status_code == 410, "nothing of it is there"
            place = None
            while True:  # its own retries cover a PATCH only; the rest is the caller's
                tries += 1
                try:
                    tus = client.uploader(
                        str(path), metadata=told, chunk_size=64 * 1024, retries=5, retry_delay=0.05, url=place
                    )
                    tus.upload()
                    break
                except (TusCommunicationError, requests.RequestException):
                    place = place or (
                        f"{line.url}/api/tus/{told['sha256']}" if known(house, told["sha256"]) else None
                    )
        tablet.stored.update(tablet.photos)
        tablet.url = house.url
        figures = same(house, running.tablets)
        did = line.end()
    assert did["cut"]
    tell(**figures, line=did, begun=tries)


def known(house: House, sha256: str) -> bool:
    """Whether the upload was created, though nobody heard of it."""
    return bool(house.rows(f"SELECT sha256 FROM upload WHERE sha256 = '{sha256}'"))


@pytest.mark.skipif(
    not LONG, reason="its short form runs with the other tests of the engine (npm run test:server)"
)
def test_the_tablets_own_engine(dice: random.Random, tell: Tell) -> None:
    """The TypeScript that tablets run, in node, through the same line: tests/tablet/server/bad-line.test.ts."""
    wish = {"LINE_TURNS": "300" if LONG else "8", "LINE_SEED": str(dice.randrange(9**8))}
    done = subprocess.run(
        ["node", "tests/tablet/run.mjs", "server/", "bad-line"], cwd=ROOT, capture_output=True, text=True, timeout=1800,
        env={**os.environ, **wish},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    figures = [line for line in done.stdout.splitlines() if "BAD LINE" in line]
    tell(engine=figures[-1].partition("BAD LINE ")[2])
