import hashlib
import json
import re
from pathlib import Path

import pytest

from tornado_gateway.httpserver.page.assets import FOLDER, Assets

VENDOR = FOLDER / "vendor"


def test_an_address_changes_with_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "a.woff2").write_bytes(b"1")
    (tmp_path / "a.css").write_text("@font-face { src: url(a.woff2) }")
    first = Assets(tmp_path)
    before = first.address("a.woff2"), first.address("a.css")
    (tmp_path / "a.woff2").write_bytes(b"2")
    second = Assets(tmp_path)
    assert before[0] != second.address("a.woff2")
    assert before[1] != second.address("a.css"), "a style is another where what it names is another"
    style = second.find("a.css")
    assert style is not None
    assert style.content.decode() == f"@font-face {{ src: url({second.address('a.woff2')}) }}"


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("no asset")
    assets = Assets(tmp_path)
    assert assets.find("notes.md") is None
    with pytest.raises(KeyError):
        assets.address("notes.md")


def test_what_was_fetched_is_what_was_pinned_and_has_its_licence() -> None:
    packages = json.loads((VENDOR / "vendor.json").read_text())
    files = {name: digest for package in packages for name, digest in package["files"].items()}
    assert {path.name for path in VENDOR.iterdir()} == files.keys() | {"vendor.json"}
    for name, digest in files.items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest, name
    for package in packages:
        assert package["licence"] in {"MIT", "OFL-1.1"}
        assert any(name.endswith(".LICENSE.txt") for name in package["files"]), package["package"]


def test_nothing_is_asked_of_another_machine() -> None:
    for path in FOLDER.rglob("*"):
        if path.suffix in {".css", ".js"} and path.parent != VENDOR:
            assert not re.search(r"https?://|@import", path.read_text()), path
