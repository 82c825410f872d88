import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.domain.chat import Reasoning, Text, ToolCall
from tornado_gateway.domain.stream import ReasoningDelta, TextDelta, ToolCallDelta
from tornado_gateway.httpserver.dialects.anthropic_blocks import content_parts
from tornado_gateway.httpserver.dialects.anthropic_open_blocks import OpenBlocks

Delta = TextDelta | ReasoningDelta | ToolCallDelta


def told(*deltas: Delta) -> list[dict[str, Any]]:
    blocks = OpenBlocks()
    return events(b"".join([feed(blocks, delta) for delta in deltas]) + blocks.end())


def feed(blocks: OpenBlocks, delta: Delta) -> bytes:
    match delta:
        case TextDelta():
            return blocks.text(delta)
        case ReasoningDelta():
            return blocks.thought(delta)
        case ToolCallDelta():
            return blocks.call(delta)


def events(body: bytes) -> list[dict[str, Any]]:
    found = []
    for frame in body.decode().split("\n\n")[:-1]:
        name, data = frame.split("\n")
        event = json.loads(data.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        found.append(event)
    return found


def content(told_events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The blocks as a client puts them together; fails where the grammar is broken."""
    blocks: list[dict[str, Any]] = []
    pieces: list[str] = []
    is_open = False
    for event in told_events:
        match event["type"]:
            case "content_block_start":
                assert not is_open
                assert event["index"] == len(blocks)
                is_open, pieces = True, []
                blocks.append(dict(event["content_block"]))
            case "content_block_delta":
                assert is_open
                assert event["index"] == len(blocks) - 1
                put(blocks[-1], event["delta"], pieces)
            case "content_block_stop":
                assert is_open
                assert event["index"] == len(blocks) - 1
                is_open = False
                if pieces:
                    blocks[-1]["input"] = json.loads("".join(pieces))
    assert not is_open
    return blocks


def put(block: dict[str, Any], delta: dict[str, Any], pieces: list[str]) -> None:
    match delta["type"]:
        case "text_delta":
            block["text"] += delta["text"]
        case "thinking_delta":
            block["thinking"] += delta["thinking"]
        case "signature_delta":
            block["signature"] = delta["signature"]
        case "citations_delta":
            block.setdefault("citations", []).append(delta["citation"])
        case "input_json_delta":
            pieces.append(delta["partial_json"])


def test_texts_are_one_block_until_something_else_begins() -> None:
    result = told(TextDelta("a"), TextDelta(""), TextDelta("b"), ToolCallDelta(0, "{}", "c", "f"), TextDelta("d"))
    assert content(result) == [
        {"type": "text", "text": "ab"},
        {"type": "tool_use", "id": "c", "name": "f", "input": {}},
        {"type": "text", "text": "d"},
    ]


def test_a_text_is_told_as_it_comes() -> None:
    blocks = OpenBlocks()
    assert len(events(blocks.text(TextDelta("a")))) == 2
    assert blocks.text(TextDelta("b")) == (
        b"event: content_block_delta\n"
        b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"b"}}\n\n'
    )


def test_citations_are_told_with_their_text() -> None:
    note = {"type": "char_location"}
    result = told(TextDelta("a"), TextDelta("", annotations=(note, {"type": "url_citation"})))
    assert content(result) == [{"type": "text", "text": "a", "citations": [note]}]


def test_a_thought_ends_with_its_signature() -> None:
    result = told(
        ReasoningDelta("h", origin="anthropic"),
        ReasoningDelta("m", origin="anthropic"),
        ReasoningDelta(signature="s", origin="anthropic"),
        ReasoningDelta("next", origin="anthropic"),
        ReasoningDelta(signature="t", origin="anthropic"),
        ReasoningDelta(redacted="r", origin="anthropic"),
        TextDelta("a"),
    )
    assert content(result) == [
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "thinking", "thinking": "next", "signature": "t"},
        {"type": "redacted_thinking", "data": "r"},
        {"type": "text", "text": "a"},
    ]


def test_a_foreign_thought_is_sealed_whole() -> None:
    result = told(
        ReasoningDelta("pl", origin="openai.responses", id="rs_1", summary=True),
        ReasoningDelta("an", origin="openai.responses", id="rs_1"),
        ReasoningDelta(redacted="enc", origin="openai.responses", id="rs_1"),
        ReasoningDelta("other", origin="openai.responses", id="rs_2"),
        TextDelta("a"),
    )
    assert content_parts(content(result), "content") == (
        Reasoning("plan", redacted="enc", id="rs_1", origin="openai.responses", summary=True),
        Reasoning("other", id="rs_2", origin="openai.responses"),
        Text("a"),
    )


def test_thoughts_of_two_items_are_two_though_neither_is_signed() -> None:
    result = told(ReasoningDelta("a", origin="openai", id="1"), ReasoningDelta("b", origin="openai", id="2"))
    assert [block["thinking"] for block in content(result)] == ["a", "b"]


def test_signatures_of_texts_and_calls_travel_beside_them() -> None:
    result = told(
        TextDelta("a"),
        TextDelta("", signature="of text"),
        ToolCallDelta(0, "{}", "c", "f", signature="of call"),
        ToolCallDelta(1, "{}", "d", "f"),
        ToolCallDelta(1, signature="late"),
    )
    assert content_parts(content(result), "content") == (
        Text("a", signature="of text"),
        ToolCall("c", "f", "{}", "of call"),
        ToolCall("d", "f", "{}", "late"),
    )


def test_pieces_of_two_calls_in_turn_are_told_one_call_after_the_other() -> None:
    result = told(
        ToolCallDelta(0, '{"a":', "c", "f"),
        ToolCallDelta(1, '{"b":', "d", "g"),
        ToolCallDelta(0, "1}"),
        ToolCallDelta(1, "2}"),
    )
    assert [block["input"] for block in content(result)] == [{"a": 1}, {"b": 2}]


def test_a_call_waits_for_its_name() -> None:
    result = told(ToolCallDelta(0, '{"a"', "c"), ToolCallDelta(0, ":1}", name="f"))
    assert content(result) == [{"type": "tool_use", "id": "c", "name": "f", "input": {"a": 1}}]


def test_a_call_without_an_id_gets_one() -> None:
    first, second = content(told(ToolCallDelta(0, "{}", name="f"), ToolCallDelta(1, "{}", name="f")))
    assert first["id"].startswith("toolu_")
    assert first["id"] != second["id"]


def test_a_cut_call_is_told_as_far_as_it_came() -> None:
    result = told(ToolCallDelta(0, '{"a":', "c", "f"), TextDelta("x"))
    assert [event["type"] for event in result] == [
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
    ]


def test_a_call_that_never_got_a_name_is_no_block() -> None:
    assert told(ToolCallDelta(0, "{}")) == []


@given(st.data())
def test_whatever_the_order_nothing_is_lost(data: st.DataObject) -> None:
    arguments = data.draw(st.lists(st.dictionaries(st.text(max_size=3), st.integers()), max_size=4))
    queues: list[list[Delta]] = []
    for index, value in enumerate(arguments):
        text = json.dumps(value)
        cut = data.draw(st.integers(0, len(text)))
        queues.append([ToolCallDelta(index, text[:cut], f"c{index}", "f"), ToolCallDelta(index, text[cut:])])
    texts = data.draw(st.lists(st.text(min_size=1), max_size=4))
    queues.append([TextDelta(text) for text in texts])
    deltas: list[Delta] = []
    while any(queues):
        queue = data.draw(st.sampled_from([queue for queue in queues if queue]))
        deltas.append(queue.pop(0))
    blocks = content(told(*deltas))
    assert "".join(block["text"] for block in blocks if block["type"] == "text") == "".join(texts)
    calls = {block["id"]: block["input"] for block in blocks if block["type"] == "tool_use"}
    assert calls == {f"c{index}": value for index, value in enumerate(arguments)}


@pytest.mark.parametrize("count", [1, 50])
def test_indexes_count_the_blocks(count: int) -> None:
    result = told(*[ToolCallDelta(index, "{}", f"c{index}", "f") for index in range(count)])
    assert len(content(result)) == count
