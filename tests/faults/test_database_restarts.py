"""PostgreSQL goes down and comes up under a server that takes pushes; the server itself is never restarted."""

import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests import postgres
from tests.faults.client import Tablet, World
from tests.faults.conftest import LONG, Tell
from tests.faults.house import House
from tests.faults.ledger import same

pytestmark = [pytest.mark.slow, pytest.mark.postgres]
RESTARTS = 40 if LONG else 1


@pytest.fixture
def own_cluster() -> Iterator[str]:
    """A cluster that no other test uses."""
    with postgres.cluster() as url:
        yield url


def test_postgres_restarted_under_pushes(
    own_cluster: str, dice: random.Random, tell: Tell, tmp_path: Path
) -> None:
    house = House(tmp_path / "data", database_url=postgres.make_database(own_cluster, f"f{uuid4().hex}"))
    house.data.mkdir()
    house.start()
    try:
        world = World(dice)
        tablets = [Tablet(house.url, world, name, slow=0).sign_in() for name in ("inspector", "inspector2")]
        over, troubles = threading.Event(), []

        def work(tablet: Tablet) -> None:
            try:
                while not over.is_set():
                    tablet.make()
                    tablet.drain()
            except BaseException as error:
                troubles.append(error)
                raise

        threads = [threading.Thread(target=work, args=(tablet,), daemon=True) for tablet in tablets]
        for thread in threads:
            thread.start()
        for turn in range(RESTARTS):
            time.sleep(dice.uniform(0.1, 0.8))
            postgres.stop(own_cluster, "immediate" if turn % 2 == 0 else "fast")
            time.sleep(dice.uniform(0.0, 0.5))
            postgres.start(own_cluster)
            assert not troubles
        over.set()
        for thread in threads:
            thread.join(120)
        assert not troubles and house.starts == 1
        for tablet in tablets:
            tablet.drain()
            tablet.pull()
        counts = sum((tablet.counts for tablet in tablets), tablets[0].counts.__class__())
        assert {key for key in counts if key[0].isdigit()} <= {
            "503 database_away",
            "503 without words",
            "423 upload_busy",
        }, counts
        assert "internal_error" not in {
            one["reason"] for tablet in tablets for one in tablet.verdicts.values()
        }
        tell(restarts=RESTARTS, **same(house, tablets), tablets=dict(counts))
    finally:
        house.stop()
