import json
from typing import Any

from tornado_gateway.domain.errors import UpstreamFailed
from tornado_gateway.domain.stream import (
    Finished,
    ReasoningDelta,
    RefusalDelta,
    Relayed,
    Started,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.httpserver.dialects.anthropic_messages import AnthropicMessages
from tornado_gateway.httpserver.dialects.anthropic_stream import MessagesStreamEncoder
from tornado_gateway.httpserver.dialects.base import StreamEncoder

ASK = b'{"model":"m","max_tokens":5,"stream":true,"messages":[{"role":"user","content":"hi"}]}'


def an_encoder() -> StreamEncoder:
    encoder = AnthropicMessages().stream_encoder(AnthropicMessages().decode_request(ASK))
    assert isinstance(encoder, MessagesStreamEncoder)
    return encoder


def told(*batches: tuple[StreamEvent, ...]) -> list[dict[str, Any]]:
    encoder = an_encoder()
    return events(b"".join([encoder.encode(batch) for batch in batches]) + encoder.close())


def events(body: bytes) -> list[dict[str, Any]]:
    return [json.loads(frame.split("data: ", 1)[1]) for frame in body.decode().split("\n\n")[:-1]]


def test_an_answer_has_its_grammar() -> None:
    result = told(
        (Started("chatcmpl-1", "gpt-4"), UsageReport(TokenUsage(input=3, cached_input=2))),
        (ReasoningDelta("hm", origin="openai"), TextDelta("hello")),
        (ToolCallDelta(0, '{"a":1}', "c", "f"), Finished("tool_calls")),
        (UsageReport(TokenUsage(input=3, cached_input=2, output=9)),),
    )
    assert [event["type"] for event in result] == [
        "message_start",
        "ping",
        *["content_block_start", "content_block_delta", "content_block_delta", "content_block_stop"],
        *["content_block_start", "content_block_delta", "content_block_stop"],
        *["content_block_start", "content_block_delta", "content_block_stop"],
        "message_delta",
        "message_stop",
    ]
    assert result[0]["message"] == {
        "id": "chatcmpl-1",
        "type": "message",
        "role": "assistant",
        "model": "gpt-4",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {
            "input_tokens": 3,
            "cache_creation_input_tokens": None,
            "cache_read_input_tokens": 2,
            "output_tokens": 0,
        },
    }
    assert result[-2]["delta"] == {"stop_reason": "tool_use", "stop_sequence": None}
    assert result[-2]["usage"]["output_tokens"] == 9


def test_the_greeting_goes_out_with_the_first_batch() -> None:
    encoder = an_encoder()
    first = events(encoder.encode((Started("x", "gpt-4"), UsageReport(TokenUsage(input=3)))))
    assert [event["type"] for event in first] == ["message_start", "ping"]
    assert first[0]["message"]["usage"]["input_tokens"] == 3


def test_an_answer_without_anything_is_whole_too() -> None:
    result = told(())
    assert [event["type"] for event in result] == ["message_start", "ping", "message_delta", "message_stop"]
    assert result[0]["message"]["id"].startswith("msg_")
    assert result[0]["message"]["model"] == "m"


def test_the_stop_sequence_is_told() -> None:
    result = told((TextDelta("a"), Finished("stop_sequence", stop_sequence="END")))
    assert result[-2]["delta"] == {"stop_reason": "stop_sequence", "stop_sequence": "END"}


def test_a_refusal_is_explained_at_the_end() -> None:
    result = told((RefusalDelta("No"), RefusalDelta("."), Finished("stop")))
    assert result[-2]["delta"] == {
        "stop_reason": "refusal",
        "stop_sequence": None,
        "stop_details": {"type": "refusal", "category": None, "explanation": "No."},
    }


def test_this_form_has_one_choice() -> None:
    result = told((TextDelta("a"), TextDelta("b", choice=1), Finished("length", choice=1), Finished("stop")))
    assert [event["delta"]["text"] for event in result if event["type"] == "content_block_delta"] == ["a"]
    assert result[-2]["delta"]["stop_reason"] == "end_turn"


def test_relayed_events_go_on_as_they_came() -> None:
    encoder = an_encoder()
    assert encoder.encode((Relayed(b"a\n\n", 1),)) == b"a\n\n"
    report = UsageReport(TokenUsage(input=3), frame=b"b\n\n")
    assert encoder.encode((report, Relayed(b"c\n\n", 1), Finished("stop"))) == b"b\n\nc\n\n"
    assert encoder.encode((UsageReport(TokenUsage(input=3)),)) == b""
    assert encoder.close() == b""


def test_an_error_ends_the_stream_in_anthropic_s_form() -> None:
    encoder = an_encoder()
    encoder.encode((TextDelta("a"),))
    told_error = encoder.fail(UpstreamFailed("It broke."), "req_1")
    assert told_error.startswith(b"event: error\ndata: ")
    assert events(told_error) == [
        {"type": "error", "error": {"type": "api_error", "message": "It broke."}, "request_id": "req_1"}
    ]


def test_an_answer_that_a_failure_ended_has_no_good_end() -> None:
    events = told((Started("c", "m"), TextDelta("Hel"), Finished("error", raw="insufficient_system_resource")))
    assert [event["type"] for event in events[-2:]] == ["content_block_stop", "error"]
    message = "The provider ended its answer with an error (insufficient_system_resource)."
    assert events[-1]["error"] == {"type": "api_error", "message": message}
