"""SIGKILL to the server at random moments of push and upload; the tablets send again until they have their receipts."""

import random
import threading
import time
from collections import Counter

import pytest

from tests.faults.client import Tablet, World
from tests.faults.conftest import LONG, Tell
from tests.faults.house import House
from tests.faults.ledger import same

pytestmark = pytest.mark.slow
KILLS = 200 if LONG else 2
TABLETS = 3


def test_a_server_killed_at_any_moment(house: House, dice: random.Random, tell: Tell) -> None:
    house.start()
    world = World(dice)
    tablets = [
        Tablet(house.url, world, name).sign_in()
        for name in ("inspector", "inspector2", "inspector")[:TABLETS]
    ]
    over = threading.Event()
    troubles: list[BaseException] = []

    def work(tablet: Tablet) -> None:
        try:
            while not over.is_set():
                for _ in range(tablet.dice.randint(1, 3)):
                    tablet.make()
                tablet.drain()
        except BaseException as error:
            troubles.append(error)
            raise

    threads = [threading.Thread(target=work, args=(tablet,), daemon=True) for tablet in tablets]
    for thread in threads:
        thread.start()
    struck: Counter[str] = Counter()
    for nth in range(KILLS):
        time.sleep(dice.uniform(0.0, 0.7))
        phases = [tablet.phase for tablet in tablets]
        while (
            nth == 0 and not troubles and not {"push", "upload"} & set(phases)
        ):  # one strikes what is on its way
            time.sleep(0.001)
            phases = [tablet.phase for tablet in tablets]
        struck.update(phases)
        unheard = [name for tablet in tablets if tablet.phase == "push" for name in tablet.waiting[:3]]
        house.kill()
        there = {str(row["id"]) for row in house.rows("SELECT id FROM command")}
        struck["carried out, unheard"] += len(there.intersection(unheard))
        assert not troubles
        house.start()
    over.set()
    for thread in threads:
        thread.join()  # a tablet that waits in vain says so by itself
    assert not troubles
    for tablet in tablets:
        tablet.drain()
    counts = sum((tablet.counts for tablet in tablets), Counter())
    assert struck["push"] + struck["upload"]
    tell(kills=KILLS, **same(house, tablets), struck=dict(struck), tablets=dict(counts))
