import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.domain.errors import GatewayError, UpstreamFailed, UpstreamRateLimited
from tornado_gateway.domain.stream import (
    Finished,
    ReasoningDelta,
    RefusalDelta,
    Relayed,
    Started,
    StreamBatch,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.providers.anthropic.stream import MessagesStreamReader, RelayReader


def frame(kind: str, **members: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **members})}\n\n".encode()


def start(index: int, block: dict[str, Any]) -> bytes:
    return frame("content_block_start", index=index, content_block=block)


def delta(index: int, kind: str, **members: Any) -> bytes:
    return frame("content_block_delta", index=index, delta={"type": kind, **members})


def stop(index: int) -> bytes:
    return frame("content_block_stop", index=index)


def end(reason: str, **members: Any) -> bytes:
    return frame("message_delta", delta={"stop_reason": reason, **members}, usage={"output_tokens": 9})


MESSAGE = {"id": "msg_1", "model": "claude-1", "usage": {"input_tokens": 3, "output_tokens": 1}}
HEAD = frame("message_start", message=MESSAGE)
STOP = frame("message_stop")
PING = frame("ping")

WHOLE = b"".join(
    [
        HEAD,
        PING,
        start(0, {"type": "thinking", "thinking": "", "signature": ""}),
        delta(0, "thinking_delta", thinking="hm"),
        delta(0, "signature_delta", signature="s"),
        stop(0),
        start(1, {"type": "redacted_thinking", "data": "r"}),
        stop(1),
        start(2, {"type": "text", "text": ""}),
        delta(2, "text_delta", text="hel\u2028lo"),
        PING,
        delta(2, "citations_delta", citation={"type": "char_location"}),
        stop(2),
        start(3, {"type": "server_tool_use", "id": "x", "name": "web_search", "input": {}}),
        delta(3, "input_json_delta", partial_json='{"query":"x"}'),
        stop(3),
        start(4, {"type": "tool_use", "id": "c1", "name": "f", "input": {}}),
        delta(4, "input_json_delta", partial_json=""),
        delta(4, "input_json_delta", partial_json='{"a":'),
        delta(4, "input_json_delta", partial_json="1}"),
        stop(4),
        start(5, {"type": "tool_use", "id": "c2", "name": "g", "input": {}}),
        delta(5, "input_json_delta", partial_json=""),
        stop(5),
        end("tool_use", stop_sequence=None),
        STOP,
    ]
)
MEANING = [
    Started("msg_1", "claude-1"),
    UsageReport(TokenUsage(input=3, output=1), early=True),
    ReasoningDelta("hm", origin="anthropic"),
    ReasoningDelta(signature="s", origin="anthropic"),
    ReasoningDelta(redacted="r", origin="anthropic"),
    TextDelta("hel\u2028lo"),
    TextDelta("", annotations=({"type": "char_location"},)),
    ToolCallDelta(0, id="c1", name="f"),
    ToolCallDelta(0, '{"a":'),
    ToolCallDelta(0, "1}"),
    ToolCallDelta(1, id="c2", name="g"),
    ToolCallDelta(1, "{}"),
    Finished("tool_calls", raw="tool_use"),
    UsageReport(TokenUsage(input=3, output=9)),
]


def read(reader: RelayReader | MessagesStreamReader, *chunks: bytes) -> list[StreamBatch]:
    batches = []
    for chunk in chunks:
        batches.append(reader.decode(chunk))
        if batches[-1].last:
            return batches
    return [*batches, reader.flush()]


def failure(reader: RelayReader | MessagesStreamReader, *chunks: bytes) -> GatewayError:
    """What ended a stream; fails where nothing did."""
    batches = read(reader, *chunks)
    assert not any(batch.last for batch in batches)
    return next(batch.error for batch in batches if batch.error is not None)


def events_of(batches: list[StreamBatch]) -> list[StreamEvent]:
    return [event for batch in batches for event in batch.events]


def forwarded(events: list[StreamEvent]) -> bytes:
    return b"".join(
        event.data if isinstance(event, Relayed) else event.frame or b""
        for event in events
        if isinstance(event, Relayed | UsageReport)
    )


def test_every_event_says_what_it_means() -> None:
    batches = read(MessagesStreamReader("p"), WHOLE)
    assert events_of(batches) == MEANING
    assert batches[-1].last


@given(st.lists(st.integers(0, len(WHOLE)), max_size=12))
def test_wherever_it_is_split_it_means_the_same(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(WHOLE)]
    chunks = [WHOLE[a:b] for a, b in pairwise(edges)]
    assert events_of(read(MessagesStreamReader("p"), *chunks)) == MEANING
    relayed = events_of(read(RelayReader("p"), *chunks))
    assert forwarded(relayed) == WHOLE
    assert [event.usage for event in relayed if isinstance(event, UsageReport)] == [
        TokenUsage(input=3, output=1),
        TokenUsage(input=3, output=9),
    ]


