from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tests.support import FakeClock, Recorder, context
from tornado_gateway.domain.errors import UpstreamFailed
from tornado_gateway.domain.events import RequestFinished, RequestStarted
from tornado_gateway.domain.metering import Meter
from tornado_gateway.domain.money import PriceCard
from tornado_gateway.domain.peaks import OffPeak
from tornado_gateway.domain.pricing import price
from tornado_gateway.domain.usage import TokenUsage

CARD = PriceCard("openai/gpt-4", Decimal("0.03"), Decimal("0.06"))


class Calendar(FakeClock):
    """One whose date can be turned."""

    date = datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)

    def now(self) -> datetime:
        return self.date


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


def test_what_was_told_of_a_price_stays_though_off_peak_hours_begin() -> None:
    clock, recorder = Calendar(), Recorder()
    night = OffPeak(Decimal("0.5"), 0, 24 * 60 - 1)
    card = PriceCard("openai/gpt-4", Decimal("0.03"), Decimal("0.06"), off_peak=night)
    meter = Meter(context=context(clock), publisher=recorder, clock=clock, model="gpt-4", streaming=True)
    assert meter.cost is None
    usage = TokenUsage(12, 25)
    told = meter.price(usage, card)
    clock.date += timedelta(seconds=1)
    assert meter.succeeded(usage, card, "stop") is told is meter.cost
    finished = recorder.of(RequestFinished)[0]
    assert (finished.cost, finished.finished_at) == (told, datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC))
    assert price(usage, card, finished.finished_at) == finished.cost
    meter.failed(UpstreamFailed("too late"), TokenUsage(1, 1), card)
    assert meter.cost is told


def test_what_a_failed_call_used_is_priced() -> None:
    clock, recorder = FakeClock(), Recorder()
    meter = Meter(context=context(clock), publisher=recorder, clock=clock, model="gpt-4")
    meter.failed(UpstreamFailed("no"), TokenUsage(12, 25), CARD)
    finished = recorder.of(RequestFinished)[0]
    assert finished.cost.digits == "0.00186"
    assert (finished.status, finished.error) == (502, "upstream_failed")
