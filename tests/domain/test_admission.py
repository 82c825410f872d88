import asyncio
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from tests.serving import until
from tests.support import (
    FakeClock,
    Recorder,
    ScriptedProvider,
    admission_with,
    call,
    context,
    service_over,
    snapshot,
    text_answer,
)
from tornado_gateway.domain.admission import Admission
from tornado_gateway.domain.call import ModelCall
from tornado_gateway.domain.claims import Claims, of_key, of_route
from tornado_gateway.domain.context import RequestContext
from tornado_gateway.domain.counters import Claim, Subject
from tornado_gateway.domain.errors import (
    BudgetExceeded,
    CallTooLarge,
    RateLimitExceeded,
    StateUnavailable,
    UpstreamFailed,
)
from tornado_gateway.domain.events import CallRefused, RequestFinished
from tornado_gateway.domain.gateway import GatewayService
from tornado_gateway.domain.money import PriceCard
from tornado_gateway.domain.policies import Fallback, Hedge, Mirror
from tornado_gateway.domain.principal import Principal
from tornado_gateway.domain.quotas import Budget, Limits, Quotas, RouteQuota
from tornado_gateway.domain.rates import Rate
from tornado_gateway.domain.routes import Route, RouteTarget
from tornado_gateway.domain.snapshot import SnapshotHolder
from tornado_gateway.domain.stream import Finished, StreamBatch, TextDelta, UsageReport
from tornado_gateway.domain.usage import TokenUsage
from tornado_gateway.storage.memory_counters import MemoryCounters

MONTH = Budget(Decimal("0.01"), "month")
USED = 1_860_000
"""Nano-dollars of 12 and 25 tokens."""


@dataclass
class Run:
    clock: FakeClock
    recorder: Recorder
    counters: MemoryCounters
    service: GatewayService
    snapshots: SnapshotHolder

    async def ask(
        self, max_tokens: int | None = 25, principal: Principal | None = None, **members: Any
    ) -> RequestContext:
        made = structs.replace(context(self.clock), principal=principal)
        await self.service.complete(asked(max_tokens, **members), made)
        return made

    async def spent(self, subject: Subject, budget: Budget = MONTH) -> int:
        verdict = await self.counters.reserve([Claims(self.clock).of_budget(subject, budget)])
        return verdict.standings[0].used

    async def tokens(self) -> int:
        return await self._used("tokens")

    async def under_way(self) -> int:
        return await self._used("concurrent")

    async def _used(self, what: Any) -> int:
        claim = Claim(counter=f"{what}:everyone", subject=Subject("everyone"), what=what, limit=1, least=10**9)
        return (await self.counters.reserve([claim])).standings[0].used


def asked(max_tokens: int | None = 25, **members: Any) -> ModelCall:
    made = call(**members)
    made.max_tokens = max_tokens
    return made


def run(quotas: Quotas | None, *providers: Any, **more: Any) -> Run:
    clock, recorder = FakeClock(), Recorder()
    counters = MemoryCounters(clock)
    snapshots = SnapshotHolder(snapshot(*providers, quotas=quotas, **more))
    admission = admission_with(counters, clock, recorder)
    return Run(clock, recorder, counters, service_over(snapshots, clock, recorder, admission), snapshots)


def answering(times: int = 50) -> ScriptedProvider:
    return ScriptedProvider(script=[text_answer() for _ in range(times)])


EVERYONE = Quotas(everyone=Limits(requests_per_minute=100, tokens_per_minute=10_000, concurrent=3))


@pytest.mark.parametrize(
    ("quotas", "principal", "concerned"),
    [
        (None, None, False),
        (None, Principal("a"), False),
        (Quotas(), None, True),
        (None, Principal("a", limits=Limits()), True),
        (None, Principal("a", budget=MONTH), True),
    ],
)
def test_whom_it_concerns(quotas: Quotas | None, principal: Principal | None, concerned: bool) -> None:
    assert Admission.concerns(quotas, principal) is concerned


