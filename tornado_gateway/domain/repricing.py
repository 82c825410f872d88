"""Repricing: what the ledger's calls would have cost under another price table. Exact, and a row at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from decimal import Decimal

from tornado_gateway.domain.groupings import Group, groups_of
from tornado_gateway.domain.ledger import LedgerRow
from tornado_gateway.domain.money import EXACT, PriceCard
from tornado_gateway.domain.prices import PriceTable
from tornado_gateway.domain.pricing import price
from tornado_gateway.domain.remembered import Remembered

ZERO = Decimal(0)

MOST_GROUPS = 20_000
"""Callers make up names of models and values of tags: beyond so many groups the new ones are one."""

OTHERS = "(others)"

_REMEMBERED = 4096
_Cards = tuple[tuple[PriceCard, ...], PriceCard | None]
"""A model's cards, and the one that always holds."""


@dataclass(slots=True)
class Repriced:
    """What came of some rows. Amounts in USD.

    ``old`` and ``new`` are of the same rows, those that the new table prices; what they leave out is counted.
    """

    requests: int = 0
    """Calls in ``old`` and ``new``: what they used is known, and priced by the new table."""
    abandoned: int = 0
    """Beside them, and in both sums: the slower one of two tries at once, estimated."""
    old: Decimal = ZERO
    """As the ledger has it."""
    new: Decimal = ZERO
    first_priced: int = 0
    """Rows among both without a cost in the ledger, since their model had no price then."""
    first_cost: Decimal = ZERO
    """Their part of ``new``."""
    images_unknown: int = 0
    """Rows among both for which the new table prices images, and that say nothing of any."""
    cached: int = 0
    """Among ``requests``: answered from the cache, at no cost then and now; their price is in ``saved_old`` and
    ``saved_new``."""
    saved_old: Decimal = ZERO
    saved_new: Decimal = ZERO
    unused: int = 0
    """Rows left out that say of no usage: they failed before anything was used."""
    unpriced: int = 0
    """Rows left out because the new table has no price for them."""
    left_out: Decimal = ZERO
    """What the ledger says that both kinds cost."""

    @property
    def difference(self) -> Decimal:
        return EXACT.subtract(self.new, self.old)

    def include(self, other: "Repriced") -> None:
        """Adds all that ``other`` has."""
        for member in fields(self):
            mine, its = getattr(self, member.name), getattr(other, member.name)
            setattr(self, member.name, EXACT.add(mine, its) if isinstance(mine, Decimal) else mine + its)


class Repricing:
    """Prices rows by the card that held when their call began, and sums by ``by`` (names of ``groupings``).

    Memory is bounded, however many rows are added. Raises ``ValueError`` for a name that is none.
    """

    def __init__(self, prices: PriceTable, by: Sequence[str]) -> None:
        self._prices = prices
        self._by = groups_of(by)
        self._others: Group = (OTHERS,) * len(by)
        self._cards: Remembered[tuple[str, str], tuple[tuple[PriceCard, ...], PriceCard | None]] = Remembered(
            _REMEMBERED
        )
        self.groups: dict[Group, Repriced] = {}
        self.unpriced: dict[str, int] = {}
        """Rows without a price in the new table, by provider/model."""

    def add(self, row: LedgerRow) -> None:
        into = self._sum(self._by(row))
        cost = row.cost
        if row.usage is None:
            into.unused += 1
            into.left_out = EXACT.add(into.left_out, cost or ZERO)
            return
        card = self.card(row, row.provider, row.model)
        if card is None:
            into.unpriced += 1
            into.left_out = EXACT.add(into.left_out, cost or ZERO)
            self._name(f"{row.provider}/{row.model}")
            return
        new = price(row.usage, card, row.finished_at).amount
        if row.kind == "request":
            into.requests += 1
        else:
            into.abandoned += 1
        if row.saved is not None:
            into.cached += 1
            into.saved_old = EXACT.add(into.saved_old, row.saved)
            into.saved_new = EXACT.add(into.saved_new, new)
            new = cost or ZERO
        elif cost is None:
            into.first_priced += 1
            into.first_cost = EXACT.add(into.first_cost, new)
        if card.image is not None and row.usage.images is None:
            into.images_unknown += 1
        if cost is not None:
            into.old = EXACT.add(into.old, cost)
        into.new = EXACT.add(into.new, new)

    def card(self, row: LedgerRow, provider: str, model: str) -> PriceCard | None:
        """The card that prices ``provider``'s ``model`` for a call made when ``row``'s was."""
        name = provider, model
        known = self._cards.get(name)
        if known is None:
            cards = self._prices.row(f"{provider}/{model}")
            always = len(cards) == 1 and cards[0].valid_from is None and cards[0].valid_until is None
            known = self._cards.keep(name, (cards, cards[0] if always else None))
        cards, only = known
        if only is not None or not cards:
            return only
        # A call keeps the price that it began with; how long it took is all that the row says of that.
        began = row.finished_at - timedelta(seconds=row.duration)
        return next((card for card in cards if card.valid(began)), None)

    def total(self) -> Repriced:
        """All groups as one."""
        return self.rolled(()).get((), Repriced())

    def rolled(self, places: Sequence[int]) -> dict[Group, Repriced]:
        """The groups by some of the names alone, which are told by their places."""
        rolled: dict[Group, Repriced] = {}
        for group, part in self.groups.items():
            rolled.setdefault(tuple(group[place] for place in places), Repriced()).include(part)
        return rolled

    def _sum(self, group: Group) -> Repriced:
        known = self.groups.get(group)
        if known is not None:
            return known
        if len(self.groups) >= MOST_GROUPS:
            return self.groups.setdefault(self._others, Repriced())
        made = self.groups[group] = Repriced()
        return made

    def _name(self, model: str) -> None:
        if model not in self.unpriced and len(self.unpriced) >= MOST_GROUPS:
            model = OTHERS
        self.unpriced[model] = self.unpriced.get(model, 0) + 1
