"""Getting in and out, the navigation, the themes: what all pages have."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessible import faults, overflow
from tests.browser.conftest import Visits
from tests.browser.planted import TOKEN, written
from tests.end_to_end.conftest import Gateway


def test_with_the_token_one_gets_in_and_out_again(visit: Visits, gateway: Gateway) -> None:
    page = visit(gateway, "/admin/?from=a-link", logged_in=False)
    expect(page).to_have_url(f"{gateway.url}/admin/login?next=/admin/%3Ffrom%3Da-link")
    visit.expected.append("401")
    page.get_by_label("Admin token").fill("not the token")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("That is not the admin token.")
    page.get_by_label("Admin token").fill(TOKEN)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(f"{gateway.url}/admin/?from=a-link")
    cookie = page.context.cookies()[0]
    assert (cookie.get("httpOnly"), cookie.get("sameSite"), cookie.get("secure")) == (True, "Strict", False)
    assert TOKEN not in str(cookie)
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    page.goto("/admin/")
    expect(page.get_by_label("Admin token")).to_be_focused()


def test_the_keyboard_gets_everywhere(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.reload()
    for _ in range(4):
        page.keyboard.press("Tab")
    focused = page.locator(":focus")
    expect(focused).to_have_text("Spend")
    assert focused.evaluate("element => getComputedStyle(element).outlineStyle") == "solid"


def test_the_theme_is_the_systems_until_one_is_chosen(visit: Visits, gateway: Gateway) -> None:
    page = visit(gateway, scheme="dark")
    paper = "() => getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(paper)
    button = page.get_by_role("button", name="Theme")
    expect(button).to_have_text("Theme: system")
    button.click()
    expect(button).to_have_text("Theme: light")
    light = page.evaluate(paper)
    assert light != dark
    page.reload()
    assert page.evaluate(paper) == light
    button.click()
    expect(button).to_have_text("Theme: dark")
    assert page.evaluate(paper) == dark


@pytest.mark.parametrize("width", [390, 768, 1280])
def test_nothing_sticks_out(visit: Visits, gateway: Gateway, width: int) -> None:
    page = visit(gateway, "/admin/login", width=width, logged_in=False)
    assert overflow(page) == []
    assert faults(page) == []
    page = visit(gateway, None, width=width)
    page.goto("/admin/nothing-here")
    visit.expected.append("404")
    expect(page.get_by_role("alert")).to_contain_text("There is nothing at /admin/nothing-here.")
    assert overflow(page) == []
    assert faults(page) == []


def test_where_there_is_no_token_there_is_no_page(visit: Visits, start: Callable[..., Gateway]) -> None:
    gateway = start(config=written(Path(), ledger=False).replace(TOKEN, ""))
    page = visit(gateway, None, logged_in=False)
    visit.expected.append("404")
    for path in ("/admin", "/admin/", "/admin/login", "/admin/static/00/tokens.css"):
        answer = page.goto(path)
        assert answer is not None
        assert (answer.status, answer.json()["error"]["code"]) == (404, "not_found")
