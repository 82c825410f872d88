"""PriceTable: which card prices a provider's model."""

from collections.abc import Iterable, Iterator

from tornado_gateway.domain.money import PriceCard


class PriceTable:
    """Cards by ``provider/model``; an exact name wins, then the longest ``provider/pattern*``."""

    def __init__(self, cards: Iterable[PriceCard] = (), *, allow_unpriced: bool = False) -> None:
        cards = tuple(cards)
        self.allow_unpriced = allow_unpriced
        self._exact = {card.model: card for card in cards if not card.model.endswith("*")}
        patterns = [card for card in cards if card.model.endswith("*")]
        self._patterns = tuple(
            (card.model[:-1], card) for card in sorted(patterns, key=lambda card: len(card.model), reverse=True)
        )

    def find(self, provider: str, model: str) -> PriceCard | None:
        """The card for ``provider/model``, None where it is unpriced."""
        name = f"{provider}/{model}"
        card = self._exact.get(name)
        if card is not None:
            return card
        return next((card for prefix, card in self._patterns if name.startswith(prefix)), None)

    def __iter__(self) -> Iterator[PriceCard]:
        yield from self._exact.values()
        for _, card in self._patterns:
            yield card

    def __len__(self) -> int:
        return len(self._exact) + len(self._patterns)
