"""A new build arrives while a sheet is being filled in: nothing moves until it is left, and then nothing is lost."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import make_app
from offline_sync import shell
from tests.journeys.builder import Builder, listening
from tests.journeys.undebugged import Driver, driving
from tests.worlds import Worlds

pytestmark = [pytest.mark.browser, pytest.mark.slow]
# What a finger and a keyboard do, to the first of what bears these words or this name.
HANDS = """
const page = tabs.one.document;
const named = (words) => [...page.querySelectorAll("button, a")].find((one) =>
  (one.getAttribute("aria-label") ?? one.innerText).trim().startsWith(words));
const found = async (words) => {
  for (let turn = 0; turn < 300 && !named(words); turn++) await pause(100);
  return named(words);
};
const tap = async (words) => (await found(words)).click();
const type = (field, text) => { field.value = text; field.dispatchEvent(new tabs.one.InputEvent("input", { bubbles: true })); };
"""


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    return Builder(tmp_path / "builds")


@pytest.fixture
def driver(
    builder: Builder, worlds: Worlds, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Driver]:
    """A browser that nobody watches, over the whole application with the builder's newest build."""
    settings, made = worlds.copy("sqlite", "demo", tmp_path / "data"), Driver()
    builder.publish("a")
    monkeypatch.setattr(shell, "FOLDER", builder.served)
    app = make_app(settings)
    app.router.routes[:0] = made.routes
    with listening(app, lifespan=True) as address, driving(made, address, tmp_path / "profile"):
        yield made


def test_a_sheet_in_hand_outlasts_a_new_build(builder: Builder, driver: Driver) -> None:
    driver.open("one")
    driver.run(
        f"""{HANDS} const [name, password] = page.querySelectorAll("form input");
        type(name, "inspector"); type(password, "xuncun-demo"); await tap("登录");
        await tap("安家庄村"); await tap("开始检查"); await tap("一般加一");"""
    )
    old, sheet = driver.build("one"), str(driver.run("return tabs.one.location.hash"))
    assert sheet.startswith("#/visit/")
    new = builder.publish("b")
    assert driver.look() == "installed"
    driver.run(f"{HANDS} await tap('下一项'); await tap('上一项'); await tap('一般加一');")
    # Ways within the sheet, and in another window.
    driver.run(f"{HANDS} await tap('签字完成'); await pause(700); await tap('返回');")
    driver.until(f"tabs.one.location.hash === {sheet!r}")
    driver.open("two")
    driver.way("two", "#/tasks")
    time.sleep(1)
    assert driver.build("one") == driver.build("two") == old != new
    driver.run(f"{HANDS} await tap('返回');")
    driver.becomes("one", new)
    assert not str(driver.run("return tabs.one.location.hash")).startswith("#/visit/")
    driver.way("one", sheet)
    assert driver.run(f"{HANDS} return Boolean(await found('一般 2'));")
    assert driver.build("one") == new
