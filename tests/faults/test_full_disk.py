"""A disk without room: a small tmpfs under the data. Refused by name, nothing half done, well again with room."""

import os
import random
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.client import Tablet, World, creation
from tests.faults.conftest import LONG, Tell
from tests.faults.house import House
from tests.faults.ledger import same

pytestmark = pytest.mark.slow
ROUNDS = 20 if LONG else 2
MEGABYTES = 48


@pytest.fixture
def small_disk(demo_data: Path, tmp_path: Path) -> Iterator[House]:
    """The server on a disk of 48 MB of its own."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small tmpfs needs root")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(disk)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"no tmpfs may be mounted here: {mounted.stderr.decode().strip()}")
    try:
        subprocess.run(["cp", "-r", f"{demo_data}/.", str(disk)], check=True)
        house = House(disk)
        yield house
        house.stop()
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def fill(disk: Path, leave: int) -> Path:
    """A file that takes all room but so many bytes."""
    filler = disk / "filler"
    room = os.statvfs(disk)
    size = room.f_bavail * room.f_frsize - leave
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(4096, size))
    return filler


def test_no_room_for_words_or_photos(small_disk: House, dice: random.Random, tell: Tell) -> None:
    house = small_disk.start()
    tablet = Tablet(house.url, World(dice), slow=0).sign_in()
    full: Counter[str] = Counter()
    for turn in range(ROUNDS):
        while all(one in tablet.stored for one in tablet.photos):
            tablet.make()
        tablet.push(tablet.waiting)  # their words are there before, their photos are not
        filler = fill(house.data, 0 if turn % 2 == 0 else dice.randrange(0, 400_000))
        for _ in range(6):
            tablet.make()
        refused: Counter[str] = Counter()
        for _ in range(8):  # more often than the tries after which a command would be set aside
            if tablet.waiting:
                refused["push"] += tablet.push(tablet.waiting[:3]) is None
        for name in [one for one in tablet.photos if one not in tablet.stored]:
            told = tablet.call("POST", "/api/tus", tablet.photos[name], creation(tablet.photos[name], True))
            assert told.status in (201, 404, 507), told.body
            refused["upload"] += told.status == 507
            assert told.status != 507 or told.json()["error"] == "disk_full"
        full += refused  # not every time: a log that was cut back takes a little without growing; at first it must grow
        assert tablet.call("GET", "/healthz").status == 200, "what only reads goes on"
        filler.unlink()
        tablet.drain()
    assert {key for key in tablet.counts if key[0].isdigit()} <= {"507 disk_full", "507 without words"}, (
        tablet.counts
    )
    assert full["push"] >= 8 and full["upload"], full
    statuses = {verdict["reason"] for verdict in tablet.verdicts.values()}
    assert "internal_error" not in statuses, "no command is blamed for a full disk"
    figures = same(house, [tablet])
    tell(rounds=ROUNDS, refused=dict(full), **figures)