async def test_who_is_bound_by_nothing_is_let_in() -> None:
    world = run(Quotas(routes={"other": RouteQuota(Limits(1))}), answering())
    made = await world.ask()
    assert made.trail.rates == ()


async def test_requests_until_there_are_enough() -> None:
    world = run(Quotas(everyone=Limits(requests_per_minute=2)), answering())
    assert (await world.ask()).trail.rates == (Rate("requests", 2, 1, 61.0),)
    await world.ask()
    made = context(world.clock)
    with pytest.raises(RateLimitExceeded, match="everyone: 2 requests per minute"):
        await world.service.complete(asked(), made)
    assert made.trail.rates == (Rate("requests", 2, 0, 61.0),)
    assert world.recorder.of(CallRefused) == [CallRefused("gpt-4", "everyone", "requests")]
    finished = world.recorder.of(RequestFinished)[-1]
    assert (finished.status, finished.route, finished.attempts) == (429, "gpt-4", 0)
    world.clock.time += 61
    await world.ask()


async def test_tokens_and_money_come_to_what_was_used() -> None:
    world = run(EVERYONE, answering())
    key = Principal("team-a", budget=MONTH)
    made = await world.ask(100, key)
    assert made.trail.rates[1] == Rate("tokens", 10_000, 10_000 - 109, 61.0)
    assert await world.tokens() == 37
    assert await world.spent(of_key("team-a")) == USED
    assert await world.under_way() == 0


async def test_a_budget_is_used_up() -> None:
    world = run(None, answering())
    key = Principal("team-a", budget=MONTH)
    for _ in range(5):
        await world.ask(25, key)
    with pytest.raises(BudgetExceeded, match=r"key team-a: of 0\.01 USD per month, 0\.0007 is left"):
        await world.ask(25, key)
    assert await world.spent(of_key("team-a")) == 5 * USED
    await world.ask(25, Principal("team-b", budget=MONTH))


async def test_without_a_bound_the_last_one_may_go_beyond() -> None:
    world = run(None, answering())
    key = Principal("team-a", budget=MONTH)
    for _ in range(6):
        await world.ask(None, key)
    with pytest.raises(BudgetExceeded):
        await world.ask(None, key)
    assert await world.spent(of_key("team-a")) == 6 * USED


async def test_what_is_larger_than_its_limit() -> None:
    world = run(Quotas(everyone=Limits(tokens_per_minute=50)), answering())
    with pytest.raises(CallTooLarge):
        await world.ask(100)
    await world.ask(None)


async def test_a_failure_gives_everything_back_but_the_request() -> None:
    world = run(EVERYONE, ScriptedProvider(script=[UpstreamFailed("no")]))
    with pytest.raises(UpstreamFailed):
        await world.ask(100, Principal("team-a", budget=MONTH))
    assert await world.spent(of_key("team-a")) == 0
    assert await world.tokens() == 0
    assert await world.under_way() == 0
    assert await world._used("requests") == 1


async def hanging() -> Any:
    await asyncio.Event().wait()


async def test_a_client_that_leaves_has_used_its_prompt() -> None:
    world = run(EVERYONE, ScriptedProvider(script=[hanging]))
    task = asyncio.ensure_future(world.ask(100, Principal("team-a", budget=MONTH)))
    await until(lambda: bool(world.snapshots.current.providers["openai"].endpoints[0].adapter.asked))  # type: ignore[attr-defined]
    assert await world.under_way() == 1
    assert await world.tokens() == 109
    task.cancel()
    await asyncio.wait({task})
    assert await world.spent(of_key("team-a")) == 9 * 30_000
    assert await world.tokens() == 9
    assert await world.under_way() == 0


async def test_who_leaves_before_anybody_was_asked_has_used_nothing() -> None:
    world = run(EVERYONE, answering())
    stream = world.service.stream(asked(stream=True), context(world.clock))
    await stream.close()
    assert await world.tokens() == 0
    assert await world.under_way() == 0


