"""price(usage, card) -> Cost. Pure, exact, and the only place where tokens become money."""

from decimal import Decimal

from tornado_gateway.domain.money import EXACT, Cost, CostLine, PriceCard
from tornado_gateway.domain.usage import TokenUsage

_ZERO = Decimal(0)


def price(usage: TokenUsage, card: PriceCard) -> Cost:
    """The exact cost of ``usage`` under ``card``; rates are per 1,000 tokens.

    Raises ``decimal.Inexact`` rather than ever rounding (the schema's bounds keep that from happening).
    """
    if card.free:
        return Cost(amount=_ZERO, estimated=usage.estimated)
    lines = tuple(CostLine(bucket, tokens, card.rate(bucket)) for bucket, tokens in usage.buckets())
    amount = _ZERO
    for line in lines:
        amount = EXACT.fma(Decimal(line.tokens), line.rate, amount)
    return Cost(amount=EXACT.scaleb(amount, -3), lines=lines, estimated=usage.estimated)
