import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.domain.errors import UpstreamFailed, UpstreamRateLimited, UpstreamRejected
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
from tornado_gateway.providers.openai.stream import ChatStreamReader, RelayReader


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **more: Any) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    document = {"id": "i", "model": "m", "created": 1, "choices": [choice], "usage": None, **more}
    return b"data: " + json.dumps(document, separators=(",", ":")).encode() + b"\n\n"


USAGE = chunk(choices=[], usage={"prompt_tokens": 12, "completion_tokens": 25})
DONE = b"data: [DONE]\n\n"
STREAM = [
    chunk({"role": "assistant", "content": ""}),
    b": OPENROUTER PROCESSING\n\n",
    chunk({"content": 'say "usage" and "error"'}),
    chunk({"content": "lo"}),
    chunk({}, "stop"),
    USAGE,
    DONE,
]
WHOLE = b"".join(STREAM)

Reader = RelayReader | ChatStreamReader


def fed(reader: Reader, stream: bytes, cuts: list[int]) -> StreamBatch:
    """All batches of a stream cut at ``cuts``, put together."""
    events: list[StreamEvent] = []
    start = 0
    for cut in [*sorted(cuts), len(stream)]:
        batch = reader.decode(stream[start:cut])
        start = cut
        events += batch.events
        if batch.last or batch.error:
            return StreamBatch(tuple(events), batch.last, batch.error)
    batch = reader.flush()
    return StreamBatch((*events, *batch.events), batch.last, batch.error)


def relayed(batch: StreamBatch) -> bytes:
    return b"".join(e.data if isinstance(e, Relayed) else e.frame for e in batch.events)  # type: ignore[union-attr, misc]


@given(st.lists(st.integers(0, len(WHOLE))))
def test_relayed_events_are_whole_and_in_order_wherever_the_stream_is_cut(cuts: list[int]) -> None:
    batch = fed(RelayReader("p"), WHOLE, cuts)
    assert relayed(batch) == WHOLE.removesuffix(DONE)
    reports = [event for event in batch.events if isinstance(event, UsageReport)]
    assert [(report.usage, report.bare) for report in reports] == [(TokenUsage(12, 25), True)]
    assert batch.last
    assert batch.error is None


@given(st.lists(st.integers(0, len(WHOLE))))
def test_translated_events_are_the_same_wherever_the_stream_is_cut(cuts: list[int]) -> None:
    batch = fed(ChatStreamReader("p"), WHOLE, cuts)
    assert batch.events == (
        Started("i", "m", 1),
        TextDelta('say "usage" and "error"'),
        TextDelta("lo"),
        Finished("stop", raw="stop"),
        UsageReport(TokenUsage(12, 25)),
    )
    assert batch.last


def test_events_that_hold_nothing_of_ours_are_not_opened() -> None:
    batch = RelayReader("p").decode(b"".join(STREAM[:4]))
    assert batch.events == (Relayed(b"".join(STREAM[:4]), 4),)


def test_usage_in_a_chunk_with_choices_is_not_bare() -> None:
    (report,) = RelayReader("p").decode(chunk({}, "stop", usage={"prompt_tokens": 1, "completion_tokens": 1})).events
    assert isinstance(report, UsageReport)
    assert not report.bare


@pytest.mark.parametrize("reader", [RelayReader, ChatStreamReader])
def test_a_vendor_without_an_end_mark_ends_with_its_finish(reader: type[Reader]) -> None:
    stream = b"".join(STREAM[:5]).replace(b"\n", b"\r\n")
    batch = fed(reader("p"), stream, [])
    assert batch.last
    assert batch.error is None


@pytest.mark.parametrize("reader", [RelayReader, ChatStreamReader])
@pytest.mark.parametrize("stream", [b"", STREAM[0], STREAM[0] + STREAM[2][:20]])
def test_a_stream_that_breaks_off_says_so(reader: type[Reader], stream: bytes) -> None:
    batch = fed(reader("p"), stream, [])
    assert isinstance(batch.error, UpstreamFailed)
    assert not batch.last


@pytest.mark.parametrize("reader", [RelayReader, ChatStreamReader])
@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (b'event: error\ndata: {"error":{"message":"m","type":"rate_limit_error"}}\n\n', UpstreamRateLimited),
        (b'data: {"error":{"message":"m"}}\n\n', UpstreamFailed),
        (b'data: {"error":"text"}\n\n', UpstreamFailed),
        (b'data: {"usage":{garbled\n\n', UpstreamFailed),
    ],
)
def test_an_error_event_stands_behind_what_was_said(reader: type[Reader], event: bytes, kind: type[Exception]) -> None:
    batch = reader("p").decode(STREAM[0] + STREAM[3] + event + STREAM[3])
    assert isinstance(batch.error, kind)
    assert batch.events


def test_nothing_comes_after_the_end_mark() -> None:
    for reader in (RelayReader("p"), ChatStreamReader("p")):
        assert reader.decode(WHOLE + STREAM[3]).last
        assert not reader.decode(STREAM[3]).events
        assert reader.flush().events == ()