STREAM = [
    StreamBatch((TextDelta("Hello"),)),
    StreamBatch((Finished("stop"), UsageReport(TokenUsage(12, 25))), last=True),
]


async def test_a_stream_holds_its_place_to_its_end() -> None:
    world = run(EVERYONE, ScriptedProvider(script=[STREAM]))
    made = structs.replace(context(world.clock), principal=Principal("team-a", budget=MONTH))
    stream = world.service.stream(asked(stream=True), made)
    await stream.open()
    assert await world.under_way() == 1
    assert await world.spent(of_key("team-a")) == 10 * 30_000 + 25 * 60_000
    async for _ in stream.batches():
        pass
    assert await world.under_way() == 0
    await stream.close()
    assert await world.spent(of_key("team-a")) == USED
    assert made.trail.rates


async def test_a_stream_that_its_client_left_has_used_what_it_said() -> None:
    world = run(EVERYONE, ScriptedProvider(script=[STREAM]))
    made = structs.replace(context(world.clock), principal=Principal("team-a", budget=MONTH))
    stream = world.service.stream(asked(stream=True), made)
    await stream.open()
    async for _ in stream.batches():
        break
    await stream.close()
    assert await world.spent(of_key("team-a")) == 10 * 30_000 + 2 * 60_000
    assert await world.under_way() == 0


async def test_a_refused_stream_is_refused_before_it_begins() -> None:
    world = run(Quotas(everyone=Limits(concurrent=1)), ScriptedProvider(script=[STREAM, STREAM]))
    first = world.service.stream(asked(stream=True), context(world.clock))
    await first.open()
    second = world.service.stream(asked(stream=True), context(world.clock))
    with pytest.raises(RateLimitExceeded, match="1 concurrent requests"):
        await second.open()
    await second.close()
    await first.close()
    third = world.service.stream(asked(stream=True), context(world.clock))
    await third.open()
    await third.close()


def falling_back(first: Any, second: Any, **quotas: RouteQuota) -> Run:
    routes = [
        Route("gpt-4", (RouteTarget("first", "m"),), fallbacks=(Fallback("big"),)),
        Route("big", (RouteTarget("second", "m"),)),
    ]
    cards = [PriceCard(f"{name}/m", Decimal("0.03"), Decimal("0.06")) for name in ("first", "second")]
    named = {name.replace("_", "-"): quota for name, quota in quotas.items()}
    providers = [ScriptedProvider("first", script=first), ScriptedProvider("second", script=second)]
    return run(Quotas(routes=named), *providers, routes=routes, cards=cards)


async def test_a_routes_budget_pays_for_what_its_own_targets_did() -> None:
    both = {"gpt_4": RouteQuota(budget=MONTH), "big": RouteQuota(budget=MONTH)}
    world = falling_back([UpstreamFailed("no"), text_answer()], [text_answer()], **both)
    await world.ask()
    assert await world.spent(of_route("gpt-4")) == 0
    assert await world.spent(of_route("big")) == USED
    await world.ask()
    assert await world.spent(of_route("gpt-4")) == USED
    assert await world.spent(of_route("big")) == USED


async def test_a_fallback_without_money_is_left_out() -> None:
    small = RouteQuota(budget=Budget(Decimal("0.001"), "month"))
    world = falling_back([text_answer(), UpstreamFailed("no")], [text_answer()], big=small)
    await world.ask()
    with pytest.raises(UpstreamFailed):
        await world.ask()
    assert world.recorder.of(CallRefused) == []


async def test_a_route_without_money_is_refused_whatever_its_fallbacks_have() -> None:
    small = RouteQuota(budget=Budget(Decimal("0.001"), "month"))
    world = falling_back([text_answer()], [text_answer()], gpt_4=small)
    with pytest.raises(BudgetExceeded, match="route gpt-4"):
        await world.ask()


