"""Routes: the picture, and the table that says the same."""

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.accessible import faults, overflow
from tests.browser.conftest import Visits
from tests.end_to_end.conftest import Gateway


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_the_picture_scrolls_in_its_own_box(visit: Visits, gateway: Gateway, width: int, scheme: str) -> None:
    page = visit(gateway, "/admin/routes", width=width, scheme=scheme)  # type: ignore[arg-type]
    expect(page.locator("svg.graph")).to_be_visible()
    assert overflow(page) == []
    assert faults(page) == []
    picture = page.locator(".picture")
    assert picture.evaluate("element => element.scrollWidth > element.clientWidth")
    picture.focus()
    page.keyboard.press("ArrowRight")
    for _ in range(100):
        if picture.evaluate("element => element.scrollLeft"):
            return
        page.wait_for_timeout(20)
    raise AssertionError("the arrow keys scroll nothing")


def test_boxes_and_their_words_do_not_cover_each_other(visit: Visits, own: Gateway) -> None:
    document = {"model": "echo4", "messages": [{"role": "user", "content": "Hello"}]}
    assert httpx.post(f"{own.url}/v1/chat/completions", json=document).status_code == 200
    page = visit(own, "/admin/routes")
    boxes = page.locator("svg.route-box")
    expect(boxes).to_have_count(8)
    places = [box for each in boxes.all() if (box := each.bounding_box()) is not None]
    for number, one in enumerate(places):
        for other in places[number + 1 :]:
            apart = (
                one["x"] + one["width"] <= other["x"]
                or other["x"] + other["width"] <= one["x"]
                or one["y"] + one["height"] <= other["y"]
                or other["y"] + other["height"] <= one["y"]
            )
            assert apart
    sticking_out = page.evaluate(
        """() => [...document.querySelectorAll("svg.route-box")].flatMap((box) => {
          const frame = box.getBoundingClientRect();
          return [...box.querySelectorAll("text")]
            .filter((text) => text.getBoundingClientRect().right > frame.right - 4)
            .map((text) => text.textContent);
        })"""
    )
    assert sticking_out == []
    row = page.locator("tbody", has=page.get_by_text("echo4", exact=True)).first
    expect(row).to_contain_text("no call failed")
    expect(page.locator("svg.route-box", has_text="echo4").locator("circle.good").first).to_be_visible()
    expect(page.locator("tbody .route", has_text="<b>bold</b>")).to_be_visible()
    page.get_by_role("link", name="gpt-*").click()
    assert page.locator("tbody:target").count() == 1
    assert overflow(page) == []
