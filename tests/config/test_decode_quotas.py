from decimal import Decimal
from typing import Any

from tornado_gateway.config import decode_quotas as quotas
from tornado_gateway.domain.quotas import Budget, Limits, Quotas, RouteQuota, TagBudget, TagLimits


def test_limits_are_what_was_said() -> None:
    assert quotas.limits({}) is None
    assert quotas.limits({"limits": {"requests_per_minute": 60}}) == Limits(requests_per_minute=60)
    said = {"requests_per_minute": 60, "tokens_per_minute": 100000, "concurrent": 10}
    assert quotas.limits({"limits": said}) == Limits(60, 100000, 10)


def test_limits_among_other_members() -> None:
    assert quotas.limits_of({"tag": {"team": "a"}, "concurrent": 2}) == Limits(concurrent=2)
    assert quotas.limits_of({"per_address": {"concurrent": 2}}) is None


def test_a_budget_keeps_its_digits_and_has_usual_warnings() -> None:
    assert quotas.budget({}) is None
    made = quotas.budget({"budget": {"amount": Decimal("0.10"), "period": "day"}})
    assert made == Budget(Decimal("0.10"), "day")
    assert (made.time_zone, made.warn_at) == ("UTC", (80, 100))
    assert quotas.budget({"budget": {"amount": 25, "period": "total"}}) == Budget(Decimal(25), "total")


def test_warnings_are_in_order_and_once_each() -> None:
    said = {"tag": {"team": "a"}, "amount": 25, "period": "month", "time_zone": "Europe/Berlin", "warn_at": [90, 9, 90]}
    assert quotas.budget_of(said) == Budget(Decimal(25), "month", "Europe/Berlin", (9, 90))
    assert quotas.budget_of({**said, "warn_at": []}).warn_at == ()


def document(**members: Any) -> dict[str, Any]:
    return {"routes": {"echo4": {"provider": "echo"}}, **members}


def test_a_file_that_bounds_nothing_has_none() -> None:
    assert quotas.quotas(document()) is None
    assert quotas.quotas(document(limits=None, tag_limits=[], budgets=None)) is None


def test_all_that_a_file_bounds() -> None:
    said = document(
        limits={"requests_per_minute": 6000, "per_address": {"concurrent": 2}},
        tag_limits=[{"tag": {"team": "a"}, "tokens_per_minute": 1000}],
        budgets=[{"tag": {"team": "a", "env": "prod"}, "amount": 100, "period": "month"}],
        routes={
            "echo4": {"provider": "echo", "limits": {"concurrent": 3}},
            "gpt-*": {"provider": "openai", "budget": {"amount": 5, "period": "day"}},
            "free": {"provider": "echo"},
        },
    )
    assert quotas.quotas(said) == Quotas(
        everyone=Limits(requests_per_minute=6000),
        per_address=Limits(concurrent=2),
        routes={
            "echo4": RouteQuota(Limits(concurrent=3)),
            "gpt-*": RouteQuota(budget=Budget(Decimal(5), "day")),
        },
        tag_limits=(TagLimits({"team": "a"}, Limits(tokens_per_minute=1000)),),
        tag_budgets=(TagBudget({"team": "a", "env": "prod"}, Budget(Decimal(100), "month")),),
    )


def test_addresses_alone() -> None:
    assert quotas.quotas(document(limits={"per_address": {"concurrent": 2}})) == Quotas(
        per_address=Limits(concurrent=2)
    )
