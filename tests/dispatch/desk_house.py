"""The desk over a demo district, used as a browser uses it: pages read, their own forms filled in and sent."""

import asyncio
import io
import logging
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
from PIL import Image
from starlette.applications import Starlette

from app import make_app
from dispatch.demo_district import PASSWORD, load_demo
from tests.dispatch import cast
from tests.dispatch.cast import Rule, finding, open_for, photo, visit, who
from tests.dispatch.kept import counts_hold
from tests.worlds import migrated
from villages.changes import SYSTEM, Line, change
from villages.ground.database import open_database
from villages.ground.settings import Settings
from villages.people import create_person, hash_password

DISTRICT, TOWN, VILLAGE, NEIGHBOUR = "110109", "110109005", "110109005201", "110109005202"
WATER = "110109-d03"
MORE = (
    ("town2", "王平镇专管员 赵强", "town_operator", TOWN),
    ("town3", "军庄镇专管员", "town_operator", "110109104"),
    ("neighbour", "吕家坡村委会", "village_committee", NEIGHBOUR),
    ("water", "水务部门", "line_department", WATER),
)
_made: dict[str, bytes] = {}


async def _make(folder: Path) -> None:
    settings = migrated(folder)
    async with open_database(settings):
        await load_demo()
        hashed = await hash_password(PASSWORD)
        for name, title, role, place in MORE:

            async def work(line: Line, given: tuple[str, ...] = (name, title, role, place)) -> None:
                await create_person(
                    line, name=given[0], title=given[1], phone="", password_hash=hashed, must_change=False,
                    posts=[(given[2], given[3])],
                )  # fmt: skip

            await change(work, district=DISTRICT, actor=SYSTEM, verb="person.create")


@asynccontextmanager
async def house(folder: Path) -> AsyncIterator[Starlette]:
    """The running application over a district of this test's own."""
    data = folder / "desk"
    data.mkdir()
    if "file" not in _made:
        first = folder / "making"
        await asyncio.create_task(_make(first))
        shutil.copy(first / "xuncun.db", data / "xuncun.db")
        _made["file"] = (first / "xuncun.db").read_bytes()
    (data / "xuncun.db").write_bytes(_made["file"])
    app = make_app(Settings(data))
    async with app.router.lifespan_context(app):
        yield app
        await counts_hold()


@dataclass
class Form:
    """A form as it stands on a page."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", "")))
        if not self.forms or "name" not in given:
            return
        form, name = self.forms[-1], given["name"]
        if tag == "input" and given.get("type") == "file":
            form.files.append(name)
        elif tag == "input" and given.get("type") in ("radio", "checkbox"):
            if "checked" in given:
                form.fields[name] = given["value"]
        elif tag == "input":
            form.fields[name] = given.get("value", "")
        elif tag == "textarea":
            form.fields[name], self.area = "", name
        elif tag == "button":
            form.buttons.append((name, given.get("value", "")))

    def handle_data(self, data: str) -> None:
        if self.area:
            self.forms[-1].fields[self.area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.area = ""


@dataclass
class Desk:
    """One person at one browser."""

    http: httpx2.AsyncClient

    async def get(self, path: str, status: int = 200) -> str:
        answer = await self.http.get(path)
        assert answer.status_code == status, (path, answer.status_code, answer.text[:2000])
        return answer.text

    async def form(self, path: str, ends: str) -> Form:
        """The form of a page whose action ends so."""
        return form_in(await self.get(path), ends)

    async def send(
        self, form: Form, files: list[tuple[str, bytes]] | None = None, **given: str
    ) -> httpx2.Response:
        """Send a form with its own fields, some filled in; files as (field, bytes)."""
        fields = form.fields | given
        if files is None and not form.files:
            return await self.http.post(form.action, data=fields)
        parts = [
            (name, (f"照片{n}.jpg", data, "image/jpeg")) for n, (name, data) in enumerate(files or [])
        ] or [(form.files[0], ("", b"", "application/octet-stream"))]
        return await self.http.post(form.action, data=fields, files=parts)

    async def act(self, task: UUID, verb: str, files: int = 0, **given: str) -> httpx2.Response:
        """Open the task's page, fill in the form of the verb, send it."""
        form = await self.form(f"/tasks/{task}", f"/{verb}")
        shots = [(form.files[0], jpeg(f"{task}{verb}{n}{given}")) for n in range(files)]
        return await self.send(form, shots or None, **given)


def form_in(html: str, ends: str) -> Form:
    """The form of a page whose action ends so."""
    reader = _Forms()
    reader.feed(html)
    found = [one for one in reader.forms if one.action.endswith(ends)]
    assert found, f"no form {ends} among {[one.action for one in reader.forms]}"
    return found[0]


def verbs_in(html: str) -> set[str]:
    """The verbs that a task's page has forms for."""
    reader = _Forms()
    reader.feed(html)
    return {one.action.rpartition("/")[2] for one in reader.forms if one.action.startswith("/tasks/")}


def said(html: str) -> str:
    """The text of a page without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


@asynccontextmanager
async def at_desk(app: Starlette, name: str) -> AsyncIterator[Desk]:
    """Somebody signed in through the sign-in page."""
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=True)
    async with httpx2.AsyncClient(transport=transport, base_url="http://xuncun.test") as http:
        answer = await http.post("/sign-in", data={"name": name, "password": PASSWORD, "next": "/"})
        assert answer.status_code == 303, answer.text
        yield Desk(http)


def jpeg(text: str = "", size: tuple[int, int] = (64, 48), pad: int = 0) -> bytes:
    """A small photo; other text, other bytes. `pad` bytes are added after its end, as some cameras do."""
    out = io.BytesIO()
    Image.new("RGB", size, (90, 120, 100)).save(out, "JPEG", comment=text.encode())
    return out.getvalue() + b"\0" * pad


async def a_task(
    severity: str = "minor", village: str = VILLAGE, text: str = "散落垃圾", **more: Any
) -> UUID:
    """One dispatched task with one before-photo."""
    [task] = await some_tasks(1, severity=severity, village=village, text=text, **more)
    return task


async def some_tasks(count: int, village: str = VILLAGE, severity: str = "minor", **more: Any) -> list[UUID]:
    """Dispatched tasks of one visit."""
    before = [photo() for _ in range(count)]
    spots = [finding(photos=(one.id,), severity=severity, **more) for one in before]
    inspector = who("检查员", ("inspector", TOWN))
    return await open_for(inspector, visit(*spots, photos=before, village=village), Rule(severity=severity))


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that reach the database meanwhile."""
    seen: list[str] = []

    class _Count(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(record.getMessage())

    logger, handler = logging.getLogger("tortoise.db_client"), _Count(logging.DEBUG)
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        yield seen
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


__all__ = [
    "Desk",
    "Form",
    "a_task",
    "at_desk",
    "cast",
    "counted",
    "form_in",
    "house",
    "jpeg",
    "said",
    "some_tasks",
]
