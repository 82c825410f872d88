"""What every dialect keeps to, whoever speaks it: a request is understood or refused, and never an accident."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import NOW
from tornado_gateway.domain.call import ModelCall
from tornado_gateway.domain.counting import estimate_chat, is_count
from tornado_gateway.domain.errors import GatewayError, InvalidRequest, UpstreamFailed
from tornado_gateway.domain.stream import Finished, ReasoningDelta, RefusalDelta, Started, TextDelta, ToolCallDelta
from tornado_gateway.httpserver.dialects.anthropic_messages import AnthropicCountTokens, AnthropicMessages
from tornado_gateway.httpserver.dialects.base import Dialect
from tornado_gateway.httpserver.dialects.native import Native
from tornado_gateway.httpserver.dialects.openai_chat import OpenAIChat
from tornado_gateway.httpserver.dialects.openai_legacy import OpenAILegacy
from tornado_gateway.providers.anthropic.request import chat_body as messages_body
from tornado_gateway.providers.openai.request import chat_body

CHAT: dict[str, Any] = {
    "model": "m",
    "messages": [
        {"role": "system", "content": "s"},
        {
            "role": "user",
            "name": "u",
            "content": [
                {"type": "text", "text": "t", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "low"}},
                {"type": "image_url", "image_url": {"url": "https://x.example/i.png"}},
                {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
                {"type": "file", "file": {"file_data": "data:application/pdf;base64,AA", "filename": "f"}},
            ],
        },
        {
            "role": "assistant",
            "content": "c",
            "refusal": "r",
            "reasoning_content": "z",
            "thinking_blocks": [{"type": "thinking", "thinking": "hm", "signature": "s"}],
            "tool_calls": [
                {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
                {"id": "2", "type": "custom", "custom": {"name": "g", "input": "x"}},
            ],
        },
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "tool", "tool_call_id": "1", "content": [{"type": "text", "text": "t"}]},
        {"role": "user", "content": "u"},
    ],
    "stream": True,
    "stream_options": {"include_usage": True},
    "tools": [
        {"type": "function", "function": {"name": "f", "description": "d", "parameters": {}, "strict": True}},
        {"type": "custom", "custom": {"name": "g", "description": "d", "format": {"type": "text"}}},
    ],
    "tool_choice": {"type": "function", "function": {"name": "f"}},
    "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {}, "strict": True}},
    "stop": ["a"],
    "max_completion_tokens": 5,
    "temperature": 1,
    "top_k": 3,
    "logit_bias": {"1": 2},
    "metadata": {"a": "b"},
    "reasoning_effort": "low",
    "verbosity": "low",
    "service_tier": "auto",
    "user": "u",
}
LEGACY: dict[str, Any] = {
    "model": "m",
    "prompt": ["p"],
    "stop": "s",
    "max_tokens": 3,
    "logit_bias": {"1": 2},
    "stream_options": {"include_usage": True},
    "user": "u",
}
MESSAGES: dict[str, Any] = {
    "model": "m",
    "max_tokens": 5,
    "system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}],
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "t"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA"}},
                {"type": "document", "source": {"type": "text", "data": "d", "media_type": "text/plain"}, "title": "t"},
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "t", "signature": "s"},
                {"type": "tool_use", "id": "1", "name": "f", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "1", "content": [{"type": "text", "text": "t"}]},
                {"type": "tool_result", "tool_use_id": "2", "content": "t", "is_error": True},
            ],
        },
    ],
    "tools": [{"name": "f", "description": "d", "input_schema": {"type": "object"}}],
    "tool_choice": {"type": "tool", "name": "f"},
    "thinking": {"type": "enabled", "budget_tokens": 1024},
    "metadata": {"user_id": "u"},
    "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": {}}},
    "stop_sequences": ["a"],
}
DIALECTS: list[tuple[Dialect, dict[str, Any]]] = [
    (Native(lambda: NOW), CHAT),
    (OpenAIChat(), CHAT),
    (OpenAILegacy(), LEGACY),
    (AnthropicMessages(), MESSAGES),
    (AnthropicCountTokens(), MESSAGES),
]
NAMES = [type(dialect).__name__ for dialect, _ in DIALECTS]

ODD: list[Any] = [None, True, 0, -1, 2**70, 1.5, "", "x", "é\u2028", [], [[]], {}, {"type": "x"}, [None], [1]]


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of everything in a document."""
    found = [at] if at else []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        found.extend(places(each, (*at, key)))
    return found


