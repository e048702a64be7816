"""A PostgreSQL of the tests' own: a throw-away cluster on a free port, as an ordinary user when root runs it."""

import contextlib
import getpass
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.server import free_port

USER = "postgres"
_homes: dict[str, tuple[Path, str]] = {}  # of each running cluster, by its URL: folder and options


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: int(p.parts[4]))
    if not found:
        raise RuntimeError("PostgreSQL's server programs are missing: ./dev test installs them")
    return found[-1].parent


def _as_user(command: list[str], home: Path) -> None:
    if os.geteuid() == 0:
        command = ["su", USER, "-s", "/bin/sh", "-c", " ".join(f"'{word}'" for word in command)]
    subprocess.run(command, check=True, cwd=home, capture_output=True, text=True, timeout=60)


@contextlib.contextmanager
def cluster() -> Iterator[str]:
    """Yields a URL without a database name: `asyncpg://postgres@127.0.0.1:PORT`."""
    programs = _programs()
    port = free_port()
    home = Path(tempfile.mkdtemp(prefix="xuncun-pg-"))
    try:
        if os.geteuid() == 0:
            entry = pwd.getpwnam(USER)
            os.chown(home, entry.pw_uid, entry.pw_gid)
        else:
            _ = getpass.getuser()
        data = str(home / "data")
        _as_user(
            [
                str(programs / "initdb"),
                "-D",
                data,
                "-U",
                "postgres",
                "--auth=trust",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            ],
            home,
        )
        options = (
            f"-c listen_addresses=127.0.0.1 -p {port} -c unix_socket_directories={home} -c max_connections=60"
        )
        _as_user(
            [str(programs / "pg_ctl"), "-D", data, "-w", "-l", str(home / "log"), "-o", options, "start"],
            home,
        )
        url = f"asyncpg://postgres@127.0.0.1:{port}"
        _homes[url] = (home, options)
        try:
            yield url
        finally:
            del _homes[url]
            with contextlib.suppress(subprocess.CalledProcessError):  # a test may have stopped it already
                _as_user([str(programs / "pg_ctl"), "-D", data, "-m", "immediate", "-w", "stop"], home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def stop(url: str, mode: str = "immediate") -> None:
    """Stop a cluster: `immediate` as a crash would, `fast` as an administrator does."""
    home, _ = _homes[url]
    _as_user([str(_programs() / "pg_ctl"), "-D", str(home / "data"), "-m", mode, "-w", "stop"], home)


def start(url: str) -> None:
    """Start a stopped cluster again, on the same port and data."""
    home, options = _homes[url]
    words = ["-D", str(home / "data"), "-w", "-l", str(home / "log"), "-o", options, "start"]
    _as_user([str(_programs() / "pg_ctl"), *words], home)


def make_database(url: str, name: str, source: str = "") -> str:
    """A fresh database in the cluster, empty or a copy of `source` (to which nobody is connected); returns its URL."""
    port = url.rpartition(":")[2]
    psql = _programs() / "psql"
    text = f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{source}"' if source else "")
    subprocess.run(
        [str(psql), "-h", "127.0.0.1", "-p", port, "-U", "postgres", "-qc", text],
        check=True, capture_output=True, timeout=30,
    )  # fmt: skip
    return f"{url}/{name}"
