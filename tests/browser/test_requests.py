"""Requests: the list, what it is narrowed to, and one of them with its receipt."""

import re
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessible import faults, overflow
from tests.browser.conftest import Visits
from tests.browser.planted import HOSTILE, LONG
from tests.end_to_end.conftest import Gateway


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_calls_fit_and_can_be_read(visit: Visits, gateway: Gateway, width: int, scheme: str) -> None:
    page = visit(gateway, "/admin/requests?since=7d", width=width, scheme=scheme)  # type: ignore[arg-type]
    expect(page.locator("tbody tr")).to_have_count(50)
    assert overflow(page) == []
    assert faults(page) == []
    if width == 1280:
        page.evaluate("() => document.fonts.ready.then(() => true)")
        assert page.locator(".calls").evaluate("table => table.scrollWidth <= table.parentElement.clientWidth")
    page.locator("tbody a").first.click()
    expect(page.get_by_role("region", name="Receipt")).to_be_visible()
    assert overflow(page) == []
    assert faults(page) == []


def test_a_receipt_adds_up_to_the_cost(page: Page) -> None:
    page.goto("/admin/requests?status=200")
    row = page.locator("tbody tr").first
    cost = row.locator(".money").inner_text()
    row.get_by_role("link").click()
    items = page.locator(".receipt tbody td.money:last-child").all_inner_texts()
    assert sum(map(Decimal, items)) == Decimal(cost.strip())
    expect(page.locator(".cost b")).to_have_text(cost.strip())
    expect(page.get_by_text("adds up")).to_be_visible()


def test_the_list_is_narrowed_by_keyboard_and_widened_again(page: Page) -> None:
    page.goto("/admin/requests")
    page.locator("summary").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Key").fill("team-search")
    page.get_by_label("Tag").fill("team=search")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("key=team-search"))
    keys = page.locator("tbody td:nth-child(5)").all_inner_texts()
    assert set(keys) == {"team-search"}
    page.get_by_role("link", name="Older").click()
    expect(page.get_by_role("link", name="Newest")).to_be_visible()
    assert set(page.locator("tbody td:nth-child(5)").all_inner_texts()) == {"team-search"}
    page.get_by_role("link", name="Without key team-search").click()
    expect(page.get_by_label("Key")).to_have_value("")
    page.get_by_label("Key").fill("nobody")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="No call fits")).to_be_visible()
    assert faults(page) == []
    page.get_by_role("link", name="Show all").click()
    expect(page.locator("tbody tr")).to_have_count(50)


def test_names_that_callers_made_up_are_text(page: Page) -> None:
    page.goto("/admin/requests")
    page.locator("summary").click()
    page.get_by_label("Model").fill(HOSTILE)
    page.keyboard.press("Enter")
    cell = page.locator("tbody tr").first.locator("td.long")
    expect(cell).to_have_text(f"openai/{HOSTILE}")
    page.locator("tbody a").first.click()
    expect(page.locator(".facts dd", has_text=HOSTILE).first).to_be_visible()
    page.goto("/admin/requests")
    long = page.locator("td.long", has_text=LONG[:60]).first
    assert (long.bounding_box() or {"height": 999})["height"] < 60


def test_what_is_not_there_is_said(visit: Visits, gateway: Gateway, bare: Gateway) -> None:
    visit.expected += ["400", "404", "503"]
    page = visit(gateway, "/admin/requests?since=soon", width=390)
    expect(page.get_by_role("alert")).to_contain_text("since is no time")
    expect(page.get_by_label("Since")).to_have_attribute("aria-invalid", "true")
    assert overflow(page) == []
    assert faults(page) == []
    page.goto("/admin/requests/none")
    expect(page.get_by_role("alert")).to_contain_text("There is no request 'none'")
    page = visit(bare, "/admin/requests", width=390, scheme="dark")
    expect(page.get_by_role("heading", name="There is no ledger to ask")).to_be_visible()
    assert overflow(page) == []
    assert faults(page) == []