def changed(document: Any, at: tuple[Any, ...], value: Any, remove: bool) -> Any:
    copy = json.loads(json.dumps(document))
    inner = copy
    for key in at[:-1]:
        inner = inner[key]
    if remove:
        del inner[at[-1]]
    else:
        inner[at[-1]] = value
    return copy


def walk(dialect: Dialect, body: bytes) -> ModelCall:
    """All that reads a request before anything is sent, on both lanes and to both families of providers."""
    call = dialect.decode_request(body)
    estimate_chat(call.chat)
    for encode in (
        lambda: chat_body(call.chat, "gpt-4", []),
        lambda: messages_body(call.chat, "claude", []),
    ):
        with suppress(InvalidRequest):
            encode()
    if not is_count(call):
        dialect.stream_encoder(call)
    return call


@pytest.mark.parametrize(("dialect", "document"), DIALECTS, ids=NAMES)
def test_the_whole_document_is_understood(dialect: Dialect, document: dict[str, Any]) -> None:
    call = walk(dialect, json.dumps(document).encode())
    assert (call.model, call.chat.model) == ("m", "m")
    assert call.wire.protocol == dialect.name


@pytest.mark.parametrize(("dialect", "document"), DIALECTS, ids=NAMES)
@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_whatever_stands_in_any_place_is_understood_or_refused(
    dialect: Dialect, document: dict[str, Any], data: st.DataObject
) -> None:
    at = data.draw(st.sampled_from(places(document)))
    changed_one = changed(document, at, data.draw(st.sampled_from(ODD)), data.draw(st.booleans()))
    try:
        walk(dialect, json.dumps(changed_one).encode())
    except InvalidRequest as error:
        assert error.message
        assert "Traceback" not in error.message


@pytest.mark.parametrize(("dialect", "document"), DIALECTS, ids=NAMES)
@pytest.mark.parametrize(
    "value",
    [b'"\xff"', b"1e999", b'"\\ud800"', b"[" * 5000 + b"]" * 5000, b'{"a":"\xc3"}', b"-0", b"123456789012345678901234"],
    ids=["no UTF-8", "no double", "half a pair", "deep", "no UTF-8 deeper down", "minus nought", "a long number"],
)
def test_values_that_no_value_can_hold_in_a_member_of_tomorrow(
    dialect: Dialect, document: dict[str, Any], value: bytes
) -> None:
    body = json.dumps(document).encode()[:-1] + b',"x_of_tomorrow":' + value + b"}"
    try:
        walk(dialect, body)
    except InvalidRequest as error:
        assert "x_of_tomorrow" in error.message or "body" in error.message


@pytest.mark.parametrize(("dialect", "document"), DIALECTS, ids=NAMES)
@settings(max_examples=100, deadline=None)
@given(junk=st.binary(max_size=40), at=st.integers(0, 400))
def test_bytes_that_are_no_request_are_refused(
    dialect: Dialect, document: dict[str, Any], junk: bytes, at: int
) -> None:
    body = json.dumps(document).encode()
    try:
        walk(dialect, body[:at] + junk + body[at + len(junk) :])
    except InvalidRequest as error:
        assert error.status == 400


@pytest.mark.parametrize(("dialect", "document"), DIALECTS[:4], ids=NAMES[:4])
def test_every_stream_has_an_end_and_a_failure_of_its_own(dialect: Dialect, document: dict[str, Any]) -> None:
    encoder = dialect.stream_encoder(dialect.decode_request(json.dumps(document).encode()))
    said = encoder.encode(
        (
            Started(id="i", model="m"),
            ReasoningDelta("hm", signature="s", origin="x"),
            TextDelta("Hi\u2028\r\n"),
            RefusalDelta("no"),
            ToolCallDelta(0, "{}", id="1", name="f"),
            Finished("tool_calls"),
        )
    )
    ended, failed = encoder.close(), encoder.fail(UpstreamFailed("It\nbroke."), "req_1")
    for part in (said, ended, failed):
        assert part.endswith(b"\n\n")
        for event in part.split(b"\n\n")[:-1]:
            lines = event.split(b"\n")
            assert all(line.startswith((b"data: ", b"event: ")) for line in lines)
            assert b"\r" not in event
    assert b'"It\\nbroke."' in failed


@pytest.mark.parametrize(("dialect", "_"), DIALECTS, ids=NAMES)
def test_errors_are_json_in_every_form(dialect: Dialect, _: Any) -> None:
    error: GatewayError = UpstreamFailed('It "broke" \u2028.')
    document = json.loads(dialect.encode_error(error, "req_1"))
    assert document["error"]["message"] == error.message
