"""The desk's forms by keyboard: Escape folds and gives the focus back, Enter on a tick sends nothing, a question that is
answered no changes nothing."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.journeys.test_the_line import hand_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SignIn = Callable[[str, int, int], Page]
FOCUSED = "document.activeElement.textContent.trim() || document.activeElement.id"


@pytest.fixture(scope="module")
def full(server: str, photo_folder: Path) -> str:
    """A house with a visit and six tasks to be signed for."""
    hand_in(server, photo_folder)
    return server


def a_task(page: Page, full: str) -> None:
    page.goto(full + "/tasks")
    page.locator("tbody th a").first.click()
    expect(page.locator("h2", has_text="办理记录")).to_be_visible()


def test_escape_folds_a_form_and_the_focus_goes_back(full: str, sign_in: SignIn) -> None:
    page = sign_in("town", 1180, 820)
    a_task(page, full)
    form = page.locator("details", has=page.locator("summary", has_text="补充说明"))
    summary, words = form.locator("summary"), form.locator("textarea")
    summary.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(words).to_be_focused()
    page.keyboard.type("等天晴再清")
    # A word that is still being composed is ended by the same key: the form must stay.
    words.evaluate(
        "one => one.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true, isComposing: true }))"
    )
    expect(words).to_be_visible()
    page.keyboard.press("Escape")
    expect(words).to_be_hidden()
    expect(summary).to_be_focused()
    page.keyboard.press("Enter")
    expect(words).to_have_value("等天晴再清")


def test_a_form_is_walked_from_its_first_field_to_its_button(full: str, sign_in: SignIn) -> None:
    page = sign_in("town", 1180, 820)
    a_task(page, full)
    form = page.locator("details", has=page.locator("summary", has_text="转派"))
    if form.get_attribute("open") is None:
        form.locator("summary").click()
    fields = form.locator("select, textarea, button:not([hidden])")
    form.locator("summary").focus()
    for nth in range(fields.count()):
        page.keyboard.press("Tab")
        expect(fields.nth(nth)).to_be_focused()


def test_escape_shuts_the_menu(full: str, sign_in: SignIn) -> None:
    page = sign_in("town", 360, 740)
    page.goto(full + "/tasks")
    menu = page.locator("details.menu")
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("!!document.activeElement.closest('details.menu div')"), (
        "the first place of the menu"
    )
    page.keyboard.press("Escape")
    assert menu.get_attribute("open") is None
    expect(menu.locator("summary")).to_be_focused()


def test_enter_on_a_tick_sends_nothing(full: str, sign_in: SignIn) -> None:
    page = sign_in("town", 1180, 820)
    page.goto(full + "/tasks?stage=dispatched")
    box = page.locator("tbody input[type=checkbox]").first
    box.focus()
    page.keyboard.press("Space")
    expect(box).to_be_checked()
    sent: list[str] = []
    page.on(
        "request", lambda request: sent.append(request.method) if request.is_navigation_request() else None
    )
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    assert sent == [] and page.url.endswith("/tasks?stage=dispatched")
    expect(box).to_be_focused()


def test_a_question_answered_no_changes_nothing(full: str, sign_in: SignIn) -> None:
    page = sign_in("office", 1440, 900)
    a_task(page, full)
    page.locator("main a[href^='/inspections/']").first.click()
    page.locator("summary", has_text="作废这次检查").click()
    page.fill("textarea[name=text], textarea[name=reason], textarea[name=words]", "试试键盘")
    asked: list[str] = []

    def no(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", no)
    where = page.url
    button = page.locator("form[data-ask] button", has_text="作废")
    for _ in range(2):
        button.focus()
        page.keyboard.press("Enter")
        expect(button).to_be_focused()
    assert len(asked) == 2 and page.url == where, "asked again each time, sent never"
