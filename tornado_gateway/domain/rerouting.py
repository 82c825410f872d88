"""Rerouting: whom another file asks first for what callers named, and what that would have cost. An estimate."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from math import gcd

from tornado_gateway.domain.ledger import LedgerRow
from tornado_gateway.domain.money import EXACT
from tornado_gateway.domain.prices import PriceTable
from tornado_gateway.domain.pricing import price
from tornado_gateway.domain.remembered import Remembered
from tornado_gateway.domain.repricing import MOST_GROUPS, OTHERS, ZERO, Repricing
from tornado_gateway.domain.routes import RouteTable
from tornado_gateway.domain.routing import Step, chain
from tornado_gateway.domain.usage import TokenUsage

Shares = tuple[tuple[str, str, int], ...]
"""Provider, its model and how many calls of all go there, as whole numbers without a common divisor; by name."""

_REMEMBERED = 4096
_USUAL = TokenUsage(input=1000, output=1000)
_ESTIMATE = Context(prec=30, rounding=ROUND_HALF_EVEN)
"""A share of a sum may have digits without end."""


class Choice:
    """Whom one file asks first, and prices it knows. Whether a provider has a key is no matter here: that is for the
    place where the file will run."""

    def __init__(self, routes: RouteTable, prices: PriceTable) -> None:
        self.prices = prices
        self._routes = routes
        self._known: Remembered[str, Shares | None] = Remembered(_REMEMBERED)

    def shares(self, wanted: str) -> Shares | None:
        """The share of each target that is asked first; None where the file refuses ``wanted``.

        ``weighted`` shares by weight, ``cheapest`` goes by what 1,000 tokens in and out cost, and of those that are
        told apart by load or latency each is as likely as the other.
        """
        if wanted not in self._known:
            return self._known.keep(wanted, self._find(wanted))
        return self._known[wanted]

    def _find(self, wanted: str) -> Shares | None:
        route = self._routes.match(wanted)
        steps = [] if route is None else [step for step in chain(self._routes, route, wanted) if self._priced(step)]
        if not steps:
            return None
        # What comes after the first stage is asked only when that fails.
        stage = [step for step in steps if step.route is steps[0].route]
        match stage[0].route.strategy:
            case "priority":
                stage = stage[:1]
            case "cheapest":
                stage = [min(stage, key=self._price)]
        weighted = stage[0].route.strategy == "weighted"
        shares: dict[tuple[str, str], int] = {}
        for step in stage:
            name = step.target.provider, step.model
            shares[name] = shares.get(name, 0) + (step.target.weight if weighted else 1)
        divisor = gcd(*shares.values()) or 1
        return tuple(sorted((*name, weight // divisor) for name, weight in shares.items()))

    def _priced(self, step: Step) -> bool:
        return self.prices.allow_unpriced or self.prices.find(step.target.provider, step.model) is not None

    def _price(self, step: Step) -> Decimal:
        card = self.prices.find(step.target.provider, step.model)
        return Decimal("Infinity") if card is None else price(_USUAL, card).amount


@dataclass(slots=True)
class Moved:
    """Calls of one name that the new file sends elsewhere. Amounts in USD; shares are empty where they differ."""

    before: Shares
    after: Shares
    requests: int = 0
    old: Decimal = ZERO
    """As the ledger has it."""
    first_priced: int = 0
    """Among ``requests``: the ledger has no cost for them, since their model had no price then."""
    estimate: Decimal = ZERO
    """What they would have cost there, each target by its share, as if the tokens were the same."""
    unpriced: int = 0
    """Among ``requests``: a new target had no price when they were made; they are in neither sum."""

    def include(self, other: "Moved") -> None:
        """Adds what ``other`` came to."""
        self.requests += other.requests
        self.old = EXACT.add(self.old, other.old)
        self.estimate = EXACT.add(self.estimate, other.estimate)
        self.first_priced += other.first_priced
        self.unpriced += other.unpriced


@dataclass(slots=True)
class Refused:
    """Calls of one name that the new file answers no more."""

    requests: int = 0
    old: Decimal = ZERO
    unpriced: int = 0
    """Among ``requests``: the ledger has no cost for them."""

    def include(self, other: "Refused") -> None:
        """Adds what ``other`` came to."""
        self.requests += other.requests
        self.old = EXACT.add(self.old, other.old)
        self.unpriced += other.unpriced


class Effect:
    """A ledger's traffic under a new file: what keeps its target is repriced, what does not is estimated beside it."""

    def __init__(self, old: Choice, new: Choice, by: Sequence[str]) -> None:
        self._old = old
        self._new = new
        self.kept = Repricing(new.prices, by)
        self.moved: dict[str, Moved] = {}
        """By what callers named."""
        self.refused: dict[str, Refused] = {}

    def add(self, row: LedgerRow) -> None:
        if row.usage is None or row.saved is not None or row.kind != "request":
            # Nobody was asked, or beside the plan's own order.
            self.kept.add(row)
            return
        wanted = row.requested_model or row.route
        after = self._new.shares(wanted)
        if after is None:
            self.refused.setdefault(_name(wanted, self.refused), Refused()).include(
                Refused(1, row.cost or ZERO, int(row.cost is None))
            )
            return
        before = self._old.shares(wanted) or ((row.provider, row.model, 1),)
        if before == after:
            self.kept.add(row)
            return
        self._move(row, wanted, before, after)

    def _move(self, row: LedgerRow, wanted: str, before: Shares, after: Shares) -> None:
        name = _name(wanted, self.moved)
        moved = self.moved.get(name)
        if moved is None:
            moved = self.moved[name] = Moved((), ()) if name == OTHERS else Moved(before, after)
        moved.requests += 1
        parts = ZERO
        for provider, model, weight in after:
            card = self.kept.card(row, provider, model)
            if card is None or row.usage is None:
                moved.unpriced += 1
                return
            parts = EXACT.fma(price(row.usage, card, row.finished_at).amount, Decimal(weight), parts)
        moved.old = EXACT.add(moved.old, row.cost or ZERO)
        moved.first_priced += row.cost is None
        total = sum(weight for _, _, weight in after)
        moved.estimate = EXACT.add(moved.estimate, parts if total == 1 else _ESTIMATE.divide(parts, Decimal(total)))


def _name(wanted: str, known: dict[str, Moved] | dict[str, Refused]) -> str:
    return wanted if wanted in known or len(known) < MOST_GROUPS else OTHERS
