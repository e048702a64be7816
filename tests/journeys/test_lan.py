"""A tablet of the local network: it trusts the authority as its owner would, and works over HTTPS and without network."""

import os
import re
import select
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, Playwright, expect

from offline_sync.lan.authority import issue, open_authority, server_context
from offline_sync.lan.names import Names
from tests.journeys.flags import FLAGS

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ROOT = Path(__file__).parents[2]
STRANGE = "bank.example"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lan")


@pytest.fixture(scope="module")
def addresses(data: Path) -> Iterator[list[str]]:
    """`manage.py serve --lan`: what it says to open, the trust page first."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("XUNCUN_")}
    line = [
        "manage.py",
        "serve",
        "--lan",
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--trust-port",
        "0",
        "--data",
    ]
    process = subprocess.Popen(
        [sys.executable, *line, str(data)],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        assert process.stdout
        said = ""
        while "Ctrl+C" not in said:
            ready, _, _ = select.select([process.stdout], [], [], 60)
            chunk = process.stdout.readline() if ready else ""
            assert chunk, f"it stopped or hangs: {said}"
            said += chunk
        yield re.findall(r"https?://\S+", said)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


@pytest.fixture(scope="module")
def trusting(
    addresses: list[str], playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    """A Chromium whose owner has installed the certificate that the trust page hands out."""
    home = tmp_path_factory.mktemp("home")
    asking = playwright.request.new_context()
    certificate = home / "ca.crt"
    certificate.write_bytes(asking.get(f"{addresses[0]}xuncun-ca.crt").body())
    asking.dispose()
    store = f"sql:{home}/.pki/nssdb"
    (home / ".pki/nssdb").mkdir(parents=True)
    for told in (["-N", "--empty-password"], ["-A", "-t", "C,,", "-n", "xuncun", "-i", str(certificate)]):
        subprocess.run(["certutil", "-d", store, *told], check=True, capture_output=True, timeout=30)
    chromium = playwright.chromium.launch(
        executable_path="/usr/bin/chromium",
        env={**os.environ, "HOME": str(home)},
        args=[*FLAGS, f"--host-resolver-rules=MAP {STRANGE} 127.0.0.1"],
    )
    yield chromium
    chromium.close()


def served(page: Page) -> bool:
    return bool(page.evaluate("navigator.serviceWorker.controller !== null"))


def test_works_over_https_and_then_without_network(addresses: list[str], trusting: Browser) -> None:
    trust, tablet, desk = addresses[:3]
    assert trust.startswith("http://") and tablet == f"{desk}tablet/" and desk.startswith("https://")
    with trusting.new_context(locale="zh-CN", viewport={"width": 1180, "height": 820}) as context:
        context.set_default_timeout(60_000)
        page = context.new_page()
        page.goto(trust)
        page.get_by_role("link", name="打开平板端").click()
        page.wait_for_url(tablet)
        page.locator("input").nth(0).fill("inspector")
        page.locator("input[type=password]").fill("xuncun-demo")
        page.get_by_role("button", name="登录", exact=True).click()
        expect(page.locator("body")).to_contain_text("安家庄村")
        end = time.monotonic() + 60
        while not served(page) and time.monotonic() < end:
            page.wait_for_timeout(100)
        assert served(page)
        context.set_offline(True)
        page.reload()
        expect(page.locator("body")).to_contain_text("安家庄村")


def test_the_browser_holds_the_authority_to_its_limits(
    addresses: list[str], data: Path, trusting: Browser
) -> None:
    """A certificate for a public name, signed with the authority's own key: the tablet refuses it all the same."""
    assert addresses
    authority = open_authority(data / "tls", Names((), ("localhost",)))
    own = (data / "tls/server.pem").read_bytes()
    issue(authority, Names((), (STRANGE,)))
    context = server_context(authority)
    (data / "tls/server.pem").write_bytes(own)
    door = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    door.socket = context.wrap_socket(door.socket, server_side=True)
    threading.Thread(target=_answer, args=[door], daemon=True).start()
    with trusting.new_context() as visit, pytest.raises(Error, match="ERR_CERT"):
        visit.new_page().goto(f"https://{STRANGE}:{door.server_address[1]}/", timeout=60_000)
    door.server_close()


def _answer(door: HTTPServer) -> None:
    for _ in range(4):
        try:
            door.handle_request()
        except (OSError, ssl.SSLError, ValueError):
            return
