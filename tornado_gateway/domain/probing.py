"""Probes: providers that the file wants asked now and then, asked, and their circuits told of it."""

import asyncio
from typing import Protocol, runtime_checkable

from tornado_gateway.domain.breakers import Breakers
from tornado_gateway.domain.context import RequestContext, Timing
from tornado_gateway.domain.endpoints import Endpoint, EndpointKey, Provider
from tornado_gateway.domain.errors import GatewayError
from tornado_gateway.domain.ports import Clock
from tornado_gateway.domain.snapshot import SnapshotHolder

TICK = 1.0
"""Seconds between two looks at who is due: a reload may have changed it."""


@runtime_checkable
class Probed(Protocol):
    """A provider that can be asked whether it is there."""

    async def probe(self, path: str, context: RequestContext) -> None:
        """Raises ``GatewayError`` where it is not."""


class Prober:
    """``start`` on the running loop, ``close`` at the end."""

    def __init__(self, *, snapshots: SnapshotHolder, breakers: Breakers, clock: Clock) -> None:
        self._snapshots = snapshots
        self._breakers = breakers
        self._clock = clock
        self._due: dict[EndpointKey, float] = {}
        self._asking: dict[EndpointKey, asyncio.Task[None]] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.ensure_future(self._run())

    async def close(self) -> None:
        tasks = [*self._asking.values(), *([] if self._task is None else [self._task])]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _run(self) -> None:
        while True:
            self.look()
            await self._clock.sleep(TICK)

    def look(self) -> None:
        """Asks everybody who is due."""
        now = self._clock.monotonic()
        for provider in self._snapshots.current.providers.values():
            if provider.probe is None:
                continue
            for endpoint in provider.endpoints:
                if now >= self._due.get(endpoint.key, now) and endpoint.key not in self._asking:
                    self._due[endpoint.key] = now + provider.probe.interval
                    asking = asyncio.ensure_future(self._ask(provider, endpoint, provider.probe.path))
                    self._asking[endpoint.key] = asking

    async def _ask(self, provider: Provider, endpoint: Endpoint, path: str) -> None:
        context = RequestContext("probe", "probe", Timing(received=self._clock.monotonic()))
        try:
            if isinstance(endpoint.adapter, Probed):
                await endpoint.adapter.probe(path, context)
                self._breakers.succeeded(endpoint.key, provider.breaker)
        except GatewayError:
            self._breakers.failed(endpoint.key, provider.breaker)
        finally:
            del self._asking[endpoint.key]
