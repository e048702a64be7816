"""A line with a speed and a delay between a client and a server on this machine: `python -m tests.benchmarks.line PORT SPEED DELAY`.

Prints the port it listens on. `SPEED` in bytes a second of what goes up (0: as fast as it goes), `DELAY` in seconds one way.
"""

import asyncio
import subprocess
import sys
from types import TracebackType

from tests.benchmarks.server import ROOT

PIECE = 16 * 1024


class Line:
    """The line as a process of its own, for a `with`."""

    def __init__(self, port: int, speed: int, delay: float) -> None:
        self._asked = [str(port), str(speed), str(delay)]

    def __enter__(self) -> "Line":
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.line", *self._asked],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        self.port = int(self._process.stdout.readline())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()


async def _carry(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, speed: int, delay: float
) -> None:
    loop = asyncio.get_running_loop()
    free = loop.time()
    while piece := await reader.read(PIECE):
        free = max(free, loop.time()) + (len(piece) / speed if speed else 0)
        await asyncio.sleep(max(0, free - loop.time()))
        loop.call_later(delay, writer.write, piece) if delay else writer.write(piece)
    writer.close()


async def main(port: int, speed: int, delay: float) -> None:
    """Carry connections to that port until killed."""

    async def opened(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_carry(reader, back, speed, delay), _carry(there, writer, 0, delay))

    server = await asyncio.start_server(opened, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
