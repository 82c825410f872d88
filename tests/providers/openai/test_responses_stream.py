import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.domain.errors import UpstreamFailed, UpstreamRateLimited, UpstreamRejected
from tornado_gateway.domain.stream import Finished, Relayed, StreamBatch, StreamEvent, UsageReport
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.providers.openai.responses_stream import ResponsesRelayReader


def event(kind: str, **members: Any) -> bytes:
    document = json.dumps({"type": kind, **members}, separators=(",", ":"))
    return f"event: {kind}\ndata: {document}\n\n".encode()


USAGE = {"input_tokens": 12, "output_tokens": 25, "total_tokens": 37}
CREATED = event("response.created", response={"id": "r", "status": "in_progress", "error": None, "usage": None})
DELTA = event("response.output_text.delta", delta='say "error" and response.completed')
COMPLETED = event("response.completed", response={"status": "completed", "output": [], "usage": USAGE})
WHOLE = CREATED + DELTA + DELTA + COMPLETED


def fed(stream: bytes, cuts: list[int]) -> StreamBatch:
    reader = ResponsesRelayReader("p")
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
    pieces = [e.data if isinstance(e, Relayed) else e.frame or b"" for e in batch.events if not isinstance(e, Finished)]  # type: ignore[union-attr]
    return b"".join(pieces)


@pytest.mark.parametrize("stream", [WHOLE, WHOLE.replace(b"\n", b"\r\n")])
@given(cuts=st.lists(st.integers(0, len(WHOLE))))
def test_events_are_whole_and_in_order_wherever_the_stream_is_cut(stream: bytes, cuts: list[int]) -> None:
    batch = fed(stream, cuts)
    assert relayed(batch) == stream
    assert (batch.last, batch.error) == (True, None)
    report, end = batch.events[-2:]
    assert isinstance(report, UsageReport)
    assert report.usage == TokenUsage(12, 25)
    assert end == Finished("stop", raw="completed")
    assert sum(event.events for event in batch.events if isinstance(event, Relayed)) == 2


def test_an_answer_that_is_cut_short_is_complete() -> None:
    response = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}, "usage": USAGE}
    batch = fed(DELTA + event("response.incomplete", response=response), [])
    assert batch.last
    assert batch.events[-1] == Finished("length", raw="incomplete")


def test_an_end_without_usage_goes_on_all_the_same() -> None:
    end = event("response.completed", response={"status": "completed", "usage": None})
    batch = fed(DELTA + end, [])
    assert batch.last
    assert relayed(batch) == DELTA + end


ERROR = {"type": "tokens", "code": "rate_limit_exceeded", "message": "slow"}


@pytest.mark.parametrize(
    ("stream", "kind"),
    [
        (event("error", error=ERROR), UpstreamRateLimited),
        (event("error", code="rate_limit_exceeded", message="slow"), UpstreamRateLimited),
        (event("error", code="server_error", message="m"), UpstreamFailed),
        (event("response.failed", response={"error": {"code": "server_error", "message": "m"}}), UpstreamFailed),
        (event("response.failed", response={"error": {"code": "invalid_prompt", "message": "m"}}), UpstreamRejected),
        (event("response.failed", response={"error": {"code": "image_too_large", "message": "m"}}), UpstreamRejected),
        (b'data: {"error": {"message": "m"}}\n\n', UpstreamFailed),
        (b"event: response.completed\ndata: {garbled\n\n", UpstreamFailed),
    ],
)
def test_an_error_event_stands_behind_what_was_said(stream: bytes, kind: type[Exception]) -> None:
    batch = fed(CREATED + DELTA + stream + DELTA, [])
    assert isinstance(batch.error, kind)
    assert not batch.last
    assert relayed(batch) == CREATED + DELTA


def test_what_a_failed_answer_used_is_told() -> None:
    batch = fed(event("response.failed", response={"error": {"code": "server_error"}, "usage": USAGE}), [])
    assert batch.events == (UsageReport(TokenUsage(12, 25)),)


@pytest.mark.parametrize("cut", [0, 1, len(CREATED), len(CREATED) + 5, len(WHOLE) - len(COMPLETED) + 30])
def test_a_stream_that_breaks_off_says_so(cut: int) -> None:
    batch = fed(WHOLE[:cut], [])
    assert isinstance(batch.error, UpstreamFailed)
    assert not batch.last


def test_a_last_event_without_its_blank_line_and_nothing_after_the_end() -> None:
    assert fed(WHOLE.rstrip(b"\n"), []).last
    reader = ResponsesRelayReader("p")
    assert relayed(reader.decode(WHOLE + DELTA + b"data: [DONE]\n\n")) == WHOLE
    assert reader.decode(DELTA) == StreamBatch((), last=True)
    assert reader.flush() == StreamBatch((), last=True)


def test_an_end_mark_of_another_protocol_is_only_passed_on() -> None:
    assert fed(DELTA + b"data: [DONE]\n\n", []).error is not None


def test_half_an_event_is_not_passed_on() -> None:
    reader = ResponsesRelayReader("p")
    reader.decode(b'event: response.created\ndata: {"type":"response.created"}\n\nevent: response.in_pr')
    batch = reader.flush()
    assert batch.events == ()
    assert isinstance(batch.error, UpstreamFailed)
