import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from tests.redis_server import RedisServer, running
from tests.serving import until
from tests.storage.counters_contract import CountersContract, Store, claim
from tests.support import FakeClock, Recorder
from tornado_gateway.domain.counters import Claim, Reservation, Verdict
from tornado_gateway.domain.errors import StateUnavailable
from tornado_gateway.domain.events import StateChanged
from tornado_gateway.storage.guarded_counters import Fail, GuardedCounters
from tornado_gateway.storage.memory_counters import MemoryCounters
from tornado_gateway.storage.redis_counters import RedisCounters
from tornado_gateway.storage.redis_lane import RedisLane


class TestGuardedCounters(CountersContract):
    """As long as its store is there it is that store."""

    examples = 20

    @pytest.fixture(autouse=True)
    def _server(self, redis_server: RedisServer) -> None:
        self.url = redis_server.url

    @asynccontextmanager
    async def store(self) -> AsyncIterator[Store]:
        clock = FakeClock()
        spent: list[tuple[str, int, int]] = []

        def told(claim: Claim, before: int, after: int) -> None:
            spent.append((claim.counter, before, after))

        lane = RedisLane(self.url, timeout=5)
        # A test's hours are over before anything could be held any longer.
        shared = RedisCounters(lane, prefix=secrets.token_hex(8), on_spent=told, hold=1_000_000, now=lambda: clock.time)
        counters = GuardedCounters(
            shared, fail="closed", make_local=lambda: MemoryCounters(clock), clock=clock, publisher=Recorder()
        )

        async def settled() -> None:
            await counters.seed(claim("budget", 1, name="order"), 0)
            await asyncio.sleep(0)

        yield Store(counters, clock, settled, spent)
        await counters.close()


@dataclass
class Guarded:
    """A store before a Redis of its own."""

    server: RedisServer
    counters: GuardedCounters
    clock: FakeClock
    recorder: Recorder
    spent: list[tuple[int, int]]

    async def ask(self, *claims: Claim) -> Verdict:
        """As a call does, that tells of budgets that nobody knows."""
        verdict = await self.counters.reserve(claims)
        for missing in verdict.missing:
            await self.counters.seed(missing, 0)
        return await self.counters.reserve(claims) if verdict.missing else verdict

    async def granted(self, *claims: Claim) -> Reservation | None:
        return (await self.ask(*claims)).reservation

    @property
    def told(self) -> list[tuple[bool, str]]:
        return [(event.available, event.fail) for event in self.recorder.of(StateChanged)]


@asynccontextmanager
async def guarded(fail: Fail, seconds: float = 0.25) -> AsyncIterator[Guarded]:
    with running() as server:
        clock, recorder = FakeClock(), Recorder()
        spent: list[tuple[int, int]] = []
        shared = RedisCounters(
            RedisLane(server.url, seconds),
            prefix="p",
            on_spent=lambda _, before, after: spent.append((before, after)),
        )
        counters = GuardedCounters(
            shared, fail=fail, make_local=lambda: MemoryCounters(clock), clock=clock, publisher=recorder
        )
        yield Guarded(server, counters, clock, recorder, spent)
        await counters.close()


async def test_open_lets_everybody_in_and_adds_what_it_cost_afterwards() -> None:
    async with guarded("open") as store:
        each, money = claim("requests", 2), claim("budget", 100, 10)
        assert await store.granted(each, money)
        store.server.stop()
        for _ in range(6):
            verdict = await store.ask(each, money)
            assert verdict.reservation is not None
            assert verdict.standings == ()
            store.counters.settle(verdict.reservation, (0, 3))
        assert store.told == [(False, "open")]
        store.server.start()
        store.clock.time += 2
        await store.counters.reserve([money])  # a Redis that lost everything knows of no budget
        await store.counters.seed(money, 5)
        assert store.told == [(False, "open"), (True, "open")]
        assert await store.granted(each, money)
        assert await store.granted(each)
        assert not await store.granted(each)


