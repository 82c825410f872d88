from datetime import UTC, datetime
from decimal import Decimal

from tornado_gateway.domain.counters import Claim, Standing, Subject, What
from tornado_gateway.domain.errors import BudgetExceeded, CallTooLarge, RateLimitExceeded
from tornado_gateway.domain.periods import Term, term_at
from tornado_gateway.domain.quotas import Budget
from tornado_gateway.domain.refusals import refusal

NOW = datetime(2024, 1, 15, 10, 30, tzinfo=UTC)
KEY = Subject("key team-a", key="team-a")


def limited(what: What, limit: int, used: int, *, wait: float | None = None, amount: int = 1) -> Standing:
    claim = Claim(counter="c", subject=KEY, what=what, limit=limit, amount=amount, least=amount)
    return Standing(claim, used, False, 60.0, wait)


def budgeted(budget: Budget, used: str, amount: str, term: Term | None = None) -> Standing:
    claim = Claim(
        counter="c",
        subject=KEY,
        what="budget",
        limit=int(budget.amount * 10**9),
        amount=int(Decimal(amount) * 10**9),
        budget=budget,
        term=term or term_at(NOW, budget.period, budget.time_zone),
    )
    return Standing(claim, int(Decimal(used) * 10**9), False)


def test_requests_by_the_minute() -> None:
    error = refusal([limited("requests", 60, 60, wait=12.5)])
    assert type(error) is RateLimitExceeded
    assert error.message == "Rate limit reached for key team-a: 60 requests per minute."
    assert (error.status, error.code, error.retry_after) == (429, "rate_limit_exceeded", 12.5)


def test_tokens_by_the_minute() -> None:
    error = refusal([limited("tokens", 1000, 900, wait=3.0, amount=400)])
    assert error.message == (
        "Rate limit reached for key team-a: 1000 tokens per minute. 100 tokens are left, and this call may take 400."
    )


def test_calls_at_once() -> None:
    error = refusal([limited("concurrent", 3, 3)])
    assert error.message == "Rate limit reached for key team-a: 3 concurrent requests."
    assert error.retry_after == 1.0


def test_a_call_that_no_waiting_helps() -> None:
    error = refusal([limited("requests", 5, 5, wait=3.0), limited("tokens", 1000, 0, amount=4000)])
    assert type(error) is CallTooLarge
    assert error.message == (
        "Rate limit reached for key team-a: 1000 tokens per minute, and this call alone may take 4000: ask for fewer."
    )
    assert (error.status, error.code, error.retry_after) == (429, "rate_limit_exceeded", 60)


def test_of_several_the_longest_wait() -> None:
    error = refusal(
        [limited("requests", 5, 5, wait=3.0), limited("tokens", 9, 9, wait=40.0), limited("concurrent", 1, 1)]
    )
    assert error.retry_after == 40.0
    assert "tokens per minute" in error.message


def test_a_wait_that_nobody_knows_is_a_minute_at_most() -> None:
    assert refusal([limited("tokens", 9, 20, wait=None)]).retry_after == 60


def test_money_goes_before_everything() -> None:
    budget = Budget(Decimal("25.0"), "month", "Europe/Berlin")
    error = refusal([limited("requests", 5, 5, wait=3.0), budgeted(budget, "24.99", "0.0625")])
    assert type(error) is BudgetExceeded
    assert (error.status, error.code, error.retry_after) == (402, "budget_exceeded", None)
    assert error.message == (
        "Budget exceeded for key team-a: of 25 USD per month, 0.01 is left, and this call may cost 0.0625. "
        "It begins anew at 2024-02-01 00:00 Europe/Berlin."
    )


def test_a_budget_for_ever() -> None:
    error = refusal([budgeted(Budget(Decimal("0.5"), "total"), "0.75", "0.1")])
    assert error.message == (
        "Budget exceeded for key team-a: of 0.5 USD in total, 0 is left, and this call may cost 0.1. "
        "It does not begin anew."
    )
