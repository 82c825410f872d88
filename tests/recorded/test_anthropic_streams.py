"""Every recorded Anthropic stream, relayed and translated."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from anthropic.types import Message as SdkMessage

from tornado_gateway.domain.call import ModelCall
from tornado_gateway.domain.errors import UpstreamFailed
from tornado_gateway.domain.stream import (
    Finished,
    ReasoningDelta,
    StreamBatch,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from tornado_gateway.httpserver.dialects.anthropic_messages import AnthropicMessages
from tornado_gateway.providers.anthropic.stream import MessagesStreamReader, RelayReader

from .anthropic_shapes import FINISH, check_usage, is_message, stream_usage, without_callers
from .exchanges import cases

STREAMS = cases("*/*/response.sse", is_message)


def a_call() -> ModelCall:
    body = b'{"model":"m","max_tokens":1,"stream":true,"messages":[{"role":"user","content":"hi"}]}'
    return AnthropicMessages().decode_request(body)


@pytest.mark.parametrize("size", [1, 7, 100, 1_000_000])
@pytest.mark.parametrize("case", STREAMS)
def test_a_relayed_stream_comes_back_byte_for_byte(case: Path, size: int) -> None:
    body = (case / "response.sse").read_bytes()
    reader, encoder = RelayReader("p"), AnthropicMessages().stream_encoder(a_call())
    batches = read_all(reader, body, size)
    told = b"".join(encoder.encode(batch.events) for batch in batches) + encoder.close()
    assert told.rstrip(b"\n") == body.rstrip(b"\n")
    assert batches[-1].last
    usage = [event.usage for batch in batches for event in batch.events if isinstance(event, UsageReport)]
    check_usage(usage[-1], stream_usage(body))


@pytest.mark.parametrize("size", [1, 100, 1_000_000])
@pytest.mark.parametrize("case", STREAMS)
def test_an_opened_stream_means_what_was_recorded(
    case: Path, size: int, sdk_message: Callable[[bytes], SdkMessage]
) -> None:
    body = (case / "response.sse").read_bytes()
    events = [event for batch in read_all(MessagesStreamReader("p"), body, size) for event in batch.events]
    recorded = sdk_message(body)
    assert joined(events, TextDelta) == "".join(b.text for b in recorded.content if b.type == "text")
    assert joined(events, ReasoningDelta) == "".join(b.thinking for b in recorded.content if b.type == "thinking")
    calls = [block for block in recorded.content if block.type == "tool_use"]
    heads = [event for event in events if isinstance(event, ToolCallDelta) and event.name is not None]
    assert [(head.id, head.name, head.index) for head in heads] == [(c.id, c.name, n) for n, c in enumerate(calls)]
    if recorded.stop_reason != "max_tokens":
        for head, call in zip(heads, calls, strict=True):
            pieces = [e.arguments for e in events if isinstance(e, ToolCallDelta) and e.index == head.index]
            assert json.loads("".join(pieces)) == call.input
    ends = [event.reason for event in events if isinstance(event, Finished)]
    assert ends == [FINISH[str(recorded.stop_reason)]]
    check_usage([event.usage for event in events if isinstance(event, UsageReport)][-1], stream_usage(body))


@pytest.mark.parametrize("case", STREAMS)
def test_a_translated_stream_is_one_that_the_sdk_reads(case: Path, sdk_message: Callable[[bytes], SdkMessage]) -> None:
    body = (case / "response.sse").read_bytes()
    encoder = AnthropicMessages().stream_encoder(a_call())
    batches = read_all(MessagesStreamReader("p"), body, 300)
    told = b"".join(encoder.encode(batch.events) for batch in batches) + encoder.close()
    recorded, again = sdk_message(body), sdk_message(told)
    mine = ("text", "thinking", "redacted_thinking", "tool_use")
    blocks = [block for block in recorded.content if block.type in mine]
    assert again.stop_reason == recorded.stop_reason
    assert again.usage.output_tokens == recorded.usage.output_tokens
    assert again.usage.input_tokens == recorded.usage.input_tokens
    assert again.usage.cache_read_input_tokens == recorded.usage.cache_read_input_tokens
    # Where a server tool's blocks stood between two texts, those are one text now.
    assert "".join(b.text for b in again.content if b.type == "text") == "".join(
        b.text for b in blocks if b.type == "text"
    )
    others = [block.to_dict() for block in blocks if block.type != "text"]
    assert without_callers([b.to_dict() for b in again.content if b.type != "text"]) == without_callers(others)
    notes = [note for b in blocks if b.type == "text" for note in b.citations or ()]
    assert [note for b in again.content if b.type == "text" for note in b.citations or ()] == notes


@pytest.mark.parametrize("case", STREAMS)
def test_a_stream_cut_anywhere_ends_in_an_error(case: Path) -> None:
    body = (case / "response.sse").read_bytes()
    end = body.index(b"message_delta")
    for cut in range(0, end, max(1, end // 40)):
        for reader in (RelayReader("p"), MessagesStreamReader("p")):
            last = read_all(reader, body[:cut], 1000)[-1]
            assert not last.last
            assert isinstance(last.error, UpstreamFailed)


def read_all(reader: RelayReader | MessagesStreamReader, body: bytes, size: int) -> list[StreamBatch]:
    batches = []
    for start in range(0, len(body), size):
        batches.append(reader.decode(body[start : start + size]))
        if batches[-1].last:
            return batches
    batches.append(reader.flush())
    return batches


def joined(events: list[StreamEvent], kind: type[TextDelta] | type[ReasoningDelta]) -> str:
    return "".join(event.text for event in events if isinstance(event, kind))
