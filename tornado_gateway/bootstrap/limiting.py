"""Limits and budgets, put together: a part of the composition root.

A module with one line replaces the store (``Counters``) or what tells of earlier spending (``Spent``) in a test.
"""

from dataclasses import dataclass
from functools import partial

import httpx
from injector import Module, provider, singleton

from tornado_gateway.config.build import Loaded
from tornado_gateway.domain.admission import Admission
from tornado_gateway.domain.claims import Claims
from tornado_gateway.domain.counters import Counters
from tornado_gateway.domain.events import BudgetThreshold, ConfigReloaded
from tornado_gateway.domain.foresight import Foresight
from tornado_gateway.domain.ledger_url import parse_ledger_url
from tornado_gateway.domain.ports import Clock, Publisher
from tornado_gateway.domain.seeding import NothingSpent, Seeds, Spent
from tornado_gateway.domain.snapshot import SnapshotHolder
from tornado_gateway.domain.thresholds import Thresholds
from tornado_gateway.observability.bus import EventBus
from tornado_gateway.providers.webhook import Webhooks
from tornado_gateway.storage.ledger_spent import LedgerSpent
from tornado_gateway.storage.opening import ledger_at
from tornado_gateway.storage.opening_counters import counters_at


@dataclass(frozen=True, slots=True)
class Limiting:
    """``close`` brings to its place what was settled; ``webhooks`` may still have something to tell then."""

    admission: Admission
    counters: Counters
    seeds: Seeds
    spent: Spent
    webhooks: Webhooks

    async def close(self) -> None:
        await self.seeds.close()
        await self.counters.close()
        await self.spent.close()


class LimitsModule(Module):
    """What calls may use, and where that is counted."""

    @singleton
    @provider
    def spent(self, loaded: Loaded) -> Spent:
        place = parse_ledger_url(loaded.settings.ledger.url)
        return NothingSpent() if place is None else LedgerSpent(partial(ledger_at, place))

    @singleton
    @provider
    def counters(self, loaded: Loaded, clock: Clock, publisher: Publisher) -> Counters:
        state = loaded.settings.state
        return counters_at(
            state.url,
            fail=state.fail,
            wait=state.timeout,
            clock=clock,
            publisher=publisher,
            on_spent=Thresholds(publisher),
        )

    @singleton
    @provider
    def limiting(
        self,
        counters: Counters,
        spent: Spent,
        snapshots: SnapshotHolder,
        bus: EventBus,
        clock: Clock,
        transport: httpx.AsyncBaseTransport,
    ) -> Limiting:
        """Listens to the bus for new configurations, and for what webhooks are told."""
        claims = Claims(clock)
        seeds = Seeds(counters=counters, spent=spent, clock=clock, publisher=bus)
        webhooks = Webhooks(transport=transport, hooks=lambda: snapshots.current.webhooks, clock=clock, publisher=bus)
        bus.add_inline(Foresight(snapshots=snapshots, claims=claims, seeds=seeds), ConfigReloaded)
        bus.add_inline(webhooks, BudgetThreshold)
        admission = Admission(counters=counters, seeds=seeds, claims=claims, publisher=bus)
        return Limiting(admission, counters, seeds, spent, webhooks)
