"""A URL -> the counters that are kept there: the one place that knows which kinds there are."""

from tornado_gateway.domain.counters import Counters, OnSpent
from tornado_gateway.domain.ports import Clock, Publisher
from tornado_gateway.storage.guarded_counters import Fail, GuardedCounters
from tornado_gateway.storage.memory_counters import MemoryCounters
from tornado_gateway.storage.redis_counters import RedisCounters
from tornado_gateway.storage.redis_lane import RedisLane

PREFIX = "tornado-gateway"


def counters_at(
    url: str, *, fail: Fail, wait: float, clock: Clock, publisher: Publisher, on_spent: OnSpent
) -> Counters:
    """``memory://``, or a Redis that a call waits for no longer than ``wait`` seconds.

    Nothing is opened before the first call. Raises ``ImportError`` where a library is missing.
    """
    if url.startswith("memory:"):
        return MemoryCounters(clock, on_spent)
    shared = RedisCounters(RedisLane(url, wait), prefix=PREFIX, on_spent=on_spent)
    return GuardedCounters(
        shared, fail=fail, make_local=lambda: MemoryCounters(clock), clock=clock, publisher=publisher
    )
