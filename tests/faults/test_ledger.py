"""The comparison that every fault ends with is itself tried: whatever is lost, doubled, invented or bent turns it red."""

import random
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.client import Tablet, World
from tests.faults.house import House
from tests.faults.ledger import same

pytestmark = pytest.mark.slow
Harm = Callable[[House, Tablet], None]


def sql(text: str) -> Harm:
    def harm(house: House, _tablet: Tablet) -> None:
        with sqlite3.connect(house.data / "xuncun.db", timeout=9) as line:
            assert line.execute(text).rowcount > 0
        line.close()

    return harm


def blob(house: House, tablet: Tablet) -> Path:
    name = next(iter(tablet.photos))
    return house.data / "blobs" / name[:2] / name[2:4] / name


def bent(house: House, tablet: Tablet) -> None:
    data = bytearray(blob(house, tablet).read_bytes())
    data[len(data) // 2] ^= 1
    blob(house, tablet).write_bytes(data)


HARMS: dict[str, Harm] = {
    "a word changed": sql(
        "UPDATE command SET payload = replace(payload, '\"mono\"', '\"mona\"') WHERE seq = 1"
    ),
    "an act lost": sql("DELETE FROM command WHERE seq = 2"),
    "an act invented": sql(
        "INSERT INTO command SELECT '0193a000-0000-7000-8000-0000000000ff', replica, 99, person, verb, v, body_hash, payload,"
        " status, reason, detail, data, at, mono, boot, skew_seconds, heard_at, rev, decision FROM command WHERE seq = 1"
    ),
    "another verdict": sql("UPDATE command SET status = 'held' WHERE seq = 1"),
    "a line of the trail changed": sql("UPDATE change SET home = '110109' WHERE command_id IS NOT NULL"),
    "a photo not stored": sql("UPDATE photo SET state = 'expected'"),
    "a bit of a photo": bent,
    "a photo's file lost": lambda house, tablet: blob(house, tablet).unlink(),
}


def noticed(house: House, tablet: Tablet) -> bool:
    try:
        same(house, [tablet])
    except (AssertionError, KeyError, OSError, subprocess.CalledProcessError):
        return True
    return False


def test_every_harm_is_noticed(house: House) -> None:
    house.start()
    tablet = Tablet(house.url, World(random.Random(5)), slow=0).sign_in()
    while len(tablet.texts) < 3 or not tablet.photos:
        tablet.make()
    tablet.drain()
    told = same(house, [tablet])
    assert told["acts"] == len(tablet.texts) and told["photos"] >= 1
    whole = {path: path.read_bytes() for path in (house.data / "blobs").rglob("*") if path.is_file()}
    with sqlite3.connect(house.data / "xuncun.db", timeout=9) as line:
        kept = sqlite3.connect(":memory:")
        line.backup(kept)
    for name, harm in HARMS.items():
        harm(house, tablet)
        assert noticed(house, tablet), f"nobody noticed {name}"
        for path, data in whole.items():
            path.write_bytes(data)
        with sqlite3.connect(house.data / "xuncun.db", timeout=9) as line:
            kept.backup(line)
        line.close()
