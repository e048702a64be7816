"""A page with the tablet's stores and camera, served over a port of its own, and a Chromium that can be killed."""

import functools
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Playwright, sync_playwright

from tests.journeys.flags import ALONE

ROOT = Path(__file__).parents[2]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class Chromium:
    """A Chromium with a profile of its own, started apart from playwright so that it can be killed like by a dead battery."""

    def __init__(self, playwright: Playwright, profile: Path, url: str) -> None:
        self.playwright, self.profile, self.url = playwright, profile, url
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Page:
        """Start and open the page."""
        port_file = self.profile / "DevToolsActivePort"
        port_file.unlink(missing_ok=True)
        self._process = subprocess.Popen(
            ["/usr/bin/chromium", "--headless=new", *ALONE, "--remote-debugging-port=0",
             f"--user-data-dir={self.profile}", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        for _ in range(2400):
            if port_file.exists() and "\n" in port_file.read_text():
                break
            time.sleep(0.05)
        port = port_file.read_text().split()[0]
        browser = self.playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
        page = browser.contexts[0].pages[0]
        page.goto(self.url)
        return page

    def kill(self) -> None:
        """SIGKILL to every process of it."""
        if self._process and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)

    def memory(self) -> int:
        """Bytes that its largest process holds now."""
        assert self._process
        held = 0
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                if os.getpgid(int(status.parent.name)) == self._process.pid:
                    lines = dict(
                        line.split(":", 1) for line in status.read_text().splitlines() if ":" in line
                    )
                    held = max(held, int(lines.get("VmRSS", "0 kB").split()[0]) * 1024)
            except (ProcessLookupError, FileNotFoundError):
                continue
        return held


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """(address, folder) of the page; files put into the folder can be fetched."""
    if not shutil.which("node"):
        pytest.skip("no node")
    folder = tmp_path_factory.mktemp("site")
    subprocess.run(
        ["node_modules/.bin/esbuild", "tests/tablet/keep-page.ts", "--bundle", "--format=iife", "--target=chrome99",
         f"--outfile={folder}/page.js", "--log-level=warning"],
        cwd=ROOT, check=True,
    )  # fmt: skip
    (folder / "index.html").write_text(
        "<!doctype html><meta charset=utf-8><title>t</title><input type=file><script src=page.js></script>"
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", folder
    server.shutdown()


@pytest.fixture(scope="module")
def chromium(site: tuple[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """Not yet started."""
    with sync_playwright() as playwright:
        browser = Chromium(playwright, tmp_path_factory.mktemp("profile"), site[0])
        yield browser
        browser.kill()
