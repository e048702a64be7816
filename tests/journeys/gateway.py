"""A gateway between a tablet and the server, as a district's network has one: it can fall ill and be well again."""

import gzip
import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

GZIP = b"\x1f\x8b"
HOP = {"connection", "keep-alive", "transfer-encoding", "upgrade"}


class Gateway(ThreadingHTTPServer):
    """Passes everything on as it came. `ill`: requests below `where` get this status and a gateway's words instead."""

    daemon_threads = True
    ill = 0
    where = "/api/"
    refused = 0

    def __init__(self, server: str) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        self.behind = urlsplit(server).netloc
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.bearers: list[str] = []  # the sessions that were seen, in the order in which they came
        self.pushed: list[dict[str, Any]] = []  # bodies of pushes

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that hangs up is no news."""


class _Passing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Gateway

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if bearer and bearer not in self.server.bearers:
            self.server.bearers.append(bearer)
        if self.path == "/api/sync/push":
            self.server.pushed.append(json.loads(gzip.decompress(body) if body[:2] == GZIP else body))
        if self.server.ill and self.path.startswith(self.server.where):
            self.server.refused += 1
            self._answer(self.server.ill, [("Content-Type", "text/html")], b"<h1>Internal Server Error</h1>")
            return
        line = http.client.HTTPConnection(self.server.behind, timeout=60)
        try:
            line.request(self.command, self.path, body or None, dict(self.headers.items()))
            told = line.getresponse()
            kept = [(name, value) for name, value in told.getheaders() if name.lower() not in HOP]
            self._answer(told.status, kept, told.read())
        finally:
            line.close()

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() != "content-length":
                self.send_header(name, value)
        length = next((value for name, value in headers if name.lower() == "content-length"), str(len(body)))
        if status not in (204, 304):
            self.send_header("Content-Length", length if self.command == "HEAD" else str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _pass

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def gateway(server: str) -> Iterator[Gateway]:
    """A gateway before this server on a port of its own."""
    made = Gateway(server)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    try:
        yield made
    finally:
        made.shutdown()
        made.server_close()
