from decimal import Decimal
from typing import Any

from tests.support import NOW
from tornado_gateway.domain.forecast import Forecast
from tornado_gateway.domain.money import PriceCard
from tornado_gateway.domain.policies import Fallback, Hedge
from tornado_gateway.domain.prices import PriceTable
from tornado_gateway.domain.quote import Quote, quote
from tornado_gateway.domain.routes import Route, RouteTable, RouteTarget

PRICES = {"a/x": "3", "a/y": "2", "b/x": "5"}
TOKENS = Forecast(prompt=1000, expected=0, most=1000)


def quoted(*targets: str, tokens: Forecast = TOKENS, allow_unpriced: bool = False, **members: Any) -> Quote:
    """Of a route to ``targets`` whose fallback goes to b/x; provider ``off`` has no key."""
    found = tuple(RouteTarget(*target.split("/")) for target in targets)
    route = Route("fast", found, fallbacks=(Fallback("back"),), **members)
    cards = [PriceCard(name, Decimal(rate), Decimal(1)) for name, rate in PRICES.items()]
    return quote(
        routes=RouteTable([route, Route("back", (RouteTarget("b", "x"),))]),
        prices=PriceTable([*cards, PriceCard("off/x", Decimal(9), Decimal(9))], allow_unpriced=allow_unpriced),
        configured={"a": True, "b": True, "off": False},
        route=route,
        model="fast",
        tokens=tokens,
        at=NOW,
    )


def names(found: Quote) -> list[str]:
    return [f"{offer.step.target.provider}/{offer.step.model}" for offer in found.offers]


def test_each_target_in_the_plans_order_and_the_dearest_that_is_asked() -> None:
    found = quoted("off/x", "a/x", "a/y")
    assert names(found) == ["off/x", "a/x", "a/y", "b/x"]
    assert [(offer.configured, offer.expected, offer.worst) for offer in found.offers] == [
        (False, Decimal(9), Decimal(18)),
        (True, Decimal(3), Decimal(4)),
        (True, Decimal(2), Decimal(3)),
        (True, Decimal(5), Decimal(6)),
    ]
    assert (found.expected, found.worst) == (Decimal(3), Decimal(6))


def test_the_cheapest_is_asked_first() -> None:
    found = quoted("a/none", "a/x", "a/y", strategy="cheapest")
    assert names(found) == ["a/y", "a/x", "a/none", "b/x"]
    assert found.expected == Decimal(2)


def test_two_at_once_are_both_paid() -> None:
    assert quoted("a/x", hedge=Hedge(2.0)).worst == Decimal(10)
    alone = quoted("a/x", hedge=Hedge(2.0))
    assert Quote(alone.route, alone.offers[:1], allow_unpriced=False).worst == Decimal(4)


def test_what_nobody_can_say() -> None:
    unlimited = quoted("a/x", tokens=Forecast(prompt=1000, expected=1000, most=None))
    assert (unlimited.expected, unlimited.worst) == (Decimal(4), None)
    allowed = quoted("a/none", allow_unpriced=True)
    assert (allowed.expected, allowed.worst) == (None, None)


def test_nobody_to_ask() -> None:
    found = quoted("off/x")
    alone = Quote(found.route, found.offers[:1], allow_unpriced=True)
    assert (list(alone.asked()), alone.expected, alone.worst) == ([], None, None)
