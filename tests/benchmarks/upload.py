"""A photo through tus beside a plain PUT of the same bytes to a server that writes and flushes them, over one line."""

import hashlib
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median

from tests.benchmarks import load, visits
from tests.benchmarks.figures import Figure
from tests.benchmarks.line import Line
from tests.benchmarks.photos import creation, frame, picture
from tests.benchmarks.server import Server
from tests.benchmarks.world import prepare

BLOCKS = 5
LINES = {
    "a line of 4 Mbit/s": (500_000, 0.05),
    "a line without limits": (0, 0.0),
}  # bytes a second, seconds one way


def measure(folder: Path, quick: bool) -> Iterator[Figure]:
    """One tablet sends photos one after the other, by either way in turn; medians of the blocks' ratios."""
    number = 4 if quick else 12
    world = prepare(folder / "world", (BLOCKS + 1) * len(LINES) + 1)
    client, base = world.clients[0], frame()
    plain = _plain_server(folder / "plain")
    try:
        with Server(world.data) as server:
            for told, (speed, delay) in LINES.items():
                pairs = []
                for turn in range(BLOCKS + 1):
                    shots = [picture(base, f"{told}-{turn}-{one}") for one in range(number)]
                    command = client.visit(world, [hashlib.sha256(data).hexdigest() for data in shots])
                    world.turn_rounds(0)
                    load.run(
                        server.port,
                        [
                            [
                                load.post(
                                    "/api/sync/push",
                                    visits.push_body(client.replica, [command]),
                                    client.token,
                                )
                            ]
                        ],
                        b'"status":"applied"',
                    )
                    ours = _took(server.port, speed, delay, [creation(data, client.token) for data in shots])
                    theirs = _took(plain.server_port, speed, delay, [_put(data) for data in shots])
                    if turn:
                        pairs.append((ours / number * 1000, theirs / number * 1000))
                value, floor = (median(one[side] for one in pairs) for side in (0, 1))
                ratio = median(ours / theirs for ours, theirs in pairs)
                bar = "ratio <= 1.15" if speed else ""
                yield Figure("upload", f"a photo of 300 kB over {told}", value, "ms", floor, ratio, bar)
    finally:
        plain.shutdown()


def _took(port: int, speed: int, delay: float, requests: list[bytes]) -> float:
    with Line(port, speed, delay) as line:
        return float(load.run(line.port, [requests], b"201 Created")["seconds"])


def _put(data: bytes) -> bytes:
    name = hashlib.sha256(data).hexdigest()
    return f"PUT /{name} HTTP/1.1\r\nHost: plain\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data


def _plain_server(folder: Path) -> ThreadingHTTPServer:
    folder.mkdir()

    class Put(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            data = self.rfile.read(int(self.headers["Content-Length"]))
            with (folder / self.path.strip("/")).open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            self.send_response(201, "Created")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    made = ThreadingHTTPServer(("127.0.0.1", 0), Put)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    return made
