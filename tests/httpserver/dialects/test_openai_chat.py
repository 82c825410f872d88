import json
from decimal import Decimal
from typing import Any

import pytest
from openai.types.chat import ChatCompletion

from tests.support import text_answer
from tornado_gateway.domain.call import Answer, Completed
from tornado_gateway.domain.chat import ChatResponse, Choice, Message, Part, Reasoning, Refusal, Text, ToolCall
from tornado_gateway.domain.errors import InvalidRequest
from tornado_gateway.domain.money import Cost
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.domain.wire import OPENAI_CHAT
from tornado_gateway.httpserver.dialects.openai_chat import OpenAIChat

CHAT = OpenAIChat()
NOTE = {"type": "url_citation", "url_citation": {"start_index": 0, "end_index": 1, "title": "t", "url": "https://a"}}
BODY = b'{"model":"gpt-4","messages":[{"role":"user","content":"Hi"}]}'


def completed(answer: Answer) -> bytes:
    return CHAT.encode_response(
        Completed(
            answer=answer,
            usage=TokenUsage(12, 25),
            cost=Cost(Decimal("0.00186")),
            requested_model="m",
            provider="p",
            model="m",
            attempts=1,
            revision="a" * 12,
        )
    )


def message(*parts: Part) -> Any:
    choice = Choice(index=0, message=Message(role="assistant", parts=parts), finish_reason="stop")
    chat = ChatResponse(id="i", model="m", choices=(choice,), created=1, service_tier="default")
    document = json.loads(completed(Answer(usage=None, chat=chat)))
    ChatCompletion.model_validate(document)
    return document["choices"][0]["message"]


def test_a_call_is_read_and_stays_unopened() -> None:
    body = (
        BODY[:-1] + b',"stream":true,"stream_options":{"include_usage":true},"max_tokens":5,"max_completion_tokens":7}'
    )
    call = CHAT.decode_request(body)
    assert (call.model, call.stream, call.wants_usage, call.max_tokens) == ("gpt-4", True, True, 7)
    assert call.wire.protocol == OPENAI_CHAT
    assert not CHAT.decode_request(BODY).wants_usage


def test_a_relayed_answer_is_the_providers_plus_its_cost() -> None:
    wire = CHAT.decode_request(BODY).wire
    assert completed(Answer(usage=None, relayed=wire)) == BODY[:-1] + b',"usage":{"cost":0.00186}}'


def test_a_translated_answer_is_one_of_openais() -> None:
    document = json.loads(completed(text_answer("Hi")))
    assert document["choices"][0]["message"]["content"] == "Hi"
    assert document["usage"]["total_tokens"] == 37
    ChatCompletion.model_validate(document)


def test_what_a_message_may_hold() -> None:
    assert message(Text("a", annotations=(NOTE,)), Text("b"))["content"] == "ab"
    assert message()["content"] == ""
    assert message(Refusal("no")) == {"role": "assistant", "content": None, "refusal": "no"}
    assert message(Reasoning("hm"), Text("x"))["reasoning_content"] == "hm"
    called = message(ToolCall("c1", "f", "{}"), ToolCall("c2", "g", "free", custom=True))
    assert called["content"] is None
    assert [call["type"] for call in called["tool_calls"]] == ["function", "custom"]


@pytest.mark.parametrize(
    ("member", "param"),
    [
        (b'"temperature":"hot"', "temperature"),
        (b'"n":1.5', "n"),
        (b'"stop":7', "stop"),
        (b'"tools":{}', "tools"),
        (b'"tools":[1]', "tools[0]"),
        (b'"metadata":{"a":1}', "metadata.a"),
        (b'"stream_options":{"include_usage":"yes"}', "stream_options.include_usage"),
    ],
)
def test_a_documented_field_of_a_wrong_type_is_named(member: bytes, param: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        CHAT.decode_request(BODY[:-1] + b"," + member + b"}")
    assert refused.value.param == param


def test_null_is_as_good_as_absent() -> None:
    CHAT.decode_request(BODY[:-1] + b',"temperature":null,"tools":null,"stop":null,"stream":null}')
