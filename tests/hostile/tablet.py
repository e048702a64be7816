"""The tablet in small: its log, its photos, its rows by scope, and the rules of sync.md §5, as `offline_sync/tablet` has them.

Every method between two requests is one transaction; a tablet that dies does so at a request.
"""

import hashlib
from base64 import b64encode
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2

from tests.hostile.network import Letter, Network, NoAnswer
from tests.offline_sync.tablet import PASSWORD, picture
from villages.ground import clock
from villages.ground.ids import new_id

Key = tuple[str, str]
KEPT_FOR = timedelta(days=7)
HEALINGS, TURNS = 6, 300
FINISHED = {"inspection": ("published", "void"), "task": ("closed", "cancelled")}
TUS = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}


class Halt(Exception):
    """The run cannot go on; what it did so far stays."""


class Wiped(Halt):
    """The account or the device ended: its session is over, the deposit goes on."""


@dataclass
class Person:
    """Somebody with their tokens."""

    name: str
    id: str
    session: str
    deposit: str


@dataclass
class Entry:
    """A command in the log. `verdict` None: it waits."""

    id: str
    seq: int
    replica: str
    verb: str
    args: dict[str, Any]
    at: str
    v: int = 1
    photos: list[str] = field(default_factory=list)  # hashes
    verdict: dict[str, Any] | None = None

    def spoken(self) -> dict[str, Any]:
        """As it travels: the same at every try but for its number."""
        return {
            "id": self.id, "seq": self.seq, "verb": self.verb, "v": self.v, "at": self.at, "mono": 1, "boot": "b",
            "args": self.args,
        }  # fmt: skip


@dataclass
class Held:
    """A row, and the scopes that tell it."""

    rev: int
    row: dict[str, Any]
    scopes: set[str]


@dataclass
class Shot:
    """A photo's bytes; `stored_at` by the server's word."""

    data: bytes
    stored_at: str | None = None
    previewed: bool = False


