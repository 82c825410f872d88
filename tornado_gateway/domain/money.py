"""Prices and costs: ``Decimal`` only, from the file's digits to the answer's."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow
from functools import lru_cache

import msgspec

from tornado_gateway.domain.peaks import OffPeak

EXACT = Context(prec=300, traps=[Inexact, InvalidOperation, Overflow])
"""Arithmetic that raises rather than rounds: wide enough for any price, factor and count that the schema admits."""


class PriceCard(msgspec.Struct, frozen=True):
    """Prices of one ``provider/model`` in USD per 1,000 tokens; ``image`` and ``request`` are USD each.

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
    image: Decimal | None = None
    """For each image that an answer holds."""
    request: Decimal | None = None
    """For each call that used anything."""
    tiers: tuple["Tier", ...] = ()
    """By ``above``, the smallest first."""
    marginal: bool = False
    """True where a tier prices the prompt's tokens beyond its bound alone, and not the whole request."""
    batch: Decimal | None = None
    """Factor for what the provider says to have served at its batch or flex tier."""
    priority: Decimal | None = None
    """Factor for what the provider says to have served at its priority tier."""
    off_peak: OffPeak | None = None
    valid_from: datetime | None = None
    """The first moment at which the card holds; None where it always did."""
    valid_until: datetime | None = None
    """The first moment at which it no longer does."""
    source: str | None = None
    """Where the operator has the figures from."""
    review_by: date | None = None

    def rate(self, bucket: str) -> Decimal:
        """USD per 1,000 tokens of ``bucket`` (a name of ``usage.BUCKETS``), fallbacks applied, tiers left out."""
        own: Decimal | None = getattr(self, bucket)
        if own is not None:
            return own
        return self.rate(PARENT[bucket])

    def valid(self, at: datetime) -> bool:
        return (self.valid_from is None or self.valid_from <= at) and (
            self.valid_until is None or at < self.valid_until
        )

    def factors(self, service_tier: str | None, at: datetime | None) -> dict[str, Decimal]:
        """What multiplies a cost, by name: empty on most cards and at most times."""
        found: dict[str, Decimal] = {}
        name = _SERVICE_TIERS.get(service_tier or "")
        factor: Decimal | None = None if name is None else getattr(self, name)
        if name is not None and factor is not None:
            found[name] = factor
        if self.off_peak is not None and at is not None and self.off_peak.covers(at):
            found["off_peak"] = self.off_peak.factor
        return found


class Tier(msgspec.Struct, frozen=True):
    """Other rates where the prompt is longer than ``above`` tokens; what ``rates`` does not name stays the card's."""

    above: int
    rates: Mapping[str, Decimal]


PARENT = {
    "cached_input": "input",
    "cache_write": "input",
    "cache_write_1h": "cache_write",
    "audio_input": "input",
    "reasoning": "output",
    "audio_output": "output",
}

_SERVICE_TIERS = {"batch": "batch", "flex": "batch", "priority": "priority"}
"""What providers call the ways to be served that have prices of their own."""


class CostLine(msgspec.Struct, frozen=True, gc=False):
    """``count`` tokens of one bucket at ``rate`` USD per 1,000; images and requests are ``per`` 1."""

    bucket: str
    count: int
    rate: Decimal
    per: int = 1000
    above: int | None = None
    """The tier's bound, None for the card's own rate."""


class Cost(msgspec.Struct, frozen=True, gc=False):
    """What one call cost, and how it came about: the sum of ``lines`` times all ``factors``."""

    amount: Decimal
    lines: tuple[CostLine, ...] = ()
    estimated: bool = False
    factors: Mapping[str, Decimal] = {}
    card: PriceCard | None = None

    @property
    def digits(self) -> str:
        """The amount as a JSON number: every digit, no exponent, no trailing zeros."""
        return decimal_digits(self.amount)


@lru_cache(4096)  # a call's cost is written up to four times: header, body, log and trace
def decimal_digits(value: Decimal) -> str:
    """``value`` written out in full: ``0.00186``, never ``1.86E-3`` nor ``0.001860``."""
    digits = str(value)
    if "E" in digits:
        digits = format(value, "f")  # six times as slow
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return digits if digits not in ("-0", "") else "0"
