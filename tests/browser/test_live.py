"""Calls as they happen, in front of somebody who looks."""

from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.accessible import faults, overflow
from tests.browser.conftest import Visits
from tests.browser.planted import HOSTILE
from tests.end_to_end.conftest import Gateway, finish


def call(gateway: Gateway, model: str = "echo4", request_id: str = "mine-1") -> None:
    document = {"model": model, "messages": [{"role": "user", "content": "a prompt that nobody else may see"}]}
    headers = {"X-Request-ID": request_id}
    httpx.post(f"{gateway.url}/v1/chat/completions", json=document, headers=headers, timeout=10)


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_calls_appear(visit: Visits, gateway: Gateway, width: int, scheme: str) -> None:
    page = visit(gateway, "/admin/live", width=width, scheme=scheme)  # type: ignore[arg-type]
    expect(page.get_by_text("Connected")).to_be_visible()
    expect(page.get_by_text("Nothing yet.")).to_be_visible()
    call(gateway)
    row = page.get_by_role("row", name="echo/echo4")
    expect(row).to_contain_text("200")
    expect(row.locator(".money")).to_have_text("0.00063")
    assert row.get_by_role("link").get_attribute("href") == "/admin/requests/mine-1"
    call(gateway, f"gpt-{HOSTILE}", "mine-2")
    expect(page.get_by_role("row", name=HOSTILE)).to_contain_text("502")
    expect(page.locator("#ended")).to_have_text("2")
    expect(page.locator("#failed")).to_have_text("1")
    expect(page.locator("#under-way")).to_have_text("0")
    assert "nobody else" not in page.content()
    assert overflow(page) == []
    assert faults(page) == []


def test_it_can_be_held_and_narrowed_down(visit: Visits, gateway: Gateway) -> None:
    page = visit(gateway, "/admin/live")
    expect(page.get_by_text("Connected")).to_be_visible()
    rows = page.locator("#calls tbody tr")
    call(gateway, request_id="first")
    expect(rows).to_have_count(1)
    pause = page.get_by_role("button", name="Pause")
    pause.click()
    call(gateway, request_id="second")
    expect(page.locator("#ended")).to_have_text("2")
    expect(rows).to_have_count(1)
    page.get_by_role("button", name="Go on").click()
    expect(rows).to_have_count(2)
    page.get_by_label("Only with").fill("SECOND")
    expect(rows).to_have_count(1)
    page.get_by_label("Only with").fill("nothing like it")
    expect(page.get_by_text("None of those that came fits.")).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_text("Nothing yet.")).to_be_visible()


def test_an_amount_keeps_the_digits_that_it_came_with(visit: Visits, gateway: Gateway) -> None:
    page = visit(gateway, None)
    end = '"finished_at":"2026-11-25T12:00:00Z","status":200,"attempts":1,"cost":12345678901234.567890123'
    event = '{"request_id":"a",' + end + "}"
    page.route(
        "**/admin/live/events",
        lambda route: route.fulfill(
            content_type="text/event-stream", body=f"retry: 600000\n\nevent: finished\ndata: {event}\n\n"
        ),
    )
    page.goto("/admin/live")
    expect(page.locator("#calls .money")).to_have_text("12345678901234.567890123")


def test_a_gateway_that_goes_is_missed(visit: Visits, start: Callable[..., Gateway]) -> None:
    gateway = start()
    page = visit(gateway, "/admin/live")
    expect(page.get_by_text("Connected")).to_be_visible()
    visit.expected.append("ERR_")
    finish(gateway)
    expect(page.get_by_role("status")).to_have_text("Connecting again")


def test_another_token_ends_it(visit: Visits, start: Callable[..., Gateway]) -> None:
    gateway = start()
    page = visit(gateway, "/admin/live")
    expect(page.get_by_text("Connected")).to_be_visible()
    visit.expected.append("MIME")
    gateway.config.write_text(gateway.config.read_text().replace("planted-0123", "another-0123"))
    expect(page.get_by_role("status")).to_have_text("Ended: load the page again")
    page.reload()
    expect(page.get_by_label("Admin token")).to_be_visible()
