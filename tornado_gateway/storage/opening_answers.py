"""A URL -> the cache of answers that is kept there: the one place that knows which kinds there are."""

from collections.abc import Callable
from typing import Protocol

from tornado_gateway.domain.caching import AnswerCache
from tornado_gateway.domain.ports import Clock
from tornado_gateway.storage.memory_cache import MemoryCache
from tornado_gateway.storage.redis_cache import RedisCache


class Place(Protocol):
    """``memory://``, or a Redis that a call waits for no longer than ``timeout`` seconds."""

    @property
    def url(self) -> str: ...

    @property
    def timeout(self) -> float: ...


def answers_at(place: Place, clock: Clock, room: Callable[[], int]) -> AnswerCache:
    """``room`` is what memory may take of it, in bytes. Nothing is opened before the first call.

    Raises ``ImportError`` where a library is missing.
    """
    if place.url.startswith("memory:"):
        return MemoryCache(clock, room)
    return RedisCache(place.url, clock, wait=place.timeout)
