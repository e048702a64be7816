"""The second `./dev serve` on a data folder: from the command to the first page."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.benchmarks.figures import Figure
from tests.benchmarks.server import ROOT, free_port, wait_for


def measure(folder: Path, quick: bool) -> Iterator[Figure]:
    """The first start makes the demo district; the following ones are measured."""
    first = _start(folder / "data")
    again = median(_start(folder / "data") for _ in range(1 if quick else 5))
    yield Figure("start", "first start, with the demo district", first, "s")
    yield Figure("start", "second ./dev serve to the sign-in page", again, "s", bar="value <= 3")


def _start(data: Path) -> float:
    port = free_port()
    begun = time.perf_counter()
    # A session of its own: ./dev may stand between us and the server, and both must go.
    process = subprocess.Popen(
        [ROOT / "dev", "serve", "--port", str(port), "--data", str(data)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        wait_for(f"http://127.0.0.1:{port}/sign-in", 120, process)
        return time.perf_counter() - begun
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)
