from decimal import Decimal

from tornado_gateway.config.diff_quotas import budget_text, limits_text, quotas_changed
from tornado_gateway.domain.quotas import Budget, Limits, Quotas, RouteQuota, TagBudget, TagLimits

MONTH = Budget(Decimal("25.50"), "month", "Europe/Berlin")


def test_in_words() -> None:
    assert limits_text(None) == "none"
    assert limits_text(Limits(60, 1000, 3)) == "60 requests per minute, 1000 tokens per minute, 3 concurrent"
    assert budget_text(None) == "none"
    assert budget_text(MONTH) == "25.5 USD a month (Europe/Berlin), told at 80 and 100 %"
    assert budget_text(Budget(Decimal(5), "total", warn_at=())) == "5 USD in total (UTC), never told"


def test_nothing_changed() -> None:
    assert list(quotas_changed(None, None)) == []
    said = Quotas(everyone=Limits(60), tag_budgets=(TagBudget({"team": "a"}, MONTH),))
    assert list(quotas_changed(said, said)) == []


def test_a_line_for_each_whose() -> None:
    old = Quotas(
        everyone=Limits(60),
        per_address=Limits(concurrent=2),
        routes={"gpt-4": RouteQuota(Limits(concurrent=1), MONTH)},
        tag_limits=(TagLimits({"team": "a"}, Limits(concurrent=1)),),
    )
    new = Quotas(
        everyone=Limits(100),
        per_address=Limits(concurrent=2),
        routes={"gpt-4": RouteQuota(Limits(concurrent=1))},
        tag_budgets=(TagBudget({"team": "a"}, MONTH),),
    )
    assert list(quotas_changed(old, new)) == [
        "limits of everyone: 60 requests per minute -> 100 requests per minute",
        "limits of tag team=a: 1 concurrent -> none",
        "budget of route gpt-4: 25.5 USD a month (Europe/Berlin), told at 80 and 100 % -> none",
        "budget of tag team=a by the month: none -> 25.5 USD a month (Europe/Berlin), told at 80 and 100 %",
    ]
    assert list(quotas_changed(None, Quotas(everyone=Limits(60)))) == [
        "limits of everyone: none -> 60 requests per minute"
    ]
