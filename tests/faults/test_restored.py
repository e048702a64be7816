"""The machine burns; yesterday's backup is brought back while tablets hold what came after it."""

import random
import shutil
from pathlib import Path

import pytest

from tests.faults.client import Tablet, World
from tests.faults.conftest import LONG, Tell
from tests.faults.house import House
from tests.faults.ledger import same

pytestmark = pytest.mark.slow
TURNS = 10 if LONG else 1


def test_tablets_ahead_of_a_restored_server(
    house: House, dice: random.Random, tell: Tell, tmp_path: Path
) -> None:
    house.start()
    world = World(dice)
    tablets = [Tablet(house.url, world, name, slow=0).sign_in() for name in ("inspector", "inspector2")]
    again = 0
    for turn in range(TURNS):
        for tablet in tablets:
            for _ in range(5):
                tablet.make()
            tablet.drain()
        backups = tmp_path / f"backup-{turn}"
        house.manage("backup", "--data", str(house.data), "--to", str(backups))
        for tablet in tablets:
            for _ in range(4):
                tablet.make()
            tablet.drain()
            tablet.make()  # one more that the server never heard of
        house.kill()
        shutil.rmtree(house.data)
        house.manage("restore", "--from", str(backups), "--data", str(house.data))
        house.start()
        again += sum(tablet.after_a_restore() for tablet in tablets)
        for tablet in tablets:
            tablet.drain()
    assert again >= 8 * TURNS
    tell(restores=TURNS, sent_again=again, **same(house, tablets))