@dataclass
class Store:
    """One person's pair of stores on one tablet."""

    person: Person
    replica: str = field(default_factory=lambda: str(new_id()))
    seq: int = 0
    epoch: str | None = None
    horizon: str | None = None
    entries: dict[str, Entry] = field(default_factory=dict)
    shots: dict[str, Shot] = field(default_factory=dict)
    rows: dict[Key, Held] = field(default_factory=dict)
    cursors: dict[str, int] = field(default_factory=dict)
    floors: dict[str, int] = field(default_factory=dict)  # of each scope, as its end was last reached
    whole: set[str] = field(default_factory=set)  # scopes that were read to their end

    def waiting(self) -> list[Entry]:
        return sorted((one for one in self.entries.values() if one.verdict is None), key=lambda one: one.seq)

    def add(self, verb: str, args: dict[str, Any], at: str, shots: dict[str, bytes], v: int = 1) -> Entry:
        """Somebody acts: log and photos in one transaction."""
        self.seq += 1
        entry = Entry(str(new_id()), self.seq, self.replica, verb, args, at, v, list(shots))
        self.entries[entry.id] = entry
        for sha, data in shots.items():
            self.shots.setdefault(sha, Shot(data))
        return entry

    def renumber(self, order: list[Entry], first: int, replica: str | None) -> None:
        """Number what waits anew; ids and bodies stay."""
        self.replica = replica or self.replica
        for place, entry in enumerate(order):
            entry.seq, entry.replica = first + place, self.replica
        self.seq = max(first - 1, first + len(order) - 1)

    def settle(self, results: list[dict[str, Any]], at: str) -> None:
        """Keep verdicts; of what is no longer here nothing is made."""
        for told in results:
            if entry := self.entries.get(told["id"]):
                entry.verdict = {**told, "at": at}

    def apply(self, asked: dict[str, int], page: dict[str, Any]) -> bool:
        """A page, whole, with its cursors; nothing when the cursors are no longer those it was asked with."""
        if asked != self.cursors:
            return False
        floor = page.get("floor", {})
        if slept := [scope for scope in self.whole if asked[scope] < floor.get(scope, 0)]:
            self.forget(*slept)  # what was finished since then is told to nobody any more
            return False
        for scope in page["drop"]:
            self.forget(scope)
        for left in page.get("gone", []):
            self._leave((left["kind"], left["id"]), left["scope"])
        for told in page["changes"]:
            key = (told["kind"], told["id"])
            held = self.rows.get(key)
            if held is None:
                self.rows[key] = Held(told["rev"], told["row"], {told["scope"]})
                continue
            if told["rev"] > held.rev:
                held.rev, held.row = told["rev"], told["row"]
            held.scopes.add(told["scope"])
        self.cursors = dict(page["scopes"])
        for scope in [one for one in page["scopes"] if self.cursors[one] >= page["head"]]:
            self.whole.add(scope)
            if floor.get(scope, 0) > self.floors.get(scope, 0):
                self.floors[scope] = floor[scope]
                for key in self.below(scope):
                    self._leave(key, scope)
        return True

    def below(self, scope: str) -> list[Key]:
        """What the scope's floor lets go: what was finished at or below it, and photos of nothing else."""
        floor = self.floors.get(scope, 0)
        here = {key: held for key, held in self.rows.items() if scope in held.scopes}
        over = {key for key, held in here.items() if held.row.get("stage") in FINISHED.get(key[0], ())}
        needed = {
            photo["id"]
            for key, held in here.items()
            if key[0] in FINISHED and (held.rev > floor or key not in over)
            for photo in held.row["photos"]
        }
        return [
            key
            for key, held in here.items()
            if held.rev <= floor and (key in over or (key[0] == "photo" and key[1] not in needed))
        ]

    def forget(self, *scopes: str) -> None:
        """The scopes' rows go; those that are still held are read from the start."""
        for scope in scopes:
            for key in list(self.rows):
                self._leave(key, scope)
            self.cursors[scope] = 0
            self.floors.pop(scope, None)
            self.whole.discard(scope)

    def _leave(self, key: Key, scope: str) -> None:
        held = self.rows.get(key)
        if held and scope in held.scopes:
            held.scopes.discard(scope)
            if not held.scopes:
                del self.rows[key]

    def clean(self) -> None:
        """Delete late: receipted, and covered by a backup for seven days; an act stays as long as a photo of it."""
        if self.horizon is None:
            return
        covered = _moment(self.horizon) - KEPT_FOR
        unsent = {sha for entry in self.waiting() for sha in entry.photos}
        for sha, shot in list(self.shots.items()):
            if sha not in unsent and shot.stored_at and _moment(shot.stored_at) < covered:
                del self.shots[sha]
        dismissed = {
            row.row["command"]
            for (kind, _), row in self.rows.items()
            if kind == "card" and row.row["dismissed"]
        }
        for entry in list(self.entries.values()):
            if entry.verdict is None or any(sha in self.shots for sha in entry.photos):
                continue
            closed = entry.verdict["status"] in ("applied", "merged", "noop") or entry.id in dismissed
            if closed and _moment(entry.verdict["at"]) < covered:
                del self.entries[entry.id]

    def drop_cache(self) -> None:
        self.rows, self.cursors, self.floors, self.whole = {}, {}, {}, set()

    def copy(self) -> "Store":
        """The store as an old copy of itself would bring it back."""
        made = Store(self.person, self.replica, self.seq, self.epoch, self.horizon)
        made.entries = deepcopy(self.entries)
        made.shots = {sha: Shot(**vars(shot)) for sha, shot in self.shots.items()}
        made.rows = {key: Held(held.rev, held.row, set(held.scopes)) for key, held in self.rows.items()}
        made.cursors, made.floors, made.whole = dict(self.cursors), dict(self.floors), set(self.whole)
        return made

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The rows of one kind, in the order of their ids."""
        return [
            {**held.row, "_rev": held.rev}
            for (held_kind, _), held in sorted(self.rows.items())
            if held_kind == kind
        ]


@dataclass
class Tablet:
    """A device with the stores of whoever works on it."""

    name: str
    stores: dict[str, Store]
    current: str
    years: int = 0  # by which its clock is off
    device: str = field(default_factory=lambda: str(uuid4()))
    greeted: set[str] = field(default_factory=set)  # lost when it dies, like everything below
    unfit: set[str] = field(default_factory=set)

    @property
    def mine(self) -> Store:
        return self.stores[self.current]

    def now(self) -> str:
        """By its own clock, which may be years off."""
        return (clock.now() + timedelta(days=365 * self.years)).isoformat()

    def die(self) -> None:
        self.greeted, self.unfit = set(), set()


@dataclass
class Run:
    """One run for one person: words, photos, news. `mine`: their session is open here; else by deposit, no rows."""

    tablet: Tablet
    store: Store
    road: Network
    mine: bool = True
    page: int = 500
    most: int = 50

    async def all(self) -> None:
        """Raises NoAnswer or Halt; whatever was handed in until then is kept."""
        while True:
            await self._greet()
            await self._push()
            await self._photos()
            if self.mine:
                await self._pull()
            if not self._sendable():
                break
        self.store.clean()

    def _sendable(self) -> list[Entry]:
        return [one for one in self.store.waiting() if one.id not in self.tablet.unfit]

    def _auth(self, *, rows: bool = False) -> dict[str, str]:
        person = self.store.person
        return {"Authorization": f"Bearer {person.session if self.mine or rows else person.deposit}"}

    async def _call(self, path: str, body: Any, heard: Any = None, *, rows: bool = False) -> httpx2.Response:
        letter = Letter(self.store.person.name, "POST", path, self._auth(rows=rows), body)
        answer = await self.road.send(letter, heard)
        if answer.status_code == 401:
            if answer.json().get("wipe"):
                self.store.drop_cache()  # own work stays
                raise Wiped("401")
            raise Halt("401")
        return answer

    async def _greet(self) -> None:
        if self.store.replica in self.tablet.greeted and self.store.epoch:
            return
        told = await self._hello()
        if self.store.epoch is None:
            self.store.epoch = told["epoch"]
        elif self.store.epoch != told["epoch"]:
            await self._start_over()
        self.tablet.greeted.add(self.store.replica)

    async def _hello(self) -> dict[str, Any]:
        body = {
            "replica": self.store.replica,
            "device": self.tablet.device,
            "build": "1",
            "platform": "model",
        }
        answer = await self._call("/api/sync/hello", body)
        if answer.status_code == 403 and answer.json()["error"] == "replica_owner":
            self._fork()
            return await self._hello()
        if answer.status_code != 200:
            raise Halt(answer.text)
        told: dict[str, Any] = answer.json()
        return told

    async def _start_over(self) -> None:
        """The server came back from a backup: what it may have lost waits again. The epoch is noted last."""
        told = await self._hello()
        store = self.store
        receipted = [one for one in store.entries.values() if one.verdict is not None]
        if any(one.replica != store.replica for one in receipted):
            for one in receipted:
                one.verdict = None
            store.renumber(list(store.entries.values()), 1, str(new_id()))
        else:
            strangers = [one for one in receipted if one.verdict and one.verdict["reason"] == "id_reuse"]
            for one in receipted:
                if one.seq > told["last_seq"] or one in strangers:
                    one.verdict = None
            if strangers:  # kept beside the count: they go behind what was counted
                others = [one for one in store.waiting() if one not in strangers]
                store.renumber([*others, *strangers], told["last_seq"] + 1, None)
        for shot in store.shots.values():
            shot.stored_at, shot.previewed = None, False
        store.drop_cache()
        store.epoch, store.horizon = told["epoch"], None

    def _fork(self) -> None:
        self.store.renumber(self.store.waiting(), 1, str(new_id()))

    async def _push(self) -> None:
        healings = turns = 0
        while batch := self._sendable()[: self.most]:
            waiting, turns = self.store.waiting(), turns + 1
            if turns > TURNS:
                raise Halt("no end of pushing")
            if waiting[: len(batch)] != batch:  # what cannot travel stands behind the others
                large = [one for one in waiting if one.id in self.tablet.unfit]
                self.store.renumber([*self._sendable(), *large], waiting[0].seq, None)
                continue
            body = {"replica": self.store.replica, "epoch": self.store.epoch, "now": self.tablet.now(),
                    "commands": [one.spoken() for one in batch]}  # fmt: skip
            answer = await self._call(
                "/api/sync/push", body, lambda late, epoch=self.store.epoch: self._receipt(late, epoch)
            )
            told = self._receipt(answer, self.store.epoch)
            if answer.status_code == 200:
                continue
            healings += self._refused(told, batch)
            if healings > HEALINGS:
                raise Halt(f"no end of healing: {told}")

    def _receipt(self, answer: httpx2.Response, epoch: str | None) -> dict[str, Any]:
        told: dict[str, Any] = answer.json()
        if epoch != self.store.epoch:
            return told  # a receipt of the server as it was before it was restored is worth nothing
        self.store.settle(told.get("results", []), told.get("server_time", ""))
        self.store.horizon = told.get("backup_horizon") or self.store.horizon
        return told

    def _refused(self, told: dict[str, Any], batch: list[Entry]) -> int:
        """1 for a healing of the sequence, 0 for what was set aside. Raises Halt."""
        culprit = batch[len(told["results"])] if "results" in told else batch[0]
        match told["error"]:
            case "gap":
                self._heal_gap(told["expected"])
            case "replica_fork" | "replica_owner":
                self._fork()
            case "id_reuse":
                culprit.verdict = {
                    "status": "held",
                    "reason": "id_reuse",
                    "rev": 0,
                    "at": told["server_time"],
                }
                self.store.renumber(self.store.waiting(), told["last_seq"] + 1, None)
                return 0
            case "too_large" if len(batch) > 1 and "results" not in told:
                self.most = (len(batch) + 1) // 2
                return 0
            case "too_large" | "invalid":
                self.tablet.unfit.add(culprit.id)
                return 0
            case _:
                raise Halt(str(told))
        return 1

    def _heal_gap(self, expected: int) -> None:
        store, first = self.store, self.store.waiting()[0]
        before = [one for one in store.entries.values() if one.replica == store.replica
                  and expected <= one.seq < first.seq and one.verdict is not None]  # fmt: skip
        if first.seq > expected and len(before) == first.seq - expected:
            for one in before:
                one.verdict = None
        else:
            self._fork()

    async def _photos(self) -> None:
        named = {sha for one in self.store.entries.values() if one.verdict and one.verdict["status"] != "rejected"
                 for sha in one.photos}  # fmt: skip
        wanted = [sha for sha, shot in self.store.shots.items() if shot.stored_at is None and sha in named]
        if not wanted:
            return
        answer = await self._call("/api/blobs/missing", {"sha256": wanted})
        if answer.status_code != 200:
            raise Halt(answer.text)
        told = answer.json()
        for sha in told["missing"]:
            await self._preview(sha)
        for sha in wanted:
            if sha in told["missing"]:
                await self._upload(sha, begun=bool(told["partial"].get(sha)))
            self.store.shots[sha].stored_at = clock.rfc3339(clock.now())

    async def _preview(self, sha: str) -> None:
        """Once, and whatever is said to it: a refusal harms no original."""
        if not self.store.shots[sha].previewed:
            head = {**self._auth(), "Content-Type": "image/jpeg"}
            answer = await self._bytes("PUT", f"/api/blobs/{sha}/preview", head, preview_of(sha))
            if answer.status_code >= 500:
                raise Halt(answer.text)
            self.store.shots[sha].previewed = True

    async def _upload(self, sha: str, *, begun: bool) -> None:
        data = self.store.shots[sha].data
        for _ in range(6):
            answer = await (self._patch(sha, data) if begun else self._create(sha, data))
            if answer.status_code in (200, 201, 204):
                return
            begun = answer.status_code not in (404, 410, 460)
            if answer.status_code not in (404, 409, 410, 460):
                break
        raise Halt(f"upload {answer.status_code} {answer.text}")

    async def _create(self, sha: str, data: bytes) -> httpx2.Response:
        told = f"sha256 {b64encode(sha.encode()).decode()},mime {b64encode(b'image/jpeg').decode()}"
        head = {**self._auth(), **TUS, "Upload-Length": str(len(data)), "Upload-Metadata": told}
        return await self._bytes("POST", "/api/tus", head, data)

    async def _patch(self, sha: str, data: bytes) -> httpx2.Response:
        answer = await self._bytes("HEAD", f"/api/tus/{sha}", {**self._auth(), **TUS}, b"")
        if answer.status_code != 200:
            return answer
        offset = int(answer.headers["upload-offset"])
        if offset == len(data):
            return answer
        return await self._bytes(
            "PATCH", f"/api/tus/{sha}", {**self._auth(), **TUS, "Upload-Offset": str(offset)}, data[offset:]
        )

    async def _bytes(self, method: str, path: str, headers: dict[str, str], body: bytes) -> httpx2.Response:
        return await self.road.send(Letter(self.store.person.name, method, path, headers, None, body))

    async def _pull(self) -> None:
        starts = 0
        for _ in range(200):
            store, asked = self.store, dict(self.store.cursors)
            body = {"replica": store.replica, "epoch": store.epoch, "limit": self.page, "scopes": asked}
            answer = await self._call(
                "/api/sync/pull", body, lambda late, asked=asked: self._take(asked, late.json()), rows=True
            )
            if answer.status_code == 409 and answer.json()["error"] == "reset" and starts < 2:
                starts += 1
                await self._start_over()
                continue
            if answer.status_code != 200:
                raise Halt(answer.text)
            if self._take(asked, answer.json()) and not answer.json()["more"]:
                return
        raise Halt("no end of pages")

    def _take(self, asked: dict[str, int], page: dict[str, Any]) -> bool:
        if page.get("epoch") != self.store.epoch or not self.store.apply(asked, page):
            return False
        self.store.horizon = page["backup_horizon"]
        return True


async def sync(tablet: Tablet, road: Network, **ways: Any) -> bool:
    """Everybody on the tablet: whoever works now, then those who left something. True when all went well."""
    run = Run(tablet, tablet.mine, road, **ways)
    try:
        well = await _one(run)
    except Wiped:
        run.mine = well = False
        with suppress(Wiped):
            await _one(run)
    for name, store in tablet.stores.items():
        if name == tablet.current:
            continue
        owed = store.waiting() or any(shot.stored_at is None for shot in store.shots.values())
        # A server that came back from a backup may have lost what was receipted.
        behind = store.entries and store.epoch != tablet.mine.epoch
        if owed or behind:
            with suppress(Wiped):
                well = await _one(Run(tablet, store, road, mine=False, **ways)) and well
    return well


async def _one(run: Run) -> bool:
    try:
        await run.all()
    except Wiped:
        raise
    except (NoAnswer, Halt):
        return False
    return True


async def sign_in(tablet: Tablet, store: Store, road: Network) -> bool:
    """By name and password; the store stays whose it was."""
    body = {
        "name": store.person.name,
        "password": PASSWORD,
        "device": {"id": tablet.device, "label": "model"},
    }
    try:
        answer = await road.send(Letter(store.person.name, "POST", "/api/session", {}, body))
    except NoAnswer:
        return False
    if answer.status_code == 200:
        told = answer.json()
        store.person = Person(store.person.name, told["person"]["id"], told["session"], told["deposit"])
    return bool(answer.status_code == 200)


def sha(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def preview_of(name: str) -> bytes:
    """The small picture that runs ahead of the photo of this hash."""
    return picture(f"small {name}")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