async def test_a_refused_call_has_no_copy_and_a_copy_counts_against_nobody() -> None:
    provider = answering()
    routes = [
        Route("gpt-4", (RouteTarget("openai"),), mirror=Mirror("copy", 100.0)),
        Route("copy", (RouteTarget("openai", "gpt-4"),)),
    ]
    quotas = Quotas(everyone=Limits(requests_per_minute=1), routes={"copy": RouteQuota(Limits(1), MONTH)})
    world = run(quotas, provider, routes=routes)
    await world.ask()
    await until(lambda: len(provider.asked) == 2)
    with pytest.raises(RateLimitExceeded):
        await world.ask()
    await asyncio.sleep(0.01)
    assert len(provider.asked) == 2
    await world.counters.seed(Claims(world.clock).of_budget(of_route("copy"), MONTH), 0)
    assert await world.spent(of_route("copy")) == 0


async def test_the_slower_of_two_tries_counts_against_nobody() -> None:
    cards = [PriceCard(f"{name}/m", Decimal("0.03"), Decimal("0.06")) for name in ("slow", "quick")]
    slow, quick = ScriptedProvider("slow", script=[hanging]), ScriptedProvider("quick", script=[text_answer()])
    targets = (RouteTarget("slow", "m"), RouteTarget("quick", "m"))
    world = run(None, slow, quick, routes=[Route("gpt-4", targets, hedge=Hedge(after=0.0))], cards=cards)
    await world.ask(25, Principal("team-a", budget=MONTH))
    assert await world.spent(of_key("team-a")) == USED


async def test_limits_that_change_count_on() -> None:
    world = run(Quotas(everyone=Limits(requests_per_minute=2)), answering())
    await world.ask()
    await world.ask()
    world.snapshots.swap(snapshot(answering(), quotas=Quotas(everyone=Limits(requests_per_minute=3))))
    await world.ask()
    with pytest.raises(RateLimitExceeded, match="3 requests per minute"):
        await world.ask()
    world.snapshots.swap(snapshot(answering()))
    await world.ask()


async def test_a_store_that_keeps_nothing() -> None:
    class Forgetful(MemoryCounters):
        async def seed(self, claim: Any, spent: int) -> bool:
            return True

    clock, recorder = FakeClock(), Recorder()
    admission = admission_with(Forgetful(clock), clock, recorder)
    snapshots = SnapshotHolder(snapshot(answering()))
    service = service_over(snapshots, clock, recorder, admission)
    with pytest.raises(StateUnavailable):
        await service.complete(asked(), structs.replace(context(clock), principal=Principal("team-a", budget=MONTH)))


async def test_five_hundred_at_once_overspend_by_less_than_one_call() -> None:
    gate = asyncio.Event()

    async def soon() -> Any:
        await gate.wait()
        return text_answer()

    provider = ScriptedProvider(script=[soon] * 500)
    world = run(None, provider)
    tenth = Budget(Decimal("0.1"), "month")
    key = Principal("team-a", budget=tenth)

    async def one(max_tokens: int | None) -> None:
        await world.ask(max_tokens, key)

    outcomes = asyncio.gather(*(one(25 if number % 2 else None) for number in range(500)), return_exceptions=True)
    await asyncio.sleep(0.05)
    gate.set()
    refused = [outcome for outcome in await outcomes if isinstance(outcome, BaseException)]
    assert {type(error) for error in refused} == {BudgetExceeded}
    refusals = 0
    while not refusals:  # until there is no room for one more
        try:
            await world.ask(None, key)
        except BudgetExceeded:
            refusals += 1
    spent = await world.spent(of_key("team-a"), tenth)
    assert 10**8 <= spent < 10**8 + USED
    assert spent == sum(
        int(event.cost.amount * 10**9) for event in world.recorder.of(RequestFinished) if event.cost is not None
    )
