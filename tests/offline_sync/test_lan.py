"""The local network's certificates: a chain that verifies, limits that hold, renewal without trusting anew, words for people."""

import asyncio
import hashlib
import plistlib
import socket
import ssl
import stat
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from offline_sync.lan import serve
from offline_sync.lan.authority import LanError, due, issue, open_authority, outside, server_context
from offline_sync.lan.names import Names, own_names
from offline_sync.lan.serve import Lan
from offline_sync.lan.trust import mobileconfig, trust_app
from villages.shield import Shield

NAMES = Names((ip_address("192.168.1.5"), ip_address("127.0.0.1")), ("station", "station.local", "localhost"))


def handshake(context: ssl.SSLContext, trusted: x509.Certificate, name: str) -> dict[str, object]:
    """A TLS handshake in memory with somebody who trusts `trusted` only and wants `name`; the server's certificate."""
    client = ssl.create_default_context(cadata=trusted.public_bytes(Encoding.PEM).decode())
    here, there = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = client.wrap_bio(here, there, server_hostname=name)
    answering = context.wrap_bio(there, here, server_side=True)
    done = set()
    for _ in range(10):
        for side in (asking, answering):
            try:
                side.do_handshake()
                done.add(side)
            except ssl.SSLWantReadError:
                continue
    assert len(done) == 2
    told = asking.getpeercert()
    assert told
    return dict(told)


@pytest.mark.parametrize("name", ["192.168.1.5", "127.0.0.1", "station", "station.local", "localhost"])
def test_whoever_trusts_the_authority_trusts_the_server(tmp_path: Path, name: str) -> None:
    authority = open_authority(tmp_path / "tls", NAMES)
    issue(authority, NAMES)
    told = handshake(server_context(authority), authority.certificate, name)
    assert set(told["subjectAltName"]) == {  # type: ignore[call-overload]
        ("IP Address", "192.168.1.5"), ("IP Address", "127.0.0.1"),
        ("DNS", "station"), ("DNS", "station.local"), ("DNS", "localhost"),
    }  # fmt: skip


def test_by_another_name_it_is_not_ours(tmp_path: Path) -> None:
    authority = open_authority(tmp_path, NAMES)
    issue(authority, NAMES)
    with pytest.raises(ssl.SSLCertVerificationError, match="IP address mismatch"):
        handshake(server_context(authority), authority.certificate, "192.168.1.6")
    stranger = open_authority(tmp_path / "other", NAMES)
    with pytest.raises(ssl.SSLCertVerificationError, match="verify failed"):
        handshake(server_context(authority), stranger.certificate, "localhost")


@pytest.mark.parametrize("name", ["example.com", "8.8.8.8", "bank.example"])
def test_the_authority_vouches_for_no_public_name(tmp_path: Path, name: str) -> None:
    """Whoever stole its key could not play a bank: browsers keep to the limits in it."""
    authority = open_authority(tmp_path, NAMES)
    public = Names((ip_address(name),), ()) if name[0].isdigit() else Names((), (name,))
    assert outside(authority, public) == [name]
    issue(authority, public)
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        handshake(server_context(authority), authority.certificate, name)


def test_a_public_address_of_its_own_is_within_its_limits(tmp_path: Path) -> None:
    names = Names((ip_address("203.0.113.7"),), ("gate.example.org",))
    authority = open_authority(tmp_path, names)
    assert outside(authority, names) == []
    issue(authority, names)
    assert handshake(server_context(authority), authority.certificate, "203.0.113.7")
    assert outside(authority, Names((ip_address("203.0.113.8"),), ("example.org",))) == [
        "example.org",
        "203.0.113.8",
    ]


