"""One keep-alive connection to the server: patient with broken lines, deaf once the play is to stop."""

import http.client
import json
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

SECONDS = 90.0
TRIES = 6
IDLE = 2.0  # the server hangs up after five idle seconds; a form must not meet that
_BUSY = (423, 502, 503, 504)


class DemoError(Exception):
    """The play cannot go on; the text is one line saying what, where and what to do."""


class Stopped(Exception):
    """The play was asked to stop."""


@dataclass(frozen=True)
class Answer:
    """What the server said. `headers` have lower-case names."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON; {} when it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return {}

    @property
    def message(self) -> str:
        """The sentence of a refusal."""
        told = self.json()
        return str(told.get("message", "")) if isinstance(told, dict) else ""


class Link:
    """A connection of one thread. `stopping` set: the next call raises Stopped."""

    def __init__(self, url: str, stopping: threading.Event) -> None:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise DemoError(f"地址“{url}”看不懂；请写成 http://127.0.0.1:8000 这样。")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        try:
            self.line = kind(parts.hostname, parts.port, timeout=SECONDS)
        except (ValueError, http.client.InvalidURL) as error:
            raise DemoError(f"地址“{url}”看不懂：{error}。") from error
        self.url = f"{parts.scheme}://{parts.netloc}"
        self.prefix = parts.path.rstrip("/")
        self.stopping = stopping
        self.used = 0.0

    def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        *,
        again: bool = True,
    ) -> Answer:
        """One request; with `again` it is repeated while the line breaks or the server is busy.

        Raises DemoError when the server stays out of reach, Stopped when the play is to end.
        """
        for attempt in range(TRIES):
            if self.stopping.is_set():
                raise Stopped
            try:
                answer = self._once(method, path, body, headers or {})
            except (OSError, http.client.HTTPException) as error:
                self.close()
                if not again or attempt == TRIES - 1:
                    raise self._unreachable(error) from error
            else:
                if not (again and answer.status in _BUSY) or attempt == TRIES - 1:
                    return answer
            self.stopping.wait(0.2 * 2**attempt)
        raise AssertionError("the last try returns or raises")

    def send(
        self, method: str, path: str, value: Any, headers: dict[str, str] | None = None, *, again: bool = True
    ) -> Answer:
        """`call` with a JSON body."""
        told = {"Content-Type": "application/json", **(headers or {})}
        return self.call(method, path, json.dumps(value, ensure_ascii=False).encode(), told, again=again)

    def cut(self, method: str, path: str, body: bytes, headers: dict[str, str], after: int) -> None:
        """Begin a request and hang up after that many bytes of its body, as a mountain road does."""
        if self.stopping.is_set():
            raise Stopped
        self.close()
        try:
            self.line.putrequest(method, self.prefix + path)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.line.putheader(name, value)
            self.line.endheaders(body[:after])
            time.sleep(0.05)  # let what was sent arrive before the line goes dead
        except OSError as error:
            raise self._unreachable(error) from error
        finally:
            self.close()

    def close(self) -> None:
        """Hang up; the next call connects anew."""
        self.line.close()

    def _once(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        if time.monotonic() - self.used > IDLE:
            self.line.close()
        self.line.request(method, self.prefix + path, body, headers)
        response = self.line.getresponse()
        answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        self.used = time.monotonic()
        return answer

    def _unreachable(self, error: Exception) -> DemoError:
        return DemoError(
            f"连不上 {self.url}（{error or type(error).__name__}）。请确认服务已启动（./dev serve），再运行同样的命令。"
        )
