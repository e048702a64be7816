"""Twelve photos of 300 kB each through tus, creation with upload, as a tablet sends them after the text."""

import base64
import hashlib
import io
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from PIL import Image

from tests.benchmarks import load, visits
from tests.benchmarks.figures import Figure
from tests.benchmarks.server import Server
from tests.benchmarks.world import prepare

SIZE = 300_000
BLOCKS = 8


def measure(folder: Path, quick: bool) -> Iterator[Figure]:
    """Some tablets send a dozen photos each at the same time; CPU of the server for a dozen, least and median of blocks
    (why the least: `submit`)."""
    tablets = 2 if quick else 8
    world = prepare(folder / "world", BLOCKS + 1)
    clients = world.clients[:tablets]
    base = frame()
    costs: list[float] = []
    floors: list[float] = []
    rates: list[float] = []
    with Server(world.data) as server:
        for turn in range(BLOCKS + 1):
            dozens = [
                [picture(base, f"{turn}-{client.replica}-{number}") for number in range(visits.PHOTOS)]
                for client in clients
            ]
            texts = []
            for client, dozen in zip(clients, dozens, strict=True):
                command = client.visit(world, [hashlib.sha256(data).hexdigest() for data in dozen])
                body = visits.push_body(client.replica, [command])
                texts.append([load.post("/api/sync/push", body, client.token)])
            world.turn_rounds(0)
            load.run(server.port, texts, b'"status":"applied"')
            uploads = [
                [creation(data, client.token) for data in dozen]
                for client, dozen in zip(clients, dozens, strict=True)
            ]
            before = server.cpu_seconds()
            found = load.run(server.port, uploads, b"201 Created")
            if turn:
                floors.append(1000 * _plain(folder / f"plain{turn}", dozens) / tablets)
                costs.append(1000 * (server.cpu_seconds() - before) / tablets)
                rates.append(found["requests"] / found["seconds"])
        rss = server.rss_mib()
    stored = sum(1 for _ in (world.data / "blobs").rglob("*") if _.is_file() and _.stat().st_size == SIZE)
    if stored != tablets * visits.PHOTOS * (BLOCKS + 1):
        raise RuntimeError(f"{stored} photos were kept")
    floor = min(floors)
    yield Figure("photos", "CPU, twelve photos", min(costs), "ms a dozen", floor, bar="value <= 50")
    yield Figure("photos", "CPU, twelve photos, median", median(costs), "ms a dozen", median(floors))
    yield Figure("photos", "CPU, read, summed, written, flushed", floor, "ms a dozen")
    yield Figure("photos", "photos of 300 kB", median(rates), "/s")
    yield Figure("photos", "server memory", rss, "MiB", bar="value <= 200")


def _plain(folder: Path, dozens: list[list[bytes]]) -> float:
    """CPU seconds for the same bytes without a server: through a socket, SHA-256, a file, flushed, named, named durably."""
    folder.mkdir()
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    here, there = socket.socketpair()
    sender = threading.Thread(
        target=lambda: here.sendall(b"".join(data for dozen in dozens for data in dozen))
    )
    before = time.process_time()
    sender.start()
    for number in range(sum(len(dozen) for dozen in dozens)):
        data = there.recv(SIZE, socket.MSG_WAITALL)
        aside = folder / f"{number}.tmp"
        with aside.open("xb") as file:
            file.write(data)
            os.fsync(file.fileno())
        aside.replace(folder / hashlib.sha256(data).hexdigest())
        os.fsync(held)
    spent = time.process_time() - before
    sender.join()
    for end in (here, there):
        end.close()
    os.close(held)
    return spent


def creation(data: bytes, token: str) -> bytes:
    """A photo as one request: creation with upload."""
    told = base64.b64encode(hashlib.sha256(data).hexdigest().encode()).decode()
    headers = {
        "Tus_Resumable": "1.0.0", "Upload_Length": str(len(data)), "Content_Type": "application/offset+octet-stream",
        "Upload_Metadata": f"sha256 {told},mime {base64.b64encode(b'image/jpeg').decode()}",
    }  # fmt: skip
    return load.post("/api/tus", data, token, **headers)


def frame() -> bytes:
    """A photo of 1600×1200 somewhat below the size."""
    image = Image.merge("RGB", [Image.effect_noise((1600, 1200), 40) for _ in range(3)])
    for quality in range(80, 5, -5):
        out = io.BytesIO()
        image.save(out, "JPEG", quality=quality)
        if out.tell() < SIZE - 200:
            return out.getvalue()
    raise RuntimeError("no quality makes it small enough")


def picture(frame: bytes, name: str) -> bytes:
    """The photo with a comment of its own, of exactly the size."""
    made = frame[:2]
    room = SIZE - len(frame)
    filler = name.encode()
    while room:  # a comment holds 65,533 bytes at most, and takes 4 for itself
        take = room if room <= 60_000 else min(60_000, room - 200)
        made += b"\xff\xfe" + (take - 2).to_bytes(2, "big") + filler.ljust(take - 4, b" ")
        room -= take
    return made + frame[2:]
