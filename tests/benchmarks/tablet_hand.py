"""A tablet to measure: real Chromium on the built app, slowed down, with a clock that starts at the finger.

What is put into the page only looks: it notes when something stood on the screen and when a write was complete.
"""

import functools
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import CDPSession, Locator, Page, expect

from tests.benchmarks.server import MIB, ROOT
from tests.journeys.tablet_hand import Hand

# `stood`: ms from the navigation until the list of villages is on the screen. `answers`: ms from each tap until the frame
# that shows what it did was on the screen, by the browser's own word: Element Timing where `want` names what has to be
# there, else Event Timing (in steps of 8 ms; `framed` where it was too quick to be told). A message posted in that frame
# would also wait for whatever comes after it. `writes`: when a write was durable, and from when.
WATCH = """(() => {
  const seen = (window.seen = { stood: null, want: null, answers: [], framed: [], from: null, writes: [], tap: null });
  const told = (type, more, take) => new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, ...more });
  told("element", {}, (one) => { if (seen.want && one.identifier === "want") seen.answers.push(one.renderTime - seen.from); });
  told("event", { durationThreshold: 16 }, (one) => {
    if (!seen.want && one.name === "click" && one.startTime === seen.from) seen.answers.push(one.duration);
  });
  const framed = (then) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port2.onmessage = () => then(performance.now());
    port1.postMessage(0);
  });
  let listed = false, due = null;
  new MutationObserver((changes) => {
    if (!listed && document.querySelector(".town .row")) {
      listed = true;
      framed((now) => { seen.stood = now; });
    }
    if (due === null) return;
    const there = seen.want ? document.querySelector(seen.want) : changes.some((one) => one.target.parentElement?.closest("main"));
    if (!there) return;
    const from = due;
    due = null;
    seen.from = from;
    if (seen.want) there.setAttribute("elementtiming", "want");
    framed((now) => seen.framed.push(now - from));
  }).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  addEventListener("click", (event) => { if (event.isTrusted) { due = event.timeStamp; seen.tap = event.timeStamp; } }, true);
  const begin = IDBDatabase.prototype.transaction;
  IDBDatabase.prototype.transaction = function (names, mode, ...more) {
    const made = begin.call(this, names, mode, ...more);
    const { tap } = seen;
    if (mode === "readwrite" && tap !== null && [...made.objectStoreNames].includes("answers")) {
      made.addEventListener("complete", () => {
        if (seen.tap === tap) { seen.writes.push(performance.now() - tap); seen.tap = null; }
      });
    }
    return made;
  };
})()"""

PLAIN = """import { render } from "preact";
import { useState } from "preact/hooks";
function App() {
  const [n, more] = useState(0);
  return <main class="town"><button class="row" onClick={() => more(n + 1)}>{n}</button></main>;
}
render(<App />, document.body);
"""

# Milliseconds of strict writes of one small row each, one after the other, by nothing but the browser.
PUTS = """async (count) => {
  const db = await new Promise((done) => {
    const ask = indexedDB.open("plain", 1);
    ask.onupgradeneeded = () => ask.result.createObjectStore("answers", { keyPath: "item" });
    ask.onsuccess = () => done(ask.result);
  });
  const took = [];
  for (let n = 0; n < count; n += 1) {
    const from = performance.now();
    const t = db.transaction("answers", "readwrite", { durability: "strict" });
    t.objectStore("answers").put({ item: "RE-1." + n, counts: { each: n }, note: "", findings: [], fill: "x".repeat(200) });
    await new Promise((done, fail) => { t.oncomplete = done; t.onabort = fail; });
    took.push(performance.now() - from);
    await new Promise((done) => setTimeout(done, 30));
  }
  db.close();
  return took;
}"""


