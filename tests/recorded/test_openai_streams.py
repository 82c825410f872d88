"""Every recorded chat stream: relayed, opened, and told in each dialect."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from anthropic.types import Message as SdkMessage
from openai.types.chat import ChatCompletionChunk

from tornado_gateway.domain.call import ModelCall
from tornado_gateway.domain.errors import UpstreamFailed
from tornado_gateway.domain.stream import (
    Finished,
    ReasoningDelta,
    RefusalDelta,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from tornado_gateway.httpserver.dialects.anthropic_answer import STOP_REASONS
from tornado_gateway.httpserver.dialects.anthropic_messages import AnthropicMessages
from tornado_gateway.httpserver.dialects.native import NativeStreamEncoder
from tornado_gateway.httpserver.dialects.openai_chat import OpenAIChat
from tornado_gateway.providers.openai.stream import ChatStreamReader, RelayReader

from .exchanges import cases
from .openai_shapes import calls_of, check_usage, chunks_of, finish_of, is_stream, last_usage, whole
from .responses_shapes import events_of, read_all


def breaks_off(case: Path) -> bool:
    return any("error" in chunk for chunk in chunks_of((case / "response.sse").read_bytes()))


STREAMS = cases("*/*/response.sse", is_stream)
WHOLE = cases("*/*/response.sse", lambda case: is_stream(case) and not breaks_off(case))
HELLO = [{"role": "user", "content": "hi"}]


def chat_call(*, usage: bool) -> ModelCall:
    options = {"stream_options": {"include_usage": True}} if usage else {}
    body = {"model": "m", "stream": True, "messages": HELLO, **options}
    return OpenAIChat().decode_request(json.dumps(body).encode())


def first(events: list[StreamEvent], kind: type) -> list[Any]:
    return [event for event in events if isinstance(event, kind) and getattr(event, "choice", 0) == 0]


def calls_told(events: list[StreamEvent]) -> list[tuple[str, str, Any]]:
    pieces = first(events, ToolCallDelta)
    heads = [piece for piece in pieces if piece.name is not None]
    joined = {head.index: "".join(p.arguments for p in pieces if p.index == head.index) for head in heads}
    return [(head.id, head.name, json.loads(joined[head.index] or "{}")) for head in heads]


@pytest.mark.parametrize("size", [1, 7, 100, 1_000_000])
@pytest.mark.parametrize("case", STREAMS)
def test_a_relayed_stream_is_as_it_was_but_for_its_cost(case: Path, size: int) -> None:
    body = (case / "response.sse").read_bytes()
    for usage in (True, False):
        encoder = OpenAIChat().stream_encoder(chat_call(usage=usage))
        batches = read_all(RelayReader("p"), body, size)
        if batches[-1].error is not None:
            assert b'"error"' in body
            return
        assert batches[-1].last
        told = b"".join(encoder.encode(batch.events) for batch in batches) + encoder.close()
        assert told.rstrip().endswith(b"data: [DONE]")
        # Where only a vendor's own member tells the usage, the chunk that was asked for is the gateway's.
        recorded = [without_cost(chunk) for chunk in chunks_of(body)]
        chunks = [without_cost(chunk) for chunk in chunks_of(told)]
        if usage and is_ours(chunks[-1], recorded):
            assert chunks.pop()["id"] == recorded[0]["id"]
        if not usage:
            recorded = [chunk for chunk in recorded if chunk.get("choices") or not chunk.get("usage")]
        assert chunks == recorded
        reports = [event.usage for batch in batches for event in batch.events if isinstance(event, UsageReport)]
        check_usage(reports[-1] if reports else None, last_usage(body))


def is_ours(chunk: dict[str, Any], recorded: list[dict[str, Any]]) -> bool:
    return chunk not in recorded and not chunk["choices"] and bool(chunk.get("usage"))


def without_cost(chunk: dict[str, Any]) -> dict[str, Any]:
    usage = chunk.get("usage")
    return {**chunk, "usage": {k: v for k, v in usage.items() if k != "cost"}} if usage else chunk


@pytest.mark.parametrize("size", [1, 100, 1_000_000])
@pytest.mark.parametrize("case", WHOLE)
def test_an_opened_stream_means_what_was_recorded(case: Path, size: int) -> None:
    body = (case / "response.sse").read_bytes()
    recorded = whole(body)
    events = events_of(ChatStreamReader("p"), body, size)
    message = recorded["message"]
    assert "".join(event.text for event in first(events, TextDelta)) == message["content"]
    assert "".join(event.text for event in first(events, ReasoningDelta)) == message["reasoning"]
    assert "".join(event.text for event in first(events, RefusalDelta)) == message["refusal"]
    for told, was in zip(calls_told(events), calls_of(message), strict=True):
        assert told[1:] == was[1:]
        assert told[0] == was[0] or not was[0]
    assert [event.reason for event in first(events, Finished)] == [finish_of(recorded)]
    reports = first(events, UsageReport)
    check_usage(reports[-1].usage if reports else None, last_usage(body))


@pytest.mark.parametrize("case", WHOLE)
def test_it_is_told_in_chat_and_native(case: Path) -> None:
    events = events_of(ChatStreamReader("p"), (case / "response.sse").read_bytes())
    encoder = OpenAIChat().stream_encoder(chat_call(usage=True))
    body = encoder.encode(events) + encoder.close()
    for chunk in chunks_of(body):
        ChatCompletionChunk.model_validate(chunk)
    assert body.endswith(b"data: [DONE]\n\n")
    again = events_of(ChatStreamReader("p"), body)
    for kind in (TextDelta, ReasoningDelta, RefusalDelta):
        assert "".join(e.text for e in first(again, kind)) == "".join(e.text for e in first(events, kind))
    assert calls_told(again) == calls_told(events)
    assert [e.reason for e in first(again, Finished)] == [e.reason for e in first(events, Finished)]
    native = NativeStreamEncoder()
    deltas = chunks_of(native.encode(events) + native.close())
    assert "".join(delta["delta"] for delta in deltas if not delta.get("index")) == "".join(
        event.text for event in first(events, TextDelta)
    )
    assert deltas[-1]["done"]


@pytest.mark.parametrize("case", WHOLE)
def test_it_is_told_in_anthropics_messages(case: Path, sdk_message: Callable[[bytes], SdkMessage]) -> None:
    events = events_of(ChatStreamReader("p"), (case / "response.sse").read_bytes())
    ask = {"model": "m", "max_tokens": 1, "stream": True, "messages": HELLO}
    encoder = AnthropicMessages().stream_encoder(AnthropicMessages().decode_request(json.dumps(ask).encode()))
    message = sdk_message(encoder.encode(events) + encoder.close())
    assert "".join(b.text for b in message.content if b.type == "text") == "".join(
        event.text for event in first(events, TextDelta)
    )
    assert "".join(b.thinking for b in message.content if b.type == "thinking") == "".join(
        event.text for event in first(events, ReasoningDelta)
    )
    assert [(b.id, b.name, b.input) for b in message.content if b.type == "tool_use"] == calls_told(events)
    (end,) = first(events, Finished)
    assert message.stop_reason == STOP_REASONS[end.reason]
    reports = first(events, UsageReport)
    if reports:
        assert message.usage.output_tokens == reports[-1].usage.completion_tokens


@pytest.mark.parametrize("case", WHOLE)
def test_a_stream_cut_anywhere_ends_in_an_error(case: Path) -> None:
    body = (case / "response.sse").read_bytes()
    finish = body.find(b'"finish_reason":"')
    end = body.rindex(b"\n\n", 0, finish) if finish > 0 and b"\r" not in body[:finish] else len(body) // 2
    for cut in range(0, end, max(1, end // 40)):
        for reader in (RelayReader("p"), ChatStreamReader("p")):
            last = read_all(reader, body[:cut], 1000)[-1]
            assert not last.last
            assert isinstance(last.error, UpstreamFailed)
