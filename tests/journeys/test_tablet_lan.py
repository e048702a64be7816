"""The day in the valley once more, over HTTPS on the address of the local network, as an office would have it."""

import os
import re
import select
import shutil
import signal
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from tests.journeys import test_tablet_day as day
from tests.journeys.tablet_hand import Hand, Tapped

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory, short_template: Path) -> Iterator[tuple[str, str]]:
    """`manage.py serve --lan` on the machine's own addresses: the trust page, and the app's address."""
    data = tmp_path_factory.mktemp("lan")
    shutil.copy(short_template, data / "xuncun.db")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("XUNCUN_")}
    line = ["manage.py", "serve", "--lan", "--port", "0", "--trust-port", "0", "--data"]
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
        found = re.findall(r"https?://[\w.:\[\]-]+", said)
        yield (
            next(one for one in found if one.startswith("http:")),
            next(one for one in found if "https" in one),
        )
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


@pytest.fixture(scope="module")
def owner(doors: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a tablet's owner who has installed the certificate from the trust page."""
    home = tmp_path_factory.mktemp("home")
    (home / ".pki/nssdb").mkdir(parents=True)
    (home / "ca.crt").write_bytes(urllib.request.urlopen(f"{doors[0]}/xuncun-ca.crt", timeout=10).read())
    store = f"sql:{home}/.pki/nssdb"
    for told in (["-N", "--empty-password"], ["-A", "-t", "C,,", "-n", "xuncun", "-i", str(home / "ca.crt")]):
        subprocess.run(["certutil", "-d", store, *told], check=True, capture_output=True, timeout=30)
    return home


def test_a_visit_over_https_on_the_lan_address(
    doors: tuple[str, str], owner: Path, playwright: Playwright, photo_folder: Path, tmp_path: Path
) -> None:
    """Sign in over HTTPS, go without network, be killed, come back, hand in: every answer and byte is there."""
    url, shots = doors[1], sorted(photo_folder.glob("*.jpg"))
    assert "127.0.0.1" not in url and "localhost" not in url, "the address that a tablet would open"
    hand = Hand(playwright, url, tmp_path / "profile", env={**os.environ, "HOME": str(owner)}).open()
    tapped = Tapped()
    hand.sign_in("inspector")
    hand.at_home()
    hand.offline(True)
    hand.village("安家庄村")
    hand.begin()
    hand.answer(tapped, fault="村委会东侧", photos=[shots.pop(), shots.pop()])
    hand.saved()
    hand.kill()
    hand.open(offline=True)
    hand.go_on("安家庄村")
    day.fill(hand, tapped, shots, {"RE-1.6": ("桥下", 2, True), "RE-2.1": ("村口桶站", 1, False)})
    hand.finish()
    hand.offline(False)
    hand.drained()
    trusting = ssl.create_default_context(cadata=(owner / "ca.crt").read_bytes())  # DER, as tablets take it
    urllib.request.install_opener(urllib.request.build_opener(urllib.request.HTTPSHandler(context=trusting)))
    try:
        wire = day.Wire(url)
        visit = wire.visit("110109005201")
        day.same_as_tapped(visit, tapped)
        day.same_bytes(wire, hand, visit)
    finally:
        urllib.request.install_opener(urllib.request.build_opener())
    assert not hand.faults
    hand.close()
