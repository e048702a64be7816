"""The real server in its own process, and what it costs: CPU and memory read from outside."""

import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import TracebackType

import psutil

ROOT = Path(__file__).parents[2]
MIB = 1024 * 1024


_HELD: list[socket.socket] = []  # bound and never listening: the system gives these ports to nobody else


def free_port() -> int:
    """A port of our own for as long as this process lives: a server that shares addresses, as ours and PostgreSQL do,
    may listen on it, go and come again, and meanwhile whoever asks the system for a port gets another."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    _HELD.append(held)
    return int(held.getsockname()[1])


def wait_for(url: str, seconds: float, process: subprocess.Popen[bytes]) -> None:
    """Until the address answers 200. Raises TimeoutError, or RuntimeError when the process ended instead."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.02)
    raise TimeoutError(url)


class Server:
    """`manage.py serve` on a data folder; used in a `with`."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = free_port()
        self._log = (data / "server.log").open("ab")

    def __enter__(self) -> "Server":
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--port", str(self.port), "--data", str(self.data)],
            cwd=ROOT, stdout=self._log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            wait_for(f"http://127.0.0.1:{self.port}/healthz", 60, self.process)
        except BaseException:
            self.process.kill()
            raise
        self._watched = psutil.Process(self.process.pid)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._log.close()

    def cpu_seconds(self) -> float:
        """CPU used so far by the server and its database, all threads, user and system."""
        return cpu_of([self._watched, *self._watched.children(recursive=True)])

    def rss_mib(self) -> float:
        """Resident memory of the server process."""
        return float(self._watched.memory_info().rss) / MIB


def cpu_of(processes: list[psutil.Process]) -> float:
    """CPU seconds used so far, user and system, by those that are still there."""
    return sum(_cpu(process) for process in processes)


def _cpu(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)
