"""`inspection.submit` through HTTP from 32 tablets, beside the same verb without HTTP and SQLite alone."""

from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks import inprocess, load, plain, visits
from tests.benchmarks.figures import Figure
from tests.benchmarks.server import Server
from tests.benchmarks.world import World, prepare

BLOCKS = 8


def measure(folder: Path, quick: bool) -> Iterator[Figure]:
    """Blocks of HTTP and in-process turn about; medians, and of CPU the least.

    What else runs on a shared host (caches, siblings of a core) only ever adds to the CPU a block takes: the same work was
    measured at 4.4 to 8.7 ms within one hour. The least is what it costs, the median what the host made of it.
    """
    each = 3 if quick else 10
    world = prepare(folder / "world", each * (BLOCKS + 1))
    served, called, empty = (world.copy(folder / name) for name in ("served", "called", "empty"))
    http: list[dict[str, Any]] = []
    direct: list[dict[str, Any]] = []
    with Server(served) as server:
        for turn in range(BLOCKS + 1):
            block = world.block(each, on=(served, called))
            if turn == 0:
                push(server, world, block)
                inprocess.run(called, _plan(world, block))
                continue
            http.append(push(server, world, block))
            direct.append(inprocess.run(called, _plan(world, block)))
        rss = server.rss_mib()
    number = each * len(world.clients)
    alone, bare = plain.rate(called, empty, blocks=BLOCKS)
    floor = min(bare) * 1000
    through = median(number / one["seconds"] for one in http)
    without = median(number / one["seconds"] for one in direct)
    ratio = median(d["seconds"] / h["seconds"] for h, d in zip(http, direct, strict=True))
    cpu = [one["server_cpu"] / number * 1000 for one in http]
    inside = [one["cpu"] / number * 1000 for one in direct]
    yield Figure("submit", "through HTTP", through, "/s", without, ratio, "ratio >= 0.4")
    yield Figure("submit", "in process", without, "/s", alone)
    yield Figure("submit", "same rows, plain sqlite3", alone, "/s")
    yield Figure("submit", "CPU, server and database", min(cpu), "ms each", floor, bar="value <= 5")
    yield Figure("submit", "CPU, server and database, median", median(cpu), "ms each", median(bare) * 1000)
    yield Figure("submit", "CPU in process", min(inside), "ms each", floor)
    yield Figure("submit", "CPU, same rows, plain sqlite3", floor, "ms each")
    yield Figure("submit", "CPU of the load", median(one["cpu"] / number for one in http) * 1000, "ms each")
    yield Figure("submit", "answer, half of them within", median(one["p50"] for one in http), "ms")
    yield Figure("submit", "answer, 99 of 100 within", median(one["p99"] for one in http), "ms")
    yield Figure("submit", "server memory", rss, "MiB", bar="value <= 200")


def push(server: Server, world: World, block: list[list[bytes]]) -> dict[str, Any]:
    """A block of commands through HTTP, one push each; every verdict must be `applied`. Adds `server_cpu`."""
    requests = [
        [
            load.post("/api/sync/push", visits.push_body(client.replica, [one]), client.token)
            for one in commands
        ]
        for client, commands in zip(world.clients, block, strict=True)
    ]
    before = server.cpu_seconds()
    found = load.run(server.port, requests, b'"status":"applied"')
    return found | {"server_cpu": server.cpu_seconds() - before}


def _plan(world: World, block: list[list[bytes]]) -> inprocess.Plan:
    return [(one.token, one.replica, commands) for one, commands in zip(world.clients, block, strict=True)]