async def test_what_was_spent_meanwhile_is_added_to_what_is_kept() -> None:
    async with guarded("local") as store:
        money = claim("budget", 100, 10)
        held = await store.granted(money)
        assert held is not None
        store.counters.settle(held, (8,))
        await until(lambda: store.spent == [(0, 8)])
        store.server.ask("CLIENT", "PAUSE", "1200")  # nobody answers, and nothing is lost
        verdicts = [await store.ask(money) for _ in range(5)]
        reservations = [verdict.reservation for verdict in verdicts]
        assert store.told == [(False, "local")]
        assert [verdict.standings[0].used for verdict in verdicts] == [20, 30, 40, 50, 60]  # it heard of ten
        for reservation in reservations:
            assert reservation is not None
            store.counters.settle(reservation, (7,))
        await until(lambda: store.server.ask("PING") == b"+PONG\r\n")
        store.clock.time += 2
        held = await store.granted(money)
        assert held is not None
        assert store.told == [(False, "local"), (True, "local")]
        await until(lambda: store.spent == [(0, 8), (8, 43)])
        store.counters.settle(held, (0,))
        assert (await store.ask(claim("budget", 100, 60))).standings[0].used == 43


async def test_closed_turns_away_what_is_limited() -> None:
    async with guarded("closed") as store:
        each = claim("requests", 2)
        assert await store.granted(each)
        store.server.stop()
        for _ in range(5):
            with pytest.raises(StateUnavailable) as told:
                await store.ask(each)
        assert (told.value.status, told.value.retry_after) == (503, 1)
        assert store.told == [(False, "closed")]
        store.server.start()
        store.clock.time += 2
        assert await store.granted(each)
        assert store.told == [(False, "closed"), (True, "closed")]


async def test_local_holds_each_limit_whole() -> None:
    async with guarded("local") as store:
        each = claim("requests", 2)
        place = claim("concurrent", 3)
        assert await store.granted(each, place)
        store.server.stop()
        first = await store.granted(each, place)
        assert first is not None
        assert await store.granted(each, place)
        assert not await store.granted(each, place)
        store.counters.settle(first, (0, 0))
        store.server.start()
        store.clock.time += 2
        assert await store.granted(each, place)
        store.server.stop()
        for _ in range(2):  # of the time before nothing is left
            assert await store.granted(each, place)


async def test_one_call_that_failed_is_not_what_the_next_time_begins_with() -> None:
    async with guarded("local", seconds=5) as store:
        each = claim("budget", 100, amount=10)
        assert await store.granted(each)
        store.server.stop()
        assert await store.granted(each)  # it has a purse here now, and the store is not yet known to be away
        store.server.start()
        assert all([await store.granted(each) for _ in range(7)])
        store.server.stop()
        assert [bool(await store.granted(each)) for _ in range(5)] == [True, True, True, False, False]


async def test_nobody_waits_once_it_is_known_to_be_away() -> None:
    async with guarded("open") as store:
        each = claim("requests", 2)
        assert await store.granted(each)
        store.server.ask("CLIENT", "PAUSE", "6000")
        loop = asyncio.get_running_loop()
        began = loop.time()
        for _ in range(3):
            assert await store.granted(each)
        assert 0.6 < loop.time() - began < 2.5
        began = loop.time()
        for _ in range(100):
            assert await store.granted(each)
        assert loop.time() - began < 0.5
        store.clock.time += 2
        began = loop.time()
        asked = [asyncio.ensure_future(store.ask(each)) for _ in range(50)]  # one of them looks, the others go on
        await asyncio.wait(asked)
        assert 0.2 < loop.time() - began < 2


async def test_what_was_held_before_is_settled_after() -> None:
    async with guarded("local") as store:
        money = claim("budget", 100, 60)
        held = await store.granted(money)
        assert held is not None
        store.server.ask("CLIENT", "PAUSE", "600")
        for _ in range(4):
            await store.ask(claim("requests", 100))
        store.counters.settle(held, (40,))
        await until(lambda: store.spent == [(0, 40)], 5)


async def test_who_leaves_while_it_looks_leaves_the_place_to_look_to_others() -> None:
    async with guarded("local", seconds=5) as store:  # more than a slow machine takes for the pause
        each = claim("requests", 100)
        store.server.stop()
        for _ in range(4):
            await store.ask(each)
        store.server.start()
        store.server.ask("CLIENT", "PAUSE", "150")
        store.clock.time += 2
        leaving = asyncio.ensure_future(store.counters.reserve([each]))
        await asyncio.sleep(0.01)
        leaving.cancel()
        await asyncio.wait({leaving})
        await until(lambda: store.server.ask("PING") == b"+PONG\r\n")
        assert await store.granted(each)
        assert store.told == [(False, "local"), (True, "local")]
