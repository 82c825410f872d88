"""LedgerReader: asks the ledger's database off the event loop, few at a time and not for ever."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, Protocol, TypeVar

from tornado_gateway.domain.admin_errors import LedgerAway, LedgerSlow
from tornado_gateway.domain.ledger import LedgerRefused, LedgerUnavailable


class Closable(Protocol):
    def close(self) -> None: ...


Store = TypeVar("Store", bound=Closable)
Found = TypeVar("Found")

Patience = Callable[[], None]
"""To be called now and then by whoever goes through many rows: raises once nobody waits for what comes of it."""

SECONDS = 15.0
_THREADS = 2
_WAITING = 16


class _Ended(Exception):
    """Nobody waits any more."""


class LedgerReader(Generic[Store]):
    """``open_store`` is None where the gateway keeps none. Each question has a connection of its own.

    A query that the database takes too long over goes on there and keeps its thread: others wait no longer for it than
    their own time.
    """

    def __init__(
        self, open_store: Callable[[], Store] | None, *, seconds: float = SECONDS, threads: int = _THREADS
    ) -> None:
        self._open = open_store
        self._seconds = seconds
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="admin-ledger")
        self._asking = 0

    async def ask(self, use: Callable[[Store, Patience], Found]) -> Found:
        """What ``use`` makes of the store, in a thread. Raises ``LedgerAway`` and ``LedgerSlow``."""
        open_store = self._open
        if open_store is None:
            raise LedgerAway("The gateway keeps no ledger: say where under ledger.url.")
        if self._asking >= _WAITING:
            raise LedgerSlow("Too many questions to the ledger are under way.", retry_after=1)
        ended = threading.Event()

        def check() -> None:
            if ended.is_set():
                raise _Ended

        def run() -> Found:
            check()
            store = open_store()
            try:
                return use(store, check)
            finally:
                store.close()

        self._asking += 1
        try:
            async with asyncio.timeout(self._seconds):
                return await asyncio.wrap_future(self._pool.submit(run))
        except (LedgerUnavailable, LedgerRefused) as away:
            raise LedgerAway(f"The ledger can't be read: {away}") from away
        except TimeoutError as late:
            message = f"The ledger did not answer within {self._seconds:g} seconds: ask for a shorter period."
            raise LedgerSlow(message) from late
        finally:
            self._asking -= 1
            ended.set()
