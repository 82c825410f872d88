from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def folder_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """The benchmark's files are scripts and import each other as such."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
