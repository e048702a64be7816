"""Forty tablets come back to the network in one moment, each with days of work: nobody is starved."""

from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.benchmarks import load, visits
from tests.benchmarks.figures import Figure
from tests.benchmarks.server import Server
from tests.benchmarks.world import prepare

TABLETS, COMMANDS = 40, 3  # commands a push
BLOCKS = 3


def measure(folder: Path, quick: bool) -> Iterator[Figure]:
    """Every tablet pushes its whole outbox, a few visits at a time; the slowest push beside the usual one."""
    pushes = 2 if quick else 6
    world = prepare(folder / "world", pushes * COMMANDS * (BLOCKS + 1), TABLETS)
    found = []
    with Server(world.data) as server:
        for turn in range(BLOCKS + 1):
            block = world.block(pushes * COMMANDS)
            requests = [
                [
                    load.post(
                        "/api/sync/push",
                        visits.push_body(client.replica, commands[at : at + COMMANDS]),
                        client.token,
                    )
                    for at in range(0, len(commands), COMMANDS)
                ]
                for client, commands in zip(world.clients, block, strict=True)
            ]
            told = load.run(server.port, requests, b'"status":"applied"')
            if turn:
                found.append(told)
        rss = server.rss_mib()
    slow = max(found, key=lambda one: one["p99"] / one["p50"])
    yield Figure("returning", "99 of 100 pushes within", slow["p99"], "ms", slow["p50"], bar="ratio <= 20")
    last, first = (median(one[key] for one in found) for key in ("last_end", "first_end"))
    yield Figure("returning", "the last tablet through", last, "s", first, bar="ratio <= 3")
    yield Figure("returning", "visits taken in", TABLETS * pushes * COMMANDS / last, "/s")
    yield Figure("returning", "server memory", rss, "MiB", bar="value <= 200")
