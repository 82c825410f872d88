"""StoredKeys: the store's keys in memory, read anew when they have changed."""

import asyncio
import threading
from collections.abc import Callable

from tornado_gateway.domain.events import KeysFetched
from tornado_gateway.domain.key_store import KeyStore
from tornado_gateway.domain.keys import KeyRing
from tornado_gateway.domain.ledger import LedgerRefused, LedgerUnavailable
from tornado_gateway.domain.ports import Clock, Publisher
from tornado_gateway.domain.snapshot import SnapshotHolder

TICK = 1.0
"""Seconds between two looks at whether something has changed: as long as a revoked key may still let its bearer in."""

FIRST = 5.0
"""Seconds that the first look may hold up the start."""


class StoredKeys:
    """With the database away the keys stay as they were read last. ``open_store`` is None where there is no database.

    Nothing is opened and nobody is asked as long as gateway.yaml wants no keys of the store.
    """

    def __init__(
        self,
        *,
        open_store: Callable[[], KeyStore] | None,
        snapshots: SnapshotHolder,
        clock: Clock,
        publisher: Publisher,
    ) -> None:
        self._open = open_store
        self._snapshots = snapshots
        self._clock = clock
        self._publisher = publisher
        self._lock = threading.Lock()
        self._store: KeyStore | None = None
        self._version: str | None = None
        self._problem: str | None = None
        self._task: asyncio.Task[None] | None = None
        self.ring = KeyRing()
        """The keys that are in force."""

    async def start(self) -> None:
        """Returns once the keys are there, or could not be had in a few seconds; then follows the store."""
        try:
            async with asyncio.timeout(FIRST):
                await self.look()
        except TimeoutError:
            self._complain(f"the store did not answer within {FIRST:g} seconds")
        self._task = asyncio.ensure_future(self._follow())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))
        await asyncio.to_thread(self._end)

    async def look(self) -> None:
        """Reads the keys where they have changed."""
        if self._open is None or not self._snapshots.current.access.stored:
            return
        try:
            found = await asyncio.to_thread(self._read)
        except (LedgerUnavailable, LedgerRefused) as away:
            self._complain(str(away))
            return
        self._problem = None
        if found is not None:
            self._version, self.ring = found
            self._publisher.publish(KeysFetched("store", len(self.ring)))

    async def _follow(self) -> None:
        while True:
            await self._clock.sleep(TICK)
            await self.look()

    def _read(self) -> tuple[str, KeyRing] | None:
        """In a thread; None where all is as before."""
        with self._lock:
            if self._store is None:
                assert self._open is not None, "nobody looks where there is no database"
                self._store = self._open()
            # The version first: what changes in between is found by the next look.
            version = self._store.version()
            if version == self._version:
                return None
            return version, KeyRing(key.as_key() for key in self._store.stored())

    def _complain(self, problem: str) -> None:
        """Once for as long as it lasts."""
        if self._problem is None:
            self._publisher.publish(KeysFetched("store", len(self.ring), problem))
        self._problem = problem

    def _end(self) -> None:
        with self._lock:
            if self._store is not None:
                self._store.close()
