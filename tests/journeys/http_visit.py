"""One real visit as another program would hand it in: standard library and HTTP only, nothing of ours imported.

Usage: python http_visit.py URL FOLDER_OF_PHOTOS. Signs in as `inspector`, pulls, pushes one inspection of 安家庄村
with 6 findings and 8 photos, uploads previews and originals in pieces, pulls again; prints one JSON object.
"""

import base64
import gzip
import hashlib
import json
import sys
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import Any

VILLAGE = "110109005201"
NOW = time.strftime("%Y-%m-%dT%H:%M:%S+08:00", time.gmtime(time.time() + 8 * 3600))


class Wire:
    """A thin client: JSON in and out, a bearer once there is one."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.token = ""

    def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        sent = dict(headers or {})
        data = body
        if body is not None and not isinstance(body, bytes):
            data = gzip.compress(json.dumps(body).encode())
            sent |= {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(self.url + path, data, sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read()

    def json(self, method: str, path: str, body: Any = None) -> Any:
        status, _, answer = self.call(method, path, body)
        if status != 200:
            raise SystemExit(f"{method} {path}: {status} {answer.decode(errors='replace')[:300]}")
        return json.loads(answer)

    def pull(self, replica: str) -> dict[str, list[dict[str, Any]]]:
        cursors: dict[str, int] = {}
        rows: dict[tuple[str, str], dict[str, Any]] = {}
        while True:
            page = self.json("POST", "/api/sync/pull", {"replica": replica, "limit": 40, "scopes": cursors})
            rows |= {(c["kind"], c["id"]): c["row"] for c in page["changes"]}
            cursors = page["scopes"]
            if not page["more"]:
                kinds: dict[str, list[dict[str, Any]]] = {}
                for (kind, _), row in rows.items():
                    kinds.setdefault(kind, []).append(row)
                return kinds

    def upload(self, data: bytes, cut: int) -> None:
        """tus: create, send a first piece, ask how far we are, send the rest."""
        digest = hashlib.sha256(data).hexdigest()
        tus = {"Tus-Resumable": "1.0.0"}
        meta = ",".join(
            f"{k} {base64.b64encode(v.encode()).decode()}"
            for k, v in (("sha256", digest), ("mime", "image/jpeg"))
        )
        status, headers, answer = self.call(
            "POST", "/api/tus", b"", tus | {"Upload-Length": str(len(data)), "Upload-Metadata": meta}
        )
        if status != 201:
            raise SystemExit(f"tus POST: {status} {answer.decode(errors='replace')[:300]}")
        place = {name.lower(): value for name, value in headers.items()}["location"].replace(self.url, "")
        for part in (data[:cut], data[cut:]):
            _, headers, _ = self.call("HEAD", place, None, tus)
            offset = {name.lower(): value for name, value in headers.items()}["upload-offset"]
            status, _, answer = self.call(
                "PATCH", place, part,
                tus | {"Upload-Offset": offset, "Content-Type": "application/offset+octet-stream"},
            )  # fmt: skip
            if status != 204:
                raise SystemExit(f"tus PATCH: {status} {answer.decode(errors='replace')[:300]}")


def answers_for(body: dict[str, Any]) -> list[dict[str, Any]]:
    """A sheet on which nothing is wrong, read from the checklist as it came over the wire."""
    sheet = []
    for section in body["sections"]:
        for item in section["items"]:
            how = item["scoring"]
            if item.get("auto_source"):
                continue
            answer: dict[str, Any] = {"item": item["code"]}
            match how["method"]:
                case "deduct" | "zero_if":
                    answer["counts"] = {}
                case "levels":
                    answer["level"] = how["levels"][0]["key"]
                case "yes_no":
                    answer["yes"] = True
                case "measure":
                    answer["value"] = how["thresholds"][0]["gte"]
                case other:
                    raise SystemExit(f"unknown method {other}")
            sheet.append(answer)
    return sheet


def main(url: str, folder: str) -> None:
    wire = Wire(url)
    device, replica = str(uuid.uuid4()), str(uuid.uuid4())
    signed = wire.json(
        "POST", "/api/session",
        {
            "name": "inspector", "password": "xuncun-demo",
            "device": {"id": device, "label": "journey", "platform": "script", "build": "1"},
        },
    )  # fmt: skip
    wire.token = signed["session"]
    hello = {"replica": replica, "device": device, "build": "1", "platform": "script"}
    assert wire.json("POST", "/api/sync/hello", hello)["last_seq"] == 0
    held = wire.pull(replica)
    going = next(one for one in held["round"] if one["stage"] == "started")
    pinned = next(one for one in going["checklists"] if one["code"] == "RE")
    checklist = next(one for one in held["checklist"] if one["sha256"] == pinned["sha256"])

    shots = [path.read_bytes() for path in sorted(Path(folder).glob("*.jpg"))[:8]]
    photos = [
        {
            "id": str(uuid.uuid4()), "sha256": hashlib.sha256(shot).hexdigest(), "size": len(shot),
            "mime": "image/jpeg", "width": 1600, "height": 1200, "taken_at": NOW,
            "position": {"lat": 39.97, "lng": 116.01, "accuracy": 8},
        }
        for shot in shots
    ]  # fmt: skip
    spots = [
        ("RE-1.1", "heavy", "村委会东侧", "成堆垃圾未清运", "minor", [0, 1]),
        ("RE-1.1", "each", "后街北口", "路面散落垃圾", "minor", [2]),
        ("RE-1.2", "each", "王家胡同三号院外", "柴草乱堆", "minor", [3]),
        ("RE-2.2", "each", "村口投放点", "垃圾桶满冒", "major", [4]),
        ("RE-4.3", "heavy", "小学门前", "井盖缺失", "critical", [5, 6]),
        ("RE-8.3", "each", "东沟涵洞", "泄洪通道堆物", "critical", [7]),
    ]
    sheet = answers_for(checklist["body"])
    by_item = {answer["item"]: answer for answer in sheet}
    for item, rule, place, text, severity, used in spots:
        answer = by_item[item]
        answer["counts"][rule] = answer["counts"].get(rule, 0) + 1
        answer.setdefault("findings", []).append(
            {
                "id": str(uuid.uuid4()), "place": place, "text": text, "rule": rule, "count": 1, "position": None,
                "photos": [photos[n]["id"] for n in used], "after": [], "action": "dispatch", "unit": VILLAGE,
                "severity": severity, "days": 3,
            }
        )  # fmt: skip
    command = {
        "id": str(uuid.uuid4()), "seq": 1, "verb": "inspection.submit", "v": 1, "at": NOW, "mono": 1, "boot": "x",
        "args": {
            "inspection": str(uuid.uuid4()), "round": going["id"], "village": VILLAGE,
            "checklist": {key: pinned[key] for key in ("code", "version", "sha256")},
            "inspectors": [signed["person"]["id"]], "started_at": NOW, "finished_at": NOW,
            "position": {"lat": 39.97, "lng": 116.01, "accuracy": 12}, "answers": sheet,
            "signature": {"name": "王书记", "photo": None, "refused": None}, "village_remarks": "", "photos": photos,
        },
    }  # fmt: skip
    push = {"replica": replica, "epoch": None, "now": NOW, "commands": [command]}
    first = wire.json("POST", "/api/sync/push", push)["results"][0]
    again = wire.json("POST", "/api/sync/push", push)["results"][0]
    if first["status"] != "applied" or again != first:
        raise SystemExit(json.dumps([first, again], ensure_ascii=False))
    asked = wire.json("POST", "/api/blobs/missing", {"sha256": [photo["sha256"] for photo in photos]})
    assert asked["missing"] == [photo["sha256"] for photo in photos], asked
    for shot in shots:
        wire.upload(shot, len(shot) // 3)
    asked = wire.json("POST", "/api/blobs/missing", {"sha256": [photo["sha256"] for photo in photos]})
    assert asked["missing"] == [], asked
    for photo, shot in zip(photos, shots, strict=True):
        _, _, back = wire.call("GET", f"/api/blobs/{photo['sha256']}")
        assert back == shot, "the bytes that came back are not the bytes that were sent"
    held = wire.pull(replica)
    print(
        json.dumps(
            {
                "inspection": command["args"]["inspection"], "score": first["data"]["score"],
                "tasks": [task["id"] for task in held["task"]],
                "states": sorted({photo["state"] for photo in held["photo"]}),
            },
            ensure_ascii=False,
        )
    )  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
