"""The house under attack: the real application over a real SQLite file, its people and tablets, and what they made.

It can be killed at a commit, started again, backed up and restored, and its clock moved on by weeks.
"""

import asyncio
import json
import shutil
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
from starlette.applications import Starlette

from app import make_app
from dispatch.demo_district import load_demo
from dispatch.stages import ROWS
from inspections.commands import publish_at_desk
from inspections.models import Round
from inspections.progress import progress
from offline_sync import held, nightly, restore
from offline_sync.models import Device
from tests.hostile.network import KILLED_BEFORE, Killed, Letter, Network
from tests.hostile.tablet import Entry, Person, Run, Store, Tablet, sha, sign_in
from tests.offline_sync.tablet import Tablet as Plain
from tests.offline_sync.tablet import photo, picture, visit
from tests.offline_sync.test_hostile_scopes import account
from tests.worlds import migrated
from villages.changes import SYSTEM, Line, change
from villages.ground import bulk, clock
from villages.ground.database import open_database, rows
from villages.ground.ids import new_id
from villages.ground.problems import Problem
from villages.ground.settings import Settings
from villages.models import Person as PersonRow
from villages.models import Post
from villages.people import who_is

WATER = "110109-d03"
HOME, NEXT = "110109005", "110109006"  # the town of the demo's round, and another
VILLAGES = [f"{HOME}{200 + n}" for n in range(1, 9)] + [f"{NEXT}201"]
# (tablet, who works on it, years its clock is off); the second inspector's work leaves by deposit.
TABLETS = (("red", ("inspector", "inspector2"), 10), ("blue", ("village", "town"), -10), ("green", ("water",), 0),
           ("white", ("office2", "inspector"), 0))  # fmt: skip
ROLES = {"inspector": "inspector", "inspector2": "inspector", "village": "village_committee", "town": "town_operator",
         "water": "line_department", "office2": "district_office"}  # fmt: skip
SYNCED = (
    "settings",
    "town",
    "unit",
    "checklist",
    "round",
    "assignment",
    "village",
    "inspection",
    "task",
    "photo",
    "card",
)


@dataclass
class Made:
    """A command somebody made: what the server must hold in the end, word for word."""

    entry: Entry
    person: str
    stranger: bool = False  # another body under an id that is taken: kept aside
    large: bool = False  # no push takes it: it stays on its tablet

    @property
    def spoken(self) -> dict[str, Any]:
        return {key: value for key, value in self.entry.spoken().items() if key != "seq"}


@dataclass
class Template:
    """A world at its beginning, made once: the data folder and what the tablets hold."""

    folder: Path
    people: dict[str, Person]
    rows: dict[str, tuple[Any, Any, str]]


async def make_template(folder: Path) -> Template:
    """The demo district with two more people, everybody signed in and pulled."""
    async with open_database(migrated(folder)):
        await load_demo()
        await account("water", "line_department", WATER)
        await account("office2", "district_office", "110109")
    people, held = {}, {}
    world = World(folder, [])
    await world.start()
    try:
        for name in dict.fromkeys(name for _, names, _ in TABLETS for name in names):
            store = Store(Person(name, "", "", ""))
            tablet = Tablet(name, {name: store}, name)
            assert await sign_in(tablet, store, world.road)
            await Run(tablet, store, world.road).all()
            if name == "inspector":
                await _first_visits(world, tablet)
            people[name] = store.person
            held[name] = ({key: (one.rev, one.row, set(one.scopes)) for key, one in store.rows.items()},
                          dict(store.cursors), str(store.epoch))  # fmt: skip
    finally:
        await world.stop()
    return Template(folder, people, held)


async def _first_visits(world: "World", tablet: Tablet) -> None:
    """Tasks of three villages, some of them the water department's, with their photos."""
    for village, unit in ((VILLAGES[0], None), (VILLAGES[0], WATER), (VILLAGES[1], WATER)):
        world.visit(tablet, village, 2, unit=unit)
    await Run(tablet, tablet.mine, world.road).all()


