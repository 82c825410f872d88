"""Spend: tables with every digit, and a chart that says the same."""

import re
from decimal import Decimal
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessible import faults, overflow
from tests.browser.conftest import Visits
from tests.browser.planted import HOSTILE, LONG, TOKEN
from tests.end_to_end.conftest import Gateway


def said(gateway: Gateway, **parameters: str) -> Any:
    """The API's answer."""
    shown = {"Authorization": f"Bearer {TOKEN}"}
    return httpx.get(f"{gateway.url}/admin/api/spend", params=parameters, headers=shown).json(parse_float=Decimal)


@pytest.mark.parametrize(
    ("by", "width", "scheme"),
    [
        ("model", 390, "light"),
        ("key", 768, "dark"),
        ("tag&tag_name=feature", 1280, "dark"),
        ("status&measure=tokens&since=365d", 390, "dark"),
    ],
)
def test_whatever_it_is_by(visit: Visits, gateway: Gateway, by: str, width: int, scheme: str) -> None:
    page = visit(gateway, f"/admin/spend?by={by}", width=width, scheme=scheme)  # type: ignore[arg-type]
    expect(page.locator(".chart canvas")).to_be_visible()
    page.get_by_text("s as a table").click()
    assert overflow(page) == []
    assert faults(page) == []


def test_every_digit_is_the_apis(visit: Visits, gateway: Gateway) -> None:
    document = said(gateway, by="model", since="30d", top="50")
    page = visit(gateway, "/admin/spend")
    for group in document["groups"]:
        row = page.get_by_role("row").filter(has=page.get_by_text(group["group"]["model"], exact=True))
        shown = row.locator(".money").inner_text()
        assert Decimal(shown.replace(",", "")) == group["cost"]
    total = page.locator("tfoot .money").inner_text()
    assert Decimal(total.replace(",", "")) == document["total"]["cost"]
    page.get_by_text("s as a table").click()
    last = document["days"][-1]
    cells = page.locator("#days tbody tr").filter(has_text=last["day"]).locator("td")
    total, *columns = [Decimal(text.replace(",", "")) for text in cells.all_inner_texts()]
    assert total == sum(columns) == last["cost"]


def test_names_that_callers_made_up_are_text(page: Page, gateway: Gateway) -> None:
    page.goto("/admin/spend")
    expect(page.get_by_role("link", name=f"openai/{HOSTILE}")).to_be_visible()
    link = page.get_by_role("link", name=f"openai/{LONG}"[:60])
    box = link.bounding_box()
    assert box is not None
    assert box["height"] < 60, "a long name keeps to two lines"
    assert link.get_attribute("title") == f"openai/{LONG}"[: len("openai/") + 256]


def test_the_chart_tells_the_day_under_the_pointer(page: Page) -> None:
    page.goto("/admin/spend")
    over = page.locator(".chart .u-over")
    box = over.bounding_box()
    assert box is not None
    for share in (0.05, 0.97):
        page.mouse.move(box["x"] + box["width"] * share, box["y"] + 80)
        tip = page.locator(".tip")
        expect(tip).to_be_visible()
        day = tip.locator("p span").first.inner_text()
        row = page.locator("#days tbody tr").filter(has_text=day)
        assert tip.locator("p span").last.inner_text() == row.locator("[data-total]").text_content()
        inside = tip.bounding_box()
        assert inside is not None
        assert box["x"] - 60 < inside["x"]
        assert inside["x"] + inside["width"] < box["x"] + box["width"] + 40
    page.mouse.move(5, 5)
    expect(tip).to_be_hidden()


def test_the_form_is_used_by_keyboard(page: Page) -> None:
    page.goto("/admin/spend")
    tag = page.get_by_label("Tag's name")
    expect(tag).to_be_hidden()
    page.get_by_label("By", exact=True).select_option("tag")
    tag.fill("team")
    page.get_by_label("Period").select_option("7d")
    page.get_by_label("Period").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="By team", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile(r"by=tag&tag_name=team&measure=cost&since=7d"))
    expect(page.locator("#days tbody tr")).to_have_count(8)
    page.get_by_label("Period").select_option("days")
    page.get_by_label("From").fill("2001-01-01")
    page.get_by_label("To, included").fill("2001-01-31")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", name="Nothing was spent")).to_be_visible()
    assert faults(page) == []


def test_the_colours_are_drawn_again_with_the_theme(page: Page) -> None:
    page.goto("/admin/spend")
    count = "() => document.querySelector('.chart canvas').toDataURL()"
    before = page.evaluate(count)
    for _ in range(2):
        page.get_by_role("button", name="Theme").click()
    assert page.evaluate(count) != before
    expect(page.locator(".chart canvas")).to_have_count(1)


def test_without_scripts_the_tables_are_there(visit: Visits, gateway: Gateway) -> None:
    page = visit(gateway, "/admin/spend", scripts=False)
    expect(page.get_by_role("row", name="echo/echo4")).to_be_visible()
    expect(page.locator(".chart")).to_be_hidden()
    page.goto("/admin/")
    expect(page.get_by_role("region", name="Today")).to_be_visible()
    expect(page.get_by_text("Without scripts it is on the page Spend.")).to_be_visible()


def test_what_can_not_be_shown_is_said(visit: Visits, gateway: Gateway) -> None:
    visit.expected.append("400")
    page = visit(gateway, "/admin/spend?tag=nonsense", width=390)
    expect(page.get_by_role("alert")).to_contain_text("invalid_request")
    assert overflow(page) == []
    assert faults(page) == []