class Slow:
    """A page whose processor is so many times slower."""

    def __init__(self, page: Page, rate: float) -> None:
        self.page = page
        self.wire: CDPSession = page.context.new_cdp_session(page)
        self.wire.send("Emulation.setCPUThrottlingRate", {"rate": rate})
        self.wire.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.set_default_timeout(60_000)
        page.add_init_script(WATCH)

    def start(self, url: str) -> float:
        """Open this address; ms until the list stood."""
        self.page.goto(url)
        return self._told("seen.stood")

    def tap(self, what: Locator, want: str | None = None) -> float:
        """Tap it; ms until the frame that answers, or in which `want` is to be seen."""
        self.page.evaluate("want => { seen.want = want; seen.answers = []; seen.framed = []; }", want)
        what.tap()
        framed = self._told("seen.framed[0]")
        self.page.wait_for_timeout(120)  # what the browser tells comes some frames later
        found = self.page.evaluate("seen.answers[0] ?? null")
        return framed if found is None else float(found)

    def written(self) -> float:
        """ms from the last tap until what it changed was durable; forgotten once told."""
        took = self._told("seen.writes[0]")
        self.page.evaluate("seen.writes = []")
        return took

    def busy(self) -> float:
        """ms of processor time that the page's own thread has used so far; whoever else wants the machine is no part of it."""
        told = self.wire.send("Performance.getMetrics")["metrics"]
        return 1000 * float(next(one["value"] for one in told if one["name"] == "TaskDuration"))

    def heap(self) -> float:
        """MiB of scripts' memory in use once what nobody holds is gone."""
        self.wire.send("HeapProfiler.collectGarbage")
        told: dict[str, Any] = self.wire.send("Runtime.getHeapUsage")
        return float(told["usedSize"]) / MIB

    def _told(self, what: str) -> float:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            found = self.page.evaluate(f"{what} ?? null")
            if found is not None:
                return float(found)
            time.sleep(0.05)
        raise TimeoutError(what)


def pulled(hand: Hand, name: str, word: str) -> dict[str, float]:
    """Sign in on a fresh profile and wait for the first pull's end: bytes on the wire, unpacked, and requests."""
    wire = hand.context.new_cdp_session(hand.page)
    wire.send("Network.enable")
    pulls: set[str] = set()
    found = {"wire": 0.0, "plain": 0.0, "requests": 0.0}

    def asked(event: dict[str, Any]) -> None:
        if event["request"]["url"].endswith("/api/sync/pull"):
            pulls.add(event["requestId"])

    def came(event: dict[str, Any]) -> None:
        if event["requestId"] in pulls:
            found["plain"] += event["dataLength"]

    def ended(event: dict[str, Any]) -> None:
        if event["requestId"] in pulls:
            found["wire"] += event["encodedDataLength"]
            found["requests"] += 1

    wire.on("Network.requestWillBeSent", asked)
    wire.on("Network.dataReceived", came)
    wire.on("Network.loadingFinished", ended)
    hand.sign_in(name, word)
    expect(hand.page.locator(".town .row").first).to_be_visible(timeout=60_000)
    hand.page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    expect(hand.mark("已全传")).to_be_visible(timeout=60_000)
    hand.page.wait_for_timeout(1_500)
    wire.detach()
    return found


def renderer_mib(profile: Path) -> float:
    """Resident memory of the largest page process of this profile's browser."""
    mark = f"--user-data-dir={profile}"
    held = [0.0]
    for process in psutil.process_iter(["cmdline"]):
        line = process.info["cmdline"] or []
        if mark in line and not any(part.startswith("--type=") for part in line):
            for child in process.children(recursive=True):
                if "--type=renderer" in child.cmdline():
                    held.append(child.memory_info().rss / MIB)
    return max(held)


FACES = ROOT / "node_modules/@expo-google-fonts/noto-sans-sc"


def with_faces(folder: Path) -> dict[str, str | float | bool]:
    """The environment of a browser that has a Chinese face, as every tablet has one; without, each sign is looked for in
    every font there is and drawn as a box."""
    folders = "".join(f"<dir>{FACES / weight}</dir>" for weight in ("400Regular", "600SemiBold", "700Bold"))
    file = folder / "fonts.conf"
    file.write_text(
        f'<?xml version="1.0"?><fontconfig><include ignore_missing="yes">/etc/fonts/fonts.conf</include>{folders}</fontconfig>'
    )
    return {**os.environ, "FONTCONFIG_FILE": str(file)}


@contextmanager
def plain_site(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The least that a Preact page can be: (its address, its script)."""
    folder.mkdir()
    (folder / "plain.tsx").write_text(PLAIN)
    subprocess.run(
        [ROOT / "node_modules/.bin/esbuild", folder / "plain.tsx", "--bundle", "--minify", "--format=esm", "--jsx=automatic",
         "--jsx-import-source=preact", "--target=chrome99", f"--outfile={folder}/plain.js", "--log-level=warning"],
        cwd=ROOT, check=True, env={"NODE_PATH": str(ROOT / "node_modules"), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    (folder / "index.html").write_text(
        '<!doctype html><meta charset=utf-8><title>p</title><body><script type=module src="plain.js"></script>'
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", (folder / "plain.js").read_bytes()
    finally:
        server.shutdown()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""
