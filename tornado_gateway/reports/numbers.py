"""Amounts as JSON numbers with all their digits."""

from decimal import Decimal

import msgspec

from tornado_gateway.domain.money import decimal_digits

_NULL = msgspec.Raw(b"null")


def number(amount: Decimal | None) -> msgspec.Raw:
    """Exactly the decimal's digits, never an exponent; null for None."""
    return _NULL if amount is None else msgspec.Raw(decimal_digits(amount).encode())
