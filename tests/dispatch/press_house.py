"""A district with a printing press: people who sign in, visits handed in as tablets hand them in, drawn photos."""

import hashlib
import io
import json
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import msgspec
from PIL import Image, ImageDraw
from starlette.applications import Starlette

from dispatch import figures
from dispatch.models import Task
from dispatch.moves import Outcome, act
from dispatch.open_tasks import open_tasks
from dispatch.pages import paper as paper_pages
from dispatch.press import Press
from inspections import submit, understanding
from inspections.answers import PhotoIn, Submission
from inspections.checklists import load_builtin, newest_version
from inspections.evidence import mark_stored
from inspections.models import Inspection, Round
from inspections.progress import progress
from inspections.publish import publish_round
from templates.pdf import PaperPool
from tests.dispatch.kept import counts_hold
from tests.inspections.round_world import DISTRICT, a_round, person, run, who, world
from tests.inspections.sheets import SHARED
from villages.changes import Actor, Line, change
from villages.districts import found_district
from villages.ground import clock
from villages.ground.blobs import Blobs
from villages.ground.database import open_database
from villages.ground.ids import new_id
from villages.ground.problems import Problem
from villages.ground.settings import Settings
from villages.models import Person
from villages.people import open_session
from villages.permissions import Who
from villages.shield import Shield
from villages.web import COOKIE, csrf_token, problem_response

TOWN, FAR_TOWN = "110109005", "110109104"  # 王平镇, 军庄镇
VILLAGE, NEIGHBOUR, FAR = "110109005201", "110109005202", "110109104201"
BASE = "http://xuncun.test"


