import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.redis_server import RedisServer, running
from tests.serving import until
from tests.storage.counters_contract import CountersContract, Store, claim
from tests.support import FakeClock
from tornado_gateway.domain.counters import Claim, CountersUnavailable
from tornado_gateway.storage.redis_counters import RedisCounters
from tornado_gateway.storage.redis_lane import RedisLane


class TestRedisCounters(CountersContract):
    examples = 40

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
        counters = RedisCounters(
            lane, prefix=secrets.token_hex(8), on_spent=told, hold=1_000_000, now=lambda: clock.time
        )

        async def settled() -> None:
            """A lane keeps the order: what is asked after is answered after."""
            await counters.seed(claim("budget", 1, name="order"), 0)
            await asyncio.sleep(0)

        yield Store(counters, clock, settled, spent)
        await counters.close()


@asynccontextmanager
async def counting(url: str, prefix: str, hold: float = 60, wait: float = 5) -> AsyncIterator[RedisCounters]:
    counters = RedisCounters(RedisLane(url, wait), prefix=prefix, hold=hold)
    try:
        yield counters
    finally:
        await counters.close()


async def granted(counters: RedisCounters, *claims: Claim) -> bool:
    return (await counters.reserve(claims)).reservation is not None


async def test_time_is_the_servers(redis_server: RedisServer) -> None:
    async with counting(redis_server.url, secrets.token_hex(8)) as counters:
        verdict = await counters.reserve([claim("requests", 5)])
        assert verdict.reservation is not None
        assert verdict.reservation.second == int(redis_server.ask("TIME").split(b"\r\n")[2])


async def test_several_gateways_share_what_they_count(redis_server: RedisServer) -> None:
    prefix = secrets.token_hex(8)
    each = (claim("requests", 50), claim("concurrent", 50))
    async with counting(redis_server.url, prefix) as one, counting(redis_server.url, prefix) as other:
        outcomes = await asyncio.gather(*(granted(counters, *each) for counters in (one, other) for _ in range(100)))
        assert sum(outcomes) == 50


async def test_a_long_call_keeps_what_it_holds_and_a_dead_process_gives_it_back(redis_server: RedisServer) -> None:
    prefix = secrets.token_hex(8)
    place, money = claim("concurrent", 1), claim("budget", 100, 60)
    async with counting(redis_server.url, prefix) as other:
        async with counting(redis_server.url, prefix, hold=0.3) as dying:
            await dying.seed(money, 0)
            verdict = await dying.reserve([place, money])
            assert verdict.reservation is not None
            for _ in range(6):
                await asyncio.sleep(0.1)  # in all, twice as long as it may hold anything without a word
                assert not await granted(other, place)
        loop = asyncio.get_running_loop()
        end = loop.time() + 3
        while not await granted(other, place, money):
            assert loop.time() < end, "still held"
            await asyncio.sleep(0.02)


async def test_what_an_expired_call_came_to_is_taken_once(redis_server: RedisServer) -> None:
    prefix, clock = secrets.token_hex(8), FakeClock()
    spent: list[tuple[int, int]] = []
    lane = RedisLane(redis_server.url, 5)
    counters = RedisCounters(
        lane,
        prefix=prefix,
        now=lambda: clock.time,
        on_spent=lambda _, before, after: spent.append((before, after)),
    )
    money = claim("budget", 100, 60)
    await counters.seed(money, 0)
    verdict = await counters.reserve([money])
    assert verdict.reservation is not None
    clock.time += 61
    (standing,) = (await counters.reserve([claim("budget", 100, 100)])).standings
    assert standing.used == 100
    counters.settle(verdict.reservation, [40])
    counters.settle(verdict.reservation, [40])
    await counters.close()
    assert spent == [(0, 40)]


async def test_keys_are_of_one_slot_and_forgotten_in_time(redis_server: RedisServer) -> None:
    prefix = secrets.token_hex(8)
    async with counting(redis_server.url, prefix) as counters:
        await counters.seed(claim("budget", 100), 0)
        assert await granted(
            counters, claim("requests", 5), claim("tokens", 5), claim("concurrent", 5), claim("budget", 100)
        )
        counters.charge(claim("budget", 100), 1)
        await counters.seed(claim("budget", 1), 0)
        listed = redis_server.ask("KEYS", f"{prefix}:*").split(b"\r\n")
        keys = [line.decode() for line in listed if line.startswith(prefix.encode())]
        assert len(keys) == 6
        for key in keys:
            assert key.startswith(f"{prefix}:{{quotas}}:")
            assert int(redis_server.ask("TTL", key).strip(b":\r\n")) > 0, key


async def test_what_could_not_be_settled_is_settled_when_redis_is_back() -> None:
    with running() as server:
        spent: list[tuple[int, int]] = []
        lane = RedisLane(server.url, 0.5)
        counters = RedisCounters(lane, prefix="p", on_spent=lambda _, before, after: spent.append((before, after)))
        money, place = claim("budget", 100, 60), claim("concurrent", 1)
        await counters.seed(money, 0)
        verdict = await counters.reserve([money, place, claim("tokens", 100, 5)])
        assert verdict.reservation is not None
        server.ask("CLIENT", "PAUSE", "700")  # longer than anybody waits: nobody knows whether it was counted
        counters.settle(verdict.reservation, [40, 0, 9])
        counters.charge(money, 1)
        with pytest.raises(CountersUnavailable):
            await counters.reserve([place])
        await until(lambda: spent == [(0, 40), (40, 41)])
        assert await granted(counters, claim("budget", 100, 59), place)
        await counters.close()


async def test_a_redis_that_lost_everything_is_told_anew() -> None:
    with running() as server:
        async with counting(server.url, "p", wait=1) as counters:
            money = claim("budget", 100, 60)
            await counters.seed(money, 0)
            verdict = await counters.reserve([money])
            assert verdict.reservation is not None
            server.ask("FLUSHALL")
            server.ask("SCRIPT", "FLUSH")
            counters.settle(verdict.reservation, [60])
            assert (await counters.reserve([money])).missing == (money,)


async def test_nobody_there() -> None:
    with running() as server:
        url = server.url
    async with counting(url, "p", wait=0.25) as counters:
        with pytest.raises(CountersUnavailable):
            await counters.reserve([claim("requests", 1)])
        with pytest.raises(CountersUnavailable):
            await counters.seed(claim("budget", 1), 0)


async def test_who_holds_nothing_is_not_kept(redis_server: RedisServer) -> None:
    async with counting(redis_server.url, secrets.token_hex(8)) as counters:
        assert await granted(counters, claim("requests", 5))
        await counters.keep()
