import threading
import time
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from tests.otlp import Receiver as Posted
from tests.otlp import attributes, receiving
from tests.support import finished
from tornado_gateway.domain.tracing import CallTrace
from tornado_gateway.observability.receiver import Receiver
from tornado_gateway.observability.telemetry import Telemetry

pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")


def telemetry(posted: Posted, every: float = 60.0, **more: Any) -> Telemetry:
    return Telemetry(Receiver(endpoint=posted.url, **more), lambda name: "openai", every=every)


def trace(number: int = 1) -> CallTrace:
    return CallTrace(f"{number:032x}{number:016x}{number + 1:016x}", None, "01", 10.0)


def test_calls_become_spans_in_one_export() -> None:
    with receiving() as posted:
        made = telemetry(posted)
        made.handle([finished(trace=trace(number)) for number in range(1, 101)])
        made.close()
        assert len(posted.traces) == 1
        assert [int.from_bytes(span.trace_id, "big") for span in posted.spans()] == list(range(1, 101))
        (each,) = posted.traces[0].resource_spans
        assert attributes(each.resource)["service.name"] == "tornado-gateway"
        assert each.scope_spans[0].scope.name == "tornado_gateway"
        assert len(posted.metrics) == 1, "once more at the end"
        assert made.dropped() == {"otel_export": 0}


def test_metrics_are_sent_now_and_then_and_their_sums_go_on() -> None:
    with receiving() as posted:
        made = telemetry(posted, every=0.02)
        made.handle([finished()])
        posted.wait(lambda: len(posted.metrics) >= 2)
        made.handle([finished()])
        posted.wait(lambda: posted.points("gen_ai.client.operation.duration")[0].count == 2)
        made.close()
        first, last = posted.metrics[0], posted.metrics[-1]
    starts = {
        point.start_time_unix_nano
        for sent in (first, last)
        for metric in sent.resource_metrics[0].scope_metrics[0].metrics
        for point in metric.histogram.data_points
    }
    assert len(starts) == 1


def test_each_signal_alone() -> None:
    with receiving() as posted:
        for signals in ({"traces": False}, {"metrics": False}):
            made = telemetry(posted, **signals)
            made.handle([finished(trace=trace() if made.traces else None)])
            made.close()
        assert (len(posted.traces), len(posted.metrics)) == (1, 1)


def test_an_idle_gateway_sends_nothing() -> None:
    with receiving() as posted:
        telemetry(posted).close()
        made = telemetry(posted)
        made.handle([])
        made.close()
        assert posted.posts == 0


def test_what_is_not_taken_is_counted() -> None:
    with receiving() as posted:
        posted.status = 400
        made = telemetry(posted, metrics=False)
        made.handle([finished(trace=trace()) for _ in range(3)])
        made.close()
        assert made.dropped() == {"otel_export": 3}
        posted.status = 200
        answer = ExportTraceServiceResponse()
        answer.partial_success.rejected_spans = 2
        for body, lost in ((answer.SerializeToString(), 2), (b"<ok/>", 0)):
            posted.body = body
            made = telemetry(posted, metrics=False)
            made.handle([finished(trace=trace()) for _ in range(3)])
            made.close()
            assert made.dropped() == {"otel_export": lost}


def test_a_receiver_that_hangs_holds_nobody_up_and_what_finds_no_room_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tornado_gateway.observability.telemetry._CAPACITY", 600)
    monkeypatch.setattr("tornado_gateway.observability.telemetry._LINGER", 0.0)
    with receiving() as posted:
        posted.hold = threading.Event()
        made = telemetry(posted, metrics=False)
        began = time.monotonic()
        made.handle([finished(trace=trace())])
        posted.wait(lambda: posted.posts == 1)
        made.handle([finished(trace=trace()) for _ in range(1000)])
        assert made.dropped()["otel_export"] == 400
        made.close(0.05)
        assert time.monotonic() - began < 5
        assert made.dropped()["otel_export"] == 1000, "all but the one under way"
        posted.hold.set()


def test_where_prompts_are_on_the_way_less_may_wait_and_is_sent_at_once() -> None:
    with receiving() as posted:
        made = telemetry(posted, capture_content=True)
        assert made.capacity == 512
        made.handle([finished(trace=trace(number)) for number in range(1, 501)])
        made.close()
        assert made.dropped() == {"otel_export": 0}
        assert len(posted.spans()) == 500
        sizes = [len(sent.resource_spans[0].scope_spans[0].spans) for sent in posted.traces]
        assert max(sizes) == 128, "a receiver takes some megabytes"
