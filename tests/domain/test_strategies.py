from collections import Counter
from decimal import Decimal

from tests.support import FakeClock, ScriptedProvider
from tornado_gateway.domain.money import PriceCard
from tornado_gateway.domain.routes import Stage, Target
from tornado_gateway.domain.strategies import Strategies


def target(name: str, weight: int = 1, price: str | None = "1") -> Target:
    card = None if price is None else PriceCard(f"{name}/m", Decimal(price), Decimal(0))
    return Target("r", ScriptedProvider(name), "m", "m", weight, card)


def order(strategies: Strategies, kind: str, *targets: Target) -> list[str]:
    return [each.provider.name for each in strategies.order(Stage("r", kind, targets))]


def test_priority_keeps_the_files_order() -> None:
    assert order(Strategies(FakeClock()), "priority", target("b"), target("a")) == ["b", "a"]


def test_weighted_is_exact_over_time_and_smooth() -> None:
    strategies, targets = Strategies(FakeClock()), (target("a", 3), target("b", 1))
    first = [order(strategies, "weighted", *targets)[0] for _ in range(400)]
    assert Counter(first) == {"a": 300, "b": 100}
    assert "".join(first[:8]) == "aabaaaba"


def test_cheapest_goes_by_price_and_unpriced_comes_last() -> None:
    targets = (target("x", price=None), target("dear", price="2"), target("cheap", price="0.5"))
    assert order(Strategies(FakeClock()), "cheapest", *targets) == ["cheap", "dear", "x"]


def test_least_busy_counts_calls_under_way() -> None:
    strategies, a, b = Strategies(FakeClock()), target("a"), target("b")
    with strategies.watch(a):
        assert order(strategies, "least_busy", a, b) == ["b", "a"]
    assert order(strategies, "least_busy", a, b) == ["a", "b"]


def test_least_latency_remembers_successes() -> None:
    clock = FakeClock()
    strategies, slow, fast = Strategies(clock), target("slow"), target("fast")
    for each, seconds in ((slow, 2.0), (fast, 0.1)):
        with strategies.watch(each):
            clock.time += seconds
    assert order(strategies, "least_latency", slow, fast) == ["fast", "slow"]


def test_one_target_needs_no_strategy() -> None:
    assert order(Strategies(FakeClock()), "weighted", target("a")) == ["a"]
