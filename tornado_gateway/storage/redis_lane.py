"""One way to Redis: scripts in the order in which they were asked for, all that wait in one round trip.

So a call's settlement is there before the next call's claims, however many calls are under way.
"""

import asyncio
import hashlib
from collections import deque
from collections.abc import Sequence
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple

from tornado_gateway.domain.counters import CountersUnavailable

if TYPE_CHECKING:
    from redis.asyncio import Redis

_MOST = 256
"""Calls in one round trip."""

_ROUNDS = 4
"""Times that calls are sent: another node of a cluster, and scripts that are not known there."""

_CLOSING = 2.0
"""Seconds that what is under way gets at the end."""


class Script(NamedTuple):
    body: str
    digest: str


def script(name: str) -> Script:
    """``lua/NAME.lua``."""
    body = (resources.files("tornado_gateway.storage") / "lua" / f"{name}.lua").read_text()
    return Script(body, hashlib.sha1(body.encode(), usedforsecurity=False).hexdigest())


class _Call(NamedTuple):
    script: Script
    keys: Sequence[str]
    args: Sequence[str | int | bytes]
    reply: "asyncio.Future[Any]"


class RedisLane:
    """``timeout`` (seconds) bounds each round trip, a connection's making in it. Used from one loop alone.

    Raises ``ImportError`` where the extra ``redis`` is not installed, ``ValueError`` for a URL that is none.
    """

    def __init__(self, url: str, timeout: float) -> None:
        self._url = url
        self._timeout = timeout
        self._client = _client(url, timeout)
        self._waiting: deque[_Call] = deque()
        self._task: asyncio.Task[None] | None = None

    def call(self, script: Script, keys: Sequence[str], args: Sequence[str | int | bytes]) -> "asyncio.Future[Any]":
        """The script's reply, or ``CountersUnavailable``."""
        loop = asyncio.get_running_loop()
        reply: asyncio.Future[Any] = loop.create_future()
        self._waiting.append(_Call(script, keys, args, reply))
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._run())
        return reply

    async def close(self) -> None:
        """Sends what waits, then hangs up."""
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=_CLOSING)
            self._task.cancel()
        self._fail(CountersUnavailable("the gateway ends"))
        await self._client.aclose()

    async def _run(self) -> None:
        waiting = self._waiting
        while waiting:
            batch = [waiting.popleft() for _ in range(min(len(waiting), _MOST))]
            try:
                async with asyncio.timeout(self._timeout):
                    await self._exchange(batch)
            except Exception as error:
                # Whatever went wrong, what is still to come on these connections answers something else.
                await self._client.connection_pool.disconnect()
                waiting.extendleft(reversed(batch))
                self._fail(CountersUnavailable(_told(error)))

    async def _exchange(self, batch: list[_Call]) -> None:
        for _ in range(_ROUNDS):
            batch = await self._deliver(batch)
            if not batch:
                return
        raise CountersUnavailable("Redis does not keep what it is told")

    async def _deliver(self, batch: list[_Call]) -> list[_Call]:
        """Answers all but those that must be sent again."""
        from redis.exceptions import MovedError, NoScriptError, RedisError  # noqa: PLC0415 - an extra

        again: list[_Call] = []
        unknown: set[str] = set()
        for call, reply in zip(batch, await self._send(batch), strict=True):
            if isinstance(reply, NoScriptError):
                # The first time, and after Redis has lost them: a script is sent once, and then known by its digest.
                unknown.add(call.script.body)
                again.append(call)
            elif isinstance(reply, MovedError):
                # All keys are in one slot of a cluster: one node has them, and this is the one.
                await self._client.aclose()
                self._client = _client(self._url, self._timeout, reply.host, reply.port)
                again.append(call)
            elif isinstance(reply, RedisError):
                _answer(call, CountersUnavailable(_told(reply)))
            else:
                _answer(call, reply)
        for body in unknown:
            await self._client.script_load(body)
        return again

    async def _send(self, batch: list[_Call]) -> list[Any]:
        async with self._client.pipeline(transaction=False) as pipeline:
            for call in batch:
                pipeline.evalsha(call.script.digest, len(call.keys), *call.keys, *call.args)
            replies: list[Any] = await pipeline.execute(raise_on_error=False)
        return replies

    def _fail(self, error: CountersUnavailable) -> None:
        while self._waiting:
            _answer(self._waiting.popleft(), error)


def _answer(call: _Call, reply: Any) -> None:
    if call.reply.done():
        return
    if isinstance(reply, Exception):
        call.reply.set_exception(reply)
    else:
        call.reply.set_result(reply)


def _told(error: Exception) -> str:
    """The error's kind alone: its text may hold an address with a password."""
    return type(error).__name__


def _client(url: str, timeout: float, host: str | None = None, port: int | None = None) -> "Redis":
    try:
        from redis.asyncio import Redis  # noqa: PLC0415 - an extra
        from redis.asyncio.retry import Retry  # noqa: PLC0415
        from redis.backoff import NoBackoff  # noqa: PLC0415
    except ImportError as error:
        raise ImportError("state.url names Redis: pip install 'tornado-gateway[redis]'") from error
    client = Redis.from_url(
        url,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        # Whoever waits is told at once: there is a plan for that.
        retry=Retry(NoBackoff(), 0),
    )
    if host is not None and port is not None:
        client.connection_pool.connection_kwargs.update(host=host, port=port)
    return client
