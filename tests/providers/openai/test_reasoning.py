from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.domain.chat import Reasoning
from tornado_gateway.providers.openai.reasoning import DetailsOfStream, details_of, proof, thinking_chunk, thinking_text

TEXT = {"type": "reasoning.text", "text": "hm so", "signature": "sig", "format": "anthropic-claude-v1", "index": 0}
SECRET = {"type": "reasoning.encrypted", "data": "abcdef", "id": "rs_1", "index": 0}


def test_details_without_a_proof_are_all_text() -> None:
    assert proof(None) is None
    assert proof([]) is None
    assert proof([{"type": "reasoning.text", "text": "hm", "signature": ""}]) is None
    assert proof([7]) is None


def test_what_was_given_out_comes_back() -> None:
    thoughts = [Reasoning("hm", signature=proof([TEXT, SECRET]), origin="openai"), Reasoning("x", origin="openai")]
    assert details_of(thoughts) == [TEXT, SECRET]
    assert details_of([Reasoning("hm", signature="made up")]) == []
    assert details_of([Reasoning("hm", signature="[7]")]) == []


@given(st.integers(0, 5), st.integers(0, 6))
def test_pieces_are_put_together_wherever_they_were_cut(text: int, data: int) -> None:
    pieces: list[Any] = [
        {**TEXT, "text": "hm so"[:text], "signature": None},
        {"type": "reasoning.text", "text": "hm so"[text:], "signature": "sig", "index": 0},
        {**SECRET, "data": "abcdef"[:data]},
        {"type": "reasoning.encrypted", "data": "abcdef"[data:], "index": 0},
        "nonsense",
    ]
    stream = DetailsOfStream()
    for piece in pieces:
        stream.add([piece])
    whole = stream.take()
    assert whole is not None
    assert msgspec.json.decode(whole) == [TEXT, SECRET]
    assert stream.take() is None


def test_mistrals_form() -> None:
    assert thinking_text(thinking_chunk("hm")["thinking"]) == "hm"
    assert thinking_text("hm") == "hm"
    assert thinking_text(None) == ""
    assert thinking_text([{"type": "reference"}, 7]) == ""
