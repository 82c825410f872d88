from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.cli.litellm.deployments import deployments
from tornado_gateway.cli.litellm.providers import name_providers
from tornado_gateway.cli.litellm.routes import Routes, _shares, add_aliases, add_fallbacks, aliases_of, make_routes

from .conftest import Opened

MODELS = """\
model_list:
  - {model_name: a, litellm_params: {model: openai/a%s}}
  - {model_name: a, litellm_params: {model: groq/big%s}}
  - {model_name: b, litellm_params: {model: openai/b}}
  - {model_name: c, litellm_params: {model: openai/c}}
"""


def routes(router: str = "", first: str = "", second: str = "") -> tuple[Routes, list[str]]:
    file = Opened(MODELS % (first, second) + f"router_settings: {{{router}}}\n")
    _, named = name_providers(deployments(file.part.parts("model_list"), {}))
    settings = file.part.part("router_settings")
    made = make_routes(named, settings)
    aliases = aliases_of(made, settings)
    add_fallbacks(made, [settings], aliases)
    add_aliases(made, aliases)
    return made, [said.split(" ", 1)[1] for said in file.said]


@pytest.mark.parametrize(
    ("strategy", "ours"),
    [("simple-shuffle", "weighted"), ("latency-based-routing", "least_latency"), ("least-busy", "least_busy"),
     ("usage-based-routing-v2", "least_busy"), ("cost-based-routing", "cheapest"), ("of-tomorrow", "weighted")],
)  # fmt: skip
def test_strategies(strategy: str, ours: str) -> None:
    made, said = routes(f"routing_strategy: {strategy}")
    assert made["a"] == {"strategy": ours, "targets": [{"provider": "openai"}, {"provider": "groq", "model": "big"}]}
    assert made["b"] == {"provider": "openai"}
    assert bool(said) == (strategy in ("usage-based-routing-v2", "of-tomorrow"))


def test_shares_are_whole_numbers_in_the_same_proportion() -> None:
    made, _ = routes(first=", rpm: 600", second=", rpm: 300")
    assert [target["weight"] for target in made["a"]["targets"]] == [2, 1]
    made, _ = routes(first=", weight: 0.9", second=", weight: 0.1")
    assert [target["weight"] for target in made["a"]["targets"]] == [9, 1]
    made, _ = routes(first=", weight: 3")
    assert [target["weight"] for target in made["a"]["targets"]] == [1, 1]


@given(st.lists(st.decimals("0.001", 10**9, places=3), min_size=2, max_size=6))
def test_shares_are_what_a_weight_may_be(weights: list[Decimal]) -> None:
    shares = _shares(weights)
    assert all(1 <= share <= 1_000_000 for share in shares)
    total, ours = sum(weights), sum(shares)
    for weight, share in zip(weights, shares, strict=True):
        assert abs(Fraction(share, ours) - Fraction(weight) / Fraction(total)) < Fraction(1, 10_000)


def test_an_order_is_a_priority() -> None:
    made, _ = routes(first=", order: 2", second=", order: 1")
    assert made["a"] == {"targets": [{"provider": "groq", "model": "big"}, {"provider": "openai"}]}


def test_the_same_target_twice_is_one_with_the_weight_of_both() -> None:
    file = Opened(
        """\
model_list:
  - {model_name: a, litellm_params: {model: openai/x, rpm: 1}}
  - {model_name: a, litellm_params: {model: openai/x, rpm: 2}}
  - {model_name: a, litellm_params: {model: openai/y, rpm: 1}}
"""
    )
    _, named = name_providers(deployments(file.part.parts("model_list"), {}))
    made = make_routes(named, file.part.part("router_settings"))
    assert [target["weight"] for target in made["a"]["targets"]] == [3, 1]
    assert "its weight is added there" in file.said[0]


def test_an_alias_is_a_route_with_all_that_the_other_has() -> None:
    made, said = routes("model_group_alias: {z: a, y: {model: b, hidden: true}, n: nobody}, fallbacks: [{z: [b]}]")
    assert made["z"] == {
        "strategy": "weighted",
        "targets": [{"provider": "openai", "model": "a"}, {"provider": "groq", "model": "big"}],
        "fallbacks": ["b"],
    }
    assert made["y"] == {"model": "b", "provider": "openai"}
    assert [each.rsplit(": ", 1)[1] for each in said] == ["a route can't be hidden", "left out"]


def test_an_alias_goes_before_a_model_name() -> None:
    made, said = routes("model_group_alias: {c: b}")
    assert made["c"] == {"model": "b", "provider": "openai"}
    assert "the alias goes before it" in said[0]


@pytest.mark.parametrize(
    ("router", "fallbacks"),
    [
        ("fallbacks: [{a: [b, c]}]", {"a": ["b", "c"]}),
        ("fallbacks: [{a: [b]}, {a: [b, c]}]", {"a": ["b", "c"]}),
        ("context_window_fallbacks: [{a: [b]}]", {"a": [{"route": "b", "on": ["context_length"]}]}),
        ("content_policy_fallbacks: [{a: [b]}]", {"a": [{"route": "b", "on": ["content_filter"]}]}),
        ("default_fallbacks: [c]", {"a": ["c"], "b": ["c"]}),
        ("fallbacks: [{'*': [c]}]", {"a": ["c"], "b": ["c"]}),
        ("fallbacks: [{a: [{model: b, temperature: 1}]}]", {"a": ["b"]}),
        ("fallbacks: [{a: [b]}, {b: [a]}]", {"a": ["b"]}),
        ("fallbacks: [{a: [b]}, {b: [c]}, {c: [a]}]", {"a": ["b"], "b": ["c"]}),
        ("fallbacks: [{a: [nobody]}, {nobody: [a]}, {a: [a]}]", {}),
        ("fallbacks: {a: b}", {}),
    ],
)
def test_fallbacks(router: str, fallbacks: dict[str, Any]) -> None:
    made, _ = routes(router)
    assert {name: route["fallbacks"] for name, route in made.items() if "fallbacks" in route} == fallbacks


def test_what_closes_a_circle_or_leads_nowhere_is_told_of() -> None:
    _, said = routes("fallbacks: [{a: [b]}, {b: [a]}, {a: [d]}, {d: [a]}]")
    assert [each.split(": ", 1)[1] for each in said] == [
        "from 'b' to 'a' closes a circle: left out",
        "'d' is no route: left out",
        "is the fallback of no route: left out",
    ]
