"""Limiting: all that stands behind limits and budgets, put together from its parts."""

from dataclasses import dataclass

import httpx

from tornado_gateway.config.model_state import StateSettings
from tornado_gateway.domain.admission import Admission
from tornado_gateway.domain.claims import Claims
from tornado_gateway.domain.counters import Counters
from tornado_gateway.domain.foresight import Foresight
from tornado_gateway.domain.ports import Clock, Publisher
from tornado_gateway.domain.seeding import Seeds, Spent
from tornado_gateway.domain.snapshot import SnapshotHolder
from tornado_gateway.domain.thresholds import Thresholds
from tornado_gateway.observability.bus import EventBus
from tornado_gateway.providers.webhook import Webhooks
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


def open_counters(state: StateSettings, *, clock: Clock, publisher: Publisher) -> Counters:
    """Raises ``ImportError`` where a library is missing."""
    return counters_at(
        state.url,
        fail=state.fail,
        wait=state.timeout,
        clock=clock,
        publisher=publisher,
        on_spent=Thresholds(publisher),
    )


def make_limiting(
    *,
    counters: Counters,
    spent: Spent,
    snapshots: SnapshotHolder,
    bus: EventBus,
    clock: Clock,
    transport: httpx.AsyncBaseTransport,
) -> Limiting:
    """Listens to ``bus`` for new configurations, and for what webhooks are told."""
    claims = Claims(clock)
    seeds = Seeds(counters=counters, spent=spent, clock=clock, publisher=bus)
    webhooks = Webhooks(transport=transport, hooks=lambda: snapshots.current.webhooks, clock=clock, publisher=bus)
    bus.add_inline(Foresight(snapshots=snapshots, claims=claims, seeds=seeds))
    bus.add_inline(webhooks)
    admission = Admission(counters=counters, seeds=seeds, claims=claims, publisher=bus)
    return Limiting(admission, counters, seeds, spent, webhooks)
