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
    Started,
    StreamBatch,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.providers.gemini.stream import GenerateStreamReader


def answer(*parts: Any, finish: str | None = None, **members: Any) -> dict[str, Any]:
    candidate = {"content": {"parts": parts, "role": "model"}, **({"finishReason": finish} if finish else {})}
    return {"candidates": [candidate], "modelVersion": "gemini-x", "responseId": "r1", **members}


def frame(document: Any) -> bytes:
    return f"data: {json.dumps(document, ensure_ascii=False)}\r\n\r\n".encode()


def usage(prompt: int, output: int | None, thoughts: int | None = None) -> dict[str, Any]:
    counts = {"promptTokenCount": prompt, "candidatesTokenCount": output, "thoughtsTokenCount": thoughts}
    return {name: count for name, count in counts.items() if count is not None}


ANSWERS = [
    answer({"text": "hm", "thought": True}, usageMetadata=usage(15, None)),
    answer({"text": "hel\u2028lo"}, usageMetadata=usage(15, 3, 7)),
    answer({"text": " — ☀"}, usageMetadata=usage(15, 5, 7)),
    answer({"functionCall": {"name": "f", "args": {"a": "ü"}}, "thoughtSignature": "s"}, usageMetadata=usage(15, 9, 7)),
    answer({"text": ""}, finish="STOP", usageMetadata=usage(13, 10, 7)),
]
WHOLE = b"".join(map(frame, ANSWERS))
MEANING: list[StreamEvent] = [
    Started("r1", "gemini-x"),
    ReasoningDelta("hm", origin="gemini"),
    TextDelta("hel\u2028lo"),
    TextDelta(" — ☀"),
    ToolCallDelta(0, '{"a": "ü"}', id="call_r1_0", name="f", signature="s"),
    Finished("tool_calls", raw="STOP"),
    UsageReport(TokenUsage(input=13, output=10, reasoning=7)),
]
ERROR = {"error": {"code": 429, "message": "slow", "status": "RESOURCE_EXHAUSTED"}}


def read(body: bytes, *cuts: int) -> tuple[list[StreamEvent], GatewayError | None, bool]:
    """All events, how it ended, and whether that was the end."""
    reader = GenerateStreamReader("g")
    places = [0, *sorted(cuts), len(body)]
    events: list[StreamEvent] = []
    batch = StreamBatch(())
    for start, end in pairwise(places):
        batch = reader.decode(body[start:end])
        events.extend(batch.events)
        if batch.error is not None:
            return events, batch.error, False
        assert not batch.last
    batch = reader.flush()
    events.extend(batch.events)
    return events, batch.error, batch.last


def without_early(events: list[StreamEvent]) -> list[StreamEvent]:
    return [event for event in events if not (isinstance(event, UsageReport) and event.early)]


def test_a_whole_stream_in_one_read() -> None:
    events, error, last = read(WHOLE)
    assert (error, last) == (None, True)
    assert without_early(events) == MEANING
    assert [e.usage.reasoning for e in events if isinstance(e, UsageReport) and e.early] == [7]


def test_usage_so_far_is_told_when_more_than_text_has_grown() -> None:
    reader = GenerateStreamReader("g")
    told = [event for a in ANSWERS for event in reader.decode(frame(a)).events if isinstance(event, UsageReport)]
    assert [(report.usage.prompt_tokens, report.usage.reasoning, report.early) for report in told] == [
        (15, None, True),
        (15, 7, True),
        (13, 7, True),
    ]


@given(st.lists(st.integers(0, len(WHOLE)), max_size=12))
def test_split_at_any_byte_it_means_the_same(cuts: list[int]) -> None:
    events, error, last = read(WHOLE, *cuts)
    assert (without_early(events), error, last) == (MEANING, None, True)


