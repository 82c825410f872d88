import asyncio
from datetime import UTC, datetime
from decimal import Decimal

from tests.serving import until
from tests.support import NOW, FakeClock, Recorder
from tornado_gateway.domain.claims import Claims, of_key, of_route, of_tags
from tornado_gateway.domain.counters import Claim, Subject
from tornado_gateway.domain.events import SpendingUnknown
from tornado_gateway.domain.ledger import LedgerQuery, LedgerUnavailable
from tornado_gateway.domain.quotas import Budget
from tornado_gateway.domain.seeding import NothingSpent, Seeds
from tornado_gateway.storage.memory_counters import MemoryCounters

MONTH = Budget(Decimal(25), "month")


class Ledger:
    """Gives what it is told to, in order; the last of it again and again."""

    def __init__(self, *answers: Decimal | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[LedgerQuery] = []

    async def spent(self, query: LedgerQuery) -> Decimal:
        self.asked.append(query)
        await asyncio.sleep(0)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class Run:
    def __init__(self, *answers: Decimal | Exception) -> None:
        self.clock, self.recorder, self.ledger = FakeClock(), Recorder(), Ledger(*answers)
        self.counters = MemoryCounters(self.clock)
        self.claims = Claims(self.clock)
        self.seeds = Seeds(counters=self.counters, spent=self.ledger, clock=self.clock, publisher=self.recorder)

    def claim(self, subject: Subject = of_key("team-a"), budget: Budget = MONTH) -> Claim:  # noqa: B008 - frozen
        return self.claims.of_budget(subject, budget)

    async def used(self, claim: Claim) -> int | None:
        verdict = await self.counters.reserve([claim])
        return None if verdict.missing else verdict.standings[0].used


async def test_what_the_ledger_says_is_rounded_up() -> None:
    run = Run(Decimal("1.0000000001"))
    await run.seeds.sow(run.claim())
    assert await run.used(run.claim()) == 1_000_000_001
    assert run.ledger.asked == [LedgerQuery(kind="request", since=datetime(2024, 1, 1, tzinfo=UTC), key="team-a")]


async def test_each_asks_for_its_own_rows() -> None:
    run = Run(Decimal(1))
    await run.seeds.sow(run.claim(of_route("gpt-4"), Budget(Decimal(5), "day", "Asia/Tokyo")))
    await run.seeds.sow(run.claim(of_tags({"team": "a"}), Budget(Decimal(5), "total")))
    assert run.ledger.asked == [
        LedgerQuery(kind="request", since=datetime(2024, 1, 14, 15, tzinfo=UTC), route="gpt-4"),
        LedgerQuery(kind="request", tags={"team": "a"}),
    ]


async def test_all_who_wait_ask_once() -> None:
    run = Run(Decimal(1))
    await asyncio.gather(*(run.seeds.sow(run.claim()) for _ in range(50)))
    assert len(run.ledger.asked) == 1


async def test_one_who_leaves_does_not_keep_the_others_waiting() -> None:
    run = Run(Decimal(1))
    leaving, staying = (
        asyncio.ensure_future(run.seeds.sow(run.claim())),
        asyncio.ensure_future(run.seeds.sow(run.claim())),
    )
    await asyncio.sleep(0)
    leaving.cancel()
    await staying
    assert await run.used(run.claim()) == 10**9


async def test_what_is_there_is_left() -> None:
    run = Run(Decimal(1))
    await run.counters.seed(run.claim(), 7)
    run.seeds.prepare([run.claim(), run.claim(of_route("gpt-4"))])
    await until(lambda: len(run.ledger.asked) == 1)
    await run.seeds.close()
    assert run.ledger.asked[0].route == "gpt-4"
    assert await run.used(run.claim()) == 7


async def test_beforehand() -> None:
    run = Run(Decimal(2))
    claims = [run.claim(of_tags({"team": name})) for name in "abc"]
    run.seeds.prepare(claims)
    await until(lambda: len(run.ledger.asked) == 3)
    await run.seeds.sow(claims[-1])
    assert [await run.used(claim) for claim in claims] == [2 * 10**9] * 3


async def test_a_ledger_that_can_not_be_read_is_asked_until_it_can() -> None:
    run = Run(LedgerUnavailable("no"), LedgerUnavailable("no"), Decimal(3))
    claim = run.claim()
    await run.seeds.sow(claim)
    assert await run.used(claim) == 0
    assert run.recorder.of(SpendingUnknown) == [SpendingUnknown("key team-a", "month")]
    run.counters.charge(claim, 5)
    await until(lambda: len(run.ledger.asked) == 3)
    await asyncio.sleep(0.01)
    assert await run.used(claim) == 3 * 10**9 + 5
    assert [query.until for query in run.ledger.asked] == [None, NOW, NOW]  # what came after is counted already
    assert run.clock.slept == [10.0, 10.0]
    await run.seeds.close()


async def test_whoever_comes_second_has_nothing_to_make_up() -> None:
    run = Run(LedgerUnavailable("no"))
    claim = run.claim()
    await run.counters.seed(claim, 7)
    await run.seeds.sow(claim)
    assert run.recorder.events == []
    assert run.clock.slept == []


async def test_the_end_is_not_waited_for() -> None:
    class Slow(FakeClock):
        async def sleep(self, seconds: float) -> None:
            await asyncio.Event().wait()

    run = Run(LedgerUnavailable("no"))
    seeds = Seeds(counters=run.counters, spent=run.ledger, clock=Slow(), publisher=run.recorder)
    await seeds.sow(run.claim())
    await asyncio.wait_for(seeds.close(), 1)


async def test_without_a_ledger_nothing_was_spent() -> None:
    assert await NothingSpent().spent(LedgerQuery()) == 0
