import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tornado_gateway.domain.stream import (
    Finished,
    ReasoningDelta,
    Relayed,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.domain.wire import (
    ANTHROPIC_MESSAGES,
    OPENAI_CHAT,
    OPENAI_COMPLETIONS,
    OPENAI_RESPONSES,
    Wire,
)
from tornado_gateway.observability.relayed_answers import Choices, read_document, read_stream

PROTOCOLS = (ANTHROPIC_MESSAGES, OPENAI_CHAT, OPENAI_COMPLETIONS, OPENAI_RESPONSES)
CALL = {"type": "tool_call", "id": "c-1", "name": "weather", "arguments": '{"place":"Paris"}'}
SAID = [{"type": "text", "content": "Hello"}, CALL]


def whole(protocol: str, document: dict[str, Any]) -> list[Any]:
    choices = Choices()
    raw = msgspec.json.decode(json.dumps(document).encode(), type=dict[str, msgspec.Raw])
    read_document(Wire(protocol, raw), choices)
    return choices.documents()


def streamed(protocol: str, *documents: dict[str, Any], end: str = "") -> list[Any]:
    choices = Choices()
    run = "".join(f"data: {json.dumps(document)}\n\n" for document in documents) + end
    read_stream([Relayed(run.encode(), len(documents))], protocol, choices)
    return choices.documents()


def test_openai_chat() -> None:
    call = {"id": "c-1", "type": "function", "function": {"name": "weather", "arguments": '{"place":"Paris"}'}}
    message = {"role": "assistant", "content": "Hello", "tool_calls": [call]}
    choices = [{"index": 0, "message": message, "finish_reason": "tool_calls"}, {"index": 1, "message": {}}]
    assert whole(OPENAI_CHAT, {"choices": choices}) == [
        {"role": "assistant", "parts": SAID, "finish_reason": "tool_calls"},
        {"role": "assistant", "parts": []},
    ]


def test_openai_chat_in_pieces() -> None:
    def delta(finish: str | None = None, **members: Any) -> dict[str, Any]:
        return {"choices": [{"index": 0, "delta": members, "finish_reason": finish}]}

    def piece(**function: str) -> dict[str, Any]:
        return {"index": 0, "function": function}

    (choice,) = streamed(
        OPENAI_CHAT,
        delta(role="assistant", content=""),
        delta(content="Hel"),
        delta(content="lo"),
        delta(tool_calls=[{**piece(name="weather", arguments=""), "id": "c-1"}]),
        delta(tool_calls=[piece(arguments='{"place":')]),
        delta(tool_calls=[piece(arguments='"Paris"}')]),
        delta("tool_calls"),
        {"choices": [], "usage": {}},
        end="data: [DONE]\n\n",
    )
    assert choice == {"role": "assistant", "parts": SAID, "finish_reason": "tool_calls"}


def test_legacy_completions() -> None:
    assert whole(OPENAI_COMPLETIONS, {"choices": [{"index": 0, "text": "Hi", "finish_reason": "stop"}]}) == [
        {"role": "assistant", "parts": [{"type": "text", "content": "Hi"}], "finish_reason": "stop"}
    ]


RESPONSE = {
    "output": [
        {"type": "reasoning", "summary": []},
        {"type": "message", "content": [{"type": "output_text", "text": "Hello"}]},
        {"type": "function_call", "call_id": "c-1", "name": "weather", "arguments": '{"place":"Paris"}'},
    ]
}


def test_responses() -> None:
    assert whole(OPENAI_RESPONSES, RESPONSE) == [{"role": "assistant", "parts": SAID}]
    piece = {"type": "response.output_text.delta", "delta": "Hel"}
    assert streamed(OPENAI_RESPONSES, piece)[0]["parts"] == [{"type": "text", "content": "Hel"}]
    completed = {"type": "response.completed", "response": RESPONSE}
    assert streamed(OPENAI_RESPONSES, piece, completed) == [{"role": "assistant", "parts": SAID}]


def test_anthropic_messages() -> None:
    blocks = [
        {"type": "thinking", "thinking": "hm"},
        {"type": "text", "text": "Hello"},
        {"type": "tool_use", "id": "c-1", "name": "weather", "input": {"place": "Paris"}},
    ]
    thought = {"type": "reasoning", "content": "hm"}
    expected = [{"role": "assistant", "parts": [thought, *SAID], "finish_reason": "tool_use"}]
    assert whole(ANTHROPIC_MESSAGES, {"content": blocks, "stop_reason": "tool_use"}) == expected

    def start(index: int, **block: Any) -> dict[str, Any]:
        return {"type": "content_block_start", "index": index, "content_block": block}

    def delta(index: int, **members: Any) -> dict[str, Any]:
        return {"type": "content_block_delta", "index": index, "delta": members}

    assert (
        streamed(
            ANTHROPIC_MESSAGES,
            {"type": "message_start", "message": {}},
            start(0, type="thinking", thinking=""),
            delta(0, type="thinking_delta", thinking="hm"),
            start(1, type="text", text=""),
            delta(1, type="text_delta", text="Hello"),
            start(2, type="tool_use", id="c-1", name="weather", input={}),
            delta(2, type="input_json_delta", partial_json='{"place":'),
            delta(2, type="input_json_delta", partial_json='"Paris"}'),
            {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
        )
        == expected
    )


def test_translated() -> None:
    choices = Choices()
    events: list[StreamEvent] = [
        ReasoningDelta("hm"),
        TextDelta("Hel"),
        TextDelta("lo"),
        ToolCallDelta(0, '{"place":', id="c-1", name="weather"),
        ToolCallDelta(0, '"Paris"}'),
        UsageReport(TokenUsage(1, 1)),
        UsageReport(TokenUsage(1, 1), frame=b'data: {"choices":[{"index":1,"delta":{"content":"x"}}]}\n\n'),
        Finished("stop"),
    ]
    read_stream(events, OPENAI_CHAT, choices)
    first, second = choices.documents()
    thought = {"type": "reasoning", "content": "hm"}
    assert first == {"role": "assistant", "parts": [thought, *SAID], "finish_reason": "stop"}
    assert second["parts"] == [{"type": "text", "content": "x"}]


KEYS = st.sampled_from(
    ["choices", "delta", "message", "content", "tool_calls", "function", "index", "type", "response", "output", "text"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_no_shape_is_too_odd(protocol: str) -> None:
    @settings(max_examples=40)
    @given(st.dictionaries(KEYS, JSON, max_size=5))
    def check(document: dict[str, Any]) -> None:
        msgspec.json.encode(whole(protocol, document))
        for kind in ("response.completed", "content_block_start", "content_block_delta", "message_delta"):
            msgspec.json.encode(streamed(protocol, {**document, "type": kind, "content_block": document}))

    check()
