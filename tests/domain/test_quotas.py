from dataclasses import FrozenInstanceError
from decimal import Decimal

import pytest

from tornado_gateway.domain.quotas import Budget, Limits


def test_nothing_is_limited_that_nobody_limits() -> None:
    limits = Limits()
    assert (limits.requests_per_minute, limits.tokens_per_minute, limits.concurrent) == (None, None, None)


def test_quotas_are_values() -> None:
    assert Budget(Decimal("25.0"), "month") == Budget(Decimal(25), "month")
    with pytest.raises((FrozenInstanceError, AttributeError)):
        Limits().concurrent = 3  # type: ignore[misc]
