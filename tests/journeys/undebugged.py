"""A Chromium that nobody watches: with a debugger on it (Playwright puts one on every worker) it never counts a service
worker as idle, and the change from one build to the next then hangs at times as it does for no user.

A page of the test's own opens the tablet's windows and does what it is told through the server.
"""

import asyncio
import contextlib
import json
import queue
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from tests.journeys.flags import ALONE

_POLICY = {"Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-eval'"}
_ARGS = (
    "--headless=new --no-first-run --disable-popup-blocking"
    " --disable-background-timer-throttling --disable-renderer-backgrounding --disable-backgrounding-occluded-windows"
)
_SCRIPT = """
const Told = Object.getPrototypeOf(async () => {}).constructor;
const tabs = {};
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
(async () => {
  for (;;) {
    const { code } = await (await fetch("/driver/next")).json();
    if (!code) continue;
    let answer;
    try { answer = { value: (await new Told("tabs", "pause", code)(tabs, pause)) ?? null }; }
    catch (error) { answer = { error: String(error && error.stack || error) }; }
    await fetch("/driver/done", { method: "POST", body: JSON.stringify(answer) });
  }
})();
"""


class Driver:
    """Tells the page what to do. Windows have names; all of them are on screen at once."""

    def __init__(self) -> None:
        self._told: queue.Queue[str] = queue.Queue()
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self.routes = [
            Route("/driver", self._page),
            Route("/driver.js", self._script),
            Route("/driver/next", self._next),
            Route("/driver/done", self._done, methods=["POST"]),
        ]

    async def _page(self, _request: Request) -> Response:
        return HTMLResponse("<!doctype html><script src='/driver.js'></script>", headers=_POLICY)

    async def _script(self, _request: Request) -> Response:
        return Response(_SCRIPT, media_type="text/javascript")

    async def _next(self, request: Request) -> Response:
        for _ in range(100):
            with contextlib.suppress(queue.Empty):
                return JSONResponse({"code": self._told.get_nowait()})
            await asyncio.sleep(0.02)
            if await request.is_disconnected():  # the server waits for us when it is to end
                break
        return JSONResponse({"code": ""})

    async def _done(self, request: Request) -> Response:
        self._answers.put(json.loads(await request.body()))
        return Response(status_code=204)

    def run(self, code: str, within: float = 120) -> Any:
        """The value of an asynchronous function's body, run in the page."""
        self._told.put(code)
        answer = self._answers.get(timeout=within)
        assert "error" not in answer, answer
        return answer["value"]

    def until(self, true: str, within: float = 120) -> None:
        """Wait until an expression is true; what it throws in the middle of a reload counts as no."""
        end = time.monotonic() + within
        while not self.run(f"try {{ return Boolean({true}); }} catch {{ return false; }}"):
            assert time.monotonic() < end, f"never true: {true}"
            time.sleep(0.1)

    def open(self, name: str, path: str = "/tablet/") -> None:
        """A window of the tablet under its worker; untouched until it stands, as a document's first moment is not its own."""
        self.run(
            f"tabs.{name} = window.open({path!r}, {name!r}, 'popup,width=900,height=700'); await pause(500);"
        )
        self.until(
            f"tabs.{name}.document.readyState === 'complete' && tabs.{name}.location.pathname === {path!r}"
        )
        self.until(f"tabs.{name}.document.querySelector('#app > :not(.opening, noscript)')")
        self.until(f"tabs.{name}.navigator.serviceWorker.controller")

    def build(self, name: str) -> str:
        """The build that a window shows."""
        return str(self.run(f"return tabs.{name}.document.querySelector('meta[name=build]').content;"))

    def becomes(self, name: str, build: str) -> None:
        """Wait until the window shows this build, and its worker is the only one left."""
        self.until(f"tabs.{name}.document.querySelector('meta[name=build]').content === {build!r}")
        self.until(f"tabs.{name}.navigator.serviceWorker.controller.state === 'activated'")

    def way(self, name: str, place: str) -> None:
        """From one screen to another."""
        self.run(f"tabs.{name}.location.hash = {place!r};")

    def look(self) -> str:
        """Ask the server for a newer build; what became of it ("" when there was none)."""
        # Asked again where an older look is still under way: the browser answers both with what that one found.
        return str(
            self.run(
                """const there = await navigator.serviceWorker.getRegistration("/tablet/");
                for (let turn = 0; turn < 30; turn++) {
                  await there.update();
                  const coming = there.installing ?? there.waiting;
                  if (coming?.state === "installing") await new Promise((done) => coming.onstatechange = done);
                  if (coming) return coming.state;
                  await pause(100);
                }
                return "";"""
            )
        )


@contextlib.contextmanager
def driving(driver: Driver, address: str, profile: Path) -> Iterator[Driver]:
    """Chromium with the driver's page at this address, a profile of its own and no debugger."""
    line = ["/usr/bin/chromium", *ALONE, *_ARGS.split(), f"--user-data-dir={profile}", f"{address}/driver"]
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert driver.run("return 'here';") == "here"
        yield driver
    finally:
        process.kill()
        process.wait(10)
