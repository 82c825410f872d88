import json
from decimal import Decimal
from typing import Any

import pytest
from openai.types.chat import ChatCompletionChunk

from tests.support import call
from tornado_gateway.domain.chat import Image
from tornado_gateway.domain.errors import UpstreamFailed
from tornado_gateway.domain.money import Cost
from tornado_gateway.domain.stream import (
    Finished,
    ImageDelta,
    ReasoningDelta,
    RefusalDelta,
    Relayed,
    Started,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.httpserver.dialects.openai_stream import ChatStreamEncoder, OpenAIStreamEncoder

COST = Cost(Decimal("0.00186"))
BARE = b'data: {"choices":[],"usage":{"t":1}}\n\n'


def encoder(*, wants_usage: bool = False) -> ChatStreamEncoder:
    asked = call(stream=True)
    asked.wants_usage = wants_usage
    return ChatStreamEncoder(asked)


def chunks(made: ChatStreamEncoder, *events: Any) -> list[Any]:
    text = (made.encode(events) + made.close()).decode()
    *frames, done = text.strip().split("\n\n")
    assert done == "data: [DONE]"
    documents = [json.loads(frame.removeprefix("data: ")) for frame in frames]
    for document in documents:
        ChatCompletionChunk.model_validate(document)
    return documents


def test_relayed_bytes_are_not_touched() -> None:
    run = b"data: {whatever}\n\n"
    assert encoder().encode([Relayed(run, 1)]) == run
    assert encoder().encode([Relayed(run, 1), Relayed(run, 1)]) == run + run


@pytest.mark.parametrize("wants_usage", [True, False])
def test_a_bare_usage_event_is_for_those_who_asked(wants_usage: bool) -> None:
    made = encoder(wants_usage=wants_usage)
    sent = made.encode([UsageReport(TokenUsage(1, 1), COST, BARE, bare=True)]) + made.close()
    expected = BARE.replace(b'{"t":1}', b'{"t":1,"cost":0.00186}') if wants_usage else b""
    assert sent == expected + b"data: [DONE]\n\n"


def test_usage_beside_content_is_for_everybody() -> None:
    frame = b'data: {"choices":[{}],"usage":{"t":1}}\n\n'
    sent = encoder().encode([UsageReport(TokenUsage(1, 1), COST, frame, bare=False)])
    assert b'"cost":0.00186' in sent


def test_translated_chunks_tell_the_role_first() -> None:
    first, second, last, usage = chunks(
        encoder(wants_usage=True),
        Started("i", "gpt-4o", 7),
        TextDelta("Hel"),
        TextDelta("lo", logprobs={"content": []}),
        Finished("stop_sequence"),
        UsageReport(TokenUsage(12, 25), COST),
    )
    assert (first["id"], first["model"], first["created"]) == ("i", "gpt-4o", 7)
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": "Hel"}
    assert second["choices"][0]["delta"] == {"content": "lo"}
    assert second["choices"][0]["logprobs"] == {"content": []}
    assert last["choices"][0]["finish_reason"] == "stop"
    assert (usage["choices"], usage["usage"]["cost"]) == ([], 0.00186)


def test_usage_that_was_not_asked_for_stays_here() -> None:
    assert all(chunk["choices"] for chunk in chunks(encoder(), TextDelta("x"), UsageReport(TokenUsage(1, 1), COST)))


def test_tool_calls_thoughts_and_refusals() -> None:
    documents = chunks(
        encoder(), ToolCallDelta(0, "", "c1", "f"), ToolCallDelta(0, "{}"), ReasoningDelta("hm"), RefusalDelta("no")
    )
    deltas = [document["choices"][0]["delta"] for document in documents]
    assert deltas[0]["tool_calls"] == [
        {"index": 0, "id": "c1", "type": "function", "function": {"name": "f", "arguments": ""}}
    ]
    assert deltas[1]["tool_calls"] == [{"index": 0, "function": {"arguments": "{}"}}]
    assert deltas[2]["reasoning_content"] == "hm"
    assert deltas[3] == {"refusal": "no"}


def test_a_failure_has_no_end_mark_behind_it() -> None:
    sent = encoder().fail(UpstreamFailed("gone"), "req_1")
    assert sent.startswith(b"event: error\n")
    assert b"[DONE]" not in sent


def test_the_base_is_no_grammar() -> None:
    with pytest.raises(NotImplementedError):
        OpenAIStreamEncoder(call()).encode([TextDelta("x")])


def test_a_provider_that_tells_no_time_gets_the_gateways() -> None:
    encoder = ChatStreamEncoder(call(), 1700000000)
    assert b'"created":1700000000' in encoder.encode([Started("i", "m"), TextDelta("x")])
    assert b'"created":5' in encoder.encode([Started("i", "m", 5), TextDelta("x")])


def test_a_refusal_in_no_words_is_no_usual_end() -> None:
    assert chunks(encoder(), Finished("refusal"))[-1]["choices"][0]["finish_reason"] == "content_filter"
    said = chunks(encoder(), RefusalDelta("No."), Finished("refusal"))
    assert said[-1]["choices"][0]["finish_reason"] == "stop"


def test_an_answer_that_a_failure_ended_is_no_usual_one() -> None:
    text = encoder().encode([Finished("error")]).decode()
    assert json.loads(text.removeprefix("data: "))["choices"][0]["finish_reason"] == "error"


def test_each_image_has_a_place_of_its_own() -> None:
    drawn = [ImageDelta(Image(url="a")), ImageDelta(Image(url="b")), ImageDelta(Image(url="c"), choice=1)]
    images = [chunk["choices"][0]["delta"]["images"] for chunk in chunks(encoder(), *drawn)]
    assert [(image["index"], image["image_url"]["url"]) for (image,) in images] == [(0, "a"), (1, "b"), (0, "c")]


def test_citations_are_told_where_they_are_of_this_forms_kind() -> None:
    own, other = {"type": "url_citation", "url_citation": {"url": "https://a.example"}}, {"type": "char_location"}
    (chunk,) = chunks(encoder(), TextDelta("", annotations=(own, other)))
    assert chunk["choices"][0]["delta"] == {"role": "assistant", "content": "", "annotations": [own]}


def test_a_usage_chunk_that_is_made_here_has_the_head_of_those_that_came() -> None:
    made = encoder(wants_usage=True)
    head = {"id": "c1", "object": "chat.completion.chunk", "created": 7, "model": "m-2"}
    comment = b": PROCESSING\n\n"
    made.encode([Relayed(comment, 1)])
    made.encode([Relayed(b"data: " + json.dumps({**head, "choices": []}).encode() + b"\n\n", 1)])
    (last,) = chunks(made, UsageReport(TokenUsage(1, 1, service_tier="flex"), COST))
    assert last == {**head, "choices": [], "usage": last["usage"], "service_tier": "flex"}
    assert last["usage"]["cost"] == 0.00186
    odd = encoder(wants_usage=True)
    odd.encode([Relayed(b"data: {whatever}\n\n", 1)])
    assert chunks(odd, UsageReport(TokenUsage(1, 1), COST))[0]["id"] == ""
