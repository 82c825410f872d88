import pytest

from tornado_gateway.domain.errors import UpstreamFailed
from tornado_gateway.domain.stream import Finished, Relayed, StreamBatch, TextDelta, UsageReport
from tornado_gateway.domain.usage import TokenUsage


def test_a_batch_goes_on_unless_it_says_otherwise() -> None:
    batch = StreamBatch((TextDelta("Hi"),))
    assert (batch.last, batch.error) == (False, None)


def test_what_was_said_before_an_error_stands_in_the_same_batch() -> None:
    error = UpstreamFailed("no")
    batch = StreamBatch((TextDelta("Hi"),), error=error)
    assert batch.events == (TextDelta("Hi"),)
    assert batch.error is error


def test_a_report_holds_neither_price_nor_frame_until_somebody_puts_them_in() -> None:
    report = UsageReport(TokenUsage(1, 2))
    assert (report.cost, report.frame, report.bare, report.early) == (None, None, False, False)


def test_events_are_frozen() -> None:
    for event, member in ((TextDelta("a"), "text"), (Relayed(b"a", 1), "data"), (Finished("stop"), "reason")):
        with pytest.raises(AttributeError):
            setattr(event, member, "other")
