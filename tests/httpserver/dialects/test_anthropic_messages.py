import json
from typing import Any

import msgspec
import pytest

from tornado_gateway.domain.call import Answer, Completed
from tornado_gateway.domain.chat import ChatResponse, Choice, Message, Text
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.domain.wire import ANTHROPIC_COUNT_TOKENS, ANTHROPIC_MESSAGES, Wire
from tornado_gateway.httpserver.dialects.anthropic_messages import AnthropicCountTokens, AnthropicMessages

ASK: dict[str, Any] = {"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]}
BOTH = (AnthropicMessages(), AnthropicCountTokens())


def completed(answer: Answer) -> Completed:
    return Completed(
        answer=answer,
        usage=answer.usage or TokenUsage(),
        cost=None,
        requested_model="m",
        provider="p",
        model="m",
        attempts=1,
        revision="r",
    )


def test_a_request_is_read_and_not_opened() -> None:
    call = AnthropicMessages().decode_request(json.dumps({**ASK, "stream": True}).encode())
    assert (call.model, call.stream, call.max_tokens) == ("m", True, 5)
    assert call.wire.protocol == ANTHROPIC_MESSAGES
    assert bytes(call.wire.fields["messages"]) == json.dumps(ASK["messages"]).encode()


def test_a_count_needs_no_limit() -> None:
    call = AnthropicCountTokens().decode_request(json.dumps({**ASK, "max_tokens": None}).encode())
    assert call.wire.protocol == ANTHROPIC_COUNT_TOKENS
    assert not call.stream
    assert call.chat.messages == (Message("user", (Text("hi"),)),)


@pytest.mark.parametrize(
    ("members", "path"),
    [
        ({"model": ...}, "model"),
        ({"model": ""}, "model"),
        ({"model": 7}, "model"),
        ({"messages": ...}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": {}}, "messages"),
        ({"messages": [{"content": "hi"}]}, "messages[0].role"),
        ({"messages": [{"role": "tool", "content": "hi"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"text": "hi"}]}]}, "messages[0].content[0].type"),
        ({"messages": [{"role": "user", "content": ["hi"]}]}, "messages[0].content[0]"),
        ({"system": 7}, "system"),
        ({"system": [{"type": "image"}]}, "system[0].type"),
        ({"tools": {}}, "tools"),
        ({"tools": ["f"]}, "tools[0]"),
        ({"tool_choice": "auto"}, "tool_choice"),
        ({"thinking": {}}, "thinking.type"),
        ({"output_config": "low"}, "output_config"),
    ],
)
@pytest.mark.parametrize("dialect", BOTH, ids=["messages", "count"])
def test_a_complaint_names_the_field(dialect: Any, members: dict[str, Any], path: str) -> None:
    document = {name: value for name, value in {**ASK, **members}.items() if value is not ...}
    with pytest.raises(InvalidRequest) as raised:
        dialect.decode_request(json.dumps(document).encode())
    assert raised.value.param == path
    assert raised.value.message.startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("members", "path"),
    [
        ({"max_tokens": ...}, "max_tokens"),
        ({"max_tokens": None}, "max_tokens"),
        ({"max_tokens": "5"}, "max_tokens"),
        ({"stream": "yes"}, "stream"),
        ({"temperature": "hot"}, "temperature"),
        ({"top_k": 1.5}, "top_k"),
        ({"stop_sequences": "END"}, "stop_sequences"),
        ({"metadata": []}, "metadata"),
    ],
)
def test_a_message_s_own_members_are_checked_too(members: dict[str, Any], path: str) -> None:
    document = {name: value for name, value in {**ASK, **members}.items() if value is not ...}
    with pytest.raises(InvalidRequest) as raised:
        AnthropicMessages().decode_request(json.dumps(document).encode())
    assert raised.value.param == path


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"model":', b"\xff", b"[" * 100_000])
@pytest.mark.parametrize("dialect", BOTH, ids=["messages", "count"])
def test_a_body_that_is_no_object_is_refused(dialect: Any, body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        dialect.decode_request(body)


def test_a_relayed_body_is_left_alone() -> None:
    body = b'{ "id" : "msg_1" , "usage" : {"input_tokens": 1} }'
    fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    whole = completed(Answer(usage=None, relayed=Wire(ANTHROPIC_MESSAGES, fields, body)))
    assert AnthropicMessages().encode_response(whole) == body
    fields_alone = completed(Answer(usage=None, relayed=Wire(ANTHROPIC_MESSAGES, fields)))
    assert json.loads(AnthropicMessages().encode_response(fields_alone)) == json.loads(body)


def test_a_translated_answer_is_a_message_without_a_cost() -> None:
    choice = Choice(index=0, message=Message("assistant", (Text("hello"),)), finish_reason="length")
    chat = ChatResponse(id="x", model="gpt-4", choices=(choice,))
    answer = Answer(usage=TokenUsage(input=1, output=2), chat=chat)
    document = json.loads(AnthropicMessages().encode_response(completed(answer)))
    assert document["content"] == [{"type": "text", "text": "hello"}]
    assert document["stop_reason"] == "max_tokens"
    assert document["usage"]["output_tokens"] == 2
    assert "cost" not in document["usage"]


def test_a_count_is_one_number() -> None:
    estimated = completed(Answer(usage=TokenUsage(), counted=12))
    assert AnthropicCountTokens().encode_response(estimated) == b'{"input_tokens":12}'
    body = b'{"input_tokens": 13, "more": 1}'
    relayed = completed(Answer(usage=TokenUsage(), counted=13, relayed=Wire(ANTHROPIC_COUNT_TOKENS, {}, body)))
    assert AnthropicCountTokens().encode_response(relayed) == body


@pytest.mark.parametrize("dialect", BOTH, ids=["messages", "count"])
def test_errors_have_anthropic_s_form(dialect: Any) -> None:
    told = json.loads(dialect.encode_error(InvalidRequest("x: no."), "req_1"))
    assert told["error"] == {"type": "invalid_request_error", "message": "x: no."}
    assert told["request_id"] == "req_1"
