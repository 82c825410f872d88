from decimal import Decimal
from typing import Any

from msgspec import structs

from tests.support import NOW, FakeClock, ScriptedProvider, call, context, snapshot
from tornado_gateway.domain import routing
from tornado_gateway.domain.call import ModelCall
from tornado_gateway.domain.claims import Claims, of_tags, tags_of
from tornado_gateway.domain.counters import Claim
from tornado_gateway.domain.money import PriceCard
from tornado_gateway.domain.policies import Fallback
from tornado_gateway.domain.principal import Principal
from tornado_gateway.domain.quotas import Budget, Limits, Quotas, RouteQuota, TagBudget, TagLimits
from tornado_gateway.domain.routes import Route, RoutePlan, RouteTarget
from tornado_gateway.domain.wire import ANTHROPIC_COUNT_TOKENS, Wire

ALL = Limits(60, 1000, 3)
MONTH = Budget(Decimal(25), "month")
CHEAP = PriceCard("cheap/m", Decimal("0.001"), Decimal("0.001"))
DEAR = PriceCard("dear/m", Decimal("0.03"), Decimal("0.06"))
FREE = PriceCard("free/m", Decimal(0), Decimal(0), free=True)


def plan() -> RoutePlan:
    """``gpt-4`` is cheap, falls back to ``big``, which is dear, and to ``echo``, which is free."""
    providers = [ScriptedProvider(name) for name in ("cheap", "dear", "free")]
    routes = [
        Route("gpt-4", (RouteTarget("cheap", "m"),), fallbacks=(Fallback("big"), Fallback("echo"))),
        Route("big", (RouteTarget("dear", "m"),)),
        Route("echo", (RouteTarget("free", "m"),)),
    ]
    return routing.plan(snapshot(*providers, routes=routes, cards=[CHEAP, DEAR, FREE]), "gpt-4", NOW)


def asked(max_tokens: int | None = 100, **members: Any) -> ModelCall:
    made = call("gpt-4", **members)
    made.max_tokens = max_tokens
    return made


def claims(quotas: Quotas | None, made: ModelCall | None = None, **caller: Any) -> list[Claim]:
    principal = Principal("team-a", **caller) if caller else None
    return Claims(FakeClock()).of(made or asked(), plan(), quotas, structs.replace(context(), principal=principal))


def told(found: list[Claim]) -> list[tuple[str, str, int]]:
    return [(claim.subject.name, claim.what, claim.limit) for claim in found]


def test_nothing_is_claimed_where_nothing_is_bounded() -> None:
    assert claims(None) == []
    assert claims(Quotas(routes={"other": RouteQuota(ALL, MONTH)}), tags={"team": "b"}) == []


def test_limits_of_all_who_have_some() -> None:
    quotas = Quotas(
        everyone=Limits(requests_per_minute=6000),
        per_address=Limits(concurrent=2),
        routes={"gpt-4": RouteQuota(Limits(concurrent=7))},
        tag_limits=(TagLimits({"team": "a"}, Limits(concurrent=5)), TagLimits({"team": "b"}, ALL)),
    )
    assert told(claims(quotas, limits=ALL, tags={"team": "a"})) == [
        ("key team-a", "requests", 60),
        ("key team-a", "concurrent", 3),
        ("key team-a", "tokens", 1000),
        ("tag team=a", "concurrent", 5),
        ("route gpt-4", "concurrent", 7),
        ("everyone", "requests", 6000),
    ]


def test_an_address_where_it_is_known() -> None:
    quotas = Quotas(per_address=Limits(concurrent=2))
    assert claims(quotas) == []
    (claim,) = Claims(FakeClock()).of(asked(), plan(), quotas, structs.replace(context(), address="10.0.0.1"))
    assert (claim.subject.name, claim.counter) == ("address 10.0.0.1", "concurrent:address 10.0.0.1")


def test_tokens_are_the_prompts_and_the_answers() -> None:
    quotas = Quotas(everyone=Limits(tokens_per_minute=5000))
    (bounded,) = claims(quotas, asked(100))
    (guessed,) = claims(quotas, asked(None))
    prompt = bounded.amount - 100
    assert bounded.least == bounded.amount
    assert (guessed.amount, guessed.least) == (prompt + 1000, prompt)


def test_money_is_held_for_the_dearest_that_the_call_may_reach() -> None:
    (claim,) = claims(None, asked(100), budget=MONTH)
    prompt = 9
    assert claim.amount == claim.least == prompt * 30_000 + 100 * 60_000
    assert (claim.limit, claim.subject.key) == (25 * 10**9, "team-a")
    (guessed,) = claims(None, asked(None), budget=MONTH)
    assert (guessed.amount, guessed.least) == (prompt * 30_000 + 1000 * 60_000, prompt * 30_000)


def test_a_routes_budget_is_of_its_own_targets() -> None:
    quotas = Quotas(routes={name: RouteQuota(budget=MONTH) for name in ("gpt-4", "big", "echo")})
    found = claims(quotas, asked(100))
    assert [(claim.subject.route, claim.amount) for claim in found] == [
        ("gpt-4", 109 * 1000),
        ("big", 9 * 30_000 + 100 * 60_000),
    ]


def test_a_fallbacks_limits_are_not_the_calls() -> None:
    assert claims(Quotas(routes={"big": RouteQuota(ALL)})) == []


def test_tags_are_the_keys_and_then_the_requests() -> None:
    quotas = Quotas(tag_budgets=(TagBudget({"team": "a"}, MONTH), TagBudget({"team": "a", "env": "prod"}, MONTH)))
    tagged = asked()
    tagged.metadata = {"team": "b", "env": "prod"}
    assert told(claims(quotas, tagged, tags={"team": "a"})) == [
        ("tag team=a", "budget", 25 * 10**9),
        ("tag env=prod team=a", "budget", 25 * 10**9),
    ]
    assert claims(quotas, tagged) == []
    assert tags_of(tagged, context()) == {"team": "b", "env": "prod"}
    assert tags_of(asked(), context()) == {}


def test_a_call_that_counts_claims_neither_tokens_nor_money() -> None:
    counting = asked()
    counting.wire = Wire(ANTHROPIC_COUNT_TOKENS, counting.wire.fields)
    assert told(claims(None, counting, limits=ALL, budget=MONTH)) == [
        ("key team-a", "requests", 60),
        ("key team-a", "concurrent", 3),
    ]


def test_counters_outlive_amounts_and_end_with_their_period() -> None:
    maker, subject = Claims(FakeClock()), of_tags({"team": "a"})
    claim = maker.of_budget(subject, MONTH)
    assert claim.counter == "budget:month 2024-01-01T00:00Z:tag team=a"
    assert claim.counter == maker.of_budget(subject, Budget(Decimal(5), "month")).counter
    assert claim.counter != maker.of_budget(subject, Budget(Decimal(25), "month", "Asia/Tokyo")).counter
    assert claim.counter != maker.of_budget(subject, Budget(Decimal(25), "week")).counter
    assert (claim.amount, claim.least) == (0, 0)
