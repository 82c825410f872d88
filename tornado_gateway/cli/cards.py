"""What a price card says beyond its input and output, in lines for people."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from tornado_gateway.domain.money import PriceCard, decimal_digits
from tornado_gateway.domain.usage import BUCKETS


def of_card(card: PriceCard) -> Iterator[str]:
    """Empty for a card of two prices."""
    special = [name for name in BUCKETS if name not in ("input", "output") and getattr(card, name) is not None]
    if special:
        yield (
            "also " + ", ".join(f"{name} {decimal_digits(card.rate(name))}" for name in special) + " USD per 1K tokens"
        )
    for name in ("image", "request"):
        each = getattr(card, name)
        if each is not None:
            yield f"{decimal_digits(each)} USD for each {name}"
    for tier in card.tiers:
        rates = ", ".join(f"{name} {decimal_digits(rate)}" for name, rate in tier.rates.items())
        what = "for the tokens beyond" if card.marginal else "for the whole request"
        yield f"above {tier.above} prompt tokens, {what}: {rates}"
    for name, tiers in (("batch", "batch or flex"), ("priority", "priority")):
        factor = getattr(card, name)
        if factor is not None:
            yield f"times {decimal_digits(factor)} at the {tiers} tier"
    if card.off_peak is not None:
        yield f"times {decimal_digits(card.off_peak.factor)} from {card.off_peak.hours} {card.off_peak.time_zone}"
    if card.valid_from is not None:
        yield f"since {card.valid_from:%Y-%m-%d %H:%M} UTC"
    if card.valid_until is not None:
        yield f"until {card.valid_until:%Y-%m-%d %H:%M} UTC"
    if card.source is not None:
        yield f"source: {card.source}"
    if card.review_by is not None:
        yield f"to be reviewed by {card.review_by}"


def to_come(cards: Iterable[PriceCard], now: datetime) -> Iterator[str]:
    """The prices that will follow the one of ``now``, by their time."""
    for card in cards:
        if card.valid_from is not None and card.valid_from > now:
            prices = f"input {decimal_digits(card.input)}, output {decimal_digits(card.output)} USD per 1K tokens"
            yield f"from {card.valid_from:%Y-%m-%d %H:%M} UTC: {'free' if card.free else prices}"
