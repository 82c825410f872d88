"""What a key, a tag, a route or everyone together may use: limits by time and budgets of money."""

from decimal import Decimal

import msgspec

PERIODS = ("day", "week", "month", "total")


class Limits(msgspec.Struct, frozen=True):
    """None where nothing is limited. Tokens are those of prompt and answer together."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    concurrent: int | None = None
    """Calls under way at once."""


class Budget(msgspec.Struct, frozen=True):
    """``amount`` in USD for each ``period`` (one of ``PERIODS``) of ``time_zone``'s calendar; weeks begin on Monday."""

    amount: Decimal
    period: str
    time_zone: str = "UTC"
    warn_at: tuple[int, ...] = (80, 100)
    """Percent of the amount at which an event says so, once a period."""
