from typing import Any

import msgspec
import pytest

from tornado_gateway.domain.errors import UpstreamFailed
from tornado_gateway.domain.guardrails.frames import frames, read_frame
from tornado_gateway.domain.guardrails.members import Kind
from tornado_gateway.domain.paths import key_path
from tornado_gateway.domain.wire import ANTHROPIC_MESSAGES, OPENAI_CHAT, OPENAI_COMPLETIONS, OPENAI_RESPONSES


def frame(document: Any, name: str = "") -> bytes:
    head = f"event: {name}\n".encode() if name else b""
    return head + b"data: " + msgspec.json.encode(document) + b"\n\n"


def test_a_run_is_cut_into_its_events() -> None:
    events = [b": hello\n\n", b"event: a\ndata: 1\n\n", b"data: 2\r\n\r\n", b"data: 3"]
    assert list(frames(b"".join(events))) == events
    assert list(frames(b"")) == []


@pytest.mark.parametrize("data", [b"data: [DONE]\n\n", b": ping\n\n", b"data:\n\n", b"data: 1\n\n", b"data: null\n\n"])
def test_what_holds_no_document(data: bytes) -> None:
    assert read_frame(data, OPENAI_CHAT) is None


def test_another_document_in_the_same_lines() -> None:
    read = read_frame(b"id: 7\r\nevent: e\r\ndata:{\r\ndata: }\r\n\r\n", OPENAI_CHAT)
    assert read is not None
    assert read.encode(b"{1}") == b"id: 7\r\nevent: e\r\ndata: {1}\r\n\r\n"


def seen(protocol: str, document: Any) -> dict[str, Any]:
    read = read_frame(frame(document), protocol)
    assert read is not None
    return {key_path(text.path): (text.said, channel) for text, channel in zip(read.texts, read.channels, strict=True)}


def ends(protocol: str, document: Any) -> list[Any]:
    read = read_frame(frame(document), protocol)
    assert read is not None
    return list(read.ends)


def test_chat() -> None:
    document = {
        "id": "chatcmpl-1",
        "model": "m",
        "choices": [
            {
                "index": 2,
                "delta": {
                    "role": "assistant",
                    "content": "a",
                    "reasoning_content": "b",
                    "tool_calls": [{"index": 1, "id": "x", "function": {"name": "f", "arguments": "c"}}],
                },
                "finish_reason": None,
            },
            {"message": {"content": "whole"}, "finish_reason": "stop"},
        ],
    }
    assert seen(OPENAI_CHAT, document) == {
        "choices[0].delta.content": ("a", (2, "delta", "content")),
        "choices[0].delta.reasoning_content": ("b", (2, "delta", "reasoning_content")),
        "choices[0].delta.tool_calls[0].function.name": ("f", (2, "delta", "tool_calls", 1, "function", "name")),
        "choices[0].delta.tool_calls[0].function.arguments": (
            "c",
            (2, "delta", "tool_calls", 1, "function", "arguments"),
        ),
        "choices[1].message.content": ("whole", None),
    }
    assert ends(OPENAI_CHAT, document) == [1]
    assert seen(OPENAI_CHAT, {"choices": []}) == seen(OPENAI_CHAT, {"error": {"message": "x"}}) == {}


def test_text_completions() -> None:
    document = {"choices": [{"index": 0, "text": "a", "finish_reason": "stop"}]}
    assert seen(OPENAI_COMPLETIONS, document) == {"choices[0].text": ("a", (0, "text"))}
    assert ends(OPENAI_COMPLETIONS, document) == [0]


