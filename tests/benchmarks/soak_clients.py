"""The soak's clients: patient ones, ones that hang up at a random moment, and ones that hardly read."""

import asyncio
import random
import re
import socket
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from calls import FORMS, good, request_bytes
from responses import ResponseReader

_COST = re.compile(rb'"cost":([0-9.]+)')
_FORM = FORMS["priced"]
_SLOW_EVENTS = 20_000
_SMALL_WINDOW = 16_384


class Manners(StrEnum):
    """How a client behaves in one call."""

    WHOLE = "whole"
    STREAM = "stream"
    HANG_UP_WHOLE = "hang up on a whole answer"
    HANG_UP_STREAM = "hang up on a stream"
    SLOW = "slow reader"
    SLOW_HANG_UP = "slow reader that hangs up"


_BRISK = {Manners.WHOLE: 50, Manners.STREAM: 37, Manners.HANG_UP_WHOLE: 5, Manners.HANG_UP_STREAM: 8}
_LAZY = {Manners.SLOW: 1, Manners.SLOW_HANG_UP: 1}
_HANGING_UP = (Manners.HANG_UP_WHOLE, Manners.HANG_UP_STREAM, Manners.SLOW_HANG_UP)
_SLOW = (Manners.SLOW, Manners.SLOW_HANG_UP)


@dataclass(slots=True)
class Record:
    """What the clients saw. ``costs``: the digits of every cost, by the revision that the answer named."""

    answered: Counter[str] = field(default_factory=Counter)
    hung_up: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    failed: int = 0
    costs: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def fail(self, what: str) -> None:
        self.failed += 1
        if len(self.failures) < 20:
            self.failures.append(what[:400])


class SoakClient(asyncio.Protocol):
    """One connection: one call after the other, until it hangs up or is told to ``stop`` and has its answer."""

    def __init__(self, record: Record, dice: random.Random, shares: Mapping[Manners, int]) -> None:
        self._record = record
        self._shares = shares
        self._dice = dice
        self._reader = ResponseReader()
        self._manners = Manners.WHOLE
        self._hung_up = False
        self._stopping = False
        self._timers: list[asyncio.TimerHandle] = []
        self._loop = asyncio.get_running_loop()
        self.done: asyncio.Future[None] = self._loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL_WINDOW)
        self._ask()

    def stop(self) -> None:
        """No more calls after the present one, which is read without delay."""
        self._stopping = True
        self._wake()

    def _ask(self) -> None:
        self._reader = ResponseReader()
        self._manners = self._dice.choices(list(self._shares), list(self._shares.values()))[0]
        streamed = self._streamed
        events = _SLOW_EVENTS if self._manners in _SLOW else None
        self._transport.write(request_bytes(_FORM, stream=streamed, events=events))
        if self._manners in _HANGING_UP:
            longest = 3.0 if self._manners in _SLOW else 0.08
            self._timers.append(self._loop.call_later(self._dice.uniform(0, longest), self._hang_up))
        if self._manners in _SLOW:
            self._doze()

    @property
    def _streamed(self) -> bool:
        return self._manners not in (Manners.WHOLE, Manners.HANG_UP_WHOLE)

    def _doze(self) -> None:
        if self._stopping or self._transport.is_closing() or self._manners not in _SLOW:
            return
        self._transport.pause_reading()
        self._timers = [timer for timer in self._timers if timer.when() > self._loop.time()]
        self._timers.append(self._loop.call_later(self._dice.uniform(0.02, 0.3), self._wake))

    def _wake(self) -> None:
        if self._transport.is_closing():
            return
        self._transport.resume_reading()
        if not self._stopping:
            self._timers.append(self._loop.call_later(0.05, self._doze))

    def _hang_up(self) -> None:
        self._hung_up = True
        self._record.hung_up[self._manners] += 1
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._reader.feed(data):
            self._cancel_timers()
            self._answered()
            if self._stopping:
                self._hung_up = True
                self._transport.close()
                return
            self._ask()

    def _answered(self) -> None:
        reader = self._reader
        body = reader.body()
        if not good(_FORM, stream=self._streamed, status=reader.status, body=body):
            self._record.fail(f"{self._manners}: {reader.status} {body[-300:].decode(errors='replace')}")
            return
        self._record.answered[self._manners] += 1
        revision = (reader.header(b"x-gateway-revision") or b"none").decode()
        costs = _COST.findall(body)
        if len(costs) != 1:
            self._record.fail(f"{self._manners}: {len(costs)} costs in one answer")
            return
        self._record.costs[revision][costs[0].decode()] += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_timers()
        if not self._hung_up:
            self._record.fail(f"{self._manners}: connection lost: {exc}")
        if not self.done.done():
            self.done.set_result(None)

    def _cancel_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()


class Crowd:
    """Keeps ``size`` brisk and ``lazy`` slow clients calling until ``leave``."""

    def __init__(self, port: int, *, size: int, lazy: int, record: Record) -> None:
        self._port = port
        self._size = size
        self._lazy = lazy
        self._record = record
        self._clients: set[SoakClient] = set()
        self._leaving = False

    async def call(self) -> None:
        """Returns once everybody has left."""
        async with asyncio.TaskGroup() as group:
            for number in range(self._size):
                group.create_task(self._keep_calling(random.Random(number), _BRISK))
            for number in range(self._lazy):
                group.create_task(self._keep_calling(random.Random(number), _LAZY))

    def leave(self) -> None:
        """Everybody leaves with the answer that they wait for."""
        self._leaving = True
        for client in self._clients:
            client.stop()

    async def _keep_calling(self, dice: random.Random, shares: Mapping[Manners, int]) -> None:
        loop = asyncio.get_running_loop()
        while not self._leaving:
            try:
                _, client = await loop.create_connection(
                    lambda: SoakClient(self._record, dice, shares), "127.0.0.1", self._port
                )
            except OSError as error:
                self._record.fail(f"no connection: {error}")
                await asyncio.sleep(0.1)
                continue
            self._clients.add(client)
            if self._leaving:
                client.stop()
            await client.done
            self._clients.discard(client)
