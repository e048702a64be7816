"""The shipped server as a process of its own, that may be killed and started again on the same data and port."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import asyncpg

from tests.benchmarks.server import ROOT, free_port, wait_for


class House:
    """`manage.py serve` on a data folder; `database_url` for PostgreSQL. Started by `start`, gone with `stop`.

    `days`: by which its clock is ahead from its next start on.
    """

    def __init__(self, data: Path, *, database_url: str = "") -> None:
        self.data, self.database_url = data, database_url
        self.port = free_port()
        self.starts, self.days = 0, 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def words(self) -> Path:
        """What the server said, over all its lives. Beside the data: a full disk must not silence it."""
        return self.data.parent / f"{self.data.name}.log"

    def start(self) -> "House":
        self.starts += 1
        program = ["tests/faults/later.py", str(self.days)] if self.days else ["manage.py"]
        with self.words.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *program, "serve", "--port", str(self.port), "--data", str(self.data)],
                cwd=ROOT, env=self._environment(), stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        wait_for(f"{self.url}/healthz", 120, self._process)
        return self

    def kill(self) -> None:
        """SIGKILL to the server and its helpers, as a power cut does it to the machine."""
        assert self._process
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def stop(self) -> None:
        """SIGTERM, and how it ends on its own."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self._process = None

    def manage(self, *words: str) -> str:
        """A command of `manage.py`; what it said. Raises CalledProcessError when it did not go well."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words], cwd=ROOT, env=self._environment(), capture_output=True, text=True
        )  # fmt: skip
        if done.returncode:
            raise subprocess.CalledProcessError(done.returncode, words, done.stdout, done.stderr)
        return done.stdout

    def verify(self) -> str:
        """The trail from its beginning; raises when it is not whole."""
        return self.manage("verify", "--data", str(self.data))

    def rows(self, text: str) -> list[dict[str, Any]]:
        """What the database holds, read past the server. `text` is plain SQL without values."""
        if self.database_url:
            return asyncio.run(_postgres(self.database_url, text))
        with sqlite3.connect(f"file:{self.data / 'xuncun.db'}?mode=ro", uri=True) as eye:
            eye.row_factory = sqlite3.Row
            return [dict(row) for row in eye.execute(text)]

    def one(self, text: str) -> int:
        """The one number that a statement asks for."""
        [row] = self.rows(text)
        [number] = row.values()
        return int(number)

    def blob(self, sha256: str) -> bytes:
        """The photo's bytes as they lie on the disk."""
        return (self.data / "blobs" / sha256[:2] / sha256[2:4] / sha256).read_bytes()

    def _environment(self) -> dict[str, str]:
        plain = {key: value for key, value in os.environ.items() if not key.startswith("XUNCUN_")}
        # The night's backup comes a minute after a start: beside the data, where it takes no room of a small disk.
        plain["XUNCUN_BACKUP"] = str(self.data.parent / f"{self.data.name}-backups")
        return plain | ({"XUNCUN_DATABASE_URL": self.database_url} if self.database_url else {})


async def _postgres(url: str, text: str) -> list[dict[str, Any]]:
    line = await asyncpg.connect(url.replace("asyncpg://", "postgresql://"))
    try:
        return [dict(row) for row in await line.fetch(text)]
    finally:
        await line.close()
