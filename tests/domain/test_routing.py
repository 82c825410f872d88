from decimal import Decimal

import pytest

from tests.support import NOW, ScriptedProvider, snapshot
from tornado_gateway.domain.errors import ModelNotFound, ModelNotPriced, ProviderNotConfigured
from tornado_gateway.domain.money import PriceCard
from tornado_gateway.domain.policies import Fallback
from tornado_gateway.domain.principal import Principal
from tornado_gateway.domain.routes import Route, RoutePlan, RouteTarget
from tornado_gateway.domain.routing import plan

A, B, OFF = ScriptedProvider("a"), ScriptedProvider("b"), ScriptedProvider("off", configured=False)


def card(model: str) -> PriceCard:
    return PriceCard(model, Decimal(1), Decimal(1))


def world(*routes: Route, cards: tuple[str, ...] = ("a/*", "b/*", "off/*"), allow_unpriced: bool = False):  # type: ignore[no-untyped-def]
    return snapshot(A, B, OFF, routes=routes, cards=[card(name) for name in cards], allow_unpriced=allow_unpriced)


def asked(made: RoutePlan) -> list[tuple[str, str, str]]:
    return [(stage.route, target.provider.name, target.model) for stage in made.stages for target in stage.targets]


def test_a_route_and_its_fallbacks_in_order() -> None:
    snap = world(
        Route(
            "big", (RouteTarget("a", "m1"), RouteTarget("b", "m2")), fallbacks=(Fallback("small"), Fallback("gpt-9"))
        ),
        Route("small", (RouteTarget("b"),), fallbacks=(Fallback("big"),)),
        Route("gpt-*", (RouteTarget("a"),)),
    )
    assert asked(plan(snap, "big", NOW)) == [
        ("big", "a", "m1"),
        ("big", "b", "m2"),
        ("small", "b", "small"),
        ("gpt-*", "a", "gpt-9"),
    ]


def test_a_plan_is_worked_out_once() -> None:
    snap = world(Route("x", (RouteTarget("a"),)))
    assert plan(snap, "x", NOW) is plan(snap, "x", NOW)


def test_names_that_callers_invent_do_not_pile_up() -> None:
    snap = world(Route("*", (RouteTarget("a"),)))
    for number in range(5000):
        plan(snap, f"m{number}", NOW)
    assert len(snap.plans) <= 4096


def test_a_wildcards_model_is_labelled_by_its_price_row() -> None:
    (stage,) = plan(world(Route("gpt-*", (RouteTarget("a"),)), cards=("a/gpt-4*",)), "gpt-4-evil\n", NOW).stages
    assert (stage.targets[0].model, stage.targets[0].model_label) == ("gpt-4-evil\n", "gpt-4*")
    (stage,) = plan(world(Route("gpt-*", (RouteTarget("a"),)), cards=(), allow_unpriced=True), "gpt-x", NOW).stages
    assert (stage.targets[0].card, stage.targets[0].model_label) == (None, "gpt-*")


def test_who_is_not_found_hears_who_is_near() -> None:
    snap = world(Route("gpt-4", (RouteTarget("a"),)))
    with pytest.raises(ModelNotFound, match=r"no model 'gtp-4'. Did you mean 'gpt-4'\?"):
        plan(snap, "gtp-4", NOW)
    with pytest.raises(ModelNotFound, match=r"^There is no model 'zzz'.$"):
        plan(snap, "zzz", NOW)


def test_nobody_hears_of_what_they_may_not_use() -> None:
    snap = world(Route("gpt-4", (RouteTarget("a"),)), Route("gpt-4-secret", (RouteTarget("a"),)))
    with pytest.raises(ModelNotFound, match=r"Did you mean 'gpt-4'\?"):
        plan(snap, "gpt-4o", NOW, Principal("x", models=("gpt-4", "gpt-4o")))


def test_unpriced_targets_are_left_out_and_a_route_of_only_such_is_refused() -> None:
    snap = world(Route("x", (RouteTarget("a", "m"), RouteTarget("b", "m"))), cards=("b/m",))
    assert asked(plan(snap, "x", NOW)) == [("x", "b", "m")]
    with pytest.raises(ModelNotPriced):
        plan(world(Route("gpt-*", (RouteTarget("a"),)), cards=()), "gpt-4", NOW)


def test_unconfigured_targets_are_left_out_and_a_route_of_only_such_is_refused() -> None:
    snap = world(Route("x", (RouteTarget("off"), RouteTarget("b"))), Route("y", (RouteTarget("off"),)))
    assert asked(plan(snap, "x", NOW)) == [("x", "b", "x")]
    with pytest.raises(ProviderNotConfigured, match="'off', which has no API key"):
        plan(snap, "y", NOW)


def test_a_fallback_that_nothing_serves_is_passed_over() -> None:
    snap = world(
        Route("x", (RouteTarget("a"),), fallbacks=(Fallback("nobody"), Fallback("y"))), Route("y", (RouteTarget("b"),))
    )
    assert asked(plan(snap, "x", NOW)) == [("x", "a", "x"), ("y", "b", "y")]
