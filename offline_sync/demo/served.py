"""A server of the demo's own on a data folder, started on a free port and stopped at the end."""

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from offline_sync.demo.link import DemoError

MANAGE = Path(__file__).resolve().parents[2] / "manage.py"
START, END = 90.0, 20.0  # seconds it may take


@contextlib.contextmanager
def served(data: Path) -> Iterator[str]:
    """The address of the server; raises DemoError when it does not come up."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data.mkdir(parents=True, exist_ok=True)
    log = data / "demo-server.log"
    told = [sys.executable, str(MANAGE), "serve", "--port", str(port), "--data", str(data)]
    with log.open("wb") as out:
        # In a session of its own: Ctrl-C ends the play first, and the play then ends the server.
        process = subprocess.Popen(told, stdout=out, stderr=out, start_new_session=True)  # noqa: S603
    try:
        url = f"http://127.0.0.1:{port}"
        _await(process, url, log)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + START
    while time.monotonic() < until:
        if process.poll() is not None:
            lines = log.read_text(errors="replace").strip().splitlines() or ["没有输出"]
            raise DemoError(f"服务没有启动成功：{lines[-1]}（全文见 {log}）")
        try:
            with urlopen(f"{url}/healthz", timeout=2) as answer:  # noqa: S310 - our own address
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.15)
    raise DemoError(f"服务 {START:.0f} 秒内没有就绪（日志 {log}）；机器较忙时请稍后再试。")
