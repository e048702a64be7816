"""Pages of the feed: a whole town from nothing, and the usual question when nothing is new."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks import inprocess, load
from tests.benchmarks.figures import Figure
from tests.benchmarks.server import Server
from tests.benchmarks.world import Client, prepare

BLOCKS = 5
TABLETS = 8


def measure(folder: Path, quick: bool) -> Iterator[Figure]:
    """CPU of the server for a page: every page from cursor 0 on, and pages with nothing new; medians of blocks."""
    each = 4 if quick else 20
    world = prepare(folder / "world", each)
    block = world.block(each)
    plan = [(one.token, one.replica, made) for one, made in zip(world.clients, block, strict=True)]
    inprocess.run(world.data, plan)
    with Server(world.data) as server:
        walks = [_walk(server, client) for client in world.clients[:TABLETS]]
        full = [[asked for asked, _ in walk] for walk in walks]
        still = [
            [request(client, walk[-1][1]["scopes"])] * 20
            for client, walk in zip(world.clients, walks, strict=False)
        ]
        costs = [cost(server, full) for _ in range(BLOCKS)]
        idle = [cost(server, still) for _ in range(BLOCKS)]
    pages = [page for walk in walks for _, page in walk]
    rows = sum(len(page["changes"]) for page in pages) / len(pages)
    yield Figure("pull", "CPU, one page", median(one for one, _ in costs), "ms")
    yield Figure("pull", "rows on a page", rows, "rows")
    yield Figure("pull", "CPU, a row", median(one for one, _ in costs) / rows, "ms")
    yield Figure("pull", "size of a page, packed", median(size for _, size in costs) / 1024, "KiB")
    yield Figure("pull", "CPU, nothing new", median(one for one, _ in idle), "ms")


def _walk(server: Server, client: Client) -> list[tuple[bytes, dict[str, Any]]]:
    """Everything this tablet may see, from nothing: (request, page) until there is no more."""
    walked: list[tuple[bytes, dict[str, Any]]] = []
    cursors: dict[str, int] = {}
    while not walked or walked[-1][1]["more"]:
        page = ask(server, client, cursors)
        walked.append((request(client, cursors), page))
        cursors = page["scopes"]
    return walked


def _body(client: Client, cursors: dict[str, int]) -> bytes:
    return json.dumps({"replica": client.replica, "epoch": None, "limit": 500, "scopes": cursors}).encode()


def ask(server: Server, client: Client, cursors: dict[str, int]) -> dict[str, Any]:
    """One page, read."""
    asked = urllib.request.Request(
        f"http://127.0.0.1:{server.port}/api/sync/pull", _body(client, cursors),
        {"Authorization": f"Bearer {client.token}"},
    )  # fmt: skip
    with urllib.request.urlopen(asked, timeout=60) as answer:
        page: dict[str, Any] = json.load(answer)
        return page


def request(client: Client, cursors: dict[str, int]) -> bytes:
    """The same as bytes to be sent."""
    return load.post("/api/sync/pull", _body(client, cursors), client.token)


def cost(server: Server, requests: list[list[bytes]]) -> tuple[float, float]:
    """(CPU ms, bytes answered) a page."""
    before = server.cpu_seconds()
    found = load.run(server.port, requests, b'"epoch"')
    spent = server.cpu_seconds() - before
    return 1000 * spent / found["requests"], found["bytes"] / found["requests"]
