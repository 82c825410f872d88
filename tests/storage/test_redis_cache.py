import asyncio
import builtins
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from loguru import logger

from tests.redis_server import running
from tests.serving import until
from tests.support import FakeClock
from tornado_gateway.domain.caching import CacheUnavailable
from tornado_gateway.storage.redis_cache import PREFIX, REST_SECONDS, RedisCache

KEY = b"k" * 32


@contextmanager
def logged() -> Iterator[list[str]]:
    lines: list[str] = []
    sink = logger.add(lambda message: lines.append(message.record["message"]), level="INFO")
    try:
        yield lines
    finally:
        logger.remove(sink)


@contextmanager
def deaf() -> Iterator[int]:
    """A port that takes connections and says nothing."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        yield listening.getsockname()[1]


async def away(cache: RedisCache) -> None:
    with pytest.raises(CacheUnavailable):
        await cache.get(KEY)


async def written(cache: RedisCache) -> None:
    await until(lambda: not cache.writing)


async def test_redis_that_goes_and_comes_is_told_of_once_each() -> None:
    clock = FakeClock()
    with running() as server, logged() as lines:
        cache = RedisCache(server.url, clock)
        cache.put(KEY, b"x", 60)
        await written(cache)
        server.stop()
        for _ in range(3):
            await away(cache)
            clock.time += REST_SECONDS
            cache.put(KEY, b"y", 60)
            await written(cache)
            clock.time += REST_SECONDS
        assert lines == ["the answer cache can't be reached, calls go on without it: ConnectionError"]
        server.start()
        assert await cache.get(KEY) is None
        assert lines[1:] == ["the answer cache can be reached again"]
        cache.put(KEY, b"z", 60)
        await written(cache)
        assert await cache.get(KEY) == b"z"
        await cache.close()


async def test_a_restart_between_two_calls_is_not_noticed() -> None:
    with running() as server, logged() as lines:
        cache = RedisCache(server.url, FakeClock(), wait=5)
        assert await cache.get(KEY) is None
        server.stop()
        server.start()
        assert await cache.get(KEY) is None
        assert not lines
        await cache.close()


async def test_who_could_not_be_reached_is_left_alone_for_a_while() -> None:
    clock = FakeClock()
    with running() as server:
        cache = RedisCache(server.url, clock, wait=5)
        server.stop()
        await away(cache)
        server.start()
        await away(cache)
        cache.put(KEY, b"x", 60)
        assert not cache.writing
        clock.time += REST_SECONDS
        assert await cache.get(KEY) is None
        await cache.close()


async def test_one_that_says_nothing_is_waited_for_no_longer_than_a_moment() -> None:
    loop = asyncio.get_running_loop()
    with deaf() as port, logged() as lines:
        cache = RedisCache(f"redis://:planted-password@127.0.0.1:{port}/0", FakeClock(), wait=0.05)
        cache.put(b"w" * 32, b"x", 60)
        began = loop.time()
        await away(cache)
        assert loop.time() - began < 1
        await written(cache)
        await cache.close()
    assert len(lines) == 1
    assert "planted-password" not in str(lines) + repr(cache)


async def test_more_callers_than_connections_wait_their_turn() -> None:
    with running() as server:
        cache = RedisCache(server.url, FakeClock(), wait=5)
        assert await asyncio.gather(*(cache.get(KEY) for _ in range(300))) == [None] * 300
        await cache.close()


async def test_a_caller_that_leaves_spoils_no_connection() -> None:
    with running() as server:
        cache = RedisCache(server.url, FakeClock(), wait=5)
        names = [b"%32d" % number for number in range(40)]
        for name in names:
            cache.put(name, name, 60)
        await written(cache)
        for number, name in enumerate(names):
            leaving = asyncio.ensure_future(cache.get(name))
            for _ in range(number % 7):
                await asyncio.sleep(0)
            leaving.cancel()
            await asyncio.wait({leaving})
            other = names[-number]
            assert await cache.get(other) == other
        await cache.close()


async def test_one_that_is_full_takes_nothing_and_gives_what_it_has() -> None:
    with running() as server, logged() as lines:
        cache = RedisCache(server.url, FakeClock(), wait=5)
        cache.put(KEY, b"x", 60)
        await written(cache)
        server.ask("CONFIG", "SET", "maxmemory", "1")
        for number in range(3):
            cache.put(b"%32d" % number, b"y", 60)
            await written(cache)
        assert lines == ["the answer cache takes no answers: OutOfMemoryError"]
        assert await cache.get(KEY) == b"x"
        server.ask("CONFIG", "SET", "maxmemory", "0")
        cache.put(b"n" * 32, b"y", 60)
        await written(cache)
        assert await cache.get(b"n" * 32) == b"y"
        await cache.close()


async def test_beyond_measure_nothing_is_sent() -> None:
    with deaf() as port:
        cache = RedisCache(f"redis://127.0.0.1:{port}/0", FakeClock(), wait=0.05)
        for number in range(1000):
            cache.put(b"%32d" % number, b"x", 60)
        assert cache.writing <= 256
        await cache.close()
        assert not cache.writing


async def test_all_keys_have_one_beginning_and_a_time_to_go() -> None:
    with running() as server:
        cache = RedisCache(server.url, FakeClock(), wait=5)
        cache.put(KEY, b"x", 60)
        await written(cache)
        name = (PREFIX + KEY).decode()
        assert server.ask("KEYS", "*").split(b"\r\n")[2] == name.encode()
        assert 0 < int(server.ask("PTTL", name)[1:]) <= 60_000
        await cache.close()


def test_without_its_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *arguments: Any, **more: Any) -> Any:
        if name.startswith("redis"):
            raise ImportError(name)
        return real(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ImportError, match=r"tornado-gateway\[redis\]"):
        RedisCache("redis://127.0.0.1:1/0", FakeClock())
