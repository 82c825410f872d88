from decimal import Decimal

import httpx

from tests.serving import until
from tests.support import NOW, FakeClock, ScriptedProvider, snapshot
from tornado_gateway.config.model_state import StateSettings
from tornado_gateway.domain.claims import Claims, of_tags
from tornado_gateway.domain.events import ConfigReloaded
from tornado_gateway.domain.quotas import Budget, Quotas, TagBudget
from tornado_gateway.domain.seeding import NothingSpent
from tornado_gateway.domain.snapshot import SnapshotHolder
from tornado_gateway.domain.webhooks import Webhook
from tornado_gateway.limiting import make_limiting, open_counters
from tornado_gateway.observability.bus import EventBus


async def test_a_budget_from_its_configuration_to_its_webhook() -> None:
    posted: list[str] = []

    def receive(request: httpx.Request) -> httpx.Response:
        posted.append(request.headers["x-gateway-event"])
        return httpx.Response(204)

    budget = Budget(Decimal(10), "month")
    quotas = Quotas(tag_budgets=(TagBudget({"team": "a"}, budget),))
    snapshots = SnapshotHolder(snapshot(ScriptedProvider(), quotas=quotas, webhooks=(Webhook("http://a.example"),)))
    clock, bus = FakeClock(), EventBus()
    counters = open_counters(StateSettings(), clock=clock, publisher=bus)
    limiting = make_limiting(
        counters=counters,
        spent=NothingSpent(),
        snapshots=snapshots,
        bus=bus,
        clock=clock,
        transport=httpx.MockTransport(receive),
    )
    bus.start()
    bus.publish(ConfigReloaded("bbbbbbbbbbbb", None, NOW))
    bus.flush()
    claim = Claims(clock).of_budget(of_tags({"team": "a"}), budget)
    await limiting.seeds.sow(claim)
    counters.charge(claim, 8 * 10**9)
    bus.flush()
    await until(lambda: posted == ["budget_threshold"])
    await limiting.close()
    await bus.close()
    await limiting.webhooks.close()
