from collections.abc import AsyncIterator, Sequence
from decimal import Decimal

import pytest
from msgspec import structs

from tests.support import NOW, FakeClock, context, text_answer
from tornado_gateway.domain.call import Answer
from tornado_gateway.domain.context import RequestContext, Trail
from tornado_gateway.domain.errors import UpstreamFailed
from tornado_gateway.domain.flights import Flights
from tornado_gateway.domain.kept import Kept, unseal
from tornado_gateway.domain.money import Cost
from tornado_gateway.domain.recording import Recording
from tornado_gateway.domain.stream import Finished, Relayed, StreamBatch, StreamEvent, TextDelta, UsageReport
from tornado_gateway.domain.usage import TokenUsage

USAGE = TokenUsage(12, 25, estimated=True)
COST = Cost(Decimal("0.00186"))
HELLO = StreamBatch((TextDelta("Hello"),))
END = StreamBatch((Finished("stop"), UsageReport(USAGE, COST, b"data: {}\n\n")), last=True)


class Made:
    """A recording, and what it gave to be kept."""

    def __init__(self, *, max_bytes: int = 10_000, asked: RequestContext | None = None) -> None:
        self.sealed: list[bytes] = []
        self.clock = FakeClock()
        self.flights = Flights()
        trail = Trail("r", "p", "m", "l", attempts=1)
        self.recording = Recording(
            flight=self.flights.begin(b"k"),
            context=asked or structs.replace(context(self.clock), trail=trail, dropped=["seed"]),
            clock=self.clock,
            max_bytes=max_bytes,
            keep=self.sealed.append,
        )

    async def read(self, *batches: StreamBatch) -> list[StreamBatch]:
        return [batch async for batch in self.recording.through(given(batches))]

    def kept(self) -> Kept:
        (sealed,) = self.sealed
        found = unseal(sealed)
        assert found is not None
        return found

    def given_up(self) -> bool:
        return not self.sealed and not len(self.flights)


async def given(batches: Sequence[StreamBatch]) -> AsyncIterator[StreamBatch]:
    for batch in batches:
        yield batch


def events(kept: Kept) -> list[tuple[StreamEvent, ...]]:
    return list(kept.batches)


def test_a_whole_answer_is_kept_with_the_usage_that_it_was_priced_by() -> None:
    made = Made()
    made.recording.whole(text_answer(usage=None), USAGE, COST)
    kept = made.kept()
    assert kept.answer is not None
    assert kept.answer.usage == USAGE
    origin = kept.origin
    assert (origin.route, origin.provider, origin.model, origin.model_label) == ("r", "p", "m", "l")
    assert (origin.cost, origin.at, origin.dropped) == (COST.amount, NOW.timestamp(), ("seed",))
    assert not len(made.flights)


def test_an_unpriced_answer_saves_nothing_that_anybody_knows() -> None:
    made = Made()
    made.recording.whole(text_answer(), USAGE, None)
    assert made.kept().origin.cost is None


async def test_a_stream_is_passed_on_as_it_is_and_kept_without_its_cost() -> None:
    made = Made()
    assert await made.read(HELLO, END) == [HELLO, END]
    kept = made.kept()
    assert events(kept) == [HELLO.events, (END.events[0], UsageReport(USAGE, None, b"data: {}\n\n"))]
    assert kept.origin.cost == COST.amount


async def test_it_is_kept_before_its_last_batch_goes_out() -> None:
    made = Made()
    async for batch in made.recording.through(given((HELLO, END))):
        assert bool(made.sealed) == batch.last


async def test_the_last_report_is_what_it_cost() -> None:
    made = Made()
    early = StreamBatch((UsageReport(TokenUsage(12), Cost(Decimal(9)), early=True),))
    await made.read(early, HELLO, StreamBatch(()), END)
    assert made.kept().origin.cost == COST.amount
    assert len(events(made.kept())) == 3


async def test_a_stream_without_its_end_is_not_kept() -> None:
    made = Made()
    batches = made.recording.through(given((HELLO, HELLO, END)))
    await anext(batches)
    await batches.aclose()  # type: ignore[attr-defined]
    assert not made.sealed
    assert len(made.flights) == 1, "its leader is still to say that it left"


async def test_closing_it_closes_what_it_reads() -> None:
    closed = []

    async def source() -> AsyncIterator[StreamBatch]:
        try:
            yield HELLO
            yield END
        finally:
            closed.append(True)

    batches = Made().recording.through(source())
    await anext(batches)
    await batches.aclose()  # type: ignore[attr-defined]
    assert closed


async def test_an_error_goes_through() -> None:
    made = Made()

    async def breaks() -> AsyncIterator[StreamBatch]:
        yield HELLO
        raise UpstreamFailed("gone")

    with pytest.raises(UpstreamFailed):
        async for _ in made.recording.through(breaks()):
            pass
    assert not made.sealed


def test_two_failures_in_a_row_end_the_flight() -> None:
    made = Made()
    made.recording.failed()
    assert len(made.flights) == 1
    made.recording.failed()
    assert made.given_up()


async def test_what_the_provider_calls_failed_is_not_kept() -> None:
    made = Made()
    made.recording.whole(Answer(usage=USAGE, finish_reason="error"), USAGE, COST)
    assert made.given_up()
    made = Made()
    await made.read(HELLO, StreamBatch((Finished("error"),)), END)
    assert made.given_up()


@pytest.mark.parametrize(("room", "kept"), [(5_500, True), (4_500, False)])
async def test_what_is_larger_than_it_may_be_is_not_kept(room: int, kept: bool) -> None:
    made = Made(max_bytes=room)
    made.recording.whole(text_answer("x" * 5_000), USAGE, COST)
    assert made.given_up() is not kept
    made = Made(max_bytes=room)
    long = StreamBatch((Relayed(b"x" * 1_000, 1),))
    assert await made.read(*[long] * 5, END) == [*[long] * 5, END]
    assert made.given_up() is not kept


async def test_what_can_not_be_written_down_is_passed_on_all_the_same() -> None:
    made = Made()
    odd = StreamBatch((TextDelta("x", logprobs=2**70),))
    assert await made.read(odd, END) == [odd, END]
    assert made.given_up()


async def test_the_time_that_a_client_lets_it_wait_is_measured() -> None:
    made = Made()
    flight = made.flights.under_way(b"k")
    assert flight is not None

    async def slow() -> AsyncIterator[StreamBatch]:
        for batch in (HELLO, HELLO, END):
            made.clock.time += 100  # the provider's time is nobody's fault
            yield batch

    held = []
    async for _ in made.recording.through(slow()):
        made.clock.time += 2
        held.append(flight.held())
    assert held == [2.0, 4.0, 6.0]
