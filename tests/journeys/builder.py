"""Real builds of the tablet app, one differing from the next, and a server that gives out the newest."""

import contextlib
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from offline_sync import shell
from villages.ground.problems import Problem
from villages.shield import Shield
from villages.web import problem_response

ROOT = Path(__file__).parents[2]
_SOURCES = (
    "offline_sync/tablet",
    "templates/static",
    "docs/wire.schema.json",
    "tsconfig.json",
    "package.json",
)


class Builder:
    """A copy of the sources to change and build; `served` is what a tablet gets."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.served = folder / "sources", folder / "served"
        self._made: dict[str, str] = {}
        for name in _SOURCES:
            source, target = ROOT / name, self.folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target)
            else:
                shutil.copy(source, target)
        (self.folder / "node_modules").symlink_to(ROOT / "node_modules")

    def publish(self, mark: str) -> str:
        """Serve the build with this mark, made once; returns its name."""
        made = self.folder / "made" / mark
        if mark not in self._made:
            self._made[mark] = self.build(mark, made)
        self.served.mkdir(exist_ok=True)
        kept = {"assets", *(file.name for file in made.glob("assets/*"))}
        shutil.copytree(made / "assets", self.served / "assets", dirs_exist_ok=True)
        for name in ("manifest.webmanifest", "index.html", "sw.js"):
            shutil.copy(made / name, self.served / f"{name}.new")
            (self.served / f"{name}.new").rename(self.served / name)
        for file in self.served.glob("assets/*"):
            if file.name not in kept:
                file.unlink()
        return self._made[mark]

    def build(self, mark: str, out: Path) -> str:
        """Build with a style rule that says `mark`; returns the build's name."""
        tokens = self.folder / "templates/static/tokens.css"
        text = (ROOT / "templates/static/tokens.css").read_text(encoding="utf-8")
        tokens.write_text(f"{text}\n:root {{ --mark: {mark}; }}\n", encoding="utf-8")
        told = subprocess.run(
            ["node", "offline_sync/tablet/build.mjs", "--out", str(out)],
            cwd=self.folder, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert told.returncode == 0, told.stderr
        found = re.search(r"^build ([\d.]+-[0-9a-f]{8}):", told.stdout, re.MULTILINE)
        assert found, told.stdout
        return found[1]


@contextlib.contextmanager
def serving(folder: Path, asked: list[str], more: Sequence[Route] = ()) -> Iterator[str]:
    """The shell's doors over HTTP, `more`, and one of an API's; `asked` notes what reached the API. Yields the address."""

    async def api(request: Request) -> Response:
        asked.append(request.method)
        return PlainTextResponse("fresh")

    app = Starlette(
        routes=[*more, *shell.routes(folder), Route("/api/time", api, methods=["GET", "POST"])],
        middleware=[Middleware(Shield)],
        exception_handlers={Problem: problem_response},
    )
    with listening(app) as url:
        yield url


@contextlib.contextmanager
def listening(app: Starlette, *, lifespan: bool = False) -> Iterator[str]:
    """The application on a port of the system's choice, in a thread. Yields the address."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_level="warning", lifespan="on" if lifespan else "off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{door.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)
