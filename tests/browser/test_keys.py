"""Keys: made, shown once, rotated and revoked."""

import httpx
from playwright.sync_api import expect

from tests.browser.accessible import faults, overflow
from tests.browser.conftest import Visits
from tests.end_to_end.conftest import Gateway


def allowed(gateway: Gateway, key: str) -> bool:
    answer = httpx.get(f"{gateway.url}/v1/models", headers={"Authorization": f"Bearer {key}"})
    return answer.status_code == 200


def test_a_key_from_its_beginning_to_its_end(visit: Visits, own: Gateway) -> None:
    visit.expected.append("400")
    page = visit(own, "/admin/keys", width=390, scheme="dark")
    page.get_by_text("Make a key").click()
    page.get_by_label("Id").fill("not an id")
    page.get_by_label("Owner").fill("<b>Ada</b>")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("id: 'not an id'")
    expect(page.get_by_label("Owner")).to_have_value("<b>Ada</b>")
    assert overflow(page) == []
    assert faults(page) == []
    page.get_by_label("Id").fill("team-new")
    page.get_by_label("Budget, USD").fill("12.50")
    page.get_by_label("Tags").fill("team=new\nnote=\"'<i>")
    page.get_by_role("button", name="Make the key").click()
    key = page.locator("#secret").inner_text()
    assert key.startswith("sk-tgw-")
    assert allowed(own, key)
    expect(page.get_by_text("note=\"'<i>")).to_be_visible()
    assert overflow(page) == []
    assert faults(page) == []
    page.reload()
    expect(page.get_by_role("heading", name="Keys", exact=True)).to_be_visible()
    assert key not in page.content()
    assert overflow(page) == []

    page.get_by_role("link", name="Change team-new").click()
    assert overflow(page) == []
    assert faults(page) == []
    page.get_by_label("The one before is good for").fill("0")
    page.get_by_role("button", name="Rotate").click()
    following = page.locator("#secret").inner_text()
    assert following != key
    page.get_by_role("link", name="Done").click()
    page.get_by_role("link", name="Change team-new").click()
    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_label("Refuse all keys of team-new")).to_be_focused()
    page.get_by_label("Refuse all keys of team-new").check()
    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("row", name="team-new").filter(has_text="revoked").first).to_be_visible()
    expect(page.get_by_role("link", name="Change team-new")).to_have_count(0)


def test_a_key_is_copied_at_a_press(visit: Visits, own: Gateway) -> None:
    page = visit(own, "/admin/keys")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_text("Make a key").click()
    page.get_by_label("Id").fill("team-copy")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("() => navigator.clipboard.readText()") == page.locator("#secret").inner_text()


def test_without_a_store_keys_can_only_be_looked_at(visit: Visits, bare: Gateway) -> None:
    page = visit(bare, "/admin/keys", width=390)
    expect(page.get_by_text("Keys are those of gateway.yaml alone.")).to_be_visible()
    expect(page.get_by_role("row", name="team-search")).to_be_visible()
    assert overflow(page) == []
    assert faults(page) == []