@dataclass
class World:
    """Everything the invariants are about."""

    folder: Path
    tablets: list[Tablet]
    doom: str = ""
    made: dict[str, Made] = field(default_factory=dict)
    shots: dict[str, bytes] = field(default_factory=dict)
    strangers: list[Made] = field(default_factory=list)
    verdicts: dict[str, tuple[Any, ...]] = field(default_factory=dict)  # by command: the first answer
    spoken_as: dict[tuple[str, int], str] = field(default_factory=dict)  # (replica, seq) → command
    watchers: list[Any] = field(default_factory=list)
    before: dict[Any, Any] = field(default_factory=dict)  # every synced row at the last look
    head: int = 0
    restores: int = 0
    weeks: int = 0

    def __post_init__(self) -> None:
        self.settings = Settings(self.folder)
        self.road = Network(self)
        self._real_now, self._real_commit = clock.now, bulk.commit_all

    @classmethod
    async def begin(cls, template: Template, folder: Path) -> "World":
        shutil.copytree(template.folder, folder)
        tablets = []
        for name, people, years in TABLETS:
            stores = {}
            for person in people:
                stores[person] = store = Store(template.people[person])
                kept, cursors, store.epoch = template.rows[person]
                page = {"drop": [], "scopes": cursors, "head": 0, "changes": [
                    {"kind": kind, "id": key, "rev": rev, "row": row, "scope": scope}
                    for (kind, key), (rev, row, scopes) in kept.items() for scope in scopes]}  # fmt: skip
                store.apply({}, page)
            tablets.append(Tablet(name, stores, people[0], years))
        world = cls(folder, tablets)
        await world.start()
        return world

    # ------------------------------------------------------------ the server's life

    async def start(self) -> None:
        clock.now = self._now
        bulk.commit_all = self._commit
        self.app: Starlette = make_app(self.settings)
        self._life = AsyncExitStack()
        await self._life.enter_async_context(self.app.router.lifespan_context(self.app))
        transport = httpx2.ASGITransport(app=self.app, raise_app_exceptions=False)
        self.http = await self._life.enter_async_context(
            httpx2.AsyncClient(transport=transport, base_url="http://xuncun.test")
        )

    async def stop(self) -> None:
        self.doom = ""
        await self._life.aclose()
        clock.now, bulk.commit_all = self._real_now, self._real_commit

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    def _now(self) -> datetime:
        return self._real_now() + timedelta(weeks=self.weeks)

    async def _commit(self, client: Any, statements: Any) -> None:
        doom, self.doom = self.doom, ""
        if doom == KILLED_BEFORE:
            raise Killed
        await self._real_commit(client, statements)
        if doom:
            raise Killed

    async def backup(self) -> None:
        """As every night; the horizon is told when the copy was restored on trial."""
        made = await nightly.back_up(self.settings, self.folder / "backup")
        assert made.whole, made.findings

    async def restore(self) -> None:
        """The house burns down; what the newest whole backup holds comes back in another one."""
        if not (self.folder / "backup").exists():
            return
        self.restores += 1
        await self._life.aclose()
        there = Settings(self.folder.with_name(f"{self.folder.name}-{self.restores}"))
        back = await restore.restore(self.folder / "backup", there)
        shutil.move(self.folder / "backup", there.data / "backup")
        self.folder, self.settings = there.data, there
        self.verdicts = {one: told for one, told in self.verdicts.items() if told[2] < back.rev}
        self.before = {}
        await self.start()

    async def move_back(self, folder: Path) -> None:
        """A house that was given up is served again as it was left, with its older epoch."""
        await self._life.aclose()
        self.restores += 1
        self.folder, self.settings = folder, Settings(folder)
        self.verdicts, self.before = {}, {}
        await self.start()

    async def months(self) -> None:
        """More than half a year passes: what was finished leaves the tablets, and everybody has to sign in again."""
        self.weeks += 29
        for tablet in self.tablets:
            tablet.die()
            for store in tablet.stores.values():
                await sign_in(tablet, store, self.road)

    async def watch(self, letter: Letter, answer: httpx2.Response) -> None:
        """Every answer that leaves the server is looked at, heard or not."""
        for watcher in self.watchers:
            await watcher(self, letter, answer)

    # ------------------------------------------------------------ what people do

    def act(
        self,
        tablet: Tablet,
        verb: str,
        args: dict[str, Any],
        photos: Iterable[bytes] = (),
        *,
        v: int = 1,
        large: bool = False,
    ) -> Entry:
        """Whoever works on the tablet does something."""
        data = {sha(one): one for one in photos}
        entry = tablet.mine.add(verb, args, tablet.now(), data, v)
        kept = Entry(**{**vars(entry), "args": json.loads(json.dumps(args)), "photos": list(data)})
        self.made[entry.id] = Made(kept, tablet.mine.person.id, large=large)
        self.shots |= data
        return entry

    def visit(self, tablet: Tablet, village: str, photos: int, *, unit: str | None = None) -> Entry | None:
        """A finished sheet of the village, with a finding for each photo."""
        store = tablet.mine
        if not any(one["stage"] == "started" for one in store.of("round")):
            return None
        like = Plain(self.http, store.person.name)
        like.session = {"person": {"id": store.person.id}}
        like.rows = {key: held.row for key, held in store.rows.items()}
        shots = [picture(f"{store.replica}{store.seq}{n}") for n in range(photos)]
        args = visit(like, village=village, faults=photos, photos=[photo(one) for one in shots])
        for found in args["answers"][0].get("findings", []):
            found["unit"] = unit
        return self.act(tablet, "inspection.submit", args, shots)

    def amend(self, tablet: Tablet, place: int, behind: int = 0) -> Entry | None:
        """What this tablet knows of a visit, handed in once more with other remarks."""
        sheets = {made.entry.args["inspection"]: made.entry.args for made in self.made.values()
                  if made.entry.verb == "inspection.submit" and "answers" in made.entry.args}  # fmt: skip
        known = [row for row in tablet.mine.of("inspection") if row["id"] in sheets]
        if not known:
            return None
        row = known[place % len(known)]
        args = sheets[row["id"]] | {
            "base_rev": max(1, row["_rev"] - behind),
            "reason": "写错了",
            "village_remarks": f"更正{new_id()}",
        }
        return self.act(tablet, "inspection.amend", args)

    def on_task(
        self, tablet: Tablet, verb: str, place: int, photos: int = 0, behind: int = 0, /, **more: Any
    ) -> Entry | None:
        """A move of a task as this tablet knows it. Its text is nobody else's, to be found again."""
        known = tablet.mine.of("task")
        if not known:
            return None
        task = known[place % len(known)]
        shots = [picture(f"{tablet.mine.replica}{tablet.mine.seq}")] if photos else []
        args = {"task": task["id"], "base_rev": max(1, task["_rev"] - behind), "text": f"说明{new_id()}",
                "photos": [photo(one) for one in shots], **more}  # fmt: skip
        return self.act(tablet, f"task.{verb}", args, shots)

    def beside(self, tablet: Tablet, verb: str, place: int, unit: str) -> dict[str, Any]:
        """What a merge, a link and a split name beside the task: another one, or what goes to whom."""
        known = tablet.mine.of("task")
        if not known or verb not in ("merge", "link", "split"):
            return {}
        task = known[place % len(known)]
        if verb == "split":
            shots = [one["id"] for one in task["photos"] if one["role"] == "before"]
            return {"unit": unit, "place": "另一处", "shots": shots[:1]}
        others = [one for one in known if one["village"] == task["village"] and one is not task]
        return {"into": (others or known)[place % len(others or known)]["id"]}

    def fitting(self, tablet: Tablet, place: int, nth: int) -> str:
        """A verb that the tablet would offer for this task: of its stage and of this person's role."""
        role = ROLES[tablet.current]
        known = tablet.mine.of("task")
        stage = known[place % len(known)]["stage"] if known else ""
        verbs = sorted(verb for verb, row in ROWS.items() if stage in row.froms and role in row.roles)
        return verbs[nth % len(verbs)] if verbs else "note"

    def carry(self, tablet: Tablet, *towns: str) -> None:
        """Somebody of the district has these towns on their tablet from now on, and no others."""
        store = tablet.mine
        for scope in [one for one in store.cursors if len(one) == 9 and one.isdigit() and one not in towns]:
            store.forget(scope)
            del store.cursors[scope]
        for town in towns:
            store.cursors.setdefault(town, 0)

    def lose(self, tablet: Tablet, how: str, nth: int) -> None:
        """A cache vanishes, one scope of it, or its cursors speak of numbers that never were."""
        store = tablet.mine
        scopes = sorted(store.cursors)
        if how == "all":
            store.drop_cache()
        elif how == "ahead":
            store.cursors = {scope: cursor + 100_000 for scope, cursor in store.cursors.items()}
        elif scopes:
            store.forget(scopes[nth % len(scopes)])

    async def publish(self) -> int:
        """The office publishes every round that runs and has a visit; how many."""
        who = await who_is(await PersonRow.get(name="office2"))
        done = 0
        for found in await Round.filter(stage__in=("started", "closed")):
            figures = (await progress([found.id]))[found.id]
            try:
                await publish_at_desk(who, found, figures.missing)
            except Problem:
                continue  # no visit yet, or a veto that nobody decided
            done += 1
        return done

    def reuse(self, tablet: Tablet) -> None:
        """A slip of a tablet: another body under an id that went out before."""
        store = tablet.mine
        old = next((one for one in store.entries.values() if one.verdict and one.verb == "village.locate"
                    and one.verdict["reason"] != "id_reuse"), None)  # fmt: skip
        if old is None:
            return
        store.seq += 1
        args = {**old.args, "slip": len(self.strangers)}
        entry = Entry(old.id, store.seq, store.replica, old.verb, args, old.at)
        store.entries[f"{old.id}+{len(self.strangers)}"] = entry  # beside the first, which stays as it is
        self.strangers.append(Made(Entry(**vars(entry)), store.person.id, stranger=True))

    async def post(self, name: str, role: str, place: str, *, give: bool) -> None:
        """The office gives a post or ends it, as a change of its own."""
        person = await PersonRow.get(name=name)

        async def work(line: Line) -> None:
            line.about("person", person.id, "110109")
            held = Post.filter(person_id=person.id, role=role, place=place, ended=False)
            if not give:
                await held.update(ended=True, rev=line.rev)
            elif not await held.exists():
                today = clock.local(line.heard_at).date()
                await Post.create(
                    id=new_id(), person_id=person.id, role=role, place=place, since=today, rev=line.rev
                )

        await change(work, district="110109", actor=SYSTEM, verb="person.post_add")

    async def disable(self, name: str, disabled: bool) -> None:
        """An account ends, or comes back."""

        async def work(line: Line) -> None:
            line.about("person", name, "110109")
            await PersonRow.filter(name=name).update(disabled=disabled, rev=line.rev)

        await change(work, district="110109", actor=SYSTEM, verb="person.disable")

    async def revoke(self, name: str, off: bool) -> None:
        """The office takes every device of a person out of service, or puts it back."""
        person = await PersonRow.get(name=name)

        async def work(line: Line) -> None:
            line.about("device", name, "110109")
            devices = [
                row["device"]
                for row in await rows(
                    "SELECT DISTINCT device FROM session WHERE person_id = ?", str(person.id)
                )
            ]
            await Device.filter(id__in=devices).update(revoked=off, rev=line.rev)

        await change(work, district="110109", actor=SYSTEM, verb="device.revoke")

    async def decide(self, nth: int, *ways: str) -> list[str]:
        """The office decides what is held, by all these ways at once; which of them counted."""
        waiting = await rows("SELECT id FROM command WHERE status = 'held' ORDER BY rev")
        if not waiting:
            return []
        command = UUID(str(waiting[nth % len(waiting)]["id"]))
        who = await who_is(await PersonRow.get(name="office2"))

        async def one(way: str) -> str:
            try:
                await getattr(held, way)(who, command, "办公室的话")
            except Problem:
                return ""
            return way

        return [way for way in await asyncio.gather(*(one(way) for way in ways)) if way]


async def standing_of(name: str) -> dict[str, Any]:
    """The person's row."""
    return (await rows("SELECT * FROM person WHERE name = ?", name))[0]
