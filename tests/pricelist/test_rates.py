from decimal import Decimal
from typing import Any

import pytest
from genai_prices.types import ModelPrice, Tier, TieredPrices
from hypothesis import given
from hypothesis import strategies as st

from tornado_gateway.pricelist.rates import Rates, factor, rates_of, words

PRICES = st.decimals("0.000001", 1000, places=6, allow_nan=False)


def rates(**prices: Any) -> Rates:
    return rates_of(ModelPrice(**{name: Decimal(value) for name, value in prices.items()}))


@given(PRICES)
def test_a_million_is_a_thousand_times_a_thousand_to_the_last_digit(figure: Decimal) -> None:
    ((above, found),) = rates_of(ModelPrice(input_mtok=figure)).steps["input"]
    assert above == 0
    assert found * 1000 == figure


def test_tokens_without_a_bucket_are_unsaid_where_they_cost_otherwise_than_those_they_are_counted_in() -> None:
    found = rates(input_mtok=1, output_mtok=2, cache_audio_read_mtok=1, input_image_mtok=1, output_image_mtok=9)
    assert found.unsaid == ("images in an answer",)
    cheaper = rates(input_mtok=1, cache_read_mtok="0.1", cache_audio_read_mtok=1)
    assert cheaper.unsaid == ("cached audio",)


def test_what_nobody_has_heard_of_goes_by_the_lists_own_name() -> None:
    assert rates(input_mtok=1, web_searches_kcount=10, x_of_tomorrow=1).unsaid == ("web searches", "x of tomorrow")


def test_steps_are_the_base_and_each_tier() -> None:
    tiered = TieredPrices(Decimal(2), [Tier(200, Decimal(4)), Tier(100, Decimal(3))])
    found = rates_of(ModelPrice(input_mtok=tiered)).steps["input"]
    assert found == ((0, Decimal("0.002")), (100, Decimal("0.003")), (200, Decimal("0.004")))


@given(st.dictionaries(st.sampled_from(["input_mtok", "output_mtok", "cache_read_mtok"]), PRICES, min_size=1), PRICES)
def test_a_factor_makes_one_of_the_other(prices: dict[str, Decimal], times: Decimal) -> None:
    usual = rates_of(ModelPrice(**prices))
    other = rates_of(ModelPrice(**{name: price * times for name, price in prices.items()}))
    assert factor(other, usual) == times


@pytest.mark.parametrize(
    ("other", "usual", "found"),
    [
        ({"input_mtok": 1, "output_mtok": 2}, {"input_mtok": 1, "output_mtok": 2}, Decimal(1)),
        ({"input_mtok": 1, "output_mtok": 3}, {"input_mtok": 1, "output_mtok": 2}, None),
        ({"input_mtok": 1}, {"input_mtok": 1, "output_mtok": 2}, None),
        ({"input_mtok": 1}, {"input_mtok": 3}, None),
        ({"input_mtok": 1}, {"input_mtok": 0}, None),
        ({"input_mtok": 0}, {"input_mtok": 0}, Decimal(1)),
        ({"input_mtok": 0, "output_mtok": 1}, {"input_mtok": 0, "output_mtok": 2}, Decimal("0.5")),
    ],
)
def test_no_factor_is_rounded(other: dict[str, int], usual: dict[str, int], found: Decimal | None) -> None:
    assert factor(rates(**other), rates(**usual)) == found


def test_tiers_of_another_bound_have_no_factor() -> None:
    def tiered(bound: int) -> Rates:
        return rates_of(ModelPrice(input_mtok=TieredPrices(Decimal(2), [Tier(bound, Decimal(4))])))

    assert factor(tiered(100), tiered(200)) is None


def test_words() -> None:
    assert (words(["a"]), words(["a", "b"]), words(["a", "b", "c"])) == ("a", "a and b", "a, b and c")
