from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.storage.counters_contract import CountersContract, Store, claim
from tests.support import FakeClock
from tornado_gateway.domain.counters import Claim
from tornado_gateway.storage.memory_counters import MemoryCounters


class TestMemoryCounters(CountersContract):
    @asynccontextmanager
    async def store(self) -> AsyncIterator[Store]:
        clock = FakeClock()
        spent: list[tuple[str, int, int]] = []

        def told(claim: Claim, before: int, after: int) -> None:
            spent.append((claim.counter, before, after))

        async def settled() -> None:
            """It is at once."""

        counters = MemoryCounters(clock, told)
        yield Store(counters, clock, settled, spent)
        await counters.close()


async def test_what_counts_nothing_any_more_is_forgotten() -> None:
    clock = FakeClock()
    counters = MemoryCounters(clock)
    for number in range(3000):
        verdict = await counters.reserve([claim("requests", 5, name=f"r{number}"), claim("concurrent", 5)])
        assert verdict.reservation is not None
        counters.settle(verdict.reservation, (0, 0))
        clock.time += 1
    assert counters.size < 1200
