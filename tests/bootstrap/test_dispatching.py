from pathlib import Path

from injector import Binder, Module

from tests.support import FakeClock
from tornado_gateway.bootstrap import make_injector
from tornado_gateway.config.build import parse
from tornado_gateway.config.schema import packaged_default
from tornado_gateway.domain.breakers import Breakers
from tornado_gateway.domain.caching import AnswerCache
from tornado_gateway.domain.dispatch import Dispatch
from tornado_gateway.domain.places import Places
from tornado_gateway.domain.strategies import Strategies
from tornado_gateway.storage.memory_cache import MemoryCache
from tornado_gateway.storage.redis_cache import RedisCache

TEXT = packaged_default().read_text()


def cache_of(text: str) -> AnswerCache:
    return make_injector(parse(text.encode(), Path("f"), {})).get(AnswerCache)


async def test_answers_are_kept_where_limits_are_counted() -> None:
    assert isinstance(cache_of(TEXT), MemoryCache)
    shared = cache_of(f"{TEXT}\nstate: {{url: 'redis://127.0.0.1:1/0'}}\n")
    assert isinstance(shared, RedisCache)
    await shared.close()


async def test_memory_takes_as_much_as_the_file_says() -> None:
    cache = cache_of(f"{TEXT}\ncache: {{memory_bytes: 1000}}\n")
    cache.put(b"small", b"x" * 500, 60)
    assert await cache.get(b"small") is not None
    cache.put(b"large", b"x" * 1000, 60)
    assert await cache.get(b"large") is None


async def test_there_is_one_of_each_and_the_place_for_answers_is_replaced_in_one_line() -> None:
    class Replaced(Module):
        def configure(self, binder: Binder) -> None:
            binder.bind(AnswerCache, to=MemoryCache(FakeClock(), lambda: 7))

    house = make_injector(parse(TEXT.encode(), Path("f"), {}), Replaced())
    for kind in (Dispatch, Strategies, Breakers, Places, AnswerCache):
        assert house.get(kind) is house.get(kind)
    found = house.get(AnswerCache)
    assert isinstance(found, MemoryCache)
    found.put(b"k", b"x" * 8, 60)
    assert found.size == 0
