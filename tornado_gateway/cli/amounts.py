"""USD and counts as people read them: exact where that is short, else rounded and marked with ``~``."""

from decimal import ROUND_HALF_EVEN, Context, Decimal

from tornado_gateway.domain.money import EXACT, decimal_digits

_ROUNDED = Context(prec=60, rounding=ROUND_HALF_EVEN)
_DIGITS = 4
"""Significant ones that a rounded amount keeps, and never fewer than the cents."""


def exact(amount: Decimal) -> str:
    """Every digit: ``1,234.567891``."""
    whole, _, rest = decimal_digits(amount).partition(".")
    return f"{int(whole):,}.{rest}" if rest and whole != "-0" else f"-0.{rest}" if rest else f"{int(whole):,}"


def short(amount: Decimal) -> str:
    """``12.50``, ``0.00186``; ``~1,234.57`` and ``~0.0001235`` where digits were dropped. Only 0 is ever shown as 0."""
    if not amount:
        return "0"
    rounded = _rounded(amount)
    if rounded != amount:
        return f"~{rounded:,f}"
    digits = exact(amount)
    cents = digits.partition(".")[2]
    return digits if len(cents) >= 2 else f"{amount:,.2f}"


def known(amount: Decimal, unpriced: int) -> str:
    """``short``; ``unknown`` for a sum of nothing but calls without a price."""
    return "unknown" if unpriced and not amount else short(amount)


def signed(amount: Decimal) -> str:
    """``short`` with its sign: ``+0.12``, ``~-3.46``, ``0``."""
    text = short(amount)
    if amount <= 0:
        return text
    return f"~+{text[1:]}" if text.startswith("~") else f"+{text}"


def percent(old: Decimal, new: Decimal) -> str:
    """By how much ``new`` is more or less than ``old``; empty where that was nothing."""
    if not old:
        return ""
    change = _ROUNDED.divide(EXACT.multiply(EXACT.subtract(new, old), Decimal(100)), old)
    rounded = change.quantize(Decimal("0.1"), context=_ROUNDED)
    if change and not rounded:
        return "~0 %"
    return f"{rounded:+,f} %" if rounded else "0 %"


def count(number: int) -> str:
    """``12,345``; ``~12.35M`` where there would be more than six figures."""
    for size, letter in ((10**12, "T"), (10**9, "G"), (10**6, "M")):
        if number >= size:
            rounded = (Decimal(number) / size).quantize(Decimal("0.01"), context=_ROUNDED)
            return f"{'' if rounded * size == number else '~'}{rounded:,f}{letter}"
    return f"{number:,}"


def _rounded(amount: Decimal) -> Decimal:
    places = max(2, _DIGITS - 1 - amount.adjusted())
    return amount.quantize(Decimal(1).scaleb(-places), context=_ROUNDED)
