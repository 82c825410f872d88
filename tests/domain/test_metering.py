from decimal import Decimal

from tests.support import FakeClock, Recorder, context
from tornado_gateway.domain.errors import UpstreamFailed
from tornado_gateway.domain.events import RequestFinished, RequestStarted
from tornado_gateway.domain.metering import Meter
from tornado_gateway.domain.money import PriceCard
from tornado_gateway.domain.usage import TokenUsage

CARD = PriceCard("openai/gpt-4", Decimal("0.03"), Decimal("0.06"))


def test_only_the_first_end_counts() -> None:
    clock, recorder = FakeClock(), Recorder()
    meter = Meter(context=context(clock), publisher=recorder, clock=clock, model="gpt-4", metadata={"team": "a"})
    assert not meter.settled
    clock.time += 1.5
    cost = meter.succeeded(TokenUsage(12, 25), CARD, "stop")
    meter.failed(UpstreamFailed("too late"), TokenUsage(1, 1), CARD)
    assert meter.settled
    assert cost is not None
    started, finished = recorder.events
    assert isinstance(started, RequestStarted)
    assert isinstance(finished, RequestFinished)
    assert (finished.status, finished.duration, finished.metadata) == (200, 1.5, {"team": "a"})


def test_a_streams_overhead_ends_with_its_first_content() -> None:
    clock, recorder = FakeClock(), Recorder()
    asked = context(clock)
    meter = Meter(context=asked, publisher=recorder, clock=clock, model="gpt-4", streaming=True)
    clock.time += 1.0
    asked.timing.first_token = clock.time
    asked.timing.upstream = asked.timing.upstream_to_first = 0.75
    clock.time += 100.0  # a slow reader
    meter.succeeded(TokenUsage(1, 1), CARD, None)
    finished = recorder.of(RequestFinished)[0]
    assert (finished.overhead, finished.time_to_first_token, finished.duration) == (0.25, 1.0, 101.0)


def test_what_a_failed_call_used_is_priced() -> None:
    clock, recorder = FakeClock(), Recorder()
    meter = Meter(context=context(clock), publisher=recorder, clock=clock, model="gpt-4")
    meter.failed(UpstreamFailed("no"), TokenUsage(12, 25), CARD)
    finished = recorder.of(RequestFinished)[0]
    assert finished.cost.digits == "0.00186"
    assert (finished.status, finished.error) == (502, "upstream_failed")
