from decimal import Decimal
from pathlib import Path

import httpx
from injector import Binder, Module

from tests.serving import until
from tests.support import NOW, FakeClock
from tornado_gateway.bootstrap import make_injector
from tornado_gateway.bootstrap.limiting import Limiting
from tornado_gateway.config.build import Loaded, parse
from tornado_gateway.config.schema import packaged_default
from tornado_gateway.domain.claims import Claims, of_tags
from tornado_gateway.domain.counters import Counters
from tornado_gateway.domain.events import ConfigReloaded
from tornado_gateway.domain.ledger import LedgerQuery, LedgerRow
from tornado_gateway.domain.ports import Clock
from tornado_gateway.domain.quotas import Budget
from tornado_gateway.domain.seeding import NothingSpent, Spent
from tornado_gateway.observability.bus import EventBus
from tornado_gateway.storage.guarded_counters import GuardedCounters
from tornado_gateway.storage.ledger_spent import LedgerSpent
from tornado_gateway.storage.memory_counters import MemoryCounters
from tornado_gateway.storage.sqlite_ledger import SqliteLedger

MONTH = Budget(Decimal(10), "month")
BUDGET = "budgets: [{tag: {team: a}, amount: 10, period: month}]"


def loaded(*lines: str, **environ: str) -> Loaded:
    text = packaged_default().read_text()
    return parse("\n".join([text, *lines]).encode(), Path("f"), environ)


class World(Module):
    """Time stands still, and nobody is told anything but ``posted``."""

    def __init__(self) -> None:
        self.posted: list[str] = []

    def configure(self, binder: Binder) -> None:
        def receive(request: httpx.Request) -> httpx.Response:
            self.posted.append(request.headers["x-gateway-event"])
            return httpx.Response(204)

        binder.bind(Clock, to=FakeClock())
        binder.bind(httpx.AsyncBaseTransport, to=httpx.MockTransport(receive))


def row(number: int, **members: object) -> LedgerRow:
    usual = {"finished_at": NOW, "route": "gpt-4", "provider": "openai", "model": "gpt-4", "status": 200}
    return LedgerRow(id=str(number), request_id="r", **{"tags": {"team": "a"}, **usual, **members})  # type: ignore[arg-type]


async def test_a_budget_from_the_ledger_to_its_webhook(tmp_path: Path) -> None:
    path = tmp_path / "usage.db"
    ledger = SqliteLedger(path)
    ledger.append([row(1, cost=Decimal("4.5")), row(2, cost=Decimal("0.5")), row(3, cost=None)])
    ledger.append([row(4, cost=Decimal(90), tags={"team": "b"}), row(5, cost=Decimal(2), status=499)])
    ledger.append([row(6, cost=Decimal(80), finished_at=NOW.replace(year=2023))])
    ledger.close()
    world = World()
    file = loaded(BUDGET, "webhooks: [{url: 'http://a.example'}]", LEDGER_URL=f"sqlite:///{path}")
    house = make_injector(file, world)
    limiting, bus = house.get(Limiting), house.get(EventBus)
    bus.start()
    bus.publish(ConfigReloaded("bbbbbbbbbbbb", None, NOW))
    bus.flush()
    claim = Claims(FakeClock()).of_budget(of_tags({"team": "a"}), MONTH)

    async def used() -> int | None:
        verdict = await limiting.counters.reserve([claim])
        return None if verdict.missing else verdict.standings[0].used

    while await used() is None:
        await limiting.seeds.sow(claim)
    assert await used() == 7 * 10**9
    limiting.counters.charge(claim, 10**9)
    bus.flush()
    await until(lambda: world.posted == ["budget_threshold"])
    await limiting.close()
    await bus.close()
    await limiting.webhooks.close()


async def test_what_stands_where() -> None:
    house = make_injector(loaded(), World())
    assert isinstance(house.get(Counters), MemoryCounters)
    assert isinstance(house.get(Spent), LedgerSpent)
    assert isinstance(make_injector(loaded(LEDGER_URL="none"), World()).get(Spent), NothingSpent)
    house = make_injector(loaded("state: {url: 'redis://127.0.0.1:1/0'}"), World())
    assert isinstance(house.get(Counters), GuardedCounters)
    assert house.get(Limiting) is house.get(Limiting)


async def test_a_ledger_without_a_row_of_it(tmp_path: Path) -> None:
    spent = LedgerSpent(lambda: SqliteLedger(tmp_path / "usage.db"))
    assert await spent.spent(LedgerQuery(key="team-a")) == 0
    await spent.close()
