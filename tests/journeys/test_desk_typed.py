"""What was typed at the desk and did not get through stands in its form again, for the same person only."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.test_desk_keys import a_task
from tests.journeys.test_desk_keys import full as full  # the fixture

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SignIn = Callable[[str, int, int], Page]
TYPED = "已与村里电话核实，雨停后清运"
BACK = re.compile("内容已放回")


def _a_note(page: Page, full: str) -> str:
    """A note typed under a task and not yet sent; the task's address."""
    a_task(page, full)
    page.locator("summary", has_text="补充说明").click()
    page.fill("#t-note", TYPED)
    return page.url


def _enter(page: Page, name: str) -> None:
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", "xuncun-demo")
    page.click("main button")
    page.wait_for_url(lambda url: "/sign-in" not in url)


def test_a_sign_in_that_ran_out_while_one_typed(full: str, sign_in: SignIn) -> None:
    page = sign_in("town", 1180, 820)
    where = _a_note(page, full)
    page.context.clear_cookies()
    page.click("#note button")
    expect(page.locator("main")).to_contain_text("刚才的内容没有提交")
    expect(page.locator("main")).to_contain_text("填写的内容还在")
    page.get_by_role("link", name="去登录").click()
    _enter(page, "town")
    expect(page).to_have_url(where)
    expect(page.locator("#t-note")).to_be_visible()
    expect(page.locator("#t-note")).to_have_value(TYPED)
    expect(page.locator("#note .notice")).to_have_text(BACK)
    page.click("#note button")
    expect(page.locator(".flash")).to_contain_text("已记入办理记录")
    expect(page.locator(".timeline")).to_contain_text(TYPED)
    expect(page.locator("#t-note")).to_have_value("")
    page.reload()
    expect(page.locator("#t-note")).to_have_value("")
    expect(page.locator("main .notice", has_text=BACK)).to_have_count(0)


def test_a_page_of_an_earlier_sign_in_leads_back_to_its_form(full: str, sign_in: SignIn) -> None:
    page = sign_in("town", 1180, 820)
    where = _a_note(page, full)
    page.context.clear_cookies()
    other = page.context.new_page()
    other.goto(full + "/sign-in")
    _enter(other, "town")
    page.click("#note button")
    expect(page.locator("main")).to_contain_text("页面已过期，内容没有提交")
    page.get_by_role("link", name="回到原来的页面").click()
    expect(page).to_have_url(where)
    expect(page.locator("#t-note")).to_have_value(TYPED)


def test_a_network_that_went_away(full: str, sign_in: SignIn) -> None:
    page = sign_in("town", 1180, 820)
    where = _a_note(page, full)
    page.route("**/note", lambda route: route.abort("internetdisconnected"))
    with page.expect_event("requestfailed"):
        page.click("#note button", no_wait_after=True)
    expect(page.locator("#t-note")).to_have_count(0)  # the browser's own page of trouble
    page.unroute("**/note")
    page.go_back()
    expect(page).to_have_url(where)
    expect(page.locator("#t-note")).to_have_value(TYPED)
    expect(page.locator("#note .notice")).to_contain_text("请先看是否已经办好")


def test_nobody_else_is_shown_it(full: str, sign_in: SignIn) -> None:
    page = sign_in("town", 1180, 820)
    where = _a_note(page, full)
    page.context.clear_cookies()
    page.click("#note button")
    page.get_by_role("link", name="去登录").click()
    _enter(page, "office")
    expect(page).to_have_url(where)
    expect(page.locator("#t-note")).to_have_value("")
    assert TYPED not in page.evaluate("JSON.stringify(sessionStorage)")
    page.goto(full + "/password")
    page.fill("#f-old", "xuncun-demo")
    page.fill("#f-new", "short")
    page.fill("#f-again", "short")
    page.evaluate("Storage.prototype.setItem = (name, value) => { window.name += value; }")
    page.click("main form.fields button")
    expect(page.locator("[role=alert]")).to_be_visible()
    assert "short" not in page.evaluate("window.name"), "a password is never kept"
