"""The load: many keep-alive connections in a process of their own, raw HTTP/1.1, every request made beforehand.

`python -m tests.benchmarks.load PLAN` reads a pickled plan {port, clients: [[request bytes, …], …], expect} and
prints one JSON object: seconds, cpu (of this process), wrong (answers without `expect`), the first such answer,
latencies in ms (p50, p99), when the first and the last client was through (seconds) and the bytes answered.
"""

import asyncio
import gzip
import json
import pickle
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import uvloop

from tests.benchmarks.server import ROOT


def post(path: str, body: bytes, token: str, **headers: str) -> bytes:
    """A whole POST request, asking for a packed answer as browsers do."""
    lines = [
        f"POST {path} HTTP/1.1", "Host: xuncun", f"Authorization: Bearer {token}", f"Content-Length: {len(body)}",
        "Accept-Encoding: gzip",
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
    ]  # fmt: skip
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def run(port: int, clients: list[list[bytes]], expect: bytes) -> dict[str, Any]:
    """Send it all from another process. Raises RuntimeError when any answer lacked `expect`."""
    with tempfile.NamedTemporaryFile(suffix=".plan") as plan:
        pickle.dump({"port": port, "clients": clients, "expect": expect}, plan)
        plan.flush()
        told = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.load", plan.name],
            cwd=ROOT,
            capture_output=True,
            check=False,
        )
    if told.returncode:
        raise RuntimeError(told.stderr.decode())
    found: dict[str, Any] = json.loads(told.stdout)
    if found["wrong"]:
        raise RuntimeError(f"{found['wrong']} answers without {expect!r}, the first: {found['first']}")
    return found


async def _client(
    port: int, requests: list[bytes], took: list[float], answers: list[tuple[bytes, bytes]], ends: list[float]
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    for request in requests:
        begun = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(_length(head))
        took.append(time.perf_counter() - begun)
        answers.append((head, body))
    ends.append(time.perf_counter())
    writer.close()


def _plain(head: bytes, body: bytes) -> bytes:
    return head + (gzip.decompress(body) if b"content-encoding: gzip" in head.lower() else body)


def _length(head: bytes) -> int:
    at = head.lower().find(b"content-length:")
    return int(head[at + 15 : head.index(b"\r\n", at)]) if at >= 0 else 0


async def _all(plan: dict[str, Any]) -> dict[str, Any]:
    took: list[float] = []
    answers: list[tuple[bytes, bytes]] = []
    ends: list[float] = []
    begun, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(
        *(_client(plan["port"], requests, took, answers, ends) for requests in plan["clients"])
    )
    seconds, spent = time.perf_counter() - begun, time.process_time() - cpu
    took.sort()
    wrong = [whole for whole in (_plain(*answer) for answer in answers) if plan["expect"] not in whole]
    return {
        "seconds": seconds, "cpu": spent, "requests": len(took), "p50": 1000 * took[len(took) // 2],
        "p99": 1000 * took[len(took) * 99 // 100], "first_end": min(ends) - begun, "last_end": max(ends) - begun, "bytes": sum(len(body) for _, body in answers),
        "wrong": len(wrong), "first": wrong[0].decode(errors="replace")[:600] if wrong else "",
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(uvloop.run(_all(pickle.loads(Path(sys.argv[1]).read_bytes())))))
