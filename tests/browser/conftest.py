"""The admin page in a real Chromium, over gateways that are processes of their own.

Fixtures that hold a browser are the package's (which is why this folder is one) and not the session's: while one is
open, its thread has an event loop under way, in which the tests of other folders could not run theirs.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.planted import LAST_ROUTE, MORE_ROUTES, TOKEN, plant, written
from tests.end_to_end.conftest import Gateway, finish, launch, wait_for

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

_PATIENCE = 30_000
"""Milliseconds: on a busy machine a browser takes its time, and a test that passes waits for none of them."""

_WATCHING = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    found = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("chromium is not here")
    expect.set_options(timeout=_PATIENCE)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield started
        started.close()


@contextmanager
def running(folder: Path, config: str, **environment: str) -> Iterator[Gateway]:
    """A gateway of ``config`` whose file and ledger are in ``folder``."""
    gateway = launch(folder, config, **environment)
    try:
        wait_for(gateway)
        yield gateway
    finally:
        finish(gateway)


@pytest.fixture(scope="package")
def gateway() -> Iterator[Gateway]:
    """For tests that only look: with weeks of calls, and ``admin.write``."""
    with tempfile.TemporaryDirectory() as folder:
        plant(Path(folder))
        with running(Path(folder), written(Path(folder))) as started:
            yield started


@pytest.fixture(scope="package")
def _own() -> Iterator[Gateway]:
    with tempfile.TemporaryDirectory() as folder:
        plant(Path(folder), days=3)
        with running(Path(folder), written(Path(folder)).replace(LAST_ROUTE, MORE_ROUTES + LAST_ROUTE)) as started:
            yield started


@pytest.fixture
def own(_own: Gateway) -> Iterator[Gateway]:
    """For tests that change something: its file is put back afterwards. It has more routes."""
    before = _own.config.read_text()
    yield _own
    if _own.config.read_text() != before:
        _own.config.write_text(before)
        shown = {"Authorization": f"Bearer {TOKEN}"}
        assert httpx.post(f"{_own.url}/admin/api/reload", headers=shown).json()["ok"]


@pytest.fixture(scope="package")
def bare() -> Iterator[Gateway]:
    """Without a ledger, without keys of a store, and its file may not be written."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder), written(Path(folder), write=False, ledger=False)) as started,
    ):
        yield started


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Gateway]]:
    """``start(write=..., ledger=..., planted=...)``: a gateway of the test's own."""
    with ExitStack() as stack:

        def start_one(*, planted: bool = False, config: str | None = None, **options: Any) -> Gateway:
            if planted:
                plant(tmp_path)
            return stack.enter_context(running(tmp_path, config or written(tmp_path, **options)))

        yield start_one


@dataclass
class Visits:
    """Opens pages, and remembers what a browser complains about: errors on its console, and breaches of the policy."""

    browser: Browser
    contexts: list[BrowserContext] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    """Parts of complaints that the test is about."""

    def __call__(
        self,
        gateway: Gateway,
        path: str | None = "/admin/",
        *,
        width: int = 1280,
        height: int = 900,
        scheme: Literal["light", "dark"] = "light",
        logged_in: bool = True,
        scripts: bool = True,
    ) -> Page:
        """``path`` None: nothing is opened yet."""
        context = self.browser.new_context(
            base_url=gateway.url,
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            java_script_enabled=scripts,
            reduced_motion="reduce",
        )
        context.set_default_timeout(_PATIENCE)
        self.contexts.append(context)
        context.add_init_script(_WATCHING)
        page = context.new_page()
        page.on("console", lambda message: self._complain(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self._complain(str(error)))
        if logged_in:
            answer = context.request.post("/admin/login", form={"token": TOKEN}, max_redirects=0)
            assert answer.status == 303, answer.text()
        if path is not None:
            page.goto(path)
        return page

    def _complain(self, text: str) -> None:
        self.complaints.append(text)

    def close(self) -> None:
        for context in self.contexts:
            context.close()
        odd = [each for each in self.complaints if not any(part in each for part in self.expected)]
        assert odd == []


@pytest.fixture
def visit(browser: Browser, start: Callable[..., Gateway]) -> Iterator[Visits]:
    """Ends before the gateways of ``start``: a page that is still open would complain of theirs."""
    visits = Visits(browser)
    yield visits
    visits.close()


@pytest.fixture
def page(visit: Visits, gateway: Gateway) -> Page:
    """Logged in, at the overview, 1280 pixels wide and light."""
    return visit(gateway)