def drawn(number: int, size: tuple[int, int] = (1600, 1200), words: str = "") -> bytes:
    """A landscape with a burnt-in strip; another number, another picture."""
    width, height = size
    sky = random.Random(number)
    image = Image.new("RGB", size, (196 + sky.randrange(30), 212, 226))
    pen = ImageDraw.Draw(image)
    for ridge in range(5):
        top = height * (0.3 + ridge * 0.12)
        edge = [(x, top + sky.randrange(height // 9)) for x in range(0, width + 81, 80)]
        pen.polygon(
            [(0, height), *edge, (width, height)], fill=(120 - ridge * 18, 140 - ridge * 14, 110 - ridge * 16)
        )
    pen.rectangle((width * 0.3, height * 0.55, width * 0.55, height * 0.8), fill=(188, 168, 146))
    pen.rectangle((0, height - 60, width, height), fill=(20, 24, 22))
    pen.text(
        (20, height - 48),
        f"2026-11-20 09:{number % 60:02d}  39.97,116.01  #{number} {words}",
        fill="white",
        font_size=34,
    )
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()


@dataclass
class Sheet:
    """A visit being filled in: RE without a fault, until something is found."""

    village: str = VILLAGE
    code: str = "RE"
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    photos: list[dict[str, Any]] = field(default_factory=list)
    pictures: dict[str, bytes] = field(default_factory=dict)  # by hash
    awaited: set[str] = field(default_factory=set)  # hashes whose bytes are kept back

    def __post_init__(self) -> None:
        full = json.loads(json.dumps(SHARED["full"][self.code]))
        self.answers = {answer["item"]: answer for answer in full if answer["item"] != "RE-9.3"}

    def shot(self, number: int, *, here: bool = True) -> str:
        """A photo announced with the visit; its id. `here` False: the bytes stay on the tablet."""
        data = drawn(number)
        sha = hashlib.sha256(data).hexdigest()
        one = {"id": str(new_id()), "sha256": sha, "size": len(data), "taken_at": clock.rfc3339(clock.now())}
        self.photos.append(one)
        self.pictures[sha] = data
        if not here:
            self.awaited.add(sha)
        return str(one["id"])

    def found(
        self, item: str, place: str, text: str, photos: Sequence[str] = (), **more: Any
    ) -> dict[str, Any]:
        """A spot on an item; the counts of a counted item follow."""
        answer = self.answers[item]
        one = {
            "id": str(new_id()),
            "place": place,
            "text": text,
            "action": "dispatch",
            "photos": list(photos),
        } | more
        if "counts" in answer:
            one.setdefault("rule", "each")
            count = int(one.get("count", 1))
            answer["counts"][one["rule"]] = answer["counts"].get(one["rule"], 0) + count
        answer.setdefault("findings", []).append(one)
        return one

    def set(self, item: str, **values: Any) -> None:
        """Another answer to an item."""
        kept = {key: self.answers[item][key] for key in ("item", "findings") if key in self.answers[item]}
        self.answers[item] = kept | values


class House:
    """The press, its doors, and a small cast."""

    def __init__(self, app: Starlette, http: httpx2.AsyncClient) -> None:
        self.app, self.http = app, http
        self.press = Press(app.state.paper, app.state.blobs, BASE)
        self.people: dict[str, Person] = {}

    async def cast(self) -> None:
        """Two inspectors and the operator of a town, its first village, a far town, the office, the administrator."""
        for name, title, role, place in (
            ("zhang", "王平镇检查员 张志远", "inspector", TOWN), ("liu", "王平镇检查员 刘晓燕", "inspector", TOWN),
            ("li", "王平镇专管员 李敏", "town_operator", TOWN), ("an", "安家庄村委会 王书记", "village_committee", VILLAGE),
            ("far", "军庄镇专管员 赵强", "town_operator", FAR_TOWN), ("office", "区级办公室 周主任", "district_office", DISTRICT),
            ("admin", "系统管理员", "admin", DISTRICT),
        ):  # fmt: skip
            self.people[name] = await person(name, (role, place), title=title)

    async def who(self, name: str) -> Who:
        return await who(self.people[name])

    async def bearer(self, name: str) -> dict[str, str]:
        """Headers of a Bearer session."""
        _, token = await open_session(self.people[name], "session", device=new_id(), label="")
        return {"Authorization": f"Bearer {token}"}

    async def desk(self, name: str) -> tuple[dict[str, str], str]:
        """Headers of a desk session, and the token its forms carry."""
        session, token = await open_session(self.people[name], "desk", device=None, label="")
        me = Who(self.people[name].id, name, name, DISTRICT, (), session=session.id)
        asking: Any = type("R", (), {"app": self.app})
        return {"Cookie": f"{COOKIE}={token}"}, csrf_token(asking, me)

    async def round(self, number: str = "2026-11-M", name: str = "2026年11月月检查", **more: Any) -> Round:
        inspectors = [self.people["zhang"].id, self.people["liu"].id]
        return await a_round(inspectors, name=name, number=number, villages=[TOWN], **more)

    async def hand_in(
        self, sheet: Sheet, found: Round, *, at: datetime | None = None, **more: Any
    ) -> Inspection:
        """The visit through the one door for visits, with its tasks, as the tablet's command does it."""
        version = await newest_version(DISTRICT, sheet.code)
        when = at or clock.now()
        told = {
            "inspection": str(new_id()), "round": str(found.id), "village": sheet.village,
            "checklist": {"code": version.code, "version": version.version, "sha256": version.sha256},
            "inspectors": [str(self.people["zhang"].id), str(self.people["liu"].id)],
            "started_at": clock.rfc3339(when - timedelta(minutes=80)), "finished_at": clock.rfc3339(when),
            "answers": list(sheet.answers.values()), "photos": sheet.photos, "signature": {"name": "王书记"},
        } | more  # fmt: skip
        document = json.dumps(told)
        submission = msgspec.json.decode(document, type=Submission)
        author = await self.who("zhang")
        checklist = await understanding.understand(submission, author)
        sources = {item.code: item.auto_source for item in checklist.items if item.auto_source}
        auto = await figures.auto_values(sheet.village, found.id, sources, checklist=checklist.code)
        ready = submit.prepare(submission, checklist, auto, who=author, document=document)

        async def work(line: Line) -> None:
            inspection, _ = await submit.submit(line, ready)
            await open_tasks(line, inspection, submission, checklist.by_code)

        actor = Actor(author.person, "inspector", TOWN, author.title)
        await change(work, district=DISTRICT, actor=actor, verb="inspection.submit")
        for sha in sheet.pictures.keys() - sheet.awaited:
            await self.arrive(sheet.pictures[sha])
        return await Inspection.get(id=submission.inspection)

    async def arrive(self, data: bytes) -> None:
        """The bytes of a photo come in."""
        await mark_stored(DISTRICT, self.press.blobs.put(data))

    async def act(
        self, name: str, verb: str, task: UUID, text: str = "已清理干净", pictures: Sequence[bytes] = ()
    ) -> Outcome:
        """One act on a task, with after-photos."""
        me = await self.who(name)
        photos = [
            {"id": str(new_id()), "sha256": hashlib.sha256(data).hexdigest(), "size": len(data),
             "taken_at": clock.rfc3339(clock.now())} for data in pictures
        ]  # fmt: skip
        carried = [msgspec.convert(one, PhotoIn, strict=False) for one in photos]

        async def work(line: Line) -> Outcome:
            return await act(line, me, verb, task, text=text, photos=carried)

        actor = Actor(me.person, me.posts[0].role, me.posts[0].place, me.title)
        done = await change(work, district=DISTRICT, actor=actor, verb=f"task.{verb}")
        assert done.status == "applied", done
        for data in pictures:
            await self.arrive(data)
        return done

    async def close(self, task: UUID, number: int = 90) -> None:
        """Mended by the village, passed by the town, struck off by the office where it falls to its check."""
        await self.act("an", "submit", task, pictures=[drawn(number)])
        await self.act("li", "pass", task)
        if (await Task.get(id=task)).stage == "checked":
            await self.act("office", "close", task)

    async def publish(self, found: Round) -> None:
        missing = (await progress([found.id]))[found.id].missing
        await run(lambda line: publish_round(line, found.id, confirm_missing=missing), "round.publish")

    async def get(self, path: str, **headers: str) -> httpx2.Response:
        return await self.http.get(path, headers=headers)


def rich_sheet(village: str = VILLAGE) -> Sheet:
    """A visit with something of every kind: counted, heavy, measured, judged, not applicable, mended at once."""
    sheet = Sheet(village)
    sheet.found("RE-1.1", "村委会东侧", "路面散落垃圾", [sheet.shot(1), sheet.shot(2)], count=2)
    sheet.found("RE-1.1", "村口停车场", "成堆垃圾未清运，超过一天", [sheet.shot(3)], rule="heavy", days=1)
    fixed = sheet.found("RE-2.1", "中心投放点", "桶盖缺失", [sheet.shot(4)], action="fixed")
    fixed["after"] = [sheet.shot(5)]
    sheet.found("RE-3.2", "村东公厕", "管护公示牌信息过期", [sheet.shot(6, here=False)])
    sheet.set("RE-2.3", value="84")
    sheet.found("RE-2.3", "三号投放点", "厨余桶混投其他垃圾", [sheet.shot(7)], action="record")
    sheet.set("RE-4.2", na=True, note="已接入市政管网，村内无处理站")
    sheet.set("RE-9.2", level="B")
    sheet.found("RE-9.2", "村务公示栏", "未见上月评比公示", [sheet.shot(8)])
    return sheet


_shared: list[PaperPool] = []


def pool(root: Path) -> PaperPool:
    """One print worker for all tests of a run: only its crew outlives a test's event loop."""
    if not _shared:
        _shared.append(PaperPool(1, 10_000))
    fresh = PaperPool(1, 10_000, photo_root=root)
    fresh._crew = _shared[0]._current()
    return fresh


@asynccontextmanager
async def _elsewhere(settings: Settings) -> AsyncIterator[Settings]:
    """A founded district in a database that has its tables already."""
    async with open_database(settings):
        await found_district(DISTRICT, "门头沟区", "demo")
        await load_builtin(DISTRICT)
        yield settings


@asynccontextmanager
async def house(folder: Path, database_url: str = "") -> AsyncIterator[House]:
    """A founded district, its press with one real worker, and the doors of paper behind the shield."""
    opened = _elsewhere(Settings(folder, database_url=database_url)) if database_url else world(folder)
    async with opened as settings:
        app = Starlette(
            routes=paper_pages.routes,
            exception_handlers={Problem: problem_response},
        )
        app.add_middleware(Shield)
        app.state.settings, app.state.secret = settings, settings.secret()
        app.state.blobs = Blobs(settings.blobs)
        app.state.paper = pool(settings.blobs)
        transport = httpx2.ASGITransport(app=app, raise_app_exceptions=True)
        async with httpx2.AsyncClient(transport=transport, base_url=BASE) as http:
            made = House(app, http)
            await made.cast()
            yield made
            await counts_hold()
