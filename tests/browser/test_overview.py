"""The overview, and its chart that comes after it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.browser.accessible import faults, overflow
from tests.browser.conftest import Visits
from tests.end_to_end.conftest import Gateway


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (768, "light"), (1280, "light")])
def test_all_of_it_is_there(visit: Visits, gateway: Gateway, width: int, scheme: str) -> None:
    page = visit(gateway, width=width, scheme=scheme)  # type: ignore[arg-type]
    month = page.get_by_role("region", name="This month")
    expect(month).to_contain_text("USD")
    expect(page.get_by_role("region", name="To look at")).to_contain_text("groq has no key")
    expect(page.locator(".chart canvas")).to_be_visible()
    expect(page.get_by_role("row", name="echo/echo4")).to_be_visible()
    assert overflow(page) == []
    assert faults(page) == []


def test_the_ledger_may_take_its_time_and_may_fail(visit: Visits, gateway: Gateway) -> None:
    page = visit(gateway, None)
    waiting: list[Route] = []
    page.route("**/admin/overview/spend", lambda route: waiting.append(route))  # noqa: PLW0108 - it wants a function
    page.goto("/admin/")
    expect(page.get_by_role("status")).to_have_text("Asking the ledger …")
    visit.expected.append("ERR_FAILED")
    waiting.pop().abort()
    failed = page.get_by_role("alert")
    expect(failed).to_contain_text("The gateway can't be reached.")
    page.unroute("**/admin/overview/spend")
    failed.get_by_role("button", name="Try again").click()
    expect(page.locator(".chart canvas")).to_be_visible()
    page.context.clear_cookies()
    page.reload()
    expect(page.get_by_label("Admin token")).to_be_visible()


def test_without_a_ledger_and_with_one_that_is_empty(visit: Visits, start: Callable[..., Gateway]) -> None:
    page = visit(start(ledger=False), width=390)
    expect(page.get_by_text("There is no ledger to ask")).to_be_visible()
    assert overflow(page) == []
    page = visit(start(), width=390)
    expect(page.get_by_text("Nothing in thirty days")).to_be_visible()
    assert overflow(page) == []
    assert faults(page) == []
