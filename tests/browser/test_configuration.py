"""Configuration: the file, and another text for it that is checked before it is written."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessible import faults, overflow
from tests.browser.conftest import Visits
from tests.end_to_end.conftest import Gateway

EDIT = "/admin/configuration/edit"


def change(page: Page, before: str, after: str) -> None:
    text = page.get_by_label("Text", exact=True)
    said = text.input_value()
    assert before in said
    text.fill(said.replace(before, after))


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_every_part_fits(visit: Visits, gateway: Gateway, width: int, scheme: str) -> None:
    page = visit(gateway, "/admin/configuration", width=width, scheme=scheme)  # type: ignore[arg-type]
    expect(page.locator("#L34 .said")).to_contain_text("these prices were to be looked at")
    assert "planted" not in page.content()
    for name in ("Edit", "Reloads"):
        assert overflow(page) == []
        assert faults(page) == []
        page.get_by_label("Configuration", exact=True).get_by_role("link", name=name).click()
    expect(page.get_by_role("table", name="The latest, newest first")).to_be_visible()
    assert overflow(page) == []
    assert faults(page) == []


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_problems_are_shown_at_their_lines(visit: Visits, gateway: Gateway, width: int, scheme: str) -> None:
    page = visit(gateway, EDIT, width=width, scheme=scheme)  # type: ignore[arg-type]
    expect(page.get_by_role("button", name="Apply")).to_be_disabled()
    change(page, "weight: 3", "wieght: 3")
    change(page, "openai/gpt-6-luna: {input: 0.00015", "openai/gpt-6-luna: {input: free")
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_text("2 problems")).to_be_visible()
    assert page.locator(".gutter .error").all_inner_texts() == ["24", "35"]
    expect(page.locator("#problems")).to_contain_text("did you mean 'weight'?")
    assert overflow(page) == []
    assert faults(page) == []
    page.get_by_role("link", name="Line 35").click()
    text = page.get_by_label("Text", exact=True)
    expect(text).to_be_focused()
    place = "([...document.getElementById('text').value.slice(0, document.getElementById('text').selectionStart)])"
    assert page.evaluate(f"() => {place}.filter((letter) => letter === '\\n').length + 1") == 35
    gap = page.evaluate("() => document.getElementById('text').scrollTop - document.querySelector('.gutter').scrollTop")
    assert gap == 0
    page.keyboard.type(" ")
    expect(page.locator(".gutter .error")).to_have_count(0)
    expect(page.get_by_role("button", name="Apply")).to_be_disabled()
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_text("problem").first).to_be_visible()


def test_the_effect_in_dollars_is_seen_before_it_is_applied(visit: Visits, own: Gateway) -> None:
    page = visit(own, EDIT, width=390)
    change(page, "output: 0.0006", "output: 0.0012")
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_text("can be applied")).to_be_visible()
    expect(page.locator(".changes")).to_have_text("price of openai/gpt-6-luna: output 0.0006 -> 0.0012")
    expect(page.locator(".then .more")).to_contain_text("+0.")
    expect(page.locator(".diff .added code")).to_contain_text("0.0012")
    assert overflow(page) == []
    assert faults(page) == []
    change(page, "output: 0.0012", "output: 0.0018")
    apply = page.get_by_role("button", name="Apply")
    expect(apply).to_be_disabled()
    page.get_by_role("button", name="Check").click()
    expect(page.locator(".changes")).to_contain_text("0.0018")
    apply.click()
    expect(page.get_by_role("status")).to_contain_text("Written, and in force")
    assert "output: 0.0018" in own.config.read_text()
    assert "sk-planted-openai" in own.config.read_text()
    page.get_by_label("Configuration", exact=True).get_by_role("link", name="Reloads").click()
    expect(page.locator("tbody tr").first).to_contain_text("0.0006 -> 0.0018")


def test_who_is_late_keeps_the_text(visit: Visits, own: Gateway) -> None:
    visit.expected.append("409")
    page = visit(own, EDIT, width=390, scheme="dark")
    change(page, "output: 0.0006", "output: 0.0012")
    page.get_by_role("button", name="Check").click()
    apply = page.get_by_role("button", name="Apply")
    expect(apply).to_be_enabled()
    path = own.config
    path.write_text(path.read_text() + "# somebody else\n")
    apply.click()
    expect(page.get_by_role("alert")).to_contain_text("Somebody else has changed the file")
    expect(page.locator(".diff .removed code").last).to_have_text("# somebody else")
    expect(apply).to_be_disabled()
    assert "output: 0.0012" in page.get_by_label("Text", exact=True).input_value()
    assert overflow(page) == []
    assert faults(page) == []
    assert "output: 0.0012" not in path.read_text()
    page.get_by_role("button", name="Check against the file as it is now").click()
    expect(apply).to_be_enabled()
    apply.click()
    expect(page.get_by_role("status")).to_contain_text("Written, and in force")


def test_where_writing_is_off_and_without_scripts(visit: Visits, bare: Gateway) -> None:
    page = visit(bare, EDIT, scripts=False)
    expect(page.get_by_role("button", name="Apply")).to_have_count(0)
    expect(page.get_by_text("admin.write is off")).to_be_visible()
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_text("changes nothing")).to_be_visible()


def test_a_bad_file_is_said_to_be_out_of_force(visit: Visits, own: Gateway) -> None:
    page = visit(own, "/admin/configuration/reloads", width=390)
    path = own.config
    good = path.read_text()
    path.write_text(good.replace("kind: echo}", "kind: echoo}"))
    page.get_by_role("button", name="Read the file now").click()
    expect(page.get_by_role("alert")).to_contain_text("The file on disk is refused.")
    expect(page.locator("tbody tr").first).to_contain_text("rejected")
    assert overflow(page) == []
    assert faults(page) == []
    page.goto("/admin/configuration")
    expect(page.get_by_role("alert")).to_contain_text("not in force: it has problems")
    expect(page.locator("tr.bad .said")).to_contain_text("providers.echo.kind")
    assert faults(page) == []
    path.write_text("a: b: [")
    page.reload()
    expect(page.get_by_role("heading", name="The file is no YAML")).to_be_visible()
