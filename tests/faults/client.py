"""A tablet as another programmer would write it: HTTP and the standard library, nothing of ours imported.

It keeps everything it ever made, word for word and byte for byte, sends it until it has a receipt for all of it, and
holds the server to every answer it gave. `phase` says what is under way at this moment, for whoever wants to disturb it.
"""

import base64
import hashlib
import http.client
import io
import json
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from PIL import Image

from tests.journeys.http_visit import answers_for

TUS = {"Tus-Resumable": "1.0.0"}
FINAL = ("applied", "merged", "noop", "held")
SLICE = 16 * 1024  # bytes of a body that go out at one time
AGAIN = (408, 423, 500, 502, 503, 507)  # the server says: later
PATIENCE = 180.0  # seconds until one thing must have got through


class Lost(Exception):
    """No whole answer came back."""


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class World:
    """What the tablets of one run share: villages that nobody took yet."""

    dice: random.Random
    pairs: list[tuple[str, str]] = field(default_factory=list)
    turn: threading.Lock = field(default_factory=threading.Lock)

    def village(self) -> tuple[str, str] | None:
        """(village, checklist) for one more visit; None when all are taken."""
        with self.turn:
            return self.pairs.pop() if self.pairs else None


class Tablet:
    """One person on one device. `slow`: seconds between two slices of an upload."""

    def __init__(self, url: str, world: World, name: str = "inspector", *, slow: float = 0.002) -> None:
        self.url, self.world, self.name, self.slow = url, world, name, slow
        self.replica, self.device = str(uuid.uuid4()), str(uuid.uuid4())
        self.dice = random.Random(world.dice.random())
        self.token = self.epoch = self.me = ""
        self.rows: dict[str, dict[str, Any]] = {}
        self.kinds: dict[str, list[dict[str, Any]]] = {}
        self.texts: dict[str, bytes] = {}  # command id → the very text, in the order of making
        self.verdicts: dict[str, dict[str, Any]] = {}
        self.photos: dict[str, bytes] = {}  # sha256 → bytes
        self.stored: set[str] = set()
        self.visits: list[str] = []
        self.phase = "idle"
        self.counts: Counter[str] = Counter()  # cut off, pushes, resumed, and each refusal by its code

    # ---- the wire

    def call(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """One request, one connection. Raises Lost."""
        line = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=20)
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        sent |= {"Content-Length": str(len(body or b"")), **(headers or {})}
        try:
            slices = self._slices(body) if body and self.phase == "upload" else body
            line.request(method, path, slices, sent)
            told = line.getresponse()
            return Answer(told.status, {key.lower(): value for key, value in told.getheaders()}, told.read())
        except (OSError, http.client.HTTPException) as error:
            self.counts["cut off"] += not isinstance(
                error, ConnectionRefusedError
            )  # refused: nobody is there yet
            raise Lost(f"{method} {path}: {error!r}") from error
        finally:
            line.close()

    def _slices(self, body: bytes) -> Iterator[bytes]:
        for place in range(0, len(body), SLICE):
            yield body[place : place + SLICE]
            time.sleep(self.slow)

    def ask(self, path: str, body: Any) -> Answer:
        return self.call("POST", path, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def firmly(self, what: str, attempt: Any) -> Any:
        """`attempt` until it gets through; it returns None for "once more"."""
        until, before = time.monotonic() + PATIENCE, self.phase
        self.phase = what
        try:
            while time.monotonic() < until:
                try:
                    done = attempt()
                except Lost:
                    done = None
                if done is not None:
                    return done
                time.sleep(0.03)
            raise AssertionError(f"{what} did not get through in {PATIENCE:.0f} s: {self.counts}")
        finally:
            self.phase = before

    def well(self, answer: Answer, *statuses: int) -> Answer | None:
        """The answer when its status is one of these; None when the server says later; else it fails the test."""
        if answer.status in statuses:
            return answer
        told = answer.body.decode(errors="replace")
        code = json.loads(told).get("error", "?") if told.startswith("{") else "without words"
        self.counts[f"{answer.status} {code}"] += 1
        assert answer.status in AGAIN, f"{answer.status} {told[:400]}"
        return None

    def sign_in(self) -> "Tablet":
        device = {"id": self.device, "label": "试验平板", "platform": "script", "build": "1"}
        body = {"name": self.name, "password": "xuncun-demo", "device": device}
        told = self.firmly("sign in", lambda: self.well(self.ask("/api/session", body), 200)).json()
        self.token, self.me = told["session"], told["person"]["id"]
        self.pull()
        if not self.world.pairs:
            going = next(row for row in self.kinds["round"] if row["stage"] == "started")
            codes = [one["code"] for one in going["checklists"]]
            villages = sorted(row["code"] for row in self.kinds["village"])
            self.world.pairs = [(village, code) for code in codes for village in villages]
            self.world.dice.shuffle(self.world.pairs)
        return self

    def pull(self) -> None:
        """Everything this person may see, by kind."""
        cursors: dict[str, int] = {}
        rows: dict[tuple[str, str], dict[str, Any]] = {}
        more = True
        while more:
            body = {"replica": self.replica, "limit": 200, "scopes": dict(cursors)}
            page = self.firmly(
                "pull", lambda body=body: self.well(self.ask("/api/sync/pull", body), 200)
            ).json()
            rows |= {(one["kind"], one["id"]): one["row"] for one in page["changes"]}
            cursors, more, self.epoch = page["scopes"], page["more"], page["epoch"]
        self.kinds = {}
        for (kind, _), row in rows.items():
            self.kinds.setdefault(kind, []).append(row)

    # ---- making

    def make(self) -> None:
        """One more act, kept here before anything is sent: a visit, more evidence for one, or a village's place."""
        luck = self.dice.random()
        pair = self.world.village() if luck < 0.4 else None
        if pair:
            self._visit(*pair)
        elif luck < 0.75 and self.visits:
            shots = [self._shot() for _ in range(self.dice.randint(1, 2))]
            self._queue("inspection.evidence", {"inspection": self.dice.choice(self.visits), "photos": shots})
        else:
            village = self.dice.choice(self.kinds["village"])["code"]
            place = {"lat": 39.9 + self.dice.random() / 5, "lng": 115.9, "accuracy": 6}
            self._queue("village.locate", {"village": village, "position": place, "photo": None})

    def _queue(self, verb: str, args: dict[str, Any]) -> None:
        name = str(uuid.uuid4())
        command = {
            "id": name,
            "seq": len(self.texts) + 1,
            "verb": verb,
            "v": 1,
            "at": _now(),
            "mono": 1,
            "boot": "b",
        }
        self.texts[name] = json.dumps(
            command | {"args": args}, ensure_ascii=self.dice.random() < 0.5
        ).encode()

    def _shot(self) -> dict[str, Any]:
        side = self.dice.randint(200, 420)
        noise = Image.frombytes("RGB", (side, side), self.dice.randbytes(side * side * 3))
        out = io.BytesIO()
        noise.save(out, "JPEG", quality=80)
        data = out.getvalue()
        name = hashlib.sha256(data).hexdigest()
        self.photos[name] = data
        return {
            "id": str(uuid.uuid4()), "sha256": name, "size": len(data), "mime": "image/jpeg", "width": side, "height": side,
            "taken_at": _now(), "position": None,
        }  # fmt: skip

    def _visit(self, village: str, code: str) -> None:
        going = next(row for row in self.kinds["round"] if row["stage"] == "started")
        pinned = next(one for one in going["checklists"] if one["code"] == code)
        body = next(row for row in self.kinds["checklist"] if row["sha256"] == pinned["sha256"])["body"]
        sheet, shots = answers_for(body), [self._shot() for _ in range(self.dice.randint(1, 3))]
        item = next(one for one in sheet if "counts" in one)
        item["counts"] = {"each": len(shots)}
        item["findings"] = [
            {
                "id": str(uuid.uuid4()), "place": f"村口 {nth} 号", "text": "散落垃圾🗑", "rule": "each", "count": 1,
                "position": None, "photos": [shot["id"]], "after": [], "action": "dispatch", "unit": village,
                "severity": "minor", "days": 3,
            }
            for nth, shot in enumerate(shots)
        ]  # fmt: skip
        inspection = str(uuid.uuid4())
        self.visits.append(inspection)
        self._queue(
            "inspection.submit",
            {
                "inspection": inspection, "round": going["id"], "village": village,
                "checklist": {key: pinned[key] for key in ("code", "version", "sha256")}, "inspectors": [self.me],
                "started_at": _now(), "finished_at": _now(), "position": None, "answers": sheet,
                "signature": {"name": "王书记", "photo": None, "refused": None}, "village_remarks": "", "photos": shots,
            },
        )  # fmt: skip

    # ---- sending

    @property
    def waiting(self) -> list[str]:
        """Commands without a verdict, in order."""
        return [name for name in self.texts if name not in self.verdicts]

    def drain(self) -> None:
        """Until every command has its verdict and every photo is stored, by the server's own word."""
        while self.waiting:
            batch = self.waiting[:3]
            self.firmly("push", lambda batch=batch: self.push(batch))
        for name in [one for one in self.photos if one not in self.stored]:
            self.firmly("upload", lambda name=name: self.upload(name))

    def push(self, names: list[str]) -> bool | None:
        """One push of these commands, the very bytes that were kept."""
        head = json.dumps({"replica": self.replica, "epoch": self.epoch or None, "now": _now()})[:-1].encode()
        body = head + b', "commands": [' + b",".join(self.texts[name] for name in names) + b"]}"
        answer = self.call("POST", "/api/sync/push", body, {"Content-Type": "application/json"})
        self.counts["pushes"] += 1
        done = self.well(answer, 200)
        told = answer.json() if answer.body.startswith(b"{") else {}
        for result in told.get("results", []):
            self._hear(result)
        return True if done else None

    def _hear(self, result: dict[str, Any]) -> None:
        plain = {key: result[key] for key in ("id", "seq", "status", "rev", "reason")}
        assert result["status"] in FINAL, result
        known = self.verdicts.setdefault(result["id"], plain)
        assert known == plain, f"another verdict than before: {known} {plain}"

    def upload(self, name: str) -> bool | None:
        """What is missing of one photo. Raises Lost wherever the line dies; None: once more."""
        data = self.photos[name]
        begun = self.well(self.call("HEAD", f"/api/tus/{name}", headers=TUS), 200, 404, 410)
        if begun is None:
            return None
        if begun.status != 200:
            first = self.dice.choice([b"", data[: len(data) // 2], data])
            begun = self.well(self.call("POST", "/api/tus", first, creation(data, bool(first))), 201)
            if begun is None:
                return None
        offset = int(begun.headers["upload-offset"])
        self.counts["resumed"] += 0 < offset < len(data)
        while offset < len(data):
            piece = data[offset : offset + 64 * 1024]
            head = TUS | {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
            done = self.well(self.call("PATCH", f"/api/tus/{name}", piece, head), 204)
            if done is None:
                return None
            offset = int(done.headers["upload-offset"])
        self.stored.add(name)
        return True

    def hello(self) -> dict[str, Any]:
        body = {"replica": self.replica, "device": self.device, "build": "1", "platform": "script"}
        told: dict[str, Any] = self.firmly(
            "hello", lambda: self.well(self.ask("/api/sync/hello", body), 200)
        ).json()
        return told

    def after_a_restore(self) -> int:
        """The server stands in an earlier moment: what it has not heard of waits again, every photo is asked for.

        Returns how many commands go again.
        """
        told = self.hello()
        assert told["epoch"] != self.epoch
        self.epoch = told["epoch"]
        behind = list(self.texts)[told["last_seq"] :]
        for name in behind:
            self.verdicts.pop(name, None)
        self.stored.clear()
        return len(behind)


def creation(data: bytes, with_data: bool) -> dict[str, str]:
    """Headers that begin an upload of these bytes."""
    told = {"sha256": hashlib.sha256(data).hexdigest(), "mime": "image/jpeg"}
    metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in told.items())
    kind = {"Content-Type": "application/offset+octet-stream"} if with_data else {}
    return TUS | {"Upload-Length": str(len(data)), "Upload-Metadata": metadata} | kind


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S+08:00", time.gmtime(time.time() + 8 * 3600))
