"""Quote: what a call would cost at each target of its plan, before anybody is asked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from tornado_gateway.domain.forecast import Forecast
from tornado_gateway.domain.money import EXACT, PriceCard
from tornado_gateway.domain.prices import PriceTable
from tornado_gateway.domain.routes import Route, RouteTable
from tornado_gateway.domain.routing import Step, chain

_DEAREST = Decimal("Infinity")


@dataclass(frozen=True, slots=True)
class Offer:
    """One target; in USD what the call is expected to cost there and what it may, None where nobody can say."""

    step: Step
    configured: bool
    """Whether it has a key."""
    card: PriceCard | None
    expected: Decimal | None
    worst: Decimal | None


@dataclass(frozen=True, slots=True)
class Quote:
    """The targets of a route and of its fallbacks, in the order in which they are asked as far as that is known."""

    route: Route
    offers: tuple[Offer, ...]
    allow_unpriced: bool

    def asked(self) -> Iterator[Offer]:
        """Those with a key, and with a price or allowed to have none."""
        return (offer for offer in self.offers if offer.configured and (offer.card or self.allow_unpriced))

    @property
    def expected(self) -> Decimal | None:
        """At the target that is asked first."""
        return next((offer.expected for offer in self.asked()), None)

    @property
    def worst(self) -> Decimal | None:
        """At the dearest target, or the two dearest where the route may ask two at once; None where nobody can say."""
        found = [offer.worst for offer in self.asked()]
        known = sorted(worst for worst in found if worst is not None)
        if not known or len(known) < len(found):
            return None
        if self.route.hedge is None or len(known) == 1:
            return known[-1]
        return EXACT.add(known[-1], known[-2])


def quote(
    *,
    routes: RouteTable,
    prices: PriceTable,
    configured: Mapping[str, bool],
    route: Route,
    model: str,
    tokens: Forecast,
    at: datetime,
) -> Quote:
    """``configured``: by provider, whether it has a key. ``model`` is what the caller names, ``route`` serves it."""

    def offer(step: Step) -> Offer:
        card = prices.find(step.target.provider, step.model, at)
        ready = configured[step.target.provider]
        if card is None:
            return Offer(step, ready, None, None, None)
        return Offer(step, ready, card, tokens.cost(card, at), tokens.worst(card))

    offers: list[Offer] = []
    for _, steps in groupby(chain(routes, route, model), key=lambda step: step.route.name):
        stage = [offer(step) for step in steps]
        if stage[0].step.route.strategy == "cheapest":
            stage.sort(key=lambda each: _DEAREST if each.expected is None else each.expected)
        offers += stage
    return Quote(route, tuple(offers), prices.allow_unpriced)
