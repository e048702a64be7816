"""Photo bytes over real sockets: another project's client, a cut line, a killed server."""

import asyncio
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from tusclient.client import TusClient

from offline_sync.upload_body import PIECE, Body
from tests.benchmarks.server import free_port
from tests.offline_sync.photo_house import QINGSHUI, TUS, House, Someone, open_house, picture, sha, states
from villages.ground.blobs import Blobs
from villages.ground.database import open_database
from villages.ground.settings import Settings


@asynccontextmanager
async def serving(house: House) -> AsyncIterator[int]:
    """The house behind a real server in this process; gives its port."""
    config = uvicorn.Config(house.app, port=0, lifespan="off", log_level="error")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


def uploader(port: int, by: Someone, path: Path, **more: Any) -> Any:
    """tuspy's uploader for this file."""
    client = TusClient(f"http://127.0.0.1:{port}/api/tus", headers=by.session)
    told = {"sha256": sha(path.read_bytes()), "mime": "image/jpeg"}
    return client.uploader(str(path), metadata=told, retries=10, retry_delay=0.1, **more)


def begun(port: int, by: dict[str, str], data: bytes, send: int) -> socket.socket:
    """A PATCH over a socket that has sent `send` bytes of its body and then waits."""
    line = socket.create_connection(("127.0.0.1", port))
    headers = TUS | by | {
        "Host": "house", "Upload-Offset": "0", "Content-Length": str(len(data)),
        "Content-Type": "application/offset+octet-stream",
    }  # fmt: skip
    head = (
        f"PATCH /api/tus/{sha(data)} HTTP/1.1\r\n"
        + "".join(f"{k}: {v}\r\n" for k, v in headers.items())
        + "\r\n"
    )
    line.sendall(head.encode() + data[:send])
    return line


async def test_tuspy_sends_a_photo_in_checked_pieces(district: Settings, tmp_path: Path) -> None:
    data = picture(1, (800, 600), quality=90)
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    async with open_house(district) as house, serving(house) as port:
        li = await house.person("li", ("inspector", QINGSHUI))
        await house.expect(li, data)
        tus = uploader(port, li, path, chunk_size=100_000, upload_checksum=True)
        await asyncio.to_thread(tus.upload)
        assert house.blobs.path(sha(data)).read_bytes() == data
        assert await states(data) == ["stored"]
        again = uploader(port, li, path, chunk_size=100_000)
        await asyncio.to_thread(again.upload)


async def test_tuspy_goes_on_where_the_line_was_cut(
    district: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard, hold = 0, Body._hold

    def counted(body: Body, chunk: bytes) -> None:
        nonlocal heard
        heard += len(chunk)
        hold(body, chunk)

    monkeypatch.setattr(Body, "_hold", counted)
    data = picture(2, (1200, 900), quality=92)
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    sent = len(data) * 2 // 3 + 1
    async with open_house(district) as house, serving(house) as port:
        li = await house.person("li", ("inspector", QINGSHUI))
        await house.expect(li, data)
        await house.post(li.session, data)
        line = await asyncio.to_thread(begun, port, li.session, data, sent)
        async with asyncio.timeout(60):
            while heard < sent:  # what a reset overtakes on its way never reached the server
                await asyncio.sleep(0.01)
        line.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )  # a reset, not a goodbye
        line.close()
        async with asyncio.timeout(60):
            while (await house.head(li.session, sha(data))).headers["upload-offset"] == "0":
                await asyncio.sleep(0.02)
        url = f"http://127.0.0.1:{port}/api/tus/{sha(data)}"
        tus = await asyncio.to_thread(uploader, port, li, path, url=url)  # asks for the offset at once
        assert tus.offset == sent, "every byte that reached the server counts"
        await asyncio.to_thread(tus.upload)
        assert house.blobs.path(sha(data)).read_bytes() == data
        assert await states(data) == ["stored"]


@contextmanager
def separate_server(settings: Settings) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """The house in a process of its own, that a test may kill."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "--factory",
        "tests.offline_sync.photo_house:serve",
        "--port",
        str(port),
    ]
    env = {**os.environ, "XUNCUN_DATA": str(settings.data), "XUNCUN_DATABASE_URL": ""}
    process = subprocess.Popen([*command, "--log-level", "error"], env=env, cwd=Path(__file__).parents[2])
    try:
        for _ in range(2400):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
        yield port, process
    finally:
        process.kill()
        process.wait()


async def test_a_killed_server_loses_no_piece_it_wrote(settings: Settings, tmp_path: Path) -> None:
    data = picture(3, (1600, 1200), quality=90)
    assert len(data) > 800_000
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    async with open_database(settings), open_house(settings) as house:
        li = await house.person("li", ("inspector", QINGSHUI))
        await house.expect(li, data)
    blobs = Blobs(settings.blobs)
    with separate_server(settings) as (port, process):
        await asyncio.to_thread(uploader(port, li, path).create_url)
        line = await asyncio.to_thread(begun, port, li.session, data, 700_000)
        async with asyncio.timeout(60):
            while blobs.standing(sha(data)).size < PIECE:
                await asyncio.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        line.close()
    here = blobs.standing(sha(data)).size
    assert PIECE <= here <= 700_000
    with separate_server(settings) as (port, _):
        tus = await asyncio.to_thread(
            uploader, port, li, path, url=f"http://127.0.0.1:{port}/api/tus/{sha(data)}"
        )
        assert tus.offset == here
        await asyncio.to_thread(tus.upload)
    async with open_database(settings):
        assert await states(data) == ["stored"]
    assert blobs.path(sha(data)).read_bytes() == data
