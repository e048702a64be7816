"""What every answer carries against other people's pages, and how fast one address may knock."""

import json
import time
from collections import OrderedDict

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from villages.ground.problems import Problem

POLICY = (
    b"default-src 'self'; img-src 'self' data: blob:; style-src 'self'; script-src 'self'; connect-src 'self';"
    b" object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# A browser shows a PDF by a plug-in of its own, which the pages' policy would forbid; a PDF of ours has no script.
PDF_POLICY = b"frame-ancestors 'none'"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(self), microphone=(), payment=()",
}
_EVERYWHERE = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
# Doors where guessing pays: knocks a minute and address. The lock-out by name stands behind them.
GUARDED = {"/api/session": 60, "/api/enrol": 30, "/sign-in": 60, "/verify/": 240}
REMEMBERED = 5000


_LOCAL = (".local", ".lan", ".internal", ".home.arpa", ".localhost")


def _public(scope: Scope) -> bool:
    """True for a name of the public net. A local one must not bind browsers to HTTPS for a year: on the same machine
    the page that explains our certificate stands on plain HTTP."""
    host = Headers(scope=scope).get("host", "").partition(":")[0].lower()
    return host.rpartition(".")[2].isalpha() and "." in host and not host.endswith(_LOCAL)


class Shield:
    """ASGI middleware: security headers on every answer, a bounded knock counter on the guarded doors."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._knocks: OrderedDict[tuple[str, str], tuple[float, int]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower(): value for name, value in message["headers"]}
                pdf = given.get(b"content-type", b"").startswith(b"application/pdf")
                ours = [*_EVERYWHERE, (b"content-security-policy", PDF_POLICY if pdf else POLICY)]
                if scope["scheme"] == "https" and _public(scope):
                    ours.append((b"strict-transport-security", b"max-age=31536000"))
                if not scope["path"].startswith("/static/"):
                    ours.append((b"cache-control", b"no-store"))
                more = [(name, value) for name, value in ours if name not in given]
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            # Nothing is called so, and PostgreSQL chokes on it.
            await self._turn_away(scope, Problem("not_found"), answer)
            return
        wait = self._knock(scope)
        if wait:
            more = (b"retry-after", str(wait).encode())
            await self._turn_away(scope, Problem("too_many", seconds=wait), answer, more)
            return
        await self.app(scope, receive, answer)

    def _knock(self, scope: Scope) -> int:
        path: str = scope["path"]
        door = next(
            (door for door in GUARDED if path == door or (door.endswith("/") and path.startswith(door))), ""
        )
        if not door or scope["method"] in ("HEAD", "OPTIONS"):
            return 0
        key = (door, scope["client"][0] if scope.get("client") else "")
        now = time.monotonic()
        began, count = self._knocks.pop(key, (now, 0))
        if now - began >= 60:
            began, count = now, 0
        self._knocks[key] = (began, count + 1)
        while len(self._knocks) > REMEMBERED:
            self._knocks.popitem(last=False)
        return int(61 - (now - began)) if count >= GUARDED[door] else 0

    async def _turn_away(
        self, scope: Scope, problem: Problem, send: Send, *more: tuple[bytes, bytes]
    ) -> None:
        """A sentence for people; for programs the JSON that every other refusal of the wire has."""
        program = scope["path"].startswith("/api/") or "authorization" in Headers(scope=scope)
        body = json.dumps(problem.body()).encode() if program else problem.sentence.encode()
        kind = b"application/json" if program else b"text/plain; charset=utf-8"
        headers = [(b"content-type", kind), *more]
        await send({"type": "http.response.start", "status": problem.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
