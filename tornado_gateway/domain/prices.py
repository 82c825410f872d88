"""PriceTable: which card prices a provider's model, and since when."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import datetime

from tornado_gateway.domain.money import PriceCard


class PriceTable:
    """Cards by ``provider/model``; an exact name wins, then the longest ``provider/pattern*``.

    Several cards of one name follow each other in time: whoever asks says when.
    """

    def __init__(self, cards: Iterable[PriceCard] = (), *, allow_unpriced: bool = False) -> None:
        rows: dict[str, tuple[PriceCard, ...]] = {}
        for card in cards:
            rows[card.model] = (*rows.get(card.model, ()), card)
        self.allow_unpriced = allow_unpriced
        self._exact = {name: row for name, row in rows.items() if not name.endswith("*")}
        patterns = [(name[:-1], row) for name, row in rows.items() if name.endswith("*")]
        self._patterns = tuple(sorted(patterns, key=lambda pattern: len(pattern[0]), reverse=True))
        moments = {moment for card in self for moment in (card.valid_from, card.valid_until) if moment is not None}
        self._changes = sorted(moments)

    def find(self, provider: str, model: str, at: datetime | None = None) -> PriceCard | None:
        """The card that prices ``provider/model``, None where it is unpriced.

        Without ``at`` it is a row's last one, whenever that holds.
        """
        row = self.row(f"{provider}/{model}")
        if at is None:
            return row[-1] if row else None
        return next((card for card in row if card.valid(at)), None)

    def row(self, name: str) -> tuple[PriceCard, ...]:
        """All cards of the row that prices ``name`` at any time."""
        row = self._exact.get(name)
        if row is not None:
            return row
        return next((row for prefix, row in self._patterns if name.startswith(prefix)), ())

    def era(self, at: datetime) -> int:
        """Between two changes of prices by date it is always the same number."""
        return bisect_right(self._changes, at) if self._changes else 0

    def __iter__(self) -> Iterator[PriceCard]:
        for row in self._exact.values():
            yield from row
        for _, row in self._patterns:
            yield from row

    def __len__(self) -> int:
        return sum(1 for _ in self)
