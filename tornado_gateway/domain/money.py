"""Prices and costs: ``Decimal`` only, from the file's digits to the answer's."""

from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow

import msgspec

EXACT = Context(prec=200, traps=[Inexact, InvalidOperation, Overflow])
"""Arithmetic that raises rather than rounds: wide enough for any price and count that the schema admits."""


class PriceCard(msgspec.Struct, frozen=True):
    """Prices of one ``provider/model`` in USD per 1,000 tokens.

    A bucket without its own rate costs what its parent costs: cached input and cache writes as ``input``,
    a one-hour write as ``cache_write``, reasoning and audio as ``output`` or ``input``.
    """

    model: str
    """``provider/model`` or ``provider/pattern*`` as written in the file."""
    input: Decimal
    output: Decimal
    cached_input: Decimal | None = None
    cache_write: Decimal | None = None
    cache_write_1h: Decimal | None = None
    audio_input: Decimal | None = None
    reasoning: Decimal | None = None
    audio_output: Decimal | None = None
    free: bool = False
    line: int | None = None
    """Line of the row in ``gateway.yaml``, for receipts and ``explain``."""

    def rate(self, bucket: str) -> Decimal:
        """USD per 1,000 tokens of ``bucket`` (a name of ``usage.BUCKETS``), fallbacks applied."""
        own: Decimal | None = getattr(self, bucket)
        if own is not None:
            return own
        return self.rate(_PARENT[bucket])


_PARENT = {
    "cached_input": "input",
    "cache_write": "input",
    "cache_write_1h": "cache_write",
    "audio_input": "input",
    "reasoning": "output",
    "audio_output": "output",
}


class CostLine(msgspec.Struct, frozen=True):
    """``tokens`` of one bucket at ``rate`` USD per 1,000."""

    bucket: str
    tokens: int
    rate: Decimal


class Cost(msgspec.Struct, frozen=True):
    """What one call cost, and how it came about."""

    amount: Decimal
    lines: tuple[CostLine, ...] = ()
    estimated: bool = False

    @property
    def digits(self) -> str:
        """The amount as a JSON number: every digit, no exponent, no trailing zeros."""
        return decimal_digits(self.amount)


def decimal_digits(value: Decimal) -> str:
    """``value`` written out in full: ``0.00186``, never ``1.86E-3`` nor ``0.001860``."""
    digits = format(value, "f")
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return digits if digits not in ("-0", "") else "0"
