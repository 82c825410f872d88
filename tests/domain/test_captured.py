from tests.support import call, text_answer
from tornado_gateway.domain.captured import MOST_BYTES, Captured
from tornado_gateway.domain.stream import Relayed, TextDelta, ToolCallDelta, UsageReport
from tornado_gateway.domain.usage import TokenUsage


def test_references_and_no_copies() -> None:
    asked, answer = call(), text_answer()
    captured = Captured(asked)
    captured.answer = answer
    assert (captured.call, captured.answer, captured.cut) == (asked, answer, False)


def test_a_request_over_the_bound_is_not_kept() -> None:
    captured = Captured(call(padding="x" * MOST_BYTES))
    assert (captured.call, captured.cut) == (None, True)


def test_a_stream_is_kept_up_to_the_bound() -> None:
    captured = Captured(call())
    half = "x" * (MOST_BYTES // 2)
    captured.hear([TextDelta(half), ToolCallDelta(0, "{}"), UsageReport(TokenUsage(1, 1)), Relayed(b"data: 1", 1)])
    captured.hear([TextDelta(half)])
    assert captured.cut
    assert len(captured.events) == 4
    captured.hear([UsageReport(TokenUsage(1, 1), frame=b"x")])
    assert len(captured.events) == 4, "what comes after a gap would read as if there were none"
