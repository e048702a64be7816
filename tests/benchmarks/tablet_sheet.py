"""Starts, sheets opened and taps at a processor four times slower, each beside a page that does nothing but that.

What else runs on the machine makes all of these slower alike: each figure stands beside its baseline of the same minutes.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from statistics import median

from playwright.sync_api import Locator, expect

from tests.benchmarks.figures import Figure
from tests.benchmarks.tablet_hand import PUTS, Slow
from tests.journeys.tablet_hand import Hand

RATE = 4  # times slower than this machine
GO_ON = "接着检查"
AHEAD = 3_500  # ms until the sheet's script has come and its draft was read

STYLE = "[...document.styleSheets].flatMap((one) => [...one.cssRules]).map((one) => one.cssText).join('\\n')"
PUT_UP = """([style, drawn]) => {
  document.head.appendChild(document.createElement("style")).textContent = style;
  document.body.innerHTML = "<button>开</button>";
  document.body.firstChild.onclick = () => { document.body.innerHTML = drawn; };
}"""


@dataclass
class Runs:
    """A tablet ready to be measured: `url` of the app, `plain` of the page that does nothing, `times` for each."""

    hand: Hand
    url: str
    plain: str
    rows: int
    times: int

    @contextmanager
    def page(self, rate: float = RATE) -> Iterator[Slow]:
        """A new window."""
        page = self.hand.context.new_page()
        try:
            yield Slow(page, rate)
        finally:
            page.close()

    @contextmanager
    def bare(self, rate: float = RATE) -> Iterator[Slow]:
        """A window for the plain page, which no service worker keeps: there is a network as long as it stands."""
        self.hand.offline(False)
        with self.page(rate) as slow:
            yield slow
        self.hand.offline(True)


def start(runs: Runs) -> Iterator[Figure]:
    """From an empty window to the list of villages on the screen."""
    took: list[float] = []
    bare: list[float] = []
    for _ in range(runs.times):
        with runs.page() as slow:
            took.append(slow.start(runs.url))
        with runs.bare() as slow:
            bare.append(slow.start(runs.plain))
    work = median(_work(runs.page(1), runs.url) for _ in range(runs.times))
    bare_work = median(_work(runs.bare(1), runs.plain) for _ in range(runs.times))
    yield _figure(f"start to village list, {runs.rows} rows, 4×", took, bare, "value <= 1000")
    yield Figure("tablet", "the same, best", min(took), "ms", min(bare))
    # A processor four times slower takes four times as long for it; what else runs on the machine does not count.
    yield Figure("tablet", "processor time of the page for its start, 1×", work, "ms", bare_work, bar="value <= 250")  # fmt: skip


def _work(window: AbstractContextManager[Slow], url: str) -> float:
    with window as slow:
        before = slow.busy()
        slow.start(url)
        return slow.busy() - before


def sheet(runs: Runs) -> Iterator[Figure]:
    """From the tap on 接着检查 to the item on the screen: after a start, and on coming back from the list."""
    opens: list[float] = []
    again: list[float] = []
    drawn = ""
    for _ in range(runs.times):
        with runs.page() as slow:
            page = slow.page
            slow.start(runs.url)
            page.wait_for_timeout(AHEAD)
            for found in (opens, again):
                found.append(slow.tap(page.get_by_text(GO_ON, exact=True).first, ".item-code"))
                expect(page.locator(".phrases")).to_be_visible()
                page.wait_for_timeout(500)
                drawn = drawn or page.evaluate("document.getElementById('app').innerHTML")
                page.evaluate("location.hash = '#/'")
                expect(page.locator(".town .row").first).to_be_visible()
                page.wait_for_timeout(1_500)
    bare = [_same_elements(runs, drawn) for _ in range(runs.times)]
    yield _figure("sheet of 42 items opened, 4×", opens, bare, "value <= 100")
    yield Figure("tablet", "the same, best", min(opens), "ms", min(bare))
    yield _figure("sheet opened once more, 4×", again, bare, "value <= 100")


def _same_elements(runs: Runs, drawn: str) -> float:
    """The very elements of an open sheet, with its style and no script, put up by a tap in place of a button."""
    with runs.bare() as slow:
        page = slow.page
        page.goto(runs.url)
        style = page.evaluate(STYLE)
        page.goto(runs.plain)
        page.evaluate(PUT_UP, [style, drawn])
        page.wait_for_timeout(500)
        return slow.tap(page.locator("button").first, ".item-code")


def taps(runs: Runs) -> Iterator[Figure]:
    """Taps on the sheet: until the answer at a slow processor, and until what was tapped is durable at a plain one."""
    count = runs.times * 4 + 4

    def counted(slow: Slow) -> Callable[[int], Locator]:
        turns = [slow.page.get_by_role("button", name=f"一般{way}一") for way in ("加", "减")]
        return lambda number: turns[number % 2]

    def walked(slow: Slow) -> Callable[[int], Locator]:
        ways = [slow.page.get_by_role("button", name=way) for way in ("下一项", "上一项")]
        return lambda number: ways[number % 2]

    answered: list[float] = []
    walks: list[float] = []
    with runs.page() as slow:
        _open(slow, runs)
        turn, way = counted(slow), walked(slow)
        for number in range(count):
            answered.append(slow.tap(turn(number)))
            slow.page.wait_for_timeout(60)
        for number in range(count):
            walks.append(slow.tap(way(number)))
            slow.page.wait_for_timeout(150)
    floor, puts, slow_puts = _bare_taps(runs, count)
    yield _figure("tap answered, 4×", answered, floor, "value <= 100")
    yield Figure("tablet", "tap answered, 95 % of them, 4×", _high(answered), "ms", _high(floor))
    yield _figure("next item shown, 4×", walks, floor, "value <= 100")
    for words, rate, bare, bar in (("", 1, puts, "value <= 50"), (", 4×", RATE, slow_puts, "")):
        kept: list[float] = []
        with runs.page(rate) as slow:
            _open(slow, runs)
            turn = counted(slow)
            for number in range(count):
                slow.tap(turn(number))
                kept.append(slow.written())
                slow.page.wait_for_timeout(30)
        yield _figure(f"tap to durable{words}", kept, bare, bar)


def _open(slow: Slow, runs: Runs) -> None:
    slow.start(runs.url)
    slow.page.get_by_text(GO_ON, exact=True).first.tap()
    expect(slow.page.get_by_role("button", name="一般加一")).to_be_visible()
    slow.page.wait_for_timeout(1_000)


def _bare_taps(runs: Runs, count: int) -> tuple[list[float], list[float], list[float]]:
    """A page that does nothing: its answers to a tap at a slow processor, strict writes at a plain one and a slow one."""
    with runs.bare() as slow:
        slow.start(runs.plain)
        floor = [slow.tap(slow.page.locator("button")) for _ in range(count)]
        slow_puts: list[float] = slow.page.evaluate(PUTS, count)
        slow.wire.send("Emulation.setCPUThrottlingRate", {"rate": 1})
        puts: list[float] = slow.page.evaluate(PUTS, count)
    return floor, puts, slow_puts


def _figure(metric: str, found: list[float], bare: list[float], bar: str = "") -> Figure:
    return Figure("tablet", metric, median(found), "ms", median(bare), bar=bar)


def _high(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95) - 1]
