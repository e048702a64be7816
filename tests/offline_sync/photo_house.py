"""A small house for the photo tests: the photo doors, a few people, and pictures made on the spot."""

import base64
import hashlib
import io
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx2
from PIL import Image
from starlette.applications import Starlette

from inspections.answers import PhotoIn
from inspections.evidence import expect_photos
from inspections.models import Photo
from offline_sync import photos, uploads
from villages.changes import SYSTEM, Line, change
from villages.ground import clock
from villages.ground.blobs import Blobs
from villages.ground.database import open_database
from villages.ground.ids import new_id
from villages.ground.problems import Problem
from villages.ground.settings import Settings, from_environment
from villages.models import Change, Person
from villages.people import create_person, open_session, sign_in_device
from villages.web import COOKIE, problem_response

DISTRICT = "110109"
QINGSHUI = "110109105"
ZHAITANG = "110109104"
VILLAGE = "110109105210"
FAR_VILLAGE = "110109104201"
TUS = {"Tus-Resumable": "1.0.0"}


@dataclass
class Someone:
    """A person with their tokens."""

    id: UUID
    session: dict[str, str]
    deposit: dict[str, str]
    desk: dict[str, str]


def make_app(settings: Settings) -> Starlette:
    """An application of nothing but the photo doors."""
    app = Starlette(routes=[*uploads.routes, *photos.routes], exception_handlers={Problem: problem_response})
    app.state.settings = settings
    app.state.blobs = Blobs(settings.blobs)
    app.state.secret = settings.secret()
    return app


def serve() -> Starlette:
    """The same in a process of its own; settings from the environment."""
    settings = from_environment()

    @asynccontextmanager
    async def life(_app: Starlette) -> AsyncIterator[None]:
        async with open_database(settings):
            yield

    app = make_app(settings)
    app.router.lifespan_context = life
    return app


class House:
    """The doors, whoever knocks, and the shelves behind."""

    def __init__(self, settings: Settings) -> None:
        self.app = make_app(settings)
        self.blobs: Blobs = self.app.state.blobs
        transport = httpx2.ASGITransport(self.app, raise_app_exceptions=True)
        self.http = httpx2.AsyncClient(transport=transport, base_url="http://house")

    async def person(self, name: str, *posts: tuple[str, str]) -> Someone:
        """A person with these posts, signed in on a tablet and at a desk."""

        async def work(line: Line) -> Person:
            return await create_person(
                line, name=name, title=name, phone="", password_hash="x", must_change=False, posts=list(posts)
            )

        person = await change(work, district=DISTRICT, actor=SYSTEM, verb="person.create")
        tokens = await sign_in_device(person, new_id(), "平板")
        _, desk = await open_session(person, "desk", device=None, label="")
        return Someone(
            person.id, bearing(tokens.session), bearing(tokens.deposit), {"Cookie": f"{COOKIE}={desk}"}
        )

    async def expect(self, person: Someone, *pictures: bytes, home: str = VILLAGE) -> list[str]:
        """Announce photos as a record would; returns the hashes still missing."""
        return await announce(person.id, [photo_in(data) for data in pictures], home)

    async def post(self, by: dict[str, str], data: bytes, body: bytes | None = None, **more: str) -> Any:
        """POST /api/tus for these bytes; `body` goes along when given."""
        headers = creation(data) | by | more
        if body is not None:
            headers["Content-Type"] = "application/offset+octet-stream"
        return await self.http.post("/api/tus", headers=headers, content=body or b"")

    async def patch(self, by: dict[str, str], sha: str, offset: int, body: Any, **more: str) -> Any:
        """PATCH /api/tus/<sha>."""
        headers = TUS | by | {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        return await self.http.patch(f"/api/tus/{sha}", headers=headers | more, content=body)

    async def head(self, by: dict[str, str], sha: str) -> Any:
        """HEAD /api/tus/<sha>."""
        return await self.http.head(f"/api/tus/{sha}", headers=TUS | by)

    async def missing(self, by: dict[str, str], *hashes: str) -> dict[str, Any]:
        """POST /api/blobs/missing."""
        answer = await self.http.post("/api/blobs/missing", headers=by, json={"sha256": list(hashes)})
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def get(self, by: dict[str, str], sha: str, **query: str) -> Any:
        """GET /api/blobs/<sha>."""
        return await self.http.get(f"/api/blobs/{sha}", headers=by, params=query)


@asynccontextmanager
async def open_house(settings: Settings) -> AsyncIterator[House]:
    """The house over an open database."""
    house = House(settings)
    async with house.http:
        yield house


async def announce(person: UUID, photos_in: list[PhotoIn], home: str) -> list[str]:
    """A change that opens the slots and does nothing else."""

    async def work(line: Line) -> list[str]:
        return await expect_photos(line, photos_in, home=home, person=person)

    return await change(work, district=DISTRICT, actor=SYSTEM, verb="test.expect")


def photo_in(data: bytes, **more: Any) -> PhotoIn:
    """The record of a photo with these bytes."""
    told = {
        "id": new_id(),
        "sha256": sha(data),
        "size": max(1, len(data)),
        "mime": "image/jpeg",
        "width": 64,
        "height": 48,
    }
    return PhotoIn(**(told | {"taken_at": clock.now()} | more))


def picture(seed: int = 0, size: tuple[int, int] = (64, 48), kind: str = "JPEG", **save: Any) -> bytes:
    """A noisy picture, the same for the same seed."""
    noise = Image.frombytes("RGB", size, random.Random(seed).randbytes(size[0] * size[1] * 3))
    out = io.BytesIO()
    noise.save(out, kind, **save)
    return out.getvalue()


def sha(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def bearing(token: str) -> dict[str, str]:
    """The header of a bearer."""
    return {"Authorization": f"Bearer {token}"}


def creation(data: bytes, length: int | None = None) -> dict[str, str]:
    """Headers that begin an upload of these bytes."""
    told = f"sha256 {b64(sha(data).encode())},mime {b64(b'image/jpeg')}"
    return TUS | {"Upload-Length": str(len(data) if length is None else length), "Upload-Metadata": told}


def b64(data: bytes) -> str:
    """Base64 as text."""
    return base64.b64encode(data).decode()


async def torn(app: Starlette, method: str, path: str, headers: dict[str, str], chunks: list[bytes]) -> None:
    """A request whose link breaks after these chunks, as a server tells its application: a disconnect, no answer."""
    coming = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]

    async def receive() -> Any:
        return coming.pop(0) if coming else {"type": "http.disconnect"}

    async def send(_message: Any) -> None:
        pass

    raw = [(key.lower().encode(), value.encode()) for key, value in headers.items()]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": raw,
        "client": ("127.0.0.1", 1), "server": ("house", 80), "state": {},
    }  # fmt: skip
    await app(scope, receive, send)


async def states(data: bytes) -> list[str]:
    """States of every slot of these bytes."""
    return [photo.state for photo in await Photo.filter(sha256=sha(data)).order_by("id")]


async def revs() -> int:
    """How many numbers were taken so far."""
    return await Change.all().count()
