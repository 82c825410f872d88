"""What every ``AnswerCache`` does, on memory and on a real Redis."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from uuid import uuid4

import pytest

from tests.redis_server import RedisServer, running
from tests.support import FakeClock
from tornado_gateway.domain.caching import AnswerCache
from tornado_gateway.storage.memory_cache import MemoryCache
from tornado_gateway.storage.redis_cache import RedisCache

Passes = Callable[[float], None]
"""Lets so many seconds pass."""

Opened = Callable[[], AbstractAsyncContextManager[tuple[AnswerCache, Passes]]]


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with running() as server:
        yield server


@asynccontextmanager
async def in_memory() -> AsyncIterator[tuple[AnswerCache, Passes]]:
    clock = FakeClock()

    def passes(seconds: float) -> None:
        clock.time += seconds

    yield MemoryCache(clock, lambda: 10_000_000), passes


@asynccontextmanager
async def in_redis(redis: RedisServer) -> AsyncIterator[tuple[AnswerCache, Passes]]:
    cache = RedisCache(redis.url, FakeClock(), wait=5)
    yield cache, time.sleep  # its clock is the server's
    await cache.close()


@pytest.fixture(params=["memory", "redis"])
def opened(request: pytest.FixtureRequest) -> Opened:
    if request.param == "memory":
        return in_memory
    server = request.getfixturevalue("redis")
    return lambda: in_redis(server)


def key() -> bytes:
    return uuid4().bytes + uuid4().bytes


async def settled(cache: AnswerCache) -> None:
    """What was on its way to the cache has arrived."""
    async with asyncio.timeout(3):
        while getattr(cache, "writing", 0):
            await asyncio.sleep(0.001)


async def test_what_was_never_kept_is_not_there(opened: Opened) -> None:
    async with opened() as (cache, _):
        assert await cache.get(key()) is None


async def test_what_is_kept_is_there_at_once_and_afterwards(opened: Opened) -> None:
    async with opened() as (cache, _):
        name, value = key(), bytes(range(256)) * 5000
        cache.put(name, value, 60)
        assert await cache.get(name) == value
        await settled(cache)
        assert await cache.get(name) == value
        assert await cache.get(key()) is None


async def test_a_later_value_replaces_an_earlier_one(opened: Opened) -> None:
    async with opened() as (cache, _):
        name = key()
        for value in (b"first", b"", b"second" * 1000, b"third"):
            cache.put(name, value, 60)
            assert await cache.get(name) == value
        await settled(cache)
        assert await cache.get(name) == b"third"


async def test_it_is_gone_when_its_time_is_over(opened: Opened) -> None:
    async with opened() as (cache, passes):
        short, long = key(), key()
        cache.put(short, b"s", 0.2)
        cache.put(long, b"l", 60)
        await settled(cache)
        assert await cache.get(short) == b"s"
        passes(0.21)
        assert await cache.get(short) is None
        assert await cache.get(long) == b"l"


async def test_a_time_below_a_millisecond_is_a_time(opened: Opened) -> None:
    async with opened() as (cache, passes):
        name = key()
        cache.put(name, b"x", 0.0001)
        await settled(cache)
        passes(0.01)
        assert await cache.get(name) is None


async def test_many_at_once(opened: Opened) -> None:
    async with opened() as (cache, _):
        names = [key() for _ in range(200)]
        for number, name in enumerate(names):
            cache.put(name, b"%d" % number, 60)
        await settled(cache)
        found = await asyncio.gather(*(cache.get(name) for name in names))
        assert found == [b"%d" % number for number in range(200)]


async def test_what_was_on_its_way_is_there_after_the_end(opened: Opened) -> None:
    name = key()
    async with opened() as (cache, _):
        cache.put(name, b"x", 60)
        await cache.close()
        if isinstance(cache, RedisCache):  # whose answers outlive it
            async with opened() as (other, _):
                assert await other.get(name) == b"x"
