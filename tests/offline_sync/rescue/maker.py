"""Rescue files made by the words of docs/rescue.md alone, with none of the house's own code; and many ways to spoil them."""

import base64
import hashlib
import hmac
import io
import json
import os
import struct
import zipfile
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.offline_sync.tablet import Tablet

ITERATIONS = 1000  # a tablet takes 600 000; the header says how many


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def key_of(token: str, purpose: str) -> bytes:
    known = hashlib.sha256(token.encode()).hexdigest()
    return hmac.digest(known.encode(), f"xuncun rescue {purpose}".encode(), "sha256")


@dataclass
class Maker:
    """What one tablet would put into a rescue."""

    tablet: Tablet
    commands: list[dict[str, Any]] = field(default_factory=list)
    photos: dict[str, bytes] = field(default_factory=dict)
    drafts: dict[str, tuple[int, Any]] = field(default_factory=dict)
    announced: list[dict[str, Any]] = field(default_factory=list)
    told: dict[str, Any] = field(default_factory=dict)  # of the manifest, said otherwise
    more: dict[str, bytes] = field(default_factory=dict)  # entries beside, or in place of, what belongs there
    seal: bool = True

    def add(self, *photos: bytes) -> "Maker":
        self.photos |= {sha(data): data for data in photos}
        return self

    def entries(self) -> dict[str, bytes]:
        made: dict[str, bytes] = {}
        listed: dict[str, list[dict[str, Any]]] = {"commands": [], "drafts": [], "photos": []}

        def put(kind: str, name: str, data: bytes, **more: Any) -> None:
            made[f"{kind}/{name}"] = data
            listed[kind].append({"file": f"{kind}/{name}", "sha256": sha(data), "size": len(data), **more})

        for number, command in enumerate(self.commands, 1):
            put(
                "commands",
                f"{number:04}-{command['id']}.json",
                json.dumps(command, ensure_ascii=False).encode(),
            )
        for inspection, (rev, doc) in self.drafts.items():
            put(
                "drafts",
                f"{inspection}.json",
                json.dumps(doc, ensure_ascii=False).encode(),
                inspection=inspection,
                rev=rev,
            )
        for name, data in self.photos.items():
            put("photos", name, data)
        manifest = {
            "format": 1, "district": "110109", "person": {"id": self.tablet.me, "title": "检查员"},
            "replica": self.tablet.replica, "device": self.tablet.device, "build": "1", "platform": "test",
            "made_at": "2026-11-22T10:00:00+08:00", "announced": self.announced, "lacking": [], **listed, **self.told,
        }  # fmt: skip
        made["manifest.json"] = json.dumps(manifest, ensure_ascii=False).encode()
        if self.seal:
            token = self.tablet.session["deposit"]
            seal = hmac.digest(key_of(token, "seal"), made["manifest.json"], "sha256").hex()
            made["seal.json"] = json.dumps({"name": key_of(token, "name").hex()[:16], "seal": seal}).encode()
        return made | self.more

    def zip(self, method: int = zipfile.ZIP_STORED) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", method) as file:
            for name, data in self.entries().items():
                file.writestr(name, data)
        return out.getvalue()

    def locked(self, passphrase: str = "", deposit: bool = False, chunk: int = 1000) -> bytes:
        """The zip in its locked file."""
        content, locks = os.urandom(32), []
        if deposit:
            token = self.tablet.session["deposit"]
            locks.append(
                {
                    "kind": "deposit",
                    "name": key_of(token, "name").hex()[:16],
                    **wrap(key_of(token, "lock"), content),
                }
            )
        if passphrase:
            salt = os.urandom(16)
            key = hashlib.pbkdf2_hmac("sha256", passphrase.encode(), salt, ITERATIONS)
            locks.append(
                {"kind": "passphrase", "salt": b64(salt), "iterations": ITERATIONS, **wrap(key, content)}
            )
        header = json.dumps({"format": 1, "chunk": chunk, "locks": locks}).encode()
        start = b"XUNCUNR1" + struct.pack(">I", len(header)) + header
        plain, out, bound = self.zip(), [start], hashlib.sha256(start).digest()
        for at in range(0, len(plain), chunk):
            nonce = (at // chunk).to_bytes(11, "big") + bytes([at + chunk >= len(plain)])
            out.append(AESGCM(content).encrypt(nonce, plain[at : at + chunk], bound))
        return b"".join(out)


def wrap(key: bytes, content: bytes) -> dict[str, str]:
    nonce = os.urandom(12)
    return {"nonce": b64(nonce), "key": b64(AESGCM(key).encrypt(nonce, content, b"XUNCUNR1"))}


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def draft_id() -> str:
    return str(uuid4())
