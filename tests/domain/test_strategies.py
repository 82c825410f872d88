from collections import Counter
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import FakeClock, Half, ScriptedProvider, served
from tornado_gateway.domain.errors import UpstreamFailed, UpstreamRejected
from tornado_gateway.domain.money import PriceCard
from tornado_gateway.domain.routes import Stage, Target
from tornado_gateway.domain.strategies import PENALTY, Strategies


def target(name: str, weight: int = 1, card: PriceCard | None = None) -> Target:
    return Target("r", served(ScriptedProvider(name)), "m", "m", weight, card)


def card(price_in: str, price_out: str) -> PriceCard:
    return PriceCard("p/m", Decimal(price_in), Decimal(price_out))


def order(strategies: Strategies, strategy: str, *targets: Target, tokens: tuple[int, int] = (10, 10)) -> list[str]:
    found = strategies.order(Stage("r", strategy, targets), lambda: tokens)
    return [each.provider.name for each in found]


def made(clock: FakeClock | None = None, randomness: object = None) -> Strategies:
    return Strategies(clock or FakeClock(), randomness or Half())  # type: ignore[arg-type]


def test_priority_keeps_the_files_order() -> None:
    assert order(made(), "priority", target("b"), target("a")) == ["b", "a"]
    assert order(made(), "weighted", target("a")) == ["a"]


@given(st.lists(st.integers(1, 50), min_size=2, max_size=5), st.integers(1, 3))
def test_weighted_is_exact_after_every_round(weights: list[int], rounds: int) -> None:
    strategies = made()
    targets = [target(f"t{index}", weight) for index, weight in enumerate(weights)]
    count = Counter(order(strategies, "weighted", *targets)[0] for _ in range(sum(weights) * rounds))
    assert [count[f"t{index}"] for index in range(len(weights))] == [weight * rounds for weight in weights]


def test_weighted_is_smooth_and_never_far_from_its_share() -> None:
    strategies, targets = made(), (target("a", 5), target("b", 3), target("c", 2))
    count: Counter[str] = Counter()
    for call in range(1, 1001):
        count[order(strategies, "weighted", *targets)[0]] += 1
        for each in targets:
            assert abs(count[each.provider.name] - call * each.weight / 10) < 1.5


def test_a_reload_may_change_weights_and_targets() -> None:
    strategies = made()
    for _ in range(7):
        order(strategies, "weighted", target("a", 9), target("gone", 1))
    count = Counter(order(strategies, "weighted", target("a", 1), target("b", 1))[0] for _ in range(100))
    assert 40 <= count["b"] <= 60
    assert set(strategies._credit["r"]) == {("a", "m", 0), ("b", "m", 1)}


def test_cheapest_goes_by_the_price_of_this_call() -> None:
    reader, writer = target("reader", card=card("0.001", "0.1")), target("writer", card=card("0.01", "0.01"))
    assert order(made(), "cheapest", reader, writer, tokens=(1000, 1)) == ["reader", "writer"]
    assert order(made(), "cheapest", reader, writer, tokens=(10, 100)) == ["writer", "reader"]
    assert order(made(), "cheapest", target("unpriced"), reader) == ["reader", "unpriced"]
    same = target("x", card=card("1", "1")), target("y", card=card("1", "1"))
    assert order(made(), "cheapest", *same) == ["x", "y"]


def test_least_busy_goes_by_calls_under_way_and_takes_turns_where_all_are_idle() -> None:
    strategies, a, b, c = made(), target("a"), target("b"), target("c")
    assert Counter(order(strategies, "least_busy", a, b, c)[0] for _ in range(9)) == {"a": 3, "b": 3, "c": 3}
    with strategies.watch(a), strategies.watch(b), strategies.watch(b):
        assert order(strategies, "least_busy", a, b, c) == ["c", "a", "b"]


def simulate(seconds: dict[str, float], calls: int, strategies: Strategies, clock: FakeClock) -> Counter[str]:
    """Calls one after the other, ten a second; each takes as long as its target's figure says."""
    targets = [target(name) for name in seconds]
    count: Counter[str] = Counter()
    for _ in range(calls):
        chosen = strategies.order(Stage("r", "least_latency", tuple(targets)))[0]
        count[chosen.provider.name] += 1
        with strategies.watch(chosen) as watched:
            clock.time += seconds[chosen.provider.name]
            watched.first_token()
        clock.time += 0.1
    return count


def test_least_latency_keeps_off_a_slow_target_and_comes_back_when_it_is_well() -> None:
    clock = FakeClock()
    strategies = Strategies(clock, Random(7))
    count = simulate({"fast": 0.1, "quick": 0.12, "slow": 2.0}, 2000, strategies, clock)
    assert count["slow"] < 100
    assert count["fast"] > 700
    assert count["quick"] > 500
    count = simulate({"fast": 0.1, "quick": 0.12, "slow": 0.05}, 2000, strategies, clock)
    assert count["slow"] > 700


def test_of_somebody_unknown_one_call_finds_out() -> None:
    clock = FakeClock()
    strategies, old, new = Strategies(clock, Random(1)), target("old"), target("new")
    with strategies.watch(old):
        clock.time += 0.2
    assert order(strategies, "least_latency", old, new)[0] == "new"
    with strategies.watch(new):
        assert order(strategies, "least_latency", old, new)[0] == "old"


@pytest.mark.parametrize(("error", "slow"), [(UpstreamFailed("x"), True), (UpstreamRejected("x", status=400), False)])
def test_who_fails_fast_is_not_fast(error: Exception, slow: bool) -> None:
    clock = FakeClock()
    strategies, bad = Strategies(clock, Random(1)), target("bad")
    with pytest.raises(type(error)), strategies.watch(bad):
        raise error
    assert (strategies._load(("bad", "m")).seconds == PENALTY) is slow


def test_a_call_that_its_client_left_says_nothing() -> None:
    strategies, a = made(), target("a")
    with pytest.raises(KeyboardInterrupt), strategies.watch(a):
        raise KeyboardInterrupt
    load = strategies._load(("a", "m"))
    assert (load.busy, load.seconds) == (0, 0.0)


def test_callers_words_fill_no_memory() -> None:
    strategies = made()
    for number in range(1000):
        each = Target("gpt-*", served(ScriptedProvider("a")), f"gpt-{number}", "gpt-*", 1, None)
        with strategies.watch(each):
            pass
    assert set(strategies._loads) == {("a", "gpt-*")}
    assert len(strategies.latencies._lately) == 1


def test_two_patterns_at_one_provider_are_two_targets() -> None:
    provider = served(ScriptedProvider("a"))
    stage = Stage("gpt-*", "weighted", tuple(Target("gpt-*", provider, name, "gpt-*", 1, None) for name in ("x", "y")))
    strategies = made()
    assert Counter(strategies.order(stage)[0].model for _ in range(10)) == {"x": 5, "y": 5}
    assert len(strategies.order(stage)) == 2


def test_calls_under_way_are_told_by_target() -> None:
    strategies = made()
    with strategies.watch(target("a")), strategies.watch(target("a")):
        assert (strategies.busy(("a", "m")), strategies.busy(("nobody", "m"))) == (2, 0)
    assert strategies.busy(("a", "m")) == 0
