"""When a call is tried again, and how often all calls together may be.

A provider in trouble gets more calls the more of them fail, unless somebody counts: each call earns its provider's
budget a fifth of a retry, each retry takes a whole one (the way of Finagle's retry budgets).
"""

from tornado_gateway.domain.ports import Clock, Randomness

BACKOFF_BASE = 0.5
BACKOFF_CAP = 8.0
RETRY_AFTER_CAP = 20.0
"""Seconds. A provider that wants us to wait longer than this is not waited for."""

SHARE = 0.2
"""Retries that one call earns."""

FLOOR = 20.0
"""Retries that a quiet provider has at hand, and what it may save up beside: enough for single calls to be retried as
often as they may."""

PER_SECOND = 2.0
"""Retries that time alone earns, up to the floor."""

_MOST = 100.0


class Backoff:
    """Exponential, with full jitter: callers that failed together must not come back together."""

    def __init__(self, randomness: Randomness) -> None:
        self._randomness = randomness

    def pause(self, retry: int, retry_after: float | None) -> float | None:
        """Seconds to wait before retry ``retry`` (from 0), None where that is longer than anybody wants."""
        if retry_after is not None:
            return retry_after if retry_after <= RETRY_AFTER_CAP else None
        return self._randomness.random() * min(BACKOFF_CAP, BACKOFF_BASE * float(2**retry))


class RetryBudget:
    """What one provider's calls have earned and not spent."""

    __slots__ = ("_balance", "_clock", "_since")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._balance = FLOOR
        self._since = clock.monotonic()

    def deposit(self) -> None:
        """A call begins."""
        if self._balance < _MOST:
            self._balance += SHARE

    def withdraw(self) -> bool:
        """Whether there is a retry left; takes it."""
        now = self._clock.monotonic()
        if self._balance < FLOOR:
            self._balance = min(FLOOR, self._balance + (now - self._since) * PER_SECOND)
        self._since = now
        if self._balance < 1:
            return False
        self._balance -= 1
        return True


class RetryBudgets:
    """One a provider, over all revisions."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._budgets: dict[str, RetryBudget] = {}

    def of(self, provider: str) -> RetryBudget:
        budget = self._budgets.get(provider)
        if budget is None:
            budget = self._budgets[provider] = RetryBudget(self._clock)
        return budget
