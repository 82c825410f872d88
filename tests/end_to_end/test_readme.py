"""Every command of the README and of the pages under docs/ is run, and answers what the page says."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tornado_gateway.__main__ import main

from .conftest import ROOT, Double, Gateway, finish, launch, wait_for
from .pages import Reader, blocks

SHIPPED = (ROOT / "gateway.yaml").read_text()
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
DONE = [page for page in PAGES if any(block.language not in {"sh", ""} for block in blocks(page))]
"""Pages with something to be done."""


def name(page: Path) -> str:
    return page.name


@pytest.fixture
def reader(tmp_path: Path, upstream: Double) -> Iterator[Reader]:
    """With the file that ``make run`` serves."""
    environ = {"OPENAI_API_KEY": "sk-planted-provider-key", "OPENAI_BASE_URL": upstream.url}
    file = tmp_path / "gateway.yaml"
    file.write_text(SHIPPED)

    def start() -> Gateway:
        gateway = launch(tmp_path, file.read_text(), "--port", "0", **environ)
        wait_for(gateway)
        return gateway

    reader = Reader(file, environ, start)
    yield reader
    if reader.gateway is not None:
        finish(reader.gateway)


@pytest.mark.parametrize("page", DONE, ids=name)
def test_a_reader_sees_what_the_page_shows(page: Path, reader: Reader) -> None:
    reader.follow(page)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_what_is_made_and_used_is_there(page: Path) -> None:
    """What a test can't run: at least its targets and files exist."""
    targets = (ROOT / "Makefile").read_text()
    for block in blocks(page):
        if block.language == "sh":
            for made in re.findall(r"\bmake (\w+)", block.text):
                assert re.search(rf"^{made}:", targets, re.MULTILINE), made
            for file in re.findall(r"(?:deploy|tests|docs|schema)/[\w./-]+", block.text):
                assert (ROOT / file).exists(), file


def test_every_command_is_on_its_page(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    commands = re.findall(r"^    (\w+) ", capsys.readouterr().out, re.MULTILINE)
    assert len(commands) > 10
    page = (ROOT / "docs" / "commands.md").read_text()
    assert [command for command in commands if f"| `{command}` |" not in page] == []
