"""A person's tablet as the wire sees it: signs in, pulls, pushes commands in order, hands in photos by tus."""

import base64
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from offline_sync.demo.link import Answer, DemoError, Link

TUS = {"Tus-Resumable": "1.0.0"}
BYTES = "application/offset+octet-stream"
PIECES = 8  # tries to hand in a photo that was cut

Row = dict[str, Any]
Command = dict[str, Any]
Verdict = dict[str, Any]


class Tablet:
    """One person on one device. Between runs it remembers nothing: the server does."""

    def __init__(self, link: Link, name: str, title: str, seed: str) -> None:
        self.link = link
        self.name = name
        self.title = title
        self.device = str(uuid5(NAMESPACE_URL, f"xuncun-demo/{seed}/{name}"))
        self.person = ""
        self.replica = ""
        self.seq = 0
        self.epoch: str | None = None
        self.cursors: dict[str, int] = {}
        self.rows: dict[tuple[str, str], Row] = {}
        self.server_time = ""
        self._auth: dict[str, str] = {}

    def sign_in(self, password: str) -> bool:
        """False when the password is not the right one. Raises DemoError when the account cannot sign in."""
        device = {"id": self.device, "label": f"演示平板 {self.name}", "platform": "演示", "build": "demo"}
        told = {"name": self.name, "password": password, "device": device}
        answer = self.link.send("POST", "/api/session", told, again=False)
        if answer.status == 401 and answer.json().get("error") == "wrong_password":
            return False
        body = self._good(answer, f"用户 {self.name} 登录").json()
        self._auth = {"Authorization": f"Bearer {body['session']}"}
        self.person, self.server_time = body["person"]["id"], body["server_time"]
        return True

    def sign_out(self) -> None:
        """End the session; nothing is left to hand in."""
        if self._auth:
            self.link.call("DELETE", "/api/session", headers=self._auth)

    def begin(self, replica: str) -> None:
        """Hello: learn how far this replica came."""
        self.replica = replica
        told = {"replica": replica, "device": self.device, "build": "demo", "platform": "演示"}
        answer = self._good(self.link.send("POST", "/api/sync/hello", told, self._auth), "平板报到")
        self.seq = int(answer.json()["last_seq"])

    def pull(self) -> None:
        """Everything new in every scope held, page by page."""
        while True:
            told = {"replica": self.replica, "epoch": self.epoch, "limit": 500, "scopes": self.cursors}
            page = self._good(self.link.send("POST", "/api/sync/pull", told, self._auth), "下载").json()
            self.epoch = page["epoch"]
            for change in page["changes"]:
                key = (change["kind"], change["id"])
                if change["rev"] >= self.rows.get(key, {"rev": 0})["rev"]:
                    self.rows[key] = {**change["row"], "rev": change["rev"], "scope": change["scope"]}
            self.rows = {key: row for key, row in self.rows.items() if row["scope"] not in page["drop"]}
            self.cursors = page["scopes"]
            if not page["more"]:
                return

    def of(self, kind: str) -> list[Row]:
        """The rows of one kind."""
        return [row for (held, _), row in self.rows.items() if held == kind]

    def push(self, commands: list[Command]) -> list[Verdict]:
        """The verdicts, in order. What the server has already keeps its old number, so the rest is numbered anew."""
        verdicts: list[Verdict] = []
        stuck = 0
        while len(verdicts) < len(commands):
            rest = commands[len(verdicts) :]
            numbered = [{**one, "seq": self.seq + place} for place, one in enumerate(rest, 1)]
            told = {"replica": self.replica, "epoch": self.epoch, "now": None, "commands": numbered}
            answer = self.link.send("POST", "/api/sync/push", told, self._auth)
            body = answer.json()
            if answer.status not in (200, 409, 500) or "results" not in body:
                self._good(answer, "上传")
            verdicts += body["results"]
            moved = bool(body["results"]) or body["last_seq"] != self.seq
            self.seq = body["last_seq"]
            stuck = 0 if moved else stuck + 1
            if body.get("error") == "id_reuse":
                raise DemoError(
                    f"{self.name} 的一条操作与服务器上已有的不同（程序、字体或依赖换过版本）。请换一个 --seed 再演。"
                )
            if stuck > 3:
                self._good(answer, "上传")
        return verdicts

    def preview(self, sha256: str, data: bytes) -> None:
        """A small picture ahead of the original."""
        path = f"/api/blobs/{sha256}/preview"
        told = {**self._auth, "Content-Type": "image/jpeg"}
        self._good(self.link.call("PUT", path, data, told), "预览图")

    def upload(self, sha256: str, data: bytes, cut: bool = False) -> None:
        """A photo by tus: in one request, or cut half-way and taken up again."""
        kept = ",".join(f"{key} {_b64(value)}" for key, value in (("sha256", sha256), ("mime", "image/jpeg")))
        told = {**self._auth, **TUS, "Upload-Length": str(len(data)), "Upload-Metadata": kept}
        if not cut:
            answer = self.link.call("POST", "/api/tus", data, {**told, "Content-Type": BYTES})
            if answer.headers.get("upload-offset") == str(len(data)):
                return
            if answer.status != 409:
                self._good(answer, "照片上传")
        else:
            self._good(self.link.call("POST", "/api/tus", b"", told), "照片上传")
            start = {**self._auth, **TUS, "Upload-Offset": "0", "Content-Type": BYTES}
            self.link.cut("PATCH", f"/api/tus/{sha256}", data, start, len(data) * 3 // 5)
        self._resume(sha256, data)

    def _resume(self, sha256: str, data: bytes) -> None:
        path = f"/api/tus/{sha256}"
        for _ in range(PIECES):
            answer = self._good(self.link.call("HEAD", path, headers={**self._auth, **TUS}), "照片续传")
            offset = int(answer.headers["upload-offset"])
            if offset == len(data):
                return
            told = {**self._auth, **TUS, "Upload-Offset": str(offset), "Content-Type": BYTES}
            answer = self.link.call("PATCH", path, data[offset:], told)
            if answer.status not in (204, 409):
                self._good(answer, "照片续传")
        raise DemoError(f"照片 {sha256[:12]} 续传 {PIECES} 次仍未成功；请再运行同样的命令。")

    def _good(self, answer: Answer, what: str) -> Answer:
        if answer.status >= 400:
            told = answer.message or f"状态 {answer.status}"
            raise DemoError(f"{what}没有成功（{self.name}，{self.link.url}）：{told}")
        return answer


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
