"""Prices: the table, and the public list beside it."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessible import faults, overflow
from tests.browser.conftest import Visits
from tests.end_to_end.conftest import Gateway


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_the_table_and_the_comparison(visit: Visits, gateway: Gateway, width: int, scheme: str) -> None:
    page = visit(gateway, "/admin/prices", width=width, scheme=scheme)  # type: ignore[arg-type]
    expect(page.get_by_text("One row was to be looked at by now")).to_be_visible()
    assert overflow(page) == []
    assert faults(page) == []
    page.get_by_role("link", name="Compare with the public list").click()
    expect(page.get_by_role("region", name="Comparison with the public list")).to_be_visible()
    more = page.locator(".drift details").first
    more.locator("summary").click()
    assert overflow(page) == []
    assert faults(page) == []


def test_points_stand_under_each_other_and_digits_are_the_files(page: Page) -> None:
    page.goto("/admin/prices")
    row = page.get_by_role("row", name="openai/gpt-6.1-sol")
    assert row.locator(".money").all_inner_texts() == ["0.00125", "0.01", "0.000125"]
    edges = page.evaluate(
        """() => [...document.querySelectorAll(".prices tbody td.money:nth-child(2)")].map((cell) => {
          const text = cell.firstChild;
          const range = document.createRange();
          range.setStart(text, 0);
          range.setEnd(text, text.textContent.indexOf(".") + 1);
          return Math.round(range.getBoundingClientRect().right * 2);
        })"""
    )
    assert max(edges) - min(edges) <= 1
    page.get_by_role("link", name="Line 33 of the file").click()
    expect(page.locator("tr:target code")).to_contain_text("openai/gpt-6.1-sol")
