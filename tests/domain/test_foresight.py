from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from tests.serving import until
from tests.support import NOW, FakeClock, Recorder, ScriptedProvider, snapshot
from tornado_gateway.domain.access import Access
from tornado_gateway.domain.claims import Claims, of_key, of_route, of_tags
from tornado_gateway.domain.counters import Claim
from tornado_gateway.domain.events import ConfigReloaded, RequestStarted
from tornado_gateway.domain.foresight import Foresight
from tornado_gateway.domain.keys import GatewayKey, KeyRing
from tornado_gateway.domain.ledger import LedgerQuery
from tornado_gateway.domain.principal import Principal
from tornado_gateway.domain.quotas import Budget, Limits, Quotas, RouteQuota, TagBudget
from tornado_gateway.domain.seeding import Seeds
from tornado_gateway.domain.snapshot import SnapshotHolder
from tornado_gateway.storage.memory_counters import MemoryCounters

MONTH = Budget(Decimal(25), "month")
TEAM = of_tags({"team": "a"})
QUOTAS = Quotas(
    everyone=Limits(1),
    routes={"gpt-4": RouteQuota(Limits(1), MONTH), "free": RouteQuota(Limits(1))},
    tag_budgets=(TagBudget({"team": "a"}, MONTH),),
)
RELOADED = ConfigReloaded("bbbbbbbbbbbb", None, NOW)


class Asked:
    def __init__(self) -> None:
        self.queries: list[LedgerQuery] = []

    async def spent(self, query: LedgerQuery) -> Decimal:
        self.queries.append(query)
        return Decimal(1)

    async def close(self) -> None: ...


class Run:
    def __init__(self, quotas: Quotas | None) -> None:
        self.clock, self.ledger = FakeClock(), Asked()
        self.counters, self.claims = MemoryCounters(self.clock), Claims(self.clock)
        self.seeds = Seeds(counters=self.counters, spent=self.ledger, clock=self.clock, publisher=Recorder())
        self.snapshots = SnapshotHolder(snapshot(ScriptedProvider(), quotas=quotas))
        self.foresight = Foresight(snapshots=self.snapshots, claims=self.claims, seeds=self.seeds)

    def claim(self, subject: object) -> Claim:
        return self.claims.of_budget(subject, MONTH)  # type: ignore[arg-type]

    async def known(self, subject: object) -> bool:
        return not (await self.counters.reserve([self.claim(subject)])).missing


async def test_the_budgets_of_a_configuration_are_asked_for_beforehand() -> None:
    run = Run(QUOTAS)
    run.foresight.handle([RequestStarted("r", "openai.chat", False)])
    run.foresight.handle([RELOADED])
    since = datetime(2024, 1, 1, tzinfo=UTC)
    expected = [
        LedgerQuery(kind="request", since=since, tags={"team": "a"}),
        LedgerQuery(kind="request", since=since, route="gpt-4"),
    ]
    await until(lambda: run.ledger.queries == expected)
    assert await run.known(TEAM)
    assert await run.known(of_route("gpt-4"))
    run.foresight.handle([RELOADED])  # what is there is asked for no more
    run.snapshots.swap(snapshot(ScriptedProvider(), quotas=Quotas(routes={"new": RouteQuota(budget=MONTH)})))
    run.foresight.handle([RELOADED])
    await until(lambda: len(run.ledger.queries) == 3)
    assert run.ledger.queries[-1].route == "new"


async def test_where_there_is_nothing_to_ask_for() -> None:
    for quotas in (None, Quotas(everyone=Limits(1))):
        run = Run(quotas)
        run.foresight.handle([RELOADED])
        await run.seeds.close()
        assert run.ledger.queries == []


async def test_the_budgets_of_keys_too() -> None:
    run = Run(None)
    key = GatewayKey(Principal("team-a", budget=MONTH), "0" * 64)
    run.snapshots.swap(replace(run.snapshots.current, access=Access(keys=KeyRing([key]))))
    run.foresight.handle([RELOADED])
    await until(
        lambda: (
            run.ledger.queries == [LedgerQuery(kind="request", since=datetime(2024, 1, 1, tzinfo=UTC), key="team-a")]
        )
    )
    assert await run.known(of_key("team-a"))
