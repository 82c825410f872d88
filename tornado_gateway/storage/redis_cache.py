"""Answers in Redis, for all workers and machines that share it. Without it calls go on as if nothing were kept.

Needs the extra ``redis``. Values expire by Redis' own clock (``SET ... PX``).
"""

import asyncio

from loguru import logger

from tornado_gateway.domain.caching import CacheUnavailable
from tornado_gateway.domain.ports import Clock

PREFIX = b"tornado-gateway:answer:"

WAIT_SECONDS = 0.25
"""A call waits no longer for Redis before it asks its provider."""

REST_SECONDS = 5.0
"""So long Redis is not asked again after it could not be reached."""

_CONNECTIONS = 32
_WRITES = 256
"""Answers on their way to Redis; beyond that none is sent."""


class RedisCache:
    """An ``AnswerCache``. Used on one event loop; connects when it is first asked."""

    def __init__(self, url: str, clock: Clock, *, wait: float = WAIT_SECONDS, rest: float = REST_SECONDS) -> None:
        """Raises ``ImportError`` naming the extra where the library is not there."""
        try:
            from redis.asyncio import BlockingConnectionPool, Redis  # noqa: PLC0415 - an extra's library
            from redis.asyncio.retry import Retry  # noqa: PLC0415
            from redis.backoff import NoBackoff  # noqa: PLC0415
            from redis.exceptions import RedisError, ResponseError  # noqa: PLC0415
        except ImportError as error:
            raise ImportError("answers in Redis need an extra: pip install 'tornado-gateway[redis]'") from error
        self._client = Redis.from_pool(
            BlockingConnectionPool.from_url(
                url,
                max_connections=_CONNECTIONS,
                # Beside the bound on each command: on Python 3.11 wait_for, which the library uses, may lose that one.
                timeout=wait,
                socket_timeout=wait,
                socket_connect_timeout=wait,
                # Once and at once: a connection that has rested for long may be dead without telling.
                retry=Retry(NoBackoff(), 1),
            )
        )
        self._away = (RedisError, OSError, TimeoutError)
        self._refusal = ResponseError
        self._clock = clock
        self._wait = wait
        self._rest = rest
        self._resting_until: float | None = None
        self._refused = False
        self._writing: dict[bytes, tuple[bytes, float]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def writing(self) -> int:
        """Answers on their way."""
        return len(self._tasks)

    async def get(self, key: bytes) -> bytes | None:
        writing = self._writing.get(key)
        if writing is not None:
            return writing[0]  # on its way: Redis may not have it yet
        if self._resting():
            raise CacheUnavailable("Redis could not be reached a moment ago.")
        try:
            async with asyncio.timeout(self._wait):
                found = await self._client.get(PREFIX + key)
        except self._away as error:
            self._gone(error)
            raise CacheUnavailable("Redis can't be reached.") from error
        self._back()
        return found if isinstance(found, bytes) else None

    def put(self, key: bytes, value: bytes, ttl: float) -> None:
        if self._resting() or len(self._tasks) >= _WRITES:
            return
        under_way = key in self._writing
        self._writing[key] = value, ttl
        if under_way:
            return  # over two connections the earlier one might come last
        task = asyncio.ensure_future(self._write(key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Waits for what is on its way, as long as any write may take."""
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._client.aclose()

    async def _write(self, key: bytes) -> None:
        """Sends what is to be kept under ``key``, until nothing newer has come meanwhile."""
        sent = None
        try:
            while sent is not self._writing[key]:
                sent = value, ttl = self._writing[key]
                async with asyncio.timeout(self._wait):
                    await self._client.set(PREFIX + key, value, px=max(1, round(ttl * 1000)))
        except self._refusal as error:
            # It is there and does not take the answer: full, or no primary.
            if not self._refused:
                logger.warning("the answer cache takes no answers: {}", type(error).__name__)
            self._refused = True
        except self._away as error:
            self._gone(error)
        else:
            self._refused = False
            self._back()
        finally:
            del self._writing[key]

    def _resting(self) -> bool:
        return self._resting_until is not None and self._clock.monotonic() < self._resting_until

    def _gone(self, error: BaseException) -> None:
        if self._resting_until is None:
            # An error's own text may quote the address, and that a password.
            logger.warning("the answer cache can't be reached, calls go on without it: {}", type(error).__name__)
        self._resting_until = self._clock.monotonic() + self._rest

    def _back(self) -> None:
        if self._resting_until is not None:
            self._resting_until = None
            logger.info("the answer cache can be reached again")
