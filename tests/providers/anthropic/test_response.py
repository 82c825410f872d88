import json
from typing import Any

import pytest

from tornado_gateway.domain.chat import Opaque, Reasoning, Refusal, Text, ToolCall
from tornado_gateway.domain.errors import GatewayError, UpstreamFailed, UpstreamRateLimited
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.providers.anthropic.response import (
    chat_answer,
    finish_reason,
    no_stream,
    relayed_answer,
    relayed_count,
)


def a_message(*blocks: dict[str, Any], **members: Any) -> bytes:
    document = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-1",
        "content": list(blocks),
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 3, "output_tokens": 4},
    }
    return json.dumps({**document, **members}).encode()


def test_blocks_are_parts() -> None:
    citation = {"type": "char_location", "cited_text": "x"}
    body = a_message(
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "redacted_thinking", "data": "r"},
        {"type": "text", "text": "hello", "citations": [citation]},
        {"type": "tool_use", "id": "c", "name": "f", "input": {"a": 1.50}},
        {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
    )
    answer = chat_answer(body, "claude")
    assert answer.chat is not None
    assert (answer.chat.id, answer.chat.model) == ("msg_1", "claude-1")
    assert answer.chat.choices[0].message.parts == (
        Reasoning("hm", signature="s", origin="anthropic"),
        Reasoning(redacted="r", origin="anthropic"),
        Text("hello", annotations=(citation,)),
        ToolCall("c", "f", '{"a": 1.5}'),
        Opaque("anthropic", {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}),
    )
    assert answer.usage == TokenUsage(input=3, output=4)
    assert answer.finish_reason == "stop"


def test_arguments_are_the_text_that_the_model_wrote() -> None:
    arguments = '{"a":1.50,"b":12345678901234567890123}'
    call = b'{"type":"tool_use","id":"c","name":"f","input":%s}' % arguments.encode()
    answer = chat_answer(b'{"type":"message","content":[%s]}' % call, "claude")
    assert answer.chat is not None
    assert answer.chat.choices[0].message.tool_calls[0].arguments == arguments


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("end_turn", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("stop_sequence", "stop_sequence"),
        ("tool_use", "tool_calls"),
        ("pause_turn", "pause"),
        ("refusal", "refusal"),
        ("brand_new", "stop"),
        (None, "stop"),
    ],
)
def test_a_stop_reason_has_one_word_in_the_domain(raw: str | None, reason: str) -> None:
    assert finish_reason(raw) == reason


def test_the_stop_sequence_is_kept() -> None:
    answer = chat_answer(a_message(stop_reason="stop_sequence", stop_sequence="END"), "claude")
    assert answer.chat is not None
    assert answer.chat.choices[0].stop_sequence == "END"


def test_a_refusal_says_why() -> None:
    details = {"type": "refusal", "category": "cyber", "explanation": "Not this."}
    answer = chat_answer(a_message(stop_reason="refusal", stop_details=details), "claude")
    assert answer.chat is not None
    assert answer.chat.choices[0].message.parts == (Refusal("Not this."),)
    assert answer.finish_reason == "refusal"


def test_a_relayed_answer_keeps_its_bytes() -> None:
    body = a_message({"type": "text", "text": "hello"}).replace(b", ", b" ,\n ")
    answer = relayed_answer(body, "claude")
    assert answer.relayed is not None
    assert answer.relayed.body == body
    assert answer.usage == TokenUsage(input=3, output=4)
    assert answer.finish_reason == "stop"


def test_a_count_is_free() -> None:
    answer = relayed_count(b'{"input_tokens": 12}', "claude")
    assert (answer.counted, answer.usage) == (12, TokenUsage())
    assert answer.relayed is not None
    assert answer.relayed.body == b'{"input_tokens": 12}'


@pytest.mark.parametrize("read", [chat_answer, relayed_answer, relayed_count])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b"{}",
        b'{"type":"completion"}',
        b'{"type":"message","content":',
        b'{"type":7}',
        b"[" * 100_000,
        b"\xff",
    ],
)
def test_a_garbled_answer_is_a_failure(read: Any, body: bytes) -> None:
    with pytest.raises(UpstreamFailed):
        read(body, "claude")


@pytest.mark.parametrize("content", ['"text"', "[7]", '[{"text":"x"}]', '[{"type":"text","text":7}]'])
def test_garbled_content_is_a_failure_where_it_is_opened(content: str) -> None:
    body = b'{"type":"message","content":%s}' % content.encode()
    with pytest.raises(UpstreamFailed):
        chat_answer(body, "claude")
    assert relayed_answer(body, "claude").usage is None


@pytest.mark.parametrize("read", [chat_answer, relayed_answer])
def test_an_error_under_status_200_is_an_error(read: Any) -> None:
    with pytest.raises(UpstreamRateLimited):
        read(b'{"type":"error","error":{"type":"rate_limit_error","message":"slow"}}', "claude")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b'{"type":"error","error":{"type":"rate_limit_error"}}', UpstreamRateLimited),
        (a_message(), UpstreamFailed),
        (b"{", UpstreamFailed),
    ],
)
def test_a_document_in_place_of_a_stream_is_an_error(body: bytes, error: type[GatewayError]) -> None:
    assert type(no_stream(body, "claude")) is error