@pytest.mark.parametrize(
    "body",
    [
        WHOLE.replace(b"\r\n", b"\n"),
        WHOLE.replace(b"\r\n", b"\r"),
        WHOLE.rstrip(),
        b"\xef\xbb\xbf: hello\r\n\r\n" + WHOLE + b"data: [DONE]\r\n\r\n",
        json.dumps(ANSWERS).encode(),
        json.dumps(ANSWERS, indent=2).replace("\n", "\r\n").encode(),
        b"[" + b",\r\n\r\n".join(json.dumps(item).encode() for item in ANSWERS) + b"\n]\n",
    ],
)
def test_other_framings_mean_the_same(body: bytes) -> None:
    for cuts in ((), range(0, len(body), 7)):
        events, error, last = read(body, *cuts)
        assert (error, last) == (None, True)
        told = without_early(events)
        assert [e for e in told if type(e) is not ToolCallDelta] == [e for e in MEANING if type(e) is not ToolCallDelta]


def test_a_whole_answer_where_a_stream_was_asked_for() -> None:
    document = answer({"text": "x"}, finish="STOP")
    events, error, last = read(json.dumps(document, indent=1).encode())
    assert events == [Started("r1", "gemini-x"), TextDelta("x"), Finished("stop", raw="STOP")]
    assert (error, last) == (None, True)


@pytest.mark.parametrize(
    "mark",
    [
        frame(ERROR),
        b"event: error\r\ndata: " + json.dumps(ERROR["error"]).encode() + b"\r\n\r\n",
        json.dumps(ERROR).encode(),
        json.dumps(ERROR, indent=2).encode() + b"\n\n",
        json.dumps([ERROR], indent=2).replace("\n", "\r\n").encode(),
        b"\r\n" + json.dumps(ERROR).encode() + b"\r\n\r\n",
    ],
)
def test_an_error_in_whatever_form_ends_the_stream_behind_what_came(mark: bytes) -> None:
    body = frame(ANSWERS[1]) + mark
    for cuts in ((), range(0, len(body), 11)):
        events, error, last = read(body, *cuts)
        assert [event for event in events if isinstance(event, TextDelta)] == [TextDelta("hel\u2028lo")]
        assert type(error) is UpstreamRateLimited
        assert (error.message, last) == ("slow", False)


def test_an_error_in_a_list_of_answers() -> None:
    events, error, _ = read(json.dumps([ANSWERS[1], ERROR]).encode())
    assert TextDelta("hel\u2028lo") in events
    assert type(error) is UpstreamRateLimited


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\r\n\r\n",
        WHOLE[:-200],
        frame(ANSWERS[0]),
        frame(ANSWERS[0]) + b'data: {"cand',
        b"[{",
        b'{"candidates"',
        b"{}",
    ],
)
def test_a_stream_that_breaks_off_is_a_failure(body: bytes) -> None:
    _, error, last = read(body)
    assert type(error) is UpstreamFailed
    assert "broke off" in error.message
    assert not last


@pytest.mark.parametrize("data", [b"data: {oops}\r\n\r\n", b'data: {"candidates":[{"content":{"parts":[3]}}]}\r\n\r\n'])
def test_an_event_that_is_no_such_json_is_a_failure(data: bytes) -> None:
    reader = GenerateStreamReader("g")
    batch = reader.decode(frame(ANSWERS[1]) + data)
    assert TextDelta("hel\u2028lo") in batch.events
    assert isinstance(batch.error, UpstreamFailed)


def test_a_blocked_prompt_ends_well() -> None:
    events, error, last = read(frame({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"x": 1}}))
    assert events == [Started("", ""), Finished("content_filter", raw="SAFETY")]
    assert (error, last) == (None, True)


def test_a_flood_without_an_event_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tornado_gateway.providers.gemini.stream.MAX_EVENT_BYTES", 50)
    reader = GenerateStreamReader("g")
    reader.decode(b"[1,\n\n")
    with pytest.raises(UpstreamFailed):
        reader.decode(b"1" * 60)
