from tornado_gateway.domain.counters import Claim, Counters, Standing, Subject
from tornado_gateway.storage.memory_counters import MemoryCounters
from tornado_gateway.storage.redis_counters import RedisCounters


def test_what_remains_is_never_below_nothing() -> None:
    claim = Claim(counter="c", subject=Subject("key a", key="a"), what="tokens", limit=10)
    assert Standing(claim, 4, room=True).remaining == 6
    assert Standing(claim, 14, room=False).remaining == 0


def test_the_port_is_small() -> None:
    methods = {name for name in vars(Counters) if not name.startswith("_")}
    assert len(methods) <= 6
    for kind in (MemoryCounters, RedisCounters):
        assert methods <= set(dir(kind))
