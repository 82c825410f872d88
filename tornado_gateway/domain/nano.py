"""Money that is counted: whole nano-dollars, which every store adds without rounding.

A cost is rounded up and a budget's amount down, so that no sum of small costs escapes a budget.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from tornado_gateway.domain.money import EXACT

_DIGITS = 9


def nano_up(cost: Decimal) -> int:
    """A cost in USD as nano-dollars, rounded against whoever pays."""
    return int(EXACT.scaleb(cost, _DIGITS).to_integral_value(ROUND_CEILING))


def nano_down(amount: Decimal) -> int:
    """An amount that may be spent; at least one nano-dollar, for a budget of nothing is no budget."""
    return max(1, int(EXACT.scaleb(amount, _DIGITS).to_integral_value(ROUND_FLOOR)))


def usd(nano: int) -> Decimal:
    return EXACT.scaleb(Decimal(nano), -_DIGITS).normalize(EXACT)
