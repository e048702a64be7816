"""The sheet's screen alone, over a tablet in memory, at the three sizes: where things stand and what taps make of it."""

import functools
import http.server
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from inspections.answers import Submission
from inspections.scoring import check_answers, score
from inspections.sheet import parse_checklist

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ROOT = Path(__file__).parents[2]
SIZES = [(1180, 820), (820, 1180), (360, 740)]
EMPTY, FULL = "0193a000-0000-7000-8000-000000000001", "0193a000-0000-7000-8000-000000000004"
PAGE = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,"><link rel="stylesheet" href="style.css"><div id="app"></div>
<script type="module" src="sheet-page.js"></script></html>"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page, bundled from tests/tablet/sheet-page.tsx and served."""
    out = tmp_path_factory.mktemp("sheet")
    node = shutil.which("node")
    assert node is not None, "node is needed: ./dev sets it up"
    esbuild = [node, str(ROOT / "node_modules/esbuild/bin/esbuild"), "--bundle", "--log-level=warning"]
    script = [
        "tests/tablet/sheet-page.tsx", "--splitting", "--format=esm", "--target=chrome99", "--jsx=automatic",
        "--jsx-import-source=preact", '--define:BUILD="test"', "--loader:.wasm=file", f"--outdir={out}",
    ]  # fmt: skip
    subprocess.run([*esbuild, *script], check=True, timeout=60, cwd=ROOT)
    sheets = ["templates/static/tokens.css", "offline_sync/tablet/css/tablet.css"]
    style = "".join(f'@import "{ROOT / sheet}";' for sheet in sheets)
    subprocess.run(
        [*esbuild, "--loader=css", f"--outfile={out}/style.css"], input=style, text=True, check=True, timeout=60,
        cwd=ROOT,
    )  # fmt: skip
    (out / "index.html").write_text(PAGE, encoding="utf-8")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(out)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/index.html"
    server.shutdown()
    server.server_close()


@pytest.fixture(params=SIZES, ids=[f"{width}x{height}" for width, height in SIZES])
def page(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Page]:
    width, height = request.param
    context = browser.new_context(viewport={"width": width, "height": height}, has_touch=True, locale="zh-CN")
    page = context.new_page()
    page.set_default_timeout(60_000)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(address)
    yield page
    assert faults == []
    context.close()


def opened(page: Page, visit: str, part: str = "") -> None:
    page.evaluate("path => { location.hash = path }", f"#/visit/{visit}{part}")
    page.locator(".finish" if part else ".item h2").wait_for()


def photograph(page: Page, button: Locator, picture: Path) -> None:
    with page.expect_file_chooser() as chooser:
        button.tap()
    chooser.value.set_files(picture)


def small_targets(page: Page) -> list[str]:
    """Things to tap that are lower or narrower than 48 px."""
    return list(
        page.evaluate(
            """() => [...document.querySelectorAll("button, a, input:not([type=file]), textarea")].filter((one) => {
              const { width, height } = one.getBoundingClientRect();
              return width > 0 && (height < 47.5 || width < 47.5);
            }).map((one) => `${one.className} ${one.textContent}`)"""
        )
    )


def test_nothing_jumps_and_everything_can_be_hit(page: Page, photo_folder: Path) -> None:
    opened(page, EMPTY)
    fixed = [".score", ".left-count >> nth=0", ".marks", ".item-steps"]
    places = [page.locator(one).bounding_box() for one in fixed]
    page.locator(".phrases .chip").first.tap()
    expect(page.locator(".finding")).to_have_count(1)
    page.get_by_role("button", name="加一").nth(1).tap()
    photograph(page, page.locator(".finding .btn").first, next(iter(photo_folder.glob("*.jpg"))))
    expect(page.locator(".thumb")).to_have_count(1)
    assert [page.locator(one).bounding_box() for one in fixed] == places
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert small_targets(page) == []
    page.locator(".finding-head").tap()
    assert small_targets(page) == []
    step = page.locator(".dialog .step").first.bounding_box()
    assert step is not None
    assert min(step["width"], step["height"]) >= 56


HELD = """() => {
  const open = fake.tablet.drafts.open;
  globalThis.clicked = 0;
  HTMLInputElement.prototype.click = function () { clicked += 1; };
  fake.tablet.drafts.open = async (id) => new Proxy(await open(id), {
    get: (sheet, name) => name === "flush" ? () => new Promise((done) => { globalThis.saved = done; }) : sheet[name],
  });
}"""


def test_no_camera_opens_before_all_that_was_tapped_is_saved(page: Page) -> None:
    page.evaluate(HELD)
    opened(page, EMPTY)
    page.locator(".phrases .chip").first.tap()
    for nth, button in enumerate((".finding .btn", ".phrases .btn")):  # of a finding; before there is any
        page.locator(button).first.tap()
        page.wait_for_function("globalThis.saved !== undefined")
        assert page.evaluate("clicked") == nth
        page.evaluate("() => { saved(); delete globalThis.saved; }")
        page.wait_for_function(f"clicked === {nth + 1}")


def test_what_is_missing_leads_to_its_place(page: Page) -> None:
    opened(page, EMPTY)
    page.locator(".left-count").first.tap()
    page.locator(".dialog .row", has_text="RE-3.2").tap()
    expect(page.locator(".item-code")).to_have_text("RE-3.2")
    expect(page.locator(".dialog")).to_have_count(0)
    page.locator(".clean").tap()
    expect(page.locator(".left-count").first).to_contain_text("40")


def test_the_sheet_that_is_handed_in_is_the_one_that_was_tapped(page: Page, photo_folder: Path) -> None:
    shots = sorted(photo_folder.glob("*.jpg"))
    opened(page, FULL)
    page.locator(".phrases .chip").nth(1).tap()
    photograph(page, page.locator(".finding .btn").first, shots[0])
    expect(page.locator(".thumb")).to_have_count(1)
    page.locator(".segment", has_text="当场整改").tap()
    photograph(page, page.locator(".finding .btn", has_text="拍整改后"), shots[1])
    expect(page.locator(".thumb")).to_have_count(2)
    shown = page.locator(".score-figure").inner_text()
    opened(page, FULL, "/finish")
    send = page.get_by_role("button", name="提交检查结果")
    expect(send).to_be_disabled()
    page.get_by_role("button", name="拒签").tap()
    page.get_by_role("button", name="村负责人不在场").tap()
    send.tap()
    page.get_by_role("button", name="确定提交").tap()
    expect(page.locator(".done-mark")).to_be_visible()
    args = json.loads(page.evaluate("JSON.stringify(fake.entries[0].args)"))
    sheet = msgspec.json.decode(json.dumps(args), type=Submission)
    body = json.loads((ROOT / "tests/shared/scoring.json").read_text(encoding="utf-8"))["checklists"]["RE"]
    checklist = parse_checklist(body)
    assert check_answers(checklist, sheet.answers) == []
    assert str(score(checklist, sheet.answers, provisional=True).score) == shown == "99.5"
    (finding,) = next(answer for answer in sheet.answers if answer.item == "RE-1.1").findings
    assert (finding.action, finding.text, len(finding.photos), len(finding.after)) == (
        "fixed", "背街小巷积存垃圾", 1, 1,
    )  # fmt: skip
    pairs = {photo.id: photo.pairs for photo in sheet.photos}
    assert pairs[finding.after[0]] == finding.photos[0]
    assert sheet.signature is not None
    assert sheet.signature.refused == "村负责人不在场"
