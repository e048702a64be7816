"""A bad line as a process of its own. It moves bytes between two sockets and knows nothing of what they mean.

Usage: python proxy.py --behind HOST:PORT [--seed N] [--cut P] [--delay P] [--repeat P] [--rate BYTES] [--well]. Prints
its port, then, whenever it gets SIGUSR1, turns into a good line, and at SIGUSR2 into a bad one, as which it begins
without `--well`; at SIGTERM it prints what it did as one JSON object and ends. `--rate`: what it carries in a second, all
connections and both directions together; 0: as much as comes.

A cut: after some number of bytes, in either direction, both sockets are reset; the first of them falls in a connection's
first bytes, so that however few there are, a line that is to cut has cut. A delay: each piece waits. A repeat: what
went up the connection so far is sent again, byte for byte, on another connection, and what is answered is thrown away.
"""

import argparse
import asyncio
import contextlib
import json
import math
import random
import signal
import socket
import struct
import sys
import time
from collections import Counter

REPEATED_AT_MOST = 4_000_000  # bytes remembered of one connection
ANEW = 100_000  # bytes in one direction after which the dice are thrown once more
QUIET = 0.05  # seconds without a byte going up, after which a repeat begins


class Line:
    """The whole bad line: its dice and its counts."""

    def __init__(self, wish: argparse.Namespace) -> None:
        self.wish = wish
        host, _, port = wish.behind.partition(":")
        self.behind = (host, int(port))
        self.dice = random.Random(wish.seed)
        self.counts: Counter[str] = Counter()
        self.good = bool(wish.well)
        self.busy_until = 0.0
        self.work: set[asyncio.Task[None]] = set()

    def chance(self, wanted: float) -> bool:
        return not self.good and self.dice.random() < wanted

    def somewhere(self) -> int:
        """A number of bytes, as often small as large."""
        return int(math.exp(self.dice.uniform(0, math.log(400_000))))

    def first_cut(self) -> int | None:
        """Where the next connection breaks when a bad line has not cut yet: within what the smallest request has."""
        owed = self.wish.cut and not self.good and not self.counts["cut"]
        return self.dice.randint(1, 100) if owed else None

    async def carried(self, size: int) -> None:
        """Until so many bytes have had their turn on a narrow line."""
        if self.good or not self.wish.rate:
            return
        now = time.monotonic()
        self.busy_until = max(now, self.busy_until) + size / self.wish.rate
        await asyncio.sleep(self.busy_until - now)

    async def pass_on(self, inward: asyncio.StreamReader, outward: asyncio.StreamWriter) -> None:
        self.counts["connections"] += 1
        try:
            reader, writer = await asyncio.open_connection(*self.behind)
        except OSError:
            reset(outward)
            return
        up = self.first_cut() or (self.somewhere() if self.chance(self.wish.cut) else None)
        down = self.somewhere() if up is None and self.chance(self.wish.cut) else None
        slow = self.dice.uniform(0.005, 0.15) if self.chance(self.wish.delay) else 0.0
        self.counts["delayed"] += bool(slow)
        owed = self.wish.repeat and not self.good and not self.counts["repeated"]
        seen = bytearray() if owed or self.chance(self.wish.repeat) else None
        both = [
            asyncio.ensure_future(self.carry(inward, writer, up, slow, seen)),
            asyncio.ensure_future(self.carry(reader, outward, down, slow, None)),
        ]
        done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if any(task.result() for task in done):  # one was cut: both die at once
            for task in both:
                task.cancel()
            reset(outward)
            reset(writer)
        else:
            await asyncio.wait(both, timeout=30)
        for end in (writer, outward):
            with contextlib.suppress(OSError):
                end.close()

    async def carry(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, cut: int | None, slow: float, seen: bytearray | None,
    ) -> bool:  # fmt: skip
        """One direction until its end; True when it was cut."""
        passed = 0
        try:
            while True:
                piece = await self.piece(source, seen)
                passed += len(piece)
                if cut is None and passed > ANEW:  # a line that carries much gets its chance again and again
                    passed, cut = 0, self.somewhere() if self.chance(self.wish.cut) else None
                if slow:
                    await asyncio.sleep(slow)
                await self.carried(len(piece))
                if cut is not None and len(piece) >= cut:
                    sink.write(piece[:cut])
                    await sink.drain()
                    await asyncio.sleep(0.01)  # what got through has to arrive before the line dies
                    self.counts["cut"] += 1
                    return True
                if not piece:
                    if seen:
                        self.begin(self.again(bytes(seen)))
                    with contextlib.suppress(OSError):
                        sink.write_eof()
                    return False
                cut = None if cut is None else cut - len(piece)
                sink.write(piece)
                await sink.drain()
        except OSError:
            return True

    async def piece(self, source: asyncio.StreamReader, seen: bytearray | None) -> bytes:
        """The next bytes; in a quiet moment, what was seen so far goes on its way a second time."""
        wait = asyncio.ensure_future(source.read(16_384))
        if seen:
            await asyncio.wait([wait], timeout=QUIET)
            if not wait.done():
                self.begin(self.again(bytes(seen)))
                seen.clear()
        piece = await wait
        if seen is not None and len(seen) + len(piece) <= REPEATED_AT_MOST:
            seen += piece
        return piece

    def begin(self, what: object) -> None:
        task = asyncio.ensure_future(what)  # type: ignore[arg-type]
        self.work.add(task)
        task.add_done_callback(self.work.discard)

    async def again(self, what: bytes) -> None:
        await asyncio.sleep(self.dice.uniform(0, 0.5))
        self.counts["repeated"] += 1
        with contextlib.suppress(OSError, TimeoutError):
            reader, writer = await asyncio.open_connection(*self.behind)
            writer.write(what)
            await writer.drain()
            async with asyncio.timeout(3):
                while await reader.read(65_536):
                    pass
            writer.close()


def reset(end: asyncio.StreamWriter) -> None:
    """Not a goodbye: the other side finds its line dead."""
    with contextlib.suppress(OSError):
        end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    end.transport.abort()


async def main() -> None:
    reading = argparse.ArgumentParser()
    reading.add_argument("--behind", required=True)
    reading.add_argument("--seed", type=int, default=1)
    for name in ("cut", "delay", "repeat"):
        reading.add_argument(f"--{name}", type=float, default=0.0)
    reading.add_argument("--rate", type=int, default=0)
    reading.add_argument("--well", action="store_true")
    line = Line(reading.parse_args())
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, over.set)
    loop.add_signal_handler(signal.SIGUSR1, lambda: setattr(line, "good", True))
    loop.add_signal_handler(signal.SIGUSR2, lambda: setattr(line, "good", False))
    server = await asyncio.start_server(line.pass_on, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await over.wait()
    print(json.dumps(line.counts), flush=True)
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
