import sys

import pytest

from tests.redis_server import RedisServer
from tests.storage.counters_contract import claim
from tests.support import FakeClock, Recorder
from tornado_gateway.domain.counters import Counters
from tornado_gateway.storage.guarded_counters import GuardedCounters
from tornado_gateway.storage.memory_counters import MemoryCounters
from tornado_gateway.storage.opening_counters import PREFIX, counters_at


def opened(url: str) -> Counters:
    return counters_at(url, fail="local", wait=1, clock=FakeClock(), publisher=Recorder(), on_spent=lambda *_: None)


async def test_in_memory() -> None:
    assert isinstance(opened("memory://"), MemoryCounters)


async def test_in_redis_under_our_own_name(redis_server: RedisServer) -> None:
    counters = opened(redis_server.url)
    assert isinstance(counters, GuardedCounters)
    verdict = await counters.reserve([claim("requests", 5, name="requests:test")])
    assert verdict.reservation is not None
    await counters.close()
    key = f"{PREFIX}:{{quotas}}:requests:test"
    assert redis_server.ask("EXISTS", key) == b":1\r\n"
    redis_server.ask("DEL", key)


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    with pytest.raises(ImportError, match=r"pip install 'tornado-gateway\[redis\]'"):
        opened("redis://:planted@127.0.0.1/0")
