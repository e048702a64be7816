"""Memory of the server while 20,000 submissions come in: it must not grow with them."""

from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.figures import Figure
from tests.benchmarks.server import Server
from tests.benchmarks.submit import push
from tests.benchmarks.world import CLIENTS, prepare


def measure(folder: Path, quick: bool) -> Iterator[Figure]:
    """Resident memory after the first tenth and at the end."""
    total, each = (3_200 if quick else 20_000), 20
    world = prepare(folder / "world", -(-total // CLIENTS))
    done, early, rss = 0, 0.0, 0.0
    with Server(world.data) as server:
        while done < total:
            push(server, world, world.block(min(each, (total - done) // CLIENTS)))
            done += each * CLIENTS
            rss = server.rss_mib()
            if not early and done >= total // 10:
                early, first = rss, done
    yield Figure("submit_memory", f"after {first:,} submissions", early, "MiB", bar="value <= 200")
    yield Figure("submit_memory", f"after {done:,} submissions", rss, "MiB", early, bar="value <= 200")
    yield Figure("submit_memory", "growth between", rss - early, "MiB", bar="value <= 16")
