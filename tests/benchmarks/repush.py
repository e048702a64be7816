"""Receipted commands pushed again (a lost answer, a restored backup): beside their first push."""

from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.benchmarks.figures import Figure
from tests.benchmarks.server import Server
from tests.benchmarks.submit import push
from tests.benchmarks.world import prepare

BLOCKS = 3


def measure(folder: Path, quick: bool) -> Iterator[Figure]:
    """Each block goes through HTTP twice; the second time every verdict comes from its receipt."""
    each = 4 if quick else 20
    world = prepare(folder / "world", each * (BLOCKS + 1))
    first, again = [], []
    with Server(world.data) as server:
        for turn in range(BLOCKS + 1):
            block = world.block(each)
            new, known = push(server, world, block), push(server, world, block)
            if turn:
                first.append(new)
                again.append(known)
    number = each * len(world.clients)
    cpu = [1000 * median(one["server_cpu"] for one in runs) / number for runs in (first, again)]
    rate = [median(number / one["seconds"] for one in runs) for runs in (first, again)]
    yield Figure("repush", "pushed again", rate[1], "/s", rate[0], bar="ratio >= 5")
    yield Figure("repush", "CPU, pushed again", cpu[1], "ms each", cpu[0])
