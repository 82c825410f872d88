"""Requests that were once answered wrongly, or nearly: corpus/NAME.STATUS.http holds what was sent."""

import json
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


@pytest.mark.parametrize("model", ["a", "g", "o"])
def test_arguments_of_a_tool_are_opened_however_deep_they_are(gateway: House, model: str) -> None:
    """How deep the decoder itself goes is another thing in each Python."""
    for depth in (1_000, 3_000, 60_000):
        call = {"name": "f", "arguments": '{"a":' + "[" * depth + "]" * depth + "}"}
        turn = {"role": "assistant", "tool_calls": [{"id": "t", "type": "function", "function": call}]}
        messages = [{"role": "user", "content": "hi"}, turn, {"role": "tool", "tool_call_id": "t", "content": "x"}]
        status, answer = gateway.post(
            "/v1/chat/completions", json.dumps({"model": model, "messages": messages}).encode()
        )
        assert status in (200, 400), answer
