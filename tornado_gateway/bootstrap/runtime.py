"""Runtime: a gateway that was put together, from its start to its end."""

import asyncio
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from loguru import logger

from tornado_gateway.bootstrap.access_control import AccessControl
from tornado_gateway.bootstrap.limiting import Limiting
from tornado_gateway.config.reload import Reloader
from tornado_gateway.domain.caching import AnswerCache
from tornado_gateway.domain.events import ConfigReloaded
from tornado_gateway.domain.gateway import GatewayService
from tornado_gateway.domain.ports import Clock
from tornado_gateway.domain.probing import Prober
from tornado_gateway.domain.snapshot import SnapshotHolder
from tornado_gateway.httpserver.lifecycle import Lifecycle, shutting_down
from tornado_gateway.httpserver.server import GatewayHTTPServer
from tornado_gateway.observability.bus import EventBus
from tornado_gateway.observability.exposition import Exposition
from tornado_gateway.observability.telemetry_opening import Exporter
from tornado_gateway.providers.registry import ProviderRegistry

_LAST_WORDS = 1.0
"""Seconds in which calls that are ended may say so."""


class Closable(Protocol):
    async def aclose(self) -> None: ...


class Recorder(Protocol):
    """Keeps what the bus hands it, in threads of its own."""

    def start(self) -> None: ...

    def close(self) -> None:
        """Blocks until all is kept, for some seconds at most."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """A gateway ready to be started, and the way to end it."""

    server: GatewayHTTPServer
    gateway: GatewayService
    registry: ProviderRegistry
    prober: Prober
    access: AccessControl
    limiting: Limiting
    snapshots: SnapshotHolder
    lifecycle: Lifecycle
    reloader: Reloader
    bus: EventBus
    exposition: Exposition
    clock: Clock
    transport: Closable
    answers: AnswerCache
    recorder: Recorder
    exporter: Exporter
    notes: tuple[str, ...]

    async def start(self, sockets: list[socket.socket]) -> None:
        """Serves ``sockets`` and follows the file; on the running loop."""
        self.recorder.start()
        self.bus.start()
        self.exposition.start()
        current = self.snapshots.current
        self.bus.publish(ConfigReloaded(current.revision, None, current.loaded_at, self.notes))
        self.reloader.start()
        await self.access.start(sockets)
        self.server.add_sockets(sockets)
        self.server.start_sweeping()
        self.prober.start()

    def announce(self, text: str) -> None:
        """One line of the log for whoever watches it start or end."""
        logger.info(text)

    def reload(self) -> None:
        """SIGHUP: reads the file now, changed or not."""
        self.reloader.reload_now()

    async def drain(self) -> bool:
        """No new calls; waits for those under way. False where ``drain_timeout`` passed first, and ended them."""
        self.lifecycle.drain()
        try:
            async with asyncio.timeout(self.snapshots.current.server.drain_timeout):
                await self.lifecycle.idle()
        except TimeoutError:
            await self._end_calls()
            return False
        return True

    async def retire(self) -> bool:
        """Takes no new connections and serves those that there are to their end; bounded as ``drain``."""
        self.lifecycle.retire()
        try:
            async with asyncio.timeout(self.snapshots.current.server.drain_timeout):
                await self.server.retire()
                await self.lifecycle.idle()
        except TimeoutError:
            await self._end_calls()
            return False
        return True

    async def _end_calls(self) -> None:
        """Those still under way, each told why."""
        self.lifecycle.end(shutting_down())
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORDS):
                await self.lifecycle.idle()

    async def close(self) -> None:
        """Hangs up on everybody, delivers the last events."""
        self.server.stop()
        self.server.stop_sweeping()
        await self.prober.close()
        await self.access.close()
        await self.gateway.close()
        await self.reloader.close()
        await self.server.close_all_connections()
        await self.registry.close()
        await self.answers.close()
        await self.limiting.close()
        await self.bus.close()
        await asyncio.to_thread(self.exporter.close)
        await self.limiting.webhooks.close()
        await self.transport.aclose()
        # Last: whatever ended until here has to be kept.
        await asyncio.to_thread(self.recorder.close)
        # And it counts what it kept.
        self.exposition.close()