def test_line_ends_may_be_crlf() -> None:
    crlf = WHOLE.replace(b"\n", b"\r\n")
    assert events_of(read(MessagesStreamReader("p"), crlf)) == MEANING
    assert forwarded(events_of(read(RelayReader("p"), crlf))) == crlf


def test_a_run_of_deltas_is_forwarded_unopened() -> None:
    run = delta(0, "text_delta", text="a") + b"event: content_block_delta\ndata: not even JSON\n\n"
    assert RelayReader("p").decode(run) == StreamBatch((Relayed(run, 2),))


def test_the_relay_lane_tells_why_it_ended() -> None:
    events = events_of(read(RelayReader("p"), HEAD, end("max_tokens"), STOP))
    assert Finished("length", raw="max_tokens") in events


def test_words_of_the_grammar_inside_a_text_change_nothing() -> None:
    text = delta(0, "text_delta", text='"message_stop" error message_delta "usage"')
    assert forwarded(events_of(read(RelayReader("p"), HEAD, text, end("end_turn"), STOP))) == (
        HEAD + text + end("end_turn") + STOP
    )


def test_input_that_came_with_the_start_counts_where_no_delta_follows() -> None:
    block = {"type": "tool_use", "id": "c", "name": "f", "input": {"a": 1}}
    events = events_of(read(MessagesStreamReader("p"), HEAD, start(0, block), stop(0), end("tool_use"), STOP))
    assert ToolCallDelta(0, '{"a": 1}') in events


def test_text_and_thought_that_came_with_the_start_count() -> None:
    blocks = start(0, {"type": "thinking", "thinking": "hm", "signature": "s"}) + start(
        1, {"type": "text", "text": "a"}
    )
    events = events_of(read(MessagesStreamReader("p"), HEAD, blocks, end("end_turn"), STOP))
    assert ReasoningDelta("hm", signature="s", origin="anthropic") in events
    assert TextDelta("a") in events


def test_a_refusal_says_why() -> None:
    last = end("refusal", stop_details={"type": "refusal", "explanation": "Not this."})
    events = events_of(read(MessagesStreamReader("p"), HEAD, last, STOP))
    assert events[2:4] == [RefusalDelta("Not this."), Finished("refusal", raw="refusal")]


def test_a_stop_sequence_is_told() -> None:
    last = end("stop_sequence", stop_sequence="END")
    events = events_of(read(MessagesStreamReader("p"), HEAD, last, STOP))
    assert Finished("stop_sequence", stop_sequence="END", raw="stop_sequence") in events


@pytest.mark.parametrize("reader", [RelayReader, MessagesStreamReader])
class TestBoth:
    def test_an_error_event_ends_the_batch_behind_what_was_said(self, reader: Any) -> None:
        error = frame("error", error={"type": "rate_limit_error", "message": "slow down"})
        batch = reader("p").decode(HEAD + start(0, {"type": "text", "text": "a"}) + error)
        assert isinstance(batch.error, UpstreamRateLimited)
        assert batch.error.message == "slow down"
        assert len(batch.events) > 1
        assert not batch.last

    def test_a_stream_without_its_end_is_broken_off(self, reader: Any) -> None:
        for chunks in ((HEAD, delta(0, "text_delta", text="a")), (HEAD, PING[:-9]), ()):
            error = failure(reader("p"), *chunks)
            assert isinstance(error, UpstreamFailed)
            assert "broke off" in error.message

    def test_a_stream_that_told_its_stop_reason_is_whole(self, reader: Any) -> None:
        batches = read(reader("p"), HEAD, end("end_turn").rstrip(b"\n"))
        assert batches[-1].last
        assert Finished("stop", raw="end_turn") in events_of(batches)

    def test_a_garbled_event_is_a_failure(self, reader: Any) -> None:
        for data in (b"{]", b'{"delta":{}}', b"7"):
            error = failure(reader("p"), b"event: message_delta\ndata: %s\n\n" % data)
            assert isinstance(error, UpstreamFailed)
            assert "no such JSON" in error.message

    def test_an_error_in_the_last_half_event_is_told(self, reader: Any) -> None:
        error = frame("error", error={"type": "rate_limit_error", "message": "slow down"})
        assert isinstance(failure(reader("p"), HEAD, error.rstrip(b"\n")), UpstreamRateLimited)

    def test_nothing_after_the_end_counts(self, reader: Any) -> None:
        instance = reader("p")
        assert instance.decode(HEAD + end("end_turn") + STOP + PING).last
        assert instance.decode(PING) == StreamBatch((), last=True)
        assert instance.flush() == StreamBatch((), last=True)

    def test_comments_pass(self, reader: Any) -> None:
        assert read(reader("p"), b": message_ hello\n\n" + HEAD + end("end_turn") + STOP)[-1].last


def test_an_end_mark_that_was_left_out_is_put_in() -> None:
    events = events_of(read(RelayReader("p"), HEAD, end("end_turn")))
    assert forwarded(events).endswith(b'event: message_stop\ndata: {"type":"message_stop"}\n\n')
