import json
from decimal import Decimal
from typing import Any

import pytest

from tests.support import NOW, text_answer
from tornado_gateway.domain.call import Answer, Completed
from tornado_gateway.domain.chat import ChatResponse, Choice, Message, Reasoning, Refusal, Text, ToolCall
from tornado_gateway.domain.errors import InvalidRequest, UpstreamFailed
from tornado_gateway.domain.money import Cost
from tornado_gateway.domain.stream import (
    Finished,
    ReasoningDelta,
    RefusalDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.httpserver.dialects.native import Native

NATIVE = Native(lambda: NOW)
BODY = b'{"model":"gpt-4","messages":[{"role":"user","content":"Hi"}]}'


def answered(answer: Answer) -> str:
    completed = Completed(
        answer=answer,
        usage=TokenUsage(12, 25),
        cost=Cost(Decimal("0.00186")),
        requested_model="alias",
        provider="openai",
        model="gpt-4",
        attempts=1,
        revision="a" * 12,
    )
    return NATIVE.encode_response(completed).decode()


def test_the_contracts_example() -> None:
    assert answered(text_answer("Hello!...")) == (
        '{"id":"chatcmpl-1","model":"alias","provider":"openai","content":"Hello!...",'
        '"usage":{"prompt_tokens":12,"completion_tokens":25,"total_tokens":37,"cost":0.00186},'
        '"finish_time":"2024-01-15T10:30:00Z"}'
    )


def test_what_an_answer_holds_beside_its_text_is_not_lost() -> None:
    parts = (Reasoning("hm"), Text("x"), Refusal("no"), ToolCall("c1", "f", "{}"))
    choices = tuple(
        Choice(
            index=index, message=Message(role="assistant", parts=parts), finish_reason="tool_calls", logprobs={"a": 1}
        )
        for index in range(2)
    )
    document = json.loads(answered(Answer(usage=None, chat=ChatResponse(id="", model="m", choices=choices))))
    assert document["id"].startswith("chatcmpl-")
    assert (document["finish_reason"], document["reasoning"], document["refusal"]) == ("tool_calls", "hm", "no")
    assert document["tool_calls"] == [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
    assert document["logprobs"] == {"a": 1}
    assert [choice["content"] for choice in document["choices"]] == ["x", "x"]


def streamed(*events: Any) -> list[Any]:
    encoder = NATIVE.stream_encoder(NATIVE.decode_request(BODY))
    text = (encoder.encode(events) + encoder.close()).decode()
    assert text.endswith("\n\n")
    return [json.loads(event.removeprefix("data: ")) for event in text.split("\n\n")[:-1]]


def test_one_event_per_delta_and_the_last_one_done() -> None:
    report = UsageReport(TokenUsage(12, 3), Cost(Decimal("0.00054")))
    assert streamed(Started("i", "m"), TextDelta("The"), Finished("stop"), report) == [
        {"delta": "The", "done": False},
        {
            "delta": "",
            "done": True,
            "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15, "cost": 0.00054},
        },
    ]


def test_other_deltas_have_members_of_their_own() -> None:
    events = streamed(
        ReasoningDelta("hm"),
        ReasoningDelta("", signature="s"),
        RefusalDelta("no"),
        ToolCallDelta(0, "{", "c1", "f"),
        ToolCallDelta(0, "}"),
        TextDelta("x", choice=1),
        Finished("length"),
    )
    assert [{**event, "delta": None, "done": None} for event in events[:3]] == [
        {"delta": None, "done": None, "reasoning": "hm"},
        {"delta": None, "done": None, "refusal": "no"},
        {
            "delta": None,
            "done": None,
            "tool_calls": [{"index": 0, "id": "c1", "function": {"name": "f", "arguments": "{"}}],
        },
    ]
    assert events[4] == {"delta": "x", "done": False, "index": 1}
    assert events[-1] == {"delta": "", "done": True, "finish_reason": "length"}


def test_a_failure_ends_the_stream_without_done() -> None:
    encoder = NATIVE.stream_encoder(NATIVE.decode_request(BODY))
    assert encoder.fail(UpstreamFailed("gone"), "req_1").startswith(b'event: error\ndata: {"error":{"message":"gone"')


def test_known_fields_are_read_and_others_go_on() -> None:
    body = BODY[:-1] + b',"temperature":0.5,"max_tokens":7,"stream":true,"metadata":{"team":"a"},"x":{"y":1}}'
    call = NATIVE.decode_request(body)
    assert (call.model, call.stream, call.max_tokens, call.metadata) == ("gpt-4", True, 7, {"team": "a"})
    assert (call.chat.temperature, call.chat.metadata, call.chat.extra) == (0.5, {"team": "a"}, {"x": {"y": 1}})


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b'{"messages":[{"role":"user","content":"x"}]}', "model"),
        (b'{"model":"m","messages":[]}', "messages"),
        (b'{"model":"m","messages":"x"}', "messages"),
        (b'{"model":"m","messages":[{"content":"x"}]}', "messages[0].role"),
        (b'{"model":"m","messages":[{"role":"user","content":7}]}', "messages[0].content"),
        (b'{"model":"m","messages":[{"role":"user","content":"x"}],"stream":"yes"}', "stream"),
        (b'{"model":"","messages":[{"role":"user","content":"x"}]}', "model"),
    ],
)
def test_bad_input_names_its_field(body: bytes, param: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        NATIVE.decode_request(body)
    assert refused.value.param == param


def test_citations_likelihoods_and_calls_in_free_text_are_told_as_they_are() -> None:
    note = {"type": "url_citation", "url_citation": {"url": "http://a"}}
    parts = (Text("x", annotations=(note,)), ToolCall("c1", "sh", "ls", custom=True))
    chat = ChatResponse(
        id="", model="m", choices=(Choice(index=0, message=Message("assistant", parts), finish_reason="stop"),)
    )
    document = json.loads(answered(Answer(usage=None, chat=chat)))
    assert document["annotations"] == [note]
    assert document["tool_calls"] == [{"id": "c1", "type": "custom", "custom": {"name": "sh", "input": "ls"}}]
    told = streamed(
        TextDelta("x", logprobs={"content": []}, annotations=(note,)), ToolCallDelta(0, "l", "c1", "sh", custom=True)
    )
    assert told[0] == {"delta": "x", "done": False, "annotations": [note], "logprobs": {"content": []}}
    call = {"index": 0, "type": "custom", "custom": {"name": "sh", "input": "l"}, "id": "c1"}
    assert told[1]["tool_calls"] == [call]
