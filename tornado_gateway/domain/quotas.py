"""What a key, a tag, a route or everyone together may use: limits by time and budgets of money."""

from collections.abc import Mapping
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


class RouteQuota(msgspec.Struct, frozen=True):
    """What may be asked of a route by its name, and what its own targets may cost, whoever sent a call there."""

    limits: Limits | None = None
    budget: Budget | None = None


class TagLimits(msgspec.Struct, frozen=True):
    """Of all calls together that have every one of these tags."""

    tag: Mapping[str, str]
    limits: Limits


class TagBudget(msgspec.Struct, frozen=True):
    tag: Mapping[str, str]
    budget: Budget


class Quotas(msgspec.Struct, frozen=True):
    """All that gateway.yaml bounds, other than for a key."""

    everyone: Limits | None = None
    per_address: Limits | None = None
    routes: Mapping[str, RouteQuota] = {}
    tag_limits: tuple[TagLimits, ...] = ()
    tag_budgets: tuple[TagBudget, ...] = ()
