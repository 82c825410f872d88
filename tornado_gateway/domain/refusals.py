"""What a call that was turned away is told: whose limit it is, how much it allows, and when to come again."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from tornado_gateway.domain.counters import WINDOW, Standing
from tornado_gateway.domain.errors import BudgetExceeded, CallTooLarge, GatewayError, RateLimitExceeded
from tornado_gateway.domain.money import decimal_digits
from tornado_gateway.domain.nano import usd

_PLACE_SECONDS = 1.0
"""When to ask again where a call under way must end first: nobody knows when that is."""

_WORDS = {"requests": "requests per minute", "tokens": "tokens per minute", "concurrent": "concurrent requests"}
_PERIODS = {"day": "USD per day", "week": "USD per week", "month": "USD per month", "total": "USD in total"}


def refusal(refused: Sequence[Standing]) -> GatewayError:
    """One error for the claims that had no room: of several, the one that holds for the longest."""
    for standing in refused:
        if standing.claim.what == "budget":
            return _over_budget(standing)
    for standing in refused:
        if standing.claim.least > standing.claim.limit:
            return _too_large(standing)
    standing = max(refused, key=lambda standing: standing.wait or 0)
    wait = _PLACE_SECONDS if standing.claim.what == "concurrent" else standing.wait
    return RateLimitExceeded(f"{_limit(standing)}.{_tokens(standing)}", retry_after=WINDOW if wait is None else wait)


def _limit(standing: Standing) -> str:
    claim = standing.claim
    return f"Rate limit reached for {claim.subject.name}: {claim.limit} {_WORDS[claim.what]}"


def _tokens(standing: Standing) -> str:
    if standing.claim.what != "tokens":
        return ""
    return f" {standing.remaining} tokens are left, and this call may take {standing.claim.amount}."


def _too_large(standing: Standing) -> GatewayError:
    message = f"{_limit(standing)}, and this call alone may take {standing.claim.least}: ask for fewer."
    return CallTooLarge(message, retry_after=WINDOW)


def _over_budget(standing: Standing) -> GatewayError:
    claim = standing.claim
    assert claim.budget is not None, "such a claim is made of a budget"
    amount = decimal_digits(claim.budget.amount)
    left = decimal_digits(usd(standing.remaining))
    again = "It does not begin anew."
    if claim.term is not None and claim.term.end is not None:
        end = claim.term.end.astimezone(ZoneInfo(claim.budget.time_zone))
        again = f"It begins anew at {end:%Y-%m-%d %H:%M} {claim.budget.time_zone}."
    return BudgetExceeded(
        f"Budget exceeded for {claim.subject.name}: of {amount} {_PERIODS[claim.budget.period]}, {left} is left, "
        f"and this call may cost {decimal_digits(usd(claim.amount))}. {again}"
    )
