"""Every recorded exchange in OpenAI's Responses, relayed; its requests for providers of each other kind."""

import json
from pathlib import Path
from typing import Any

import pytest
from openai.types.chat import CompletionCreateParams
from pydantic import TypeAdapter

from tornado_gateway.domain.errors import GatewayError, InvalidRequest, UpstreamFailed
from tornado_gateway.domain.stream import UsageReport
from tornado_gateway.httpserver.dialects.openai_responses import OpenAIResponses
from tornado_gateway.providers.anthropic.request import chat_document as to_anthropic
from tornado_gateway.providers.compatible import VENDORS
from tornado_gateway.providers.gemini.request import chat_document as to_gemini
from tornado_gateway.providers.openai import responses_relay
from tornado_gateway.providers.openai.errors import from_reply
from tornado_gateway.providers.openai.request import chat_document as to_openai
from tornado_gateway.providers.openai.responses_stream import ResponsesRelayReader

from .anthropic_shapes import answered, walk
from .anthropic_shapes import check_request as check_anthropic
from .exchanges import cases, is_error
from .gemini_shapes import check_request as check_gemini
from .responses_shapes import check_usage, is_response, read_all, recorded_events

DIALECT = OpenAIResponses()
REQUESTS = cases("openai-responses/*/request.json")
STREAMS = cases("*/*/response.sse", is_response)
CHAT: TypeAdapter[Any] = TypeAdapter(CompletionCreateParams)


@pytest.mark.parametrize("case", REQUESTS)
def test_a_request_goes_on_as_it_came(case: Path) -> None:
    body = (case / "request.json").read_bytes()
    call = DIALECT.decode_request(body)
    assert json.loads(responses_relay.body(call.wire, "m-2")) == {**json.loads(body), "model": "m-2"}


@pytest.mark.parametrize("case", REQUESTS)
def test_for_a_provider_of_another_kind_it_is_one_that_its_sdk_knows(case: Path) -> None:
    body = (case / "request.json").read_bytes()
    for kind in ("openai", "anthropic", "gemini"):
        try:
            chat = DIALECT.decode_request(body).chat
            if kind == "openai":
                walk(CHAT.validate_python(to_openai(chat, "m", [], VENDORS["groq"])))
            elif kind == "anthropic":
                check_anthropic(to_anthropic(chat, "claude-sonnet-4-5", []))
            else:
                check_gemini(to_gemini(chat, "gemini-2.5-flash", []))
        except InvalidRequest as refused:
            assert refused.param


@pytest.mark.parametrize("case", REQUESTS)
def test_nothing_that_was_said_is_lost_on_the_way_to_a_chat(case: Path) -> None:
    document = json.loads((case / "request.json").read_bytes())
    try:
        told = to_openai(DIALECT.decode_request(json.dumps(document).encode()).chat, "m", [])
    except InvalidRequest as refused:
        assert refused.param
        return
    text = json.dumps(told)
    given = document["input"] if isinstance(document["input"], list) else [{"content": document["input"]}]
    for item in given:
        said = item.get("content") or item.get("output") or item.get("arguments") or ""
        pieces = said if isinstance(said, list) else [{"text": said}]
        for piece in pieces:
            if piece.get("text"):
                assert json.dumps(piece["text"])[1:-1] in text
    if document.get("instructions"):
        assert told["messages"][0] == {"role": "system", "content": document["instructions"]}
    names = [tool["name"] for tool in document.get("tools") or () if tool["type"] == "function"]
    assert [tool["function"]["name"] for tool in told.get("tools", ())] == names


@pytest.mark.parametrize("case", cases("*/*/response.json", is_response))
def test_an_answer_comes_back_as_it_was_but_for_its_cost(case: Path) -> None:
    body = (case / "response.json").read_bytes()
    recorded = json.loads(body)
    answer = responses_relay.relayed_answer(body, "p")
    told = json.loads(DIALECT.encode_response(answered(answer)))
    if recorded.get("usage"):
        check_usage(answer.usage, recorded["usage"])
        assert told["usage"].pop("cost") is None
    assert told == recorded


@pytest.mark.parametrize("case", cases("openai-responses/*/response.json", is_error))
def test_an_error_keeps_its_words(case: Path) -> None:
    status = json.loads((case / "meta.json").read_bytes())["status"]
    body = (case / "response.json").read_bytes()
    error = from_reply(status, {}, body, "p")
    told = json.loads(DIALECT.encode_error(error, "r"))["error"]
    recorded = json.loads(body)["error"]
    if status not in (401, 403) and status < 500:
        assert (told["message"], told["param"]) == (recorded["message"], recorded["param"])


@pytest.mark.parametrize("size", [1, 7, 100, 1_000_000])
@pytest.mark.parametrize("case", STREAMS)
def test_a_stream_comes_back_as_it_was_but_for_its_cost(case: Path, size: int) -> None:
    body = (case / "response.sse").read_bytes()
    call = DIALECT.decode_request(b'{"model":"m","stream":true,"input":"hi"}')
    encoder = DIALECT.stream_encoder(call)
    batches = read_all(ResponsesRelayReader("p"), body, size)
    told = b"".join(encoder.encode(batch.events) for batch in batches)
    recorded = recorded_events(body)
    if batches[-1].error is not None:
        assert isinstance(batches[-1].error, GatewayError)
        told += encoder.fail(batches[-1].error, "r")
        events = recorded_events(told)
        assert events[:-1] == recorded[: len(events) - 1]
        assert events[-1]["type"] == "error"
        numbers = [event["sequence_number"] for event in events]
        assert numbers == sorted(set(numbers))
        return
    told += encoder.close()
    events = recorded_events(told)
    assert events[-1]["response"]["usage"].pop("cost") is None
    assert events == recorded
    (report,) = [event for batch in batches for event in batch.events if isinstance(event, UsageReport)]
    check_usage(report.usage, recorded[-1]["response"]["usage"])


@pytest.mark.parametrize("case", STREAMS)
def test_a_stream_cut_anywhere_ends_in_an_error(case: Path) -> None:
    body = (case / "response.sse").read_bytes()
    end = body.rindex(b"event: ")
    for cut in range(0, end, max(1, end // 40)):
        last = read_all(ResponsesRelayReader("p"), body[:cut], 1000)[-1]
        assert not last.last
        assert isinstance(last.error, UpstreamFailed)
