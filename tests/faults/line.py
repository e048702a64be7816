"""The bad line's process, for a test: where it listens, when it turns good, and what it did."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType


class BadLine:
    """Used in a `with`. `cut`, `delay`, `repeat`: chances for each connection; `rate`: bytes a second; `well`: a good line at first."""

    def __init__(self, port: int, seed: int, *, well: bool = False, **chances: float) -> None:
        self.words = ["--behind", f"127.0.0.1:{port}", "--seed", str(seed)]
        for name, chance in chances.items():
            self.words += [f"--{name}", str(chance)]
        self.words += ["--well"] * well
        self.did: dict[str, int] = {}

    def __enter__(self) -> "BadLine":
        program = Path(__file__).with_name("proxy.py")
        self.process = subprocess.Popen(
            [sys.executable, str(program), *self.words], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}"
        return self

    def turn_good(self) -> None:
        self.process.send_signal(signal.SIGUSR1)

    def turn_bad(self) -> None:
        self.process.send_signal(signal.SIGUSR2)

    def end(self) -> dict[str, int]:
        """Stop it; how many connections it saw, cut, delayed and repeated."""
        if not self.did:
            self.process.terminate()
            assert self.process.stdout
            self.did = json.loads(self.process.stdout.read().splitlines()[-1])
            self.process.wait(10)
        return self.did

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()
