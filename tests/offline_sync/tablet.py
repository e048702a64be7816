"""A model tablet for tests: HTTP only, its own replica, sequence and cursors; and visits as a tablet makes them."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2

from tests.inspections.sheets import SHARED
from villages.ground.ids import new_id

VILLAGE = "110109005201"  # 安家庄村
PASSWORD = "xuncun-demo"
WHEN = "2026-11-20T08:11:03+08:00"


@dataclass
class Tablet:
    """One person on one device."""

    http: httpx2.AsyncClient
    name: str
    replica: str = field(default_factory=lambda: str(new_id()))
    device: str = field(default_factory=lambda: str(new_id()))
    seq: int = 0
    session: dict[str, Any] = field(default_factory=dict)
    cursors: dict[str, int] = field(default_factory=dict)
    rows: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    scopes_of: dict[tuple[str, str], set[str]] = field(default_factory=dict)  # which hold each row
    epoch: str = ""

    async def sign_in(self, password: str = PASSWORD) -> "Tablet":
        body = {
            "name": self.name, "password": password,
            "device": {"id": self.device, "label": "平板", "platform": "test", "build": "1"},
        }  # fmt: skip
        answer = await self.http.post("/api/session", json=body)
        assert answer.status_code == 200, answer.text
        self.session = answer.json()
        return self

    @property
    def me(self) -> str:
        return str(self.session["person"]["id"])

    @property
    def auth(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.session['session']}"}

    @property
    def deposit(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.session['deposit']}"}

    def command(self, verb: str, args: dict[str, Any], **more: Any) -> dict[str, Any]:
        """The next command of this replica."""
        self.seq += 1
        return {
            "id": str(new_id()), "seq": self.seq, "verb": verb, "v": 1, "at": WHEN, "mono": 88211034,
            "boot": "b3f", "args": args, **more,
        }  # fmt: skip

    async def post(self, path: str, body: Any, **more: Any) -> httpx2.Response:
        return await self.http.post(path, json=body, headers=more.pop("headers", self.auth), **more)

    async def push_raw(
        self, *commands: dict[str, Any], headers: dict[str, str] | None = None
    ) -> httpx2.Response:
        body = {"replica": self.replica, "epoch": self.epoch or None, "now": WHEN, "commands": list(commands)}
        return await self.post("/api/sync/push", body, headers=headers or self.auth)

    async def push(self, *commands: dict[str, Any]) -> list[dict[str, Any]]:
        """The verdicts; the request itself must go well."""
        answer = await self.push_raw(*commands)
        assert answer.status_code == 200, answer.text
        results: list[dict[str, Any]] = answer.json()["results"]
        return results

    async def do(self, verb: str, args: dict[str, Any]) -> dict[str, Any]:
        """One command, one verdict."""
        return (await self.push(self.command(verb, args)))[0]

    async def pull(self, limit: int = 500) -> list[dict[str, Any]]:
        """Everything new, page by page, applied to the local rows as sync.md says; returns the pages."""
        pages = []
        while True:
            body = {
                "replica": self.replica,
                "epoch": self.epoch or None,
                "limit": limit,
                "scopes": self.cursors,
            }
            answer = await self.post("/api/sync/pull", body)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            self._apply(page)
            pages.append(page)
            if not page["more"]:
                return pages

    def _apply(self, page: dict[str, Any]) -> None:
        self.epoch = page["epoch"]
        for key in list(self.scopes_of):
            self._let_go(key, set(page["drop"]))
        for left in page.get("gone", []):
            key = (left["kind"], left["id"])
            if key in self.rows and self.rows[key]["rev"] < left["rev"]:
                self._let_go(key, {left["scope"]})
        for change in page["changes"]:
            key = (change["kind"], change["id"])
            held = self.rows.get(key)
            if held is None or change["rev"] >= held["rev"]:
                self.rows[key] = {"rev": change["rev"], "scope": change["scope"], **change["row"]}
            self.scopes_of.setdefault(key, set()).add(change["scope"])
        self.cursors = dict(page["scopes"])

    def _let_go(self, key: tuple[str, str], scopes: set[str]) -> None:
        """These scopes hold the row no longer; a row that no scope holds leaves the tablet."""
        self.scopes_of[key] -= scopes
        if not self.scopes_of[key]:
            del self.scopes_of[key], self.rows[key]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The rows of one kind that this tablet holds."""
        return [row for (held, _), row in self.rows.items() if held == kind]


def picture(text: str = "示例") -> bytes:
    """A small JPEG whose bytes depend on the text."""
    import io

    from PIL import Image

    shade = hashlib.sha256(text.encode()).digest()
    image = Image.new("RGB", (64, 48), (shade[0], shade[1], shade[2]))
    out = io.BytesIO()
    image.save(out, "JPEG", comment=text.encode())
    return out.getvalue()


def photo(data: bytes, **more: Any) -> dict[str, Any]:
    """A photo announced on the wire."""
    return {
        "id": str(new_id()), "sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "mime": "image/jpeg",
        "width": 64, "height": 48, "taken_at": WHEN, "position": {"lat": 39.97, "lng": 116.01, "accuracy": 8}, **more,
    }  # fmt: skip


def full_answers() -> list[dict[str, Any]]:
    """Every item of RE answered without a fault, as fresh dicts."""
    answers: list[dict[str, Any]] = json.loads(json.dumps(SHARED["full"]["RE"]))
    return [answer for answer in answers if answer["item"] != "RE-9.3"]


def finding(text: str, photos: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """One spot, to be dispatched unless said otherwise."""
    return {
        "id": str(new_id()), "place": "村委会东侧", "text": text, "rule": "each", "count": 1, "position": None,
        "photos": [one["id"] for one in photos], "after": [], "action": "dispatch", "unit": None,
        "severity": None, "days": None, **more,
    }  # fmt: skip


def visit(tablet: Tablet, *, village: str = VILLAGE, faults: int = 2, photos: list[dict[str, Any]] | None = None,
          code: str = "RE", **more: Any) -> dict[str, Any]:  # fmt: skip
    """The args of one `inspection.submit`: `faults` findings on RE-1.1, each with one of the photos."""
    running = next(r for r in tablet.of("round") if r["stage"] == "started")
    checklist = next(c for c in running["checklists"] if c["code"] == code)
    shots = photos if photos is not None else [photo(picture(f"{uuid4()}")) for _ in range(faults)]
    answers = full_answers()
    first = next(answer for answer in answers if answer["item"] == "RE-1.1")
    first["counts"] = {"each": faults}
    first["findings"] = [finding(f"散落垃圾{n}", shots[n : n + 1]) for n in range(faults)]
    return {
        "inspection": str(new_id()), "round": running["id"], "village": village,
        "checklist": {key: checklist[key] for key in ("code", "version", "sha256")}, "inspectors": [tablet.me],
        "started_at": WHEN, "finished_at": WHEN, "position": None, "answers": answers,
        "signature": {"name": "王书记", "photo": None, "refused": None}, "village_remarks": "", "photos": shots, **more,
    }  # fmt: skip
