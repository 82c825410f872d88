"""Requests that were once answered wrongly, or nearly: corpus/NAME.STATUS.http holds what was sent."""

from pathlib import Path

import pytest

from .house import House

FILES = sorted((Path(__file__).parent / "corpus").glob("*.http"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_was_found_stays_found(gateway: House, file: Path) -> None:
    answer = gateway.raw(file.read_bytes())
    assert answer.startswith(f"HTTP/1.1 {file.stem.rpartition('.')[2]} ".encode()), answer
    assert b"internal_error" not in answer
    assert answer.count(b"HTTP/1.1 ") == 1