def test_only_the_owner_reads_the_keys(tmp_path: Path) -> None:
    authority = open_authority(tmp_path / "tls", NAMES)
    issue(authority, NAMES)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "tls").iterdir()}
    assert modes == {"authority.pem": 0o600, "server.pem": 0o600}
    assert stat.S_IMODE((tmp_path / "tls").stat().st_mode) == 0o700
    assert b"PRIVATE" not in authority.der and b"PRIVATE" not in mobileconfig(authority)


def test_the_server_changes_and_the_authority_stays(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    first = open_authority(tmp_path, NAMES)
    old = issue(first, NAMES)
    again = open_authority(
        tmp_path, Names(NAMES.addresses, ("renamed", "localhost")), now + timedelta(days=400)
    )
    new = issue(again, NAMES)
    assert again.fingerprint == first.fingerprint and old.serial_number != new.serial_number
    assert handshake(server_context(again), first.certificate, "192.168.1.5")
    for certificate in (old, new):
        lives = certificate.not_valid_after_utc - certificate.not_valid_before_utc
        assert lives <= timedelta(days=397)


def test_two_starts_at_once_found_one_authority(tmp_path: Path) -> None:
    ready, found = threading.Barrier(8), []

    def start() -> None:
        ready.wait()
        found.append(open_authority(tmp_path, NAMES).fingerprint)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and len(set(found)) == 1


def test_when_a_new_certificate_is_due(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    certificate = issue(open_authority(tmp_path, NAMES), NAMES, now)
    moved = Names((ip_address("192.168.1.77"), *NAMES.addresses[1:]), NAMES.hosts)
    assert not due(certificate, NAMES, now + timedelta(days=365))
    assert due(certificate, NAMES, now + timedelta(days=367))
    assert due(certificate, moved, now)
    assert not due(certificate, Names(NAMES.addresses[:1], ()), now), "a name less needs none"


@pytest.mark.parametrize("spoilt", [b"", b"nonsense", "half"])
def test_a_broken_authority_is_told_and_left_alone(tmp_path: Path, spoilt: bytes | str) -> None:
    open_authority(tmp_path, NAMES)
    file = tmp_path / "authority.pem"
    content = file.read_bytes()[:200] if isinstance(spoilt, str) else spoilt
    file.write_bytes(content)
    with pytest.raises(LanError, match="根证书文件读不出来"):
        open_authority(tmp_path, NAMES)
    assert file.read_bytes() == content


def test_an_authority_that_is_over_is_told(tmp_path: Path) -> None:
    open_authority(tmp_path, NAMES)
    with pytest.raises(LanError, match="已过期"):
        open_authority(tmp_path, NAMES, datetime.now(UTC) + timedelta(days=3653))


def test_own_names_lead_back_to_this_machine() -> None:
    names = own_names(["10.1.2.3", "Station.Local"])
    assert str(names.addresses[0]) == "10.1.2.3" and names.hosts[0] == "station.local"
    assert {"localhost"} <= set(names.hosts) and ip_address("127.0.0.1") in names.addresses
    for address in names.addresses[1:]:
        with socket.socket() as door:
            door.bind((str(address), 0))  # refused for an address that is not ours


class Served:
    """A Lan on doors of its own, running in a thread."""

    def __init__(self, folder: Path) -> None:
        self.said: list[str] = []
        self.lan = Lan(folder, ("127.0.0.1", 0, 0), self.said.append)

        async def here(request: Request) -> PlainTextResponse:
            return PlainTextResponse(str(request.base_url))

        self.app = Starlette(routes=[Route("/", here)])
        self.app.add_middleware(Shield)
        self.main = serve._Server(serve._config(self.app), self.lan.context)
        self.thread = threading.Thread(target=lambda: asyncio.run(self.lan._serve(self.main)), daemon=True)
        # The signals belong to the tests' own main thread.
        self.main.capture_signals = serve._Quiet(self.main.config).capture_signals  # type: ignore[method-assign]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    made = Served(tmp_path)
    made.thread.start()
    yield made
    made.main.should_exit = True
    made.thread.join(10)
    assert not made.thread.is_alive()


def _serial(served: Served) -> str:
    trusted = served.lan.authority.certificate.public_bytes(Encoding.PEM).decode()
    context = ssl.create_default_context(cadata=trusted)
    with (
        socket.create_connection(("127.0.0.1", served.lan.port), 5) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
    ):
        told = secure.getpeercert()
        assert told
        return str(told["serialNumber"])


async def test_two_doors_and_a_renewal_under_way(served: Served) -> None:
    lan = served.lan
    trust = ssl.create_default_context(cadata=lan.authority.certificate.public_bytes(Encoding.PEM).decode())
    async with httpx2.AsyncClient(verify=trust) as client:
        secure = await client.get(f"https://127.0.0.1:{lan.port}/")
        plain = await client.get(f"http://127.0.0.1:{lan.trust_port}/anything", follow_redirects=True)
    assert secure.text == f"https://127.0.0.1:{lan.port}/"
    assert "strict-transport-security" not in secure.headers
    assert "让平板信任本服务器" in plain.text and "xuncun-demo" not in plain.text
    before = await asyncio.to_thread(_serial, served)
    assert not lan.renew()
    assert lan.renew(datetime.now(UTC) + timedelta(days=370))
    assert await asyncio.to_thread(_serial, served) != before


def test_a_taken_port_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit, match=f"端口 {port} 打不开"):
            Lan(tmp_path, ("127.0.0.1", port, 0), print)


def test_a_new_address_is_taken_up_and_one_outside_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(serve, "own_names", lambda _more: NAMES)
    lan = Lan(tmp_path, ("127.0.0.1", 0, 0), said.append)
    assert lan.address == f"https://192.168.1.5:{lan.port}"
    moved = Names((ip_address("192.168.9.9"), ip_address("198.51.100.4")), NAMES.hosts)
    monkeypatch.setattr(serve, "own_names", lambda _more: moved)
    assert lan.renew() and not lan.renew()
    assert lan.address == f"https://192.168.9.9:{lan.port}"
    assert [line for line in said if "198.51.100.4" in line and "不能为它作证" in line] == said[:1]
    assert any(lan.address in line for line in said[1:])


async def test_the_page_hands_out_the_certificate_and_nothing_else(tmp_path: Path) -> None:
    authority = open_authority(tmp_path, NAMES)
    app = trust_app(authority, lambda: NAMES, 8443)
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://192.168.1.5:8000") as client:
        page = await client.get("/")
        plain = await client.get("/xuncun-ca.crt")
        profile = await client.get("/xuncun.mobileconfig")
        spoofed = await client.get("/", headers={"host": "evil.example"})
        for path in ("/api/session", "/sign-in", "/tablet/", "/data/tls/authority.pem", "/static/../app.py"):
            answer = await client.get(path)
            assert answer.status_code in (307, 404), path
        ipad = await client.get("/", headers={"user-agent": "Mozilla/5.0 (Macintosh; Intel Mac OS X) Safari"})
    assert plain.headers["content-type"] == "application/x-x509-ca-cert"
    assert plain.content == authority.der
    assert hashlib.sha256(plain.content).hexdigest().upper() == authority.fingerprint.replace(":", "")
    assert profile.headers["content-type"] == "application/x-apple-aspen-config"
    wrapped = plistlib.loads(profile.content)["PayloadContent"][0]
    assert (wrapped["PayloadType"], wrapped["PayloadContent"]) == ("com.apple.security.root", authority.der)
    assert mobileconfig(authority) == profile.content
    for word in (authority.fingerprint, "https://192.168.1.5:8443/tablet/", "安卓", "iPad", "华为"):
        assert word in page.text
    assert "evil.example:8443" not in spoofed.text and "https://192.168.1.5:8443/" in spoofed.text
    assert page.text.count("<svg") >= 12 and page.text.count("<details open>") == 0
    assert ipad.text.count("<details open>") == 1
