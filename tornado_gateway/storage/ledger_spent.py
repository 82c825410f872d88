"""What was spent, summed over a ledger's rows in a thread of its own: the event loop waits for nobody's database."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

from tornado_gateway.domain.ledger import Ledger, LedgerQuery
from tornado_gateway.domain.money import EXACT


class LedgerSpent:
    """A ``domain.seeding.Spent`` over a ledger that nobody else uses; ``open`` is called at the first question."""

    def __init__(self, open: Callable[[], Ledger]) -> None:  # noqa: A002 - what it does
        self._open = open
        self._ledger: Ledger | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="budgets")

    async def spent(self, query: LedgerQuery) -> Decimal:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._sum, query)

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._hang_up)
        self._thread.shutdown(wait=False)

    def _sum(self, query: LedgerQuery) -> Decimal:
        if self._ledger is None:
            self._ledger = self._open()
        cost = Decimal(0)
        for total in self._ledger.totals(query, ()):
            cost = EXACT.add(cost, total.cost)
        return cost

    def _hang_up(self) -> None:
        if self._ledger is not None:
            self._ledger.close()
