"""Every recorded answer and stream of another protocol, told as a Responses object."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openai.types.responses import Response

from tornado_gateway.domain.chat import Reasoning, Refusal, Text, ToolCall
from tornado_gateway.domain.stream import Finished, ReasoningDelta, RefusalDelta, TextDelta, ToolCallDelta, UsageReport
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.httpserver.dialects.openai_responses import OpenAIResponses
from tornado_gateway.httpserver.dialects.responses_answer import ending
from tornado_gateway.httpserver.dialects.responses_items import messages_of

from .anthropic_shapes import answered
from .exchanges import cases
from .responses_shapes import READ, READERS, check_told_usage, events_of, is_chat, protocol, recorded_events

DIALECT = OpenAIResponses()


def of_kind(document: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [item for item in document["output"] if item["type"] == kind]


def said(document: dict[str, Any], kind: str) -> str:
    member = "text" if kind == "output_text" else "refusal"
    parts = [part for item in of_kind(document, "message") for part in item["content"]]
    return "".join(part[member] for part in parts if part["type"] == kind)


def calls(document: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(item["call_id"], item["name"], item["arguments"]) for item in of_kind(document, "function_call")]


@pytest.mark.parametrize("case", cases("*/*/response.json", is_chat))
def test_an_answer_is_told_whole(case: Path) -> None:
    answer = READ[str(protocol(case))]((case / "response.json").read_bytes(), "p")
    assert answer.chat is not None
    choice = answer.chat.choices[0]
    parts = choice.message.parts
    told = json.loads(DIALECT.encode_response(answered(answer)))
    Response.model_validate(told)
    assert said(told, "output_text") == choice.message.text
    assert said(told, "refusal") == "".join(part.text for part in parts if isinstance(part, Refusal))
    assert calls(told) == [(call.id, call.name, call.arguments) for call in choice.message.tool_calls]
    thoughts = [piece["text"] for item in of_kind(told, "reasoning") for piece in item["summary"]]
    assert "".join(thoughts) == "".join(part.text for part in parts if isinstance(part, Reasoning))
    ended = ending(choice.finish_reason, refused=any(isinstance(part, Refusal) for part in parts))
    assert {name: told[name] for name in ended} == ended
    check_told_usage(told["usage"], answer.usage or TokenUsage())


@pytest.mark.parametrize("case", cases("*/*/response.json", is_chat))
def test_an_answer_goes_back_in_the_next_turn_as_it_came(case: Path) -> None:
    answer = READ[str(protocol(case))]((case / "response.json").read_bytes(), "p")
    assert answer.chat is not None
    told = json.loads(DIALECT.encode_response(answered(answer)))
    wanted = [part for part in answer.chat.choices[0].message.parts if isinstance(part, Reasoning | Text | ToolCall)]
    bare = [Text(part.text, signature=part.signature) if isinstance(part, Text) else part for part in wanted]
    again = [part for message in messages_of(told["output"]) for part in message.parts]
    assert [part for part in again if not isinstance(part, Refusal)] == bare


@pytest.mark.parametrize("case", cases("*/*/response.sse", is_chat))
def test_a_stream_is_one_that_the_sdk_reads(case: Path, sdk_response: Callable[[bytes], Response]) -> None:
    events = events_of(READERS[str(protocol(case))]("p"), (case / "response.sse").read_bytes())
    call = DIALECT.decode_request(b'{"model":"m","stream":true,"input":"hi"}')
    encoder = DIALECT.stream_encoder(call)
    body = encoder.encode(events) + encoder.close()
    numbers = [event["sequence_number"] for event in recorded_events(body)]
    assert numbers == list(range(len(numbers)))
    told = sdk_response(body).to_dict()
    first = [event for event in events if getattr(event, "choice", 0) == 0]
    texts = [event.text for event in first if isinstance(event, TextDelta)]
    assert said(told, "output_text") == "".join(texts)
    assert said(told, "refusal") == "".join(event.text for event in first if isinstance(event, RefusalDelta))
    heads = [event for event in first if isinstance(event, ToolCallDelta) and event.name is not None]
    pieces = [event for event in first if isinstance(event, ToolCallDelta)]
    assert calls(told) == [
        (h.id, h.name, "".join(piece.arguments for piece in pieces if piece.index == h.index)) for h in heads
    ]
    thoughts = [piece["text"] for item in of_kind(told, "reasoning") for piece in item["summary"]]
    assert "".join(thoughts) == "".join(event.text for event in first if isinstance(event, ReasoningDelta))
    (end,) = [event for event in first if isinstance(event, Finished)]
    ended = ending(end.reason, refused=any(isinstance(event, RefusalDelta) for event in first))
    assert {name: told[name] for name in ended} == ended
    reports = [event.usage for event in events if isinstance(event, UsageReport)]
    if reports:
        check_told_usage(told["usage"], reports[-1])
