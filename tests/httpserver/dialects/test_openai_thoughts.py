import json
from typing import Any

import pytest

from tornado_gateway.domain.chat import Part, Reasoning, Text, ToolCall
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.domain.stream import ReasoningDelta, StreamEvent, TextDelta, ToolCallDelta
from tornado_gateway.domain.thoughts import Seal, seal, seal_of
from tornado_gateway.httpserver.dialects.openai_chat import OpenAIChat
from tornado_gateway.httpserver.dialects.openai_thoughts import hand_back, thinking_blocks

CLAUDE = Reasoning("hm", signature="EqQB", origin="anthropic")
RESPONSES = Reasoning("plan", redacted="enc", id="rs_1", origin="openai.responses", summary=True)
CALL = ToolCall("c", "f", "{}", signature="of call")
ASK: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


@pytest.mark.parametrize(
    "parts",
    [
        (CLAUDE, Text("a")),
        (Reasoning(redacted="r", origin="anthropic"), Text("a")),
        (RESPONSES, CLAUDE, Text("a", signature="of text"), CALL, ToolCall("d", "g", "{}")),
    ],
)
def test_whatever_was_given_out_comes_back(parts: tuple[Part, ...]) -> None:
    unsigned = [
        Text(part.text) if isinstance(part, Text) else ToolCall(part.id, part.name, part.arguments)
        for part in parts
        if isinstance(part, Text | ToolCall)
    ]
    assert hand_back(thinking_blocks(parts), unsigned, "x") == list(parts)


def test_a_thought_that_is_all_text_needs_no_block() -> None:
    assert thinking_blocks((Reasoning("hm", origin="openai"), Text("a"))) == []


@pytest.mark.parametrize("blocks", ["hm", [7], [{"type": "text", "text": "a"}], [{"type": "thinking"}]])
def test_a_wrong_block_is_refused_by_its_path(blocks: Any) -> None:
    with pytest.raises(InvalidRequest) as raised:
        hand_back(blocks, (), "messages[1].thinking_blocks")
    assert str(raised.value.param).startswith("messages[1].thinking_blocks")


def test_a_request_hands_them_back_in_front() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    answer = {
        "role": "assistant",
        "content": "a",
        "reasoning_content": "hm",
        "thinking_blocks": thinking_blocks((CLAUDE, CALL)),
        "tool_calls": [call],
    }
    body = json.dumps({**ASK, "messages": [*ASK["messages"], answer]}).encode()
    assert OpenAIChat().decode_request(body).chat.messages[1].parts == (CLAUDE, Text("a"), CALL)


def deltas(*events: StreamEvent) -> list[dict[str, Any]]:
    encoder = OpenAIChat().stream_encoder(OpenAIChat().decode_request(json.dumps({**ASK, "stream": True}).encode()))
    frames = encoder.encode(events).decode().split("\n\n")[:-1]
    return [json.loads(frame.removeprefix("data: "))["choices"][0]["delta"] for frame in frames]


def test_in_a_stream_a_thought_is_told_whole_once_it_is_signed() -> None:
    assert deltas(
        ReasoningDelta("h", origin="anthropic"),
        ReasoningDelta("m", origin="anthropic"),
        ReasoningDelta(signature="EqQB", origin="anthropic"),
        ReasoningDelta("plan", origin="openai.responses", id="rs_1", summary=True),
        ReasoningDelta(redacted="enc", origin="openai.responses"),
        TextDelta("a"),
        TextDelta("", signature="of text"),
        ToolCallDelta(0, "{}", "c", "f", signature="of call"),
    ) == [
        {"role": "assistant", "reasoning_content": "h"},
        {"reasoning_content": "m"},
        {"thinking_blocks": [{"index": 0, "type": "thinking", "thinking": "hm", "signature": "EqQB"}]},
        {"reasoning_content": "plan"},
        {"thinking_blocks": [{"index": 1, "type": "thinking", "thinking": "plan", "signature": seal_of(RESPONSES)}]},
        {"content": "a"},
        {
            "content": "",
            "thinking_blocks": [
                {
                    "index": 2,
                    "type": "thinking",
                    "thinking": "",
                    "signature": seal(Seal(signature="of text", of_text=True)),
                }
            ],
        },
        {
            "tool_calls": [{"index": 0, "function": {"arguments": "{}", "name": "f"}, "type": "function", "id": "c"}],
            "thinking_blocks": [
                {
                    "index": 3,
                    "type": "thinking",
                    "thinking": "",
                    "signature": seal(Seal(signature="of call", call_id="c")),
                }
            ],
        },
    ]


def test_a_thought_that_is_never_signed_is_only_read() -> None:
    assert deltas(ReasoningDelta("hm", origin="openai"), ReasoningDelta(origin="openai")) == [
        {"role": "assistant", "reasoning_content": "hm"}
    ]


def test_each_choice_has_thoughts_of_its_own() -> None:
    told = deltas(
        ReasoningDelta("a", choice=0, origin="anthropic"),
        ReasoningDelta("b", choice=1, origin="anthropic"),
        ReasoningDelta(signature="s", choice=1, origin="anthropic"),
    )
    assert told[2]["thinking_blocks"][0]["thinking"] == "b"


BEHIND = Reasoning("so", signature="second", origin="anthropic")


@pytest.mark.parametrize(
    "parts",
    [
        (CLAUDE, Text("aé"), BEHIND, ToolCall("c", "f", "{}"), ToolCall("d", "g", "{}")),
        (Text("a"), BEHIND, Text("b"), CLAUDE, ToolCall("c", "f", "{}")),
        (CLAUDE, ToolCall("c", "f", "{}"), BEHIND, ToolCall("d", "g", "{}")),
        (Text("a"), BEHIND),
    ],
)
def test_thoughts_come_back_where_they_were_thought(parts: tuple[Part, ...]) -> None:
    blocks = thinking_blocks(parts)
    text = "".join(part.text for part in parts if isinstance(part, Text))
    calls = [part for part in parts if isinstance(part, ToolCall)]
    said: list[Part] = [Text(text)] if text else []
    assert hand_back(blocks, [*said, *calls], "x") == list(parts)
    streamed: list[StreamEvent] = []
    for number, part in enumerate(parts):
        match part:
            case Reasoning():
                streamed += [ReasoningDelta(part.text, origin=part.origin)]
                streamed += [ReasoningDelta(signature=part.signature, origin=part.origin)]
            case Text():
                streamed += [TextDelta(letter) for letter in part.text]
            case ToolCall():
                streamed += [ToolCallDelta(number, "{", part.id, part.name), ToolCallDelta(number, "}")]
    told = [block for delta in deltas(*streamed) for block in delta.get("thinking_blocks", ())]
    assert [{name: value for name, value in block.items() if name != "index"} for block in told] == blocks


@pytest.mark.parametrize("after", ["x", "xy", [1], [1, "2"], [0, -1], {"a": 1}, 7, None])
def test_a_place_that_is_none_is_refused(after: Any) -> None:
    block = {"type": "thinking", "thinking": "hm", "signature": "s", "after": after}
    with pytest.raises(InvalidRequest, match="expected two counts"):
        hand_back([block], [Text("a")], "x")


def test_places_beyond_what_is_there_are_at_its_end() -> None:
    block = {"type": "thinking", "thinking": "so", "signature": "second", "after": [99, 9]}
    assert hand_back([block], [Text("a"), ToolCall("c", "f", "{}")], "x") == [
        Text("a"), ToolCall("c", "f", "{}"), BEHIND,
    ]  # fmt: skip
