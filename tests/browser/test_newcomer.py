"""What the README promises of the browser, done as it says: the shipped file, a first request, and spend by model."""

import re
import shlex
import tempfile
from pathlib import Path

import httpx
from playwright.sync_api import expect

from tests.browser.accessible import faults, overflow
from tests.browser.conftest import Visits
from tests.end_to_end.conftest import ROOT, finish, launch, wait_for
from tests.end_to_end.pages import blocks

README = ROOT / "README.md"


def test_a_newcomer_sees_spend_by_model(visit: Visits) -> None:
    section = README.read_text().split("## In the browser\n")[1].split("\n## ")[0]
    (variable,) = set(re.findall(r"export (\w+)=\$\(openssl rand -hex 32\)", section))
    assert "\nmake run\n" in section
    (path,) = re.findall(r"<http://127\.0\.0\.1:8080(/[\w/]+)>", section)
    first = next(block.text for block in blocks(README) if block.language == "bash")
    words = shlex.split(first.replace("\\\n", " "))
    token = "0123456789abcdef" * 4
    with tempfile.TemporaryDirectory() as folder:
        shipped = (ROOT / "gateway.yaml").read_text()
        gateway = launch(Path(folder), shipped, "--port", "0", **{variable: token})
        try:
            wait_for(gateway)
            url = next(word for word in words if word.startswith("http")).replace("http://127.0.0.1:8080", gateway.url)
            headers = {"Content-Type": "application/json"}
            assert httpx.post(url, content=words[words.index("-d") + 1], headers=headers).status_code == 200
            written = 'gateway_ledger_rows_total{outcome="written"}'
            gateway.wait_until(lambda: gateway.metric(written) >= 1)
            page = visit(gateway, path, logged_in=False)
            page.get_by_label("Admin token").fill(token)
            page.keyboard.press("Enter")
            expect(page.get_by_role("region", name="Today")).to_contain_text("0.00")
            row = page.get_by_role("row", name="echo/echo4")
            expect(row).to_be_visible()
            expect(page.locator(".chart canvas")).to_be_visible()
            page.get_by_role("link", name="Spend", exact=True).click()
            expect(page.get_by_role("row", name="echo/echo4")).to_be_visible()
            assert overflow(page) == []
            assert faults(page) == []
            page.context.close()  # an open page would complain of a gateway that has ended
        finally:
            finish(gateway)
