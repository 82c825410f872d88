"""Sees to it that the budgets of a new configuration are counted from what was spent, before a call needs them."""

from collections.abc import Iterator, Sequence

from tornado_gateway.domain.claims import Claims, of_key, of_route, of_tags
from tornado_gateway.domain.counters import Claim
from tornado_gateway.domain.events import ConfigReloaded, Event
from tornado_gateway.domain.seeding import Seeds
from tornado_gateway.domain.snapshot import Snapshot, SnapshotHolder


class Foresight:
    """Listens to the event bus; the configuration that is found at the start is told there, too."""

    name = "budgets"

    def __init__(self, *, snapshots: SnapshotHolder, claims: Claims, seeds: Seeds) -> None:
        self._snapshots = snapshots
        self._claims = claims
        self._seeds = seeds

    def handle(self, events: Sequence[Event]) -> None:
        if any(isinstance(event, ConfigReloaded) for event in events):
            claims = tuple(self._budgets(self._snapshots.current))
            if claims:
                self._seeds.prepare(claims)

    def _budgets(self, snapshot: Snapshot) -> Iterator[Claim]:
        for key in snapshot.access.keys:
            budget = key.principal.budget
            if budget is not None:
                yield self._claims.of_budget(of_key(key.id), budget)
        quotas = snapshot.quotas
        if quotas is None:
            return
        for held in quotas.tag_budgets:
            yield self._claims.of_budget(of_tags(held.tag), held.budget)
        for name, route in quotas.routes.items():
            if route.budget is not None:
                yield self._claims.of_budget(of_route(name), route.budget)
