"""What is refused is in ``broken``; here is what is let in, and what is only odd."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

Complaints = Callable[[str], list[str]]

HEAD = "providers: {openai: {kind: openai}}\nroutes:\n  a: {provider: openai}\npricing:\n  models:\n    openai/a: "
TODAY = datetime.now(UTC).date()


def in_days(days: int) -> str:
    return (TODAY + timedelta(days=days)).isoformat()


@pytest.mark.parametrize(
    "card",
    [
        "{input: 0.03, output: 0.06, cached_input: 0.0001, image: 0.00001, request: 5}",
        "{input: 30, output: 60, confirm_unusual: true}",
        "{input: 0.00002, output: 0}",
        "{input: 0, output: 0}",
        "{free: true, source: mine, review_by: 2999-01-01}",
        "{input: 0.01, output: 0.02, tier_mode: marginal, tiers: [{above: 5, input: 0.02}]}",
        "[{input: 0.01, output: 0.02, valid_until: 2999-01-01}, {input: 0.1, output: 0.2, valid_from: 2999-01-02}]",
        "{input: 0.01, output: 0.02, off_peak: {factor: 0.5, hours: 22:00-06:00, time_zone: Asia/Shanghai}}",
        "{input: 0.01, output: 0.02, off_peak: {factor: 0.5, hours: '04:00-06:00, 10:00-01:00'}}",
    ],
)
def test_a_good_row_draws_no_word(card: str, complaints: Complaints) -> None:
    assert complaints(HEAD + card) == []


@pytest.mark.parametrize(
    ("card", "said"),
    [
        # GPT-4o mini as its price list has it, for a million tokens: what one model does cost for a thousand.
        (
            "{input: 0.1, output: 0.6}",
            "output: 0.6 USD per 1,000 tokens looks like a price for a million tokens: say 0.0006",
        ),
        ("{input: 0.15, output: 0.2}", "input: 0.15 USD per 1,000 tokens looks like a price for a million tokens"),
        (f"{{input: 0.01, output: 0.02, valid_until: {in_days(3)}}}", "calls are refused from then on"),
        (
            f"[{{input: 0.01, output: 0.02, valid_until: {in_days(3)}}},"
            f" {{input: 0.02, output: 0.02, valid_from: {in_days(4)}}}]",
            "another follows",
        ),
        ("{input: 0.01, output: 0.02, valid_until: 2020-01-01}", "this price ended at 2020-01-02 00:00 UTC: calls are"),
        ("{input: 0.01, output: 0.02, valid_from: 2999-01-01}", "this price begins at 2999-01-01 00:00 UTC: until"),
        ("{input: 0.01, output: 0.02, review_by: 2020-01-01}", "these prices were to be looked at by 2020-01-01"),
        (
            "{input: 0.01, output: 0.02, cached_input: 0.001, tiers: [{above: 5, input: 0.02}]}",
            "cached_input is not named here and stays as the card says, 0.001",
        ),
    ],
)
def test_what_is_odd_is_a_warning(card: str, said: str, complaints: Complaints) -> None:
    (line,) = complaints(HEAD + card)
    assert " warning: pricing.models.openai/a" in line
    assert said in line


def test_a_review_day_of_no_calendar_is_a_problem(complaints: Complaints) -> None:
    (line,) = complaints(HEAD + "{input: 0.01, output: 0.02, review_by: 2027-02-30}")
    assert line.endswith("'2027-02-30' is no day of the calendar")


def test_a_factor_has_as_few_digits_as_a_price(complaints: Complaints) -> None:
    digits = "0." + "1" * 25
    card = f"{{input: 0.01, output: 0.02, batch: {digits}, off_peak: {{factor: {digits}, hours: 01:00-02:00}}}}"
    assert len(complaints(HEAD + card)) == 2