def read(*deltas: bytes) -> list[StreamEvent]:
    return [event for event in ChatStreamReader("p").decode(b"".join(deltas)).events if not isinstance(event, Started)]


def test_tool_calls_come_in_pieces() -> None:
    events = read(
        chunk({"tool_calls": [{"index": 0, "id": "c1", "function": {"name": "f", "arguments": ""}}]}),
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"a"'}}]}),
        chunk({"tool_calls": [{"index": 1, "id": "", "function": {"name": "g", "arguments": "{}"}}]}),
        chunk({}, "stop"),
    )
    assert events == [
        ToolCallDelta(0, "", "c1", "f"),
        ToolCallDelta(0, '{"a"'),
        ToolCallDelta(1, "{}", "call_i_1", "g"),
        Finished("tool_calls", raw="stop"),
    ]


def test_what_else_a_delta_may_hold() -> None:
    thinking = {"content": [{"type": "thinking", "thinking": [{"text": "hm"}]}, {"type": "text", "text": "x"}]}
    assert read(
        chunk({"reasoning_content": "a"}),
        chunk({"reasoning": "b"}),
        chunk({"refusal": "no"}),
        chunk(thinking),
        chunk(None),
    ) == [
        ReasoningDelta("a", origin="openai"),
        ReasoningDelta("b", origin="openai"),
        RefusalDelta("no"),
        ReasoningDelta("hm", origin="openai"),
        TextDelta("x"),
    ]


def test_a_choice_finishes_once() -> None:
    assert read(chunk({}, "stop"), chunk({}, "stop")) == [Finished("stop", raw="stop")]


def test_usage_in_groqs_own_member_is_read_and_left_where_it_is() -> None:
    frame = chunk({}, "stop", x_groq={"usage": {"prompt_tokens": 3, "completion_tokens": 4}})
    batch = fed(RelayReader("p"), frame + DONE, [])
    assert batch.events == (Relayed(frame, 1, finish_reason="stop"), UsageReport(TokenUsage(3, 4)))


@pytest.mark.parametrize("reader", [RelayReader, ChatStreamReader])
@pytest.mark.parametrize(
    "before", [b"", b": hello\n\n", b'data: {"foo":1}\n\n', USAGE], ids=["nothing", "comment", "other", "usage"]
)
def test_an_end_without_an_answer_is_a_failure(reader: type[Reader], before: bytes) -> None:
    for cuts in ([], [len(before)]):
        batch = fed(reader("p"), before + DONE, cuts)
        assert isinstance(batch.error, UpstreamFailed)
        assert not batch.last
        assert fed(reader("p"), STREAM[0] + before + DONE, cuts).last


@pytest.mark.parametrize("reader", [RelayReader, ChatStreamReader])
def test_what_was_used_before_an_error_is_told(reader: type[Reader]) -> None:
    error = chunk(error={"code": 400, "message": "m"}, usage={"prompt_tokens": 3, "completion_tokens": 4})
    batch = reader("p").decode(STREAM[0] + error)
    assert batch.events[-1] == UsageReport(TokenUsage(3, 4))
    assert isinstance(batch.error, UpstreamRejected)


@pytest.mark.parametrize("rest", [b'data: {"choi', b"dat", b"data:", b": ping", b"data: [DO"])
def test_half_an_event_is_not_passed_on(rest: bytes) -> None:
    reader = RelayReader("p")
    reader.decode(b'data: {"choices":[],"usage":null}\n\n' + rest)
    batch = reader.flush()
    assert batch.events == ()
    assert isinstance(batch.error, UpstreamFailed)


@pytest.mark.parametrize("spelled", [b'"usage" : {', b'"usage":\n{', b'"usage":   {'])
def test_usage_is_found_however_it_is_spelled(spelled: bytes) -> None:
    usage = spelled + b'"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}'
    frame = b'data: {"id":"i","choices":[],' + usage.replace(b"\n", b"\ndata: ") + b"}\n\n"
    (report,) = RelayReader("p").decode(frame).events
    assert isinstance(report, UsageReport)
    assert report.usage.total_tokens == 5


def test_what_only_announces_an_answer_is_marked() -> None:
    role = b'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n'
    said = b'data: {"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}\n\n'
    reader = RelayReader("p")
    kinds = [reader.decode(part).events[0] for part in (b": processing\n\n", role, said, role)]
    assert [isinstance(event, Relayed) and event.preface for event in kinds] == [True, True, False, False]
    (announced,) = RelayReader("p").decode(role + b'data: {"error":{"message":"no"}}\n\n').events
    assert announced == Relayed(role, 1, True)


@pytest.mark.parametrize("usage", [None, {"prompt_tokens": 3, "completion_tokens": 4}])
def test_a_relayed_stream_tells_how_its_first_choice_ended(usage: Any) -> None:
    batch = fed(RelayReader("p"), STREAM[0] + chunk({}, "length", usage=usage) + chunk({}, "stop") + DONE, [])
    told = [event.finish_reason for event in batch.events if isinstance(event, Relayed | UsageReport)]
    assert {reason for reason in told if reason} == {"length"}