def test_anthropic() -> None:
    delta = {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "a"}}
    assert seen(ANTHROPIC_MESSAGES, delta) == {"delta.text": ("a", (1, "text"))}
    delta["delta"] = {"type": "input_json_delta", "partial_json": "{"}
    assert seen(ANTHROPIC_MESSAGES, delta) == {"delta.partial_json": ("{", (1, "partial_json"))}
    delta["delta"] = {"type": "signature_delta", "signature": "s"}
    assert seen(ANTHROPIC_MESSAGES, delta) == {}
    delta["delta"] = {"type": "citations_delta", "citation": {"cited_text": "c"}}
    assert seen(ANTHROPIC_MESSAGES, delta) == {"delta.citation.cited_text": ("c", None)}
    start = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "a"}}
    assert seen(ANTHROPIC_MESSAGES, start) == {"content_block.text": ("a", (0, "text"))}
    assert ends(ANTHROPIC_MESSAGES, {"type": "content_block_stop", "index": 3}) == [3]
    assert (
        seen(ANTHROPIC_MESSAGES, {"type": "message_delta", "delta": {"stop_reason": "x", "stop_sequence": "y"}}) == {}
    )


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("response.output_text.delta", Kind.TEXT),
        ("response.refusal.delta", Kind.TEXT),
        ("response.function_call_arguments.delta", Kind.ARGUMENTS),
        ("response.custom_tool_call_input.delta", Kind.FREE),
        ("response.reasoning_summary_text.delta", Kind.SEALED),
        ("response.audio.transcript.delta", Kind.TEXT),
        ("response.audio.delta", Kind.LIKELIHOODS),
    ],
)
def test_responses(kind: str, said: Kind) -> None:
    document = {"type": kind, "item_id": "i", "output_index": 1, "content_index": 0, "delta": "a", "obfuscation": "zz"}
    read = read_frame(frame(document, kind), OPENAI_RESPONSES)
    assert read is not None
    assert [text.kind for text in read.texts] == [said]
    assert list(read.channels) == [(1, kind, 0, None)]
    assert not read.ends
    assert not read.repeats


def test_responses_say_everything_once_more() -> None:
    done = {"type": "response.output_text.done", "output_index": 1, "text": "a", "logprobs": []}
    assert seen(OPENAI_RESPONSES, done) == {"text": ("a", None), "logprobs": ("", None)}
    assert ends(OPENAI_RESPONSES, done) == [1]
    item = {"type": "response.output_item.done", "output_index": 1, "item": {"type": "function_call", "name": "f"}}
    assert seen(OPENAI_RESPONSES, item) == {"item.name": ("f", None)}
    whole = {
        "type": "response.completed",
        "response": {"instructions": "no", "tools": [{"name": "no"}], "output": [{"content": [{"text": "a"}]}]},
    }
    assert seen(OPENAI_RESPONSES, whole) == {"response.output[0].content[0].text": ("a", None)}
    read = read_frame(frame(whole), OPENAI_RESPONSES)
    assert read is not None
    assert read.repeats


@pytest.mark.parametrize(
    "data",
    [b"[1]", b'"x"', b"{", b'{"a":"\xff"}', b"[" * 5000, b'{"a":' * 5000],
    ids=["list", "text", "cut", "utf-8", "deep", "deeper"],
)
def test_what_nobody_can_read_may_say_anything(data: bytes) -> None:
    with pytest.raises(UpstreamFailed):
        read_frame(b"data: " + data + b"\n\n", OPENAI_CHAT)


@pytest.mark.parametrize("odd", [b'"\\ud83d"', b"NaN", b"1e999"])
def test_what_clients_take_though_it_is_no_json_is_read(odd: bytes) -> None:
    frame = read_frame(b'data: {"choices":[{"delta":{"content":"hi","x":' + odd + b"}}]}\n\n", OPENAI_CHAT)
    assert frame is not None
    assert "hi" in [text.said for text in frame.texts]


@pytest.mark.parametrize(
    ("kind", "member"),
    [
        ("response.code_interpreter_call_code.done", "code"),
        ("response.output_text.annotation.added", "annotation"),
        ("response.shell_call_command.done", "command"),
        ("response.of_tomorrow", "diff"),
    ],
)
def test_whatever_an_event_of_responses_says_is_looked_at(kind: str, member: str) -> None:
    said = '{"title":"secret"}' if member == "annotation" else '"secret"'
    frame = read_frame(f'data: {{"type":"{kind}","output_index":0,"{member}":{said}}}\n\n'.encode(), OPENAI_RESPONSES)
    assert frame is not None
    assert [text.said for text in frame.texts] == ["secret"]


def test_a_plain_document_in_a_block_is_a_text() -> None:
    source = b'{"type":"text","media_type":"text/plain","data":"secret"}'
    block = b'{"type":"web_fetch_tool_result","content":{"type":"document","source":%s}}' % source
    data = b'data: {"type":"content_block_start","index":0,"content_block":%s}\n\n' % block
    frame = read_frame(data, ANTHROPIC_MESSAGES)
    assert frame is not None
    assert [text.said for text in frame.texts] == ["secret"]
