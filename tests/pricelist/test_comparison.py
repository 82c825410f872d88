from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.config.decode_prices import card
from tornado_gateway.domain.usage import BUCKETS
from tornado_gateway.pricelist.comparison import Difference, differences

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
PLAIN = {"input": Decimal(1), "output": Decimal(2)}


def between(ours: dict[str, Any], theirs: dict[str, Any], vague: frozenset[str] = frozenset()) -> list[Any]:
    found = differences(card("a/m", {**PLAIN, **ours}), card("a/m", {**PLAIN, **theirs}), vague=vague, at=AT)
    return [(each.what, each.ours, each.theirs) for each in found]


def test_a_price_that_is_not_named_is_its_parents() -> None:
    assert between({}, {"cached_input": Decimal(1), "reasoning": Decimal(2)}) == []
    assert between({}, {"cached_input": Decimal("0.1")}) == [("cached_input", 1, Decimal("0.1"))]
    assert between({"audio_input": Decimal(5)}, {}) == [("audio_input", 5, 1)]


def test_what_follows_from_another_price_is_said_once() -> None:
    assert between({"input": Decimal(3)}, {}) == [("input", 3, 1)]


def test_tiers_are_compared_by_what_a_prompt_costs_not_by_how_they_are_written() -> None:
    tiers = [{"above": 100, "input": 3}, {"above": 200, "input": 3}]
    assert between({"tiers": tiers}, {"tiers": tiers[:1]}) == []
    assert between({"tiers": tiers[:1]}, {}) == [("input above 100", 3, 1)]
    shifted = between({"tiers": tiers[:1]}, {"tiers": tiers[1:]})
    assert shifted == [("input above 100", 3, 1)]
    assert between({"tiers": tiers[:1], "tier_mode": "marginal"}, {"tiers": tiers[:1]}) == [
        ("tier_mode", "marginal", "whole_request")
    ]


def test_requests_and_factors() -> None:
    assert between({"request": Decimal(5)}, {}) == [("request", 5, 0)]
    assert between({}, {"batch": Decimal("0.5")}) == [("batch", 1, Decimal("0.5"))]
    assert between({"priority": Decimal(2)}, {"priority": Decimal(2)}) == []


def test_what_the_list_does_not_know_is_the_operators_own() -> None:
    assert between({"image": Decimal(9), "batch": Decimal("0.5"), "priority": Decimal(3)}, {}) == []
    assert between({}, {"batch": Decimal("0.5")}, frozenset({"batch"})) == []


@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [
        ({"hours": "16:30-00:30"}, {"hours": "16:30-00:30"}, True),
        ({"hours": "01:00-02:00, 02:00-03:00"}, {"hours": "01:00-03:00"}, True),
        ({"hours": "09:00-10:00", "time_zone": "Asia/Shanghai"}, {"hours": "01:00-02:00"}, True),
        ({"hours": "01:00-02:00"}, {"hours": "01:00-02:01"}, False),
        ({"hours": "01:00-02:00", "factor": Decimal("0.25")}, {"hours": "01:00-02:00"}, False),
        (None, {"hours": "01:00-02:00"}, False),
    ],
)
def test_hours_are_compared_by_the_minute(ours: Any, theirs: Any, same: bool) -> None:
    def peak(entry: Any) -> dict[str, Any]:
        return {} if entry is None else {"off_peak": {"factor": Decimal("0.5"), **entry}}

    found = between(peak(ours), peak(theirs))
    assert (found == []) is same
    assert between(peak(ours), peak(theirs), frozenset({"off_peak"})) == []
    if ours is None:
        assert found == [("off_peak", "none", "0.5 at 01:00-02:00 UTC")]


RATES = st.dictionaries(st.sampled_from(BUCKETS), st.decimals(0, 1, places=6), max_size=4)


@given(RATES, RATES)
def test_no_difference_means_the_same_rates_and_a_card_never_differs_from_itself(
    ours: dict[str, Decimal], theirs: dict[str, Decimal]
) -> None:
    assert between(ours, ours) == []
    alike = all(
        card("a/m", {**PLAIN, **ours}).rate(name) == card("a/m", {**PLAIN, **theirs}).rate(name) for name in BUCKETS
    )
    assert (between(ours, theirs) == []) is alike


@pytest.mark.parametrize(
    ("ours", "theirs", "percent", "beyond_ten"),
    [
        ("0.011", "0.01", Fraction(10), False),
        ("0.0111", "0.01", Fraction(11), True),
        ("0.009", "0.01", Fraction(-10), False),
        ("0.008", "0.01", Fraction(-20), True),
        ("1", "3", Fraction(-200, 3), True),
        ("1", "0", None, True),
    ],
)
def test_percent_is_exact_and_of_the_lists_price(
    ours: str, theirs: str, percent: Fraction | None, beyond_ten: bool
) -> None:
    difference = Difference("input", Decimal(ours), Decimal(theirs))
    assert difference.percent == percent
    assert difference.beyond(Decimal(10)) is beyond_ten


def test_words_are_beyond_any_tolerance() -> None:
    assert Difference("tier_mode", "marginal", "whole_request").beyond(Decimal(1000))
