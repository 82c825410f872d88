"""Seeds: what was spent of a budget before its counter was there, from the ledger.

A counter is missing at a start, for a budget that is new in the file, when a period begins and after a store has lost
what it held. Whoever finds that waits for the ledger's sum; so the budgets of the file are asked for beforehand.
Calls that ended within the ledger's last moments, and those under way, are not in the sum.
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Protocol, runtime_checkable

import msgspec

from tornado_gateway.domain.counters import Claim, Counters, CountersUnavailable
from tornado_gateway.domain.errors import StateUnavailable
from tornado_gateway.domain.events import SpendingUnknown
from tornado_gateway.domain.ledger import LedgerQuery, LedgerUnavailable
from tornado_gateway.domain.nano import nano_up
from tornado_gateway.domain.ports import Clock, Publisher

_RETRY = 10.0
"""Seconds after which a ledger that could not be read is asked again."""


@runtime_checkable
class Spent(Protocol):
    """What the ledger's rows cost together, read off the event loop."""

    async def spent(self, query: LedgerQuery) -> Decimal:
        """Raises ``LedgerUnavailable``."""

    async def close(self) -> None: ...


class NothingSpent:
    """Without a ledger nobody knows what was spent before."""

    async def spent(self, query: LedgerQuery) -> Decimal:
        return Decimal(0)

    async def close(self) -> None:
        """There is nothing to close."""


class Seeds:
    """Used from the event loop's thread alone; ``close`` ends what is under way."""

    def __init__(self, *, counters: Counters, spent: Spent, clock: Clock, publisher: Publisher) -> None:
        self._counters = counters
        self._spent = spent
        self._clock = clock
        self._publisher = publisher
        self._sowing: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def sow(self, claim: Claim) -> None:
        """Returns once the counter of ``claim`` is there; all who wait for it ask the ledger once."""
        counter = claim.counter
        task = self._sowing.get(counter)
        if task is None:
            task = self._sowing[counter] = asyncio.ensure_future(self._sow(claim))
            task.add_done_callback(lambda _: self._sowing.pop(counter, None))
        await asyncio.shield(task)

    def prepare(self, claims: Iterable[Claim]) -> None:
        """Sees to it, after it has returned, that the counters of ``claims`` are there."""
        self._hold(asyncio.ensure_future(self._prepare(tuple(claims))))

    async def close(self) -> None:
        tasks = (*self._tasks, *self._sowing.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _prepare(self, claims: tuple[Claim, ...]) -> None:
        for claim in claims:
            try:
                verdict = await self._counters.reserve([claim])
                if verdict.missing:
                    await self.sow(claim)
                elif verdict.reservation is not None:
                    self._counters.settle(verdict.reservation, [0])
            except (CountersUnavailable, StateUnavailable):
                continue  # whoever needs it will see to it

    async def _sow(self, claim: Claim) -> None:
        try:
            spent = await self._spent.spent(_query(claim))
        except LedgerUnavailable:
            now = self._clock.now()
            if await self._counters.seed(claim, 0):
                self._publisher.publish(SpendingUnknown(claim.subject.name, _period(claim)))
                self._hold(asyncio.ensure_future(self._make_up(claim, until=now)))
            return
        await self._counters.seed(claim, nano_up(spent))

    async def _make_up(self, claim: Claim, until: datetime) -> None:
        """Adds what was spent before the counter was there, as soon as the ledger can be read."""
        while True:
            await self._clock.sleep(_RETRY)
            try:
                spent = await self._spent.spent(msgspec.structs.replace(_query(claim), until=until))
            except LedgerUnavailable:
                continue
            self._counters.charge(claim, nano_up(spent))
            return

    def _hold(self, task: "asyncio.Task[None]") -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _query(claim: Claim) -> LedgerQuery:
    subject = claim.subject
    since = None if claim.term is None else claim.term.start
    # What nobody is charged for while it is counted is not counted afterwards either.
    return LedgerQuery(since=since, kind="request", key=subject.key, route=subject.route, tags=subject.tags)


def _period(claim: Claim) -> str:
    return "" if claim.term is None else claim.term.period
