import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from openai.types.responses import Response

from tests.support import text_answer
from tornado_gateway.domain.call import Answer, Completed, ModelCall
from tornado_gateway.domain.errors import InvalidRequest, UpstreamFailed
from tornado_gateway.domain.money import Cost
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.domain.wire import OPENAI_RESPONSES, Wire
from tornado_gateway.httpserver.dialects.openai_responses import OpenAIResponses

DIALECT = OpenAIResponses(lambda: datetime(2024, 1, 15, 10, 30, tzinfo=UTC))


def read(**members: Any) -> ModelCall:
    return DIALECT.decode_request(json.dumps({"model": "m", "input": "hi", **members}).encode())


def told(answer: Answer, call: ModelCall | None = None) -> bytes:
    completed = Completed(
        answer=answer,
        usage=TokenUsage(12, 25),
        cost=Cost(Decimal("0.00186")),
        requested_model="m",
        provider="p",
        model="m-1",
        attempts=1,
        revision="r",
        call=call,
    )
    return DIALECT.encode_response(completed)


def test_a_call_is_read_without_being_opened() -> None:
    call = read(stream=True, max_output_tokens=9, metadata={"a": "b"}, x_new=[1.50])
    assert (call.model, call.stream, call.max_tokens, call.metadata) == ("m", True, 9, {"a": "b"})
    assert call.wire.protocol == OPENAI_RESPONSES
    assert bytes(call.wire.fields["x_new"]) == b"[1.5]"


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"model": ""}, "model"),
        ({"input": None}, "input"),
        ({"input": ["x"]}, "input[0]"),
        ({"tools": "x"}, "tools"),
        ({"text": "x"}, "text"),
        ({"metadata": {"a": 1}}, "metadata.a"),
        ({"max_output_tokens": "9"}, "max_output_tokens"),
    ],
)
def test_what_is_wrong_is_named(members: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(**members)
    assert refused.value.param == param


@pytest.mark.parametrize("instead", [{"prompt": {"id": "pmpt_1"}}, {"previous_response_id": "resp_1"}])
def test_what_openai_keeps_needs_no_input(instead: dict[str, Any]) -> None:
    call = read(**instead, input=None)
    assert (call.model, bool(call.wire.fields)) == ("m", True)
    assert list(call.chat.messages) == []


def test_a_relayed_answer_gets_its_cost_and_nothing_else() -> None:
    body = b'{"id":"resp_1","usage":{"input_tokens":1,"total_tokens":2},"x":[1.50]}'
    fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    wire = Wire(OPENAI_RESPONSES, fields)
    answer = told(Answer(usage=None, relayed=wire))
    assert answer == body.replace(b'"total_tokens":2', b'"total_tokens":2,"cost":0.00186')


@pytest.mark.parametrize("body", [b'{"id":"resp_1","usage":null}', b'{"id":"resp_1","status":"queued"}'])
def test_one_that_used_nothing_yet_is_left_as_it_is(body: bytes) -> None:
    fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    assert told(Answer(usage=None, relayed=Wire(OPENAI_RESPONSES, fields))) == body


def test_a_translated_answer_repeats_its_request() -> None:
    tool = {"type": "function", "name": "f", "parameters": {}, "strict": False}
    call = read(instructions="be brief", tools=[tool], temperature=0.25, metadata={"a": "b"}, text={"verbosity": "low"})
    document = json.loads(told(text_answer(), call))
    Response.model_validate(document)
    assert document["instructions"] == "be brief"
    assert document["tools"] == [tool]
    assert (document["temperature"], document["metadata"], document["text"]) == (0.25, {"a": "b"}, {"verbosity": "low"})
    assert document["usage"]["cost"] == 0.00186
    assert document["created_at"] == 1
    assert "input" not in document


def test_a_stream_begins_with_the_clocks_time() -> None:
    encoder = DIALECT.stream_encoder(read(stream=True))
    assert b'"created_at":1705314600' in encoder.close()


def test_errors_have_openais_form() -> None:
    assert json.loads(DIALECT.encode_error(UpstreamFailed("x"), "r"))["error"]["code"] == "upstream_failed"
