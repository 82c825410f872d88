from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tornado_gateway.config.diff_values import members, text
from tornado_gateway.domain.money import Tier
from tornado_gateway.domain.peaks import OffPeak
from tornado_gateway.domain.policies import Fallback
from tornado_gateway.domain.quotas import Budget, Limits


@dataclass(frozen=True)
class Store:
    place: str
    pool: int = 1
    line: int | None = None
    pin: str | None = field(default=None, repr=False)
    secret: str | None = None


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "none"),
        (True, "true"),
        (0.5, "0.5"),
        (30.0, "30"),
        ((), "none"),
        (("b", "a"), "b,a"),
        (frozenset({"b", "a"}), "a,b"),
        ({"team": "a", "n": None}, "team a,n none"),
        (datetime(2026, 1, 31, 12, tzinfo=UTC), "2026-01-31 12:00 UTC"),
        (Fallback("big"), "big"),
        (Fallback("big", frozenset({"timeout", "rejected"})), "big on rejected+timeout"),
        (OffPeak(Decimal("0.5"), 60, 120), "0.5 01:00-02:00 UTC"),
        (Tier(10, {"input": Decimal(1)}), "above 10 input 1"),
        (Limits(requests_per_minute=60), "requests_per_minute 60"),
        (Budget(Decimal(25), "month", warn_at=()), "amount 25 period month time_zone UTC warn_at none"),
        (Limits(), "none"),
        (Store("x", line=3, pin="planted", secret="planted"), "place x pool 1 pin (hidden) secret (hidden)"),
    ],
)
def test_words(value: Any, shown: str) -> None:
    assert text(value) == shown


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("sqlite:///usage.db", "sqlite:///usage.db"),
        ("sqlite:////var/lib/usage.db?password=planted", "sqlite:////var/lib/usage.db"),
        ("postgresql://me:planted@db:5432/usage?sslpassword=planted#planted", "postgresql://db:5432/usage"),
        ("redis://:planted@[::1]:6379/0", "redis://[::1]:6379/0"),
        ("memory://", "memory://"),
        ("http://[planted", "(hidden)"),
    ],
)
def test_addresses_without_secrets(address: str, shown: str) -> None:
    assert text(address) == shown


def test_members_of_what_has_some() -> None:
    assert members(Store("x")) == {"place": False, "pool": False, "pin": True, "secret": True}
    assert members("x") is members(Fallback("x")) is None
