import asyncio
from collections.abc import Awaitable

import pytest

from tests.domain.test_kept import kept
from tests.serving import until
from tests.support import text_answer
from tornado_gateway.domain.flights import HELD_SECONDS, Flight, Flights, Turn, alone
from tornado_gateway.domain.kept import Kept

KEPT = kept(text_answer())
KEY = b"k"


class Crowd:
    """A flight, and those who wait for it."""

    def __init__(self, *, look: float = 60.0) -> None:
        self.flights = Flights()
        self.flight = self.flights.begin(KEY)
        self.flight.look_after = look
        self.waits: list[asyncio.Future[Kept | Turn]] = []

    async def join(self, count: int = 1) -> None:
        self.waits += [asyncio.ensure_future(self.flight.follow()) for _ in range(count)]
        await until(lambda: self.flight.waiting == sum(not wait.done() for wait in self.waits))

    async def told(self) -> list[Kept | Turn | None]:
        """What each was told; None where it still waits."""
        for _ in range(3):
            await asyncio.sleep(0)
        return [wait.result() if wait.done() and not wait.cancelled() else None for wait in self.waits]

    def nothing_is_left(self) -> bool:
        return not len(self.flights) and not self.flight.waiting and self.flight.idle


async def test_the_answer_is_everybodys() -> None:
    crowd = Crowd()
    await crowd.join(3)
    assert crowd.flights.under_way(KEY) is crowd.flight
    crowd.flight.give(KEPT)
    assert crowd.flights.under_way(KEY) is None
    crowd.flight.left()
    assert await crowd.told() == [KEPT] * 3
    assert crowd.nothing_is_left()


async def test_when_the_leader_leaves_the_first_in_line_takes_over() -> None:
    crowd = Crowd()
    await crowd.join(3)
    crowd.flight.left()
    assert await crowd.told() == [Turn.LEAD, None, None]
    assert crowd.flights.under_way(KEY) is crowd.flight
    crowd.flight.left()
    assert await crowd.told() == [Turn.LEAD, Turn.LEAD, None]
    crowd.flight.give(KEPT)
    assert (await crowd.told())[2] is KEPT
    crowd.flight.left()
    assert crowd.nothing_is_left()


async def test_where_nobody_waits_it_is_over_with_its_leader() -> None:
    crowd = Crowd()
    crowd.flight.left()
    assert crowd.nothing_is_left()


async def test_a_failure_is_the_leaders_alone_and_two_in_a_row_set_everybody_free() -> None:
    crowd = Crowd()
    await crowd.join(3)
    crowd.flight.failed()
    crowd.flight.left()
    assert await crowd.told() == [Turn.LEAD, None, None]
    crowd.flight.failed()
    assert await crowd.told() == [Turn.LEAD, Turn.ALONE, Turn.ALONE]
    crowd.flight.left()
    assert crowd.nothing_is_left()


async def test_leaders_that_only_left_set_nobody_free() -> None:
    crowd = Crowd()
    await crowd.join(4)
    for led in range(1, 4):
        crowd.flight.left()
        assert await crowd.told() == [Turn.LEAD] * led + [None] * (4 - led)
    crowd.flight.release()
    assert (await crowd.told())[3] is Turn.ALONE


async def test_who_leaves_the_line_hurts_nobody() -> None:
    crowd = Crowd()
    await crowd.join(3)
    crowd.waits[0].cancel()
    await until(lambda: crowd.flight.waiting == 2)
    crowd.flight.left()
    assert await crowd.told() == [None, Turn.LEAD, None]
    crowd.flight.give(KEPT)
    assert (await crowd.told())[2] is KEPT


async def test_who_is_handed_the_lead_and_leaves_at_that_moment_hands_it_on() -> None:
    crowd = Crowd()
    await crowd.join(2)
    crowd.flight.left()
    crowd.waits[0].cancel()
    assert await crowd.told() == [None, Turn.LEAD]
    assert crowd.waits[0].cancelled()
    crowd.flight.left()
    assert crowd.nothing_is_left()


async def test_who_leaves_as_the_answer_comes_owes_nothing() -> None:
    crowd = Crowd()
    await crowd.join(2)
    crowd.flight.give(KEPT)
    crowd.waits[0].cancel()
    assert await crowd.told() == [None, KEPT]
    assert crowd.nothing_is_left()


async def _ends(wait: Awaitable[object]) -> None:
    async with asyncio.timeout(0.001):
        await wait


async def test_a_wait_may_be_bounded() -> None:
    crowd = Crowd()
    with pytest.raises(TimeoutError):
        await _ends(crowd.flight.follow())
    assert crowd.flight.waiting == 0
    crowd.flight.left()
    assert crowd.nothing_is_left()


async def test_a_client_that_reads_slowly_holds_nobody_up() -> None:
    crowd = Crowd(look=0.005)
    crowd.flight.held = lambda: HELD_SECONDS + 1
    await crowd.join(2)
    await until(crowd.waits[0].done)
    assert await crowd.told() == [Turn.LEAD, None]
    crowd.flight.left()  # the slow one is gone: the other still leads
    assert await crowd.told() == [Turn.LEAD, None]
    crowd.flight.give(KEPT)
    assert await crowd.told() == [Turn.LEAD, KEPT]
    crowd.flight.left()
    assert crowd.nothing_is_left()


async def test_one_that_reads_as_it_should_keeps_the_lead() -> None:
    looks = 0

    def held() -> float:
        nonlocal looks
        looks += 1
        return HELD_SECONDS

    crowd = Crowd(look=0.001)
    crowd.flight.held = held
    await crowd.join()
    await until(lambda: looks > 2)
    assert await crowd.told() == [None]
    crowd.flight.give(KEPT)


async def test_a_flight_that_ended_forgets_only_itself() -> None:
    flights = Flights()
    first = flights.begin(KEY)
    second = flights.begin(KEY)
    first.release()
    assert flights.under_way(KEY) is second
    second.release()
    second.give(KEPT)
    assert len(flights) == 0


async def test_nobody_finds_a_flight_of_ones_own() -> None:
    flight: Flight = alone()
    flight.give(KEPT)
    flight.release()
    flight.failed()
    assert flight.waiting == 0
