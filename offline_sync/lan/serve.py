"""`serve --lan`: the application over HTTPS on the local network, the trust page over HTTP, certificates kept fresh."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp

from offline_sync.lan.authority import (
    Authority,
    LanError,
    due,
    issue,
    open_authority,
    outside,
    server_context,
)
from offline_sync.lan.names import Names, own_names
from offline_sync.lan.trust import shown_host, trust_app
from villages.ground.settings import Settings

EVERY = 60  # seconds between two looks at the addresses and the calendar
Say = Callable[[str], None]


def serve_lan(
    make_app: Callable[[Settings], Starlette],
    settings: Settings,
    doors: tuple[str, int, int],
    say: Say,
    say_more: Callable[[], None],
) -> None:
    """Open `doors` (host, port of HTTPS, port of the trust page), say where, serve until stopped.

    Raises SystemExit with a sentence when a port or the certificates cannot be had.
    """
    try:
        lan = Lan(settings.data / "tls", doors, say)
    except LanError as error:
        raise SystemExit(str(error)) from error
    app = make_app(settings)
    say("\n巡村已启动（局域网）")
    lan.greet()
    if settings.public_url not in ("", lan.address):
        say(f"打印和登记用的码   指向已设定的 {settings.public_url}，请确认平板和手机也打得开它")
    say_more()
    lan.run(app)


class Lan:
    """One start on the local network: its certificates, its two doors."""

    def __init__(self, folder: Path, doors: tuple[str, int, int], say: Say) -> None:
        """Open the doors and make the server's certificate. Raises LanError or SystemExit with a sentence."""
        self.say = say
        host, port, trust_port = doors
        self._more = [] if host in ("", "0.0.0.0", "::") else [host]  # noqa: S104 - every card of this machine
        names = own_names(self._more)
        if names.addresses[0].is_loopback and not self._more:
            say("没有找到局域网地址，请检查网线或无线网络；现在只有本机能打开，连上网后一分钟内自动补上。")
        self.authority: Authority = open_authority(folder, names)
        self._told: set[str] = set()
        self.names = self._within(names)
        self.certificate = issue(self.authority, self.names)
        self.context: ssl.SSLContext = server_context(self.authority)
        bound = host if self._more else "0.0.0.0"  # noqa: S104 - the point of it
        self.doors = [_open(bound, port), _open(bound, trust_port)]
        self.port, self.trust_port = (int(door.getsockname()[1]) for door in self.doors)

    @property
    def address(self) -> str:
        """Where the application is, for people and tablets."""
        return f"https://{shown_host(self.names)}:{self.port}"

    def _within(self, names: Names) -> Names:
        """The names that the authority may vouch for; the others are told once each."""
        strange = set(outside(self.authority, names))
        for name in sorted(strange - self._told):
            self.say(
                f"根证书建立时还没有 {name}，不能为它作证，请用其他地址打开；一定要用它，就移走"
                f" {self.authority.folder / 'authority.pem'} 后重新启动，每台平板再信任一次。"
            )
        self._told |= strange
        return names.without(strange)

    def renew(self, now: datetime | None = None) -> bool:
        """A new certificate when it is due; open connections keep theirs, new ones get the new one. True when made."""
        names = self._within(own_names(self._more))
        if not due(self.certificate, names, now or datetime.now(UTC)):
            return False
        before = self.address
        self.certificate = issue(self.authority, names)
        self.context.load_cert_chain(self.authority.server_file)
        self.names = names
        if self.address != before:
            self.say(f"本机地址已变为   {self.address}/tablet/")
        return True

    async def keep_fresh(self) -> None:
        """Look every minute, for as long as the server runs."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                await asyncio.to_thread(self.renew)
            except OSError as error:  # a full disk must not stop the server; the old certificate still holds
                self.say(f"服务器证书没有换成：{error}")

    def greet(self) -> None:
        """Which addresses to open, and what to compare."""
        trust = f"http://{shown_host(self.names)}:{self.trust_port}/"
        self.say(f"平板第一次使用   {trust}   （按图信任本服务器，每台一次）")
        self.say(f"以后平板打开     {self.address}/tablet/")
        self.say(f"电脑、手机打开   {self.address}/")
        self.say(f"根证书指纹       {self.authority.fingerprint}")

    def run(self, app: Starlette) -> None:
        """Serve until stopped by a signal."""
        main = _Server(_config(app), self.context)
        with asyncio.Runner(loop_factory=main.config.get_loop_factory()) as runner:
            runner.run(self._serve(main))

    async def _serve(self, main: uvicorn.Server) -> None:
        trust = _Quiet(_config(trust_app(self.authority, lambda: self.names, self.port), lifespan="off"))
        helpers = [
            asyncio.create_task(self.keep_fresh()),
            asyncio.create_task(trust.serve(sockets=[self.doors[1]])),
        ]
        try:
            await main.serve(sockets=[self.doors[0]])
        finally:
            trust.should_exit = True
            helpers[0].cancel()
            await asyncio.gather(*helpers, return_exceptions=True)


class _Server(uvicorn.Server):
    """Serves with a TLS context that can be given a newer certificate while it runs."""

    def __init__(self, config: uvicorn.Config, context: ssl.SSLContext) -> None:
        super().__init__(config)
        config.load()
        config.ssl = context


class _Quiet(uvicorn.Server):
    """A server beside the main one, which alone hears the signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(app: ASGIApp, lifespan: str = "on") -> uvicorn.Config:
    return uvicorn.Config(
        app, log_level="warning", access_log=False, timeout_graceful_shutdown=10,
        lifespan="off" if lifespan == "off" else "on", proxy_headers=False,
    )  # fmt: skip


def _open(host: str, port: int) -> socket.socket:
    """A door, before anything else is done: a taken port is told in words."""
    try:
        return socket.create_server(
            (host, port), backlog=2048, family=socket.AF_INET6 if ":" in host else socket.AF_INET
        )
    except OSError as error:
        raise SystemExit(
            f"端口 {port} 打不开（{host}）：{error.strerror}。请换一个端口，或停掉占用它的程序。"
        ) from error
