"""The server's memory while 50,000 commands and 10 GB of photos come in: it must not grow with them.

Each turn, thirty-two tablets hand in a visit, its twelve photos of 300 kB and seventeen small acts. What a turn brought is
taken from the disk afterwards, so that the run needs no 10 GB of room; the server is not told and never asked for it.
"""

import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks import load, visits
from tests.benchmarks.figures import Figure
from tests.benchmarks.photos import SIZE, creation, frame, picture
from tests.benchmarks.server import Server
from tests.benchmarks.world import CLIENTS, Client, World, prepare

SMALL = 17  # acts beside a visit
EACH = SMALL + 1
LOOKS = (0.1, 0.5, 1.0)


def measure(folder: Path, quick: bool) -> Iterator[Figure]:
    """Resident memory of the server's process at a tenth, at half and at the end."""
    turns = 10 if quick else -(-50_000 // (EACH * CLIENTS))
    world, base = prepare(folder / "world", turns), frame()
    looks = {round(turns * share) for share in LOOKS}
    first = None
    with Server(world.data) as server:
        for turn in range(1, turns + 1):
            _turn(server, world, base, turn)
            if turn in looks:
                rss, acts, size = (
                    server.rss_mib(),
                    turn * EACH * CLIENTS,
                    turn * CLIENTS * visits.PHOTOS * SIZE,
                )
                told = f"after {acts:,} commands and {size / 1e9:.1f} GB of photos"
                yield Figure(
                    "memory", told, rss, "MiB", first, bar="ratio <= 1.1" if first else "value <= 200"
                )
                first = first or rss
    held = sqlite3.connect(world.data / "xuncun.db")
    [wrong] = held.execute("SELECT COUNT(*) FROM command WHERE status <> 'applied'").fetchone()
    held.close()
    if wrong:
        raise RuntimeError(f"{wrong} commands were not carried out")


def _turn(server: Server, world: World, base: bytes, turn: int) -> None:
    pushes, uploads, names = [], [], []
    behind = min(client.done // len(client.villages) for client in world.clients)
    for client in world.clients:
        shots = [picture(base, f"{turn}-{client.replica}-{number}") for number in range(visits.PHOTOS)]
        hashes = [hashlib.sha256(shot).hexdigest() for shot in shots]
        acts = [visits.submit(
            (turn - 1) * EACH + 1, *_next(world, client), world.checklist, client.person, hashes
        )]  # fmt: skip
        acts += [_small(client, (turn - 1) * EACH + 2 + nth) for nth in range(SMALL)]
        pushes.append([load.post("/api/sync/push", visits.push_body(client.replica, acts), client.token)])
        uploads.append([creation(shot, client.token) for shot in shots])
        names += hashes
    world.turn_rounds(behind)
    load.run(server.port, pushes, b'"status":"applied"')
    load.run(server.port, uploads, b"201 Created")
    for name in names:
        (world.data / "blobs" / name[:2] / name[2:4] / name).unlink()


def _next(world: World, client: Client) -> tuple[str, str]:
    """Round and village of the client's next visit."""
    place, village = divmod(client.done, len(client.villages))
    client.done += 1
    world.latest = max(world.latest, place)
    return world.rounds[place], client.villages[village]


def _small(client: Client, seq: int) -> bytes:
    """Somebody stands in a village and says where it is."""
    position = {"lat": 39.9 + seq % 1000 / 10_000, "lng": 116.0, "accuracy": 6}
    args = {"village": client.villages[seq % len(client.villages)], "position": position, "photo": None}
    return visits.command("village.locate", seq, args)
