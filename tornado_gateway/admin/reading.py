"""LedgerReader: asks the ledger off the event loop, few at a time and not for ever."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from tornado_gateway.domain.admin_errors import LedgerAway, LedgerSlow
from tornado_gateway.domain.ledger import Ledger, LedgerUnavailable

Found = TypeVar("Found")

Patience = Callable[[], None]
"""To be called now and then by whoever goes through many rows: raises once nobody waits for what comes of it."""

SECONDS = 15.0
_THREADS = 2
_WAITING = 16


class _Ended(Exception):
    """Nobody waits any more."""


class LedgerReader:
    """``open_ledger`` is None where the gateway keeps none. Each question has a connection of its own.

    A query that the database takes too long over goes on there and keeps its thread: others wait no longer for it than
    their own time.
    """

    def __init__(
        self, open_ledger: Callable[[], Ledger] | None, *, seconds: float = SECONDS, threads: int = _THREADS
    ) -> None:
        self._open = open_ledger
        self._seconds = seconds
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="admin-ledger")
        self._asking = 0

    async def ask(self, use: Callable[[Ledger, Patience], Found]) -> Found:
        """What ``use`` makes of the ledger, in a thread. Raises ``LedgerAway`` and ``LedgerSlow``."""
        open_ledger = self._open
        if open_ledger is None:
            raise LedgerAway("The gateway keeps no ledger: say where under ledger.url.")
        if self._asking >= _WAITING:
            raise LedgerSlow("Too many questions to the ledger are under way.", retry_after=1)
        ended = threading.Event()

        def check() -> None:
            if ended.is_set():
                raise _Ended

        def run() -> Found:
            check()
            ledger = open_ledger()
            try:
                return use(ledger, check)
            finally:
                ledger.close()

        self._asking += 1
        try:
            async with asyncio.timeout(self._seconds):
                return await asyncio.wrap_future(self._pool.submit(run))
        except LedgerUnavailable as away:
            raise LedgerAway(f"The ledger can't be read: {away}") from away
        except TimeoutError as late:
            message = f"The ledger did not answer within {self._seconds:g} seconds: ask for a shorter period."
            raise LedgerSlow(message) from late
        finally:
            self._asking -= 1
            ended.set()

    def close(self) -> None:
        """Waits for nobody."""
        self._pool.shutdown(wait=False, cancel_futures=True)
