import asyncio
import hashlib
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryDirectory

import pytest

from tests.redis_server import RedisServer, running
from tornado_gateway.domain.counters import CountersUnavailable
from tornado_gateway.storage.redis_lane import RedisLane, Script, script


def lua(body: str) -> Script:
    return Script(body, hashlib.sha1(body.encode()).hexdigest())


ECHO = lua("return ARGV[1]")
APPEND = lua("return redis.call('RPUSH', KEYS[1], ARGV[1])")


async def test_replies_in_order_and_all_in_one_round_trip(redis_server: RedisServer) -> None:
    lane = RedisLane(redis_server.url, 5)
    before = _calls(redis_server, "evalsha")
    replies = [lane.call(APPEND, ["lane:{x}:list"], [str(number)]) for number in range(300)]
    assert await asyncio.gather(*replies) == list(range(1, 301))
    assert _calls(redis_server, "evalsha") - before <= 300 + 256  # the first of them are not known yet
    await lane.close()


async def test_scripts_that_redis_lost_are_sent_again(redis_server: RedisServer) -> None:
    lane = RedisLane(redis_server.url, 5)
    assert await lane.call(ECHO, [], ["a"]) == b"a"
    redis_server.ask("SCRIPT", "FLUSH")
    assert await lane.call(ECHO, [], ["b"]) == b"b"
    await lane.close()


async def test_one_that_fails_fails_alone(redis_server: RedisServer) -> None:
    lane = RedisLane(redis_server.url, 5)
    broken = lane.call(lua("return redis.call('NO SUCH')"), [], [])
    fine = lane.call(ECHO, [], ["a"])
    assert await fine == b"a"
    with pytest.raises(CountersUnavailable):
        await broken
    await lane.close()


async def test_who_left_is_not_answered(redis_server: RedisServer) -> None:
    lane = RedisLane(redis_server.url, 5)
    lane.call(ECHO, [], ["a"]).cancel()
    assert await lane.call(ECHO, [], ["b"]) == b"b"
    await lane.close()


async def test_nobody_waits_longer_than_is_said() -> None:
    with running() as server:
        lane = RedisLane(server.url, 0.2)
        assert await lane.call(ECHO, [], ["a"]) == b"a"
        server.ask("CLIENT", "PAUSE", "400")
        loop = asyncio.get_running_loop()
        began = loop.time()
        with pytest.raises(CountersUnavailable) as told:
            await lane.call(ECHO, [], ["b"])
        assert 0.15 < loop.time() - began < 2
        assert "127.0.0.1" not in str(told.value)
        server.stop()
        with pytest.raises(CountersUnavailable):
            await lane.call(ECHO, [], ["c"])
        server.start()
        assert await lane.call(ECHO, [], ["d"]) == b"d"
        await lane.close()


async def test_the_end_lets_what_is_under_way_end(redis_server: RedisServer) -> None:
    lane = RedisLane(redis_server.url, 5)
    reply = lane.call(ECHO, [], ["a"])
    await lane.close()
    assert await reply == b"a"


@contextmanager
def cluster() -> Iterator[RedisServer]:
    """A node that has no slot; another has them all."""
    with TemporaryDirectory() as folder, ExitStack() as stack:
        one, other = (
            stack.enter_context(
                running(
                    *("--cluster-enabled", "yes", "--cluster-require-full-coverage", "no"),
                    *("--cluster-config-file", f"{name}.conf", "--dir", folder),
                )
            )
            for name in ("one", "other")
        )
        other.ask("CLUSTER", "ADDSLOTS", *(str(slot) for slot in range(16384)))
        other.ask("CLUSTER", "MEET", "127.0.0.1", str(one.port))
        end = time.monotonic() + 10
        while b"MOVED" not in one.ask("GET", "{quotas}") or b"cluster_state:ok" not in other.ask("CLUSTER", "INFO"):
            assert time.monotonic() < end, "the nodes do not know each other"
            time.sleep(0.02)
        yield one


async def test_the_node_of_a_cluster_that_has_the_slot() -> None:
    with cluster() as asked:
        lane = RedisLane(asked.url, 5)
        assert await lane.call(APPEND, ["p:{quotas}:list"], ["a"]) == 1
        assert await lane.call(APPEND, ["p:{quotas}:list"], ["b"]) == 2
        assert b"127.0.0.1" in asked.ask("LLEN", "p:{quotas}:list")
        await lane.close()


async def test_a_password_is_shown_to_nobody() -> None:
    with running("--requirepass", "planted-secret") as server:
        lane = RedisLane(f"redis://:planted-wrong@127.0.0.1:{server.port}/0", 1)
        with pytest.raises(CountersUnavailable) as told:
            await lane.call(ECHO, [], ["a"])
        assert "planted" not in str(told.value) + repr(told.value.__cause__)
        await lane.close()


def test_the_scripts_are_there() -> None:
    for name in ("reserve", "settle", "keep", "seed"):
        assert "KEYS" in script(name).body


async def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    with pytest.raises(ImportError, match=r"pip install 'tornado-gateway\[redis\]'"):
        RedisLane("redis://127.0.0.1/0", 1)


def _calls(server: RedisServer, command: str) -> int:
    for line in server.ask("INFO", "commandstats").decode().splitlines():
        if line.startswith(f"cmdstat_{command}:"):
            return int(line.split("calls=")[1].split(",")[0])
    return 0
