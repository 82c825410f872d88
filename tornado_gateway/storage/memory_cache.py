"""Answers in this process's memory: the one that was not asked for the longest time goes first."""

from collections import OrderedDict
from collections.abc import Callable

from tornado_gateway.domain.ports import Clock

ENTRY_BYTES = 400
"""What an entry takes beside its value: key, tables, objects."""


class MemoryCache:
    """An ``AnswerCache``. ``limit`` gives the bytes that all of it may take; a reload may change them."""

    def __init__(self, clock: Clock, limit: Callable[[], int]) -> None:
        self._clock = clock
        self._limit = limit
        self._entries: OrderedDict[bytes, tuple[bytes, float]] = OrderedDict()
        self._size = 0

    @property
    def size(self) -> int:
        """Bytes taken."""
        return self._size

    async def get(self, key: bytes) -> bytes | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        value, until = entry
        if self._clock.monotonic() >= until:
            self._forget(key)
            return None
        self._entries.move_to_end(key)
        return value

    def put(self, key: bytes, value: bytes, ttl: float) -> None:
        self._forget(key)
        limit = self._limit()
        if _taken(value) <= limit:
            self._entries[key] = value, self._clock.monotonic() + ttl
            self._size += _taken(value)
        while self._size > limit:
            self._forget(next(iter(self._entries)))

    async def close(self) -> None:
        """Nothing is under way."""

    def _forget(self, key: bytes) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._size -= _taken(entry[0])


def _taken(value: bytes) -> int:
    return len(value) + ENTRY_BYTES
