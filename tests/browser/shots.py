"""Pictures of pages, for whoever wants to look at them: ``python -m tests.browser.shots FOLDER [PATH ...]``."""

import sys
import tempfile
from pathlib import Path
from typing import Literal

import httpx
from playwright.sync_api import sync_playwright

from tests.browser.conftest import ARGUMENTS, Visits, running
from tests.browser.planted import plant, written

VIEWS: tuple[tuple[str, int, Literal["light", "dark"]], ...] = (
    ("wide-light", 1280, "light"),
    ("wide-dark", 1280, "dark"),
    ("narrow-light", 390, "light"),
    ("narrow-dark", 390, "dark"),
)


def main(folder: Path, paths: list[str]) -> None:
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        plant(Path(home))
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        with running(Path(home), written(Path(home))) as gateway:
            for name, width, scheme in VIEWS:
                visits = Visits(browser)
                for path in paths:
                    page = visits(gateway, path, width=width, scheme=scheme, logged_in="login" not in path)
                    if "live" in path:
                        page.wait_for_timeout(300)
                        for model in ("echo4", "echo4", "gpt-6-luna", "claude-opus-5-5", "gpt-" + "long-" * 30, "no"):
                            document = {"model": model, "messages": [{"role": "user", "content": "Hello"}]}
                            httpx.post(f"{gateway.url}/v1/chat/completions", json=document)
                    page.wait_for_timeout(600)
                    words = path.removeprefix("/admin/").replace("/", "-").replace("?", "-") or "overview"
                    page.screenshot(path=folder / f"{words}-{name}.png", full_page=True)
                sys.stdout.write(f"{name}: {visits.complaints}\n")
                for context in visits.contexts:
                    context.close()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
